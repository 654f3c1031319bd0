"""An RTP packet that forgets no octet.

RFC 3550 §5.1 gives the fixed header, RFC 3550 §5.3.1 the extension.
"""

from struct import Struct
from typing import Self

import msgspec

from ringback.faults import Malformed

_FIXED = Struct(">BBHII")
_EXTENSION = Struct(">HH")
_PLAIN = 0x80  # version 2, no padding, no extension, no contributing sources


class RtpPacket(msgspec.Struct, frozen=True):
    """``bytes(RtpPacket.parse(octets)) == octets``.

    ``timestamp`` counts samples modulo 2**32. ``padding`` is all of it, its last octet
    the count. ``extension`` is the profile's 16 bits and whole 32-bit words.
    """

    payload_type: int
    sequence: int
    timestamp: int
    ssrc: int
    payload: bytes
    marker: bool = False
    padding: bytes = b""
    csrcs: tuple[int, ...] = ()
    extension: tuple[int, bytes] | None = None

    @classmethod
    def parse(cls, octets: bytes) -> Self:
        """Malformed unless RFC 3550 §A.1 would call the header valid."""
        if len(octets) < 12:
            raise Malformed("an RTP packet is at least 12 octets", octets, len(octets))
        first, second, sequence, timestamp, ssrc = _FIXED.unpack_from(octets)
        kind, marker = second & 0x7F, second > 0x7F
        if first == _PLAIN:
            return cls(kind, sequence, timestamp, ssrc, octets[12:], marker)
        if first >> 6 != 2:
            raise Malformed(f"RTP version {first >> 6}", octets, 0)
        csrcs, extension, start = _after_fixed(octets, first)
        end = _payload_end(octets, start) if first & 0x20 else len(octets)
        payload, padding = octets[start:end], octets[end:]
        heads = (kind, sequence, timestamp, ssrc)
        return cls(*heads, payload, marker, padding, csrcs, extension)

    def __bytes__(self) -> bytes:
        second = self.payload_type | 0x80 if self.marker else self.payload_type
        heads = (second, self.sequence, self.timestamp, self.ssrc)
        if not (self.csrcs or self.extension or self.padding):
            return _FIXED.pack(_PLAIN, *heads) + self.payload
        first = _PLAIN | len(self.csrcs)
        first |= 0x20 if self.padding else 0
        first |= 0x10 if self.extension else 0
        parts = [_FIXED.pack(first, *heads)]
        parts += [source.to_bytes(4) for source in self.csrcs]
        if self.extension:
            profile, words = self.extension
            parts += [_EXTENSION.pack(profile, len(words) // 4), words]
        return b"".join([*parts, self.payload, self.padding])


def header_length(octets: bytes) -> int:
    """Where the payload starts (RFC 3711 §3.1 leaves everything before it clear)."""
    if len(octets) < 12:
        raise Malformed("an RTP packet is at least 12 octets", octets, len(octets))
    first = octets[0]
    return 12 if first == _PLAIN else _after_fixed(octets, first)[2]


def _after_fixed(
    octets: bytes, first: int
) -> tuple[tuple[int, ...], tuple[int, bytes] | None, int]:
    at = 12 + 4 * (first & 0x0F)
    if len(octets) < at + (4 if first & 0x10 else 0):
        raise Malformed("the RTP header ends early", octets, len(octets))
    csrcs = tuple(int.from_bytes(octets[i : i + 4]) for i in range(12, at, 4))
    if not first & 0x10:
        return csrcs, None, at
    profile, count = _EXTENSION.unpack_from(octets, at)
    start, end = at + 4, at + 4 + 4 * count
    if len(octets) < end:
        raise Malformed("the RTP header extension ends early", octets, len(octets))
    return csrcs, (profile, octets[start:end]), end


def _payload_end(octets: bytes, start: int) -> int:
    count = octets[-1]
    if not 0 < count <= len(octets) - start:
        raise Malformed(f"{count} octets of padding", octets, len(octets) - 1)
    return len(octets) - count
