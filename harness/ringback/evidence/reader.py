"""A capture file in, evidence out: frames in order, connections, complaints.

Packets are numbered as Wireshark numbers them. Streams are put together, TLS is opened
with the key log in the file or beside it, and everything said is sorted by what it is:
RFC 3261 §7 and §18.3 (SIP), RFC 9112 (HTTP), RFC 3550 §5 (RTP).
"""

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import msgspec

from ringback.evidence.connection import Conversation
from ringback.evidence.evidence import Evidence
from ringback.evidence.frame import (
    BrokenFrame,
    DatagramFrame,
    Frame,
    HttpFrame,
    RtcpFrame,
    RtpFrame,
    SipFrame,
)
from ringback.evidence.media import Announcements, Channel, MediaReader
from ringback.evidence.packets import CapturedPacket, Datagram, Dissector, Segment
from ringback.evidence.pcapng import NANOSECONDS, NO_PACKET, load
from ringback.evidence.reassembly import Connections, Delivery, Flow
from ringback.evidence.seating import Seating
from ringback.evidence.taps import MARKER, Direction, Plaintext
from ringback.evidence.tls_keys import KeyLog
from ringback.evidence.writer import circumstances_in
from ringback.faults import Malformed
from ringback.values import Address
from ringback.wire.message import Message

_SIP_DATAGRAM = re.compile(rb"SIP/2\.0 |[A-Z]{2,32} \S+ SIP/2\.0\r\n")


class Study(msgspec.Struct, frozen=True):
    """The evidence, and the octets beneath it for a comparison with taps."""

    evidence: Evidence
    plaintext: Plaintext


def read(octets: bytes, keylog: bytes = b"") -> Evidence:
    """Never raises: what cannot be read is a BrokenFrame or a complaint."""
    return _read(octets, keylog)[0]


def study(octets: bytes, keylog: bytes = b"") -> Study:
    """As ``read``, with the plaintext of every stream and datagram flow."""
    evidence, reader = _read(octets, keylog)
    return Study(evidence, reader.plaintext())


def _read(octets: bytes, keylog: bytes) -> tuple[Evidence, "_Reader"]:
    recording, packets = load(octets)
    known, trouble = circumstances_in(recording.records)
    keys = KeyLog(bytes(recording.secrets) + b"\n" + keylog)
    reader = _Reader(Seating(known), keys, packets)
    reader.run()
    said = _sorted_out(reader.frames)
    evidence = Evidence(
        circumstances=known,
        sip=said.sip,
        http=said.http,
        rtp=said.rtp,
        rtcp=said.rtcp,
        datagrams=said.datagrams,
        broken=said.broken,
        connections=tuple(c.connection() for c in reader.conversations),
        packets=len(packets),
        complaints=(*recording.complaints, *trouble, *reader.complaints()),
    )
    return evidence, reader


