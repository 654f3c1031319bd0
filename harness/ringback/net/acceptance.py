"""What there is to say against a certificate that OpenSSL has taken: our own judgement.

RFC 5922 §7 (SIP names), RFC 5280 §4.2.1.3 and §4.2.1.12 (usages) and §6.3 (revocation),
RFC 9525 §6.3 (no common name), facts §4.9 (trusted peers). OpenSSL takes a certificate
of an authority for a leaf, a wildcard for a name, and looks at few usages.
"""

from datetime import datetime
from functools import lru_cache

from ringback.faults import Malformed
from ringback.net.identity import Identity
from ringback.net.tls_failures import TlsFailure
from ringback.wire.certificates import (
    CertificateFacts,
    is_revoked,
    names_for_sip,
    plain,
)

_ANY = "anyExtendedKeyUsage"
_WEAK = {"md5", "sha1"}
_BITS = {"RSA": 2048, "EC": 224}


def names_in(der: bytes, identity: Identity) -> tuple[str, ...]:
    """The names that it proves to one of that profile."""
    facts = _facts(der)
    if facts is None or (
        identity.profile == "modern" and not facts.has_alternative_names
    ):
        return ()
    if identity.for_web:
        return tuple(map(plain, facts.dns_names))
    return names_for_sip(facts)


def objection(
    der: bytes, identity: Identity, now: datetime, *, server: bool, name: str
) -> str:
    """Why ``identity`` refuses that leaf, in the vendor's words, or nothing. ``name``
    is whom a client must meet; a server looks into its list of trusted peers. OpenSSL
    has looked at the dates by the machine's clock, the network may have its own."""
    facts = _facts(der)
    if facts is None:
        return TlsFailure.OTHER.because("the certificate cannot be read")
    if identity.checks_dates and facts.not_after < now:
        return TlsFailure.CERTIFICATE_EXPIRED.because("it is valid no more")
    failure, why = _failing(der, facts, identity, server)
    if why:
        return failure.because(why)
    if wrong := _misnamed(der, identity, server, name):
        return TlsFailure.INCORRECT_NAME.because(wrong)
    return ""


def _failing(
    der: bytes, facts: CertificateFacts, identity: Identity, server: bool
) -> tuple[TlsFailure, str]:
    """Whatever its name is; an empty text when nothing fails."""
    if identity.checks_revocation and is_revoked(der, identity.revoked):
        return TlsFailure.REVOKED, "it is on the revocation list"
    if identity.checks_usage and (wrong := _misused(facts, as_client=server)):
        return TlsFailure.INVALID_USAGE, wrong
    if identity.checks_leaf and facts.is_ca:
        return TlsFailure.INVALID_USAGE, "it is an authority's own"
    weak = _weak(facts) if identity.checks_strength else ""
    return TlsFailure.NEGOTIATION, weak


def _misused(facts: CertificateFacts, *, as_client: bool) -> str:
    """RFC 8446 §4.4.2.2: whoever proves a key by signing may have to be allowed to."""
    if facts.key_usage and "digitalSignature" not in facts.key_usage:
        return f"its key is for {' '.join(facts.key_usage)} only"
    wanted = "clientAuth" if as_client else "serverAuth"
    if facts.eku and not {wanted, _ANY} & set(facts.eku):
        return f"it is for {' '.join(facts.eku)} only"
    return ""


def _weak(facts: CertificateFacts) -> str:
    if facts.signature_hash.lower() in _WEAK:
        return f"it is signed with {facts.signature_hash}"
    if facts.key_bits < _BITS.get(facts.key_type, 0):
        return f"its {facts.key_type} key has {facts.key_bits} bits"
    return ""


def _misnamed(der: bytes, identity: Identity, server: bool, name: str) -> str:
    if not identity.checks_names:
        return ""
    names = names_in(der, identity)
    if not identity.knows_a_labels:
        names = tuple(name for name in names if "xn--" not in name)
    accepted = identity.trusted if server else frozenset((name,))
    if server and not identity.checks_list:
        accepted = frozenset(n for n in names if "*" not in n)
    if not identity.ignores_case:
        names = _as_spelled(der, names)
        found = accepted & set(names)
    else:
        found = frozenset(map(plain, accepted)) & set(names)
    if found:
        return ""
    shown = ", ".join(names) or "no name at all"
    wanted = "a trusted peer" if server else name
    return f"the certificate proves {shown}, not {wanted}"


def _as_spelled(der: bytes, names: tuple[str, ...]) -> tuple[str, ...]:
    """Those that the certificate has in just these letters."""
    facts = _facts(der)
    assert facts is not None
    spelled = (*facts.dns_names, *(u.rpartition(":")[2] for u in facts.uri_names))
    return tuple(name for name in names if name in spelled)


@lru_cache(maxsize=1024)
def _facts(der: bytes) -> CertificateFacts | None:
    try:
        return CertificateFacts.of(der)
    except Malformed:
        return None
