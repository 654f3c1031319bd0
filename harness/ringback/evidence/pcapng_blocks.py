"""pcapng blocks as ringback writes them: little-endian, nanoseconds, secrets inside.

draft-ietf-opsawg-pcapng §3 and §4 (blocks and options); RFC 5612 §2 (the enterprise
number 32473, for documentation).
"""

from collections.abc import Iterable
from struct import Struct, pack
from typing import Final

from ringback.evidence.packets import ETHERNET, CapturedPacket
from ringback.evidence.pcapng import (
    ENTERPRISE,
    INTERFACE,
    NAMES,
    NO_PACKET,
    PACKET,
    SECRETS,
    SECTION,
    TLS_KEY_LOG,
)

_COMMENT, _NAME, _APPLICATION, _RESOLUTION, _CUSTOM = 1, 2, 4, 9, 2989
_OPTION_ROOM: Final = 60000
_END: Final = pack("<HH", 0, 0)
_EPB = Struct("<IIIIIII").pack


def _option(code: int, value: bytes) -> bytes:
    return pack("<HH", code, len(value)) + value + b"\0" * (-len(value) & 3)


def _block(kind: int, body: bytes) -> bytes:
    body += b"\0" * (-len(body) & 3)
    length = len(body) + 12
    return pack("<II", kind, length) + body + pack("<I", length)


def section_block(application: str = "ringback", record: bytes = b"") -> bytes:
    """The start of a file; the length of what follows is left open.

    The record lies in custom options: Wireshark passes them over and its editors copy
    them, whereas it would number a custom block as if it were a packet.
    """
    fixed = pack("<IHHq", 0x1A2B3C4D, 1, 0, -1) + _option(
        _APPLICATION, application.encode()
    )
    number = pack("<I", ENTERPRISE)
    rooms = range(0, len(record), _OPTION_ROOM)
    pieces = [_option(_CUSTOM, number + record[n : n + _OPTION_ROOM]) for n in rooms]
    return _block(SECTION, fixed + b"".join(pieces) + _END)


def interface_block(name: str, link: int = ETHERNET) -> bytes:
    """An interface whose clock counts nanoseconds."""
    fixed = pack("<HHI", link, 0, 0)
    named = _option(_NAME, name.encode()) if name else b""
    return _block(INTERFACE, fixed + named + _option(_RESOLUTION, b"\x09") + _END)


def secrets_block(keylog: bytes) -> bytes:
    """TLS secrets as an NSS key log; must precede the packets they decrypt."""
    return _block(SECRETS, pack("<II", TLS_KEY_LOG, len(keylog)) + keylog)


def names_block(names: Iterable[tuple[bytes, str]]) -> bytes:
    """Names of hosts, by packed IPv4 or IPv6 address."""
    body = b""
    for packed, name in names:
        value = packed + name.encode() + b"\0"
        body += _option(1 if len(packed) == 4 else 2, value)
    return _block(NAMES, body + _END)


def packet_block(packet: CapturedPacket) -> bytes:
    """An enhanced packet block; every line of the comment is an option of its own."""
    if packet.link == NO_PACKET:
        return _block(packet.interface, packet.octets)
    octets, time = packet.octets, packet.time_ns
    size = len(octets)
    pad = -size & 3
    options = b""
    if packet.comment:
        lines = packet.comment.splitlines()
        options = b"".join(_option(_COMMENT, line.encode()) for line in lines) + _END
    length = 32 + size + pad + len(options)
    head = _EPB(
        PACKET,
        length,
        packet.interface,
        time >> 32,
        time & 0xFFFFFFFF,
        size,
        packet.length or size,
    )
    return b"".join((head, octets, b"\0\0\0"[:pad], options, pack("<I", length)))
