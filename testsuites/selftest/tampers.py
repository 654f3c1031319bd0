"""One thing at a time done to the plain call's capture, and who must notice."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from testsuites.selftest.rewritten import Deed, Story, field, lacking, worded

from ringback.evidence.frame import RtpFrame, SipFrame
from ringback.values import Address, Leg, Role
from ringback.wire.message import Message
from ringback.wire.rtp import RtpPacket

CAS_UM, UM_GATEWAY, FAR = Leg.CAS_UM, Leg.UM_GATEWAY, Leg.GATEWAY_PHONE
CAS, UM, GATEWAY, PHONE = Role.CAS, Role.UM, Role.GATEWAY, Role.PHONE
SECOND = 1_000_000_000
CLEAR, HIDDEN = "unsecured", "secured"


@dataclass(frozen=True, slots=True)
class Tampered:
    """``guilty`` is the number of the deed that a verdict must point at."""

    story: Story
    guilty: int


@dataclass(frozen=True, slots=True)
class Tamper:
    """``noticed`` are the requirements that must fail, and no other may; the first
    of them must name the guilty frame."""

    deed: Callable[[Story], Tampered]
    noticed: tuple[str, ...]
    mode: str = CLEAR


def _dropped(start: str, leg: Leg, guilty: str, *, nth: int = 0) -> Deeds:
    def deed(story: Story) -> Tampered:
        gone = story.sip(start, leg, nth=nth).number
        return Tampered(story.without(gone), story.sip(guilty, leg).number)

    return deed


def _said(
    start: str,
    leg: Leg,
    change: Callable[[Message], Message],
    *,
    sender: Role | None = None,
    nth: int = 0,
) -> Deeds:
    """One message said otherwise; it is the guilty one."""

    def deed(story: Story) -> Tampered:
        number = story.sip(start, leg, sender=sender, nth=nth).number
        return Tampered(story.message(number, change), number)

    return deed


def _answered(words: str, change: Callable[[bytes], bytes], nth: int = 0) -> Deeds:
    def deed(story: Story) -> Tampered:
        number = story.told(words, nth).number
        return Tampered(story.answered(number, change), number)

    return deed


def _sounding(
    change: Callable[[RtpPacket], RtpPacket],
    part: slice,
    *,
    sender: Role = UM,
    points_at: int = 0,
) -> Deeds:
    """Some packets between UM and gateway cast otherwise."""

    def deed(story: Story) -> Tampered:
        frames = story.heard(UM_GATEWAY, sender)
        chosen = frames[part]
        return Tampered(story.packets(chosen, change), frames[points_at].number)

    return deed


def _lost_sound(story: Story) -> Tampered:
    frames = story.heard(UM_GATEWAY, UM)
    gone = [frame.number for frame in frames[60:90]]
    return Tampered(story.without(*gone), frames[0].number)


def _slow(story: Story) -> Tampered:
    """A clock that runs a fifth slow from the first packet of sound on."""
    frames = story.heard(UM_GATEWAY, UM)
    start = story.deed(frames[0].number).ns
    later = [d.number for d in story.deeds if d.ns > start]
    moved = story.moved(later, lambda ns: start + (ns - start) * 6 // 5)
    return Tampered(moved, frames[0].number)


def _cast(frame: RtpFrame, octets: bytes, ends: tuple[Address, Address]) -> Deed:
    return Deed(10_000, 0, "casts", -1, *ends, octets)


def _early(story: Story) -> Tampered:
    """The first loud packet comes before the answer."""
    frames = story.heard(UM_GATEWAY, UM)
    loud = next(f for f in frames if f.rtp and len(set(f.rtp.payload)) > 40)
    ringing = story.sip("SIP/2.0 180", UM_GATEWAY).number
    one = _cast(loud, loud.octets, (loud.source, loud.target))
    return Tampered(story.after(ringing, one), one.number)


def _late(story: Story) -> Tampered:
    """The last packet comes when everything is over."""
    last = story.heard(UM_GATEWAY, UM)[-1].number
    end = story.deeds[-1].ns + SECOND
    return Tampered(story.moved([last], lambda _: end), last)


def _over_the_cas(story: Story) -> Tampered:
    frame = story.heard(UM_GATEWAY, UM)[5]
    cas = story.sip("INVITE", CAS_UM).source.host
    one = _cast(frame, frame.octets, (frame.source, Address(cas, 4000)))
    return Tampered(story.after(frame.number, one), one.number)


def _garbage(story: Story) -> Tampered:
    ack = story.deed(story.sip("ACK", UM_GATEWAY).number)
    noise = replace(ack, number=10_000, octets=bytes(range(1, 90)))
    return Tampered(story.after(ack.number, noise), noise.number)


def _second_thoughts(story: Story) -> Tampered:
    """A refusal after the answer, to the same INVITE."""
    ok = story.deed(story.sip("SIP/2.0 200", UM_GATEWAY).number)
    octets = ok.octets.replace(b"SIP/2.0 200 OK", b"SIP/2.0 486 No", 1)
    refusal = replace(ok, number=10_000, octets=octets)
    return Tampered(story.after(ok.number, refusal), refusal.number)


def _clear_invite(story: Story) -> Tampered:
    """On a secured leg a connection of its own, to the secured port, in the clear."""
    frame = story.sip("INVITE", CAS_UM)
    ends = replace(frame.source, port=45000), frame.target
    opens = Deed(10_000, 0, "opens", 10_000, *ends)
    asked = Message.parse(bytes(frame.sip)).without("content-type")
    asked = Message.request("OPTIONS", asked.uri, _without_body(asked))
    says = replace(opens, number=10_001, kind="says", octets=bytes(asked))
    kept = [f for f in asked.fields if f.name in ("via", "from", "call-id", "cseq")]
    to = field("To", f"{asked.first('to')};tag=clear")
    told = Message.response(200, "OK", [*kept, *_only(asked, "to")])
    back = replace(says, number=10_002, source=ends[1], target=ends[0])
    back = replace(back, octets=bytes(to(told)))
    return Tampered(story.after(frame.number, opens, says, back), says.number)