class _Reader:
    """Two passes: streams and SIP first, media when all SDP has been seen."""

    def __init__(
        self, seating: Seating, keys: KeyLog, packets: list[CapturedPacket]
    ) -> None:
        self.frames: list[Frame] = []
        self.conversations: list[Conversation] = []
        self._seating = seating
        self._keys = keys
        self._packets = packets
        self._dissector = Dissector()
        self._connections = Connections(seating.serves)
        self._by_flow: dict[Flow, Conversation] = {}
        self._channels: dict[bytes, Channel] = {}
        self._pairs: dict[frozenset[Address], int] = {}
        self._flows = 0
        self._waiting: list[tuple[Channel, int, float, bytes]] = []
        self._announcements = Announcements(seating)
        self._cut = 0

    def run(self) -> None:
        """Read everything; ``frames`` is in order afterwards."""
        start = next((p.time_ns for p in self._packets if p.link != NO_PACKET), 0)
        take = self._dissector.take
        for number, packet in enumerate(self._packets, 1):
            seen = take(packet)
            if seen is None:
                continue
            time = (packet.time_ns - start) / NANOSECONDS
            if isinstance(seen, Datagram):
                self._take_datagram(seen, number, time)
            else:
                self._take_segment(seen, number, time)
        for delivery in self._connections.finish():
            self._deliver(delivery)
        for conversation in self.conversations:
            self._keep(conversation.finish())
        self._read_media()
        self.frames.sort(key=_number)

    def complaints(self) -> tuple[str, ...]:
        """What could not be read although it was meant to be."""
        found = [c for talk in self.conversations for c in talk.complaints]
        if self._cut:
            found.append(f"{self._cut} packets are cut short in the capture")
        if self._dissector.unjoined:
            found.append(f"{self._dissector.unjoined} IP packets lack a fragment")
        return tuple(found)

    def plaintext(self) -> Plaintext:
        """Of every direction; of several connections between two addresses in order."""
        streams: dict[Direction, bytes] = {}
        finished: set[Direction] = set()
        killed: set[Direction] = set()
        for talk in self.conversations:
            flow = talk.flow
            ends = ((flow.client, flow.server, True), (flow.server, flow.client, False))
            for source, target, side in ends:
                key = (source, target)
                streams[key] = streams.get(key, b"") + talk.plaintext(side)
                finished |= {key} if flow.stream(side).finished else set()
                killed |= {key} if flow.reset else set()
        return Plaintext(
            streams=streams,
            datagrams=self._datagrams(),
            finished=frozenset(finished),
            killed=frozenset(killed),
        )

    def _datagrams(self) -> dict[Direction, tuple[bytes, ...]]:
        found: dict[Direction, list[bytes]] = {}
        heard = {
            id(c): found.setdefault((c.source, c.target), [])
            for c in self._channels.values()
        }
        for channel, _, _, octets in self._waiting:
            heard[id(channel)].append(octets)
        return {direction: tuple(said) for direction, said in found.items()}

    def _take_segment(self, segment: Segment, number: int, time: float) -> None:
        connections = self._connections
        deliveries = connections.take(segment, number, time)
        while len(self.conversations) < len(connections.flows):
            flow = connections.flows[len(self.conversations)]
            talk = Conversation(flow, self._next_flow(), self._seating, self._keys)
            self.conversations.append(talk)
            self._by_flow[flow] = talk
        for delivery in deliveries:
            self._deliver(delivery)

    def _next_flow(self) -> int:
        self._flows += 1
        return self._flows - 1

    def _deliver(self, delivery: Delivery) -> None:
        flow, from_client, piece = delivery
        self._keep(self._by_flow[flow].take(from_client, piece))

    def _keep(self, frames: Iterable[Frame]) -> None:
        for frame in frames:
            self.frames.append(frame)
            if isinstance(frame, SipFrame):
                self._announcements.learn(frame)
                self._seating.learn(frame)

    def _take_datagram(self, datagram: Datagram, number: int, time: float) -> None:
        octets = datagram.data
        if datagram.length > len(octets):
            self._cut += 1
        if octets.startswith(MARKER):
            return
        channel = self._channels.get(datagram.path) or self._new_channel(datagram)
        self._waiting.append((channel, number, time, octets))
        if octets and octets[0] < 0x80 and _SIP_DATAGRAM.match(octets):
            channel.signals = True
            self._keep((self._signalling(channel, number, time, octets),))

    def _new_channel(self, datagram: Datagram) -> Channel:
        source, target = datagram.source, datagram.target
        pair = frozenset((source, target))
        if pair not in self._pairs:
            self._pairs[pair] = self._next_flow()
        channel = Channel(self._pairs[pair], source, target)
        self._channels[datagram.path] = channel
        return channel

    def _signalling(
        self, channel: Channel, number: int, time: float, octets: bytes
    ) -> Frame:
        sender, receiver, leg = self._seating.pair(channel.source, channel.target)
        try:
            return SipFrame(
                number=number,
                time=time,
                source=channel.source,
                target=channel.target,
                flow=channel.flow,
                leg=leg,
                sender=sender,
                receiver=receiver,
                sip=Message.parse(octets),
            )
        except Malformed as fault:
            return BrokenFrame(
                number=number,
                time=time,
                source=channel.source,
                target=channel.target,
                flow=channel.flow,
                leg=leg,
                sender=sender,
                receiver=receiver,
                octets=octets,
                why=str(fault),
            )

    def _read_media(self) -> None:
        for channel in self._channels.values():
            target = channel.target
            channel.announcements = self._announcements.for_target(target)
        read = MediaReader(self._announcements, self._seating).read
        for channel, number, time, octets in self._waiting:
            if channel.signals and _SIP_DATAGRAM.match(octets):
                continue
            self.frames.append(read(channel, number, time, octets))


@dataclass(slots=True)
class _Sorted:
    sip: tuple[SipFrame, ...]
    http: tuple[HttpFrame, ...]
    rtp: tuple[RtpFrame, ...]
    rtcp: tuple[RtcpFrame, ...]
    datagrams: tuple[DatagramFrame, ...]
    broken: tuple[BrokenFrame, ...]


def _sorted_out(frames: list[Frame]) -> _Sorted:
    found: dict[type[Frame], list[Any]] = defaultdict(list)
    for frame in frames:
        found[type(frame)].append(frame)
    return _Sorted(
        sip=tuple(found[SipFrame]),
        http=tuple(found[HttpFrame]),
        rtp=tuple(found[RtpFrame]),
        rtcp=tuple(found[RtcpFrame]),
        datagrams=tuple(found[DatagramFrame]),
        broken=tuple(found[BrokenFrame]),
    )


def _number(frame: Frame) -> int:
    return frame.number
