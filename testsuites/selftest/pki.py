"""Certificates for the judge's tests: made in memory, good ones and ill ones."""

from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

NOW = datetime(2026, 1, 2, tzinfo=UTC)  # within a day of the scenario's start
BOTH = (ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH)
Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


def _key() -> Key:
    return ec.generate_private_key(ec.SECP256R1())


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def make(
    san: str,
    *,
    issuer: tuple[str, Key] | None,
    key: Key | None = None,
    ca: bool = False,
    eku: tuple[x509.ObjectIdentifier, ...] = BOTH,
    since: timedelta = timedelta(days=1),
    until: timedelta = timedelta(days=30),
) -> bytes:
    """A certificate in DER; signed by itself without an issuer."""
    own = key or _key()
    by, signing = issuer or (san, own)
    builder = (
        x509.CertificateBuilder()
        .subject_name(_name(san))
        .issuer_name(_name(by))
        .public_key(own.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW - since)
        .not_valid_after(NOW + until)
        .add_extension(x509.BasicConstraints(ca, None), critical=True)
    )
    if not ca:
        names = x509.SubjectAlternativeName([x509.DNSName(san)])
        builder = builder.add_extension(names, critical=False)
        usage = x509.ExtendedKeyUsage(list(eku))
        builder = builder.add_extension(usage, critical=False)
    made = builder.sign(signing, hashes.SHA256())
    return made.public_bytes(serialization.Encoding.DER)


_ROOT_KEY = _key()
_BY = ("root", _ROOT_KEY)
ROOT = make("root", issuer=None, key=_ROOT_KEY, ca=True)
NAMES = ("client", "cas", "um", "gateway", "phone")
GOOD = {name: make(f"{name}.ringback.test", issuer=_BY) for name in NAMES}
BAD = {
    "stranger": make("nobody.ringback.test", issuer=_BY),
    "self-signed": make("cas.ringback.test", issuer=None),
    "expired": make("cas.ringback.test", issuer=_BY, until=timedelta(hours=-1)),
    "weak": make(
        "cas.ringback.test", issuer=_BY, key=rsa.generate_private_key(65537, 1024)
    ),
    "server only": make("cas.ringback.test", issuer=_BY, eku=BOTH[:1]),
}
