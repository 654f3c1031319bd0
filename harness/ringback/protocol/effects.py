"""What happens to a transaction, and what it wants done about it.

Timers are effects with relative times, so a machine needs no clock and a test reads
off exactly what RFC 3261 §17 prints.
"""

from enum import StrEnum

from ringback.values import frozen
from ringback.wire.message import Message

# RFC 3261 table 4, and L and M of RFC 6026 §8.7
Timer = StrEnum("Timer", ["A", "B", "D", "E", "F", "G", "H", "I", "J", "K", "L", "M"])


@frozen()
class Received:
    """A message from the wire that matched this transaction."""

    message: Message


@frozen()
class Answer:
    """The user of a server transaction wants this response sent."""

    response: Message


@frozen()
class Fired:
    timer: Timer


@frozen()
class LinkLost:
    reason: str


Event = Received | Answer | Fired | LinkLost


@frozen()
class Send:
    message: Message


@frozen()
class Deliver:
    """Hand the message to the transaction's user."""

    message: Message


@frozen()
class Arm:
    timer: Timer
    after: float


@frozen()
class Disarm:
    timer: Timer


@frozen()
class Ended:
    """The transaction is over; ``failure`` is empty when it served its time."""

    failure: str = ""


@frozen()
class Ignored:
    """An event that did not fit: nothing is dropped in silence."""

    event: Event


Effect = Send | Deliver | Arm | Disarm | Ended | Ignored
