"""Packets of every link type, cut short, in fragments, or of no interest."""

from struct import pack

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringback.evidence.packets import (
    COOKED,
    COOKED2,
    ETHERNET,
    NULL,
    RAW,
    CapturedPacket,
    Datagram,
    Dissector,
    Segment,
)
from ringback.evidence.synthesis import Synthesis
from ringback.values import Address

NEAR, FAR = Address("127.0.9.1", 40000), Address("127.0.9.2", 5060)
NEAR6, FAR6 = Address("::1", 40000), Address("fd00::2", 5060)


def packet(octets: bytes, link: int = ETHERNET) -> CapturedPacket:
    return CapturedPacket(0, 0, octets, link=link)


def datagram(data: bytes, source: Address = NEAR, target: Address = FAR) -> bytes:
    synthesis = Synthesis()
    synthesis.datagram(source, target, data, 0)
    return synthesis.packets()[0].octets


def seen(octets: bytes, link: int = ETHERNET) -> Segment | Datagram | None:
    return Dissector().take(packet(octets, link))


def said(found: Segment | Datagram | None) -> bytes:
    assert isinstance(found, Datagram)
    return found.data


@pytest.mark.parametrize("ends", [(NEAR, FAR), (NEAR6, FAR6)])
def test_a_datagram_keeps_its_addresses(ends: tuple[Address, Address]) -> None:
    found = seen(datagram(b"hello", *ends))

    assert isinstance(found, Datagram)
    assert (found.source, found.target, found.data) == (*ends, b"hello")


@pytest.mark.parametrize(
    ("link", "before"),
    [
        (RAW, b""),
        (NULL, b"\x02\x00\x00\x00"),
        (NULL, b"\x00\x00\x00\x02"),
        (COOKED, bytes(14) + b"\x08\x00"),
        (COOKED2, b"\x08\x00" + bytes(18)),
        (ETHERNET, bytes(12) + b"\x81\x00\x00\x05\x08\x00"),
    ],
)
def test_every_link_type_leads_to_the_same(link: int, before: bytes) -> None:
    assert said(seen(before + datagram(b"hello")[14:], link)) == b"hello"


def test_what_is_not_ip_is_passed_over() -> None:
    assert seen(bytes(12) + b"\x08\x06" + bytes(40)) is None
    assert seen(b"") is None
    assert seen(datagram(b"hello")[:30]) is None
    assert seen(datagram(b"hello"), link=147) is None


def test_a_packet_cut_short_tells_its_true_length() -> None:
    found = seen(datagram(b"hello world")[:-6])

    assert isinstance(found, Datagram)
    assert (found.data, found.length) == (b"hello", 11)


def test_padding_of_the_link_is_no_data() -> None:
    assert said(seen(datagram(b"hi") + bytes(16))) == b"hi"


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 0, 1), (1, 2, 0)])
def test_fragments_are_joined_in_any_order(order: tuple[int, ...]) -> None:
    data = bytes(range(256)) * 2
    whole = datagram(data)
    pieces = [_fragment(whole, start, 176) for start in (0, 176, 352)]
    dissector = Dissector()

    found = [dissector.take(packet(pieces[n])) for n in order]

    assert found[:2] == [None, None]
    assert said(found[2]) == data
    assert dissector.unjoined == 0


def test_a_missing_fragment_is_noticed() -> None:
    dissector = Dissector()
    dissector.take(packet(_fragment(datagram(bytes(400)), 0, 176)))

    assert dissector.unjoined == 1


def test_extension_headers_are_passed() -> None:
    octets = datagram(b"hello", NEAR6, FAR6)
    ip, rest = octets[14:54], octets[54:]
    longer = ip[:4] + pack("!H", len(rest) + 8) + b"\x00" + ip[7:]

    assert said(seen(longer + b"\x11\x00" + bytes(6) + rest, RAW)) == b"hello"


@given(st.binary(max_size=100))
def test_no_octets_can_upset_the_reader(octets: bytes) -> None:
    for link in (ETHERNET, RAW, NULL, COOKED, COOKED2):
        seen(octets, link)
        seen(datagram(b"")[: len(octets) % 42] + octets, link)


def _fragment(whole: bytes, start: int, size: int) -> bytes:
    head, payload = whole[14:34], whole[34:]
    more = 0x2000 if start + size < len(payload) else 0
    place = pack("!H", more | start // 8)
    piece = payload[start : start + size]
    total = pack("!H", 20 + len(piece))
    return whole[:14] + head[:2] + total + head[4:6] + place + head[8:] + piece
