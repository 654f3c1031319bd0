"""What is beyond a receiver may be refused, or left; but not half carried out."""

import pytest
from msgspec.structs import replace
from testsuites.selftest.asked_outside import Change, asked, plain, same
from testsuites.selftest.evidence_builder import with_field
from testsuites.selftest.tribunal import accused, acquitted, left_open

from ringback.evidence.evidence import Evidence
from ringback.evidence.frame import BrokenFrame
from ringback.values import Role
from ringback.wire.message import Message

VERSION, LENGTH, BODY = "SIP-REFUSE-007", "SIP-REFUSE-008", "SIP-REFUSE-009"
INNER = b"\r\n\r\nOPTIONS sip:x SIP/2.0\r\nCall-ID: q1\r\nContent-Length: 0\r\n\r\n"
MANY = INNER * 3000


def seven(message: Message) -> Message:
    return replace(message, start=message.start.replace(b"/2.0", b"/7.0"))


def long(message: Message) -> Message:
    told = with_field("Content-Length", str(len(MANY)))(message)
    return replace(told, body=MANY)


def obeyed(status: int = 200) -> Evidence:
    """The long request, and a response to the one in its body that nobody sent."""
    whole = asked((long, status), (same, 200))
    *others, request, response = whole.sip
    assert request.sip.first("call-id") == response.sip.first("call-id") == "q1"
    return replace(whole, sip=(*others, response))


def left(evidence: Evidence) -> Evidence:
    """Their connection is ended by who was asked."""
    flow, target = evidence.sip[-1].flow, evidence.sip[-1].target
    ended = tuple(
        replace(c, closed=200_000, left_by=target) if c.flow == flow else c
        for c in evidence.connections
    )
    return replace(evidence, connections=ended)


def cut(evidence: Evidence, change: Change = same) -> Evidence:
    """Of the long request only a part came onto the wire."""
    at = next(f for f in evidence.sip if len(f.sip.body) > len(INNER))
    words = {
        name: getattr(at, name)
        for name in ("number", "time", "source", "target", "flow", "leg")
    }
    octets = bytes(change(at.sip))[:40_000]
    broken = BrokenFrame(
        **words, sender=at.sender, receiver=at.receiver, octets=octets, why="cut"
    )
    kept = tuple(f for f in evidence.sip if f is not at)
    return replace(evidence, sip=kept, broken=(broken,))


@pytest.mark.parametrize("status", [180, 200])
def test_who_obeys_another_version_is_accused(status: int) -> None:
    guilty = accused(VERSION, asked((seven, status), (same, 200))).guilty

    assert guilty is Role.UM


@pytest.mark.parametrize("status", [0, 302, 400, 403, 405, 501, 505])
def test_another_version_may_be_refused_or_passed_over(status: int) -> None:
    acquitted(VERSION, asked((seven, status), (same, 200)))


def test_silence_alone_shows_nothing() -> None:
    left_open(VERSION, asked((seven, 0)))
    left_open(LENGTH, asked((long, 0)))
    left_open(VERSION, plain())
    left_open(LENGTH, plain())
    left_open(BODY, plain())


def test_who_never_answers_what_is_long_is_accused() -> None:
    assert accused(LENGTH, asked((long, 0), (same, 200))).guilty is Role.UM


@pytest.mark.parametrize("status", [200, 302, 400, 413, 415, 486, 513])
def test_what_is_long_may_be_taken_or_refused(status: int) -> None:
    acquitted(LENGTH, asked((long, status), (same, 200)))
    acquitted(BODY, asked((long, status), (same, 0)))


def test_who_leaves_has_settled_it() -> None:
    acquitted(LENGTH, left(asked((long, 0))))
    acquitted(LENGTH, left(cut(asked((long, 0), (same, 0)))))


def test_a_request_that_came_half_is_known_by_its_length() -> None:
    accused(LENGTH, cut(asked((long, 0), (same, 200))))
    acquitted(LENGTH, cut(asked((long, 513), (same, 200))))


def test_who_answers_what_stands_in_a_body_is_accused() -> None:
    assert accused(BODY, obeyed()).guilty is Role.UM
    accused(BODY, obeyed(513))
    accused(BODY, cut(obeyed()))


def test_who_leaves_only_at_the_end_has_not() -> None:
    accused(LENGTH, left(asked((long, 0), (same, 200))))


def test_a_long_body_of_no_requests_shows_nothing() -> None:
    left_open(BODY, asked((lambda m: replace(long(m), body=b"v" * len(MANY)), 200)))
