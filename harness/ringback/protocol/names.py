"""A giver of names that looks random and repeats for the same seed.

RFC 3261 §19.3 (tags), §8.1.1.7 (branches), §8.1.1.4 (Call-IDs).
"""

from hashlib import sha256

MAGIC_COOKIE = "z9hG4bK"


class Names:
    """Every call gives a fresh name; two givers of one seed give the same ones.

    Where a name must not be guessed (keys, tags on a real network) the seed must be a
    secret: each name is a SHA-256 of the seed and a counter.
    """

    __slots__ = ("_given", "_root")

    def __init__(self, seed: int | str) -> None:
        self._root = sha256(f"ringback {seed}".encode())
        self._given = 0

    def octets(self, n: int) -> bytes:
        """So many octets, any length."""
        found = self._block()
        while len(found) < n:
            found += self._block()
        return found[:n]

    def number(self, bits: int) -> int:
        """0 <= number < 2**bits."""
        spare = -bits % 8
        return int.from_bytes(self.octets((bits + spare) // 8), "big") >> spare

    def tag(self) -> str:
        """A From or To tag of 64 bits (at least 32 are asked for)."""
        return self.octets(8).hex()

    def branch(self) -> str:
        """A Via branch with the magic cookie."""
        return MAGIC_COOKIE + self.octets(10).hex()

    def call_id(self, host: str) -> str:
        """A Call-ID that ends in ``@host``."""
        return f"{self.octets(12).hex()}@{host}"

    def guid(self) -> str:
        """A version 4 UUID in its usual spelling (RFC 9562 §5.4)."""
        raw = bytearray(self.octets(16))
        raw[6] = raw[6] & 0x0F | 0x40
        raw[8] = raw[8] & 0x3F | 0x80
        text = raw.hex()
        cuts = ((0, 8), (8, 12), (12, 16), (16, 20), (20, 32))
        return "-".join(text[start:end] for start, end in cuts)

    def _block(self) -> bytes:
        self._given += 1
        block = self._root.copy()
        block.update(self._given.to_bytes(8, "big"))
        return block.digest()
