"""Keys pressed at the phone reach the UM server, and the player obeys."""

from ringback.suite import DESK, Client, Testbed, scenario

KEYS = ["MED-KEYS-001", "MED-KEYS-002", "MED-KEYS-003", "RTP-SEQ-001", "RTP-TS-001"]


@scenario(settles=KEYS)
def test_pause_and_resume(testbed: Testbed, client: Client) -> None:
    testbed.phone.stays()
    testbed.phone.presses("2", after=0.3)
    testbed.phone.presses("2", after=0.8)
    testbed.phone.hangs_up(after=1.4)

    call = client.plays("meeting", on=DESK)

    testbed.until(call.is_over, within=10.0)


@scenario(settles=KEYS)
def test_every_key_once(testbed: Testbed, client: Client) -> None:
    testbed.phone.stays()
    testbed.phone.presses("1346", after=0.2)
    testbed.phone.presses("59#", after=1.2)
    testbed.phone.hangs_up(after=2.2)

    call = client.plays("meeting", on=DESK)

    testbed.until(call.is_over, within=10.0)


@scenario(settles=["MED-KEYS-001", "POP-END-003"])
def test_the_star_key_ends_the_call(testbed: Testbed, client: Client) -> None:
    testbed.phone.stays()
    testbed.phone.ends = "um"
    testbed.phone.presses("*", after=0.3)

    call = client.plays("meeting", on=DESK)

    testbed.until(call.is_over, within=15.0)


@scenario(settles=["MED-KEYS-001", "WS-ITEM-001", "WS-CALLID-003"], needs=["store"])
def test_a_deleted_message_is_gone(testbed: Testbed, client: Client) -> None:
    testbed.phone.stays()
    testbed.phone.presses("7", after=0.3)
    testbed.phone.hangs_up(after=0.8)
    first = client.plays("meeting", on=DESK)
    testbed.until(first.is_over, within=10.0)
    testbed.phone.forgets()
    testbed.loses("alice", "meeting")

    second = client.plays("meeting", on=DESK)

    testbed.until(second.is_over, within=5.0)


@scenario(settles=["MED-KEYS-001", "WS-ITEM-001"], needs=["store"])
def test_a_deleted_message_is_gone_in_the_older_service(testbed: Testbed) -> None:
    testbed.phone.stays()
    testbed.phone.presses("7", after=0.3)
    testbed.phone.hangs_up(after=0.8)
    client = testbed.client_of("alice", dialect="umws")
    first = client.plays("meeting", on=DESK)
    testbed.until(first.is_over, within=10.0)
    testbed.phone.forgets()
    testbed.loses("alice", "meeting")

    second = client.plays("meeting", on=DESK)

    testbed.until(second.is_over, within=5.0)


@scenario(settles=[*KEYS, "POP-END-003"])
def test_a_message_replayed_from_the_menu(testbed: Testbed, client: Client) -> None:
    testbed.phone.stays()
    testbed.phone.presses("001", after=1.4)
    testbed.phone.hangs_up(after=2.6)

    call = client.plays("hello", on=DESK)

    testbed.until(call.is_over, within=15.0)
