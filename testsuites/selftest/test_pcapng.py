"""Capture files written and read: blocks, comments, secrets, circumstances, damage."""

import shutil
import subprocess
from pathlib import Path
from struct import pack

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from testsuites.selftest.staged import CLIENT, UM, Secured, Stage, circumstances

from ringback.evidence.packets import CapturedPacket
from ringback.evidence.pcapng import NO_PACKET, Blocks, Interface, Recording, load
from ringback.evidence.pcapng_blocks import interface_block, packet_block, section_block
from ringback.evidence.reader import read
from ringback.evidence.writer import Capture

needs_tshark = pytest.mark.skipif(not shutil.which("tshark"), reason="no tshark here")
PACKETS = [
    CapturedPacket(1_700_000_000_123_456_789 + n, 0, bytes([n]) * n, "x" * (n % 3))
    for n in range(20)
]


def block(kind: int, body: bytes, order: str = "<") -> bytes:
    body += bytes(-len(body) % 4)
    size = pack(f"{order}I", len(body) + 12)
    return pack(f"{order}I", kind) + size + body + size


def section(order: str = "<") -> bytes:
    return block(0x0A0D0D0A, pack(f"{order}IHHq", 0x1A2B3C4D, 1, 0, -1), order)


def interface(order: str = "<", options: bytes = b"", link: int = 1) -> bytes:
    return block(1, pack(f"{order}HHI", link, 0, 0) + options, order)


def enhanced(time: int, data: bytes, order: str = "<", interface: int = 0) -> bytes:
    fixed = (interface, time >> 32, time & 0xFFFFFFFF, len(data), len(data))
    return block(6, pack(f"{order}IIIII", *fixed) + data, order)


def tshark(path: Path, *options: str) -> str:
    command = ["tshark", "-r", str(path), *options]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return done.stdout


def test_what_is_written_is_read() -> None:
    known = circumstances()
    capture = Capture(PACKETS, b"CLIENT_RANDOM 00 11\n", known)

    again = Capture.parse(bytes(capture))

    assert list(again.packets) == PACKETS
    assert again.secrets == capture.secrets
    assert again.circumstances == known
    assert bytes(again) == bytes(capture)


def test_circumstances_may_be_large() -> None:
    known = msgspec.structs.replace(circumstances(), notes=("ü" * 300_000,))

    assert Capture.parse(bytes(Capture([], b"", known))).circumstances == known


def test_circumstances_that_nobody_knows_are_a_complaint() -> None:
    file = section_block(record=b'ringback circumstances 1\n{"scenario": 1}')

    evidence = read(file + interface_block("lo"))

    assert evidence.circumstances is None
    assert "circumstances" in evidence.complaints[0]


@pytest.mark.parametrize("order", ["<", ">"])
def test_both_octet_orders_are_read(order: str) -> None:
    file = section(order) + interface(order) + enhanced(1_000_001, b"abc", order)

    _, packets = load(file)

    assert packets == [CapturedPacket(1_000_001_000, 0, b"abc")]


def test_sections_of_different_order_follow_each_other() -> None:
    parts = [
        section(o) + interface(o) + enhanced(n, b"x", o) for n, o in enumerate("<><")
    ]

    _, packets = load(b"".join(parts))

    assert [p.time_ns for p in packets] == [0, 1000, 2000]


@pytest.mark.parametrize(
    ("resolution", "nanoseconds"),
    [(b"\x09", 4096), (b"\x06", 4096_000), (b"\x8a", 4_000_000_000)],
)
def test_the_clock_of_an_interface_counts(resolution: bytes, nanoseconds: int) -> None:
    option = pack("<HH", 9, 1) + resolution + bytes(3)

    _, packets = load(section() + interface(options=option) + enhanced(4096, b"x"))

    assert packets[0].time_ns == nanoseconds


def test_each_interface_has_its_own_link_type() -> None:
    file = section() + interface() + interface(link=101) + enhanced(0, b"a")
    file += enhanced(0, b"b", interface=1)

    recording, packets = load(file)

    assert [p.link for p in packets] == [1, 101]
    assert [i.link for i in recording.interfaces] == [1, 101]


def test_a_section_begins_with_no_interfaces() -> None:
    file = section() + interface() + section() + interface(link=101)

    _, packets = load(file + enhanced(0, b"a"))

    assert [p.link for p in packets] == [101]


def test_old_and_simple_packets_are_read() -> None:
    old = block(2, pack("<HHIIII", 0, 7, 0, 5, 3, 3) + b"old")
    simple = block(3, pack("<I", 6) + b"simple")

    _, packets = load(section() + interface() + old + simple)

    assert [(p.time_ns, p.octets) for p in packets] == [(5000, b"old"), (0, b"simple")]


def test_blocks_of_no_interest_are_passed_over() -> None:
    others = block(4, bytes(8)) + block(5, bytes(12)) + block(0x80000001, b"local")

    recording, packets = load(section() + interface() + others + enhanced(0, b"x"))

    assert len(packets) == 1
    assert not recording.complaints


