"""What a certificate says of itself, and which SIP names it proves.

RFC 5280 §4 (fields), RFC 5922 §7.1 and §7.2 (SIP identities), RFC 9525 §6.3 (matching).
RFC 5280 §6.3 (revocation), RFC 5890 §2.3.2.1 (names in other scripts).
"""

import unicodedata
from datetime import datetime
from functools import lru_cache
from typing import Self, TypeVar

import msgspec
from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from ringback.faults import Malformed
from ringback.wire.uri import SipUri, parse

_PURPOSES = {
    "1.3.6.1.5.5.7.3.1": "serverAuth",
    "1.3.6.1.5.5.7.3.2": "clientAuth",
    "1.3.6.1.5.5.7.3.3": "codeSigning",
    "1.3.6.1.5.5.7.3.4": "emailProtection",
    "1.3.6.1.5.5.7.3.20": "sipDomain",  # RFC 5924 §3
    "2.5.29.37.0": "anyExtendedKeyUsage",
}
_USAGES = {
    "digital_signature": "digitalSignature",
    "content_commitment": "nonRepudiation",
    "data_encipherment": "dataEncipherment",
    "key_encipherment": "keyEncipherment",
    "key_agreement": "keyAgreement",
    "key_cert_sign": "keyCertSign",
    "crl_sign": "cRLSign",
}
_UNREADABLE = (
    ValueError,
    TypeError,
    UnsupportedAlgorithm,
    x509.DuplicateExtension,
    x509.InvalidVersion,
    x509.UnsupportedGeneralNameType,
)
_Extension = TypeVar("_Extension", bound=x509.ExtensionType)
_GeneralName = (
    x509.DNSName | x509.UniformResourceIdentifier | x509.IPAddress | x509.RFC822Name
)


class CertificateFacts(msgspec.Struct, frozen=True, kw_only=True):
    """Facts of one X.509 certificate; ``str`` of ``ip_names`` as Python prints them.

    ``eku`` and ``key_usage`` hold names such as ``serverAuth`` (or dotted numbers) and
    are empty when the certificate limits nothing. ``key_type`` is ``RSA``, ``EC``,
    ``Ed25519`` …, ``key_bits`` its size or 0. ``signature_hash`` is empty where the
    algorithm brings its own. ``has_alternative_names`` tells an empty list of names
    from a missing one. Times are aware, in UTC.
    """

    subject_cn: str
    dns_names: tuple[str, ...]
    uri_names: tuple[str, ...]
    ip_names: tuple[str, ...]
    email_names: tuple[str, ...]
    has_alternative_names: bool
    not_before: datetime
    not_after: datetime
    is_ca: bool
    eku: tuple[str, ...]
    key_usage: tuple[str, ...]
    key_type: str
    key_bits: int
    signature_hash: str
    self_signed: bool

    @classmethod
    def of(cls, der: bytes) -> Self:
        """Read a DER certificate; Malformed when it cannot be read."""
        try:
            return cls._of(x509.load_der_x509_certificate(der))
        except _UNREADABLE as fault:
            raise Malformed(f"no certificate: {fault}", der, 0) from fault

    @classmethod
    def _of(cls, certificate: x509.Certificate) -> Self:
        names = _extension(certificate, x509.SubjectAlternativeName)
        basic = _extension(certificate, x509.BasicConstraints)
        purposes = _extension(certificate, x509.ExtendedKeyUsage)
        key_type, key_bits = _key(certificate)
        digest = certificate.signature_hash_algorithm
        return cls(
            subject_cn=_common_name(certificate),
            dns_names=_names(names, x509.DNSName),
            uri_names=_names(names, x509.UniformResourceIdentifier),
            ip_names=_names(names, x509.IPAddress),
            email_names=_names(names, x509.RFC822Name),
            has_alternative_names=names is not None,
            not_before=certificate.not_valid_before_utc,
            not_after=certificate.not_valid_after_utc,
            is_ca=basic is not None and basic.ca,
            eku=tuple(_purpose(p.dotted_string) for p in purposes or ()),
            key_usage=_key_usage(certificate),
            key_type=key_type,
            key_bits=key_bits,
            signature_hash=digest.name if digest else "",
            self_signed=_is_self_signed(certificate),
        )


