"""One connection, many messages: cut anywhere, repeated, lost under a call."""

import pytest

from ringback.suite import DESK, Client, Role, Security, Testbed, scenario

CUT = ["SIP-STREAM-001", "SIP-STREAM-002", "SIP-STREAM-003", "SIP-CONN-001"]
FAST = {"timer_scale": 0.5}  # of our own roles: T1 is 250 ms
FASTEST = {"timer_scale": 0.02}
BOTH = [Security.UNSECURED, Security.SECURED]
ONE = [Security.UNSECURED]


@pytest.mark.parametrize("of", [Role.UM, Role.GATEWAY], ids=str)
@scenario(settles=CUT, security=BOTH)
def test_messages_however_they_are_cut(testbed: Testbed, of: Role) -> None:
    probe = testbed.probe(Role.CAS if of is Role.UM else Role.UM)

    last = probe.cuts(of)

    testbed.until(last.is_answered, within=2.0)
    testbed.until(probe.asks("OPTIONS", of).is_answered, within=5.0)


@scenario(settles=["SIP-CONN-002", "SIP-TIMER-001"], security=BOTH)
def test_a_connection_lost_before_the_answer(testbed: Testbed) -> None:
    testbed.knowingly(Role.UM)  # a probe takes any answer
    um = testbed.probe(Role.UM)
    asking = um.invites(Role.GATEWAY)
    testbed.until(asking.is_ringing, within=5.0)

    um.shuts(asking.line)

    testbed.until(asking.has_final, within=5.0)
    testbed.until(um.asks("OPTIONS", Role.GATEWAY).is_answered, within=5.0)


@scenario(settles=["SIP-CONN-003", "SIP-TIMER-003", "SIP-TIMER-010"], security=BOTH)
def test_a_connection_lost_under_a_call(testbed: Testbed) -> None:
    testbed.knowingly(Role.UM)  # a probe takes any answer
    um = testbed.probe(Role.UM)
    asking = um.invites(Role.GATEWAY)
    testbed.until(asking.is_answered, within=5.0)

    um.shuts(asking.line)

    testbed.until(um.ends(asking).is_answered, within=5.0)


@scenario(settles=["SIP-CONN-004"], security=BOTH, needs=["gateway"])
def test_the_phone_hangs_up_when_the_connection_is_gone(testbed: Testbed) -> None:
    testbed.knowingly(Role.UM)  # a probe takes any answer
    um = testbed.probe(Role.UM)
    asking = um.invites(Role.GATEWAY)
    testbed.until(asking.is_answered, within=5.0)

    um.shuts(asking.line)
    testbed.phone.hangs_up(after=0.1)

    testbed.until(um.is_asked("BYE"), within=5.0)
    testbed.until(um.asks("OPTIONS", Role.GATEWAY).is_answered, within=5.0)


@scenario(settles=["SIP-TIMER-002", "SIP-TIMER-003"], security=ONE, config=FAST)
def test_an_ack_that_is_late(testbed: Testbed) -> None:
    testbed.knowingly(Role.UM)
    um = testbed.probe(Role.UM)
    um.peer.acknowledges = False
    asking = um.invites(Role.GATEWAY)
    testbed.until(asking.has_final, within=5.0)
    testbed.until(asking.is_repeated(3), within=5.0)

    um.acks(asking)

    testbed.until(um.ends(asking).is_answered, within=5.0)


@scenario(settles=["SIP-ACK-004"], security=ONE, needs=["gateway"])
def test_an_answer_that_comes_twice(testbed: Testbed) -> None:
    testbed.knowingly(Role.PHONE)
    um, phone = testbed.probe(Role.UM), testbed.stands_in(Role.PHONE)
    asking = um.invites(Role.GATEWAY)
    invite = phone.awaits("INVITE")

    answer = phone.accepts(invite)
    phone.tells(invite.line, bytes(answer))

    testbed.until(phone.is_asked("ACK", times=2), within=5.0)
    testbed.until(asking.is_answered, within=5.0)
    testbed.until(um.ends(asking).is_answered, within=5.0)