def test_a_custom_block_has_a_number_as_in_wireshark() -> None:
    custom = block(0x0BAD, pack("<I", 32473) + b"somebody's")

    recording, packets = load(section() + interface() + custom + enhanced(0, b"x"))

    assert [p.link for p in packets] == [NO_PACKET, 1]
    assert recording.records == [b"somebody's"]
    again = bytes(Capture(packets))
    assert [p.link for p in load(again)[1]] == [NO_PACKET, 1]


def test_a_block_that_lies_is_complained_about() -> None:
    liar = block(6, pack("<IIIII", 0, 0, 0, 500, 500) + b"short")
    stranger = enhanced(0, b"x", interface=3)

    recording, packets = load(section() + interface() + liar + stranger)

    assert not packets
    assert len(recording.complaints) == 2


@given(st.integers(0, 2000))
def test_a_file_cut_anywhere_is_read_up_to_the_cut(size: int) -> None:
    whole = bytes(Capture(PACKETS))
    cut = whole[:size]

    recording, packets = load(cut)

    assert packets == PACKETS[: len(packets)]
    edge = section_block() + interface_block("lo")
    edges = {len(edge + b"".join(map(packet_block, PACKETS[:n]))) for n in range(21)}
    fits = len(cut) in edges | {len(section_block())}
    assert bool(recording.complaints) is not fits


def test_nonsense_is_a_complaint() -> None:
    for octets in (b"", b"hello world, this is no capture", b"\x0a\x0d\x0d\x0a" * 5):
        evidence = read(octets)
        assert evidence.packets == 0
        assert evidence.complaints


@given(st.binary(max_size=300))
def test_no_octets_can_upset_the_reader(octets: bytes) -> None:
    load(octets)
    load(section() + interface() + octets)
    load(b"\xd4\xc3\xb2\xa1" + octets)


@given(st.lists(st.integers(1, 500)))
def test_a_live_stream_may_be_cut_anywhere(sizes: list[int]) -> None:
    whole = bytes(Capture(PACKETS))
    recording, packets, at = Recording(), list[CapturedPacket](), 0
    for size in [*sizes, len(whole)]:
        packets += recording.feed(whole[at : at + size])
        at += size

    assert packets == PACKETS
    assert recording.blocks.pending == 0


def test_blocks_stop_at_a_length_that_cannot_be() -> None:
    blocks = Blocks()

    assert blocks.feed(section() + pack("<II", 6, 13) + bytes(20)) == [
        blocks_of(section())[0]
    ]
    assert blocks.broken
    assert blocks.feed(section()) == []


def blocks_of(octets: bytes) -> list[object]:
    return list(Blocks().feed(octets))


@pytest.mark.parametrize(
    ("magic", "order", "unit"),
    [
        (0xA1B2C3D4, "<", 1000),
        (0xA1B2C3D4, ">", 1000),
        (0xA1B23C4D, "<", 1),
        (0xA1B23C4D, ">", 1),
    ],
)
def test_classic_files_are_read(magic: int, order: str, unit: int) -> None:
    head = pack(f"{order}IHHiIII", magic, 2, 4, 0, 0, 65535, 101)
    one = pack(f"{order}IIII", 2, 7, 3, 9) + b"abc"

    recording, packets = load(head + one + one[:-1])

    expected = 2_000_000_000 + 7 * unit
    assert packets == [CapturedPacket(expected, 0, b"abc", link=101, length=9)]
    assert "cut short" in recording.complaints[0]


def test_comments_are_added_to_comments() -> None:
    capture = Capture(PACKETS[:3]).with_comments({1: "one", 3: "three\nlines"})

    again = Capture.parse(bytes(capture)).packets

    assert [p.comment for p in again] == ["one", "x", "xx\nthree\nlines"]
    with pytest.raises(KeyError):
        capture.with_comments({4: "nobody"})


@needs_tshark
def test_wireshark_opens_it_decrypted_and_shows_the_comments(tmp_path: Path) -> None:
    secured = Secured(Stage(), 1, (CLIENT, UM))
    secured.says(b"OPTIONS sip:a SIP/2.0\r\nCall-ID: 1\r\nContent-Length: 0\r\n\r\n")
    stage = secured.stage
    capture = Capture(stage.synthesis.packets(), stage.secrets, circumstances())
    path = tmp_path / "x.pcapng"
    path.write_bytes(bytes(capture.with_comments({2: "zweites, grün"})))

    shown = tshark(path, "-Y", "sip", "-T", "fields", "-e", "sip.Method")
    comments = tshark(
        path, "-Y", "frame.comment", "-T", "fields", "-e", "frame.comment"
    )
    frames = tshark(path, "-T", "fields", "-e", "frame.number", "-e", "frame.protocols")

    assert shown == "OPTIONS\n"
    assert comments == "zweites, grün\n"
    assert len(frames.splitlines()) == len(capture.packets)
    assert "pcapng" not in frames


def test_interfaces_keep_their_names() -> None:
    capture = Capture([], interfaces=(Interface(1, "lo"), Interface(101, "tun")))

    again = Capture.parse(bytes(capture))

    assert [(i.link, i.name) for i in again.interfaces] == [(1, "lo"), (101, "tun")]
