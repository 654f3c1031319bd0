"""A resumed session is no way around the certificate.

RFC 8446 §2.2 and RFC 5077: nobody shows a certificate again who resumes; RFC 5280
§6.1.3 (a) (2) knows no exception for that. Who shall look is the server.
"""

from ringback.evidence.frame import Connection, TlsEvent, TlsFrame
from ringback.judge.case import Case, Rule
from ringback.judge.defects import Direction, Fate, defects
from ringback.judge.judged import said_on
from ringback.judge.presented import facts, moment, resumed, secured
from ringback.judge.verdict import Verdict, fails, passes, undecided

ROW = "resumed-after-it-turned-bad"


def no_session_outlives_its_certificate(direction: Direction) -> Rule:
    """Whose certificate has expired since is served only where a session is not
    resumed: then the certificate is judged by the rules for certificates."""

    def rule(case: Case) -> Verdict:
        late = [c for c in _theirs(case, direction) if _has_expired(case, c)]
        if not late:
            return undecided("nobody came back after its certificate had expired")
        cell = defects()[ROW].cell(direction, case.known.tls_profile)
        served = [c for c in late if resumed(c) and _is_served(case, c)]
        if served and Fate.ACCEPTED not in cell.allowed:
            why = "it resumed a session whose certificate had expired, and answered"
            answers = [s.frame for s in said_on(case, served[0])]
            return fails(why, served[0].tls[0], *answers, by=direction.judge)
        told = f"{len(late)} came back, {sum(map(resumed, late))} by a resumed session"
        return passes(told, *(c.tls[0] for c in late))

    return rule


def _theirs(case: Case, direction: Direction) -> list[Connection]:
    """Connections that the one to be judged opened to its judge."""
    ends = direction.judged, direction.judge
    opened = secured(case, direction.leg)
    return [c for c in opened if (c.opener, c.acceptor) == ends]


def _has_expired(case: Case, connection: Connection) -> bool:
    """The certificate that its opener had shown before, and which was valid then."""
    shown = _shown_before(case, connection)
    leaf = facts(shown.certificates) if shown else None
    if shown is None or leaf is None:
        return False
    then, now = moment(case, shown), moment(case, connection.tls[0])
    if then is None or now is None:
        return False
    return then <= leaf.not_after < now


def _shown_before(case: Case, connection: Connection) -> TlsFrame | None:
    """By the same host to the same server, last."""
    shown = [
        t
        for c in case.evidence.connections
        if c.server == connection.server and c.client.host == connection.client.host
        if c.opened < connection.opened
        for t in c.tls
        if t.event is TlsEvent.CERTIFICATE and t.certificates and t.source == c.client
    ]
    return max(shown, key=lambda t: t.number, default=None)


def _is_served(case: Case, connection: Connection) -> bool:
    """Anything but 403 is service (facts §4.9)."""
    said = said_on(case, connection)
    return any(s.frame.source == connection.server and s.status != 403 for s in said)
