"""What is read twice is the same value; what is large is not kept."""

import pytest

from ringback.faults import Malformed
from ringback.wire.message import Message
from ringback.wire.readings import LARGEST_KEPT, read_once, remembered
from ringback.wire.sdp import Sdp
from ringback.wire.soap import Envelope

SAID = b"OPTIONS sip:a@b SIP/2.0\r\nSubject: s\r\n\r\n"


def test_the_same_octets_are_the_same_value() -> None:
    assert Message.parse(SAID) is Message.parse(bytes(bytearray(SAID)))
    assert Sdp.parse(b"v=0\r\n") is Sdp.parse(bytes(bytearray(b"v=0\r\n")))
    assert Envelope.parse(b"<a/>") is Envelope.parse(bytes(bytearray(b"<a/>")))


def test_what_is_large_is_read_anew() -> None:
    large = SAID + bytes(LARGEST_KEPT)

    assert Message.parse(large) == Message.parse(large)
    assert Message.parse(large) is not Message.parse(large)


def test_what_cannot_be_read_is_refused_each_time() -> None:
    for _ in range(2):
        with pytest.raises(Malformed):
            Message.parse(b"no blank line")


def test_only_the_latest_are_kept() -> None:
    read: list[bytes] = []

    @remembered(2)
    def noted(octets: bytes) -> bytes:
        read.append(octets)
        return octets

    for octets in (b"1", b"2", b"1", b"3", b"2"):
        noted(octets)

    assert read == [b"1", b"2", b"3", b"2"]


def test_a_reading_of_once_is_made_when_it_is_first_asked_for() -> None:
    read: list[str] = []

    class Text:
        @read_once
        def length(self) -> int:
            """In letters."""
            read.append("length")
            return 3

    text = Text()
    assert not read
    assert (text.length, text.length) == (3, 3)
    assert read == ["length"]
    assert Text.length.__doc__ == "In letters."
