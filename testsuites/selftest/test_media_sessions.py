"""One stream both ways: what is cast, what is heard, what is dropped and counted."""

from itertools import pairwise

import pytest
from msgspec.structs import replace

from ringback.faults import Misuse
from ringback.protocol.media import (
    Key,
    MediaEvent,
    MediaSession,
    Played,
    Sound,
)
from ringback.protocol.names import Names
from ringback.protocol.offer_answer import MediaPlan
from ringback.protocol.world import (
    Alarm,
    Bind,
    Cast,
    Heard,
    Hush,
    Release,
    Trace,
    Wish,
)
from ringback.values import Address
from ringback.wire.g711 import ulaw_to_alaw
from ringback.wire.rtcp import Goodbye, SenderReport, parse
from ringback.wire.rtp import RtpPacket
from ringback.wire.srtp import Srtp

KEY_A, KEY_B = bytes(range(30)), bytes(range(30, 60))
HERE, THERE = Address("127.0.1.2", 20000), Address("127.0.1.4", 40000)
PLAN = MediaPlan(THERE, 0, (0, 8), 101, 20, "sendrecv", receive_event_format=101)
SPEECH = bytes(range(1, 251)) * 8
SILENCE = b"\xff" * 160


class Bench:
    """A session whose clock is moved by hand."""

    def __init__(self, plan: MediaPlan | None = PLAN, port: int = 20000) -> None:
        self.wishes: list[Wish] = []
        self.media = MediaSession(port, plan, Names(port), self.wishes.append)
        self.now = 10.0

    def ticks(self, count: int) -> list[MediaEvent]:
        told: list[MediaEvent] = []
        for _ in range(count):
            told += self.media.tick(self.now)
            self.now += 0.02
        return told

    def casts(self, port: int = 20000) -> list[bytes]:
        casts = [w for w in self.wishes if isinstance(w, Cast)]
        return [w.octets for w in casts if w.port == port]

    def sent(self) -> list[RtpPacket]:
        return [RtpPacket.parse(octets) for octets in self.casts()]

    def hears(self, octets: bytes, port: int = 20000) -> tuple[MediaEvent, ...]:
        return self.media.take(Heard(port, THERE, octets))


def test_a_session_binds_two_ports_and_rings_at_once() -> None:
    bench = Bench()
    assert bench.wishes == [Bind(20000), Bind(20001), Alarm("rtp:20000", 0.0)]


def test_each_tick_casts_one_packet_and_asks_for_the_next() -> None:
    bench = Bench()
    bench.wishes.clear()
    bench.ticks(2)
    alarm, cast = bench.wishes[:2]
    assert alarm == Alarm("rtp:20000", 0.02)
    assert isinstance(cast, Cast)
    assert (cast.port, cast.target, len(cast.octets)) == (20000, THERE, 172)
    assert len(bench.wishes) == 4


def test_what_is_played_arrives_octet_by_octet_and_is_reported_once() -> None:
    bench = Bench()
    bench.media.play(SPEECH)
    told = bench.ticks(20)
    said = b"".join(p.payload for p in bench.sent())
    assert said == SPEECH.ljust(13 * 160, b"\xff") + 7 * SILENCE
    assert told == [Played()]
    stamps = [p.timestamp for p in bench.sent()]
    assert {(b - a) % 2**32 for a, b in pairwise(stamps)} == {160}


def test_what_is_played_later_follows_what_is_still_being_said() -> None:
    bench = Bench()
    bench.media.play(SPEECH[:320])
    bench.ticks(1)
    bench.media.play(SPEECH[320:640])
    bench.ticks(3)
    assert b"".join(p.payload for p in bench.sent()) == SPEECH[:640]


def test_a_source_is_asked_each_tick() -> None:
    bench = Bench()
    chunks = iter([SPEECH[:160], b"", SPEECH[160:320]])
    bench.media.say(lambda: next(chunks))
    bench.ticks(3)
    said = [p.payload for p in bench.sent()]
    assert said == [SPEECH[:160], SILENCE, SPEECH[160:320]]


def test_a_law_is_sent_when_agreed() -> None:
    bench = Bench(replace(PLAN, send_format=8))
    bench.media.play(SPEECH[:160])
    bench.ticks(1)
    (packet,) = bench.sent()
    assert (packet.payload_type, packet.payload) == (8, ulaw_to_alaw(SPEECH[:160]))


def test_without_silence_the_stream_pauses_and_the_marker_comes_back() -> None:
    bench = Bench()
    bench.media.silence = False
    bench.media.play(SPEECH[:160])
    bench.ticks(2)
    assert bench.wishes[-1] != Alarm("rtp:20000", 0.02)
    bench.now += 0.98
    bench.media.play(SPEECH[160:320])
    assert bench.wishes[-1] == Alarm("rtp:20000", 0.0)
    bench.ticks(1)
    first, second = bench.sent()
    assert second.marker
    assert (second.timestamp - first.timestamp) % 2**32 == 51 * 160
    assert second.sequence == first.sequence + 1


def test_keys_interrupt_the_sound_and_lose_none_of_it() -> None:
    bench = Bench()
    bench.media.play(SPEECH[:800])
    bench.ticks(2)
    bench.media.press("1#")
    bench.ticks(30)
    sent = bench.sent()
    assert b"".join(p.payload for p in sent if not p.payload_type)[:800] == SPEECH[:800]
    events = [p for p in sent if p.payload_type == 101]
    assert len(events) == 14
    assert [p.marker for p in events] == [True, *[False] * 6] * 2
    assert len({p.timestamp for p in events}) == 2
    numbers = [p.sequence for p in sent]
    assert numbers == list(range(numbers[0], numbers[0] + 32))


