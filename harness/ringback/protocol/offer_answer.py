"""Offer and answer of one G.711 audio stream with telephone events.

RFC 3264 §5, §6, §8.4 (hold); RFC 4568 §5.1.2, §7.1 (keys); RFC 4733 §7.1.1 (events).
ICE, rtcp-mux and whatever else an offer brings is left out of the answer, which is how
an answerer declines it (RFC 8839 §4.2, RFC 5761 §5.1.1).
"""

from typing import Literal

import msgspec
from msgspec.structs import replace

from ringback.faults import Malformed, Misuse
from ringback.protocol.names import Names
from ringback.values import Address, Security
from ringback.wire import sdp as description
from ringback.wire.headers import content_type
from ringback.wire.message import Message
from ringback.wire.sdes import AES_32, AES_80, KEY_SALT_OCTETS, Crypto
from ringback.wire.sdp import EVENTS, Media, Sdp

PCMU, PCMA, COMFORT_NOISE = 0, 8, 13
VOICES = (PCMU, PCMA)
HOLD_HOSTS = ("0.0.0.0", "::")
SUITES = (AES_80, AES_32)
SDP_TYPE = "application/sdp"
_MIRROR = {"sendonly": "recvonly", "recvonly": "sendonly"}


class Refusal(msgspec.Struct, frozen=True):
    """The offer (or answer) cannot be taken; ``status`` is what a UAS says."""

    status: int
    why: str


class Local(msgspec.Struct, frozen=True):
    """Our end: where media shall come, and how it is protected.

    ``keys`` gives the key and salt of a secured stream: a name-giver, or 30 octets
    when an earlier offer or answer of this call had them.
    """

    host: str
    port: int
    session_id: int
    version: int
    security: Security
    keys: Names | bytes = b""

    @property
    def profile(self) -> str:
        return "RTP/SAVP" if self.security.srtp else "RTP/AVP"


class MediaPlan(msgspec.Struct, frozen=True):
    """What both sides agreed to, seen from ours.

    ``send_format`` and ``event_format`` are numbers we put into packets, the others
    those we take; ``event_format`` is None when the other side takes no events.
    Keys are 30 octets of key and salt, None without SRTP.
    """

    remote: Address
    send_format: int
    receive_formats: tuple[int, ...]
    event_format: int | None
    ptime: int
    direction: str
    send_key: bytes | None = None
    receive_key: bytes | None = None
    receive_event_format: int | None = None
    suite: str = AES_80
    receive_mki: bytes = b""

    @property
    def sends(self) -> bool:
        return self.direction in ("sendrecv", "sendonly")

    @property
    def receives(self) -> bool:
        return self.direction in ("sendrecv", "recvonly")


def mirrored(direction: str) -> str:
    """The same flow of sound, seen from the other end."""
    return _MIRROR.get(direction, direction)


def sdp_of(message: Message) -> Sdp | None:
    """The session description that is a message's whole body, if it is one."""
    try:
        is_sdp = content_type(message)[0] == SDP_TYPE
    except Malformed:
        return None
    return Sdp.parse(message.body) if is_sdp and message.body else None


def offer(
    local: Local,
    direction: str = "sendrecv",
    formats: tuple[int, ...] = (PCMU, PCMA, EVENTS),
    ptime: int = 20,
    events: int = EVENTS,
) -> Sdp:
    """One audio stream: PCMU, PCMA, telephone-event, with a key when secured.

    ``events`` is the number among ``formats`` that stands for telephone-event.
    """
    keys = (Crypto.of(1, _key(local)),) if local.security.srtp else ()
    return _described(local, formats, keys, direction, ptime, events)


def answer(
    offered: Sdp,
    local: Local,
    direction: str = "sendrecv",
    voices: tuple[int, ...] = VOICES,
    events_too: bool = True,
) -> tuple[Sdp, MediaPlan] | Refusal:
    """Take the first audio stream that fits; ``direction`` is the most we want.

    The offerer's order decides between PCMU and PCMA, as far as ``voices`` has them,
    and is kept in the answer (RFC 3264 §6.1);
    ``events_too`` false leaves telephone-event out. A stream without the profile
    that the dial plan asks for, or without a common codec, is refused (488).
    """
    try:
        return _answer(offered, local, direction, voices, events_too)
    except Malformed as trouble:
        return Refusal(488, trouble.why)


