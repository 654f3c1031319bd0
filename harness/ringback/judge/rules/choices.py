"""What a server chose, and a client should not go on with.

RFC 8996 §4 and §5 (old versions), RFC 9325 §4.1 (broken ciphers), RFC 5246 §7.4.1.3
(what was not offered). A client may also go on until it sees the certificate; what
counts is that it neither takes part in the exchange of keys nor says anything.
"""

from collections.abc import Callable

from ringback.evidence.frame import Connection, Frame, TlsEvent, TlsFrame
from ringback.judge.case import Case, Rule
from ringback.judge.verdict import Verdict, fails, passes, undecided
from ringback.judge.weakness import BROKEN, SHORT, chosen, is_foreign, is_old
from ringback.values import Leg, Role

Chose = Callable[[Connection, TlsFrame], bool]
GOES_ON = (
    TlsEvent.OTHER,  # ClientKeyExchange
    TlsEvent.CERTIFICATE,
    TlsEvent.FINISHED,
    TlsEvent.APPLICATION_DATA,
    TlsEvent.UNREADABLE,
)


def an_old_version(connection: Connection, hello: TlsFrame) -> bool:
    return is_old(hello)


def a_broken_cipher(connection: Connection, hello: TlsFrame) -> bool:
    """Or one that was not offered, whatever it is."""
    code = set(hello.ciphers)
    foreign = is_foreign(connection, hello)
    return not is_old(hello) and (bool(code & BROKEN) or (foreign and not code & SHORT))


def a_short_cipher(connection: Connection, hello: TlsFrame) -> bool:
    return not is_old(hello) and bool(set(hello.ciphers) & SHORT)


def leaves(chose: Chose, what: str, role: Role, leg: Leg) -> Rule:
    """That client, on that leg: by an alert, or by an end."""

    def rule(case: Case) -> Verdict:
        met = [
            (c, hello)
            for c in case.evidence.connections
            if c.opener is role and c.leg is leg
            if (hello := chosen(c)) and chose(c, hello)
        ]
        if not met:
            return undecided(f"no server chose {what}")
        for connection, hello in met:
            if further := _further(connection, hello):
                told = f"it went on with {connection.version}, {connection.cipher}"
                return fails(told, *further, hello, by=role)
        waiting = [hello for c, hello in met if not _left(c, hello)]
        if waiting:
            return undecided("it neither went on nor left", *waiting)
        return passes(f"{len(met)} left: {what}", *(_left(c, h) or h for c, h in met))

    return rule


def _further(connection: Connection, hello: TlsFrame) -> list[TlsFrame]:
    """What the client said behind that hello, but alerts."""
    own = _behind(connection, hello)
    return [t for t in own if t.event in GOES_ON]


def _left(connection: Connection, hello: TlsFrame) -> Frame | None:
    """The alert; where there is none, the hello of who was left."""
    alerts = [t for t in _behind(connection, hello) if t.event is TlsEvent.ALERT]
    gone = connection.closed > 0 and connection.left_by == connection.client
    return alerts[0] if alerts else hello if gone else None


def _behind(connection: Connection, hello: TlsFrame) -> list[TlsFrame]:
    client = connection.client
    return [t for t in connection.tls if t.source == client and t.number > hello.number]
