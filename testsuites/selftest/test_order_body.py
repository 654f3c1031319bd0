"""The ringback binding's two bodies keep what they are told, and their octets."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringback.faults import Malformed, Misuse
from ringback.values import Cause
from ringback.wire.order import KINDS, NAMESPACE, TROUBLES, Order, Outcome

SPEAKABLE = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff")
)
ORDER = Order("alice", "message", "AAAA==", "+1 (206) 555-0123")
SPELLED_OTHERWISE = (
    f'<?xml version="1.0"?>\n<r:play-on-phone xmlns:r="{NAMESPACE}"><!-- odd -->'
    "<r:dial-string>12</r:dial-string>\n <r:item>latest</r:item><r:more/>"
    "<r:kind>message</r:kind><r:user>alice</r:user></r:play-on-phone>"
).encode()


@given(user=SPEAKABLE, kind=st.sampled_from(KINDS), item=SPEAKABLE, dialled=SPEAKABLE)
def test_an_order_survives_the_wire(
    user: str, kind: str, item: str, dialled: str
) -> None:
    order = Order(user, kind, item, dialled + "\r\n\t<&\"'")
    octets = bytes(order)
    assert Order.parse(octets) == order
    assert bytes(Order.parse(octets)) == octets


@given(
    cause=st.sampled_from(Cause),
    code=st.integers(0, 699),
    text=SPEAKABLE,
    trouble=st.sampled_from(TROUBLES),
)
def test_an_outcome_survives_the_wire(
    cause: Cause, code: int, text: str, trouble: str
) -> None:
    outcome = Outcome(cause, code, text, trouble)
    octets = bytes(outcome)
    assert Outcome.parse(octets) == outcome
    assert bytes(Outcome.parse(octets)) == octets


def test_another_spelling_is_read_and_kept() -> None:
    order = Order.parse(SPELLED_OTHERWISE)
    assert order == Order("alice", "message", "latest", "12")
    assert bytes(order) == SPELLED_OTHERWISE


def test_a_changed_copy_is_written_anew() -> None:
    changed = replace(Order.parse(SPELLED_OTHERWISE), dial_string="34")
    assert Order.parse(bytes(changed)).dial_string == "34"


def test_a_dial_string_cannot_break_out_of_its_element() -> None:
    nasty = "1</dial-string><dial-string>2"
    assert Order.parse(bytes(replace(ORDER, dial_string=nasty))).dial_string == nasty


def test_what_xml_cannot_carry_is_refused() -> None:
    with pytest.raises(Misuse):
        bytes(replace(ORDER, dial_string="\x07"))


@pytest.mark.parametrize(
    ("octets", "words"),
    [
        (b"", "not XML"),
        (b"<!DOCTYPE a><a/>", "DOCTYPE"),
        (b"<play-on-phone/>", "not play-on-phone of ours"),
        (bytes(Outcome(Cause.OTHER)), "not play-on-phone of ours"),
        (bytes(ORDER).replace(b"user>", b"usher>"), "lacks user"),
        (bytes(ORDER).replace(b"message", b"film"), "kind 'film'"),
    ],
)
def test_what_is_no_order_is_malformed(octets: bytes, words: str) -> None:
    with pytest.raises(Malformed, match=words):
        Order.parse(octets)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (b"UserBusy", b"Bored", "no cause"),
        (b"486", b"many", "no code"),
        (b"trouble>", b"truble>", "lacks trouble"),
    ],
)
def test_what_is_no_outcome_is_malformed(old: bytes, new: bytes, words: str) -> None:
    octets = bytes(Outcome(Cause.USER_BUSY, 486, "Busy Here")).replace(old, new)
    with pytest.raises(Malformed, match=words):
        Outcome.parse(octets)
