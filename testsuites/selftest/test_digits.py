"""Keys into packets and back, each exactly once (RFC 4733 §2.5)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringback.faults import Malformed, Misuse
from ringback.protocol.digits import KeyReceiver, Pressed, Update, step
from ringback.wire.rtp import RtpPacket
from ringback.wire.telephone_event import KEYS, TelephoneEvent, event_of

KEY = st.sampled_from(sorted(KEYS))


def updates(key: str, ticks: int = 5) -> list[Update]:
    rest: Pressed | None = Pressed(key, ticks)
    found = []
    while rest:
        rest, update = step(rest)
        found.append(update)
    return found


def packets(key: str, timestamp: int, sequence: int, ticks: int = 5) -> list[RtpPacket]:
    return [
        RtpPacket(101, (sequence + n) % 2**16, timestamp, 1, u.payload, u.marked)
        for n, u in enumerate(updates(key, ticks))
    ]


def keys(stream: list[RtpPacket]) -> str:
    receiver = KeyReceiver()
    return "".join(receiver.take(packet) for packet in stream)


def test_a_key_of_100_ms_grows_for_five_packets_and_ends_three_times() -> None:
    events = [TelephoneEvent.parse(u.payload) for u in updates("5")]
    assert [e.duration for e in events] == [160, 320, 480, 640, 800, 800, 800]
    assert [e.end for e in events] == [False] * 4 + [True] * 3
    assert [u.marked for u in updates("5")] == [True] + [False] * 6
    assert {e.event for e in events} == {5}


def test_the_shortest_and_the_longest_key() -> None:
    assert len(updates("1", 1)) == 3
    last = TelephoneEvent.parse(updates("1", 10_000)[-1].payload)
    assert last.duration <= 0xFFFF


def test_what_no_keypad_has_cannot_be_pressed() -> None:
    with pytest.raises(Misuse):
        step(Pressed("E"))


@given(st.lists(KEY, max_size=8), st.integers(0, 2**16 - 1), st.integers(0, 2**32 - 1))
def test_every_key_is_heard_once_across_every_wrap(
    typed: list[str], sequence: int, timestamp: int
) -> None:
    stream = []
    for n, key in enumerate(typed):
        when = (timestamp + n * 1600) % 2**32
        stream += packets(key, when, (sequence + n * 10) % 2**16)
    assert keys(stream) == "".join(typed)


@given(st.data())
def test_lost_and_doubled_packets_change_nothing_while_one_is_left(
    data: st.DataObject,
) -> None:
    typed = data.draw(st.lists(KEY, min_size=1, max_size=5))
    stream = []
    for n, key in enumerate(typed):
        whole = packets(key, 1000 + n * 1600, n * 10)
        kept = data.draw(st.sets(st.integers(0, 6), min_size=1))
        for at in sorted(kept):
            stream += [whole[at]] * data.draw(st.integers(1, 2))
    assert keys(stream) == "".join(typed)


def test_an_overtaken_packet_is_no_new_key() -> None:
    one, two = packets("1", 1000, 0), packets("2", 3000, 10)
    assert keys([*one[:5], one[6], one[5], *two]) == "12"
    assert keys([one[0], one[2], one[1], *one[3:], *two]) == "12"
    assert keys([*one[:3], one[4], one[3], *one[5:], *two]) == "12"
    assert keys([*one[:6], two[0], one[6], *two[1:]]) == "12"


def test_end_packets_of_one_sequence_number_are_one_key() -> None:
    stream = packets("7", 1000, 0)
    ends = [RtpPacket(101, 4, 1000, 1, p.payload) for p in stream[4:]]
    assert keys([*stream[:4], *ends]) == "7"


def test_a_replayed_recording_of_one_key_counts_each_time() -> None:
    recording = packets("7", 1000, 0)
    assert keys(recording * 3) == "777"
    renumbered = [
        RtpPacket(101, 50 + n, 1000, 1, p.payload) for n, p in enumerate(recording)
    ]
    assert keys([*recording, *renumbered]) == "77"
    assert keys([*recording, *packets("8", 900, 0), *recording]) == "787"


def test_a_key_held_longer_than_the_field_is_one_key() -> None:
    def held(timestamp: int, sequence: int, end: bool) -> RtpPacket:
        event = TelephoneEvent(1, end, 10, 0xFFFF if not end else 800)
        return RtpPacket(101, sequence, timestamp, 1, bytes(event))

    stream = [held(0, 0, False), held(0xFFFF, 1, False), held(2 * 0xFFFF, 2, True)]
    assert keys(stream) == "1"


def test_other_events_are_no_keys() -> None:
    flash = RtpPacket(101, 0, 0, 1, bytes(TelephoneEvent(16, True, 10, 800)), True)
    assert keys([flash]) == ""


def test_a_torn_event_is_malformed() -> None:
    with pytest.raises(Malformed):
        KeyReceiver().take(RtpPacket(101, 0, 0, 1, b"\x01"))


def test_every_key_of_the_receiver_can_be_sent() -> None:
    assert sorted(event_of(key) for key in KEYS) == list(range(16))
