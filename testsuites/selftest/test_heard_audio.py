"""What a receiver heard: timestamps rule, gaps are silence, the first twin counts."""

import io
import wave

from ringback.evidence.evidence import Evidence
from ringback.evidence.frame import RtpFrame
from ringback.evidence.heard import heard, heard_in, wav
from ringback.values import Address, Leg, Role
from ringback.wire.g711 import ULAW_SILENCE, ulaw_to_alaw
from ringback.wire.rtp import RtpPacket

NEAR, FAR = Address("127.0.9.3", 40000), Address("127.0.9.4", 42000)
SILENCE = bytes([ULAW_SILENCE])


def frame(
    timestamp: int, sound: bytes, kind: int = 0, ssrc: int = 1, time: float = 0.0
) -> RtpFrame:
    packet = RtpPacket(
        kind, timestamp // 160 & 0xFFFF, timestamp % (1 << 32), ssrc, sound
    )
    return RtpFrame(
        number=1,
        time=time or (timestamp - 1000) / 8000,
        source=NEAR,
        target=FAR,
        flow=0,
        leg=Leg.UM_GATEWAY,
        sender=Role.UM,
        receiver=Role.GATEWAY,
        octets=bytes(packet),
        rtp=packet,
    )


def tone(letter: bytes) -> bytes:
    return letter * 160


def test_sounds_follow_each_other() -> None:
    frames = [frame(1000, tone(b"a")), frame(1160, tone(b"b"))]

    assert heard_in(frames) == tone(b"a") + tone(b"b")


def test_a_gap_is_silence() -> None:
    frames = [frame(1000, tone(b"a")), frame(1320, tone(b"c"))]

    assert heard_in(frames) == tone(b"a") + tone(SILENCE) + tone(b"c")


def test_order_of_arrival_does_not_matter() -> None:
    frames = [frame(1160, tone(b"b")), frame(1000, tone(b"a"), time=0.021)]

    assert heard_in(frames) == tone(b"a") + tone(b"b")


def test_a_duplicate_is_ignored() -> None:
    frames = [frame(1000, tone(b"a")), frame(1000, tone(b"x")), frame(1160, b"b")]

    assert heard_in(frames) == tone(b"a") + b"b"


def test_both_laws_are_heard_as_one() -> None:
    sound = bytes(range(160))
    there_and_back = heard_in([frame(1000, ulaw_to_alaw(sound), kind=8)])

    assert len(there_and_back) == 160
    assert ulaw_to_alaw(there_and_back) == ulaw_to_alaw(sound)


def test_digits_comfort_noise_and_secrets_make_no_sound() -> None:
    hidden = frame(1480, tone(b"z"))
    frames = [
        frame(1000, tone(b"a")),
        frame(1160, b"\x05\x0a\x00\xa0", kind=101),
        frame(1160, b"\x40", kind=13),
        RtpFrame(
            number=1, time=0.06, source=NEAR, target=FAR, flow=0, octets=b"", rtp=None
        ),
        frame(1320, tone(b"c")),
    ]

    assert heard_in(frames) == tone(b"a") + tone(SILENCE) + tone(b"c")
    assert hidden.rtp is not None


def test_timestamps_wrap() -> None:
    last = (1 << 32) - 160
    frames = [
        frame(last, tone(b"a"), time=0.001),
        frame(last + 160, tone(b"b"), time=0.021),
    ]

    assert heard_in(frames) == tone(b"a") + tone(b"b")


def test_a_leap_does_not_fill_the_memory() -> None:
    frames = [frame(1000, tone(b"a")), frame(2_000_000_000, tone(b"b"), time=0.02)]

    assert heard_in(frames) == tone(b"a") + tone(b"b")


def test_a_second_source_is_heard_when_it_came() -> None:
    frames = [
        frame(1000, tone(b"a"), time=5.0),
        frame(777_000, tone(b"b"), ssrc=2, time=5.04),
    ]

    assert heard_in(frames) == tone(b"a") + tone(SILENCE) + tone(b"b")


def test_each_direction_of_a_leg_is_its_own() -> None:
    evidence = Evidence(circumstances=None, rtp=(frame(1000, tone(b"a")),))

    assert heard(evidence, Leg.UM_GATEWAY, Role.GATEWAY) == tone(b"a")
    assert heard(evidence, Leg.UM_GATEWAY, Role.UM) == b""
    assert heard(evidence, Leg.GATEWAY_PHONE, Role.GATEWAY) == b""


def test_a_wav_file_comes_out() -> None:
    evidence = Evidence(circumstances=None, rtp=(frame(1000, tone(b"a")),))

    with wave.open(io.BytesIO(wav(evidence, Leg.UM_GATEWAY, Role.GATEWAY))) as file:
        assert (file.getframerate(), file.getnchannels()) == (8000, 1)
        assert file.getnframes() == 160
