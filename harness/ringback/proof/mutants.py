"""Mutants that nobody chose by hand: one mechanical change on any leg of a scenario.

Made from what the roles say when nobody is bent: the n-th message of a direction is
dropped, doubled, delayed, overtaken or cut; a header field or an SDP line is removed,
repeated or changed; a bit of an RTP packet is flipped. What the web service says is
changed in ``web_mutants``.
"""

from collections.abc import Callable, Iterable, Iterator
from itertools import count

from msgspec.structs import replace

from ringback.evidence.evidence import Evidence
from ringback.evidence.frame import SipFrame
from ringback.peers.bent import ways
from ringback.peers.bent.changes import body
from ringback.peers.bent.way import Passing, Way
from ringback.peers.bent.ways import Maker, When
from ringback.proof import web_mutants
from ringback.proof.mutant import Mutant, altered
from ringback.protocol.world import Cast, Wish, Write
from ringback.values import Role
from ringback.wire.message import CRLF, Field, Message

LATER = 0.7  # seconds that a delayed message is late
PACKETS = (0, 20, 45)  # of each sender, which are touched
BENT = (Role.CAS, Role.UM, Role.GATEWAY, Role.PHONE)


def mutants_of(play: str, evidence: Evidence) -> Iterator[Mutant]:
    """Every mutant of what was said in that play, in the order it was said."""
    said: dict[tuple[Role, str, Role], int] = {}
    for frame in evidence.sip:
        if frame.sender not in BENT or frame.receiver is None:
            continue
        what = _seat_of(evidence, frame)
        way = frame.sender, what, frame.receiver
        nth = said[way] = said.get(way, -1) + 1
        yield from _of_message(play, frame, what, nth)
    for role in {f.sender for f in evidence.rtp} & set(BENT):
        yield from _of_packets(play, role)
    yield from web_mutants.of_answers(play, evidence)


def _seat_of(evidence: Evidence, frame: SipFrame) -> str:
    """Service and workers of the UM are bent apart, for each has a bend of its own."""
    known = evidence.circumstances
    seat = known.seat_of(frame.source.host) if known else None
    return seat.what if seat else ""


def _of_message(
    play: str, frame: SipFrame, what_seat: str, nth: int
) -> Iterator[Mutant]:
    sender, receiver = frame.sender, frame.receiver
    assert sender
    assert receiver
    message = frame.sip
    what = f"{message.status} to {message.method}" if message.status else message.method
    speaker = f"{sender} {what_seat}".strip()
    title = f"{speaker} to {receiver} #{nth} {what}"
    there = _towards(receiver)

    def made(kind: str, name: str, way: Maker) -> Mutant:
        return Mutant(
            name=f"{kind}: {title}: {name}",
            kind=kind,
            where=play,
            role=sender,
            what=what_seat,
            way=way,
        )

    yield made("message", "dropped", ways.omits(there, nth=nth))
    yield made("message", "doubled", ways.repeats(there, nth=nth))
    yield made("message", "delayed", ways.delays(there, LATER, nth=nth))
    yield made("message", "overtaken", _overtaken(there, nth))
    yield made("message", "cut", ways.says(there, _cut, nth=nth))
    for name, change in _header_changes(message):
        yield made("header", name, ways.says(there, change, nth=nth))
    if message.body.startswith(b"v="):
        for name, change_body in _sdp_changes(message.body):
            yield made("sdp", name, ways.says(there, body(change_body), nth=nth))


def _towards(receiver: Role) -> When:
    return lambda p: p.neighbour is receiver


def _cut(message: Message) -> bytes:
    """Without its last third."""
    octets = bytes(message)
    return octets[: len(octets) * 2 // 3]


def _overtaken(when: When, nth: int) -> Maker:
    """It is said after the next one to the same neighbour."""

    def make() -> Way:
        numbers = count()
        kept: list[Passing] = []

        def said(p: Passing) -> Iterable[Wish] | None:
            if not when(p):
                return None
            if kept:
                late = kept.pop()
                return (Write(p.link, bytes(p.message)), _again(late))
            if next(numbers) == nth:
                kept.append(p)
                return ()
            return None

        return Way(said=said)

    return make


def _again(p: Passing) -> Write:
    return Write(p.link, bytes(p.message))


Change = Callable[[Message], Message]


def _header_changes(message: Message) -> Iterator[tuple[str, Change]]:
    for number, one in enumerate(message.fields):
        name = one.name
        yield f"{name} removed", _at(number, lambda f: ())
        yield f"{name} repeated", _at(number, lambda f: (f, f))
        yield f"{name} changed", _at(number, lambda f: (_altered(f),))


def _at(number: int, change: Callable[[Field], tuple[Field, ...]]) -> Change:
    def changed(message: Message) -> Message:
        fields = message.fields
        if number >= len(fields):
            return message
        new = (*fields[:number], *change(fields[number]), *fields[number + 1 :])
        return replace(message, fields=new)

    return changed


def _altered(one: Field) -> Field:
    return Field(altered(one.octets))


def _sdp_changes(described: bytes) -> Iterator[tuple[str, Callable[[bytes], bytes]]]:
    lines = described.split(CRLF)[:-1]
    for number, line in enumerate(lines):
        name = line.decode("latin-1")
        if line.startswith(b"a=crypto"):
            name = "a=crypto"
        yield f"{name} removed", _line(number, lambda text: ())
        yield f"{name} repeated", _line(number, lambda text: (text, text))
        yield f"{name} changed", _line(number, lambda text: (_other(text),))


def _line(
    number: int, change: Callable[[bytes], tuple[bytes, ...]]
) -> Callable[[bytes], bytes]:
    def changed(described: bytes) -> bytes:
        lines = described.split(CRLF)
        if number >= len(lines) - 1:
            return described
        return CRLF.join(
            (*lines[:number], *change(lines[number]), *lines[number + 1 :])
        )

    return changed


def _other(line: bytes) -> bytes:
    return _altered(Field(b"x:" + line)).octets[2:]


def _of_packets(play: str, role: Role | None) -> Iterator[Mutant]:
    assert role
    for number in PACKETS:
        for name, change in (
            ("dropped", lambda cast: ()),
            ("doubled", lambda cast: (cast, cast)),
            ("with a bit of its header flipped", lambda cast: (_flipped(cast, 3),)),
            ("with a bit of its sound flipped", lambda cast: (_flipped(cast, 60),)),
        ):
            yield Mutant(
                name=f"rtp: {role} packet {number} {name}",
                role=role,
                kind="rtp",
                where=play,
                way=ways.casts(_only(number, change)),
            )


def _only(
    number: int, change: Callable[[Cast], tuple[Cast, ...]]
) -> Callable[[int, Cast], tuple[Cast, ...] | None]:
    return lambda n, cast: change(cast) if n == number else None


def _flipped(cast: Cast, at: int) -> Cast:
    octets = bytearray(cast.octets)
    octets[min(at, len(octets) - 1)] ^= 0x10
    return replace(cast, octets=bytes(octets))
