"""What an eavesdropper learns: SIP and sound in the clear, and keys for the sound.

Facts §5.1 says what each mode of a dial plan hides; RFC 4568 §8.3 asks that keys travel
hidden; RFC 3711 §3 makes SRTP tell forged packets from true ones.
"""

from collections import Counter
from collections.abc import Iterable

from ringback.evidence.frame import Frame, RtpFrame, SipFrame
from ringback.evidence.masking import masked_number
from ringback.judge.case import SIP_LEGS, Case, Rule, Said, readable
from ringback.judge.descriptions import described
from ringback.judge.verdict import Grade, Verdict, deviates, fails, passes, undecided
from ringback.values import Address, Leg
from ringback.wire.headers import NameAddr
from ringback.wire.uri import SipUri, TelUri, parse

UNEVEN = 0.008  # how often two octets are equal: noise has 0.0039, speech 0.02 and more


def no_sip_in_the_clear(leg: Leg) -> Rule:
    """Facts §5.1: every application octet of the leg's connections is inside TLS."""

    def rule(case: Case) -> Verdict:
        connections = [c for c in case.evidence.connections if c.leg is leg]
        if not connections:
            return undecided(f"no connection on {leg}")
        clear = [c for c in connections if c.clear_octets]
        if clear:
            flows = {c.flow for c in clear}
            frames = [
                f for f in _spoken(case, leg) if f.flow in flows and not f.secured
            ]
            octets = sum(c.clear_octets for c in clear)
            why = f"{octets} octets travelled outside TLS on {leg}"
            if not frames:  # what nobody could read has no frame of its own
                opened = tuple(c.opened for c in clear)
                return Verdict(Grade.FAIL, why, opened, clear[0].opener)
            return fails(why, *frames[:12])
        return passes(f"{len(connections)} connection(s), nothing outside TLS")

    return rule


def _spoken(case: Case, leg: Leg) -> list[Frame]:
    said: list[Frame] = [s.frame for s in case.said]
    said += case.evidence.broken
    return sorted((f for f in said if f.leg is leg), key=lambda f: f.number)


def no_readable_sound(case: Case) -> Verdict:
    """Facts §5.1: on a secured plan media is SRTP, in deed and not only in SDP."""
    sound = _sound(case)
    if not sound:
        return undecided("no RTP on um-gateway")
    clear = [f for f in sound if not f.secured] or _in_plain_speech(sound)
    if clear:
        why = f"{len(clear)} of {len(sound)} packets are readable RTP"
        return fails(why, *clear[:5])
    return passes(f"{len(sound)} packets of SRTP", sound[0], sound[-1])


def _in_plain_speech(sound: Iterable[RtpFrame]) -> list[RtpFrame]:
    """Packets that no key opens and that are no noise, as what is encrypted must be:
    two octets of cipher text are equal by 1 in 256, of speech or silence far more."""
    streams: dict[Address, list[RtpFrame]] = {}
    for frame in sound:
        if frame.secured and frame.rtp is None:
            streams.setdefault(frame.source, []).append(frame)
    return [f for frames in streams.values() if _is_uneven(frames) for f in frames]


def _is_uneven(frames: Iterable[RtpFrame]) -> bool:
    octets = b"".join(frame.octets[12:] for frame in frames)
    pairs = sum(count * (count - 1) for count in Counter(octets).values())
    return len(octets) > 1000 and pairs > UNEVEN * len(octets) * (len(octets) - 1)


