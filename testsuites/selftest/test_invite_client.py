"""INVITE client transaction: RFC 3261 §17.1.1 and RFC 6026 §7.2."""

import pytest
from msgspec.structs import replace
from testsuites.selftest.machines import EVERY_EVENT, request, response

from ringback.protocol.effects import (
    Arm,
    Deliver,
    Ended,
    Fired,
    Ignored,
    LinkLost,
    Received,
    Send,
    Timer,
)
from ringback.protocol.invite_client import InviteClient, State, begin, step
from ringback.protocol.timing import Timing

INVITE = request("INVITE")


def started(*, reliable: bool = True) -> InviteClient:
    return begin(InviteClient(INVITE, reliable))[0]


def after(*statuses: int, reliable: bool = True) -> InviteClient:
    tx = started(reliable=reliable)
    for status in statuses:
        tx, _ = step(tx, Received(response(status)))
    return tx


def test_it_sends_and_waits_64_t1_at_most() -> None:
    _, effects = begin(InviteClient(INVITE, reliable=True))
    assert effects == (Send(INVITE), Arm(Timer.B, 32.0))


def test_over_udp_the_gaps_double_without_a_ceiling() -> None:
    tx, effects = begin(InviteClient(INVITE, reliable=False))
    assert effects[-1] == Arm(Timer.A, 0.5)
    gaps = []
    for _ in range(4):
        tx, (sent, alarm) = step(tx, Fired(Timer.A))
        assert sent == Send(INVITE)
        assert isinstance(alarm, Arm)
        gaps.append(alarm.after)
    assert gaps == [1, 2, 4, 8]


def test_a_scale_shrinks_every_wait() -> None:
    quick = InviteClient(INVITE, reliable=False, timing=Timing(scale=0.01))
    _, effects = begin(quick)
    waits = [e.after for e in effects if isinstance(e, Arm)]
    assert waits == pytest.approx([0.32, 0.005])


def test_silence_ends_it_at_timer_b() -> None:
    tx, effects = step(started(), Fired(Timer.B))
    assert tx.state is State.TERMINATED
    assert effects[-1] == Ended("no response before Timer B")


def test_a_provisional_answer_stops_timers_a_and_b() -> None:
    tx, effects = step(started(), Received(response(180)))
    assert tx.state is State.PROCEEDING
    assert effects[-1] == Deliver(response(180))
    assert step(tx, Fired(Timer.B))[1] == (Ignored(Fired(Timer.B)),)


def test_a_2xx_is_delivered_and_not_acknowledged_here() -> None:
    tx, effects = step(after(180), Received(response(200)))
    assert tx.state is State.ACCEPTED
    assert not any(isinstance(e, Send) for e in effects)
    assert Arm(Timer.M, 32.0) in effects


def test_each_further_2xx_is_delivered_until_timer_m() -> None:
    forked = response(200, tag="other")
    tx, effects = step(after(200), Received(forked))
    assert effects == (Deliver(forked),)
    tx, effects = step(tx, Fired(Timer.M))
    assert tx.state is State.TERMINATED
    assert effects[-1] == Ended()


@pytest.mark.parametrize("status", [302, 404, 500, 603])
def test_a_refusal_is_acknowledged_on_the_same_branch(status: int) -> None:
    tx, effects = step(after(180), Received(response(status)))
    (ack,) = [e.message for e in effects if isinstance(e, Send)]
    assert tx.state is State.COMPLETED
    assert ack.start == b"ACK sip:b@b.example SIP/2.0"
    assert ack.all("via") == INVITE.all("via")[:1]
    assert ack.first("to") == "<sip:b@b.example>;tag=to"
    assert ack.first("cseq") == "314 ACK"
    assert ack.all("route") == INVITE.all("route")
    assert not ack.body


@pytest.mark.parametrize(("reliable", "wait"), [(True, 0.0), (False, 32.0)])
def test_timer_d_is_zero_where_nothing_gets_lost(reliable: bool, wait: float) -> None:
    tx = started(reliable=reliable)
    _, effects = step(tx, Received(response(486)))
    assert effects[-1] == Arm(Timer.D, wait)


def test_a_repeated_refusal_is_acknowledged_again_and_not_delivered() -> None:
    tx, effects = step(after(486), Received(response(486)))
    assert tx.state is State.COMPLETED
    assert [type(e) for e in effects] == [Send]


@pytest.mark.parametrize("tx", [started(), after(486)])
def test_a_lost_link_ends_it_while_it_needs_one(tx: InviteClient) -> None:
    tx, effects = step(tx, LinkLost("reset"))
    assert tx.state is State.TERMINATED
    assert effects[-1] == Ended("reset")


@pytest.mark.parametrize("state", State)
def test_every_state_takes_every_event(state: State) -> None:
    before = replace(started(), state=state)
    for event in EVERY_EVENT:
        tx, effects = step(before, event)
        assert effects
        if Ignored(event) in effects:
            assert tx == before
        if state is State.TERMINATED:
            assert effects == (Ignored(event),)