def names_for_sip(facts: CertificateFacts) -> tuple[str, ...]:
    """The SIP domains a certificate stands for (RFC 5922 §7.1), in lower case.

    ``sip:`` URIs without a user come first; DNS names count only when there is no such
    URI (a ``sips:`` URI is none), the common name only when no alternative name exists.
    """
    if not facts.has_alternative_names:
        return (plain(facts.subject_cn),) if facts.subject_cn else ()
    domains = tuple(filter(None, map(_sip_domain, facts.uri_names)))
    return domains or tuple(map(plain, facts.dns_names))


def proves(facts: CertificateFacts, fqdn: str) -> bool:
    """Whether the certificate stands for that name: whole and in any case.

    A wildcard proves nothing, not even itself (RFC 5922 §7.2).
    """
    return "*" not in fqdn and plain(fqdn) in names_for_sip(facts)


def plain(name: str) -> str:
    """A DNS name as it is compared: lower case, A-labels, no dot at the end.

    RFC 4343 §3 (case), RFC 1034 §3.1 (the root's dot), RFC 9525 §6.3 (A-labels).
    """
    return in_a_labels(name.lower().removesuffix("."))


def in_a_labels(name: str) -> str:
    """The name as DNS, certificates and SIP spell it; one that is spelled so already
    stays as it is. RFC 5890 §2.3.2.1: an A-label is the U-label in Punycode, and no
    letter of it becomes another: the sharp s of German is no double s.
    """
    if name.isascii():
        return name
    return ".".join(map(_a_label, name.split(".")))


def _a_label(label: str) -> str:
    if label.isascii():
        return label
    known = unicodedata.normalize("NFC", label.lower())
    return "xn--" + known.encode("punycode").decode("ascii")


@lru_cache(maxsize=256)  # it is shown in every handshake, and then to the judge
def is_revoked(der: bytes, lists: bytes) -> bool:
    """Whether one of the revocation lists (PEM, one after the other) that its issuer
    has signed names the certificate (RFC 5280 §6.3.3). Malformed: no such list."""
    certificate = x509.load_der_x509_certificate(der)
    return any(
        found.issuer == certificate.issuer
        and found.get_revoked_certificate_by_serial_number(certificate.serial_number)
        is not None
        for found in _lists(lists)
    )


@lru_cache(maxsize=16)
def _lists(pem: bytes) -> tuple[x509.CertificateRevocationList, ...]:
    ends = b"-----END X509 CRL-----"
    parts = [part + ends for part in pem.split(ends)[:-1]]
    try:
        return tuple(map(x509.load_pem_x509_crl, parts))
    except ValueError as fault:
        raise Malformed(f"no revocation list: {fault}", pem, 0) from fault


def _sip_domain(text: str) -> str:
    """The host of a ``sip:`` URI that names nobody; empty for any other URI."""
    try:
        uri = parse(text)
    except Malformed:
        return ""
    if not isinstance(uri, SipUri) or uri.scheme != "sip" or uri.user:
        return ""
    return plain(uri.host)


def _extension(
    certificate: x509.Certificate, kind: type[_Extension]
) -> _Extension | None:
    try:
        return certificate.extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None


def _names(
    names: x509.SubjectAlternativeName | None,
    kind: type[_GeneralName],
) -> tuple[str, ...]:
    return tuple(str(n.value) for n in names or () if isinstance(n, kind))


def _common_name(certificate: x509.Certificate) -> str:
    """The last, which is the most specific one, of several."""
    found = certificate.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
    return str(found[-1].value) if found else ""


def _purpose(dotted: str) -> str:
    return _PURPOSES.get(dotted, dotted)


def _key_usage(certificate: x509.Certificate) -> tuple[str, ...]:
    usage = _extension(certificate, x509.KeyUsage)
    return tuple(name for at, name in _USAGES.items() if usage and getattr(usage, at))


def _key(certificate: x509.Certificate) -> tuple[str, int]:
    key = certificate.public_key()
    match key:
        case rsa.RSAPublicKey():
            return "RSA", key.key_size
        case ec.EllipticCurvePublicKey():
            return "EC", key.key_size
        case _:
            return type(key).__name__.strip("_").removesuffix("PublicKey"), 0


def _is_self_signed(certificate: x509.Certificate) -> bool:
    if certificate.issuer != certificate.subject:
        return False
    try:
        certificate.verify_directly_issued_by(certificate)
    except (InvalidSignature, ValueError, TypeError, UnsupportedAlgorithm):
        return False
    return True
