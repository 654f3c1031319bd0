"""One TCP connection read from its pieces: TLS or not, SIP or HTTP, frame by frame."""

from collections import deque
from dataclasses import dataclass, field

from ringback.evidence.frame import (
    BrokenFrame,
    Connection,
    Frame,
    HttpFrame,
    SipFrame,
    TlsFrame,
)
from ringback.evidence.http import HttpMessage
from ringback.evidence.reassembly import Flow, Piece, Stream
from ringback.evidence.seating import Seating
from ringback.evidence.speech import Said, Speech, Tongue
from ringback.evidence.tls import TlsConversation, is_record
from ringback.evidence.tls_keys import KeyLog
from ringback.faults import Malformed
from ringback.values import Address, Leg, Role
from ringback.wire.framing import KeepAlive
from ringback.wire.message import Message

_SIP_PORTS = range(5060, 5069)  # with those of UM workers


@dataclass(slots=True)
class _Side:
    """One direction of the connection."""

    source: Address
    target: Address
    sender: Role | None
    receiver: Role | None
    from_client: bool
    stream: Stream
    speech: Speech
    decided: bool = False
    secured: bool = False
    start: bytes = b""
    plain: list[bytes] = field(default_factory=list)
    raw: list[bytes] = field(default_factory=list)  # of TLS, while nobody answers it
    began: int = 0  # the packet with the first octet of what is not whole yet
    led: bool = False  # line ends stand before it
    number: int = 0  # of the last packet that brought something
    time: float = 0.0


