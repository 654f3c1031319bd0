"""Compound RTCP packets that forget no octet.

RFC 3550 §6.4 - §6.6 give reports, descriptions and goodbyes; RFC 5761 §4 tells them
from RTP.
"""

from collections.abc import Iterator
from struct import Struct
from typing import Self

import msgspec

from ringback.faults import Malformed

SENDER_REPORT, RECEIVER_REPORT, DESCRIPTION, GOODBYE = 200, 201, 202, 203
CNAME = 1

_HEAD = Struct(">BBH")
_SENDER = Struct(">IQIII")
_BLOCK = Struct(">IB3sIIII")


class ReportBlock(msgspec.Struct, frozen=True):
    """How one source was received (RFC 3550 §6.4.1).

    ``fraction_lost`` is of 256, ``lost`` is signed, ``jitter`` in timestamp units,
    ``last_sr`` and ``delay`` in 1/65536 seconds.
    """

    ssrc: int
    fraction_lost: int = 0
    lost: int = 0
    highest: int = 0
    jitter: int = 0
    last_sr: int = 0
    delay: int = 0

    @classmethod
    def parse(cls, octets: bytes, at: int) -> Self:
        ssrc, fraction, lost, *others = _BLOCK.unpack_from(octets, at)
        return cls(ssrc, fraction, int.from_bytes(lost, signed=True), *others)

    def __bytes__(self) -> bytes:
        lost = self.lost.to_bytes(3, signed=True)
        last = (self.highest, self.jitter, self.last_sr, self.delay)
        return _BLOCK.pack(self.ssrc, self.fraction_lost, lost, *last)


class SenderReport(msgspec.Struct, frozen=True):
    """``ntp`` is the 64-bit NTP time; ``extension`` is the profile's, after all."""

    ssrc: int
    ntp: int
    timestamp: int
    packets: int
    octets: int
    reports: tuple[ReportBlock, ...] = ()
    extension: bytes = b""
    padding: bytes = b""

    @classmethod
    def parse(cls, body: bytes, count: int, padding: bytes) -> Self:
        if len(body) < _SENDER.size:
            raise Malformed("the sender report ends early", body, len(body))
        reports, end = _blocks(body, _SENDER.size, count)
        ssrc, ntp, timestamp, packets, octets = _SENDER.unpack_from(body)
        heads = (ssrc, ntp, timestamp, packets, octets)
        return cls(*heads, reports, body[end:], padding)

    def __bytes__(self) -> bytes:
        counts = (self.packets, self.octets)
        head = _SENDER.pack(self.ssrc, self.ntp, self.timestamp, *counts)
        body = head + b"".join(map(bytes, self.reports)) + self.extension
        return _packet(SENDER_REPORT, len(self.reports), body, self.padding)


class ReceiverReport(msgspec.Struct, frozen=True):
    ssrc: int
    reports: tuple[ReportBlock, ...] = ()
    extension: bytes = b""
    padding: bytes = b""

    @classmethod
    def parse(cls, body: bytes, count: int, padding: bytes) -> Self:
        if len(body) < 4:
            raise Malformed("the receiver report ends early", body, len(body))
        reports, end = _blocks(body, 4, count)
        return cls(int.from_bytes(body[:4]), reports, body[end:], padding)

    def __bytes__(self) -> bytes:
        body = self.ssrc.to_bytes(4) + b"".join(map(bytes, self.reports))
        body += self.extension
        return _packet(RECEIVER_REPORT, len(self.reports), body, self.padding)


class Chunk(msgspec.Struct, frozen=True):
    """What one source says of itself: (item type, text) pairs, then null octets."""

    ssrc: int
    items: tuple[tuple[int, bytes], ...]
    fill: bytes

    @classmethod
    def of(cls, ssrc: int, *items: tuple[int, bytes]) -> Self:
        used = sum(2 + len(text) for _, text in items)
        return cls(ssrc, items, bytes(4 - used % 4))

    @classmethod
    def parse(cls, body: bytes, start: int) -> Self:
        items, at = [], start + 4
        while at < len(body) and body[at]:
            text = body[at + 2 : at + 2 + body[at + 1]] if at + 1 < len(body) else b""
            items.append((body[at], text))
            at += 2 + len(text)
        end = at + 4 - (at - start) % 4
        chunk = cls(int.from_bytes(body[start : start + 4]), tuple(items), body[at:end])
        if body[start:end] != bytes(chunk) or len(chunk.fill) != end - at:
            raise Malformed("the source description ends early", body, len(body))
        return chunk

    def __bytes__(self) -> bytes:
        items = (bytes([kind, len(text)]) + text for kind, text in self.items)
        return self.ssrc.to_bytes(4) + b"".join(items) + self.fill