@scenario(settles=["SIP-TIMER-002", "SIP-TIMER-004"], security=ONE, config=FASTEST)
def test_an_ack_that_never_comes(testbed: Testbed) -> None:
    testbed.knowingly(Role.UM)
    um = testbed.probe(Role.UM)
    um.peer.acknowledges = False

    um.invites(Role.GATEWAY)

    testbed.until(um.is_asked("BYE"), within=40.0)
    testbed.until(um.asks("OPTIONS", Role.GATEWAY).is_answered, within=5.0)


@scenario(settles=["SIP-TIMER-005", "SIP-TIMER-007"], security=ONE)
def test_an_invite_repeated_after_its_refusal(testbed: Testbed) -> None:
    testbed.knowingly(Role.UM)
    testbed.phone.refuses_with(486)
    um = testbed.probe(Role.UM)
    um.peer.acknowledges = False
    asking = um.invites(Role.GATEWAY)
    testbed.until(asking.has_final, within=5.0)

    um.writes(asking.line, bytes(asking.request))

    testbed.until(asking.is_repeated(2), within=5.0)
    um.acks(asking)


@scenario(settles=["SIP-TIMER-005"], security=ONE, config=FASTEST)
def test_a_refusal_that_nobody_acknowledges(testbed: Testbed) -> None:
    testbed.knowingly(Role.UM)
    testbed.phone.refuses_with(486)
    um = testbed.probe(Role.UM)
    um.peer.acknowledges = False

    asking = um.invites(Role.GATEWAY)

    testbed.until(asking.has_final, within=5.0)
    testbed.lingers(0.7)  # 64*T1
    testbed.until(um.asks("OPTIONS", Role.GATEWAY).is_answered, within=5.0)


@scenario(settles=["SIP-TIMER-010"], security=ONE, config=FASTEST)
def test_a_bye_that_nobody_answers(testbed: Testbed) -> None:
    testbed.knowingly(Role.UM)
    um = testbed.probe(Role.UM)
    um.peer.alone.discard("BYE")
    asking = um.invites(Role.GATEWAY)
    testbed.until(asking.is_answered, within=5.0)

    testbed.phone.hangs_up()

    testbed.until(um.is_asked("BYE"), within=5.0)
    testbed.until(um.asks("OPTIONS", Role.GATEWAY).is_answered, within=5.0)


@scenario(settles=["SIP-TIMER-010"], security=ONE)
def test_a_connection_lost_under_a_bye(testbed: Testbed) -> None:
    testbed.knowingly(Role.UM)
    um = testbed.probe(Role.UM)
    um.peer.alone.discard("BYE")
    asking = um.invites(Role.GATEWAY)
    testbed.until(asking.is_answered, within=5.0)
    testbed.phone.hangs_up()
    bye = um.awaits("BYE")

    um.shuts(bye.line)

    testbed.until(um.asks("OPTIONS", Role.GATEWAY).is_answered, within=5.0)


@scenario(settles=["SIP-TIMER-001", "SIP-TIMER-006", "SIP-TIMER-008"], security=ONE)
def test_an_invite_repeated_while_it_rings(testbed: Testbed) -> None:
    testbed.knowingly(Role.UM)
    testbed.phone.never_answers()
    um = testbed.probe(Role.UM)
    asking = um.invites(Role.GATEWAY)
    testbed.until(asking.is_ringing, within=5.0)

    um.writes(asking.line, bytes(asking.request))

    testbed.until(asking.is_repeated(2), within=5.0)
    testbed.until(um.cancels(asking).is_answered, within=5.0)


@scenario(
    settles=["SIP-TIMER-009", "SIP-TIMER-011"],
    security=BOTH,
    config={**FASTEST, "um": {"no_answer": 100.0}},
)
def test_a_gateway_that_says_nothing(testbed: Testbed, client: Client) -> None:
    testbed.knowingly(Role.GATEWAY)
    testbed.aside("POP")
    testbed.stands_in(Role.GATEWAY)

    call = client.plays("hello", on=DESK)

    testbed.until(call.is_over, within=40.0)
