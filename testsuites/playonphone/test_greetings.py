"""The phone speaks a greeting, and the next call plays what it spoke."""

from ringback.peers.client import ClientCall
from ringback.protocol.mailbox import Greeting
from ringback.suite import DESK, Client, Security, Testbed, scenario

SETTLED = ["POP-GREET-001", "POP-CHECK-001", "POP-END-003", "WS-SHAPE-001"]


@scenario(settles=SETTLED, needs=["um", "gateway"])
def test_a_greeting_recorded_and_heard_again(testbed: Testbed) -> None:
    client = testbed.client_of("alice", dialect="umws")
    first = _records(testbed, client, Greeting.NORMAL)
    testbed.until(first.is_over, within=10.0)
    _only_listens(testbed)

    second = client.plays_greeting(Greeting.NORMAL, on=DESK)

    testbed.until(second.is_over, within=10.0)


@scenario(settles=SETTLED, security=[Security.SECURED], needs=["um", "gateway"])
def test_a_greeting_for_when_the_user_is_away(testbed: Testbed) -> None:
    client = testbed.client_of("alice", dialect="umws")
    first = _records(testbed, client, Greeting.OOF)
    testbed.until(first.is_over, within=10.0)
    _only_listens(testbed)

    second = client.plays_greeting(Greeting.OOF, on=DESK)

    testbed.until(second.is_over, within=10.0)


def _records(testbed: Testbed, client: Client, kind: Greeting) -> ClientCall:
    """The phone skips what there is, and speaks after the beep."""
    testbed.phone.stays()
    testbed.phone.presses("#", after=0.3)
    testbed.phone.speaks(testbed.sound_of("bob", "lunch"), after=0.6)
    testbed.phone.presses("#", after=2.0)
    return client.plays_greeting(kind, on=DESK)


def _only_listens(testbed: Testbed) -> None:
    testbed.phone.forgets()
    testbed.phone.hangs_up(after=1.8)
