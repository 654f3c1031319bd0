"""Seats peers, joins legs, taps them, waits, collects."""

from ringback.testbed.actors import Client, Phone
from ringback.testbed.testbed import Testbed

__all__ = ["Client", "Phone", "Testbed"]
