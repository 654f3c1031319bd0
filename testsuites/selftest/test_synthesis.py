"""Packets made of stream events: what Wireshark would say of them."""

import shutil
import subprocess
from pathlib import Path
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringback.evidence.packets import (
    ACK,
    FIN,
    RST,
    SYN,
    Datagram,
    Dissector,
    Segment,
)
from ringback.evidence.synthesis import LARGEST_SEGMENT, Synthesis
from ringback.evidence.writer import Capture
from ringback.values import Address

NEAR, FAR = Address("127.0.9.1", 40000), Address("127.0.9.2", 5060)
NEAR6, FAR6 = Address("fd00::1", 40000), Address("fd00::2", 5060)
needs_tshark = pytest.mark.skipif(not shutil.which("tshark"), reason="no tshark here")


def conversation(client: Address = NEAR, server: Address = FAR) -> Synthesis:
    synthesis = Synthesis()
    synthesis.opened("a", client, server, 1)
    synthesis.octets("a", True, b"hello", 2)
    synthesis.octets("a", False, bytes(200_001), 3)
    synthesis.closed("a", True, False, 4)
    synthesis.closed("a", False, False, 5)
    return synthesis


def ones_sum(octets: bytes) -> int:
    """RFC 1071 §1: word by word, the carry comes back; all ones when it verifies."""
    total = 0
    for high, low in zip(octets[::2], octets[1::2] + b"\0", strict=False):
        total += high << 8 | low
        total = (total & 0xFFFF) + (total >> 16)
    return total


def segments(synthesis: Synthesis) -> list[Segment]:
    dissector = Dissector()
    found = [dissector.take(packet) for packet in synthesis.packets()]
    return [s for s in found if isinstance(s, Segment)]


def flags(synthesis: Synthesis) -> list[int]:
    return [s.flags & (SYN | FIN | RST) for s in segments(synthesis)]


def test_a_connection_opens_with_three_packets_and_closes_with_four() -> None:
    seen = segments(conversation())

    assert [s.flags for s in seen[:3]] == [SYN, SYN | ACK, ACK]
    assert [s.flags for s in seen[-4:]] == [FIN | ACK, ACK, FIN | ACK, ACK]
    assert [s.source for s in seen[-4:]] == [NEAR, FAR, FAR, NEAR]


def test_each_side_acknowledges_what_the_other_said() -> None:
    seen = segments(conversation())
    expected: dict[Address, int] = {}
    for segment in seen:
        start = expected.get(segment.source, segment.sequence)
        assert segment.sequence == start
        if segment.flags & ACK:
            assert segment.acknowledged <= expected[segment.target]
        used = len(segment.data) + bool(segment.flags & (SYN | FIN))
        expected[segment.source] = (start + used) % (1 << 32)
    assert seen[-1].acknowledged == expected[FAR]


def test_long_writes_are_cut_into_segments() -> None:
    sizes = [len(s.data) for s in segments(conversation()) if s.source == FAR]

    assert sum(sizes) == 200_001
    assert max(sizes) == LARGEST_SEGMENT


def test_a_reset_ends_both_directions() -> None:
    synthesis = Synthesis()
    synthesis.opened(1, NEAR, FAR, 0)
    synthesis.closed(1, False, True, 1)
    synthesis.octets(1, True, b"too late", 2)
    synthesis.closed(1, True, False, 3)

    assert flags(synthesis) == [SYN, SYN, 0, RST]


def test_a_side_that_finished_says_nothing_more() -> None:
    synthesis = Synthesis()
    synthesis.opened(1, NEAR, FAR, 0)
    synthesis.closed(1, True, False, 1)
    synthesis.octets(1, True, b"too late", 2)
    synthesis.octets(1, False, b"still here", 3)

    assert [s.data for s in segments(synthesis) if s.data] == [b"still here"]


def test_a_refused_connection_is_reset() -> None:
    synthesis = Synthesis()
    synthesis.refused(NEAR, FAR, 0)

    assert flags(synthesis) == [SYN, RST]


def test_octets_of_an_unknown_flow_are_an_error() -> None:
    with pytest.raises(KeyError):
        Synthesis().octets("nobody", True, b"x", 0)


@given(st.binary(max_size=300), st.booleans())
def test_checksums_verify(octets: bytes, six: bool) -> None:
    near, far = (NEAR6, FAR6) if six else (NEAR, FAR)
    synthesis = Synthesis()
    synthesis.datagram(near, far, octets, 0)
    synthesis.opened(1, near, far, 0)
    synthesis.octets(1, True, octets or b"x", 0)
    for packet in synthesis.packets():
        ip = packet.octets[14:]
        start = 40 if six else 20
        protocol = ip[6] if six else ip[9]
        hosts, transport = (ip[8:40] if six else ip[12:20]), ip[start:]
        pseudo = hosts + len(transport).to_bytes(4, "big") + bytes([0, 0, 0, protocol])
        assert ones_sum(pseudo + transport) == 0xFFFF
        assert six or ones_sum(ip[:20]) == 0xFFFF


def test_a_datagram_never_goes_without_a_checksum() -> None:
    """Zero would say that there is none (RFC 768)."""
    synthesis = Synthesis()
    synthesis.datagram(NEAR, FAR, bytes(2), 0)
    check = synthesis.packets()[0].octets[40:42]
    synthesis.datagram(NEAR, FAR, check, 0)  # makes the sum all ones

    assert synthesis.packets()[1].octets[40:42] == b"\xff\xff"


def test_a_segment_may_have_the_checksum_zero() -> None:
    """RFC 1624 §3: never all ones, which Wireshark would remark on."""
    first, second = Synthesis(), Synthesis()
    for synthesis in (first, second):
        synthesis.opened(1, NEAR, FAR, 0)
    first.octets(1, True, bytes(2), 0)
    check = first.packets()[-1].octets[50:52]
    second.octets(1, True, check, 0)

    assert second.packets()[-1].octets[50:52] == bytes(2)


@needs_tshark
@pytest.mark.parametrize("ends", [(NEAR, FAR), (NEAR6, FAR6)])
def test_wireshark_finds_nothing_wrong(
    tmp_path: Path, ends: tuple[Address, Address]
) -> None:
    synthesis = conversation(*ends)
    for size in range(64):
        synthesis.datagram(ends[0], Address(ends[1].host, 9999), bytes(size), 6)
    path = tmp_path / "x.pcapng"
    path.write_bytes(bytes(Capture(synthesis.packets())))
    checks = [f"{layer}.check_checksum:TRUE" for layer in ("ip", "tcp", "udp")]
    options = [word for check in checks for word in ("-o", check)]

    command = ["tshark", "-r", str(path), *options, "-q", "-z", "expert,warn"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)

    assert not done.stdout.strip()


def test_a_packet_costs_a_few_microseconds() -> None:
    synthesis, octets = Synthesis(), bytes(range(172))
    best = 1.0
    for _ in range(5):
        start = process_time()
        for n in range(1000):
            synthesis.datagram(NEAR, FAR, octets, n)
        best = min(best, process_time() - start)

    assert best / 1000 < 25e-6  # three times what is asked: the machine is shared
    found = Dissector().take(synthesis.packets()[-1])
    assert isinstance(found, Datagram)
    assert found.data == octets
