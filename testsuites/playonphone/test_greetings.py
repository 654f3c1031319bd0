"""The phone speaks a greeting, and the next call plays what it spoke."""

import pytest

from ringback.protocol.mailbox import Greeting
from ringback.suite import DESK, Testbed, scenario


@pytest.mark.parametrize("kind", Greeting, ids=["normal", "away"])
@scenario(
    settles=["POP-GREET-001", "POP-CHECK-001", "POP-END-003", "WS-SHAPE-001"],
    needs=["um", "gateway"],
)
def test_a_greeting_recorded_and_heard_again(testbed: Testbed, kind: Greeting) -> None:
    client = testbed.client_of("alice", dialect="umws")
    testbed.phone.stays()
    testbed.phone.presses("#", after=0.3)  # past the greeting there is
    testbed.phone.speaks(testbed.sound_of("bob", "lunch"), after=1.0)
    testbed.phone.presses("#", after=2.6)
    first = client.plays_greeting(kind, on=DESK)
    testbed.until(first.is_over, within=10.0)
    testbed.phone.forgets()

    second = client.plays_greeting(kind, on=DESK)

    testbed.until(second.is_over, within=30.0)
