"""Keys pressed at the phone reach the UM server, and the player obeys."""

from ringback.suite import DESK, Client, Testbed, scenario

KEYS = ["MED-KEYS-001", "MED-KEYS-002", "MED-KEYS-003", "RTP-SEQ-001", "RTP-TS-001"]


@scenario(settles=KEYS)
def test_pause_and_resume(testbed: Testbed, client: Client) -> None:
    testbed.phone.stays()
    testbed.phone.presses("2", after=0.4)
    testbed.phone.presses("2", after=1.2)
    testbed.phone.hangs_up(after=3.0)

    call = client.plays("meeting", on=DESK)

    testbed.until(call.is_over, within=10.0)


@scenario(settles=KEYS)
def test_every_key_once(testbed: Testbed, client: Client) -> None:
    testbed.phone.stays()
    testbed.phone.presses("1346", after=0.3)
    testbed.phone.presses("59#", after=1.6)
    testbed.phone.hangs_up(after=3.2)

    call = client.plays("meeting", on=DESK)

    testbed.until(call.is_over, within=10.0)


@scenario(settles=["MED-KEYS-001", "POP-END-003"])
def test_the_star_key_ends_the_call(testbed: Testbed, client: Client) -> None:
    testbed.phone.stays()
    testbed.phone.ends = "um"
    testbed.phone.presses("*", after=0.5)

    call = client.plays("meeting", on=DESK)

    testbed.until(call.is_over, within=15.0)
