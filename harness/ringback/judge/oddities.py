"""What is odd about a certificate as it was shown, in the words of the defects' table.

RFC 5280 §6.1 (paths), §4.2.1.3 and §4.2.1.12 (usages), RFC 5922 §7 (names). Told from
the octets alone, whatever a scenario meant to show, and by none of the players' code.
"""

from collections.abc import Iterable
from datetime import datetime

from ringback.evidence.frame import TlsEvent
from ringback.faults import Malformed
from ringback.judge.case import Case
from ringback.judge.presented import (
    Presented,
    chain_fault,
    facts,
    moment,
    names_of,
    too_long,
)
from ringback.wire.certificates import CertificateFacts, is_revoked, plain, proves

WEAK = ("md5", "sha1")
RSA_BITS = 2048
SOUND = ("sound",)


def oddities(case: Case, shown: Presented, names: Iterable[str]) -> tuple[str, ...]:
    """All of them; ("sound",) when there is none. ``names`` are those that it may
    stand for."""
    leaf = facts(shown.chain)
    if leaf is None:
        return ("none",) if not shown.chain and _was_asked(shown) else ()
    found = (
        *_path(case, shown, leaf),
        *_name(leaf, [plain(name) for name in names]),
        *_usage(leaf),
        *_strength(leaf),
    )
    return found or SOUND


def oddities_at_its_seat(case: Case, shown: Presented) -> tuple[str, ...]:
    """As shown by a role at its seat."""
    return oddities(case, shown, names_of(case, shown))


def _was_asked(shown: Presented) -> bool:
    """Who asks for no certificate breaks another rule (TLS-MUTUAL)."""
    return any(t.event is TlsEvent.CERTIFICATE_REQUEST for t in shown.connection.tls)


def _path(case: Case, shown: Presented, leaf: CertificateFacts) -> Iterable[str]:
    roots = case.known.trusted
    yield from _time(leaf, moment(case, shown.frame))
    if leaf.self_signed and shown.chain[0] not in roots:
        yield "self-signed"
    elif roots and chain_fault(shown.chain, roots).startswith("no chain"):
        yield "untrusted"
    elif too_long(shown.chain, roots):
        yield "path-too-long"
    if _revoked(shown.chain[0], case.known.revoked):
        yield "revoked"


def _revoked(der: bytes, lists: bytes) -> bool:
    try:
        return is_revoked(der, lists)
    except Malformed:
        return False


def _time(leaf: CertificateFacts, when: datetime | None) -> Iterable[str]:
    if when is not None and when > leaf.not_after:
        yield "expired"
    if when is not None and when < leaf.not_before:
        yield "not-yet-valid"


def _name(leaf: CertificateFacts, names: list[str]) -> Iterable[str]:
    """At most one; nothing where nobody knows whom it should name."""
    if not names:
        return
    dns = [plain(name) for name in leaf.dns_names]
    if not leaf.has_alternative_names:
        named = plain(leaf.subject_cn) in names
        yield "common-name-only" if named else "somebody-else"
    elif any(proves(leaf, name) for name in names):
        yield from _spelling(leaf, names)
    elif set(dns) & set(names):
        yield "sip-uri-of-another"
    else:
        yield _misnamed(leaf, dns, names)


def _spelling(leaf: CertificateFacts, names: list[str]) -> Iterable[str]:
    if set(leaf.dns_names) & set(names):
        return
    if any(uri.startswith("sip:") for uri in leaf.uri_names):
        yield "sip-uri"
    elif any(name.endswith(".") for name in leaf.dns_names):
        yield "trailing-dot"
    else:
        yield "other-case"


def _misnamed(leaf: CertificateFacts, dns: list[str], names: list[str]) -> str:
    domains = {f"*.{name.partition('.')[2]}" for name in names}
    if domains & set(dns):
        return "wildcard"
    if plain(leaf.subject_cn) in names and dns:
        return "common-name-beside-others"
    if any(name.startswith("xn--") for name in dns):
        return "lookalike"
    return "somebody-else" if dns else _of_another_kind(leaf)


def _of_another_kind(leaf: CertificateFacts) -> str:
    """Alternative names, and no DNS name among them."""
    if any(uri.startswith("sips:") for uri in leaf.uri_names):
        return "sips-uri"
    if any("@" in uri for uri in leaf.uri_names):
        return "sip-uri-with-user"
    if leaf.email_names:
        return "email"
    return "address" if leaf.ip_names else "somebody-else"


def _usage(leaf: CertificateFacts) -> Iterable[str]:
    if not leaf.eku:
        yield "no-extended-key-usage"
    elif "anyExtendedKeyUsage" not in leaf.eku:
        if "clientAuth" not in leaf.eku:
            yield "server-auth-only"
        if "serverAuth" not in leaf.eku:
            yield "client-auth-only"
    if leaf.key_usage and "digitalSignature" not in leaf.key_usage:
        yield "key-agreement-only"
    if leaf.is_ca:
        yield "authority-as-leaf"


def _strength(leaf: CertificateFacts) -> Iterable[str]:
    if leaf.signature_hash.lower() in WEAK:
        yield "sha1"
    if leaf.key_type == "RSA" and leaf.key_bits < RSA_BITS:
        yield "rsa-1024"
