"""Capture files read: pcapng, as a stream or whole, and classic pcap.

draft-ietf-opsawg-pcapng §3 and §4 (blocks and options), draft-ietf-opsawg-pcap §3 and
§4 (the older format); RFC 5612 §2 (the enterprise number 32473, for documentation).
"""

from collections.abc import Iterable
from struct import Struct, pack
from typing import Final, Literal

import msgspec

from ringback.evidence.packets import CapturedPacket

SECTION: Final = 0x0A0D0D0A
INTERFACE: Final = 1
OLD_PACKET: Final = 2
SIMPLE_PACKET: Final = 3
NAMES: Final = 4
PACKET: Final = 6
SECRETS: Final = 10
JOURNAL: Final = 9
CUSTOM: Final = 0x00000BAD
CUSTOM_UNCOPIED: Final = 0x40000BAD

TLS_KEY_LOG: Final = 0x544C534B
ENTERPRISE: Final = 32473
NANOSECONDS: Final = 1_000_000_000
LARGEST_BLOCK: Final = 1 << 26
NO_PACKET: Final = -1  # the link type of a block that Wireshark numbers as a packet

_MAGIC = b"\x0a\x0d\x0d\x0a"
_ORDERS = {b"\x4d\x3c\x2b\x1a": "<", b"\x1a\x2b\x3c\x4d": ">"}
_CLASSIC = {
    b"\xd4\xc3\xb2\xa1": ("<", 1000),
    b"\xa1\xb2\xc3\xd4": (">", 1000),
    b"\x4d\x3c\xb2\xa1": ("<", 1),
    b"\xa1\xb2\x3c\x4d": (">", 1),
}
_HEAD = {order: Struct(f"{order}II").unpack_from for order in "<>"}
_PACKET = {order: Struct(f"{order}IIIII").unpack_from for order in "<>"}
_OPTION = {order: Struct(f"{order}HH").unpack_from for order in "<>"}
_COMMENT, _NAME, _RESOLUTION, _OFFSET = 1, 2, 9, 14
Block = tuple[int, bytes, str]  # type, body, octet order of the section (struct's sign)
_CUSTOM_OPTIONS = (2988, 2989, 19372, 19373)


class Interface(msgspec.Struct, frozen=True):
    """``resolution`` is the ticks per second of its clock; ``offset`` in seconds."""

    link: int
    name: str = ""
    resolution: int = 1_000_000
    offset: int = 0


