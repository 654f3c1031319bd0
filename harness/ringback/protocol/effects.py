"""What happens to a transaction, and what it wants done about it.

Timers are effects with relative times, so a machine needs no clock and a test reads
off exactly what RFC 3261 §17 prints.
"""

from enum import StrEnum

import msgspec

from ringback.wire.message import Message

# RFC 3261 table 4, and L and M of RFC 6026 §8.7
Timer = StrEnum("Timer", ["A", "B", "D", "E", "F", "G", "H", "I", "J", "K", "L", "M"])


class Received(msgspec.Struct, frozen=True):
    """A message from the wire that matched this transaction."""

    message: Message


class Answer(msgspec.Struct, frozen=True):
    """The user of a server transaction wants this response sent."""

    response: Message


class Fired(msgspec.Struct, frozen=True):
    timer: Timer


class LinkLost(msgspec.Struct, frozen=True):
    reason: str


Event = Received | Answer | Fired | LinkLost


class Send(msgspec.Struct, frozen=True):
    message: Message


class Deliver(msgspec.Struct, frozen=True):
    """Hand the message to the transaction's user."""

    message: Message


class Arm(msgspec.Struct, frozen=True):
    timer: Timer
    after: float


class Disarm(msgspec.Struct, frozen=True):
    timer: Timer


class Ended(msgspec.Struct, frozen=True):
    """The transaction is over; ``failure`` is empty when it served its time."""

    failure: str = ""


class Ignored(msgspec.Struct, frozen=True):
    """An event that did not fit: nothing is dropped in silence."""

    event: Event


Effect = Send | Deliver | Arm | Disarm | Ended | Ignored
