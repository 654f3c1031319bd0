"""TLS secrets, cipher suites, and records opened with them.

RFC 8446 §5.2, §5.3 and §7 (TLS 1.3); RFC 5246 §5, §6.2.3 and §6.3 (TLS 1.2); RFC 5288
§3 (GCM), RFC 6655 §3 (CCM), RFC 7905 §2 (ChaCha20), RFC 7366 §3 (encrypt-then-MAC);
RFC 9850 §2 (the key log).
"""

import hmac
from struct import Struct
from typing import Protocol

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.aead import AESCCM, AESGCM, ChaCha20Poly1305
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC

_HASH_OCTETS = {"sha1": 20, "sha256": 32, "sha384": 48}
_HEADER13 = Struct("!BHH").pack
_HEADER12 = Struct("!QBHH").pack


class KeyLog:
    """Secrets by label and client random."""

    def __init__(self, text: bytes = b"") -> None:
        self._secrets: dict[tuple[str, bytes], bytes] = {}
        for line in text.splitlines():
            self._learn(line)

    def find(self, label: str, client_random: bytes) -> bytes:
        """The secret, or nothing."""
        return self._secrets.get((label, client_random), b"")

    def _learn(self, line: bytes) -> None:
        match line.split():
            case [label, random, secret] if not label.startswith(b"#"):
                try:
                    key = (label.decode(), bytes.fromhex(random.decode()))
                    self._secrets[key] = bytes.fromhex(secret.decode())
                except ValueError:  # a torn line: a process died while it wrote
                    return


class Suite(msgspec.Struct, frozen=True):
    """``cipher`` is empty for suites that are known by name only. ``mac`` names the
    hash of a CBC suite's HMAC, ``hash`` that of the key schedule."""

    name: str
    cipher: str = ""
    key: int = 0
    hash: str = "sha256"
    mac: str = ""
    tag: int = 16


_EXCHANGES = {
    "RSA": "TLS_RSA_WITH_",
    "DHE": "TLS_DHE_RSA_WITH_",
    "EC": "TLS_ECDHE_RSA_WITH_",
    "ECDSA": "TLS_ECDHE_ECDSA_WITH_",
    "": "TLS_",
}
_TABLE = """
1301  AES_128_GCM_SHA256            : 1301 / RSA 009c DHE 009e EC c02f ECDSA c02b
1302  AES_256_GCM_SHA384            : 1302 / RSA 009d DHE 009f EC c030 ECDSA c02c
1303  CHACHA20_POLY1305_SHA256      : 1303 / DHE ccaa EC cca8 ECDSA cca9
1304  AES_128_CCM_SHA256            : 1304 /
1305  AES_128_CCM_8_SHA256          : 1305 /
-     AES_128_CCM                   : / RSA c09c DHE c09e ECDSA c0ac
-     AES_256_CCM                   : / RSA c09d DHE c09f ECDSA c0ad
-     AES_128_CCM_8                 : / RSA c0a0 DHE c0a2 ECDSA c0ae
-     AES_256_CCM_8                 : / RSA c0a1 DHE c0a3 ECDSA c0af
-     AES_128_CBC_SHA               : / RSA 002f DHE 0033 EC c013 ECDSA c009
-     AES_256_CBC_SHA               : / RSA 0035 DHE 0039 EC c014 ECDSA c00a
-     AES_128_CBC_SHA256            : / RSA 003c DHE 0067 EC c027 ECDSA c023
-     AES_256_CBC_SHA256            : / RSA 003d DHE 006b
-     AES_256_CBC_SHA384            : / EC c028 ECDSA c024
-     3DES_EDE_CBC_SHA              : / RSA 000a DHE 0016 EC c012 ECDSA c008
-     RC4_128_SHA                   : / RSA 0005 EC c011 ECDSA c007
-     RC4_128_MD5                   : / RSA 0004
-     NULL_SHA                      : / RSA 0002 EC c010 ECDSA c006
-     NULL_SHA256                   : / RSA 003b
"""


