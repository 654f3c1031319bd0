"""What passes between a bent role and its world, and the one place that changes it.

RFC 3261 §18.3 for what one message is on a stream. A bend acts on plaintext, so it is
the same on both networks and in every dial plan mode.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import groupby

import msgspec

from ringback.protocol.world import (
    Arrived,
    Cast,
    Connect,
    Fact,
    Heard,
    Lost,
    Opened,
    Rang,
    Wish,
    Write,
)
from ringback.values import Address, Role
from ringback.wire.framing import Framer, KeepAlive
from ringback.wire.message import Message

Told = tuple[tuple[Fact, ...], tuple[Wish, ...]]


class Passing(msgspec.Struct, frozen=True):
    """A SIP message on its way, and who is at the other end of its link.

    ``neighbour`` is None where an address is nobody's. ``source`` is the address at
    the other end, None while the link is not open yet.
    """

    message: Message
    link: str
    neighbour: Role | None
    source: Address | None = None

    @property
    def as_it_is(self) -> Write:
        return Write(self.link, bytes(self.message))


class Mark(msgspec.Struct, frozen=True):
    """What a bend did: octets that it sent, or (``unsaid``) a message that did not
    pass, whose exchange is then the guilty one."""

    octets: bytes
    unsaid: bool = False


Said = Callable[[Passing], Iterable[Wish] | None]
Listens = Callable[[Passing], Told | None]
Raw = Callable[[Arrived], Told | None]
Cast_ = Callable[[Cast, Role | None], Iterable[Wish] | None]
Fact_ = Callable[[Fact], Told | None]
Wish_ = Callable[[Wish], Iterable[Wish] | None]


@dataclass(slots=True)
class Way:
    """One way to be different; each part gives None where it lets things pass as they
    are. A Way may remember, so each seat has one of its own.

    ``said`` is asked about each SIP message that leaves, ``heard`` about each that
    comes, ``raw`` first about the octets of streams as they come, ``cast`` about
    datagrams that leave and for whom, ``told`` and ``wished`` about all other facts
    and wishes.
    """

    said: Said | None = None
    heard: Listens | None = None
    raw: Raw | None = None
    cast: Cast_ | None = None
    told: Fact_ | None = None
    wished: Wish_ | None = None


@dataclass(slots=True)
class Bent:
    """The bend of one seat. ``places`` says whose an address or a name is.

    ``marks`` grows with everything that the way did; empty means that it never fired.
    """

    way: Way
    places: Mapping[str, Role]
    marks: list[Mark] = field(default_factory=list)
    _neighbours: dict[str, Role | None] = field(default_factory=dict)
    _remotes: dict[str, Address] = field(default_factory=dict)
    _framers: dict[str, Framer] = field(default_factory=dict)
    _web: set[str] = field(default_factory=set)

    # What comes.

    def hears(self, fact: Fact) -> Told:
        match fact:
            case Opened(link=link, remote=remote):
                self._neighbours.setdefault(link, self._role_at(remote))
                self._remotes[link] = remote
            case Lost(link):
                self._framers.pop(link, None)
            case Arrived() if self.way.raw and (now := self.way.raw(fact)) is not None:
                self.marks.append(Mark(fact.octets))
                self._note(now[1])
                return now
            case Arrived() if self.way.heard:
                return self._heard(fact)
            case _:
                pass
        if self.way.told and not isinstance(fact, Arrived):
            return self._changed(fact, self.way.told(fact))
        return (fact,), ()

    def _heard(self, fact: Arrived) -> Told:
        """Message by message; what is no SIP but HTTP passes as it is."""
        if _is_http(fact.octets) and fact.link not in self._framers:
            self._web.add(fact.link)
        if fact.link in self._web:
            return (fact,), ()
        facts: list[Fact] = []
        wishes: list[Wish] = []
        framer = self._framers.setdefault(fact.link, Framer())
        for item in framer.feed(fact.octets):
            if isinstance(item, Message):
                here, now = self._one_heard(item, fact.link)
                facts += here
                wishes += now
            elif isinstance(item, KeepAlive):
                facts.append(Arrived(fact.link, b"\r\n\r\n" if item.ping else b"\r\n"))
            else:
                facts.append(Arrived(fact.link, item.octets))
        return tuple(_at_once(facts)), tuple(wishes)

    def _one_heard(self, message: Message, link: str) -> Told:
        assert self.way.heard
        changed = self.way.heard(self._passing(message, link))
        if changed is None:
            return (Arrived(link, bytes(message)),), ()
        self.marks.append(Mark(bytes(message), unsaid=True))
        self._note(changed[1])
        return changed

    def _changed(self, fact: Fact, changed: Told | None) -> Told:
        if changed is None:
            return (fact,), ()
        if not isinstance(fact, Rang):
            self.marks.append(Mark(fact.octets if isinstance(fact, Heard) else b""))
        self._note(changed[1])
        return changed

    # What leaves.

    def says(self, wishes: Iterable[Wish]) -> tuple[Wish, ...]:
        done: list[Wish] = []
        for wish in wishes:
            if isinstance(wish, Connect):
                self._neighbours[wish.link] = self._role_at(wish.target)
            changed = self._asked(wish)
            if changed is None:
                done.append(wish)
                continue
            now = tuple(changed)
            if not self._note(now) and isinstance(wish, Write | Cast):
                self.marks.append(Mark(wish.octets, unsaid=True))
            done += now
        return tuple(done)

    def _asked(self, wish: Wish) -> Iterable[Wish] | None:
        way = self.way
        if isinstance(wish, Write) and way.said and _is_sip(wish.octets):
            message = Message.parse(wish.octets)
            return way.said(self._passing(message, wish.link))
        if isinstance(wish, Cast) and way.cast:
            return way.cast(wish, self._role_at(wish.target))
        return way.wished(wish) if way.wished else None

    def _note(self, wishes: Iterable[Wish]) -> bool:
        """Remember what is sent in the place of something; False for nothing."""
        sent = [w.octets for w in wishes if isinstance(w, Write | Cast)]
        self.marks += map(Mark, sent)
        return bool(sent)

    def _passing(self, message: Message, link: str) -> Passing:
        neighbour, source = self._neighbours.get(link), self._remotes.get(link)
        return Passing(message, link, neighbour, source)

    def _role_at(self, address: Address) -> Role | None:
        return self.places.get(address.host)


def _at_once(facts: Iterable[Fact]) -> Iterable[Fact]:
    """What came in one piece stays one: a role may close the link after a message, and
    still has heard the next."""
    for link, group in groupby(facts, _came_on):
        if link is None:
            yield from group
        else:
            pieces = (f.octets for f in group if isinstance(f, Arrived))
            yield Arrived(link, b"".join(pieces))


def _came_on(fact: Fact) -> str | None:
    return fact.link if isinstance(fact, Arrived) else None


def _is_sip(octets: bytes) -> bool:
    line = octets.partition(b"\r\n")[0]
    return line.startswith(b"SIP/2.0 ") or line.endswith(b" SIP/2.0")


def _is_http(octets: bytes) -> bool:
    return octets.startswith((b"POST /", b"GET /", b"HTTP/1."))
