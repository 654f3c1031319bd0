"""A greeting that was recorded over the phone is the one that is played next."""

import pytest
from msgspec.structs import replace
from testsuites.selftest.evidence_builder import told
from testsuites.selftest.played_call import call
from testsuites.selftest.tribunal import Table, accused, acquitted, left_open

from ringback.evidence.circumstances import Ordered
from ringback.evidence.evidence import Evidence
from ringback.evidence.frame import RtpFrame
from ringback.values import Leg, Role
from ringback.wire import g711


def greeting(user: str = "alice", item: str = "NormalCustom") -> Ordered:
    return Ordered(
        user=user, kind="greeting", item=item, dial_string="50123", dialect="umws"
    )


TWICE = (greeting(), greeting())


def later(frame: RtpFrame, ssrc: int, numbers: int, **changes: object) -> RtpFrame:
    """The same packet, in another stream."""
    assert frame.rtp
    packet = replace(frame.rtp, ssrc=ssrc)
    number, time = frame.number + numbers, frame.time + numbers
    return replace(frame, rtp=packet, number=number, time=time, **changes)


def two_calls(*, heard: bool = True, spoken: bool = True) -> Evidence:
    """The phone says what the UM played first; then the UM plays it, or silence."""
    first = [
        f
        for f in call().rtp
        if f.leg is Leg.UM_GATEWAY and f.sender is Role.UM and f.rtp
    ]
    said = [
        later(
            f,
            7,
            1000,
            source=f.target,
            target=f.source,
            sender=Role.GATEWAY,
            receiver=Role.UM,
        )
        for f in first
    ]
    again = [later(f, 8, 5000) for f in first]
    if not heard:
        again = [hushed(f) for f in again]
    rtp = (*first, *(said if spoken else ()), *again)
    return told(replace(call(), rtp=rtp), ordered=TWICE)


def hushed(frame: RtpFrame) -> RtpFrame:
    assert frame.rtp
    silence = bytes([g711.ULAW_SILENCE]) * len(frame.rtp.payload)
    return replace(frame, rtp=replace(frame.rtp, payload=silence))


GUILTY: Table = {"POP-GREET-001": lambda: two_calls(heard=False)}


@pytest.mark.parametrize("requirement", sorted(GUILTY))
def test_who_breaks_it_is_accused(requirement: str) -> None:
    assert accused(requirement, GUILTY[requirement]()).guilty is Role.UM


def test_a_greeting_heard_as_it_was_spoken() -> None:
    acquitted("POP-GREET-001", two_calls())


def test_nothing_is_known_of_a_greeting_that_nobody_spoke() -> None:
    left_open("POP-GREET-001", two_calls(spoken=False))


def test_nothing_is_known_of_two_different_greetings() -> None:
    orders = (greeting(), greeting(item="OofCustom"))
    left_open("POP-GREET-001", told(two_calls(), ordered=orders))
