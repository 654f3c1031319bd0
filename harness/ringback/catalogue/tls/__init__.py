"""Defects of TLS on the SIP legs, and what each side may make of them, as data."""
