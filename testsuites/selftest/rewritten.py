"""A capture taken apart into what was done, changed in one place, and written again.

RFC 8446 §5.2 and §7.3 for what stands inside TLS. Streams are made anew, so that a
change of length leaves no hole that would give it away.
"""

import hmac
import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Literal

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from msgspec.structs import replace

from ringback.evidence.evidence import Evidence
from ringback.evidence.frame import HttpFrame, RtpFrame, SipFrame
from ringback.evidence.packets import FIN, RST, SYN, Datagram, Dissector, Segment
from ringback.evidence.reader import read
from ringback.evidence.synthesis import Synthesis
from ringback.evidence.writer import Capture
from ringback.values import Address, Leg, Role
from ringback.wire.message import Field, Message
from ringback.wire.rtp import RtpPacket

Kind = Literal["opens", "says", "closes", "resets", "casts"]


class Deed(msgspec.Struct, frozen=True):
    """Something an end did. ``number`` is its packet in the capture it was read from;
    ``flow`` numbers the connections, -1 for datagrams."""

    number: int
    ns: int
    kind: Kind
    flow: int
    source: Address
    target: Address
    octets: bytes = b""


class Story(msgspec.Struct, frozen=True):
    """All that was done, in order, with what the evidence makes of it."""

    deeds: tuple[Deed, ...]
    secrets: bytes
    capture: Capture
    evidence: Evidence

    @classmethod
    def read(cls, path: Path) -> "Story":
        octets = path.read_bytes()
        capture = Capture.parse(octets)
        evidence = read(octets)
        return cls(tuple(_deeds(capture)), capture.secrets, capture, evidence)

    def written(self) -> tuple[bytes, dict[int, int]]:
        """A capture file; and for each deed's number the number of its packet there."""
        synthesis, numbers, clients = Synthesis(), {}, {}
        for deed in self.deeds:
            at = len(synthesis.packets()) + 1 if deed.kind != "casts" else 0
            match deed.kind:
                case "opens":
                    clients[deed.flow] = deed.source
                    synthesis.opened(deed.flow, deed.source, deed.target, deed.ns)
                case "says":
                    mine = clients[deed.flow] == deed.source
                    synthesis.octets(deed.flow, mine, deed.octets, deed.ns)
                case "closes" | "resets":
                    mine = clients[deed.flow] == deed.source
                    reset = deed.kind == "resets"
                    synthesis.closed(deed.flow, mine, reset, deed.ns)
                case "casts":
                    at = len(synthesis.packets()) + 1
                    ends = deed.source, deed.target
                    synthesis.datagram(*ends, deed.octets, deed.ns)
            numbers[deed.number] = at
        known = self.capture.circumstances
        whole = Capture(synthesis.packets(), self.secrets, known)
        return bytes(whole), numbers

    def sip(
        self, start: str, leg: Leg, *, sender: Role | None = None, nth: int = 0
    ) -> SipFrame:
        """The nth SIP message on that leg that begins so."""
        found = [
            frame
            for frame in self.evidence.sip
            if frame.sip.start.startswith(start.encode())
            and frame.leg is leg
            and sender in (None, frame.sender)
        ]
        return found[nth]

    def told(self, words: str, nth: int = 0) -> HttpFrame:
        """The nth answer of the web service that has those words in its body."""
        answers = [f for f in self.evidence.http if f.status]
        return [f for f in answers if words.encode() in f.body][nth]

    def heard(self, leg: Leg, sender: Role) -> tuple[RtpFrame, ...]:
        """The RTP of one side of a leg."""
        return tuple(
            frame
            for frame in self.evidence.rtp
            if frame.leg is leg and frame.sender is sender
        )

    def deed(self, number: int) -> Deed:
        return next(deed for deed in self.deeds if deed.number == number)

    def without(self, *numbers: int) -> "Story":
        kept = tuple(deed for deed in self.deeds if deed.number not in numbers)
        return replace(self, deeds=kept)

    def changed(self, number: int, octets: bytes) -> "Story":
        """The same deed with other octets."""
        return self._each(lambda d: replace(d, octets=octets), {number})

    def message(self, number: int, change: Callable[[Message], Message]) -> "Story":
        """One SIP message said otherwise; whoever changes the body sees to its
        Content-Length."""
        said = Message.parse(self.deed(number).octets)
        return self.changed(number, bytes(change(said)))

    def packets(
        self, frames: Iterable[RtpFrame], change: Callable[[RtpPacket], RtpPacket]
    ) -> "Story":
        """RTP packets cast otherwise."""

        def cast(deed: Deed) -> Deed:
            return replace(deed, octets=bytes(change(RtpPacket.parse(deed.octets))))

        return self._each(cast, {frame.number for frame in frames})

    def moved(self, numbers: Iterable[int], late: Callable[[int], int]) -> "Story":
        """Deeds at another time: ``late`` maps nanoseconds to nanoseconds."""
        moved = self._each(lambda d: replace(d, ns=late(d.ns)), set(numbers))
        deeds = tuple(sorted(moved.deeds, key=lambda deed: deed.ns))
        return replace(self, deeds=deeds)

    def after(self, number: int, *deeds: Deed) -> "Story":
        """More is done, right behind that deed and at its time."""
        at = self.deeds.index(self.deed(number)) + 1
        ns = self.deeds[at - 1].ns
        more = tuple(replace(deed, ns=ns) for deed in deeds)
        return replace(self, deeds=(*self.deeds[:at], *more, *self.deeds[at:]))

    def answered(self, number: int, change: Callable[[bytes], bytes]) -> "Story":
        """An answer of the web service with another body, under the seal of its TLS
        connection; its Content-Length stays true."""
        flow = self.deed(number).flow
        said = [d for d in self.deeds if d.flow == flow and d.kind == "says"]
        source = self.deed(number).source
        seal = Seal.of(self.secrets, [d.octets for d in said if d.source == source])
        earlier = [d.octets for d in said if d.source == source and d.number < number]
        before = sum(len(seal.opened(octets)) for octets in earlier)
        assert before
        return self.changed(number, seal.again(self.deed(number).octets, change))

    def _each(self, change: Callable[[Deed], Deed], numbers: set[int]) -> "Story":
        deeds = tuple(change(d) if d.number in numbers else d for d in self.deeds)
        return replace(self, deeds=deeds)


