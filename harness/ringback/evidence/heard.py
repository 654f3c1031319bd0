"""What the receiver of a leg heard, put together as a telephone would.

RFC 3550 §5.1 (timestamps tell when a sound belongs), RFC 3551 §4.5.14 (G.711), RFC
3389 §4 (comfort noise is silence here). Gaps are silence; of duplicates the first
counts; a timestamp that leaps further than the clock did starts anew.
"""

from collections.abc import Sequence
from typing import Final

from ringback.evidence.evidence import Evidence
from ringback.evidence.frame import RtpFrame
from ringback.values import Leg, Role
from ringback.wire.g711 import ULAW_SILENCE, alaw_to_ulaw
from ringback.wire.rtp import RtpPacket
from ringback.wire.wav import wav_of

RATE: Final = 8000
_LEAP = 10 * RATE  # samples between what timestamp and clock say
_WRAP, _HALF = 1 << 32, 1 << 31


def heard(evidence: Evidence, leg: Leg | None, receiver: Role | None) -> bytes:
    """Mu-law octets at 8 kHz from the first sound on; empty when there was none.

    Several sources are heard one after the other, or mixed by who came first.
    """
    frames = [f for f in evidence.rtp if f.leg == leg and f.receiver == receiver]
    return heard_in(frames)


def heard_in(frames: Sequence[RtpFrame]) -> bytes:
    """The same from frames of one direction, in the order they arrived."""
    places = _places(frames)
    if not places:
        return b""
    start = min(at for at, _ in places)
    length = max(at + len(sound) for at, sound in places) - start
    sounds = bytearray([ULAW_SILENCE]) * length
    for at, sound in reversed(places):  # the first comes last and so wins
        sounds[at - start : at - start + len(sound)] = sound
    return bytes(sounds)


def wav(evidence: Evidence, leg: Leg | None, receiver: Role | None) -> bytes:
    """The same as a WAV file of 16-bit samples."""
    return wav_of(heard(evidence, leg, receiver))


def _places(frames: Sequence[RtpFrame]) -> list[tuple[int, bytes]]:
    """Where each sound belongs, in samples of the clock of the first frame."""
    anchors: dict[int, tuple[int, int]] = {}  # by source: timestamp, its place
    places: list[tuple[int, bytes]] = []
    for frame in frames:
        sound = _sound(frame.rtp) if frame.rtp is not None else b""
        if frame.rtp is None or not sound:
            continue
        clock = round((frame.time - frames[0].time) * RATE)
        stamp, place = anchors.get(frame.rtp.ssrc, (frame.rtp.timestamp, clock))
        at = place + (frame.rtp.timestamp - stamp + _HALF) % _WRAP - _HALF
        if abs(at - clock) > _LEAP:
            at = clock
        anchors[frame.rtp.ssrc] = (frame.rtp.timestamp, at)
        places.append((at, sound))
    return places


def _sound(packet: RtpPacket) -> bytes:
    match packet.payload_type:
        case 0:
            return packet.payload
        case 8:
            return alaw_to_ulaw(packet.payload)
        case _:
            return b""  # events, comfort noise, and codecs that nobody offered
