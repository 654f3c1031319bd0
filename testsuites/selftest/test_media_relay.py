"""What a gateway's relay passes on, changes, drops; what an ear makes of packets."""

import pytest
from msgspec.structs import replace

from ringback.peers.ear import Ear, is_loud
from ringback.peers.relay import Relay
from ringback.protocol.media import Sound
from ringback.protocol.offer_answer import MediaPlan
from ringback.protocol.world import Cast, Heard, Release, Wish
from ringback.values import Address
from ringback.wire.rtp import RtpPacket
from ringback.wire.srtp import Srtp


def test_an_ear_puts_packets_where_their_timestamps_say() -> None:
    one, two, three = b"\x90" * 160, b"\x91" * 160, b"\x92" * 160
    ear = Ear()
    for sound in (Sound(one, 2**32 - 160, 1), Sound(three, 320, 1), Sound(two, 0, 1)):
        ear.take(sound)
    assert ear.octets == one + two + b"\xff" * 160 + three


def test_an_ear_goes_on_after_a_new_source_and_a_leap_in_time() -> None:
    one, two, three = b"\x90" * 160, b"\x91" * 160, b"\x92" * 160
    ear = Ear()
    for sound in (Sound(one, 7, 1), Sound(two, 5_000, 2), Sound(three, 2**31, 2)):
        ear.take(sound)
    assert ear.octets == one + two + three


def test_line_noise_is_not_loud() -> None:
    assert not is_loud(b"\xff\x7f\xfe\x7e" * 40)
    assert is_loud(b"\xff" * 159 + b"\x80")


FAR, NEAR = Address("127.0.9.50", 40000), Address("127.0.9.30", 20000)
PLAN = MediaPlan(NEAR, 0, (0, 8), 101, 20, "sendrecv", receive_event_format=101)


def relay(near: MediaPlan, far: MediaPlan) -> tuple[Relay, list[Wish]]:
    wishes: list[Wish] = []
    between = Relay(30000, 30002, wishes.append)
    between.agree(near, far)
    wishes.clear()
    return between, wishes


def test_a_relay_passes_packets_and_reports_untouched() -> None:
    between, wishes = relay(PLAN, replace(PLAN, remote=FAR))
    packet = bytes(RtpPacket(0, 7, 160, 9, b"\x80" * 160, True))
    between.take(Heard(30000, NEAR, packet))
    between.take(Heard(30003, FAR, b"report"))
    assert wishes == [
        Cast(30002, FAR, packet),
        Cast(30001, Address(NEAR.host, 20001), b"report"),
    ]


def test_a_relay_renumbers_events_and_nothing_else() -> None:
    between, wishes = relay(PLAN, replace(PLAN, remote=FAR, event_format=96))
    event = RtpPacket(101, 7, 160, 9, b"\x01\x0a\x00\xa0", True)
    voice = replace(event, payload_type=0)
    for packet in (event, voice):
        between.take(Heard(30000, NEAR, bytes(packet)))
    sent = [RtpPacket.parse(w.octets) for w in wishes if isinstance(w, Cast)]
    assert sent == [replace(event, payload_type=96), voice]


@pytest.mark.parametrize(
    ("near", "far"), [("sendonly", "sendrecv"), ("sendrecv", "recvonly")]
)
def test_a_relay_sends_nothing_to_a_side_on_hold(near: str, far: str) -> None:
    between, wishes = relay(
        replace(PLAN, direction=near), replace(PLAN, remote=FAR, direction=far)
    )
    between.take(Heard(30000, NEAR, bytes(RtpPacket(0, 7, 160, 9, b"\x80" * 160))))
    assert (wishes, between.dropped) == ([], 1)


@pytest.mark.parametrize("octets", [b"", b"\x00" * 172, b"\x80" * 11])
def test_a_relay_drops_and_counts_what_is_no_rtp(octets: bytes) -> None:
    between, wishes = relay(PLAN, replace(PLAN, remote=FAR))
    between.take(Heard(30000, NEAR, octets))
    assert (wishes, between.dropped) == ([], 1)


def test_a_relay_ends_srtp_and_drops_wrong_tags() -> None:
    ours, theirs = bytes(range(30)), bytes(range(30, 60))
    locked = replace(PLAN, send_key=ours, receive_key=theirs)
    between, wishes = relay(locked, replace(PLAN, remote=FAR))
    clear = bytes(RtpPacket(0, 7, 160, 9, b"\x80" * 160))
    sealed = Srtp(theirs).protect(clear)
    between.take(Heard(30000, NEAR, sealed[:-1] + bytes([sealed[-1] ^ 1])))
    between.take(Heard(30000, NEAR, sealed))
    between.take(Heard(30002, FAR, clear))
    inward, outward = (w.octets for w in wishes if isinstance(w, Cast))
    assert (inward, Srtp(ours).unprotect(outward)) == (clear, clear)
    assert between.dropped == 1


def test_a_closed_relay_gives_its_ports_back_once() -> None:
    between, wishes = relay(PLAN, PLAN)
    between.close()
    between.close()
    assert wishes == [Release(port) for port in (30000, 30001, 30002, 30003)]
