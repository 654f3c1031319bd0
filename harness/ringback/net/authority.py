"""The lab's certificate authority: what it issues is good, or bad in one chosen way.

RFC 5280 §4.2 (extensions), RFC 5922 §4 and §7.1 (SIP identities), RFC 5924 (usage).
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from functools import cached_property, partial
from hashlib import sha256
from ipaddress import ip_address
from itertools import count
from pathlib import Path
from typing import Self, TypedDict, Unpack

import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from msgspec.structs import replace

from ringback.faults import Misuse
from ringback.net.identity import Identity
from ringback.net.old_signatures import with_sha1

_PURPOSES = {
    "serverAuth": ExtendedKeyUsageOID.SERVER_AUTH,
    "clientAuth": ExtendedKeyUsageOID.CLIENT_AUTH,
    "codeSigning": ExtendedKeyUsageOID.CODE_SIGNING,
}
_BOTH = ("serverAuth", "clientAuth")  # mutual TLS: each is a client at times
_SLACK = timedelta(hours=1)  # of the other side's clock
_LIFE = timedelta(days=30)
_LONG = timedelta(days=825)  # as a lab lasts
_DOOMED = 16  # serial numbers that are revoked beforehand
_DER = serialization.Encoding.DER
_ROOT, _ROOT_KEY = "root.pem", "root.key"
_REVOCATIONS = "revoked.crl"
_PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


class Oddity(TypedDict, total=False):
    """What may be unlike a good certificate.

    ``alternatives`` are the DNS names in it when they are not those it is issued for;
    with ``uris``, ``emails`` and ``addresses`` (IP) empty too there is no such
    extension at all. ``purposes`` empty leaves the extended key usage out; ``usages``
    are key usages when they are not the usual two. ``through`` is what ``intermediate``
    made; ``complete=False`` leaves that out of the chain. ``revoked`` gives it a serial
    number of the authority's revocation list.
    """

    common_name: str
    alternatives: tuple[str, ...]
    uris: tuple[str, ...]
    emails: tuple[str, ...]
    addresses: tuple[str, ...]
    usages: tuple[str, ...]
    is_ca: bool
    sha1: bool
    revoked: bool
    starts: datetime
    ends: datetime
    purposes: tuple[str, ...]
    rsa_bits: int
    self_signed: bool
    through: "Authority"
    complete: bool


class Authority:
    """A root of its own. ``root`` is its certificate as PEM, for others to trust."""

    def __init__(self, ca: trustme.CA | None = None, above: bytes = b"") -> None:
        """``above`` are the authorities between this one and the root, as PEM."""
        self._ca = ca or trustme.CA(organization_name="ringback lab")
        self.root = self._ca.cert_pem.bytes()
        self._above = above
        self._known: dict[tuple[str, ...], Identity] = {}
        self._doomed = [_serial_of(self.root, n) for n in range(_DOOMED)]
        self._issued_doomed = count()

    @property
    def root_der(self) -> bytes:
        return x509.load_pem_x509_certificate(self.root).public_bytes(
            serialization.Encoding.DER
        )

    def identity_for(self, *names: str, trusted: Iterable[str] = ()) -> Identity:
        """A good identity; the same names have the same certificate all session."""
        known = self._known.get(names)
        if known is None:
            known = self._known[names] = self.issue(*names)
        return replace(known, trusted=frozenset(trusted))

    def nobody(self) -> Identity:
        """Who trusts this root and has no certificate: a mail client."""
        return Identity(roots=self.root)

    def issue(self, *names: str, **oddity: Unpack[Oddity]) -> Identity:
        """A fresh certificate for ``names``, with any oddity that is asked for."""
        bits = oddity.get("rsa_bits", 0)
        key: _PrivateKey = (
            rsa.generate_private_key(65537, bits)
            if bits
            else ec.generate_private_key(ec.SECP256R1())
        )
        through = oddity.get("through")
        issuer = through or self
        alone = oddity.get("self_signed", False)
        subject = _subject(oddity.get("common_name") or next(iter(names), ""))
        signer = key if alone else issuer._key()
        starts, ends = _validity(oddity)
        builder = x509.CertificateBuilder(
            issuer_name=subject if alone else issuer._certificate().subject,
            subject_name=subject,
            public_key=key.public_key(),
            serial_number=self._serial(oddity),
            not_valid_before=starts,
            not_valid_after=ends,
        )
        for extension, critical in _extensions(names, oddity, signer):
            builder = builder.add_extension(extension, critical)
        certificate = builder.sign(signer, hashes.SHA256())
        if oddity.get("sha1"):
            assert isinstance(signer, ec.EllipticCurvePrivateKey)
            old = with_sha1(certificate.public_bytes(_DER), signer)
            certificate = x509.load_der_x509_certificate(old)
        chain = _pem(certificate)
        if through is not None and oddity.get("complete", True):
            chain += through.root + through._above
        return Identity(names, chain, _key_pem(key), self.root)

    def intermediate(self) -> "Authority":
        """An authority below this one, for ``through``."""
        return Authority(self._ca.create_child_ca())

    def too_far(self) -> "Authority":
        """An authority that one below this, which may have none below itself, has set
        up (RFC 5280 §4.2.1.9)."""
        last = trustme.CA(self._ca, path_length=0)
        return Authority(trustme.CA(last, path_length=0), last.cert_pem.bytes())

    @cached_property
    def revocations(self) -> bytes:
        """The list, as PEM, that everybody is to look into: ``revoked`` ones are on
        it before they are issued."""
        return self._revoking(self._doomed)

    def revoking(self, *revoked: Identity) -> bytes:
        """A revocation list of this root, as PEM, for ``Identity.revoked``."""
        leaves = (x509.load_pem_x509_certificate(one.chain) for one in revoked)
        return self._revoking(leaf.serial_number for leaf in leaves)

    def _serial(self, oddity: Oddity) -> int:
        if not oddity.get("revoked"):
            return x509.random_serial_number()
        return self._doomed[next(self._issued_doomed) % _DOOMED]

    def _revoking(self, serials: Iterable[int]) -> bytes:
        now = datetime.now(UTC)
        builder = x509.CertificateRevocationListBuilder(
            issuer_name=self._certificate().subject,
            last_update=now - _SLACK,
            next_update=now + _LONG,
        )
        for serial in serials:
            entry = x509.RevokedCertificateBuilder(serial, now - _SLACK)
            builder = builder.add_revoked_certificate(entry.build())
        signed = builder.sign(self._key(), hashes.SHA256())
        return signed.public_bytes(serialization.Encoding.PEM)

    def save(self, folder: Path) -> None:
        """Keep the root; Misuse inside a git repository, or over another root."""
        _prepare(folder)
        if (folder / _ROOT).exists():
            raise Misuse(f"{folder} holds a lab already")
        (folder / _ROOT).write_bytes(self.root)
        _write_secret(folder / _ROOT_KEY, self._ca.private_key_pem.bytes())
        (folder / _REVOCATIONS).write_bytes(self.revocations)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """The root that ``save`` kept; Misuse when there is none."""
        try:
            root = (folder / _ROOT).read_bytes()
            key = (folder / _ROOT_KEY).read_bytes()
            return cls(trustme.CA.from_pem(root, key))
        except (OSError, ValueError) as trouble:
            raise Misuse(f"{folder} is no lab: {trouble}") from trouble

    def _certificate(self) -> x509.Certificate:
        return x509.load_pem_x509_certificate(self.root)

    def _key(self) -> _PrivateKey:
        pem = self._ca.private_key_pem.bytes()
        key = serialization.load_pem_private_key(pem, None)
        assert isinstance(key, _PrivateKey)
        return key


def save_identity(identity: Identity, folder: Path, stem: str) -> None:
    """Keep certificate and key as ``stem.pem`` and ``stem.key`` (mode 0600)."""
    _prepare(folder)
    (folder / f"{stem}.pem").write_bytes(identity.chain)
    _write_secret(folder / f"{stem}.key", identity.key)


def load_identity(
    folder: Path, stem: str, trusted: Iterable[str] = (), more_roots: bytes = b""
) -> Identity:
    """What ``save_identity`` kept, trusting the lab's root and ``more_roots`` (PEM)."""
    try:
        chain = (folder / f"{stem}.pem").read_bytes()
        key = (folder / f"{stem}.key").read_bytes()
        root = (folder / _ROOT).read_bytes()
    except OSError as trouble:
        raise Misuse(f"{folder} has no identity {stem}: {trouble}") from trouble
    names = _dns_names(chain)
    return Identity(names, chain, key, root + more_roots, frozenset(trusted))