def declined(offered: Sdp, local: Local) -> Sdp:
    """Every stream refused, for an answer that must be given (RFC 3264 §6)."""
    described = _described(local, (PCMU,), (), "sendrecv", 20, EVENTS)
    return _among(offered, offered.media, -1, described)


def agreed(
    offered: Sdp, answered: Sdp, ours: Literal["offerer", "answerer"] = "offerer"
) -> MediaPlan | Refusal:
    """What a finished exchange means to the offerer, or to the answerer."""
    try:
        return _agreed(offered, answered, ours == "offerer")
    except Malformed as trouble:
        return Refusal(488, trouble.why)


def _answer(
    offered: Sdp,
    local: Local,
    direction: str,
    voices: tuple[int, ...],
    events_too: bool,
) -> tuple[Sdp, MediaPlan] | Refusal:
    streams = offered.media
    whys = [_unfit(stream, local, voices) for stream in streams]
    if "" not in whys:
        return Refusal(488, next((why for why in whys if why), "no stream is offered"))
    at = whys.index("")
    stream = streams[at]
    voice = _voices(stream, voices)[0]
    events = _events(stream) if events_too else None
    facing = _facing(stream, direction)
    theirs = _lock(stream) if local.security.srtp else None
    keys = (_counterpart(theirs, local),) if theirs else ()
    wanted = {str(voice), str(events)}
    formats = tuple(int(f) for f in stream.formats if f in wanted)
    ptime = stream.ptime or 20
    described = _described(local, formats, keys, facing, 20, events or EVENTS)
    plan = MediaPlan(
        Address(stream.host, stream.port),
        voice,
        (voice,),
        events,
        ptime,
        facing,
        keys[0].key_salt if keys else None,
        theirs.key_salt if theirs else None,
        events,
        theirs.suite if theirs else AES_80,
        theirs.mki if theirs else b"",
    )
    return _among(offered, streams, at, described), plan


def _agreed(offered: Sdp, answered: Sdp, offerer: bool) -> MediaPlan | Refusal:
    pairs = list(zip(offered.media, answered.media, strict=False))
    if len(offered.media) != len(answered.media):
        return Refusal(488, "the answer has not as many streams as the offer")
    taken = [(o, a) for o, a in pairs if o.kind == a.kind == "audio" and a.port]
    if not taken:
        return Refusal(488, "the answer refuses the audio stream")
    asked, said = taken[0]
    ours, theirs = (asked, said) if offerer else (said, asked)
    common = [v for v in _voices(said) if v in _voices(asked)]
    if asked.protocol != said.protocol or not common:
        return Refusal(488, "the answer has another profile, or no codec of the offer")
    if not _reaches(ours.host, theirs.host):
        return Refusal(488, f"no way leads to {theirs.host}")
    events, our_events = _events(theirs), _events(ours)
    plan = MediaPlan(
        Address(theirs.host, theirs.port),
        common[0],
        tuple(_voices(ours)),
        events if our_events is not None else None,
        theirs.ptime or 20,
        _facing(theirs, ours.direction),
        receive_event_format=our_events,
    )
    return _locked(plan, asked, said, offerer) if _secured(said) else plan


def _locked(
    plan: MediaPlan, asked: Media, said: Media, offerer: bool
) -> MediaPlan | Refusal:
    """RFC 4568 §5.1.3: the answer names one of the offered keys' tags."""
    chosen = said.crypto[:1]
    matching = [k for k in asked.crypto if chosen and k.tag == chosen[0].tag]
    if not matching or not _usable(chosen[0]) or matching[0].suite != chosen[0].suite:
        return Refusal(488, "the answer's key fits none of the offer")
    if matching[0].key_salt == chosen[0].key_salt:
        return Refusal(488, "the answer's key is the offer's own")
    keys = (matching[0].key_salt, chosen[0].key_salt)
    send, receive = keys if offerer else (keys[1], keys[0])
    mki = (chosen[0] if offerer else matching[0]).mki
    found = replace(plan, send_key=send, receive_key=receive)
    return replace(found, suite=chosen[0].suite, receive_mki=mki)


