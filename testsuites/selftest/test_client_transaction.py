"""Non-INVITE client transaction: RFC 3261 §17.1.2."""

import pytest
from msgspec.structs import replace
from testsuites.selftest.machines import EVERY_EVENT, request, response

from ringback.protocol.client import Client, State, begin, step
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

BYE = request("BYE")


def started(*, reliable: bool = True) -> Client:
    return begin(Client(BYE, reliable))[0]


def heard(status: int, tx: Client) -> tuple[Client, tuple[object, ...]]:
    return step(tx, Received(response(status, "BYE")))


def test_it_sends_and_waits_64_t1_at_most() -> None:
    assert begin(Client(BYE, reliable=True))[1] == (Send(BYE), Arm(Timer.F, 32.0))


def test_over_udp_the_gaps_double_up_to_t2() -> None:
    tx, gaps = started(reliable=False), []
    for _ in range(5):
        tx, (_, alarm) = step(tx, Fired(Timer.E))
        assert isinstance(alarm, Arm)
        gaps.append(alarm.after)
    assert gaps == [1, 2, 4, 4, 4]


def test_after_a_provisional_answer_the_gap_is_t2() -> None:
    tx, effects = heard(100, started(reliable=False))
    assert tx.state is State.PROCEEDING
    assert effects == (Deliver(response(100, "BYE")),)
    assert step(tx, Fired(Timer.E))[1] == (Send(BYE), Arm(Timer.E, 4.0))


@pytest.mark.parametrize("provisional", [False, True])
def test_timer_f_ends_it_even_after_a_provisional(provisional: bool) -> None:
    tx = heard(100, started())[0] if provisional else started()
    tx, effects = step(tx, Fired(Timer.F))
    assert tx.state is State.TERMINATED
    assert effects[-1] == Ended("no final response before Timer F")


@pytest.mark.parametrize(("reliable", "wait"), [(True, 0.0), (False, 5.0)])
def test_a_final_answer_is_delivered_and_repetitions_absorbed(
    reliable: bool, wait: float
) -> None:
    tx, effects = heard(200, started(reliable=reliable))
    assert tx.state is State.COMPLETED
    assert effects[-2:] == (Deliver(response(200, "BYE")), Arm(Timer.K, wait))
    again = Received(response(200, "BYE"))
    assert step(tx, again) == (tx, (Ignored(again),))
    assert step(tx, Fired(Timer.K))[1][-1] == Ended()


def test_a_lost_link_ends_it() -> None:
    assert step(started(), LinkLost("reset"))[1][-1] == Ended("reset")


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
