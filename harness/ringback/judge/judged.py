"""Certificates that were judged: what is odd about each, and what became of its owner.

In TLS 1.3 a client is done before the server has judged it: what counts is whether SIP
went to it (RFC 8446 §4.4.2 and §4.6.2).
"""

import msgspec

from ringback.evidence.frame import Connection, Frame, TlsEvent
from ringback.judge.case import Case, Said
from ringback.judge.defects import Cell, Direction, Fate, told_as
from ringback.judge.oddities import oddities_at_its_seat
from ringback.judge.presented import Presented, presented, spoke
from ringback.judge.weakness import is_bad
from ringback.values import Address, Leg, Role

KEY = "certificates judged"
SILENCE = 1.0  # seconds: a certificate is judged sooner


class Judged(msgspec.Struct, frozen=True, eq=False):
    """A certificate, what is odd about it, and what became of who showed it; ``fate``
    is None when nobody can tell."""

    shown: Presented
    odd: tuple[str, ...]
    fate: Fate | None

    @property
    def frame(self) -> Frame:
        return self.shown.frame


def judged(case: Case, direction: Direction) -> list[Judged]:
    """Those of the roles at their seats, in that direction."""
    key = f"{KEY} {direction}"
    if key not in case.memory:
        shown = presented(case, direction.leg, direction.judged)
        case.memory[key] = [
            Judged(s, oddities_at_its_seat(case, s), fate(case, s))
            for s in shown
            if s.as_server is not direction.of_a_client and s.other is direction.judge
        ]
    found = case.memory[key]
    assert isinstance(found, list)
    return found


def culprit(case: Case, leg: Leg) -> Judged | None:
    """Somebody on that leg who was refused for his certificate, and rightly."""
    profile = case.known.tls_profile
    for direction in Direction:
        if direction.leg is leg:
            for one in judged(case, direction):
                cells = [cell_of(name, direction, profile) for name in one.odd]
                ill = any(c.allowed and Fate.ACCEPTED not in c.allowed for c in cells)
                if ill and one.fate in (Fate.REFUSED, Fate.FORBIDDEN):
                    return one
    return None


def wronged(case: Case, leg: Leg) -> tuple[Judged, Role] | None:
    """Somebody on that leg who was refused though his certificate is in order, and by
    whom."""
    profile = case.known.tls_profile
    for direction in Direction:
        if direction.leg is leg:
            for one in judged(case, direction):
                cells = [cell_of(name, direction, profile) for name in one.odd]
                good = all(c.allowed == {Fate.ACCEPTED} for c in cells)
                if cells and good and one.fate in (Fate.REFUSED, Fate.FORBIDDEN):
                    return one, direction.judge
    return None


def cell_of(looks: str, direction: Direction, profile: str) -> Cell:
    return told_as(looks).cell(direction, profile)


def fate(case: Case, shown: Presented) -> Fate | None:
    """What the other end did with who showed that."""
    connection, other = shown.connection, shown.judge
    if spoke(case, connection, other):
        said = [s for s in said_on(case, connection) if s.frame.source == other]
        only_403 = all(s.status == 403 for s in said)
        return Fate.FORBIDDEN if only_403 else Fate.ACCEPTED
    gone = _alerted(connection, other) or connection.left_by == other
    vague = _spoke_nonsense(case, shown) or _only_acknowledged(case, shown)
    vague = vague or _was_long_silent(case, shown) or is_bad(connection)
    return Fate.REFUSED if gone and not vague else None


def _only_acknowledged(case: Case, shown: Presented) -> bool:
    """An ACK earns no answer (RFC 3261 §17): that none came refuses nobody."""
    own = [s for s in said_on(case, shown.connection) if s.frame.source != shown.judge]
    return bool(own) and all(s.method == "ACK" for s in own)


def _was_long_silent(case: Case, shown: Presented) -> bool:
    """Who leaves so long after a request, or after a certificate with which nothing was
    asked, did not leave for that: he owes an answer, or was tired of waiting."""
    asked = [s.frame for s in said_on(case, shown.connection) if not s.status]
    left = [t.time for t in shown.connection.tls if t.event is TlsEvent.ALERT]
    last: Frame = asked[-1] if asked else shown.frame
    return bool(left) and left[0] - last.time > SILENCE


def _spoke_nonsense(case: Case, shown: Presented) -> bool:
    """Whoever says what nobody can read may be left for that (RFC 3261 §18.3)."""
    broken = (b for b in case.evidence.broken if b.flow == shown.connection.flow)
    return any(b.source != shown.judge for b in broken)


def said_on(case: Case, connection: Connection) -> list[Said]:
    return [s for s in case.said if s.frame.flow == connection.flow]


def proof(case: Case, one: Judged) -> list[Frame]:
    """What the judge said, or the alert with which he left; then the certificate."""
    connection, other = one.shown.connection, one.shown.judge
    said = [s.frame for s in said_on(case, connection) if s.frame.source == other]
    alerts = [
        t for t in connection.tls if t.event is TlsEvent.ALERT and t.source == other
    ]
    return [*said, *alerts, one.frame]


def _alerted(connection: Connection, by: Address) -> bool:
    """Also by a close_notify, unless it only answers the other one's."""
    alerts = [t for t in connection.tls if t.event is TlsEvent.ALERT]
    return bool(alerts) and alerts[0].source == by
