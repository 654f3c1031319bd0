"""Octets and the values they spell; pure, and every type gives back its octets."""
