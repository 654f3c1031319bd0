"""Odd but legal, each in one way; every module here has ``QUIRKS``."""
