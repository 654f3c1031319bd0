"""RTP as it runs, the message as it is heard, and keys."""

from collections.abc import Callable
from functools import cache

import pytest
from msgspec.structs import replace
from testsuites.selftest.evidence_builder import (
    Plan,
    changed,
    message,
    on,
    resent,
    swapped,
    told,
)
from testsuites.selftest.played_call import call
from testsuites.selftest.tribunal import Table, accused, acquitted, left_open

from ringback.evidence.circumstances import Expected
from ringback.evidence.evidence import Evidence
from ringback.evidence.frame import RtpFrame
from ringback.values import Leg, Role
from ringback.wire import g711
from ringback.wire.rtp import RtpPacket

GW = Leg.UM_GATEWAY
plain = cache(call)
keyed = cache(lambda: call(Plan(keys="12#")))
Change = Callable[[RtpPacket], RtpPacket]


def mine(frame: RtpFrame, leg: Leg = GW, sender: Role = Role.UM) -> bool:
    return frame.leg is leg and frame.sender is sender


def sent(change: Change, leg: Leg = GW, sender: Role = Role.UM) -> Evidence:
    """Every packet of that sender, changed."""

    def other(frame: RtpFrame) -> RtpFrame:
        if frame.rtp is None or not mine(frame, leg, sender):
            return frame
        return replace(frame, rtp=change(frame.rtp))

    return resent(plain(), other)


def dropped(drop: Callable[[int], bool], leg: Leg = GW) -> Evidence:
    """Some packets of the sender, by index, never left."""
    sender = leg.roles[0]
    own = [f for f in plain().rtp if mine(f, leg, sender)]
    gone = {f.number for n, f in enumerate(own) if drop(n)}
    left = tuple(f for f in plain().rtp if f.number not in gone)
    return replace(plain(), rtp=left)


def timed(when: Callable[[float], float]) -> Evidence:
    first = plain().rtp[0].time
    return resent(plain(), lambda f: replace(f, time=first + when(f.time - first)))


def bigger(packet: RtpPacket) -> RtpPacket:
    """30 ms in a packet."""
    n = (packet.timestamp - 9000) // 160
    payload = (packet.payload * 2)[:240]
    return replace(packet, timestamp=9000 + 240 * n, payload=payload)


def early() -> Evidence:
    """The message runs before the 200; the gateway's own early media is its right."""
    answer = next(f for f in plain().sip if on(GW, "200", "INVITE")(f))
    late = replace(answer, number=5000)
    sip = tuple(late if f is answer else f for f in plain().sip)
    return replace(plain(), sip=sip)


def outliving() -> Evidence:
    last = plain().rtp[-1]
    return replace(plain(), rtp=(*plain().rtp, replace(last, number=999, time=60.0)))


def heard_as(sound: bytes) -> Evidence:
    return call(Plan(sound=sound))


def keys(change: Callable[[RtpFrame], RtpFrame | None], of: Evidence) -> Evidence:
    changed_ = (change(f) if f.rtp and f.rtp.payload_type == 101 else f for f in of.rtp)
    return replace(of, rtp=tuple(f for f in changed_ if f))


def without_second_end(frame: RtpFrame) -> RtpFrame | None:
    assert frame.rtp
    marked = frame.rtp.payload[1] > 0x7F and frame.rtp.sequence % 10 != 3
    return None if marked else frame


def shrinking(frame: RtpFrame) -> RtpFrame:
    assert frame.rtp
    payload = frame.rtp.payload
    if payload[2:] == (480).to_bytes(2, "big"):
        payload = payload[:2] + b"\0\1"
    return replace(frame, rtp=replace(frame.rtp, payload=payload))


def alaw(packet: RtpPacket) -> RtpPacket:
    return replace(packet, payload_type=8, payload=g711.ulaw_to_alaw(packet.payload))


def renumbered(bit: int, nth: int = 20) -> Evidence:
    """One packet of the UM has another number, and the clock of its place."""

    def other(packet: RtpPacket) -> RtpPacket:
        if packet.timestamp != 9000 + 160 * nth:
            return packet
        return replace(packet, sequence=packet.sequence ^ 1 << bit)

    return sent(other)