def tags_of_srtp_are_true(case: Case) -> Verdict:
    """RFC 3711 §3.3: with the keys of the SDP every packet's tag verifies. One whose
    number came before is not read again (§3.3.2), and another rule's."""
    hidden = [f for f in _sound(case) if f.secured]
    if not hidden:
        return undecided("no SRTP on um-gateway")
    if not any(
        d.frame.leg is Leg.UM_GATEWAY and _keyed(d.said) for d in described(case)
    ):
        return undecided("no keys in this evidence", hidden[0])
    read = {_index(f) for f in hidden if f.rtp is not None}
    false = [f for f in hidden if f.rtp is None and _index(f) not in read]
    if false:
        why = f"{len(false)} of {len(hidden)} packets do not verify with the keys told"
        return fails(why, *false[:5])
    return passes(f"{len(hidden)} packets verify", hidden[0], hidden[-1])


def _index(frame: RtpFrame) -> tuple[object, ...]:
    """What SRTP leaves in the clear of a packet's place: sender, SSRC and number."""
    return frame.source, frame.octets[8:12], frame.octets[2:4]


def keys_travel_inside_tls(case: Case) -> Verdict:
    """RFC 4568 §8.3: a=crypto only where the SDP is hidden."""
    if not described(case):
        return undecided("no session description in this evidence")
    keyed = [d for d in described(case) if _keyed(d.said)]
    bare = [d.frame for d in keyed if not d.frame.secured]
    if bare:
        return fails("SRTP keys travelled in the clear", *bare)
    return passes(f"{len(keyed)} description(s) with keys, all inside TLS")


def _keyed(said: Said) -> bool:
    return b"a=crypto:" in said.frame.sip.body


def an_eavesdropper_learns_nothing(case: Case) -> Verdict:
    """The exhibit of an unsecured plan: who, which number (masked), how much sound."""
    bare = [f for f in (s.frame for s in case.said) if not f.secured]
    invites = [f for f in bare if f.sip.method == "INVITE" and not f.sip.status]
    invites = [f for f in invites if f.leg in SIP_LEGS]
    sound = [f for f in _sound(case) if not f.secured]
    if not case.said:
        return undecided("no SIP in this evidence")
    if not (bare or sound):
        return passes("nothing was readable")
    learned = [f"{len(bare)} SIP messages"]
    learned += sorted({f"the user {who}" for f in invites if (who := _who(f))})
    learned += sorted({f"the number {n}" for f in invites if (n := _number(f))})
    learned += [f"{_seconds(sound):.1f} s of sound"] if sound else []
    frames = [*invites, *sound[:1], *sound[-1:]]
    return deviates(f"an eavesdropper learned {', '.join(learned)}", *frames)


def sound_is_hidden(case: Case) -> Verdict:
    """The exhibit of a plan that secures SIP alone: the message itself is readable."""
    sound = _sound(case)
    if not sound:
        return undecided("no RTP on um-gateway")
    clear = [f for f in sound if not f.secured]
    if not clear:
        return passes("no packet is readable", sound[0])
    why = f"{_seconds(clear):.1f} s of sound are readable although SIP is secured"
    return deviates(why, clear[0], clear[-1])


def _sound(case: Case) -> tuple[RtpFrame, ...]:
    return tuple(f for f in case.evidence.rtp if f.leg is Leg.UM_GATEWAY)


def _seconds(frames: list[RtpFrame]) -> float:
    """Of the side that was heard longest; G.711 has 8000 octets a second."""
    octets: dict[object, int] = {}
    for frame in frames:
        held = len(frame.rtp.payload) if frame.rtp else max(len(frame.octets) - 12, 0)
        octets[frame.sender] = octets.get(frame.sender, 0) + held
    return max(octets.values()) / 8000


def _who(frame: SipFrame) -> str:
    read = readable(NameAddr.parse, frame.sip.first("from"))
    if read is None or not isinstance(read.uri, SipUri):
        return ""
    return f"{read.uri.user}@{read.uri.host}" if read.uri.user else ""


def _number(frame: SipFrame) -> str:
    uri = readable(parse, frame.sip.uri)
    number = uri.number if isinstance(uri, TelUri) else ""
    number = uri.user if isinstance(uri, SipUri) else number
    return masked_number(number) if sum(c.isdigit() for c in number) > 3 else ""
