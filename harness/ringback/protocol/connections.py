"""The links of one user agent: which there are, where they lead, what they carry.

RFC 3261 §18 (transport), §18.2.2 (responses), RFC 5626 §3.5.1 (keep-alives),
RFC 5923 (requests against the direction in which a connection was opened).
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from ringback.faults import Malformed
from ringback.protocol.redirect import SIP_PORT, SIPS_PORT, Target
from ringback.protocol.world import Close, Connect, Opened, Trace, Wish, Write
from ringback.values import Address
from ringback.wire.framing import Framer, KeepAlive
from ringback.wire.headers import Via
from ringback.wire.message import CRLF, Message

LONGEST = 1 << 16  # octets of a body that a user agent takes, RFC 3261 §21.5.7


@dataclass(slots=True)
class Link:
    """One stream connection; ``target`` is None when the other side opened it. Then
    ``alias`` is where it says that it is reached, when it lends us the connection."""

    name: str
    target: Target | None
    secured: bool
    remote: Address | None = None
    names: tuple[str, ...] = ()
    alias: Target | None = None
    framer: Framer = field(default_factory=partial(Framer, max_body=LONGEST))


class Connections:
    """Links by name; each is kept until the other side or the network ends it."""

    def __init__(self, prefix: str, out: Callable[[Wish], None]) -> None:
        self._prefix = prefix
        self._out = out
        self._links: dict[str, Link] = {}
        self._opened = 0

    def __contains__(self, name: str) -> bool:
        return name in self._links

    def get(self, name: str) -> Link | None:
        return self._links.get(name)

    def adopt(self, opened: Opened) -> None:
        """A link stands: one of ours, or one from outside that is new to us."""
        link = self._links.get(opened.link)
        if link is None:
            link = Link(opened.link, None, opened.secured)
            self._links[opened.link] = link
        link.remote, link.names = opened.remote, opened.names

    def lend(self, link: Link, via: Via) -> None:
        """RFC 5923 §8.2: who opened a link over mutual TLS, says ``alias`` and has
        proven the name in its Via takes requests for that address on the link."""
        theirs, name = link.target is None and link.secured, via.host.lower()
        if theirs and name in link.names and via.param("alias") is not None:
            link.alias = Target.of(name, via.port or 0, secured=True)

    def lose(self, name: str) -> Link | None:
        """Forget a link that is gone."""
        return self._links.pop(name, None)

    def to(self, target: Target) -> str:
        """A link that leads there: one that stands or is being opened, or a new one.

        A standing link serves when its far address is the wanted one; over TLS the
        wanted name must have been proven on it (RFC 5923 §9 warns of less). Who is
        wanted by an IP address alone, as gateways and phones write it in Contacts, has
        no name beyond the one that this link has proven.
        """
        for link in self._links.values():
            if link.target == target or _reaches(link, target):
                return link.name
        self._opened += 1
        name = f"{self._prefix}>{self._opened}"
        self._links[name] = Link(name, target, target.secured)
        self._out(Connect(name, target.address, target.secured, target.name))
        return name

    def back(self, name: str, secured: bool, via: Via) -> str:
        """Where a response goes: the request's link, or a new one to who sent it."""
        if name in self._links:
            return name
        port = via.port or (SIPS_PORT if secured else SIP_PORT)
        address = Address(via.received or via.host, port)
        return self.to(Target(address, secured, via.host))

    def write(self, name: str, message: Message) -> None:
        """One message, one Write."""
        if name in self._links:
            self._out(Write(name, bytes(message)))
        else:
            self._out(Trace(f"link {name} is gone; not sent: {message.start!r}"))

    def read(self, name: str, octets: bytes) -> list[Message | Malformed]:
        """The messages that these octets complete; pings are answered here."""
        link = self._links.get(name)
        if link is None:
            return []
        items: list[Message | Malformed] = []
        for item in link.framer.feed(octets):
            if not isinstance(item, KeepAlive):
                items.append(item)
            elif item.ping:
                self._out(Write(name, CRLF))
        return items

    def close(self, name: str) -> None:
        """End a link that we have had enough of."""
        if self._links.pop(name, None):
            self._out(Close(name))


def _reaches(link: Link, target: Target) -> bool:
    if link.secured != target.secured:
        return False
    if link.alias is not None and _lent(link.alias, target):
        return True
    if link.remote == target.address:
        nameless = target.name == target.address.host
        return not target.secured or nameless or target.name in link.names
    ours, named = link.target, target.address.host == target.name
    return (
        named
        and ours is not None
        and (ours.name, ours.address.port) == (target.name, target.address.port)
    )


def _lent(alias: Target, target: Target) -> bool:
    """By its proven name only (RFC 5923 §9.3): not by an address that it may share
    with others, and not where ``maddr`` names another place."""
    host, port = target.address.host, target.address.port
    named = target.name.lower() == host.lower() == alias.name
    return named and port == alias.address.port
