"""Certificates as presented on SIP connections, and what there is to hold against them.

RFC 5280 §6.1 (path), RFC 5922 §7 (SIP names). Our own check, not OpenSSL's: that one
takes a CA certificate for a leaf and a wildcard for a name.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING

import msgspec

from ringback.evidence.frame import Connection, Frame, TlsEvent, TlsFrame
from ringback.faults import Malformed
from ringback.judge.case import Case
from ringback.values import Address, Leg, Role
from ringback.wire.certificates import CertificateFacts, proves

if TYPE_CHECKING:
    from cryptography.x509 import Certificate


class Presented(msgspec.Struct, frozen=True, eq=False):
    """One side's certificate on one connection; ``chain`` is DER, leaf first, empty
    when it presented none. ``used`` says that the other side spoke SIP on it."""

    connection: Connection
    frame: TlsFrame
    role: Role | None  # None is a stranger
    address: Address
    as_server: bool
    chain: tuple[bytes, ...]
    used: bool

    @property
    def judge(self) -> Address:
        """Where who had to look at it sits."""
        return self.connection.client if self.as_server else self.connection.server

    @property
    def other(self) -> Role:
        """Who had to look at it."""
        ends = (self.connection.opener, self.connection.acceptor)
        return next(r for r in ends if r and r is not self.role)


def presented(case: Case, leg: Leg, role: Role) -> list[Presented]:
    """What that role presented on that leg, on every connection that can be read."""
    found = []
    for connection in secured(case, leg):
        if role not in (connection.opener, connection.acceptor):
            continue
        as_server = connection.acceptor is role
        if shown := _shown(case, connection, role, as_server):
            found.append(shown)
    return found


def presented_by_strangers(case: Case, to: Role) -> list[Presented]:
    """Client certificates of those who sit in no role."""
    open_ = [
        c
        for c in case.evidence.connections
        if c.acceptor is to and c.opener is None and c.tls and c.readable
    ]
    found = (_shown(case, c, None, False) for c in open_)
    return [shown for shown in found if shown]


def secured(case: Case, leg: Leg) -> list[Connection]:
    """TLS connections of a leg whose handshake could be read."""
    known = case.evidence.connections
    return [c for c in known if c.leg is leg and c.tls and c.readable]


def resumed(connection: Connection) -> bool:
    """The certificates were shown on another connection (RFC 8446 §2.2)."""
    hellos = (t for t in connection.tls if t.event is TlsEvent.SERVER_HELLO)
    return any(t.detail == "resumed" for t in hellos)


def spoke(case: Case, connection: Connection, address: Address) -> bool:
    """Whether that end sent SIP on that connection."""
    said = case.said
    return any(
        s.frame.flow == connection.flow and s.frame.source == address for s in said
    )


def facts(chain: tuple[bytes, ...]) -> CertificateFacts | None:
    """Of the leaf; None when there is none that can be read."""
    return _facts(chain[0]) if chain else None


def chain_fault(chain: tuple[bytes, ...], roots: tuple[bytes, ...]) -> str:
    """Why no path of signatures leads to a root, or nothing (RFC 5280 §6.1.3)."""
    if not chain:
        return "no certificate"
    if chain[0] in roots:
        return ""
    if not _leads(chain[0], frozenset(chain[1:]), frozenset(roots)):
        return "no chain of signatures leads to a trusted root"
    leaf = _facts(chain[0])
    return "a CA certificate serves as leaf" if leaf and leaf.is_ca else ""


def too_long(chain: tuple[bytes, ...], roots: tuple[bytes, ...]) -> bool:
    """Whether every path to a root has an authority that may have fewer below itself
    than it has (RFC 5280 §6.1.4 (l) to (m))."""
    paths = list(_paths(chain[0], frozenset(chain[1:]), roots))
    return bool(paths) and not any(map(_fits, paths))


def time_fault(chain: tuple[bytes, ...], when: datetime | None) -> str:
    leaf = facts(chain)
    if leaf is None or when is None:
        return ""
    if when > leaf.not_after:
        return f"expired on {leaf.not_after:%Y-%m-%d %H:%M}"
    if when < leaf.not_before:
        return f"not valid before {leaf.not_before:%Y-%m-%d %H:%M}"
    return ""


def names_of(case: Case, shown: Presented) -> list[str]:
    """The FQDNs of the seats that this certificate may stand for."""
    if shown.role is None:
        return []
    here = [s for s in case.seats(shown.role) if s.host == shown.address.host]
    port = shown.address.port
    exact = [s for s in here if shown.as_server and port in s.secured_ports]
    return [seat.name for seat in exact or here if seat.name]


def name_fault(case: Case, shown: Presented) -> str:
    leaf, names = facts(shown.chain), names_of(case, shown)
    if leaf is None or not names or any(proves(leaf, name) for name in names):
        return ""
    stands = (*leaf.uri_names, *leaf.dns_names) or (leaf.subject_cn,)
    return f"it names {', '.join(stands) or 'nobody'}, not {' or '.join(names)}"


def started(case: Case) -> datetime | None:
    """When the scenario began, aware; None when that cannot be read."""
    try:
        when = datetime.fromisoformat(case.known.started)
    except ValueError:
        return None
    return when if when.tzinfo else when.replace(tzinfo=UTC)


def moment(case: Case, frame: Frame) -> datetime | None:
    """When that frame went by: a certificate may expire during a scenario."""
    began = started(case)
    return began + timedelta(seconds=frame.time) if began else None


def _shown(
    case: Case, connection: Connection, role: Role | None, as_server: bool
) -> Presented | None:
    own = connection.server if as_server else connection.client
    other = connection.client if as_server else connection.server
    messages = [t for t in connection.tls if t.source == own]
    held = [t for t in messages if t.event is TlsEvent.CERTIFICATE]
    silent = as_server or resumed(connection) or not connection.established
    if not held and silent:
        return None  # resumed, or ended before it came to that
    frame = held[0] if held else connection.tls[0]
    chain = held[0].certificates if held else ()
    used = spoke(case, connection, other)
    return Presented(connection, frame, role, own, as_server, chain, used)


@lru_cache(maxsize=256)
def _facts(der: bytes) -> CertificateFacts | None:
    try:
        return CertificateFacts.of(der)
    except Malformed:
        return None


@lru_cache(maxsize=256)
def _leads(der: bytes, between: frozenset[bytes], roots: frozenset[bytes]) -> bool:
    """Whether a path of signatures runs from a certificate to a root."""
    if der in roots or any(_signed(der, root) for root in sorted(roots)):
        return True
    issuers = [i for i in sorted(between) if _is_ca(i) and _signed(der, i)]
    return any(_leads(issuer, between - {issuer}, roots) for issuer in issuers)


def _paths(
    der: bytes, between: frozenset[bytes], roots: tuple[bytes, ...]
) -> Iterator[tuple[bytes, ...]]:
    """Paths from a certificate, which is left out, to a root, which is not."""
    for root in roots:
        if _signed(der, root):
            yield (root,)
    for issuer in sorted(between):
        if _is_ca(issuer) and _signed(der, issuer):
            for rest in _paths(issuer, between - {issuer}, roots):
                yield (issuer, *rest)


def _fits(path: tuple[bytes, ...]) -> bool:
    """The n-th authority has n others below itself."""
    limits = [_path_length(der) for der in path]
    return all(limit is None or below <= limit for below, limit in enumerate(limits))


def _path_length(der: bytes) -> int | None:
    from cryptography import x509

    try:
        basic = _load(der).extensions.get_extension_for_class(x509.BasicConstraints)
    except (x509.ExtensionNotFound, ValueError):
        return None
    return basic.value.path_length


def _is_ca(der: bytes) -> bool:
    read = _facts(der)
    return bool(read and read.is_ca)


@lru_cache(maxsize=256)
def _signed(der: bytes, issuer: bytes) -> bool:
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm

    certificate, above = _load(der), _load(issuer)
    try:
        if certificate.signature_hash_algorithm is None:
            certificate.verify_directly_issued_by(above)
        else:
            _verify(certificate, above)
    except (InvalidSignature, UnsupportedAlgorithm, ValueError, TypeError):
        return False
    return certificate.issuer == above.subject


def _verify(certificate: "Certificate", above: "Certificate") -> None:
    """By hand, for the library will not look at SHA-1, and weak is not forged."""
    from cryptography.hazmat.primitives.asymmetric import ec, rsa

    key, digest = above.public_key(), certificate.signature_hash_algorithm
    signed = certificate.signature, certificate.tbs_certificate_bytes
    assert digest is not None
    if isinstance(key, ec.EllipticCurvePublicKey):
        key.verify(*signed, ec.ECDSA(digest))
    elif isinstance(key, rsa.RSAPublicKey):
        padding = certificate.signature_algorithm_parameters
        assert not isinstance(padding, ec.ECDSA | None)
        key.verify(*signed, padding, digest)
    else:
        certificate.verify_directly_issued_by(above)


@lru_cache(maxsize=256)
def _load(der: bytes) -> "Certificate":
    from cryptography import x509

    return x509.load_der_x509_certificate(der)
