"""TCP segments back into the two streams of a connection, octet by octet.

RFC 9293 §3.4 (sequence numbers), §3.8.4 (keep-alives), §3.10.7.4 (what overlaps was
received before and is trimmed).
"""

from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass
from heapq import heappop, heappush

from ringback.evidence.packets import ACK, FIN, RST, SYN, Segment, reverse
from ringback.values import Address

_WRAP = 1 << 32
_HALF = 1 << 31
_FARTHEST = 1 << 30  # a sequence number beyond every window


@dataclass(slots=True)
class Piece:
    """Octets in order, with the packet that made them readable.

    ``gap`` counts octets right before them that the capture does not hold.
    """

    start: int
    octets: bytes
    number: int
    time: float
    gap: int = 0


class Stream:
    """One direction of a connection."""

    def __init__(self) -> None:
        self.pieces: list[Piece] = []
        self.length = 0  # octets delivered so far, gaps counted
        self.began = False  # its SYN was seen
        self.finished = False  # its FIN was seen
        self.contradictions = 0  # retransmissions with other octets than before
        self._sequence = -1  # of the next octet
        self._waiting: list[tuple[int, int, bytes, float]] = []
        self._starts: list[int] = []

    def begin(self, sequence: int) -> None:
        """Its SYN: data start behind it."""
        self.began = True
        self._sequence = (sequence + 1) % _WRAP

    def begins_at(self, sequence: int) -> bool:
        """Whether a SYN with that number is the one that began this stream."""
        return self.began and (self._sequence - self.length - 1 - sequence) % _WRAP == 0

    def take(self, segment: Segment, number: int, time: float) -> list[Piece]:
        """The pieces that the data of this segment completed, in order."""
        sequence = segment.sequence + bool(segment.flags & SYN)
        if self._sequence < 0:
            self._sequence = sequence % _WRAP
        if not segment.data:
            return []
        distance = (sequence - self._sequence + _HALF) % _WRAP - _HALF
        if distance == 0 and not self._waiting:
            return [self._deliver(segment.data, number, time)]
        if distance > 0:
            if distance < _FARTHEST:
                start = self.length + distance
                heappush(self._waiting, (start, number, segment.data, time))
            return []
        fresh = self._trimmed(self.length + distance, segment.data)
        pieces = [self._deliver(fresh, number, time)] if fresh else []
        return pieces + self._drain(number, time)

    def finish(self) -> list[Piece]:
        """What still waits behind a gap that nothing will close."""
        pieces: list[Piece] = []
        while self._waiting:
            start, number, octets, time = heappop(self._waiting)
            gap = max(start - self.length, 0)
            self._advance(gap)
            fresh = self._trimmed(start, octets)
            if fresh:
                piece = self._deliver(fresh, number, time)
                piece.gap = gap
                pieces.append(piece)
        return pieces

    def piece_at(self, offset: int) -> Piece:
        """The piece that holds that octet of the stream; IndexError outside."""
        at = bisect_right(self._starts, offset) - 1
        piece = self.pieces[at] if at >= 0 else None
        if piece is None or offset >= piece.start + len(piece.octets):
            raise IndexError(offset)
        return piece

    def octets(self) -> bytes:
        """All that was delivered."""
        return b"".join([piece.octets for piece in self.pieces])

    def _deliver(self, octets: bytes, number: int, time: float) -> Piece:
        piece = Piece(self.length, octets, number, time)
        self.pieces.append(piece)
        self._starts.append(self.length)
        self._advance(len(octets))
        return piece

    def _advance(self, count: int) -> None:
        self.length += count
        self._sequence = (self._sequence + count) % _WRAP

    def _drain(self, number: int, time: float) -> list[Piece]:
        """What waited and is in order now became readable by the present packet."""
        pieces: list[Piece] = []
        while self._waiting and self._waiting[0][0] <= self.length:
            start, _, octets, _ = heappop(self._waiting)
            fresh = self._trimmed(start, octets)
            if fresh:
                pieces.append(self._deliver(fresh, number, time))
        return pieces

    def _trimmed(self, start: int, octets: bytes) -> bytes:
        """The part that is new: nothing of a keep-alive or of what was sent again."""
        old = self.length - start
        if old <= 0:
            return octets
        if len(octets) > 1 and start >= 0 and not self._same(start, octets[:old]):
            self.contradictions += 1
        return octets[old:]

    def _same(self, start: int, octets: bytes) -> bool:
        at = max(bisect_right(self._starts, start) - 1, 0)
        end = start + len(octets)
        while at < len(self.pieces) and self.pieces[at].start < end:
            piece = self.pieces[at]
            low = max(start, piece.start)
            high = min(end, piece.start + len(piece.octets))
            known = piece.octets[low - piece.start : high - piece.start]
            if known != octets[low - start : high - start]:
                return False
            at += 1
        return True


