"""Who is on hold is silent, and goes on when the hold is over.

RFC 3264 §6.1 and §8.4 (directions, and 0.0.0.0 as RFC 2543 had it), RFC 3261 §14.1.
Packets without sound may keep a path open (RFC 6263 §4).
"""

from collections.abc import Callable, Iterator

import msgspec

from ringback.evidence.frame import RtpFrame, SipFrame
from ringback.judge.case import Call, Case, Exchange
from ringback.judge.descriptions import (
    Agreement,
    agreements,
    described,
    description,
    sound_of,
)
from ringback.judge.stimulus import given
from ringback.judge.verdict import Verdict, fails, passes, undecided
from ringback.values import Leg, Role
from ringback.wire.sdp import Media

GRACE = 0.25  # seconds: what was under way when the hold was agreed
HEARD = 0.3  # seconds of a call, within which sound must show itself
NOWHERE = ("0.0.0.0", "::")
NO_DIALOG = (408, 481)  # RFC 5057 §5.1: these end the dialog
TALKING = (Leg.UM_GATEWAY, Leg.GATEWAY_PHONE)


class Spell(msgspec.Struct, frozen=True):
    """How long one agreement held, as one party (``sender``) had to obey it."""

    call_id: str
    frame: SipFrame  # the answer
    sender: Role | None
    sends: bool
    nowhere: bool  # put on hold by an address
    begin: float
    end: float

    @property
    def leg(self) -> Leg | None:
        return self.frame.leg


def on_hold_nothing_is_sent(case: Case) -> Verdict:
    """RFC 3264 §6.1, §8.4: recvonly and inactive send nothing."""
    return _silent(case, lambda s: not s.nowhere, "by direction")


def on_hold_by_address_nothing_is_sent(case: Case) -> Verdict:
    """RFC 3264 §8.4: to 0.0.0.0 nothing is sent."""
    return _silent(case, lambda s: s.nowhere, "by an address of zeros")


def _silent(case: Case, kind: Callable[[Spell], bool], how: str) -> Verdict:
    held = [s for s in _spells(case) if not s.sends and kind(s)]
    held = [s for s in held if s.end > s.begin + GRACE]
    if not held:
        return undecided(f"nobody was put on hold {how} for long")
    for spell in held:
        loud = [f for f in _sound(case, spell) if f.time > spell.begin + GRACE]
        if loud:
            why = f"{len(loud)} packets of sound while on hold {how}"
            return fails(why, *loud[:5], spell.frame, by=spell.sender)
    return passes(f"silent while on hold {how}", *(s.frame for s in held[:12]))


def after_a_hold_the_um_plays_on(case: Case) -> Verdict:
    """RFC 3264 §8.4: the hold is over as soon as it is answered."""
    own = [s for s in _spells(case) if s.sender is Role.UM]
    resumed = [
        spell
        for at, spell in enumerate(own)
        if spell.sends and spell.end - spell.begin > HEARD
        if any(not s.sends and s.call_id == spell.call_id for s in own[:at])
    ]
    if not resumed:
        return undecided("no hold of the UM was over for long")
    mute = [s for s in resumed if not any(_sound(case, s))]
    if mute and any(_is_unreadable(case, s) for s in mute):
        return undecided("what the UM sent after the hold cannot be read")
    if mute:
        why = "the UM stayed silent when the hold was over"
        return fails(why, mute[0].frame, by=Role.UM)
    return passes("the UM played on", *(s.frame for s in resumed))


@given("re-INVITE")
def a_refused_change_changes_nothing(case: Case) -> Verdict:
    """RFC 3261 §14.1: what was agreed holds as if the re-INVITE had not been sent."""
    found = []
    for call in (c for leg in TALKING for c in case.calls(leg)):
        for again in filter(_is_refused_change, call.exchanges):
            if (spell := _around(case, call, again)) is None:
                continue
            found.append(spell.frame)
            if not any(_sound(case, spell)) and not _is_unreadable(case, spell):
                why = "the sound stopped when a new description was refused"
                return fails(why, spell.frame, by=spell.sender)
    if not found:
        return undecided("no change was refused while sound was running")
    return passes("the sound went on after the refusal", *found)


def _is_refused_change(x: Exchange) -> bool:
    inside = x.request.method == "INVITE" and bool(x.request.to_tag)
    refused = x.final is not None and x.final.status >= 400
    lasts = refused and x.final is not None and x.final.status not in NO_DIALOG
    return inside and lasts and description(x.request) is not None


def _around(case: Case, call: Call, again: Exchange) -> Spell | None:
    """The time after the refusal, where there was sound before it."""
    assert again.final, "it was refused"
    frame = again.final.frame
    after = [x.frame.time for x in call.exchanges if x.frame.number > frame.number]
    end = min([*after, case.last_time])
    sender = again.request.receiver
    spell = Spell(call.call_id, frame, sender, True, False, frame.time, end)
    before = Spell(
        call.call_id, frame, sender, True, False, frame.time - HEARD, frame.time
    )
    long = end - frame.time > HEARD
    return spell if long and any(_sound(case, before)) else None


def _spells(case: Case) -> list[Spell]:
    """Each agreement twice: for who offered and for who answered."""
    found = case.memory.get("spells")
    if not isinstance(found, list):
        talks = [a for a in agreements(case) if a.frame.leg in TALKING]
        found = [spell for a in talks for spell in _of(case, a)]
        case.memory["spells"] = found
    return found


def _of(case: Case, agreement: Agreement) -> Iterator[Spell]:
    offered, answered = sound_of(agreement.offer), sound_of(agreement.answer)
    if offered is None or answered is None or not (offered.port and answered.port):
        return
    frame, call_id = agreement.frame, agreement.answering.call_id
    ends = [
        said.frame.time
        for said in case.requests
        if said.call_id == call_id
        and said.number > frame.number
        and said.method in ("INVITE", "UPDATE", "BYE")
    ]
    end = min(ends, default=case.last_time)
    parties = ((frame.receiver, offered, answered), (frame.sender, answered, offered))
    for sender, own, theirs in parties:
        nowhere = theirs.host in NOWHERE
        sends = not nowhere and _may_send(own, theirs)
        yield Spell(call_id, frame, sender, sends, nowhere, frame.time, end)


def _may_send(own: Media, theirs: Media) -> bool:
    return own.direction in ("sendrecv", "sendonly") and theirs.direction in (
        "sendrecv",
        "recvonly",
    )


def _is_unreadable(case: Case, spell: Spell) -> bool:
    """Whether the party sent meanwhile what no key opens."""
    return any(
        frame.rtp is None and spell.begin < frame.time < spell.end
        for stream in case.streams
        if stream.leg is spell.leg and stream.sender is spell.sender
        for frame in stream.frames
    )


def _sound(case: Case, spell: Spell) -> Iterator[RtpFrame]:
    """What the party sent meanwhile, to ports of that call."""
    ports = {
        sound.port
        for thing in described(case)
        if thing.said.call_id == spell.call_id and thing.frame.leg is spell.leg
        if thing.frame.sender is not spell.sender and (sound := sound_of(thing.sdp))
    }
    for stream in case.streams:
        own = stream.leg is spell.leg and stream.sender is spell.sender
        for frame, packet in stream.sound if own else ():
            meant = stream.target.port in ports and packet.payload
            if meant and spell.begin < frame.time < spell.end:
                yield frame
