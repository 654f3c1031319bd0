"""RTP as it runs: sequence, timestamps, pace, payload types, beginning and end.

RFC 3550 §5.1, RFC 3551 §4.1, §4.2 and §4.5.14, RFC 3264 §7, RFC 3261 §15.1. Timestamps
are judged strictly; arrival times leniently, for a busy machine shakes them.
"""

from collections.abc import Callable, Sequence
from itertools import pairwise
from statistics import median

from ringback.evidence.frame import RtpFrame
from ringback.judge.case import Call, Case, Exchange, Stream
from ringback.judge.descriptions import (
    described,
    encodings,
    listening,
    media_of,
    sound_of,
)
from ringback.judge.ends import end_of
from ringback.judge.soundness import ended_nothing
from ringback.judge.verdict import Verdict, each, fails, passes, undecided
from ringback.values import Leg, Role
from ringback.wire.rtp import RtpPacket

FRAME = 160  # samples in 20 ms
DRIFT = 0.05  # of the duration, by which timestamps and clock may differ
BURST = 0.1  # seconds by which the first or last packets may come bunched
LEAST = 10  # packets, below which there is no pace to speak of
GRACE = 0.5  # seconds after BYE: what was under way may still arrive
QUIET = frozenset(b"\xff\x7f\xfe\x7e\xfd\x7d\xd5\x55\xd4\x54")  # G.711 near zero
Flaw = tuple[str, RtpFrame]  # what is wrong, and the packet that shows it


def sequence_numbers_count_by_one(case: Case) -> Verdict:
    """RFC 3550 §5.1."""
    return _each(_from_um(case), _gap, "streams of the UM")


def _gap(stream: Stream) -> Flaw | None:
    for (_, before), (frame, after) in pairwise(stream.packets):
        step = (after.sequence - before.sequence) & 0xFFFF
        if step != 1:
            moved = f"{before.sequence} to {after.sequence}"
            return f"sequence number from {moved} in frame {frame.number}", frame
    return None


def numbers_of_the_phone_count_by_one(case: Case) -> Verdict:
    """RFC 3550 §5.1: he speaks for himself; what a network repeats is no step."""
    own = case.streams_of(Leg.GATEWAY_PHONE, Role.PHONE)
    return _each([s for s in own if s.packets], _leap, "streams of the phone")


def _leap(stream: Stream) -> Flaw | None:
    for (_, before), (frame, after) in pairwise(stream.packets):
        step = (after.sequence - before.sequence) & 0xFFFF
        if step != 1 and after != before:
            moved = f"{before.sequence} to {after.sequence}"
            return f"sequence number from {moved} in frame {frame.number}", frame
    return None


def numbers_are_given_once(case: Case) -> Verdict:
    """RFC 3550 §5.1: two packets of a source that differ have two numbers."""
    return _each([s for s in case.streams if s.packets], _given_twice, "streams")


def _given_twice(stream: Stream) -> Flaw | None:
    """Only streams within one round of numbers can be told."""
    numbers = {packet.sequence for _, packet in stream.packets}
    if len(numbers) == len(stream.packets) or len(stream.packets) > 0x7FFF:
        return None
    first: dict[int, RtpPacket] = {}
    for frame, packet in stream.packets:
        if first.setdefault(packet.sequence, packet) != packet:
            why = f"two packets have the sequence number {packet.sequence}"
            return f"{why}, the second in frame {frame.number}", frame
    return None


def numbers_follow_the_clock(case: Case) -> Verdict:
    """RFC 3550 §5.1: what was sampled between its neighbours is numbered between them.

    Who was late, or came twice, has the number and the clock of his place. A source
    that begins both anew has no neighbour whose place could be doubted.
    """
    return _each([s for s in case.streams if s.sound], _out_of_turn, "streams of G.711")


def _out_of_turn(stream: Stream) -> Flaw | None:
    numbers = [packet.sequence for _, packet in stream.sound]
    if numbers == sorted(numbers):
        return None
    heard = stream.sound
    neighbours = zip(heard, heard[1:], heard[2:], strict=False)
    for (_, before), (frame, packet), (_, after) in neighbours:
        sampled_between = _later(before.timestamp, packet.timestamp, 32) and _later(
            packet.timestamp, after.timestamp, 32
        )
        numbered_outside = _later(packet.sequence, before.sequence, 16) or _later(
            after.sequence, packet.sequence, 16
        )
        in_order = _later(before.sequence, after.sequence, 16)
        if sampled_between and numbered_outside and in_order:
            around = f"between those numbered {before.sequence} and {after.sequence}"
            why = f"the packet sampled {around} has the number {packet.sequence}"
            return f"{why}, in frame {frame.number}", frame
    return None


