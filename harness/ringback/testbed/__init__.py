"""Seats peers, joins legs, taps them, waits, collects."""

from ringback.testbed.actors import Client, Phone
from ringback.testbed.testbed import LEFT_OVER, Testbed

__all__ = ["LEFT_OVER", "Client", "Phone", "Testbed"]