class Blocks:
    """Cuts a stream of octets into blocks, however it arrives (``dumpcap -w -``)."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._order = "<"
        self._wanted = 12  # so many octets before it is worth looking again
        self.broken = ""  # why nothing more can be read

    @property
    def pending(self) -> int:
        """Octets of a block that is not complete."""
        return len(self._buffer)

    def feed(self, octets: bytes) -> list[Block]:
        """The blocks that these octets completed; none once ``broken`` is set."""
        self._buffer += octets
        if self.broken or len(self._buffer) < self._wanted:
            return []
        whole = bytes(self._buffer)
        blocks: list[Block] = []
        at, self._wanted = 0, 12
        size = len(whole)
        while size - at >= 12:
            kind, length = _HEAD[self._order](whole, at)
            if kind == SECTION:
                length = self._section(whole, at)
            if length < 12 or length & 3 or length > LARGEST_BLOCK:
                self.broken = f"a block of {length} octets"
                break
            if size - at < length:
                self._wanted = length
                break
            blocks.append((kind, whole[at + 8 : at + length - 4], self._order))
            at += length
        del self._buffer[:at]
        return blocks

    def _section(self, octets: bytes, at: int) -> int:
        """Learns the octet order of the section; the length of its first block."""
        magic = octets[at + 8 : at + 12]
        if magic not in _ORDERS:
            return 0
        self._order = _ORDERS[magic]
        return int.from_bytes(octets[at + 4 : at + 8], _endian(self._order))


class Recording:
    """What has been read of a capture so far.

    ``secrets`` are the NSS key logs of all decryption secrets blocks; ``records`` what
    stands under the enterprise number 32473 in custom blocks, or in the custom options
    of a section. A custom block also yields a packet of link type ``NO_PACKET`` whose
    interface is the block's type, because Wireshark numbers it like a packet.
    """

    def __init__(self) -> None:
        self.interfaces: list[Interface] = []
        self.secrets = bytearray()
        self.records: list[bytes] = []
        self.complaints: list[str] = []
        self.blocks = Blocks()

    def feed(self, octets: bytes) -> list[CapturedPacket]:
        """The packets that these octets completed."""
        found = map(self.take, self.blocks.feed(octets))
        return [packet for packet in found if packet is not None]

    def finish(self) -> None:
        """Say what is wrong with the end of the file."""
        if self.blocks.broken:
            self.complaints.append(f"capture unreadable from {self.blocks.broken} on")
        elif self.blocks.pending:
            pending = self.blocks.pending
            self.complaints.append(f"capture cut short: {pending} octets of a block")

    def take(self, block: Block) -> CapturedPacket | None:
        """The packet in a block; other blocks are remembered or passed over."""
        kind, body, order = block
        try:
            if kind == PACKET:
                return self._packet(body, order)
            return self._take(kind, body, order)
        except (IndexError, ValueError, ArithmeticError) as trouble:
            self.complaints.append(f"block of type {kind:#x}: {trouble}")
            return None

    def _take(self, kind: int, body: bytes, order: str) -> CapturedPacket | None:
        if kind == SIMPLE_PACKET:
            return self._simple(body, order)
        if kind == OLD_PACKET:
            return self._old(body, order)
        if kind in (JOURNAL, CUSTOM, CUSTOM_UNCOPIED):
            return self._custom(kind, body, order)
        if kind == INTERFACE:
            self.interfaces.append(_interface(body, order))
        elif kind == SECTION:
            self._section(body, order)
        elif kind == SECRETS:
            self._keep_secrets(body, order)
        return None

    def _packet(self, body: bytes, order: str) -> CapturedPacket:
        if len(body) < 20:
            raise ValueError("too short for a packet")
        interface, high, low, captured, length = _PACKET[order](body)
        end = 20 + captured
        if end > len(body):
            raise ValueError("the packet is longer than its block")
        rest = end + (-captured & 3)
        comment = _comment(body, rest, order) if rest < len(body) else ""
        there = self.interfaces[interface]
        return CapturedPacket(
            _nanoseconds((high << 32) | low, there),
            interface,
            body[20:end],
            comment,
            there.link,
            length if length > captured else 0,
        )

    def _simple(self, body: bytes, order: str) -> CapturedPacket:
        """It has no time of its own, and belongs to the first interface."""
        length = int.from_bytes(body[:4], _endian(order))
        octets = body[4 : 4 + length]
        cut = length if length > len(octets) else 0
        return CapturedPacket(0, 0, octets, "", self.interfaces[0].link, cut)

    def _old(self, body: bytes, order: str) -> CapturedPacket:
        """The obsolete packet block: a 16-bit interface and a count of drops."""
        interface = int.from_bytes(body[:2], _endian(order))
        widened = pack(f"{order}I", interface) + body[4:]
        return self._packet(widened, order)

    def _keep_secrets(self, body: bytes, order: str) -> None:
        endian = _endian(order)
        kind = int.from_bytes(body[:4], endian)
        length = int.from_bytes(body[4:8], endian)
        if kind == TLS_KEY_LOG:
            keylog = body[8 : 8 + length]
            self.secrets += keylog if keylog.endswith(b"\n") else keylog + b"\n"

    def _section(self, body: bytes, order: str) -> None:
        self.interfaces.clear()
        pieces = [
            value[4:]
            for code, value in _options(body, 16, order)
            if code in _CUSTOM_OPTIONS and _is_ours(value, order)
        ]
        if pieces:
            self.records.append(b"".join(pieces))

    def _custom(self, kind: int, body: bytes, order: str) -> CapturedPacket:
        if kind != JOURNAL and _is_ours(body, order):
            self.records.append(body[4:].rstrip(b"\0"))
        return CapturedPacket(0, kind, body, "", NO_PACKET)


def load(octets: bytes) -> tuple[Recording, list[CapturedPacket]]:
    """Everything in a capture file of either format; what is wrong with it goes to
    ``complaints``. Never raises."""
    recording = Recording()
    if octets[:4] in _CLASSIC:
        return recording, _classic(recording, octets)
    if octets[:4] != _MAGIC:
        recording.complaints.append("neither a pcapng nor a pcap file")
        return recording, []
    packets = recording.feed(octets)
    recording.finish()
    return recording, packets


def _classic(recording: Recording, octets: bytes) -> list[CapturedPacket]:
    order, unit = _CLASSIC[octets[:4]]
    if len(octets) < 24:
        recording.complaints.append("capture cut short inside its header")
        return []
    link = int.from_bytes(octets[20:24], _endian(order)) & 0xFFFF
    recording.interfaces.append(Interface(link, "", NANOSECONDS // unit))
    head = Struct(f"{order}IIII")
    packets: list[CapturedPacket] = []
    at = 24
    while at + 16 <= len(octets):
        seconds, fraction, captured, length = head.unpack_from(octets, at)
        if at + 16 + captured > len(octets):
            break
        time = seconds * NANOSECONDS + fraction * unit
        data = octets[at + 16 : at + 16 + captured]
        cut = length if length > captured else 0
        packets.append(CapturedPacket(time, 0, data, "", link, cut))
        at += 16 + captured
    if at < len(octets):
        left = len(octets) - at
        recording.complaints.append(f"capture cut short: {left} octets of a packet")
    return packets


def _endian(order: str) -> Literal["little", "big"]:
    return "little" if order == "<" else "big"


def _is_ours(value: bytes, order: str) -> bool:
    return int.from_bytes(value[:4], _endian(order)) == ENTERPRISE


def _nanoseconds(ticks: int, interface: Interface) -> int:
    if interface.resolution != NANOSECONDS:
        ticks = ticks * NANOSECONDS // interface.resolution
    return ticks + interface.offset * NANOSECONDS if interface.offset else ticks


def _options(body: bytes, at: int, order: str) -> Iterable[tuple[int, bytes]]:
    while at + 4 <= len(body):
        code, length = _OPTION[order](body, at)
        if code == 0:
            return
        yield code, body[at + 4 : at + 4 + length]
        at += 4 + length + (-length & 3)


def _comment(body: bytes, at: int, order: str) -> str:
    lines = [v for code, v in _options(body, at, order) if code == _COMMENT]
    return b"\n".join(lines).decode("utf-8", "replace")


def _interface(body: bytes, order: str) -> Interface:
    name, resolution, offset = "", 1_000_000, 0
    for code, value in _options(body, 8, order):
        if code == _NAME:
            name = value.decode("utf-8", "replace")
        elif code == _RESOLUTION:
            power = value[0] & 0x7F
            resolution = 2**power if value[0] & 0x80 else 10**power
        elif code == _OFFSET:
            offset = int.from_bytes(value, _endian(order), signed=True)
    link = int.from_bytes(body[:2], _endian(order))
    return Interface(link, name, resolution, offset)
