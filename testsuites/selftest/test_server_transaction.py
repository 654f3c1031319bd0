"""Non-INVITE server transaction: RFC 3261 §17.2.2."""

import pytest
from msgspec.structs import replace
from testsuites.selftest.machines import EVERY_EVENT, request, response

from ringback.protocol.effects import (
    Answer,
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
from ringback.protocol.server import Server, State, begin, step

BYE = request("BYE")


def after(*statuses: int, reliable: bool = True) -> Server:
    tx, _ = begin(Server(BYE, reliable))
    for status in statuses:
        tx, _ = step(tx, Answer(response(status, "BYE")))
    return tx


def test_the_request_goes_to_the_user() -> None:
    assert begin(Server(BYE, reliable=True))[1] == (Deliver(BYE),)


def test_repetitions_vanish_until_there_is_an_answer() -> None:
    assert step(after(), Received(BYE)) == (after(), ())


@pytest.mark.parametrize("status", [100, 200, 481])
def test_repetitions_get_the_last_answer_again(status: int) -> None:
    again = (Send(response(status, "BYE")),)
    assert step(after(status), Received(BYE))[1] == again


@pytest.mark.parametrize(("reliable", "wait"), [(True, 0.0), (False, 32.0)])
def test_a_final_answer_is_kept_for_timer_j(reliable: bool, wait: float) -> None:
    said = response(200, "BYE")
    tx, effects = step(after(reliable=reliable), Answer(said))
    assert tx.state is State.COMPLETED
    assert effects == (Send(said), Arm(Timer.J, wait))
    assert step(tx, Fired(Timer.J))[1][-1] == Ended()


def test_a_second_final_answer_is_not_sent() -> None:
    late = Answer(response(500, "BYE"))
    assert step(after(200), late) == (after(200), (Ignored(late),))


@pytest.mark.parametrize("status", [100, 200])
def test_a_lost_link_ends_it(status: int) -> None:
    assert step(after(status), LinkLost("reset"))[1][-1] == Ended("reset")


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("given", [False, True])
def test_every_state_takes_every_event(state: State, given: bool) -> None:
    before = replace(after(100) if given else after(), state=state)
    for event in EVERY_EVENT:
        tx, effects = step(before, event)
        if Ignored(event) in effects:
            assert tx == before
        if state is State.TERMINATED:
            assert effects == (Ignored(event),)
