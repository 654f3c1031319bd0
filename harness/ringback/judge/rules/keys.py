"""Keys of the keypad as telephone events.

RFC 4733 §2.3 (payload), §2.5.1.2 to §2.5.1.4 (updates, the end said three times).
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise

from ringback.evidence.frame import RtpFrame
from ringback.faults import Malformed
from ringback.judge.case import Case, Stream
from ringback.judge.descriptions import listening
from ringback.judge.rules.spoilt import who_spoilt_it
from ringback.judge.verdict import Verdict, each, fails, passes, undecided
from ringback.values import Leg, Role
from ringback.wire.telephone_event import TelephoneEvent, key_of

ENDING = 0.2  # seconds before BYE in which a key may have been cut off


@dataclass(slots=True, eq=False)
class Press:
    """One key, with every packet that told of it."""

    event: int
    timestamp: int
    frames: list[RtpFrame] = field(default_factory=list)
    told: list[TelephoneEvent] = field(default_factory=list)

    @property
    def frame(self) -> RtpFrame:
        return self.frames[0]

    @property
    def key(self) -> str:
        return key_of(self.event)

    @property
    def ended(self) -> bool:
        return any(t.end for t in self.told)


def keys_arrive(case: Case) -> Verdict:
    """The keys pressed are the keys seen on the um-gateway leg, in order. Who told the
    gateway of others is guilty himself."""
    expected = case.known.expected.keys.upper()
    presses = _presses(case)
    if not expected:
        return undecided("no key was pressed")
    if not any(x.accepted for x in case.invites(Leg.UM_GATEWAY)):
        return undecided("no call was answered in which keys could be pressed")
    seen = _keys(presses)
    if seen == expected:
        return passes(f"{seen} arrived", *(p.frame for p in presses))
    if not any(call.accepted for call in case.calls(Leg.UM_GATEWAY)):
        return undecided("no call was up in which keys could arrive")
    why = f"pressed were {expected}, arrived are {seen or 'none'}"
    told = _presses(case, Leg.GATEWAY_PHONE)
    pressed = seen == _keys(_owed(case, told)) and expected.startswith(seen)
    seen_there = told or case.streams_of(Leg.GATEWAY_PHONE, Role.PHONE)
    if pressed and (seen_there or not _is_over(case) or not _was_up(case)):
        return undecided("not all keys were pressed while the calls were up")
    by = _who_lost_them(case, _keys(told), expected)
    shown = told if by is Role.PHONE else presses or told
    return fails(why, *(p.frame for p in shown), by=by)


def _keys(presses: list[Press]) -> str:
    return "".join(p.key for p in presses)


def _owed(case: Case, told: list[Press]) -> list[Press]:
    """Those that the phone began when its call was up on both sides."""
    acks = [a.number for x in case.invites(Leg.GATEWAY_PHONE) for a in x.acks]
    return [p for p in told if any(ack < p.frame.number for ack in acks)]


def _was_up(case: Case) -> bool:
    return any(call.accepted for call in case.calls(Leg.GATEWAY_PHONE))


def _is_over(case: Case) -> bool:
    return any(call.of("BYE") for call in case.all_calls)


def _who_lost_them(case: Case, told: str, expected: str) -> Role:
    """Who described no stream for them, told of others, or else let them get lost."""
    if spoilt := who_spoilt_it(case):
        return spoilt
    if not _kinds(case, Leg.UM_GATEWAY):
        return Role.UM
    return Role.PHONE if told and told != expected else Role.GATEWAY


def the_end_of_a_key_is_said_three_times(case: Case) -> Verdict:
    """RFC 4733 §2.5.1.4: a SHOULD. A call that ends during a key ends the key too."""
    byes = [x.frame.time for c in case.calls(Leg.UM_GATEWAY) for x in c.of("BYE")]
    whole = [p for p in _presses(case) if not _was_cut(p, byes)]
    own = _of_its_own(case, whole, _ends)
    return each(own, _ends, "keys", shows=lambda p: p.frames[-1])


def _was_cut(press: Press, byes: list[float]) -> bool:
    return any(bye - press.frames[-1].time < ENDING for bye in byes)


def _ends(press: Press) -> str:
    ends = sum(t.end for t in press.told)
    return "" if ends >= 3 else f"the end of key {press.key} is said {ends} time(s)"


def durations_grow(case: Case) -> Verdict:
    """RFC 4733 §2.5.1.2: each packet of an event tells a longer duration; the
    repetitions of the end tell the same."""
    own = _of_its_own(case, _presses(case), _grows)
    return each(own, _grows, "keys", shows=_first_to_shrink)


def _of_its_own(
    case: Case, presses: list[Press], offence: Callable[[Press], str]
) -> list[Press]:
    """Without those that a gateway has passed on as the phone told them."""
    passed = {p.key for p in _presses(case, Leg.GATEWAY_PHONE) if offence(p)}
    return [p for p in presses if p.key not in passed]


def _grows(press: Press) -> str:
    if (at := _shrinks_at(press)) is None:
        return ""
    moved = f"{press.told[at - 1].duration} to {press.told[at].duration}"
    return f"the duration of key {press.key} goes from {moved}"


def _shrinks_at(press: Press) -> int | None:
    for at, (before, after) in enumerate(pairwise(press.told), 1):
        if after.duration < before.duration or (before.end and not after.end):
            return at
    return None


def _first_to_shrink(press: Press) -> RtpFrame:
    return press.frames[_shrinks_at(press) or 0]


def _presses(case: Case, leg: Leg = Leg.UM_GATEWAY) -> list[Press]:
    """What went inwards on a leg, in the formats that its inner end described for
    events."""
    found = case.memory.get(f"presses {leg}")
    if not isinstance(found, list):
        kinds, streams = _kinds(case, leg), case.streams_of(leg, leg.roles[1])
        found = [p for s in streams for p in _pressed(s, kinds)]
        case.memory[f"presses {leg}"] = found
    return found


def _kinds(case: Case, leg: Leg) -> set[str]:
    """The formats for events that the inner end of a leg described."""
    media = listening(case, leg, leg.roles[0])
    return {m.format_of("telephone-event") for m in media} - {""}


def _pressed(stream: Stream, kinds: set[str]) -> Iterator[Press]:
    """A new event begins with another timestamp or another code; or, with senders
    that repeat timestamps, when a short duration follows an end."""
    press: Press | None = None
    for frame, packet in stream.packets:
        if str(packet.payload_type) not in kinds:
            continue
        try:
            told = TelephoneEvent.parse(packet.payload)
        except Malformed:
            continue
        if press is None or _is_new(press, packet.timestamp, told):
            if press:
                yield press
            press = Press(told.event, packet.timestamp)
        press.frames.append(frame)
        press.told.append(told)
    if press:
        yield press


def _is_new(press: Press, timestamp: int, told: TelephoneEvent) -> bool:
    if (press.event, press.timestamp) != (told.event, timestamp):
        return True
    last = press.told[-1]
    return press.ended and not told.end and told.duration < last.duration
