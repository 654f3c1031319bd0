"""An RTP packet forgets no octet: RFC 3550 §5.1, RFC 3550 §5.3.1."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringback.faults import Malformed
from ringback.wire.rtp import RtpPacket, header_length

WORD = st.integers(0, 2**32 - 1)
PADDING = st.integers(1, 20).map(lambda n: bytes(n - 1) + bytes([n]))
EXTENSION = st.tuples(
    st.integers(0, 0xFFFF),
    st.integers(0, 5).map(lambda words: b"\xbe\xde\x10\x20" * words),
)
PACKETS = st.builds(
    RtpPacket,
    payload_type=st.integers(0, 127),
    sequence=st.integers(0, 0xFFFF),
    timestamp=WORD,
    ssrc=WORD,
    payload=st.binary(max_size=200),
    marker=st.booleans(),
    padding=st.just(b"") | PADDING,
    csrcs=st.lists(WORD, max_size=15).map(tuple),
    extension=st.none() | EXTENSION,
)


@given(PACKETS)
def test_what_is_written_is_what_is_read(packet: RtpPacket) -> None:
    assert RtpPacket.parse(bytes(packet)) == packet


@given(st.binary(max_size=80), st.integers(0x80, 0xBF))
def test_any_octets_come_back_or_are_refused(tail: bytes, first: int) -> None:
    octets = bytes([first]) + tail
    try:
        packet = RtpPacket.parse(octets)
    except Malformed:
        return
    assert bytes(packet) == octets


@given(PACKETS)
def test_the_payload_starts_after_the_header(packet: RtpPacket) -> None:
    octets = bytes(packet)

    assert octets[header_length(octets) :] == packet.payload + packet.padding


def test_the_plain_packet_is_laid_out_as_the_standard_draws_it() -> None:
    packet = RtpPacket(101, 0x0102, 0x03040506, 0x0708090A, b"\xff", marker=True)

    assert bytes(packet).hex(" ") == "80 e5 01 02 03 04 05 06 07 08 09 0a ff"


@pytest.mark.parametrize(
    "octets",
    [
        pytest.param(bytes([0x80]) + bytes(10), id="shorter than a header"),
        pytest.param(bytes([0x40]) + bytes(20), id="version 1"),
        pytest.param(bytes([0x82]) + bytes(15), id="contributing sources missing"),
        pytest.param(bytes([0x90]) + bytes(12), id="extension header missing"),
        pytest.param(bytes([0x90]) + bytes(14) + b"\x01", id="extension missing"),
        pytest.param(bytes([0xA0]) + bytes(15), id="padding of zero octets"),
        pytest.param(bytes([0xA0]) + bytes(14) + b"\x05", id="more padding than room"),
    ],
)
def test_a_broken_header_is_malformed(octets: bytes) -> None:
    with pytest.raises(Malformed):
        RtpPacket.parse(octets)
