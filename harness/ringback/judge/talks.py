"""What one side said on a stream, whatever it called itself meanwhile.

RFC 3550 §5.1 places each packet by its timestamp; §8.2 lets a source change its SSRC,
and with it its numbers, and a relay (§7.1) may pass on one who counts anew: then the
clock of the capture says where it goes on.
"""

from collections.abc import Iterable
from itertools import pairwise

import msgspec

from ringback.evidence.frame import RtpFrame
from ringback.judge.case import Case, Heard, Stream
from ringback.values import Leg, Role
from ringback.wire import g711
from ringback.wire.readings import read_once

SILENCE = {0: g711.ULAW_SILENCE, 8: g711.ALAW_SILENCE}
LONGEST = 8000 * 3600  # an hour; a timestamp beyond is another talkspurt's clock
LEAP = 10.0  # seconds between timestamp and clock, beyond which a count begins anew
PAUSE = 0.2  # seconds after which the next source is another call's
HALF = 1 << 31  # of the timestamps, which turn over
SEAM = 480  # samples (60 ms): what a capture's clock may be wrong by


class Talk(msgspec.Struct, frozen=True, eq=False, dict=True):
    """Streams of G.711 from one port to another, each beginning where the one before
    it ended."""

    streams: tuple[Stream, ...]

    @property
    def frame(self) -> RtpFrame:
        return self.streams[0].frame

    @property
    def leg(self) -> Leg | None:
        return self.streams[0].leg

    @property
    def sender(self) -> Role | None:
        return self.streams[0].sender

    @read_once
    def frames(self) -> tuple[RtpFrame, ...]:
        return tuple(frame for stream in self.streams for frame in stream.frames)

    @read_once
    def octets(self) -> tuple[int, bytes]:
        """The payload type and the octets, what is missing filled with silence; of the
        law that is spoken first."""
        kind, line = _octets(self.streams[0])
        began = self.frame.time
        for stream in self.streams[1:]:
            other, more = _octets(stream)
            at = round((stream.frame.time - began) * 8000)
            if abs(at - len(line)) > SEAM and at > len(line):
                line = line.ljust(at, bytes([SILENCE[kind]]))
            line += more if other == kind else _translated(more, kind)
        return kind, line


def talks_of(case: Case, leg: Leg, sender: Role) -> list[Talk]:
    """In the order in which they began; only what has readable sound."""
    found: list[Talk] = []
    sounding = [s for s in case.streams_of(leg, sender) if s.sound]
    streams = [count for s in sounding for count in _counts(s)]
    for stream in sorted(streams, key=lambda s: s.frame.number):
        before = next((t for t in found if _goes_on(t, stream)), None)
        if before is None:
            found.append(Talk((stream,)))
        else:
            found[found.index(before)] = Talk((*before.streams, stream))
    return found


def _counts(stream: Stream) -> Iterable[Stream]:
    """The stream, cut where its timestamps begin anew."""
    stamps = [packet.timestamp for _, packet in stream.sound]
    if max(stamps) - min(stamps) < LEAP * 8000:
        return [stream]
    starts = {b[0].number for a, b in pairwise(stream.sound) if _leaps(a, b)}
    counts: list[list[RtpFrame]] = [[]]
    for frame in stream.frames:
        if frame.number in starts:
            counts.append([])
        counts[-1].append(frame)
    return [one for one in map(Stream.of, map(tuple, counts)) if one.sound]


def _leaps(before: Heard, after: Heard) -> bool:
    told = (after[1].timestamp - before[1].timestamp + HALF) % (2 * HALF) - HALF
    return abs(told / 8000 - (after[0].time - before[0].time)) > LEAP


def _goes_on(talk: Talk, stream: Stream) -> bool:
    last = talk.streams[-1]
    same = (last.source, last.target) == (stream.source, stream.target)
    return same and 0 <= stream.frame.time - last.frames[-1].time < PAUSE


def _translated(octets: bytes, kind: int) -> bytes:
    return g711.ulaw_to_alaw(octets) if kind else g711.alaw_to_ulaw(octets)


def _octets(stream: Stream) -> tuple[int, bytes]:
    """The law's payload type and the octets by timestamp, gaps filled with silence."""
    kind = stream.sound[0][1].payload_type
    spoken = [heard for heard in stream.sound if heard[1].payload_type == kind]
    first = spoken[0][1].timestamp
    placed = [(_offset(heard, first), heard[1].payload) for heard in spoken]
    length = max(at + len(payload) for at, payload in placed)
    line = bytearray([SILENCE[kind]]) * length
    for at, payload in placed:
        line[at : at + len(payload)] = payload
    return kind, bytes(line)


def _offset(heard: Heard, first: int) -> int:
    """0 for what lies before the first packet, or absurdly far behind it."""
    offset = (heard[1].timestamp - first) & 0xFFFFFFFF
    return offset if offset < LONGEST else 0
