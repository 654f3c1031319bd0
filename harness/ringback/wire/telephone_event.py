"""A telephone event: a key of the keypad as RTP carries it.

RFC 4733 §2.3 gives the payload, RFC 4733 §3.2 the numbers of the keys.
"""

from struct import Struct
from typing import Self

import msgspec

from ringback.faults import Malformed, Misuse

KEYS = "0123456789*#ABCD"

_BLOCK = Struct(">BBH")


class TelephoneEvent(msgspec.Struct, frozen=True):
    """``bytes(TelephoneEvent.parse(octets)) == octets``.

    ``volume`` is in -dBm0, 0 … 63; ``duration`` in samples since the event began.
    ``reserved`` is the R bit, ``rest`` whatever follows the four octets.
    """

    event: int
    end: bool
    volume: int
    duration: int
    reserved: bool = False
    rest: bytes = b""

    @classmethod
    def parse(cls, octets: bytes) -> Self:
        """Malformed when there are not four octets."""
        if len(octets) < _BLOCK.size:
            raise Malformed("a telephone event is 4 octets", octets, len(octets))
        event, bits, duration = _BLOCK.unpack_from(octets)
        volume, reserved = bits & 0x3F, bool(bits & 0x40)
        return cls(event, bits > 0x7F, volume, duration, reserved, octets[4:])

    def __bytes__(self) -> bytes:
        bits = self.volume | (0x80 if self.end else 0) | (0x40 if self.reserved else 0)
        return _BLOCK.pack(self.event, bits, self.duration) + self.rest


def key_of(event: int) -> str:
    """The key of that number, empty for an event that is no key."""
    return KEYS[event] if 0 <= event < len(KEYS) else ""


def event_of(key: str) -> int:
    """The number of a key; Misuse for what no keypad has."""
    event = KEYS.find(key.upper()) if len(key) == 1 else -1
    if event < 0:
        raise Misuse(f"no telephone has the key {key!r}")
    return event
