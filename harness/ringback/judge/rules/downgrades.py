"""Where TLS was wanted nothing goes on without it: no redirect, no fallback, no deed.

POP07 and X13:configure-voip-security-setting (facts §5.1); RFC 3261 §8.1.3.4 for whom
a redirect sends elsewhere, RFC 8446 §6.2 for what a refused handshake leaves.
"""

from collections.abc import Iterable

from ringback.evidence.frame import Connection, Frame, TlsEvent
from ringback.faults import Malformed
from ringback.judge.case import Case, Exchange, Rule, Said
from ringback.judge.defects import Direction, Fate
from ringback.judge.judged import cell_of, judged
from ringback.judge.verdict import Verdict, fails, passes, undecided
from ringback.values import Leg, Role
from ringback.wire.headers import NameAddr, contacts
from ringback.wire.uri import SipUri


def a_redirect_leads_to_tls(case: Case) -> Verdict:
    """Who asked the UM over TLS is sent to where TLS is spoken."""
    sent = [r for r in _redirects(case) if r.sender is Role.UM]
    if not sent:
        return undecided("the UM redirected nobody who speaks TLS")
    clear = [r for r in sent if not all(map(_is_secured, targets(r)))]
    if clear:
        why = f"redirected out of TLS: {clear[0].first('contact')}"
        return fails(why, *(r.frame for r in clear), by=Role.UM)
    return passes("redirected to where TLS is spoken", *(r.frame for r in sent))


def a_redirect_out_of_tls_is_not_followed(case: Case) -> Verdict:
    """The CAS neither speaks nor so much as knocks there."""
    led = [r for r in _redirects(case) if r.receiver is Role.CAS]
    led = [r for r in led if leads_out_of_tls(r)]
    if not led:
        return undecided("nobody tried to lead the CAS out of TLS")
    for one in led:
        ports = {t.port or 5060 for t in targets(one)}
        for c in _from(case, Role.CAS):
            if c.opened > one.number and c.server.port in ports and not c.tls:
                why = f"it followed to {c.server}, without TLS"
                return fails(why, one.frame, by=Role.CAS)
    return passes("it was not followed", *(r.frame for r in led))


def nobody_falls_back(leg: Leg, role: Role) -> Rule:
    """Where TLS was refused it is not tried in the clear."""

    def rule(case: Case) -> Verdict:
        own = [c for c in _from(case, role) if c.leg is leg]
        failed = [c for c in own if c.tls and not _carried_sip(case, c)]
        if not failed:
            return undecided(f"no handshake of the {role} failed on {leg}")
        first = min(c.opened for c in failed)
        secured = {p for s in case.known.seats for p in s.secured_ports}
        clear = [c for c in own if c.opened > first and _is_clear(c, secured)]
        if clear:
            alerts = [t for t in failed[0].tls if t.event is TlsEvent.ALERT]
            why = f"after TLS failed, {clear[0].server} was tried in the clear"
            return fails(why, *alerts, failed[0].tls[0], by=role)
        told = f"TLS failed {len(failed)} times, and nothing was tried in the clear"
        return passes(told, *(c.tls[0] for c in failed[:12]))

    return rule


def nothing_follows_from_the_refused(case: Case) -> Verdict:
    """An order of who must be refused reaches no gateway."""
    profile, ill = case.known.tls_profile, []
    for one in judged(case, Direction.UM_JUDGES_CAS):
        cells = [cell_of(o, Direction.UM_JUDGES_CAS, profile) for o in one.odd]
        if any(c.allowed and Fate.ACCEPTED not in c.allowed for c in cells):
            ill.append(one)
    flows = {one.shown.connection.flow for one in ill}
    if not ill:
        return undecided("no CAS was here that had to be refused")
    invites = case.invites(Leg.CAS_UM)
    if any(x.frame.flow not in flows for x in invites):
        return undecided("others, who had not to be refused, ordered calls as well")
    onward = case.invites(Leg.UM_GATEWAY)
    if onward and invites:
        why = f"a call was begun for a CAS whose certificate is {', '.join(ill[0].odd)}"
        return fails(why, *_frames(onward), *_frames(invites), by=Role.UM)
    if onward:
        return undecided("a call was begun, for whom is not known", *_frames(onward))
    told = "nothing came of it" if invites else "it was refused before it could order"
    return passes(told, *(one.frame for one in ill[:12]))


def leads_out_of_tls(redirect: Said) -> bool:
    """Who followed it would have to give up TLS."""
    if redirect.status // 100 != 3:
        return False
    places = targets(redirect)
    return redirect.frame.secured and bool(places) and not any(map(_is_secured, places))


def targets(redirect: Said) -> list[SipUri]:
    try:
        found = [c.uri for c in contacts(redirect.frame.sip) if isinstance(c, NameAddr)]
    except Malformed:
        return []
    return [uri for uri in found if isinstance(uri, SipUri)]


def _redirects(case: Case) -> list[Said]:
    return [
        r
        for r in case.responses
        if r.status // 100 == 3 and r.frame.secured and r.frame.leg is Leg.CAS_UM
    ]


def _is_secured(uri: SipUri) -> bool:
    """Without a transport the caller stays with what he has."""
    return uri.scheme == "sips" or uri.transport.lower() in ("tls", "")


def _from(case: Case, role: Role) -> list[Connection]:
    """What it opened for SIP."""
    known = case.evidence.connections
    return [c for c in known if c.opener is role and c.leg is not Leg.CLIENT_CAS]


def _carried_sip(case: Case, connection: Connection) -> bool:
    return any(
        s.frame.flow == connection.flow and s.frame.source == connection.server
        for s in case.said
    )


def _is_clear(connection: Connection, secured: set[int]) -> bool:
    if connection.tls:
        return False
    return connection.clear_octets > 0 or connection.server.port not in secured


def _frames(exchanges: Iterable[Exchange]) -> list[Frame]:
    return [x.frame for x in exchanges]
