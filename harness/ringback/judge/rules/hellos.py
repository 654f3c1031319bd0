"""Hellos that no honest stack would send, and what a UM server makes of them.

RFC 8996 §4 and §5 (old versions), RFC 5746 §3.6 (renegotiation), RFC 9325 §4.1 (broken
ciphers), RFC 5246 §7.2.2 (a fatal alert ends its connection). Who is asked is the UM or
the gateway, whoever asks.
"""

from collections.abc import Callable
from typing import Final

from ringback.evidence.frame import Connection, Frame, TlsEvent, TlsFrame
from ringback.judge.case import Case, Exchange, Rule
from ringback.judge.verdict import Verdict, fails, passes, undecided
from ringback.judge.weakness import BROKEN, SHORT, SIGNAL, SIGNALS, is_old
from ringback.values import Address, Role

RENEGOTIATION_INFO: Final = 0xFF01
_SUPPORTED_VERSIONS = 43  # in a ServerHello only of TLS 1.3 (RFC 8446 §4.2.1)
Asks = Callable[[TlsFrame], bool]


def offers_only_old_versions(hello: TlsFrame) -> bool:
    return is_old(hello)


def offers_only_broken_ciphers(hello: TlsFrame) -> bool:
    offered = set(hello.ciphers) - SIGNALS
    return bool(offered) and offered <= BROKEN


def offers_only_short_ciphers(hello: TlsFrame) -> bool:
    """One at least is short; where all are broken it is another rule's affair."""
    offered = set(hello.ciphers) - SIGNALS
    return offered <= BROKEN | SHORT and bool(offered & SHORT)


def refuses(asks: Asks, what: str, by: Role = Role.UM) -> Rule:
    """No ServerHello of that role; an alert or an end instead."""

    def rule(case: Case) -> Verdict:
        asked = [(c, h) for c in _heard(case, by) if (h := _hello(c)) and asks(h)]
        if not asked:
            return undecided(f"nobody offered {what}")
        for connection, hello in asked:
            if agreed := _of(connection, TlsEvent.SERVER_HELLO):
                told = f"it took up {connection.version} with {connection.cipher}"
                return fails(told, hello, agreed[0], by=by)
        open_ = [h for c, h in asked if not _refused(c)]
        if open_:
            return undecided("neither answered nor ended", *open_)
        return passes(f"{len(asked)} refused: {what}", *(_last(c, h) for c, h in asked))

    return rule


def tells_of_secure_renegotiation(by: Role) -> Rule:
    """RFC 5746 §3.6: who takes up TLS 1.2 or older, and was asked about it."""

    def rule(case: Case) -> Verdict:
        found = [(c, h) for c in _heard(case, by) if (h := _hello(c))]
        asked = [c for c, hello in found if _asks_about_renegotiation(hello)]
        hellos = [h for c in asked for h in _of(c, TlsEvent.SERVER_HELLO)]
        older = [h for h in hellos if _SUPPORTED_VERSIONS not in h.extensions]
        for hello in older:
            if RENEGOTIATION_INFO not in hello.extensions:
                why = "its hello says nothing of secure renegotiation"
                return fails(why, hello, by=by)
        if older:
            return passes("renegotiation would be secure", *older[:12])
        return undecided("nobody was answered in TLS 1.2")

    return rule


def _asks_about_renegotiation(hello: TlsFrame) -> bool:
    return SIGNAL in hello.ciphers or RENEGOTIATION_INFO in hello.extensions


def a_broken_hello_costs_only_its_connection(case: Case) -> Verdict:
    """The fence: a request on another connection, later, which was answered."""
    broken = [(c, f) for c in _heard(case) if (f := _broken(case, c))]
    if not broken:
        return undecided("no broken hello in this evidence")
    for connection, frame in broken:
        if agreed := _of(connection, TlsEvent.SERVER_HELLO):
            return fails("it was answered like a sound one", agreed[0], by=Role.UM)
        if not _refused(connection):
            return undecided("neither answered nor ended", frame)
    flows = {c.flow for c, _ in broken}
    frames = [frame for _, frame in broken]
    last = max(c.opened for c, _ in broken)
    fences = [c for c in _heard(case) if c.opened > last and c.flow not in flows]
    answered = [x for x in case.exchanges if x.responses and _carried(x, fences)]
    if answered:
        told = f"{len(broken)} ended, and who came later was served"
        return passes(told, *frames, answered[0].frame)
    return _nobody_served(case, last, frames)


def a_stalled_hello_keeps_nobody_waiting(case: Case) -> Verdict:
    """Somebody began to say hello and went silent; who came later is served."""
    heard = _heard(case)
    stalled = [c for c in heard if _broken(case, c) and not c.tls]
    if not stalled:
        return undecided("no handshake stalled in this evidence")
    first = min(c.opened for c in stalled)
    last = max((c.closed for c in stalled if c.closed), default=0)
    flows = {c.flow for c in stalled}
    later = [c for c in heard if c.opened > first and c.flow not in flows]
    frames = [f for c in stalled if (f := _broken(case, c))]
    answered = [x for x in case.exchanges if x.responses and _carried(x, later)]
    meanwhile = [x for x in answered if not last or x.responses[0].number < last]
    if meanwhile:
        told = "who came while a handshake stalled was served"
        return passes(told, *frames, meanwhile[0].frame)
    return _nobody_served(case, first, frames)


def _nobody_served(case: Case, last: int, frames: list[Frame]) -> Verdict:
    """Somebody sound came later and was not so much as answered."""
    shut_out = [
        c
        for c in _heard(case)
        if c.opened > last
        and (_hello(c) or not c.tls)
        and not _of(c, TlsEvent.SERVER_HELLO)
        and not _alerts(c)
    ]
    if shut_out:
        why = "after a broken hello nobody else was served"
        return fails(why, *frames, by=Role.UM)
    return undecided("nobody asked for anything afterwards", *frames)


def _heard(case: Case, role: Role = Role.UM) -> list[Connection]:
    """Connections to that role, whoever opened them."""
    return [c for c in case.evidence.connections if c.acceptor is role]


def _hello(connection: Connection) -> TlsFrame | None:
    """The first ClientHello, when it can be read."""
    found = _of(connection, TlsEvent.CLIENT_HELLO)
    return found[0] if found and not found[0].broken else None


def _broken(case: Case, connection: Connection) -> Frame | None:
    """What the client said instead of a hello that can be read."""
    if _hello(connection):
        return None
    spoiled = [t for t in connection.tls if t.broken and _from_client(connection, t)]
    unread = [
        f
        for f in case.evidence.broken
        if f.flow == connection.flow and f.secured and _from_client(connection, f)
    ]
    return next(iter([*spoiled, *unread]), None)


def _of(connection: Connection, event: TlsEvent) -> list[TlsFrame]:
    return [t for t in connection.tls if t.event is event]


def _refused(connection: Connection) -> bool:
    return bool(_alerts(connection)) or connection.closed > 0


def _alerts(connection: Connection) -> list[TlsFrame]:
    alerts = _of(connection, TlsEvent.ALERT)
    return [t for t in alerts if not _from_client(connection, t)]


def _last(connection: Connection, hello: TlsFrame) -> Frame:
    return next(iter(_alerts(connection)), hello)


def _from_client(connection: Connection, frame: Frame) -> bool:
    client: Address = connection.client
    return frame.source == client


def _carried(exchange: Exchange, connections: list[Connection]) -> bool:
    return any(exchange.frame.flow == c.flow for c in connections)