def test_keys_pressed_on_one_side_are_heard_once_on_the_other() -> None:
    here, there = Bench(), Bench()
    here.media.press("147*0369#D2288")
    here.ticks(200)
    told = [event for octets in here.casts() for event in there.hears(octets)]
    assert [e.key for e in told if isinstance(e, Key)] == list("147*0369#D2288")


def test_keys_need_an_agreed_format_and_a_keypad() -> None:
    bench = Bench(replace(PLAN, event_format=None))
    bench.media.press("1")
    assert isinstance(bench.wishes[-1], Trace)
    with pytest.raises(Misuse):
        Bench().media.press("X")


def test_both_laws_are_heard_as_mu_law() -> None:
    bench = Bench()
    packet = RtpPacket(0, 1, 800, 9, SPEECH[:160])
    assert bench.hears(bytes(packet)) == (Sound(SPEECH[:160], 800, 9),)
    alaw = replace(packet, payload_type=8, payload=ulaw_to_alaw(SPEECH[:160]))
    (sound,) = bench.hears(bytes(alaw))
    assert isinstance(sound, Sound)
    assert ulaw_to_alaw(sound.ulaw) == alaw.payload


def test_sound_is_taken_from_any_source_address() -> None:
    bench = Bench()
    packet = bytes(RtpPacket(0, 1, 800, 9, SILENCE))
    elsewhere = Heard(20000, Address("127.0.0.1", 999), packet)
    assert bench.media.take(elsewhere)


def test_comfort_noise_is_tolerated() -> None:
    bench = Bench()
    assert bench.hears(bytes(RtpPacket(13, 1, 0, 9, b"\x40"))) == ()
    assert (bench.media.counts.comfort, bench.media.counts.dropped) == (1, 0)


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b"\x80",
        b"\x00" * 172,
        bytes(RtpPacket(96, 1, 0, 9, SILENCE)),
        bytes(RtpPacket(101, 1, 0, 9, b"\x01")),
    ],
)
def test_what_was_not_agreed_is_dropped_and_counted(octets: bytes) -> None:
    bench = Bench()
    assert bench.hears(octets) == ()
    assert bench.media.counts.dropped == 1


def test_what_comes_before_the_answer_is_kept() -> None:
    bench = Bench(plan=None)
    packet = bytes(RtpPacket(0, 1, 800, 9, SILENCE))
    assert bench.hears(packet) == ()
    assert bench.media.agree(PLAN) == (Sound(SILENCE, 800, 9),)


def test_on_hold_nothing_is_sent_and_the_stream_goes_on_later() -> None:
    bench = Bench()
    bench.ticks(3)
    bench.media.agree(replace(PLAN, direction="recvonly"))
    bench.ticks(3)
    bench.media.agree(PLAN)
    bench.ticks(1)
    sent = bench.sent()
    assert len(sent) == 4
    assert len({p.ssrc for p in sent}) == 1
    assert (sent[3].timestamp - sent[2].timestamp) % 2**32 == 4 * 160
    assert sent[3].marker


def secured() -> tuple[Bench, Bench]:
    ours = replace(PLAN, send_key=KEY_A, receive_key=KEY_B)
    theirs = replace(PLAN, send_key=KEY_B, receive_key=KEY_A)
    return Bench(ours), Bench(theirs)


def test_a_secured_stream_is_heard_only_with_its_key() -> None:
    here, there = secured()
    here.media.play(SPEECH[:480])
    here.ticks(3)
    assert SPEECH[:160] not in here.casts()[0]
    told = [event for octets in here.casts() for event in there.hears(octets)]
    assert b"".join(e.ulaw for e in told if isinstance(e, Sound)) == SPEECH[:480]


def test_a_wrong_tag_and_a_replay_are_dropped_and_counted() -> None:
    here, there = secured()
    here.ticks(2)
    first, second = here.casts()
    assert there.hears(first)
    assert there.hears(first) == ()
    assert there.hears(second[:-1] + bytes([second[-1] ^ 1])) == ()
    assert there.hears(second)
    assert there.media.counts.dropped == 2


def test_the_same_keys_agreed_again_do_not_start_the_count_anew() -> None:
    here, there = secured()
    here.ticks(1)
    there.hears(here.casts()[0])
    assert there.media.plan
    there.media.agree(replace(there.media.plan, ptime=40))
    assert there.hears(here.casts()[0]) == ()


def test_reports_every_five_seconds_and_a_farewell() -> None:
    bench = Bench()
    bench.ticks(500)
    bench.media.close()
    reports = [parse(octets).packets for octets in bench.casts(20001)]
    assert len(reports) == 3
    last = reports[-1]
    assert isinstance(last[0], SenderReport)
    assert last[0].packets == 500
    assert isinstance(last[-1], Goodbye)
    assert bench.wishes[-3:] == [Hush("rtp:20000"), Release(20000), Release(20001)]


def test_reports_of_a_secured_stream_are_secured() -> None:
    here, _ = secured()
    here.media.close()
    (octets,) = here.casts(20001)
    assert isinstance(parse(Srtp(KEY_A).unprotect_rtcp(octets)).packets[-1], Goodbye)


def test_a_closed_session_is_silent() -> None:
    bench = Bench()
    bench.media.close()
    bench.wishes.clear()
    bench.media.close()
    bench.media.play(SPEECH)
    assert bench.ticks(2) == []
    assert bench.hears(bytes(RtpPacket(0, 1, 800, 9, SILENCE))) == ()
    assert bench.wishes == []
