"""One connection, many messages: cut anywhere, repeated, lost under a call."""

import pytest

from ringback.suite import DESK, Client, Role, Security, Testbed, scenario

CUT = ["SIP-STREAM-001", "SIP-STREAM-002", "SIP-STREAM-003", "SIP-CONN-001"]
FAST = {"timer_scale": 0.1}  # of our own roles: T1 is 50 ms
FASTEST = {"timer_scale": 0.02}
BOTH = [Security.UNSECURED, Security.SECURED]
ONE = [Security.UNSECURED]


@pytest.mark.parametrize("of", [Role.UM, Role.GATEWAY], ids=str)
@scenario(settles=CUT, security=BOTH)
def test_messages_however_they_are_cut(testbed: Testbed, of: Role) -> None:
    probe = testbed.probe(Role.CAS if of is Role.UM else Role.UM)

    last = probe.cuts(of)

    testbed.until(last.is_answered, within=5.0)


@scenario(settles=["SIP-CONN-002", "SIP-TIMER-001"], security=BOTH)
def test_a_connection_lost_before_the_answer(testbed: Testbed) -> None:
    um = testbed.probe(Role.UM)
    asking = um.invites(Role.GATEWAY)
    testbed.until(asking.is_ringing, within=5.0)

    um.shuts(asking.line)

    testbed.until(asking.has_final, within=5.0)
    um.ends(asking)


@scenario(settles=["SIP-CONN-003", "SIP-TIMER-003"], security=BOTH)
def test_a_connection_lost_under_a_call(testbed: Testbed) -> None:
    um = testbed.probe(Role.UM)
    asking = um.invites(Role.GATEWAY)
    testbed.until(asking.is_answered, within=5.0)

    um.shuts(asking.line)

    testbed.until(um.ends(asking).is_answered, within=5.0)


@scenario(settles=["SIP-CONN-004"], security=BOTH, needs=["gateway"])
def test_the_phone_hangs_up_when_the_connection_is_gone(testbed: Testbed) -> None:
    um = testbed.probe(Role.UM)
    asking = um.invites(Role.GATEWAY)
    testbed.until(asking.is_answered, within=5.0)

    um.shuts(asking.line)
    testbed.phone.hangs_up(after=0.1)

    um.awaits("BYE", such=None, answered=True)


@scenario(
    settles=["SIP-TIMER-002", "SIP-TIMER-003", "SIP-TIMER-005"],
    security=ONE,
    config=FAST,
)
def test_an_ack_that_is_late(testbed: Testbed) -> None:
    testbed.knowingly(Role.UM)
    um = testbed.probe(Role.UM)
    um.peer.acknowledges = False
    asking = um.invites(Role.GATEWAY)
    testbed.until(asking.is_repeated(3), within=5.0)

    um.acks(asking)

    testbed.until(um.ends(asking).is_answered, within=5.0)
