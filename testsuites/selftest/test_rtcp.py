"""RTCP packets forget no octet: RFC 3550 §6, RFC 5761 §4."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringback.faults import Malformed
from ringback.wire import rtcp
from ringback.wire.rtcp import (
    Chunk,
    Goodbye,
    OtherRtcp,
    ReceiverReport,
    ReportBlock,
    Rtcp,
    SenderReport,
    SourceDescription,
)
from ringback.wire.rtp import RtpPacket

WORD = st.integers(0, 2**32 - 1)
WORDS = st.integers(0, 3).map(lambda n: b"abcd" * n)
PADDING = st.sampled_from([b"", b"\0\0\0\4", b"padding\x08"])
BLOCKS = st.lists(
    st.builds(
        ReportBlock,
        WORD,
        st.integers(0, 255),
        st.integers(-(2**23), 2**23 - 1),
        WORD,
        WORD,
        WORD,
        WORD,
    ),
    max_size=3,
).map(tuple)
ITEMS = st.lists(st.tuples(st.integers(1, 8), st.binary(max_size=20)), max_size=3)
CHUNKS = st.builds(lambda ssrc, items: Chunk.of(ssrc, *items), WORD, ITEMS)
PACKETS = st.one_of(
    st.builds(
        SenderReport,
        WORD,
        st.integers(0, 2**64 - 1),
        WORD,
        WORD,
        WORD,
        BLOCKS,
        WORDS,
        PADDING,
    ),
    st.builds(ReceiverReport, WORD, BLOCKS, WORDS, PADDING),
    st.builds(
        SourceDescription, st.lists(CHUNKS, max_size=3).map(tuple), WORDS, PADDING
    ),
    st.builds(Goodbye, st.lists(WORD, max_size=3).map(tuple), WORDS, PADDING),
    st.builds(OtherRtcp, st.integers(204, 207), st.integers(0, 31), WORDS, PADDING),
)


@given(st.lists(PACKETS, min_size=1, max_size=4).map(tuple))
def test_what_is_written_is_what_is_read(packets: tuple[rtcp.RtcpPacket, ...]) -> None:
    compound = Rtcp(packets)

    assert rtcp.parse(bytes(compound)) == compound


@given(
    st.integers(0x80, 0xBF),
    st.integers(200, 205),
    st.integers(0, 6),
    st.binary(max_size=24),
)
def test_any_octets_come_back_or_are_refused(
    first: int, kind: int, words: int, body: bytes
) -> None:
    octets = bytes([first, kind, 0, words]) + body
    try:
        compound = rtcp.parse(octets)
    except Malformed:
        return
    assert bytes(compound) == octets


@pytest.mark.parametrize(
    "octets",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"\x80\xc9", id="no header"),
        pytest.param(b"\x80\xc9\0\2" + bytes(4), id="longer than the datagram"),
        pytest.param(b"\x40\xc9\0\1" + bytes(4), id="version 1"),
        pytest.param(b"\x80\xc8\0\1" + bytes(4), id="half a sender report"),
        pytest.param(b"\x81\xc9\0\1" + bytes(4), id="a block is missing"),
        pytest.param(b"\x82\xcb\0\1" + bytes(4), id="a source is missing"),
        pytest.param(b"\x81\xca\0\2\0\0\0\1\1\2ab", id="a chunk without an end"),
        pytest.param(b"\x81\xca\0\2\0\0\0\1\1\x09ab", id="an item without an end"),
        pytest.param(b"\xa0\xcc\0\1" + bytes(4), id="padding of zero octets"),
    ],
)
def test_a_broken_packet_is_malformed(octets: bytes) -> None:
    with pytest.raises(Malformed):
        rtcp.parse(octets)


def test_a_goodbye_says_why() -> None:
    goodbye = Goodbye.of(7, "call over")

    assert rtcp.parse(bytes(goodbye)).packets == (goodbye,)
    assert goodbye.reason == "call over"
    assert Goodbye.of(7).reason == ""


def test_a_description_of_one_source_ends_on_a_word() -> None:
    for cname in ("", "a", "ab", "abc", "um@um.ringback.test"):
        octets = bytes(SourceDescription.of(7, cname))

        assert len(octets) % 4 == 0
        assert octets[-1] == 0


def test_rtcp_is_told_from_rtp_on_one_port() -> None:
    assert rtcp.is_rtcp(bytes(ReceiverReport(7)))
    assert not rtcp.is_rtcp(bytes(RtpPacket(0, 1, 2, 3, b"x")))
    assert not rtcp.is_rtcp(bytes(RtpPacket(101, 1, 2, 3, b"x", marker=True)))
    assert not rtcp.is_rtcp(b"")
