"""Peers that nobody here wrote, started as they are: SIPp and baresip."""
