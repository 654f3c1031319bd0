"""Mutual TLS on secured dial plans: who shows what, to whom, and who must refuse.

RFC 5280 §6.1, RFC 5922 §7, RFC 8996 §5; facts §5.3 and §5.4. A certificate counts
against its owner only where the other side went on to speak SIP: an ill one that was
refused is what ought to happen.
"""

from collections.abc import Callable

from ringback.evidence.frame import Connection, TlsEvent
from ringback.judge.case import Case, Rule
from ringback.judge.presented import (
    Presented,
    chain_fault,
    facts,
    moment,
    name_fault,
    presented,
    secured,
    spoke,
    time_fault,
)
from ringback.judge.verdict import Verdict, each, fails, passes, undecided
from ringback.values import Leg, Role

VERSIONS = ("TLSv1.2", "TLSv1.3")
SIP_SERVERS = (Role.CAS, Role.UM, Role.GATEWAY)
BITS = {"RSA": 2048, "EC": 256}
Fault = Callable[[Case, Presented], str]


def both_show_a_certificate(leg: Leg) -> Rule:
    """Facts §5.3: TLS is mutual: the server asks, and both present."""

    def rule(case: Case) -> Verdict:
        used = [c for c in secured(case, leg) if _both_spoke(case, c)]
        if not used:
            return undecided(f"no SIP over readable TLS on {leg}")
        for connection in used:
            if (verdict := _one_sided(connection)) is not None:
                return verdict
        return passes("both presented a certificate", *(c.tls[0] for c in used))

    return rule


def _one_sided(connection: Connection) -> Verdict | None:
    events = {t.event for t in connection.tls}
    if TlsEvent.CERTIFICATE not in events:
        return None  # resumed: the certificates were shown in another connection
    asked = TlsEvent.CERTIFICATE_REQUEST in events
    shown = [
        t for t in connection.tls if t.event is TlsEvent.CERTIFICATE and t.certificates
    ]
    client = [t for t in shown if t.source == connection.client]
    if not asked:
        why = "the server did not ask for a certificate"
        return fails(why, connection.tls[-1], by=connection.acceptor)
    if not client:
        why = "the client presented no certificate, and SIP went on"
        return fails(why, connection.tls[-1], by=connection.opener)
    return None


def certificates_chain_to_a_root(case: Case) -> Verdict:
    """RFC 5280 §6.1; facts §5.3."""
    roots = case.known.trusted
    if not roots:
        return undecided("the circumstances name no trusted root")
    return _certificates(case, lambda _, s: chain_fault(s.chain, roots))


def certificates_are_valid_now(case: Case) -> Verdict:
    """RFC 5280 §4.1.2.5."""
    return _certificates(case, lambda _, s: time_fault(s.chain, moment(case, s.frame)))


def certificates_may_do_what_they_do(case: Case) -> Verdict:
    """Facts §5.3: extended key usage, where there is any, covers the side played."""
    return _certificates(case, lambda _, s: _usage(s))


def _usage(shown: Presented) -> str:
    leaf = facts(shown.chain)
    wanted = "serverAuth" if shown.as_server else "clientAuth"
    if leaf is None or not leaf.eku:
        return ""
    fits = {wanted, "anyExtendedKeyUsage"} & set(leaf.eku)
    return "" if fits else f"usable for {' '.join(leaf.eku)}, used for {wanted}"


def keys_are_strong(case: Case) -> Verdict:
    """Facts §5.6, profile ``modern``: RSA 2048, P-256, SHA-256 at least."""
    return _certificates(case, lambda _, s: _weakness(s))


def _weakness(shown: Presented) -> str:
    leaf = facts(shown.chain)
    if leaf is None:
        return ""
    if leaf.key_bits < BITS.get(leaf.key_type, 0):
        return f"{leaf.key_type} key of {leaf.key_bits} bits"
    weak = leaf.signature_hash.lower() in ("md5", "sha1")
    return f"signed with {leaf.signature_hash}" if weak else ""


def names_itself(leg: Leg, role: Role) -> Rule:
    """RFC 5922 §7.1 and §7.2: the certificate stands for the FQDN of its owner."""

    def rule(case: Case) -> Verdict:
        used = [s for s in presented(case, leg, role) if s.used and s.chain]
        return _judged(used, lambda s: name_fault(case, s), f"certificates of {role}")

    return rule


def tls_is_recent(case: Case) -> Verdict:
    """RFC 8996 §4 and §5: not 1.0, not 1.1; who says ServerHello has decided."""
    used = [
        c
        for c in case.evidence.connections
        if c.acceptor in SIP_SERVERS and c.leg is not Leg.CLIENT_CAS and _agreed(c)
    ]
    if not used:
        return undecided("nobody agreed on a version of TLS for SIP")
    old = [c for c in used if c.version and c.version not in VERSIONS]
    if old:
        frames = [c.tls[0] for c in old]
        return fails(f"{old[0].version} was agreed", *frames, by=old[0].acceptor)
    shown = ", ".join(sorted({c.version for c in used}))
    return passes(shown, *(c.tls[0] for c in used))


def _agreed(connection: Connection) -> bool:
    return any(t.event is TlsEvent.SERVER_HELLO for t in connection.tls)


def _certificates(case: Case, fault: Fault) -> Verdict:
    used = [
        s
        for leg in (Leg.CAS_UM, Leg.UM_GATEWAY)
        for role in leg.roles
        for s in presented(case, leg, role)
        if s.used and s.chain
    ]
    return _judged(used, lambda s: fault(case, s), "certificates in use")


def _judged(
    shown: list[Presented], fault: Callable[[Presented], str], what: str
) -> Verdict:
    return each(shown, lambda s: _told(s, fault(s)), what)


def _told(shown: Presented, why: str) -> str:
    return f"the certificate of {shown.role}: {why}" if why else ""


def _both_spoke(case: Case, connection: Connection) -> bool:
    ends = (connection.client, connection.server)
    return all(spoke(case, connection, end) for end in ends)