def _suite(prefix: str, words: str) -> Suite:
    name, parts = prefix + words, words.split("_")
    if parts[0] == "CHACHA20":
        return Suite(name, "CHACHA20", 32)
    if parts[0] != "AES":
        return Suite(name)
    schedule = "sha384" if parts[-1] == "SHA384" else "sha256"
    mac = {"SHA": "sha1"}.get(parts[-1], parts[-1].lower()) if "CBC" in parts else ""
    tag = 8 if "8" in parts else 16
    return Suite(name, parts[2], int(parts[1]) // 8, schedule, mac, tag)


def _suites() -> dict[int, Suite]:
    found: dict[int, Suite] = {}
    for line in _TABLE.strip().splitlines():
        left, _, right = line.partition(":")
        words = left.split()[1]
        thirteen, _, twelve = right.partition("/")
        for code in thirteen.split():
            found[int(code, 16)] = _suite(_EXCHANGES[""], words)
        pairs = twelve.split()
        for exchange, code in zip(pairs[::2], pairs[1::2], strict=True):
            found[int(code, 16)] = _suite(_EXCHANGES[exchange], words)
    return found


SUITES = _suites()


def suite_of(code: int) -> Suite:
    """By IANA number; one that is not in the table goes by its number."""
    return SUITES.get(code) or Suite(f"0x{code:04X}")


class Opener(Protocol):
    """Opens the records of one direction, in order."""

    def open(self, kind: int, version: int, fragment: bytes) -> tuple[int, bytes]:
        """The true content type and the plaintext; InvalidTag when it does not fit."""
        ...


class _Aead(Protocol):
    def decrypt(
        self, nonce: bytes, data: bytes, associated_data: bytes | None
    ) -> bytes: ...


def _aead(suite: Suite, key: bytes) -> _Aead:
    match suite.cipher:
        case "GCM":
            return AESGCM(key)
        case "CCM":
            return AESCCM(key, suite.tag)
        case _:
            return ChaCha20Poly1305(key)


class Opener13:
    """RFC 8446 §5.2: the type is inside, zeros may follow it."""

    def __init__(self, suite: Suite, secret: bytes) -> None:
        self._suite, self._secret = suite, secret
        self._aead = _aead(suite, _labelled(suite.hash, secret, "key", suite.key))
        self._iv = int.from_bytes(_labelled(suite.hash, secret, "iv", 12), "big")
        self._sequence = 0

    def open(self, kind: int, version: int, fragment: bytes) -> tuple[int, bytes]:
        nonce = (self._iv ^ self._sequence).to_bytes(12, "big")
        header = _HEADER13(kind, version, len(fragment))
        inner = self._aead.decrypt(nonce, fragment, header).rstrip(b"\0")
        if not inner:
            raise InvalidTag
        self._sequence += 1
        return inner[-1], inner[:-1]

    def updated(self) -> "Opener13":
        """RFC 8446 §7.2: what follows a KeyUpdate."""
        suite = self._suite
        size = _HASH_OCTETS[suite.hash]
        return Opener13(suite, _labelled(suite.hash, self._secret, "traffic upd", size))


class _Aead12:
    """RFC 5246 §6.2.3.3; GCM and CCM carry half of the nonce, ChaCha20 none of it."""

    def __init__(self, suite: Suite, key: bytes, iv: bytes) -> None:
        self._aead, self._iv, self._tag = _aead(suite, key), iv, suite.tag
        self._explicit = 0 if suite.cipher == "CHACHA20" else 8
        self._sequence = 0

    def open(self, kind: int, version: int, fragment: bytes) -> tuple[int, bytes]:
        sealed = fragment[self._explicit :]
        if len(sealed) < self._tag:
            raise InvalidTag
        header = _HEADER12(self._sequence, kind, version, len(sealed) - self._tag)
        plain = self._aead.decrypt(self._nonce(fragment), sealed, header)
        self._sequence += 1
        return kind, plain

    def _nonce(self, fragment: bytes) -> bytes:
        if self._explicit:
            return self._iv + fragment[:8]
        mixed = int.from_bytes(self._iv, "big") ^ self._sequence
        return mixed.to_bytes(12, "big")


class _Cbc12:
    """RFC 5246 §6.2.3.2, or RFC 7366 §3 where the MAC is outside."""

    def __init__(self, suite: Suite, key: bytes, mac_key: bytes, outside: bool) -> None:
        self._key, self._mac_key, self._outside = key, mac_key, outside
        self._hash, self._size = suite.mac, _HASH_OCTETS[suite.mac]
        self._sequence = 0

    def open(self, kind: int, version: int, fragment: bytes) -> tuple[int, bytes]:
        if self._outside:
            sealed = self._verified(kind, version, fragment)
            plain = self._decrypted(sealed)
        else:
            plain = self._verified(kind, version, self._decrypted(fragment))
        self._sequence += 1
        return kind, plain

    def _verified(self, kind: int, version: int, octets: bytes) -> bytes:
        end = len(octets) - self._size
        if end < 0:
            raise InvalidTag
        header = _HEADER12(self._sequence, kind, version, end)
        tag = hmac.digest(self._mac_key, header + octets[:end], self._hash)
        if not hmac.compare_digest(tag, octets[end:]):
            raise InvalidTag
        return octets[:end]

    def _decrypted(self, sealed: bytes) -> bytes:
        if len(sealed) < 32 or len(sealed) % 16:
            raise InvalidTag
        cipher = Cipher(AES(self._key), CBC(sealed[:16])).decryptor()
        padded = cipher.update(sealed[16:])
        pad = padded[-1] + 1
        if padded[-pad:] != bytes([pad - 1]) * pad:
            raise InvalidTag
        return padded[:-pad]


def openers12(
    suite: Suite, master: bytes, randoms: tuple[bytes, bytes], outside: bool
) -> tuple[Opener, Opener]:
    """RFC 5246 §6.3: for the client's records, and for the server's.

    ``randoms`` are the client's and the server's; ``outside`` is encrypt-then-MAC.
    """
    client_random, server_random = randoms
    mac = _HASH_OCTETS[suite.mac] if suite.mac else 0
    iv = {"CHACHA20": 12, "CBC": 0}.get(suite.cipher, 4)
    seed = b"key expansion" + server_random + client_random
    block = _prf(suite.hash, master, seed, 2 * (mac + suite.key + iv))
    keys = _cut(block, (mac, mac, suite.key, suite.key, iv, iv))
    if suite.mac:
        return (
            _Cbc12(suite, keys[2], keys[0], outside),
            _Cbc12(suite, keys[3], keys[1], outside),
        )
    return _Aead12(suite, keys[2], keys[4]), _Aead12(suite, keys[3], keys[5])


def _cut(block: bytes, sizes: tuple[int, ...]) -> list[bytes]:
    pieces, at = [], 0
    for size in sizes:
        pieces.append(block[at : at + size])
        at += size
    return pieces


def _prf(name: str, secret: bytes, seed: bytes, size: int) -> bytes:
    """RFC 5246 §5: P_hash."""
    out, link = b"", seed
    while len(out) < size:
        link = hmac.digest(secret, link, name)
        out += hmac.digest(secret, link + seed, name)
    return out[:size]


def _labelled(name: str, secret: bytes, label: str, size: int) -> bytes:
    """RFC 8446 §7.1: HKDF-Expand-Label without a context; one round is enough here."""
    words = b"tls13 " + label.encode()
    info = size.to_bytes(2, "big") + bytes([len(words)]) + words + b"\0\x01"
    return hmac.digest(secret, info, name)[:size]