def _later(earlier: int, later: int, bits: int) -> bool:
    """By less than half of a counter that turns over."""
    return 0 < (later - earlier) % (1 << bits) < 1 << (bits - 1)


def timestamps_count_samples(case: Case) -> Verdict:
    """RFC 3550 §5.1: by what the packet before held, or more after a pause."""
    return _each(_sounding(case), _steps, "streams of G.711")


def _steps(stream: Stream) -> Flaw | None:
    """A key interrupts the sound: only neighbours in sequence are compared."""
    steps: list[tuple[int, int]] = []
    for (_, before), (frame, after) in pairwise(stream.sound):
        if (after.sequence - before.sequence) & 0xFFFF != 1:
            continue
        step = (after.timestamp - before.timestamp) & 0xFFFFFFFF
        if step < len(before.payload) or step > 1 << 31:
            moved = f"{step - (step >> 31 << 32)} samples after {len(before.payload)}"
            return f"timestamp moves by {moved} in frame {frame.number}", frame
        steps.append((step, len(before.payload)))
    usual = median(step for step, _ in steps) if steps else FRAME
    held = median(length for _, length in steps) if steps else FRAME
    if usual != held:
        why = f"timestamps move by {usual:g} samples, packets hold {held:g}"
        return why, stream.frame
    return None


def packets_hold_20_ms(case: Case) -> Verdict:
    """RFC 3551 §4.2, unless the listener asked for another ptime."""
    asked = {m.ptime for m in listening(case, Leg.UM_GATEWAY, Role.GATEWAY) if m.ptime}
    allowed = {FRAME} | {8 * ptime for ptime in asked}
    streams = [s for s in _sounding(case) if s.sender is Role.UM]
    return each(streams, lambda s: _size(s, allowed), "G.711 streams of the UM")


def _size(stream: Stream, allowed: set[int]) -> str:
    sizes = [len(packet.payload) for _, packet in stream.sound[:-1]]
    usual = median(sizes) if sizes else FRAME
    return "" if usual in allowed else f"packets hold {usual / 8:g} ms"


def packets_leave_in_pace(case: Case) -> Verdict:
    """Clock and timestamps agree within 5 % over the whole stream. Spacing is told and
    not judged: a busy machine bunches packets that a fair sender sent."""
    long = [s for s in _sounding(case) if s.sender is Role.UM]
    long = [s for s in long if len(s.sound) >= LEAST]
    last = "G.711 streams of the UM"
    return each(long, _pace, last, shows=lambda s: s.sound[-1][0])


def _pace(stream: Stream) -> str:
    heard = stream.sound
    pairs = list(pairwise(heard))
    spacing = median(b[0].time - a[0].time for a, b in pairs)
    fits = median(len(a[1].payload) for a, b in pairs) / 8000
    spent = heard[-1][0].time - heard[0][0].time
    told = ((heard[-1][1].timestamp - heard[0][1].timestamp) & 0xFFFFFFFF) / 8000
    if abs(spent - told) <= max(DRIFT * told, BURST):
        return ""
    each_ms = f"a packet of {1000 * fits:g} ms every {1000 * spacing:.1f} ms"
    return f"{told:.2f} s of sound were sent in {spent:.2f} s, {each_ms}"


def payload_types_are_agreed(case: Case) -> Verdict:
    """RFC 3264 §7: only formats that the listener has described."""
    streams = [s for s in case.streams if _listeners_formats(case, s)]
    return _each(streams, lambda s: _foreign(case, s), "streams to a known listener")


def _foreign(case: Case, stream: Stream) -> Flaw | None:
    formats = _listeners_formats(case, stream)
    for frame, packet in stream.packets:
        if str(packet.payload_type) not in formats:
            kind = packet.payload_type
            return f"payload type {kind} in frame {frame.number}, not described", frame
    return None