class SourceDescription(msgspec.Struct, frozen=True):
    chunks: tuple[Chunk, ...]
    rest: bytes = b""
    padding: bytes = b""

    @classmethod
    def of(cls, ssrc: int, cname: str) -> Self:
        """The one item that every source must give (RFC 3550 §6.5.1)."""
        return cls((Chunk.of(ssrc, (CNAME, cname.encode())),))

    @classmethod
    def parse(cls, body: bytes, count: int, padding: bytes) -> Self:
        chunks, at = [], 0
        for _ in range(count):
            chunks.append(Chunk.parse(body, at))
            at += len(bytes(chunks[-1]))
        return cls(tuple(chunks), body[at:], padding)

    def __bytes__(self) -> bytes:
        body = b"".join(map(bytes, self.chunks)) + self.rest
        return _packet(DESCRIPTION, len(self.chunks), body, self.padding)


class Goodbye(msgspec.Struct, frozen=True):
    """``tail`` is what follows the sources: a length octet and a reason, or nothing."""

    sources: tuple[int, ...]
    tail: bytes = b""
    padding: bytes = b""

    @classmethod
    def of(cls, ssrc: int, reason: str = "") -> Self:
        text = reason.encode()
        tail = bytes([len(text)]) + text if text else b""
        return cls((ssrc,), tail + bytes(-len(tail) % 4))

    @classmethod
    def parse(cls, body: bytes, count: int, padding: bytes) -> Self:
        end = 4 * count
        if len(body) < end:
            raise Malformed("the goodbye ends early", body, len(body))
        sources = (int.from_bytes(body[i : i + 4]) for i in range(0, end, 4))
        return cls(tuple(sources), body[end:], padding)

    @property
    def reason(self) -> str:
        """Why the source left, empty when it did not say (RFC 3550 §6.6)."""
        text = self.tail[1 : 1 + self.tail[0]] if self.tail else b""
        return text.decode("utf-8", "replace")

    def __bytes__(self) -> bytes:
        body = b"".join(source.to_bytes(4) for source in self.sources) + self.tail
        return _packet(GOODBYE, len(self.sources), body, self.padding)


class OtherRtcp(msgspec.Struct, frozen=True):
    """A type that is not taken apart; ``count`` is the five bits of its header."""

    kind: int
    count: int
    body: bytes
    padding: bytes = b""

    def __bytes__(self) -> bytes:
        return _packet(self.kind, self.count, self.body, self.padding)


RtcpPacket = SenderReport | ReceiverReport | SourceDescription | Goodbye | OtherRtcp


class Rtcp(msgspec.Struct, frozen=True):
    """``bytes(parse(octets)) == octets``."""

    packets: tuple[RtcpPacket, ...]

    def __bytes__(self) -> bytes:
        return b"".join(map(bytes, self.packets))


def parse(octets: bytes) -> Rtcp:
    """A datagram's packets; Malformed when their lengths do not fill it."""
    return Rtcp(tuple(_packets(octets)))


def is_rtcp(octets: bytes) -> bool:
    """RFC 5761 §4: what comes on a shared port and is not RTP."""
    return len(octets) >= 4 and octets[0] >> 6 == 2 and 192 <= octets[1] <= 223


def _packets(octets: bytes) -> Iterator[RtcpPacket]:
    if not octets:
        raise Malformed("no RTCP packet", octets, 0)
    at = 0
    while at < len(octets):
        if len(octets) < at + 4:
            raise Malformed("an RTCP header is 4 octets", octets, at)
        first, kind, words = _HEAD.unpack_from(octets, at)
        end = at + 4 + 4 * words
        if first >> 6 != 2 or end > len(octets):
            raise Malformed("RTCP version or length is wrong", octets, at)
        body_end = end - _padding(octets, at, end) if first & 0x20 else end
        body, padding = octets[at + 4 : body_end], octets[body_end:end]
        yield _one(kind, first & 0x1F, body, padding)
        at = end


def _one(kind: int, count: int, body: bytes, padding: bytes) -> RtcpPacket:
    match kind:
        case 200:
            return SenderReport.parse(body, count, padding)
        case 201:
            return ReceiverReport.parse(body, count, padding)
        case 202:
            return SourceDescription.parse(body, count, padding)
        case 203:
            return Goodbye.parse(body, count, padding)
        case _:
            return OtherRtcp(kind, count, body, padding)


def _padding(octets: bytes, at: int, end: int) -> int:
    count = octets[end - 1]
    if not 0 < count <= end - at - 4:
        raise Malformed(f"{count} octets of padding", octets, end - 1)
    return count


def _blocks(body: bytes, start: int, count: int) -> tuple[tuple[ReportBlock, ...], int]:
    end = start + count * _BLOCK.size
    if len(body) < end:
        raise Malformed("the report blocks end early", body, len(body))
    at = range(start, end, _BLOCK.size)
    return tuple(ReportBlock.parse(body, i) for i in at), end


def _packet(kind: int, count: int, body: bytes, padding: bytes) -> bytes:
    first = 0x80 | (0x20 if padding else 0) | count
    words = (len(body) + len(padding)) // 4
    return _HEAD.pack(first, kind, words) + body + padding