def field(name: str, value: str) -> Callable[[Message], Message]:
    """A message whose field of that name says something else, at its place."""

    def change(message: Message) -> Message:
        fields = tuple(
            Field.of(name, value) if f.name == name.lower() else f
            for f in message.fields
        )
        return replace(message, fields=fields)

    return change


def lacking(name: str) -> Callable[[Message], Message]:
    return lambda message: message.without(name)


def worded(old: str, new: str) -> Callable[[Message], Message]:
    """A message with other words of the same length, wherever they stand."""
    assert len(old) == len(new)

    def change(message: Message) -> Message:
        octets = bytes(message)
        assert old.encode() in octets
        return Message.parse(octets.replace(old.encode(), new.encode()))

    return change


class Seal:
    """One direction of a TLS 1.3 connection after its handshake, opened and sealed
    again under the same key (AES-GCM only)."""

    def __init__(self, secret: bytes) -> None:
        name, size = ("sha384", 32) if len(secret) == 48 else ("sha256", 16)
        self._aead = AESGCM(_expanded(name, secret, b"key", size))
        self._iv = int.from_bytes(_expanded(name, secret, b"iv", 12))
        self._sequence = 0

    @classmethod
    def of(cls, secrets: bytes, said: Iterable[bytes]) -> "Seal":
        """The one whose key opens something of what was said; LookupError if none."""
        octets = b"".join(said)
        for line in secrets.splitlines():
            label, _, secret = line.split()
            if label.endswith(b"_TRAFFIC_SECRET_0") and b"HANDSHAKE" not in label:
                key = bytes.fromhex(secret.decode())
                if cls(key).opened(octets):
                    return cls(key)
        raise LookupError("no secret opens this direction")

    def opened(self, octets: bytes) -> list[bytes]:
        """What the records in there hold, type octet included; records of the
        handshake, which have another key, are passed over."""
        found = []
        for head, sealed in _records(octets):
            try:
                found.append(self._aead.decrypt(self._nonce(), sealed, head))
            except InvalidTag:
                continue
            self._sequence += 1
        return found

    def again(self, octets: bytes, change: Callable[[bytes], bytes]) -> bytes:
        """One HTTP message in as many records as before, its body changed."""
        first = self._sequence
        inner = self.opened(octets)
        head, _, body = b"".join(text[:-1] for text in inner).partition(b"\r\n\r\n")
        told = f"content-length: {len(change(body))}".encode()
        head = re.sub(rb"(?i)content-length: *\d+", told, head)
        texts = [head + b"\r\n\r\n" + change(body), *[b""] * (len(inner) - 1)]
        self._sequence = first
        return b"".join(map(self._sealed, texts))

    def _sealed(self, text: bytes) -> bytes:
        inner = text + b"\x17"
        head = b"\x17\x03\x03" + (len(inner) + 16).to_bytes(2)
        sealed = self._aead.encrypt(self._nonce(), inner, head)
        self._sequence += 1
        return head + sealed

    def _nonce(self) -> bytes:
        return (self._iv ^ self._sequence).to_bytes(12)


def _records(octets: bytes) -> Iterator[tuple[bytes, bytes]]:
    while octets:
        end = 5 + int.from_bytes(octets[3:5])
        yield octets[:5], octets[5:end]
        octets = octets[end:]


def _expanded(name: str, secret: bytes, label: bytes, size: int) -> bytes:
    """RFC 8446 §7.1, for lengths that one round of the hash gives."""
    words = b"tls13 " + label
    info = size.to_bytes(2) + bytes([len(words)]) + words + b"\0\x01"
    return hmac.digest(secret, info, name)[:size]


def _deeds(capture: Capture) -> Iterator[Deed]:
    """Opening, octets and closing of each connection, and each datagram; what only
    acknowledges is left out."""
    dissector, flows = Dissector(), dict[frozenset[Address], int]()
    for number, packet in enumerate(capture.packets, 1):
        seen = dissector.take(packet)
        if seen is None:
            continue
        ends = seen.source, seen.target
        if isinstance(seen, Datagram):
            yield Deed(number, packet.time_ns, "casts", -1, *ends, seen.data)
        elif kind := _kind(seen):
            pair = frozenset(ends)
            if kind == "opens":
                flows[pair] = number
            yield Deed(number, packet.time_ns, kind, flows[pair], *ends, seen.data)


def _kind(segment: Segment) -> Kind | None:
    if segment.data:
        return "says"
    if segment.flags & RST:
        return "resets"
    if segment.flags & FIN:
        return "closes"
    return "opens" if segment.flags == SYN else None