def _listeners_formats(case: Case, stream: Stream) -> set[str]:
    """By the address that a description names, else by the listener's role."""
    formats: set[str] = set()
    for thing in described(case):
        here = thing.frame.leg is stream.leg
        mine = thing.frame.sender is stream.frame.receiver
        if not (here and mine and thing.frame.sender):
            continue
        for media in media_of(thing.sdp):
            if media.kind == "audio" and media.port in (stream.target.port, 0):
                formats |= set(encodings(media))
    return formats


def nothing_is_played_before_the_answer(case: Case) -> Verdict:
    """Early media may ring back, and silence may open a path: sound may not."""
    answers = [
        r
        for r in case.responses
        if r.frame.leg is Leg.UM_GATEWAY and r.method == "INVITE"
        if r.status // 100 == 2  # whatever its Call-ID: a branch is matched
    ]
    first = next((f for f in _heard_from_um(case) if not _silent(f)), None)
    if first is None:
        return undecided("the UM sent no sound")
    if not any(answer.number < first.number for answer in answers):
        return fails("the UM played before the call was answered", first)
    return passes("sound came after the answer", first)


def media_ends_with_the_call(case: Case) -> Verdict:
    """RFC 3261 §15.1.1 and §15.1.2: who sent BYE or answered it stops sending.

    A port that a later call describes is that call's from there on.
    """
    calls = case.calls(Leg.UM_GATEWAY)
    ends = [(c, bye) for c in calls if (bye := _last_bye(case, c))]
    if not (ends and any(s.leg is Leg.UM_GATEWAY for s in case.streams)):
        return undecided("no call with sound ended by BYE")
    late = [f for call, bye in ends for f in _after(case, call, bye)]
    if late:
        return fails(f"RTP more than {GRACE} s after the BYE", *late[:12])
    return passes("no RTP outlived the call", *(bye.frame for _, bye in ends))


def _last_bye(case: Case, call: Call) -> Exchange | None:
    """After which nothing of the call stands: the last branch of a fork counts. Where
    two calls have one Call-ID nobody can tell which of them a BYE ended."""
    end = end_of(case, call)
    answers = {x.accepted.to_tag for x in call.invites if x.accepted}
    if end is None or len(answers) != 1 or ended_nothing(case, call):
        return None
    return next((x for x in call.of("BYE") if x.request is end), None)


def _after(case: Case, call: Call, bye: Exchange) -> list[RtpFrame]:
    """What still came to ports of that call, and of no later one."""
    own, later = set[int](), dict[int, float]()
    end = (bye.final or bye.request).frame.time + GRACE
    for thing in described(case):
        media, frame = sound_of(thing.sdp), thing.frame
        if media is None or frame.leg is not Leg.UM_GATEWAY:
            continue
        if thing.said.call_id == call.call_id:
            own.add(media.port)
        elif frame.number > bye.frame.number:
            later.setdefault(media.port, frame.time)
    return [
        f
        for s in case.streams
        if s.leg is Leg.UM_GATEWAY and s.target.port in own
        for f in s.frames
        if end < f.time < later.get(s.target.port, f.time + 1)
    ]


def _each(
    streams: Sequence[Stream], flaw: Callable[[Stream], Flaw | None], what: str
) -> Verdict:
    """Judge streams one by one; the packet that shows it is the guilty frame."""
    flaws = [found for s in streams if (found := flaw(s))]
    if not flaws:
        return each(streams, lambda s: "", what)
    because = flaws[0][0]
    if len(flaws) > 1:
        because += f" ({len(flaws)} of {len(streams)} {what} offend)"
    return fails(because, *(frame for _, frame in flaws))


def _from_um(case: Case) -> list[Stream]:
    streams = case.streams_of(Leg.UM_GATEWAY, Role.UM)
    return [s for s in streams if s.packets]


def _sounding(case: Case) -> Sequence[Stream]:
    streams = [s for s in case.streams if s.leg is Leg.UM_GATEWAY]
    return [s for s in streams if len(s.sound) > 1]


def _heard_from_um(case: Case) -> list[RtpFrame]:
    streams = case.streams_of(Leg.UM_GATEWAY, Role.UM)
    return sorted((f for s in streams for f, _ in s.sound), key=lambda f: f.number)


def _silent(frame: RtpFrame) -> bool:
    return frame.rtp is not None and set(frame.rtp.payload) <= QUIET
