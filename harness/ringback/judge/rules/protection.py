"""Keys and tags of SRTP: whose answer is taken, what may be played.

RFC 4568 §5.1.2, §5.1.3 and §7.1, RFC 3711 §3.3, §3.3.2 and §9.1, facts §5.1.
"""

from collections.abc import Iterator

from ringback.evidence.frame import Frame, RtpFrame
from ringback.faults import Malformed
from ringback.judge.case import Case, Exchange, Stream
from ringback.judge.descriptions import Described, described, description, sound_of
from ringback.judge.rules.offers import SUITES
from ringback.judge.rules.streams import QUIET
from ringback.judge.verdict import Verdict, fails, passes, undecided
from ringback.values import Leg, Role
from ringback.wire.sdes import Crypto
from ringback.wire.sdp import Media


def useless_answers_make_no_call(case: Case) -> Verdict:
    """RFC 4568 §5.1.3; facts §5.1: without keys the UM hangs up and plays nothing."""
    useless = [
        (call, x, why)
        for call in case.calls(Leg.UM_GATEWAY)
        for x in call.invites
        if x.accepted and (why := _useless(x))
    ]
    if not useless:
        return undecided("every answer had the keys it must have")
    for call, x, why in useless:
        assert x.accepted, "useless answers are answers"
        parted = [b for b in call.of("BYE") if b.request.sender is Role.UM]
        played = list(_played(case, x))
        if played or (case.complete and not parted):
            told = f"{why}, and the UM took it"
            return fails(told, x.accepted.frame, *played[:3], by=x.request.sender)
    frames = [x.accepted.frame for _, x, _ in useless if x.accepted]
    return passes("the UM hung up", *frames)


def _useless(exchange: Exchange) -> str:
    """What is wrong with the keys of an answer; nothing where they fit the offer."""
    offered = sound_of(description(exchange.request))
    answered = sound_of(description(exchange.accepted)) if exchange.accepted else None
    if offered is None or answered is None or not answered.port:
        return ""
    if not offered.protocol.startswith("RTP/SAVP"):
        return ""
    if not answered.protocol.startswith("RTP/SAVP"):
        return f"the answer is {answered.protocol}"
    return _misfit(_keys(offered), _keys(answered))


def _misfit(asked: list[Crypto], said: list[Crypto]) -> str:
    if not said:
        return "the answer has no key that can be read"
    if (said[0].tag, said[0].suite) not in [(k.tag, k.suite) for k in asked]:
        return f"the answer takes key {said[0].tag} {said[0].suite}"
    own = said[0].key_salt in [k.key_salt for k in asked]
    return "the answer's key is the offer's own" if own else ""


def _played(case: Case, exchange: Exchange) -> Iterator[RtpFrame]:
    sound = sound_of(description(exchange.accepted)) if exchange.accepted else None
    for stream in case.streams_of(Leg.UM_GATEWAY, Role.UM):
        if sound and stream.target.port == sound.port:
            yield from (f for f in stream.frames if f.number > exchange.frame.number)


def offers_without_keys_are_refused(case: Case) -> Verdict:
    """RFC 4568 §5.1.2; facts §5.1: no stream without SRTP of a suite that is known."""
    offered = [
        x
        for call in case.calls(Leg.UM_GATEWAY)
        for x in call.of("INVITE")
        if x.final and _is_keyless(sound_of(description(x.request)))
    ]
    if not offered:
        return undecided("every offer had a key of a known suite")
    taken = [x for x in offered if _lives(x)]
    if taken:
        why = "an offer without a key of a known suite was accepted"
        frames = [x.accepted.frame for x in taken if x.accepted]
        return fails(why, *frames)
    finals = [x.final.frame for x in offered if x.final]
    return passes(f"refused: {len(offered)} offer(s) without keys", *finals)


def _is_keyless(sound: Media | None) -> bool:
    if sound is None or not sound.port:
        return False
    keys = _keys(sound) if sound.protocol.startswith("RTP/SAVP") else []
    return not any(SUITES.get(k.suite) == len(k.key_salt) for k in keys)


def _lives(exchange: Exchange) -> bool:
    sound = sound_of(description(exchange.accepted)) if exchange.accepted else None
    return sound is not None and sound.port > 0


