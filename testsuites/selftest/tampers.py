"""One thing at a time done to the plain call's capture, and who must notice."""

from collections.abc import Callable
from hashlib import sha256

import msgspec
from msgspec.structs import replace
from testsuites.selftest.rewritten import Deed, Story, field, lacking, worded

from ringback.evidence.frame import RtpFrame, SipFrame
from ringback.values import Address, Leg, Role
from ringback.wire.message import Field, Message
from ringback.wire.rtp import RtpPacket

CAS_UM, UM_GATEWAY, FAR = Leg.CAS_UM, Leg.UM_GATEWAY, Leg.GATEWAY_PHONE
CAS, UM, GATEWAY, PHONE = Role.CAS, Role.UM, Role.GATEWAY, Role.PHONE
SECOND = 1_000_000_000
CLEAR, HIDDEN = "unsecured", "secured"


class Tampered(msgspec.Struct, frozen=True):
    """``guilty`` is the number of the deed that a verdict must point at."""

    story: Story
    guilty: int


Deeds = Callable[[Story], Tampered]


class Tamper(msgspec.Struct, frozen=True):
    """``noticed`` are the requirements that must fail, and no other may; the first
    of them must name the guilty frame. ``lost`` are those that cannot be decided any
    more, for what they look at is gone."""

    deed: Deeds
    noticed: tuple[str, ...]
    mode: str = CLEAR
    lost: tuple[str, ...] = ()


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
    third = len(frames) // 3
    gone = [frame.number for frame in frames[third : 2 * third]]
    return Tampered(story.without(*gone), frames[0].number)


