"""Where a session's certificates come from: born with it, or kept in a lab's folder.

A lab's folder (``ringback lab init``) holds ``root.pem``, ``root.key`` and a pair
``ROLE.pem``, ``ROLE.key`` per role. Our roles present the kept certificate that has all
their names, so that whoever pinned it in a product meets it again; where none has, one
is issued by the kept root for the session.
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Self, Unpack

import msgspec
import trustme
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from msgspec.structs import replace

from ringback.faults import Malformed, Misuse
from ringback.net.authority import Authority, Oddity, load_identity
from ringback.net.identity import Identity
from ringback.wire.certificates import CertificateFacts

ROOT = "root"  # the stem of the root's two files


class Kept(msgspec.Struct, frozen=True):
    """One role's certificate and key in the folder."""

    stem: str
    identity: Identity
    facts: CertificateFacts

    def is_valid(self, now: datetime) -> bool:
        return self.facts.not_before <= now <= self.facts.not_after


class Lab(Authority):
    """An authority whose identities trust ``others`` (PEM) beside its own root."""

    def __init__(self, ca: trustme.CA | None = None, others: bytes = b"") -> None:
        super().__init__(ca)
        self.others = others
        self.folder: Path | None = None
        self._kept: tuple[Kept, ...] = ()

    @classmethod
    def of(cls, folder: str, roots: Iterable[str] = ()) -> Self:
        """What a configuration asks for: ``lab`` (empty: born now), ``trust.roots``."""
        if folder:
            return cls.open(Path(folder), map(Path, roots))
        return cls(others=read_roots(map(Path, roots)))

    @classmethod
    def open(cls, folder: Path, roots: Iterable[Path] = ()) -> Self:
        """The lab that ``lab init`` made; Misuse names the file that is not right."""
        found = cls.load(folder)
        found.others = read_roots(roots)
        found.folder, found._kept = folder, kept_in(folder)
        return found

    @property
    def authority(self) -> Authority:
        """For those who issue odd certificates."""
        return self

    def roots_der(self) -> tuple[bytes, ...]:
        """Everything that our roles trust, each as DER."""
        return _der_of(self._roots())

    def identity(self, names: Iterable[str], trusted: Iterable[str] = ()) -> Identity:
        """``identity_for`` with the names as one value."""
        return self.identity_for(*names, trusted=trusted)

    def identity_for(self, *names: str, trusted: Iterable[str] = ()) -> Identity:
        """The kept identity with all these names, else one that is issued now.

        Misuse for a kept one whose time is over: a peer would only say "bad".
        """
        for kept in self._kept:
            shown = {name.lower() for name in kept.identity.names}
            if names and shown.issuperset(name.lower() for name in names):
                self._check_time(kept)
                more = (n for n in kept.identity.names if n not in names)
                return replace(
                    kept.identity,
                    names=(*names, *more),
                    roots=self._roots(),
                    trusted=frozenset(trusted),
                )
        return super().identity_for(*names, trusted=trusted)

    def issue(self, *names: str, **oddity: Unpack[Oddity]) -> Identity:
        return replace(super().issue(*names, **oddity), roots=self._roots())

    def nobody(self) -> Identity:
        return Identity(roots=self._roots())

    def _roots(self) -> bytes:
        return self.root + self.others

    def _check_time(self, kept: Kept) -> None:
        if not kept.is_valid(datetime.now(UTC)):
            first, last = kept.facts.not_before.date(), kept.facts.not_after.date()
            raise Misuse(
                f"{self.folder}/{kept.stem}.pem is valid from {first} to {last} only: "
                "make a new lab, or delete the file to have one issued per session"
            )


@lru_cache(maxsize=8)
def _der_of(pem: bytes) -> tuple[bytes, ...]:
    """The same few roots stand in the circumstances of every scenario."""
    found = x509.load_pem_x509_certificates(pem)
    return tuple(one.public_bytes(Encoding.DER) for one in found)


def kept_in(folder: Path) -> tuple[Kept, ...]:
    """The roles' certificates of a lab's folder; Misuse for one that is unreadable."""
    stems = sorted(path.stem for path in folder.glob("*.key") if path.stem != ROOT)
    return tuple(_kept(folder, stem) for stem in stems)


def read_roots(paths: Iterable[Path]) -> bytes:
    """PEM files as one text; Misuse names the one that is missing or holds none."""
    return b"".join(map(_certificates, paths))


def _certificates(path: Path) -> bytes:
    try:
        pem = path.read_bytes()
        found = x509.load_pem_x509_certificates(pem)
    except OSError as trouble:
        raise Misuse(f"{path}: {trouble.strerror}") from trouble
    except ValueError as trouble:
        raise Misuse(f"{path}: no certificate in PEM form: {trouble}") from trouble
    return b"".join(one.public_bytes(Encoding.PEM) for one in found)


def _kept(folder: Path, stem: str) -> Kept:
    try:
        identity = load_identity(folder, stem)
        leaf = x509.load_pem_x509_certificates(identity.chain)[0]
        facts = CertificateFacts.of(leaf.public_bytes(Encoding.DER))
    except (ValueError, Malformed) as trouble:
        raise Misuse(f"{folder / stem}.pem: {trouble}") from trouble
    return Kept(stem, identity, facts)