def anew(packet: RtpPacket) -> RtpPacket:
    """From the 20th packet on both counts are others."""
    if packet.timestamp < 9000 + 160 * 20:
        return packet
    return replace(
        packet,
        sequence=(packet.sequence - 7000) & 0xFFFF,
        timestamp=(packet.timestamp - (1 << 30)) & 0xFFFFFFFF,
    )


def late_and_twice() -> Evidence:
    """The tenth packet of the UM comes behind the next one, and once more later."""
    rtp = list(plain().rtp)
    own = [f for f in rtp if mine(f)]
    late, after, later = own[10], own[11], own[14]
    places = {after.number: late, late.number: after, later.number: late}
    read = (
        replace(f, rtp=places[f.number].rtp) if f.number in places else f for f in rtp
    )
    return replace(plain(), rtp=tuple(read))


QUIET = b"\xff"
GUILTY: Table = {
    "RTP-SEQ-001": lambda: sent(lambda p: replace(p, sequence=2 * p.sequence & 0xFFFF)),
    "RTP-SEQ-003": lambda: renumbered(1),
    "RTP-SEQ-004": lambda: renumbered(12),
    "RTP-TS-001": lambda: sent(lambda p: replace(p, timestamp=9000 + p.timestamp // 2)),
    "RTP-SIZE-001": lambda: sent(bigger),
    "RTP-PACE-001": lambda: timed(lambda t: t / 2),
    "RTP-PT-001": lambda: sent(lambda p: replace(p, payload_type=96)),
    "RTP-EARLY-001": early,
    "RTP-END-001": outliving,
    "MED-HEARD-001": lambda: heard_as(message()[::-1]),
    "MED-HEARD-002": lambda: sent(
        lambda p: replace(p, payload=p.payload[::-1]), Leg.GATEWAY_PHONE, Role.GATEWAY
    ),
    "MED-KEYS-001": lambda: told(keyed(), expected=Expected(keys="12#4")),
    "MED-KEYS-002": lambda: keys(without_second_end, keyed()),
    "MED-KEYS-003": lambda: keys(shrinking, keyed()),
}
ODD: Table = {
    "RTP-SEQ-001": lambda: sent(
        lambda p: replace(p, extension=(1, b"abcd"), csrcs=(1, 2))
    ),
    "RTP-SEQ-003": late_and_twice,
    "RTP-SEQ-004": late_and_twice,
    "RTP-TS-001": lambda: sent(  # a pause of a second, and the clock turns over
        lambda p: replace(
            p,
            timestamp=(p.timestamp - 12000 + 8000 * (p.timestamp > 13000)) & 0xFFFFFFFF,
        )
    ),
    "RTP-SIZE-001": lambda: changed(
        sent(bigger), on(GW, "200", "INVITE"), swapped("ptime:20", "ptime:30")
    ),
    "RTP-PACE-001": lambda: timed(lambda t: 0.1 * (t // 0.1)),  # five at a time
    "RTP-PT-001": lambda: sent(alaw),
    "RTP-EARLY-001": lambda: resent(
        early(), lambda f: replace(f, number=6000 + f.number) if mine(f) else f
    ),
    "RTP-END-001": plain,
    "MED-HEARD-001": lambda: heard_as(QUIET * 777 + message() + QUIET * 4000),
    "MED-HEARD-002": lambda: sent(alaw, Leg.GATEWAY_PHONE, Role.GATEWAY),
    "MED-KEYS-001": keyed,
    "MED-KEYS-002": keyed,
    "MED-KEYS-003": lambda: call(Plan(keys="11")),
}


@pytest.mark.parametrize("requirement", sorted(GUILTY))
def test_who_breaks_it_is_accused(requirement: str) -> None:
    accused(requirement, GUILTY[requirement]())


@pytest.mark.parametrize("requirement", sorted(ODD))
def test_who_is_only_odd_is_not(requirement: str) -> None:
    acquitted(requirement, ODD[requirement]())


def test_one_lost_packet_is_a_gap() -> None:
    assert "65535 to 1" in accused("RTP-SEQ-001", dropped(lambda n: n == 6)).because


@pytest.mark.parametrize("nth", [3, 20], ids=["before the turn", "behind it"])
@pytest.mark.parametrize("bit", range(1, 16))
def test_a_number_that_does_not_fit_the_clock_is_out_of_turn(
    bit: int, nth: int
) -> None:
    evidence = renumbered(bit, nth)

    found = accused("RTP-SEQ-004", evidence)

    odd = next(f for f in evidence.rtp if f.rtp and f.rtp.timestamp == 9000 + 160 * nth)
    assert found.frames == (odd.number,)


def test_who_counts_anew_is_not_out_of_turn() -> None:
    acquitted("RTP-SEQ-004", sent(anew))


def test_who_counts_anew_still_says_the_message() -> None:
    found = acquitted("MED-HEARD-001", sent(anew))
    assert "alike by 1.000" in found.because


def test_one_lost_packet_is_still_the_message() -> None:
    acquitted("MED-HEARD-001", dropped(lambda n: n == 6))


def test_another_law_is_the_same_message() -> None:
    acquitted("MED-HEARD-001", sent(alaw))


def test_prompts_of_other_sound_may_stand_around_it() -> None:
    prompt = message()[::-1]
    acquitted("MED-HEARD-001", heard_as(prompt + message() + prompt))


def test_a_message_cut_off_is_not_the_message() -> None:
    found = accused("MED-HEARD-001", heard_as(message()[:6400] + QUIET * 1600))
    assert found.guilty is Role.UM


def test_a_message_that_stops_before_the_end_was_not_heard() -> None:
    late = 5.0  # the phone waits, and then hangs up
    evidence = heard_as(message()[:6400])
    sip = tuple(
        replace(f, time=f.time + late) if f.sip.method == "BYE" else f
        for f in evidence.sip
    )
    assert "0.20 s" in accused("MED-HEARD-001", replace(evidence, sip=sip)).because


def test_who_hangs_up_at_once_has_heard_nothing_to_liken() -> None:
    short = heard_as(message()[::-1][:1600])
    ends = max(f.time for f in short.rtp if f.sender is Role.UM)
    sip = (replace(f, time=ends) if f.sip.method == "BYE" else f for f in short.sip)
    left_open("MED-HEARD-001", replace(short, sip=tuple(sip)))
    accused("MED-HEARD-001", short)  # nobody hung up on that one


def test_every_other_packet_is_not_the_message() -> None:
    accused("MED-HEARD-001", dropped(lambda n: n % 2 == 1))


def test_a_listener_that_holds_need_not_have_heard_all() -> None:
    answer = on(GW, "200", "INVITE")
    holding = swapped("a=sendrecv", "a=sendonly")
    held = changed(heard_as(message()[::-1]), answer, holding)
    left_open("MED-HEARD-001", held)
    accused("MED-HEARD-001", heard_as(message()[::-1]))


def test_a_slow_sender_is_out_of_pace() -> None:
    accused("RTP-PACE-001", timed(lambda t: 1.2 * t))


@pytest.mark.parametrize("shift", [-0.009, 0.009])
def test_a_shaken_machine_is_no_slow_sender(shift: float) -> None:
    acquitted("RTP-PACE-001", timed(lambda t: t + shift * (round(t * 50) % 2)))


def test_keys_in_another_order_are_other_keys() -> None:
    accused("MED-KEYS-001", told(keyed(), expected=Expected(keys="1#2")))


def test_nobody_presses_keys_before_the_answer() -> None:
    refused = call(Plan(final=486))
    left_open("MED-KEYS-001", told(refused, expected=Expected(keys="7")))


def test_equal_keys_with_equal_timestamps_are_two_presses() -> None:
    def same_time(frame: RtpFrame) -> RtpFrame:
        assert frame.rtp
        return replace(frame, rtp=replace(frame.rtp, timestamp=60000))

    acquitted("MED-KEYS-001", keys(same_time, call(Plan(keys="11"))))


def test_sound_from_a_strange_address_counts() -> None:
    evidence = resent(
        keyed(), lambda f: replace(f, sender=None) if mine(f, GW, Role.GATEWAY) else f
    )
    acquitted("MED-KEYS-001", evidence)


def test_silence_before_the_answer_opens_a_path() -> None:
    evidence = early()
    quiet = resent(
        evidence,
        lambda f: replace(f, rtp=replace(f.rtp, payload=QUIET * 160)) if f.rtp else f,
    )
    left_open("RTP-EARLY-001", quiet)


def test_a_refused_stream_is_not_all_that_was_described() -> None:
    refused = swapped("m=audio", "m=audio 0 RTP/AVP 96\r\nm=audio")
    acquitted("RTP-PT-001", changed(sent(alaw), on(GW, "200", "INVITE"), refused))
