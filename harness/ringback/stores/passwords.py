"""Passwords as scrypt hashes, and a memory of those that were right.

RFC 7914 §2 gives the parameters of scrypt.
"""

import hashlib
import hmac
import secrets

_LASTING = 1 << 14  # scrypt's N for a hash that is written to a disk
_FLEETING = 1 << 4  # for one that dies with the process
_MEMORY = 64 << 20  # octets that scrypt may take


class Passwords:
    """Hashes and compares. A verified password is remembered, for the life of this
    object, as a keyed hash: comparing it again takes microseconds."""

    def __init__(self, *, lasting: bool) -> None:
        self._cost = _LASTING if lasting else _FLEETING
        self._key = secrets.token_bytes(32)
        self._right: dict[str, bytes] = {}  # stored hash -> mark of its password
        self._nobody = ""

    def hashed(self, password: str) -> str:
        """``N$salt$hash``, the last two in hex, with r = 8 and p = 1."""
        salt = secrets.token_bytes(16)
        return f"{self._cost}${salt.hex()}${_scrypt(password, salt, self._cost).hex()}"

    def match(self, password: str, stored: str) -> bool:
        """False for an empty ``stored``, after the same work: whether a user exists
        is not to be told from the time that a refusal takes."""
        mark = self._mark(password)
        if hmac.compare_digest(self._right.get(stored, b""), mark):
            return True
        if not stored:
            self._nobody = self._nobody or self.hashed("")
        cost, salt, expected = (stored or self._nobody).split("$")
        found = _scrypt(password, bytes.fromhex(salt), int(cost))
        right = hmac.compare_digest(found, bytes.fromhex(expected)) and bool(stored)
        if right:
            self._right[stored] = mark
        return right

    def _mark(self, password: str) -> bytes:
        octets = password.encode("utf-8", "surrogateescape")
        return hashlib.blake2b(octets, key=self._key).digest()


def _scrypt(password: str, salt: bytes, cost: int) -> bytes:
    octets = password.encode("utf-8", "surrogateescape")
    return hashlib.scrypt(octets, salt=salt, n=cost, r=8, p=1, maxmem=_MEMORY)