class Flow:
    """One connection. ``closed`` is the packet of the first FIN or RST, or 0;
    ``left_by`` is who sent it."""

    def __init__(self, client: Address, server: Address, opened: int) -> None:
        self.client = client
        self.server = server
        self.opened = opened
        self.closed = 0
        self.left_by: Address | None = None
        self.reset = False
        self.cut = False  # the capture kept only the start of some packet
        self.from_client = Stream()
        self.from_server = Stream()

    def stream(self, from_client: bool) -> Stream:
        return self.from_client if from_client else self.from_server


Delivery = tuple[Flow, bool, Piece]  # the flow, whether from its client, the piece


class Connections:
    """All connections of a capture.

    ``serves`` tells, for a connection whose opening was not seen, whether an address
    is one that listens.
    """

    def __init__(self, serves: Callable[[Address], bool]) -> None:
        self.flows: list[Flow] = []
        self._serves = serves
        self._open: dict[bytes, tuple[Flow, bool]] = {}

    def take(self, segment: Segment, number: int, time: float) -> list[Delivery]:
        """What this segment completed. A new connection is appended to ``flows``."""
        flags = segment.flags
        known = self._open.get(segment.path)
        if known is None or (flags & SYN and _is_another(known, segment)):
            known = self._begin(segment, number)
        flow, from_client = known
        stream = flow.from_client if from_client else flow.from_server
        if flags & SYN and not stream.began:
            stream.begin(segment.sequence)
        if segment.length > len(segment.data):
            flow.cut = True
        pieces = stream.take(segment, number, time)
        if flags & (FIN | RST):
            flow.closed = flow.closed or number
            flow.left_by = flow.left_by or segment.source
            flow.reset = flow.reset or bool(flags & RST)
            stream.finished = stream.finished or bool(flags & FIN)
        return [(flow, from_client, piece) for piece in pieces]

    def finish(self) -> list[Delivery]:
        """What waits behind gaps when nothing more will come."""
        return [
            (flow, side, piece)
            for flow in self.flows
            for side in (True, False)
            for piece in flow.stream(side).finish()
        ]

    def _begin(self, segment: Segment, number: int) -> tuple[Flow, bool]:
        near, far = segment.source, segment.target
        from_client = self._opens(segment)
        flow = Flow(near, far, number) if from_client else Flow(far, near, number)
        self.flows.append(flow)
        self._open[segment.path] = (flow, from_client)
        self._open[reverse(segment.path)] = (flow, not from_client)
        return flow, from_client

    def _opens(self, segment: Segment) -> bool:
        """Whether the sender of the first segment seen is the client."""
        if segment.flags & SYN:
            return not segment.flags & ACK
        near, far = self._serves(segment.source), self._serves(segment.target)
        return far if near != far else segment.source.port >= segment.target.port


def _is_another(known: tuple[Flow, bool], segment: Segment) -> bool:
    """A SYN on addresses that have been used before, and not the same SYN again."""
    flow, from_client = known
    stream = flow.stream(from_client)
    if segment.flags & ACK:
        return False
    return bool(flow.closed) or (
        stream.began and not stream.begins_at(segment.sequence)
    )