def _unfit(stream: Media, local: Local, voices: tuple[int, ...]) -> str:
    """Why we cannot take that stream; empty when we can."""
    wanted = local.profile
    keyed = not local.security.srtp or _lock(stream) is not None
    demands = (
        (stream.kind == "audio", f"no {stream.kind} here"),
        (stream.port, "the audio stream is refused by its own offer"),
        (stream.protocol == wanted, f"{stream.protocol} offered, {wanted} wanted"),
        (_voices(stream, voices), "neither PCMU nor PCMA is offered"),
        (stream.host, "no connection address"),
        (_reaches(local.host, stream.host), f"no way leads to {stream.host}"),
        (keyed, "no key of a suite that is spoken here is offered"),
    )
    return next((why for met, why in demands if not met), "")


def _reaches(here: str, there: str) -> bool:
    """Both of one address family; a host by its name counts as IPv4."""
    return (":" in here) == (":" in there)


def _voices(stream: Media, wanted: tuple[int, ...] = VOICES) -> list[int]:
    """PCMU and PCMA under their static numbers, in that stream's order."""
    names = {PCMU: "PCMU", PCMA: "PCMA"}
    numbers = [v for f in stream.formats for v in wanted if f == str(v)]
    return [v for v in numbers if stream.rtpmap(v)[0].upper() == names[v]]


def _events(stream: Media) -> int | None:
    found = stream.format_of("telephone-event")
    return int(found) if found.isdecimal() and int(found) < 128 else None


def _facing(theirs: Media, wanted: str) -> str:
    """Our direction: what they leave us of what we want (RFC 3264 §6.1, §8.4)."""
    allowed = mirrored(theirs.direction)
    sends = "send" in allowed and "send" in wanted and theirs.host not in HOLD_HOSTS
    receives = "rec" in allowed and "rec" in wanted
    names = {(True, True): "sendrecv", (True, False): "sendonly"}
    return names.get((sends, receives), "recvonly" if receives else "inactive")


def _secured(stream: Media) -> bool:
    return stream.protocol == "RTP/SAVP"


def _lock(stream: Media) -> Crypto | None:
    """The first offered key that we can use; one unreadable line spoils no other."""
    for value in stream.attributes("crypto"):
        try:
            key = Crypto.parse(value)
        except Malformed:
            continue
        if _usable(key):
            return key
    return None


def _usable(key: Crypto) -> bool:
    """A session parameter we do not know makes a key unfit (RFC 4568 §6.3)."""
    return key.suite in SUITES and not key.params


def _counterpart(theirs: Crypto, local: Local) -> Crypto:
    """RFC 4568 §7.1.2: same tag and suite, and never the same key."""
    key = _key(local)
    while key == theirs.key_salt:
        if isinstance(local.keys, bytes):
            raise Malformed("the offer's key is our own", theirs.text.encode(), 0)
        key = _key(local)
    return Crypto.of(theirs.tag, key, theirs.suite)


def _key(local: Local) -> bytes:
    length = KEY_SALT_OCTETS[AES_80]
    key = local.keys if isinstance(local.keys, bytes) else local.keys.octets(length)
    if len(key) != length:
        raise Misuse(f"a secured stream needs {length} octets of key and salt")
    return key


def _described(
    local: Local,
    formats: tuple[int, ...],
    keys: tuple[Crypto, ...],
    direction: str,
    ptime: int,
    events: int,
) -> Sdp:
    return description.offer(
        local.host,
        local.port,
        local.session_id,
        local.version,
        formats,
        protocol=local.profile,
        crypto=keys,
        direction=direction,
        ptime=ptime,
        events=events,
    )


def _among(offered: Sdp, streams: tuple[Media, ...], at: int, described: Sdp) -> Sdp:
    """As many streams as were offered, the others refused, at the offer's own times
    (RFC 3264 §6)."""
    ours = described.media[0].lines
    lines = [line for line in described.session if not line.startswith(b"t=")]
    lines += [f"t={value}\r\n".encode() for value in offered.values("t") or ("0 0",)]
    for number, stream in enumerate(streams):
        formats = " ".join(stream.formats)
        refused = f"m={stream.kind} 0 {stream.protocol} {formats}\r\n"
        lines += ours if number == at else [refused.encode(errors="surrogateescape")]
    return Sdp(tuple(lines))
