"""Packets of one source: unbroken sequence and timestamps (RFC 3550 §5.1)."""

from hypothesis import given
from hypothesis import strategies as st

from ringback.protocol.names import Names
from ringback.protocol.playout import Playout
from ringback.wire.rtcp import Goodbye, SenderReport, parse
from ringback.wire.rtp import RtpPacket

CHUNK = b"\xff" * 160


def test_the_first_packet_alone_is_marked() -> None:
    playout = Playout(Names(1))
    packets = [RtpPacket.parse(playout.voice(0, CHUNK)) for _ in range(5)]
    assert [p.marker for p in packets] == [True, False, False, False, False]


def test_after_a_gap_the_marker_returns_and_time_has_passed() -> None:
    playout = Playout(Names(1))
    before = RtpPacket.parse(playout.voice(0, CHUNK))
    playout.wait(3)
    after = RtpPacket.parse(playout.voice(0, CHUNK))
    assert after.marker
    assert after.sequence == before.sequence + 1
    assert (after.timestamp - before.timestamp) % 2**32 == 4 * 160


def test_an_event_takes_time_but_keeps_its_own_timestamp() -> None:
    playout = Playout(Names(1))
    started = playout.timestamp
    marked = [RtpPacket.parse(playout.event(101, b"....", started, True))]
    marked += [RtpPacket.parse(playout.event(101, b"....", started, False))]
    voice = RtpPacket.parse(playout.voice(0, CHUNK))
    assert [p.timestamp for p in marked] == [started, started]
    assert (voice.timestamp - started) % 2**32 == 320
    assert not voice.marker


@given(st.integers(0, 2**32), st.integers(0, 2**16), st.lists(st.booleans()))
def test_counts_wrap_and_never_jump(start: int, first: int, talks: list[bool]) -> None:
    playout = Playout(Names(1))
    playout.timestamp, playout.sequence = start % 2**32, first % 2**16
    for number, talk in enumerate(talks):
        if not talk:
            playout.wait()
            continue
        packet = RtpPacket.parse(playout.voice(8, CHUNK))
        assert packet.timestamp == (start + number * 160) % 2**32
    assert playout.sequence == (first + sum(talks)) % 2**16


def test_reports_tell_what_was_sent_and_the_farewell_says_so() -> None:
    playout = Playout(Names(1))
    assert not isinstance(parse(playout.report(1.0)).packets[0], SenderReport)
    for _ in range(3):
        playout.voice(0, CHUNK)
    sent, _, goodbye = parse(playout.farewell(1.5)).packets
    assert isinstance(sent, SenderReport)
    assert (sent.packets, sent.octets, sent.ntp) == (3, 480, 3 << 31)
    assert goodbye == Goodbye((playout.ssrc,))
