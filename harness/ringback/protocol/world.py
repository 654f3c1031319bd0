"""The words between a peer and the world it sits in: facts in, wishes out.

A peer is anything with ``on(fact) -> tuple[Wish, ...]`` (see :class:`Peer`). It never
touches a socket, a clock or a file: it is told facts and answers with wishes. The same
peer sits on the memory network and on real sockets.

A *link* is one stream connection, named by a text that is unique within its peer. The
peer names the links it opens (``Connect``), the network names those it accepts. What
travels on a link is plaintext: TLS is the network's affair, asked for by ``secured``.
"""

from collections.abc import Iterable
from typing import Protocol

import msgspec

from ringback.values import Address


class Started(msgspec.Struct, frozen=True):
    """The peer is seated; its listeners are open. The first fact it is told."""


class Opened(msgspec.Struct, frozen=True):
    """A link stands: one that the peer wished for, or (``accepted``) one from outside.

    ``names`` are the names the other side's certificate proved, empty without TLS.
    """

    link: str
    local: Address
    remote: Address
    secured: bool
    accepted: bool
    names: tuple[str, ...] = ()


class Arrived(msgspec.Struct, frozen=True):
    """Octets came in on a link, cut at no particular place."""

    link: str
    octets: bytes


class Lost(msgspec.Struct, frozen=True):
    """A link is gone or never came to be; ``reason`` is for people."""

    link: str
    reason: str


class Heard(msgspec.Struct, frozen=True):
    """A datagram came in on a local port that the peer had bound."""

    port: int
    source: Address
    octets: bytes


class Rang(msgspec.Struct, frozen=True):
    """An alarm that the peer had set went off, at ``now`` seconds.

    ``now`` counts from an arbitrary start and is when the alarm was *due*, so that
    alarms set in answer to it do not drift.
    """

    alarm: str
    now: float


class Fetched(msgspec.Struct, frozen=True):
    """The answer to a Fetch; ``value`` is None when the store has no such thing."""

    key: str
    value: object


Fact = Started | Opened | Arrived | Lost | Heard | Rang | Fetched


class Connect(msgspec.Struct, frozen=True):
    """Open a link. ``target.host`` may be a name; ``name`` is whom TLS must prove.

    Answered by Opened, or by Lost when there is no way, or TLS is refused.
    """

    link: str
    target: Address
    secured: bool = False
    name: str = ""


class Write(msgspec.Struct, frozen=True):
    """Send octets on a link. SIP peers put exactly one message into one Write.

    Octets wished before the link is Opened wait for it.
    """

    link: str
    octets: bytes


class Close(msgspec.Struct, frozen=True):
    """End a link after what was written (close_notify, then FIN)."""

    link: str


class Bind(msgspec.Struct, frozen=True):
    """Listen for datagrams on a local port, from now until Release."""

    port: int


class Release(msgspec.Struct, frozen=True):
    port: int


class Cast(msgspec.Struct, frozen=True):
    """Send one datagram from a bound local port."""

    port: int
    target: Address
    octets: bytes


class Alarm(msgspec.Struct, frozen=True):
    """Ring after so many seconds; setting the same alarm again moves it."""

    alarm: str
    after: float


class Hush(msgspec.Struct, frozen=True):
    """Take an alarm back; silent when it is not set."""

    alarm: str


class Fetch(msgspec.Struct, frozen=True):
    """Ask the store; ``question`` is one of the types in ``protocol.mailbox``."""

    key: str
    question: object


class Store(msgspec.Struct, frozen=True):
    """Hand something to the store to keep; not answered."""

    record: object


class Trace(msgspec.Struct, frozen=True):
    """Something worth a line in the trace: an ignored event, a policy decision."""

    text: str


Wish = (
    Connect
    | Write
    | Close
    | Bind
    | Release
    | Cast
    | Alarm
    | Hush
    | Fetch
    | Store
    | Trace
)


class Listener(msgspec.Struct, frozen=True):
    """A port a peer serves: ``secured`` means TLS with a client certificate asked for
    (``mutual``) or not (HTTPS)."""

    port: int
    secured: bool = False
    mutual: bool = False


class Bend(Protocol):
    """What stands between a peer and its world, and may change what passes."""

    def hears(self, fact: Fact) -> tuple[tuple[Fact, ...], tuple[Wish, ...]]:
        """What the peer is told in the fact's place, and what is wished at once."""
        ...

    def says(self, wishes: Iterable[Wish]) -> tuple[Wish, ...]:
        """What is done in the place of the peer's wishes."""
        ...


class Peer(Protocol):
    """Whatever can be seated on a network."""

    @property
    def listeners(self) -> tuple[Listener, ...]: ...

    def on(self, fact: Fact) -> tuple[Wish, ...]: ...

    def leftovers(self) -> tuple[str, ...]:
        """Calls, transactions, ports still open: empty once all is over."""
        ...