def _serial_of(root: bytes, number: int) -> int:
    """The same as long as the root lives, at most 20 octets (RFC 5280 §4.1.2.2)."""
    return int.from_bytes(sha256(root + bytes((number,))).digest()[:19], "big")


def _dns_names(chain: bytes) -> tuple[str, ...]:
    extensions = x509.load_pem_x509_certificate(chain).extensions
    kind = x509.SubjectAlternativeName
    try:
        found = extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return ()
    return tuple(found.get_values_for_type(x509.DNSName))


def _prepare(folder: Path) -> None:
    """A folder for keys: its owner's alone, and never where keys get committed."""
    for above in (folder.resolve(), *folder.resolve().parents):
        if (above / ".git").exists():
            raise Misuse(
                f"{folder} lies in the repository {above}: keys stay out of it"
            )
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)


def _write_secret(path: Path, octets: bytes) -> None:
    path.touch(mode=0o600)
    path.chmod(0o600)
    path.write_bytes(octets)


def _subject(common_name: str) -> x509.Name:
    attributes = [x509.NameAttribute(NameOID.ORGANIZATION_NAME, "ringback lab")]
    if common_name:
        attributes.append(x509.NameAttribute(NameOID.COMMON_NAME, common_name))
    return x509.Name(attributes)


