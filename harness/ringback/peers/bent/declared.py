"""A fault or a quirk as data: whose it is, what it does, who must notice."""

from collections.abc import Mapping
from typing import Literal, Protocol

import msgspec

from ringback.peers.bent.ways import Maker
from ringback.values import Role, Security

NAME = r"[a-z0-9]+(-[a-z0-9]+)*"
Seats = Literal["", "service", "worker"]


class Bending(Protocol):
    """Whatever tells which seats are bent, and how."""

    @property
    def name(self) -> str: ...

    @property
    def way(self) -> Maker | None: ...

    @property
    def credentials(self) -> Mapping[str, object]: ...

    @property
    def shows(self) -> str: ...

    @property
    def config(self) -> Mapping[str, object]: ...

    @property
    def modes(self) -> tuple[str, ...]: ...

    def bends(self, role: Role | None, what: str) -> bool: ...


class Fault(msgspec.Struct, frozen=True, kw_only=True):
    """A reference role that breaks one rule.

    ``breaks`` is the requirement that must fail by it, ``also`` what else it may turn
    red (ids, or beginnings of ids), both said before it was ever played. ``way`` makes
    the bend. ``credentials`` are fields of its identity that differ (see
    ``net.identity``), ``shows`` an ill certificate by its name (see
    ``net.ill_certificates``); ``config`` is laid over the configuration. ``what`` tells
    the UM service from its workers. ``scenarios`` are ids, or beginnings of them, of
    those in which it is to be caught; all that settle ``breaks`` when there are none.
    ``modes`` limits it to some dial plan modes. ``needs`` is "sockets" for what cannot
    be played in memory. ``guilty`` is "" where the verdict must name a frame that the
    bend touched, "connection" where any frame of a connection of the role will do.
    """

    name: str
    role: Role
    says: str  # one sentence for people
    breaks: str
    also: tuple[str, ...] = ()
    way: Maker | None = None
    credentials: Mapping[str, object] = msgspec.field(default_factory=dict)
    shows: str = ""
    config: Mapping[str, object] = msgspec.field(default_factory=dict)
    what: Seats = ""
    scenarios: tuple[str, ...] = ()
    modes: tuple[str, ...] = ()
    needs: Literal["", "sockets"] = ""
    guilty: Literal["", "connection"] = ""

    def bends(self, role: Role | None, what: str) -> bool:
        """Whether it is that seat's."""
        return role is self.role and self.what in ("", what)


class Quirk(msgspec.Struct, frozen=True, kw_only=True):
    """A reference role, or all of them, that is odd and in its right: every verdict
    must stay what it is without it. ``source`` is the paragraph that allows it.

    ``misses`` are requirements (ids, or beginnings of them) whose stimulus it may take
    away, each with the reason: these may find nothing to judge. Red they never become.
    ``scenarios`` are ids, or beginnings of them, of those in which it is always played:
    where what it is about is rare.
    """

    name: str
    roles: tuple[Role, ...]
    says: str
    source: str
    way: Maker | None = None
    credentials: Mapping[str, object] = msgspec.field(default_factory=dict)
    shows: str = ""
    config: Mapping[str, object] = msgspec.field(default_factory=dict)
    what: Seats = ""
    modes: tuple[str, ...] = ()
    misses: Mapping[str, str] = msgspec.field(default_factory=dict)
    scenarios: tuple[str, ...] = ()

    def bends(self, role: Role | None, what: str) -> bool:
        """``what`` tells UM seats apart; other roles have one kind of seat."""
        return role in self.roles and (not what or self.what in ("", what))


Oddness = Fault | Quirk


def possible_in(odd: Bending, mode: Security) -> bool:
    """Whether it is for that mode: in another every role of ours is as it is."""
    return not odd.modes or str(mode) in odd.modes
