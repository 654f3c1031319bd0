"""A multipart body keeps every octet and gives its parts."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringback.faults import Malformed, Misuse
from ringback.wire.message import Field
from ringback.wire.multipart import Multipart, Part, parse

OFFER = Part.of("application/sdp", b"v=0\r\n", "session")
ORDER = Part.of("application/x+xml", b"<a/>", "render;handling=required")
KIND = "multipart/mixed;boundary=cut"


@given(st.lists(st.binary(max_size=60), min_size=1, max_size=4))
def test_parts_come_back_as_they_were(bodies: list[bytes]) -> None:
    parts = [Part.of("text/plain", body) for body in bodies]
    composed = Multipart.of(parts, "a boundary of:ours")
    read = parse(composed.content_type, bytes(composed))
    assert read == composed
    assert bytes(read) == bytes(composed)
    assert [part.body for part in read.parts] == bodies


@given(
    st.lists(st.sampled_from([b"--cut", b"--", b"\r\n", b"a: b", b" ", b"\n", b"x"]))
)
def test_any_body_is_kept_whole_or_malformed(pieces: list[bytes]) -> None:
    body = b"".join(pieces)
    with suppress(Malformed):
        assert bytes(parse(KIND, body)) == body


def test_a_part_is_found_by_its_type() -> None:
    body = Multipart.of([OFFER, ORDER], "cut")
    assert body.content_type == KIND
    assert body.part("Application/SDP") == OFFER
    assert body.part("text/plain") is None
    assert OFFER.disposition == ("session", {})
    assert ORDER.disposition == ("render", {"handling": "required"})


def test_preamble_epilogue_and_padding_are_passed_over_and_kept() -> None:
    octets = (
        b"hello\r\n--cut \t\r\n\r\none\r\n--cut\r\nA: b\r\n c\r\n\r\n\r\n--cut--\r\nbye"
    )
    body = parse(KIND, octets)
    assert [part.body for part in body.parts] == [b"one", b""]
    assert body.parts[0].headers == ()
    assert body.parts[0].type == "text/plain"
    assert body.parts[1].headers == (Field(b"A: b\r\n c"),)
    assert bytes(body) == octets


def test_a_line_that_only_begins_like_the_boundary_is_text() -> None:
    body = parse(KIND, b"--cut\r\n\r\n--cutter\r\n--cut--")
    assert [part.body for part in body.parts] == [b"--cutter"]


def test_bytes_of_a_part_are_its_octets() -> None:
    octets = b"X :  y\r\n\r\nbody\r\n\r\nmore"
    assert bytes(Part.parse(octets)) == octets
    assert bytes(Part.parse(b"\r\nbody")) == b"\r\nbody"


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        (KIND, b""),
        (KIND, b"--cut\r\n\r\nnever closed"),
        (KIND, b"--cut--"),
        (KIND, b"--cut\r\nno blank line\r\n--cut--"),
        ("multipart/mixed", b"--cut\r\n\r\n\r\n--cut--"),
        ("multipart/mixed;boundary=", b"--cut\r\n\r\n\r\n--cut--"),
        ("text/plain;boundary=cut", b"--cut\r\n\r\n\r\n--cut--"),
        ("nonsense", b""),
    ],
)
def test_what_is_not_whole_is_malformed(kind: str, body: bytes) -> None:
    with pytest.raises(Malformed):
        parse(kind, body)


def test_a_boundary_that_a_part_contains_cannot_be_used() -> None:
    with pytest.raises(Misuse):
        Multipart.of([Part.of("text/plain", b"--cut")], "cut")
    with pytest.raises(Misuse):
        Multipart.of([OFFER], "not\r\none")
    with pytest.raises(Misuse):
        Multipart.of([], "cut")
