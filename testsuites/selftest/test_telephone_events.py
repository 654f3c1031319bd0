"""Keys as RTP carries them: RFC 4733 §2.3, RFC 4733 §3.2."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringback.faults import Malformed, Misuse
from ringback.wire.telephone_event import KEYS, TelephoneEvent, event_of, key_of


@given(st.binary(min_size=4, max_size=9))
def test_no_octet_is_forgotten(octets: bytes) -> None:
    assert bytes(TelephoneEvent.parse(octets)) == octets


def test_an_event_is_laid_out_as_the_standard_draws_it() -> None:
    event = TelephoneEvent(event_of("#"), end=True, volume=10, duration=800)

    assert bytes(event).hex(" ") == "0b 8a 03 20"
    assert TelephoneEvent.parse(bytes(event)) == event


def test_three_octets_are_malformed() -> None:
    with pytest.raises(Malformed):
        TelephoneEvent.parse(b"\x01\x0a\x00")


def test_each_key_has_its_number() -> None:
    assert [event_of(key) for key in "0123456789*#ABCD"] == list(range(16))
    assert "".join(map(key_of, range(16))) == KEYS
    assert event_of("d") == 15


def test_an_event_that_is_no_key_has_no_name() -> None:
    assert key_of(16) == ""
    assert key_of(36) == ""


@pytest.mark.parametrize("key", ["", "12", "E", "+"])
def test_what_no_keypad_has_is_misuse(key: str) -> None:
    with pytest.raises(Misuse):
        event_of(key)