def _slow(story: Story) -> Tampered:
    """A clock that runs a fifth slow from the first packet of sound on."""
    frames = story.heard(UM_GATEWAY, UM)
    start = story.deed(frames[0].number).ns
    later = [d.number for d in story.deeds if d.ns > start]
    moved = story.moved(later, lambda ns: start + (ns - start) * 6 // 5)
    return Tampered(moved, frames[-1].number)


def _cast(frame: RtpFrame, octets: bytes, ends: tuple[Address, Address]) -> Deed:
    return Deed(10_000, 0, "casts", -1, *ends, octets)


def _early(story: Story) -> Tampered:
    """The first loud packet comes before the answer."""
    frames = story.heard(UM_GATEWAY, UM)
    loud = next(f for f in frames if f.rtp and len(set(f.rtp.payload)) > 40)
    ringing = story.sip("SIP/2.0 180", UM_GATEWAY).number
    one = _cast(loud, _of_another(loud), (loud.source, loud.target))
    return Tampered(story.after(ringing, one), one.number)


def _late(story: Story) -> Tampered:
    """One more packet comes when everything is over."""
    last = story.heard(UM_GATEWAY, UM)[-1]
    one = _cast(last, _of_another(last), (last.source, last.target))
    told = story.after(story.deeds[-1].number, one)
    return Tampered(told.moved([one.number], lambda ns: ns + SECOND), one.number)


def _of_another(frame: RtpFrame) -> bytes:
    """The same packet of another source, so that no stream is disturbed."""
    return bytes(replace(RtpPacket.parse(frame.octets), ssrc=77))


def _over_the_cas(story: Story) -> Tampered:
    frame = story.heard(UM_GATEWAY, UM)[5]
    cas = story.sip("INVITE", CAS_UM).source.host
    one = _cast(frame, frame.octets, (frame.source, Address(cas, 9)))
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


def _unheard(story: Story) -> Tampered:
    """The gateway never said that it rings; the user is told so all the same."""
    gone = story.sip("SIP/2.0 180", UM_GATEWAY).number
    return Tampered(story.without(gone), story.told("Alerted").number)


def _counted_on(story: Story) -> Tampered:
    ack = story.sip("ACK", UM_GATEWAY).number
    told = story.message(ack, field("CSeq", "77 ACK"))
    return Tampered(told, story.sip("SIP/2.0 200", UM_GATEWAY).number)


def _redirected(old: str, new: str) -> Deeds:
    """Another Contact in the 302; guilty is the INVITE that now goes astray."""

    def deed(story: Story) -> Tampered:
        frame = story.sip("SIP/2.0 302", CAS_UM)
        contact = frame.sip.first("contact").replace(old, new)
        told = story.message(frame.number, field("Contact", contact))
        return Tampered(told, story.sip("INVITE", CAS_UM, nth=1).number)

    return deed


def _asking(old: str, new: str) -> Callable[[Message], Message]:
    """A request with another Request-URI."""
    return lambda m: replace(m, start=m.start.replace(old.encode(), new.encode()))


def _not_told(story: Story) -> Tampered:
    """The last question comes late, and its answer still says Connected."""
    last = story.told("Disconnected").number
    asked = max(f.number for f in story.evidence.http if f.number < last)
    told = story.answered(last, _retold("Disconnected", "Connected"))
    later = [deed.number for deed in story.deeds if deed.number >= asked]
    return Tampered(told.moved(later, lambda ns: ns + 3 * SECOND), last)


def _clear_request(story: Story) -> Tampered:
    """On a secured leg a connection of its own, to the secured port, in the clear."""
    frame = story.sip("INVITE", CAS_UM)
    ends = replace(frame.source, port=45000), frame.target
    asked = Message.request("OPTIONS", frame.sip.uri, _own_fields(frame))
    to = Field.of("To", f"{asked.first('to')};tag=clear")
    same = [f for f in asked.fields if f.name in ("from", "call-id", "cseq")]
    via = Field.of("Via", f"{asked.first('via')};received={ends[0].host}")
    able = (Field.of("Allow", "INVITE"), Field.of("Accept", "application/sdp"))
    opens = Deed(10_000, 0, "opens", 10_000, *ends)
    says = replace(opens, number=10_001, kind="says", octets=bytes(asked))
    back = replace(says, number=10_002, source=ends[1], target=ends[0])
    back = replace(back, octets=bytes(_ok(via, *same, to, *able)))
    return Tampered(story.after(frame.number, opens, says, back), says.number)


def _ok(*fields: Field) -> Message:
    return Message.response(200, "OK", fields)


def _own_fields(frame: SipFrame) -> list[Field]:
    """Those of a request that nobody else has made."""
    return [
        Field.of("Via", f"SIP/2.0/TCP {frame.source.host}:5061;branch=z9hG4bKclear"),
        Field.of("Max-Forwards", "70"),
        Field.of("From", "<sip:somebody@cas.ringback.test>;tag=somebody"),
        Field.of("To", "<sip:um.ringback.test>"),
        Field.of("Call-ID", "clear@cas.ringback.test"),
        Field.of("CSeq", "1 OPTIONS"),
    ]


def _forged(story: Story) -> Tampered:
    """One octet of one SRTP packet."""
    frame = story.heard(UM_GATEWAY, UM)[7]
    octets = frame.octets[:-1] + bytes([frame.octets[-1] ^ 1])
    return Tampered(story.changed(frame.number, octets), frame.number)


def _unsealed(story: Story) -> Tampered:
    """The sound of the UM as plain RTP although SRTP was agreed."""
    frames = story.heard(UM_GATEWAY, UM)
    for frame in frames:
        story = story.changed(frame.number, bytes(frame.rtp or b""))
    return Tampered(story, frames[0].number)


def _noise(packet: RtpPacket) -> RtpPacket:
    seed = packet.sequence.to_bytes(2)
    octets = b"".join(sha256(seed + bytes([n])).digest() for n in range(5))
    return replace(packet, payload=octets[: len(packet.payload)])


def _half(packet: RtpPacket) -> RtpPacket:
    return replace(packet, payload=packet.payload[:80])


def _retold(old: str, new: str) -> Callable[[bytes], bytes]:
    return lambda body: body.replace(f">{old}<".encode(), f">{new}<".encode())


EVERY = slice(None)
SOUND = (
    "MED-HEARD-001",
    "RTP-SEQ-001",
    "RTP-SIZE-001",
    "RTP-PACE-001",
    "RTP-EARLY-001",
)
TAMPERS = {
    "the ACK of the 302 is dropped": Tamper(
        _dropped("ACK", CAS_UM, "SIP/2.0 302"),
        ("SIP-ACK-001",),
        lost=("SIP-ACK-003",),
    ),
    "the ACK of the answer is dropped": Tamper(
        _dropped("ACK", UM_GATEWAY, "SIP/2.0 200"), ("SIP-ACK-002",)
    ),
    "the answer to BYE is dropped": Tamper(
        _dropped("SIP/2.0 200", UM_GATEWAY, "BYE", nth=1), ("SIP-BYE-001",)
    ),
    "the ringing of the gateway is dropped": Tamper(_unheard, ("POP-STATE-002",)),
    "the INVITE has no Contact": Tamper(
        _said("INVITE", UM_GATEWAY, lacking("contact")), ("SIP-CONTACT-001",)
    ),
    "the answer has no Contact": Tamper(
        _said("SIP/2.0 200", UM_GATEWAY, lacking("contact")), ("SIP-CONTACT-002",)
    ),
    "the INVITE has no Max-Forwards": Tamper(
        _said("INVITE", UM_GATEWAY, lacking("max-forwards")), ("SIP-FORM-003",)
    ),
    "an ACK has no Call-ID": Tamper(
        _said("ACK", FAR, lacking("call-id")), ("SIP-FORM-002", "SIP-ACK-002")
    ),
    "a ringing has no Content-Length": Tamper(
        _said("SIP/2.0 180", FAR, lacking("content-length")), ("SIP-FORM-004",)
    ),
    "the CSeq of BYE names INVITE": Tamper(
        _said("BYE", UM_GATEWAY, field("CSeq", "1 INVITE")),
        ("SIP-FORM-005",),
        lost=("POP-END-003", "POP-STATE-005", "RTP-END-001"),
    ),
    "the CSeq of an ACK counts on": Tamper(_counted_on, ("SIP-ACK-002",)),
    "the INVITE has no tag in From": Tamper(
        _said("INVITE", FAR, field("From", "<sip:a@b.test>")),
        ("SIP-TAG-001", "SIP-RESP-001", "SIP-ACK-002"),
    ),
    "a ringing has no tag in To": Tamper(
        _said("SIP/2.0 180", FAR, field("To", "<sip:a@b.test>")), ("SIP-TAG-002",)
    ),
    "a ringing has no Via": Tamper(
        _said("SIP/2.0 180", FAR, lacking("via")), ("SIP-VIA-003",)
    ),
    "the 302 names another port": Tamper(
        _redirected(":5060;", ":5067;"), ("SIP-REDIR-002", "SIP-REDIR-005")
    ),
    "the 302 wants TLS": Tamper(_redirected("=Tcp", "=Tls"), ("SIP-REDIR-004",)),
    "another number is dialled": Tamper(
        _said("INVITE", UM_GATEWAY, _asking("5550123", "5550199")), ("POP-DIAL-001",)
    ),
    "the answer takes a codec that nobody offered": Tamper(
        _said("SIP/2.0 200", UM_GATEWAY, worded(" 0 101", " 18 19")),
        ("MED-SDP-004", "RTP-PT-001"),
    ),
    "an answer wants sound where none was offered": Tamper(
        _said("SIP/2.0 200", CAS_UM, worded("a=inactive", "a=sendonly")),
        ("MED-SDP-006",),
    ),
    "the BYE to the CAS is dropped": Tamper(
        _dropped("BYE", CAS_UM, "SIP/2.0 200"), ("POP-END-003",)
    ),
    "a refusal follows the answer": Tamper(_second_thoughts, ("SIP-RESP-002",)),
    "noise stands on a SIP connection": Tamper(_garbage, ("SIP-FORM-001",)),
    "the sound is noise": Tamper(_sounding(_noise, EVERY), ("MED-HEARD-001",)),
    "a third of the sound is lost": Tamper(
        _lost_sound, ("MED-HEARD-001", "RTP-SEQ-001")
    ),
    "the timestamps count milliseconds": Tamper(
        _sounding(lambda p: replace(p, timestamp=p.sequence * 20), EVERY, points_at=1),
        ("RTP-TS-001", "RTP-PACE-001", "MED-HEARD-001"),
    ),
    "the packets hold 10 ms": Tamper(
        _sounding(_half, EVERY),
        ("RTP-SIZE-001", "RTP-TS-001", "MED-HEARD-001"),
    ),
    "a packet is of a type that nobody described": Tamper(
        _sounding(lambda p: replace(p, payload_type=18), slice(50, 51), points_at=50),
        ("RTP-PT-001",),
    ),
    "the clock runs slow": Tamper(_slow, ("RTP-PACE-001",)),
    "sound comes before the answer": Tamper(_early, ("RTP-EARLY-001",)),
    "sound comes after the end": Tamper(_late, ("RTP-END-001",)),
    "sound runs over the CAS": Tamper(_over_the_cas, ("MED-CAS-001",)),
    "Connected is followed by Alerted": Tamper(
        _answered("Connected", _retold("Connected", "Alerted"), nth=-1),
        ("POP-STATE-001",),
    ),
    "Connected is told before the answer": Tamper(
        _answered("Alerted", _retold("Alerted", "Connected"), nth=-1),
        ("POP-STATE-003",),
        lost=("POP-STATE-002",),  # Alerted was told once
    ),
    "a live call is told to be busy": Tamper(
        _answered("Connected", _retold("None", "UserBusy")), ("POP-CAUSE-006",)
    ),
    "the end is told to be a failure": Tamper(
        _answered("Disconnected", _retold("None", "NoAnswer")), ("POP-CAUSE-007",)
    ),
    "the end is not told": Tamper(
        _not_told, ("POP-STATE-005",), lost=("POP-CAUSE-007",)
    ),
    "a request in the clear on a secured leg": Tamper(
        _clear_request, ("SEC-CLEAR-001",), HIDDEN
    ),
    "readable sound on a secured leg": Tamper(
        _unsealed,
        ("SEC-SRTP-001", "SEC-SRTP-002"),
        HIDDEN,
        lost=SOUND,
    ),
    "an octet of SRTP is forged": Tamper(
        _forged, ("SEC-SRTP-002", "RTP-SEQ-001"), HIDDEN
    ),
}