def keys_are_used_once(case: Case) -> Verdict:
    """RFC 3711 §9.1, RFC 4568 §7.1: one key for one direction of one call. The offer
    of a call that was refused may be made elsewhere."""
    owners: dict[bytes, tuple[Role | str, str]] = {}
    keyed = [d for d in described(case) if d.frame.leg is Leg.UM_GATEWAY]
    keyed = [d for d in keyed if _keys(sound_of(d.sdp))]
    stood = {c.call_id for c in case.calls(Leg.UM_GATEWAY) if c.accepted}
    for thing in keyed:
        who, call_id = thing.said.ends[0], thing.said.call_id
        if call_id not in stood:
            continue
        for key in _keys(sound_of(thing.sdp)):
            owner = owners.setdefault(key.key_salt, (who, call_id))
            if owner != (who, call_id):
                where = "in another call" if owner[0] == who else f"by {owner[0]}"
                return fails(f"the key was used before, {where}", thing.frame)
    if not owners:
        return undecided("no keys in this evidence")
    return passes(f"{len(owners)} keys, each used once", *_frames(keyed))


def _frames(things: list[Described]) -> list[Frame]:
    return [thing.frame for thing in things[:12]]


def forged_packets_are_not_played(case: Case) -> Verdict:
    """RFC 3711 §3.3: a packet whose tag is wrong is discarded. Told by its loudness,
    where all that is genuine is silence."""
    streams = _from_um(case)
    genuine = [h for s in streams for h in s.packets]
    forged = [f for f in _sealed(case) if f.rtp is None and not _seen(case, f)]
    if not forged or not genuine:
        return undecided("no forged packets among genuine ones")
    if not all(set(packet.payload) <= QUIET for _, packet in genuine):
        return undecided("what is genuine is no silence", forged[0])
    heard = case.streams_of(Leg.GATEWAY_PHONE, Role.GATEWAY)
    loud = [f for s in heard for f, p in s.sound if not set(p.payload) <= QUIET]
    if loud:
        why = f"{len(loud)} packets were played of {len(forged)} that are forged"
        return fails(why, *loud[:5], forged[0], by=Role.GATEWAY)
    return passes(f"{len(forged)} forged packets, none played", forged[0])


def replayed_packets_are_not_played(case: Case) -> Verdict:
    """RFC 3711 §3.3.2: what came before is discarded. Told by a sound that is heard
    more often than it was truly sent."""
    replayed = {f.octets for f in _sealed(case) if _seen(case, f)}
    wanted = [p for s in _from_um(case) for f, p in s.packets if f.octets in replayed]
    heard = case.streams_of(Leg.GATEWAY_PHONE, Role.GATEWAY)
    found = [(f, p) for s in heard for f, p in s.sound]
    played = [[f for f, p in found if p.payload == w.payload] for w in wanted]
    if not any(played):
        return undecided("no replayed packet can be told by its sound")
    said = {
        (p.ssrc, p.sequence, p.payload) for s in _from_um(case) for _, p in s.packets
    }
    sent = [sum(payload == w.payload for *_, payload in said) for w in wanted]
    pairs = zip(sent, played, strict=True)
    twice = [f for count, frames in pairs for f in frames[count:]]
    if twice:
        return fails("a replayed packet was played again", *twice, by=Role.GATEWAY)
    return passes("played once each", *(f for frames in played for f in frames))


def _from_um(case: Case) -> list[Stream]:
    return list(case.streams_of(Leg.UM_GATEWAY, Role.UM))


def _sealed(case: Case) -> list[RtpFrame]:
    return [f for s in _from_um(case) for f in s.frames if f.secured]


def _seen(case: Case, frame: RtpFrame) -> bool:
    """Whether the same octets went the same way before."""
    found = case.memory.get("first sealed")
    if not isinstance(found, dict):
        told = sorted(_sealed(case), key=lambda f: -f.number)
        found = {one.octets: one.number for one in told}  # the first one stays
        case.memory["first sealed"] = found
    return bool(found.get(frame.octets, frame.number) < frame.number)


def _keys(media: Media | None) -> list[Crypto]:
    if media is None:
        return []
    try:
        return list(media.crypto)
    except Malformed:
        return []
