"""INVITE server transaction: RFC 3261 §17.2.1 and RFC 6026 §7.1."""

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
from ringback.protocol.invite_server import InviteServer, State, begin, step

INVITE = request("INVITE")
ACK = request("ACK")


def after(*statuses: int, reliable: bool = True) -> InviteServer:
    tx, _ = begin(InviteServer(INVITE, reliable))
    for status in statuses:
        tx, _ = step(tx, Answer(response(status)))
    return tx


def test_the_invite_goes_to_the_user() -> None:
    tx, effects = begin(InviteServer(INVITE, reliable=True))
    assert effects == (Deliver(INVITE),)
    assert tx.state is State.PROCEEDING


def test_a_repeated_invite_gets_the_last_provisional_again() -> None:
    assert step(after(), Received(INVITE))[1] == ()
    assert step(after(100, 180), Received(INVITE))[1] == (Send(response(180)),)


def test_a_2xx_leads_to_accepted_where_repeated_invites_vanish() -> None:
    tx, effects = step(after(180), Answer(response(200)))
    assert tx.state is State.ACCEPTED
    assert effects == (Send(response(200)), Arm(Timer.L, 32.0))
    assert step(tx, Received(INVITE)) == (tx, ())


def test_in_accepted_the_user_repeats_its_2xx_and_gets_the_ack() -> None:
    tx = after(200)
    assert step(tx, Answer(response(200)))[1] == (Send(response(200)),)
    assert step(tx, Received(ACK))[1] == (Deliver(ACK),)
    assert step(tx, Fired(Timer.L))[1][-1] == Ended()


def test_a_refusal_waits_for_its_ack() -> None:
    tx, effects = step(after(), Answer(response(486)))
    assert effects == (Send(response(486)), Arm(Timer.H, 32.0))
    assert step(tx, Received(INVITE))[1] == (Send(response(486)),)
    tx, effects = step(tx, Received(ACK))
    assert tx.state is State.CONFIRMED
    assert effects[-1] == Arm(Timer.I, 0.0)
    assert step(tx, Received(ACK))[1] == ()
    assert step(tx, Fired(Timer.I))[1][-1] == Ended()


def test_over_udp_a_refusal_is_repeated_up_to_t2() -> None:
    tx, gaps = after(486, reliable=False), []
    for _ in range(5):
        tx, (_, alarm) = step(tx, Fired(Timer.G))
        assert isinstance(alarm, Arm)
        gaps.append(alarm.after)
    assert gaps == [1, 2, 4, 4, 4]
    assert step(tx, Received(ACK))[1][-1] == Arm(Timer.I, 5.0)


def test_without_ack_it_ends_at_timer_h() -> None:
    tx, effects = step(after(486), Fired(Timer.H))
    assert tx.state is State.TERMINATED
    assert effects[-1] == Ended("no ACK before Timer H")


@pytest.mark.parametrize("tx", [after(), after(200), after(486)])
def test_a_lost_link_does_not_end_it(tx: InviteServer) -> None:
    assert step(tx, LinkLost("reset")) == (tx, (Ignored(LinkLost("reset")),))


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("last", [None, response(180)])
def test_every_state_takes_every_event(state: State, last: object) -> None:
    given = last is not None
    before = replace(after(180) if given else after(), state=state)
    for event in EVERY_EVENT:
        tx, effects = step(before, event)
        if Ignored(event) in effects:
            assert tx == before
        if state is State.TERMINATED:
            assert effects == (Ignored(event),)