def _validity(oddity: Oddity) -> tuple[datetime, datetime]:
    """As asked for; the other end of the time where it makes sense."""
    now = datetime.now(UTC)
    starts, ends = oddity.get("starts"), oddity.get("ends")
    return (
        starts or min(now, ends or now) - _SLACK,
        ends or max(now, starts or now) + _LIFE,
    )


def _extensions(
    names: tuple[str, ...], oddity: Oddity, signer: _PrivateKey
) -> Iterable[tuple[x509.ExtensionType, bool]]:
    yield x509.BasicConstraints(ca=oddity.get("is_ca", False), path_length=None), True
    yield _key_usage(oddity), True
    issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key())
    yield issuer, False
    shown = oddity.get("alternatives", names)
    general: list[x509.GeneralName] = [x509.DNSName(n) for n in shown]
    general += [x509.UniformResourceIdentifier(u) for u in oddity.get("uris", ())]
    general += [x509.RFC822Name(m) for m in oddity.get("emails", ())]
    general += [x509.IPAddress(ip_address(a)) for a in oddity.get("addresses", ())]
    if general:
        yield x509.SubjectAlternativeName(general), False
    if usages := [_PURPOSES[p] for p in oddity.get("purposes", _BOTH)]:
        yield x509.ExtendedKeyUsage(usages), False


_usage = partial(x509.KeyUsage, encipher_only=False, decipher_only=False)
_USAGES = (
    "digital_signature",
    "content_commitment",
    "key_encipherment",
    "data_encipherment",
    "key_agreement",
    "key_cert_sign",
    "crl_sign",
)
_SIGNS = ("digital_signature", "key_encipherment")


def _key_usage(oddity: Oddity) -> x509.KeyUsage:
    """RFC 5280 §4.2.1.3, in the library's words."""
    return _usage(
        **dict.fromkeys(_USAGES, False)
        | dict.fromkeys(oddity.get("usages", _SIGNS), True)
    )


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _key_pem(key: _PrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