class Conversation:
    """Fed in the order of the capture; frames come out in that order."""

    def __init__(self, flow: Flow, number: int, seating: Seating, keys: KeyLog) -> None:
        self.flow = flow
        self.number = number
        self.complaints: list[str] = []
        self._keys = keys
        opener, acceptor, leg = seating.pair(flow.client, flow.server)
        self._leg, self._opener, self._acceptor = leg, opener, acceptor
        self._tls: TlsConversation | None = None
        self._times: dict[int, float] = {}
        expected, methods = _expected(leg, flow.server), deque[str]()
        self._near = self._side(True, methods, expected)
        self._far = self._side(False, methods, expected)
        self._near.speech.other = self._far.speech
        self._far.speech.other = self._near.speech

    def _side(self, client: bool, methods: deque[str], expected: Tongue) -> _Side:
        flow = self.flow
        ends = (flow.client, flow.server, self._opener, self._acceptor)
        if not client:
            ends = (flow.server, flow.client, self._acceptor, self._opener)
        stream = flow.stream(client)
        speech = Speech(methods, expected)
        return _Side(*ends, client, stream, speech)

    def plaintext(self, from_client: bool) -> bytes:
        """The application octets of that direction, out of TLS where there was any.

        Where only one side spoke TLS, the other took it as it came.
        """
        ends = (self._near, self._far)
        side, other = ends if from_client else reversed(ends)
        alone = side.secured and not other.secured
        return b"".join(side.raw if alone else side.plain)

    def take(self, from_client: bool, piece: Piece) -> list[Frame]:
        """What this piece completed."""
        side = self._near if from_client else self._far
        side.number, side.time = piece.number, piece.time
        frames = self._interrupted(side, piece) if piece.gap else []
        octets = piece.octets
        if not side.decided:
            octets = side.start + octets
            if len(octets) < 3 and 20 <= octets[0] <= 24:
                side.start = octets
                return frames
            self._decide(side, octets)
        if side.secured:
            return frames + self._opened(side, octets)
        return frames + self._spoken(side, octets)

    def _decide(self, side: _Side, octets: bytes) -> None:
        side.decided, side.start = True, b""
        side.secured = is_record(octets)
        side.speech.begins(side.stream.began)
        if side.secured and self._tls is None:
            self._tls = TlsConversation(self._keys)

    def _opened(self, side: _Side, octets: bytes) -> list[Frame]:
        assert self._tls is not None
        self._times[side.number] = side.time
        if not (self._near.secured and self._far.secured):
            side.raw.append(octets)
        plain = self._tls.take(side.from_client, octets, side.number)
        frames = self._spoken(side, plain) if plain else []
        lost = self._tls.why_lost(side.from_client)
        return [*frames, self._broken(side, octets, lost)] if lost else frames

    def _spoken(self, side: _Side, plain: bytes) -> list[Frame]:
        side.plain.append(plain)
        if side.speech.is_between():
            side.began = side.number
        frames: list[Frame] = []
        for said in side.speech.feed(plain):
            if isinstance(said, KeepAlive):
                side.led = True
                continue
            frames.append(self._frame(side, said))
            side.began, side.led = side.number, False
        return frames

    def _interrupted(self, side: _Side, piece: Piece) -> list[Frame]:
        self.complaints.append(
            f"{side.source} -> {side.target}: {piece.gap} octets before packet "
            f"{piece.number} are not in the capture"
        )
        if side.secured and self._tls is not None:
            self._tls.lose(side.from_client, "TLS cannot be followed behind a gap")
            return []
        return [self._frame(side, said) for said in side.speech.interrupted()]

    def _frame(self, side: _Side, said: Said) -> Frame:
        match said:
            case Message():
                return SipFrame(
                    number=side.number,
                    time=side.time,
                    source=side.source,
                    target=side.target,
                    flow=self.number,
                    leg=self._leg,
                    sender=side.sender,
                    receiver=side.receiver,
                    secured=side.secured,
                    sip=said,
                    began=side.began,
                    led=side.led,
                )
            case HttpMessage():
                return HttpFrame(
                    number=side.number,
                    time=side.time,
                    source=side.source,
                    target=side.target,
                    flow=self.number,
                    leg=self._leg,
                    sender=side.sender,
                    receiver=side.receiver,
                    secured=side.secured,
                    start=said.start,
                    headers=said.headers,
                    body=said.body,
                )
            case Malformed():
                return self._broken(side, said.octets, str(said))

    def _broken(self, side: _Side, octets: bytes, why: str) -> BrokenFrame:
        return BrokenFrame(
            number=side.number,
            time=side.time,
            source=side.source,
            target=side.target,
            flow=self.number,
            leg=self._leg,
            sender=side.sender,
            receiver=side.receiver,
            secured=side.secured,
            octets=octets,
            why=why,
        )

    def finish(self) -> list[Frame]:
        """What the end completes; complaints about what it leaves open."""
        frames: list[Frame] = []
        for side in (self._near, self._far):
            frames += self._finished(side)
        if self._tls is not None:
            self._tls.finish()
        return frames

    def _finished(self, side: _Side) -> list[Frame]:
        where = f"{side.source} -> {side.target}"
        if side.speech.skipped:
            self.complaints.append(
                f"{where}: the capture begins inside a message, "
                f"{side.speech.skipped} octets are not read"
            )
        if side.stream.contradictions:
            self.complaints.append(f"{where}: sent again with other octets than before")
        if self._tls is not None and self._tls.pending(side.from_client):
            rest = self._tls.pending(side.from_client)
            return self._left(side, rest, "the stream ends inside a TLS record")
        left = side.speech.finish()
        if left and isinstance(left[0], Malformed):
            return self._left(side, left[0].octets, left[0].why)
        return [self._frame(side, said) for said in left]

    def _left(self, side: _Side, octets: bytes, why: str) -> list[Frame]:
        """A stream that was closed is broken; one that was not was cut off by us."""
        if self.flow.closed:
            return [self._broken(side, octets, why)]
        where = f"{side.source} -> {side.target}"
        self.complaints.append(f"{where}: {why}, and the connection is open")
        return []

    def connection(self) -> Connection:
        """The connection as evidence."""
        flow, tls = self.flow, self._tls
        sides = (self._near, self._far)
        clear = sum(s.stream.length for s in sides if not s.secured)
        return Connection(
            flow=self.number,
            client=flow.client,
            server=flow.server,
            leg=self._leg,
            opener=self._opener,
            acceptor=self._acceptor,
            opened=flow.opened,
            closed=flow.closed,
            left_by=flow.left_by,
            tls=self._tls_frames(),
            version=tls.version if tls else "",
            cipher=tls.cipher if tls else "",
            established=tls.established if tls else False,
            readable=tls.readable if tls else True,
            clear_octets=clear + (tls.clear_octets if tls else 0),
        )

    def _tls_frames(self) -> tuple[TlsFrame, ...]:
        frames: list[TlsFrame] = []
        for noted in self._tls.noted if self._tls else ():
            side = self._near if noted.from_client else self._far
            frame = TlsFrame(
                number=noted.number,
                time=self._times[noted.number],
                source=side.source,
                target=side.target,
                flow=self.number,
                leg=self._leg,
                sender=side.sender,
                receiver=side.receiver,
                secured=noted.encrypted,
                event=noted.event,
                certificates=noted.certificates,
                alert=noted.alert,
                versions=noted.versions,
                extensions=noted.extensions,
                ciphers=noted.ciphers,
                broken=noted.broken,
                detail=noted.detail,
            )
            frames.append(frame)
        return tuple(frames)


def _expected(leg: Leg | None, server: Address) -> Tongue:
    """What a stream ought to say when its first line does not tell."""
    if leg is Leg.CLIENT_CAS:
        return Tongue.HTTP
    if leg is not None or server.port in _SIP_PORTS:
        return Tongue.SIP
    return Tongue.UNKNOWN
