"""A bridge from UDP to a stream, for scanners that know no TCP and no TLS.

In the Via of a request stands the stream's transport, for a strict stack takes no
``SIP/2.0/UDP`` on a stream (RFC 3261 §18.2.1), and a branch that is not the one before
the bridge, so that a capture keeps the two apart (§17.1.3). Responses have it undone.
"""

from dataclasses import dataclass, field

from ringback.protocol.world import (
    Arrived,
    Bind,
    Cast,
    Connect,
    Fact,
    Heard,
    Listener,
    Lost,
    Started,
    Wish,
    Write,
)
from ringback.values import Address
from ringback.wire.framing import Framer
from ringback.wire.message import Message

COOKIE, OURS = b"branch=z9hG4bK", b"branch=z9hG4bK-bridged"
UDP = b"SIP/2.0/UDP"


@dataclass(slots=True)
class _Crossing:
    """One visitor by UDP, and the stream that stands for it."""

    link: str
    visitor: Address
    framer: Framer = field(default_factory=Framer)


class Bridge:
    """Hears datagrams on ``port``; each source gets a stream of its own to ``target``,
    in TLS when ``name`` says whom that must prove to be."""

    def __init__(self, port: int, target: Address, *, name: str = "") -> None:
        self.port = port
        self.carried = 0  # requests
        self._target, self._name = target, name
        self._stream = b"SIP/2.0/TLS" if name else b"SIP/2.0/TCP"
        self._by_visitor: dict[Address, _Crossing] = {}
        self._by_link: dict[str, _Crossing] = {}

    @property
    def listeners(self) -> tuple[Listener, ...]:
        return ()

    def on(self, fact: Fact) -> tuple[Wish, ...]:
        match fact:
            case Started():
                return (Bind(self.port),)
            case Heard(_port, visitor, octets):
                return self._over(visitor, octets)
            case Arrived(link, octets) if link in self._by_link:
                return self._back(self._by_link[link], octets)
            case Lost(link):
                self._forget(link)
        return ()

    def leftovers(self) -> tuple[str, ...]:
        return ()

    def _over(self, visitor: Address, octets: bytes) -> tuple[Wish, ...]:
        self.carried += 1
        said = octets.replace(UDP, self._stream, 1).replace(COOKIE, OURS, 1)
        known = self._by_visitor.get(visitor)
        if known is not None:
            return (Write(known.link, said),)
        made = _Crossing(f"crossing-{self.carried}", visitor)
        self._by_visitor[visitor] = self._by_link[made.link] = made
        way = Connect(made.link, self._target, bool(self._name), self._name)
        return way, Write(made.link, said)

    def _back(self, crossing: _Crossing, octets: bytes) -> tuple[Wish, ...]:
        said = (
            bytes(item).replace(self._stream, UDP, 1).replace(OURS, COOKIE, 1)
            for item in crossing.framer.feed(octets)
            if isinstance(item, Message)
        )
        return tuple(Cast(self.port, crossing.visitor, one) for one in said)

    def _forget(self, link: str) -> None:
        gone = self._by_link.pop(link, None)
        if gone is not None:
            self._by_visitor.pop(gone.visitor, None)
