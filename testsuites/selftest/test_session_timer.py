"""Session timers: RFC 4028, as values and between two user agents."""

import pytest
from testsuites.selftest.pair import SDP, SDP_TYPE, Phone, Pipe, talking

from ringback.protocol.happenings import Answered, HungUp, Invited, Refused
from ringback.protocol.session_timer import Grant, asked_fields, grant, too_brief
from ringback.protocol.timing import Timing
from ringback.wire.message import Field, Message


def invite(*lines: str) -> Message:
    fields = [Field(line.encode()) for line in lines]
    return Message.request("INVITE", "sip:b", fields)


@pytest.mark.parametrize(
    ("lines", "own", "granted"),
    [
        ((), 0, None),
        (("Supported: timer",), 0, None),
        (("Supported: timer",), 1800, Grant(1800, "uac", True)),
        ((), 1800, Grant(1800, "uas", False)),
        (
            ("Supported: timer", "Session-Expires: 600;refresher=uas"),
            0,
            Grant(600, "uas", True),
        ),
        (("x: 600", "k: timer"), 300, Grant(300, "uac", True)),
        (("x: 600", "k: timer", "Min-SE: 500"), 300, Grant(500, "uac", True)),
        (("x: 600;refresher=uac",), 0, Grant(600, "uas", False)),
    ],
)
def test_what_is_granted(
    lines: tuple[str, ...], own: int, granted: Grant | None
) -> None:
    assert grant(invite(*lines), own) == granted


def test_only_those_who_know_timers_are_told_that_one_is_required() -> None:
    told = [f.octets for f in Grant(90, "uac", True).fields]
    assert told == [b"Session-Expires: 90;refresher=uac", b"Require: timer"]
    assert len(Grant(90, "uas", False).fields) == 1


def test_less_than_ninety_seconds_is_too_brief() -> None:
    assert too_brief(invite("Session-Expires: 89", "Supported: timer"))
    assert not too_brief(invite("Session-Expires: 90", "Supported: timer"))
    assert not too_brief(invite("Session-Expires: 30"))


def test_asking_for_nothing_says_nothing() -> None:
    assert asked_fields(0) == ()


def test_the_caller_refreshes_at_half_time_with_update() -> None:
    pipe, a, b, _, _ = talking(session_expires=200)
    pipe.advance(99)
    assert "a UPDATE" not in pipe.words()
    pipe.advance(2)
    assert pipe.words()[-2:] == ["a UPDATE", "b 200"]
    assert "b UPDATE" not in pipe.words()
    pipe.advance(1000)
    assert pipe.words().count("a UPDATE") == 11
    assert a.kinds() == ["Answered"]
    assert b.kinds() == ["Invited", "Acked"]


def test_without_update_it_refreshes_by_reinvite() -> None:
    pipe, a, b, key, _ = talking(session_expires=200)
    a.agent._core.calls[key].allows = ("INVITE", "BYE")
    pipe.advance(101)
    assert pipe.words()[-2:] == ["a INVITE", "b 100"]
    assert pipe.last("a INVITE").body == SDP
    assert b.kinds()[-1] == "Modified"


def test_a_session_nobody_refreshes_is_hung_up() -> None:
    pipe, a, b, _, _ = talking(session_expires=300)
    pipe.stop = lambda seat, octets: seat is a.seat
    pipe.advance(267)
    assert "HungUp" not in b.kinds()
    pipe.advance(2)  # 32 s before the end
    assert b.latest(HungUp).why == "the session expired"
    assert "b BYE" in pipe.words()


def test_a_refresh_that_fails_ends_the_call() -> None:
    pipe, a, b, _, there = talking(session_expires=200)
    del b.agent._core.calls[there]
    pipe.advance(101)
    assert a.latest(HungUp).why == "481 in the dialog"


def test_the_scale_shrinks_sessions_too() -> None:
    pipe, _, _, _, _ = talking(session_expires=200, timing=Timing(scale=0.01))
    pipe.advance(1.01)
    assert "a UPDATE" in pipe.words()


def test_a_422_makes_the_caller_ask_again() -> None:
    pipe = Pipe()
    a = Phone(pipe, "a", session_expires=60)
    b = Phone(pipe, "b")
    a.agent.call(b.uri, target=b.target, body=SDP, content_type=SDP_TYPE)
    pipe.run()
    assert pipe.words() == ["a INVITE", "b 422", "a ACK", "a INVITE", "b 100"]
    again = b.latest(Invited).request
    assert again.first("session-expires") == "90"
    assert again.first("min-se") == "90"
    assert again.first("cseq") == "2 INVITE"
    b.agent.answer(b.latest(Invited).call)
    pipe.run()
    assert a.latest(Answered)


def test_a_422_that_asks_for_nothing_new_is_a_refusal() -> None:
    pipe = Pipe()
    a, b = Phone(pipe, "a", session_expires=100), Phone(pipe, "b")
    a.agent.call(b.uri, target=b.target)
    pipe.run()
    least = (Field.of("Min-SE", "90"),)
    b.agent.refuse(b.latest(Invited).call, 422, "Session Interval Too Small", least)
    pipe.run()
    assert a.latest(Refused).response.status == 422
