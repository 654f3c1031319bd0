"""Where messages on a stream begin and end, and what can never be framed."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringback.faults import Malformed
from ringback.wire.framing import Framer, Item, KeepAlive
from ringback.wire.message import Field, Message

ASK = Message.request("INFO", "sip:a@b.test", [Field.of("To", "x")], b"one\r\n\r\ntwo")
ANSWER = Message.response(200, "OK", [Field.of("To", "x")])
PING = KeepAlive(ping=True)
LONE = KeepAlive(ping=False)


def header(*lines: bytes) -> bytes:
    return b"\r\n".join([b"INFO sip:a@b.test SIP/2.0", *lines, b"", b""])


def fault(framer: Framer, octets: bytes) -> Malformed:
    (item,) = framer.feed(octets)
    assert isinstance(item, Malformed)
    assert framer.dead
    return item


def without_lone_line_ends(items: list[Item]) -> list[Item]:
    return [item for item in items if item != LONE]


def test_one_read_may_hold_several_messages() -> None:
    assert Framer().feed(bytes(ASK) + bytes(ANSWER) + bytes(ASK)) == [ASK, ANSWER, ASK]


STREAM = bytes(ASK) + b"\r\n" + bytes(ANSWER) + b"\r\n\r\n" + bytes(ASK)


def test_one_message_may_come_in_two_reads_cut_anywhere() -> None:
    for cut in range(len(STREAM) + 1):
        framer = Framer()
        items = framer.feed(STREAM[:cut]) + framer.feed(STREAM[cut:])
        assert without_lone_line_ends(items) == [ASK, ANSWER, PING, ASK]
        assert framer.pending == b""


def test_octet_by_octet_is_the_same() -> None:
    framer = Framer()
    items = [item for octet in STREAM for item in framer.feed(bytes([octet]))]
    assert without_lone_line_ends(items) == [ASK, ANSWER, PING, ASK]


@given(
    bodies=st.lists(st.binary(max_size=40), min_size=1, max_size=4),
    cuts=st.lists(st.integers(0, 400), max_size=6),
)
def test_messages_come_back_however_they_are_cut(
    bodies: list[bytes], cuts: list[int]
) -> None:
    messages = [Message.request("INFO", "sip:a@b.test", [], body) for body in bodies]
    octets = b"".join(map(bytes, messages))
    edges = [0, *sorted(cuts), len(octets)]
    framer = Framer()
    items: list[Item] = []
    for start, end in pairwise(edges):
        items += framer.feed(octets[start:end])
    assert items == messages


@given(st.binary(max_size=200))
def test_no_octets_break_the_framer_itself(octets: bytes) -> None:
    framer = Framer(max_header=64, max_body=64)
    items = framer.feed(octets)
    assert framer.dead == any(isinstance(item, Malformed) for item in items)


def test_line_ends_between_messages_are_keep_alives() -> None:
    assert Framer().feed(b"\r\n\r\n") == [PING]
    assert Framer().feed(b"\r\n") == [LONE]
    assert Framer().feed(b"\r\n\r\n\r\n") == [PING, LONE]
    assert Framer().feed(b"\r\n" + bytes(ASK) + b"\r\n") == [LONE, ASK, LONE]


def test_a_ping_in_two_halves_is_still_one_ping() -> None:
    framer = Framer()
    assert framer.feed(b"\r\n\r") == [LONE]
    assert framer.feed(b"\n") == [PING]
    assert framer.feed(b"\r\n") == [LONE]


def test_an_answer_to_a_ping_is_not_half_of_the_next_one() -> None:
    framer = Framer()
    assert framer.feed(b"\r\n") == [LONE]
    assert framer.feed(bytes(ASK)) == [ASK]
    assert framer.feed(b"\r\n") == [LONE]


def test_what_is_not_yet_whole_is_pending() -> None:
    framer = Framer()
    assert framer.feed(bytes(ASK)[:-1]) == []
    assert framer.pending == bytes(ASK)[:-1]


@pytest.mark.parametrize(
    "length", [b"-1", b"ten", b"0x10", b"", b"1 2", b"+5", b"\xef\xbc\x95"]
)
def test_a_length_that_is_no_number_is_malformed(length: bytes) -> None:
    octets = header(b"To: x", b"Content-Length: " + length)
    broken = fault(Framer(), octets)
    assert broken.why == "Content-Length is no number"
    assert broken.at == octets.index(b"Content-Length:") + len(b"Content-Length:")
    assert broken.octets == octets


def test_lengths_that_contradict_are_malformed_and_equal_ones_are_not() -> None:
    octets = header(b"l: 5", b"Content-Length: 13")
    assert "contradict" in fault(Framer(), octets).why
    (item,) = Framer().feed(header(b"l: 2", b"Content-Length: 02") + b"ab")
    assert isinstance(item, Message)


def test_a_stream_needs_a_length() -> None:
    assert "no Content-Length" in fault(Framer(), header(b"To: x")).why


def test_lines_that_end_in_lf_alone_are_refused_at_the_first() -> None:
    broken = fault(Framer(), b"INFO sip:a@b.test SIP/2.0\nTo: x")
    assert (broken.why, broken.at) == ("a line ends in LF without CR", 25)
    assert fault(Framer(), b"\n").at == 0


def test_a_body_may_hold_lf_alone() -> None:
    message = Message.request("INFO", "sip:a@b.test", [], b"a\nb\n")
    assert Framer().feed(bytes(message)) == [message]


@pytest.mark.parametrize("octets", [b"\x16\x03\x01", b"\x00", b" INFO", b"\rX"])
def test_what_cannot_begin_a_message_is_refused_at_once(octets: bytes) -> None:
    assert "begins" in fault(Framer(), octets).why


def test_a_header_without_end_stops_at_the_limit() -> None:
    framer = Framer(max_header=1000)
    assert framer.feed(b"INFO sip:a SIP/2.0\r\nX: " + b"a" * 900) == []
    assert fault(framer, b"a" * 100).at == 1000


def test_a_closed_header_above_the_limit_is_refused_too() -> None:
    octets = header(b"X: " + b"a" * 1000, b"Content-Length: 0")
    assert "longer than 1000" in fault(Framer(max_header=1000), octets).why


@pytest.mark.parametrize("length", [b"11", b"9" * 5000])
def test_a_body_above_the_limit_is_refused_before_it_comes(length: bytes) -> None:
    octets = header(b"Content-Length: " + length)
    assert "longer than 10" in fault(Framer(max_body=10), octets).why


def test_after_a_fault_nothing_is_framed_any_more() -> None:
    framer = Framer()
    good, bad = framer.feed(bytes(ANSWER) + b"\x00rest")
    assert good == ANSWER
    assert isinstance(bad, Malformed)
    assert framer.pending == b"\x00rest"
    assert framer.feed(bytes(ANSWER)) == []
