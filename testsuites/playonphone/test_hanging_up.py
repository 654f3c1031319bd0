"""Who hangs up, and when: before the answer CANCEL, after it BYE, on every leg."""

from ringback.suite import DESK, Client, Testbed, scenario


@scenario(
    settles=[
        "POP-END-001",
        "SIP-CANCEL-001",
        "SIP-CANCEL-002",
        "SIP-CANCEL-003",
        "SIP-CANCEL-004",
        "SIP-CANCEL-008",
        "SIP-ACK-001",
        "POP-STATE-005",
    ]
)
def test_the_user_hangs_up_while_it_rings(testbed: Testbed, client: Client) -> None:
    testbed.phone.never_answers()
    testbed.phone.ends = "client"
    call = client.plays("hello", on=DESK)
    testbed.until(call.is_alerted, within=5.0)

    client.hangs_up(call)

    testbed.until(call.is_over, within=5.0)


@scenario(
    settles=[
        "POP-END-002",
        "POP-CAUSE-007",
        "POP-END-003",
        "RTP-END-001",
    ]
)
def test_the_user_hangs_up_while_it_plays(testbed: Testbed, client: Client) -> None:
    testbed.phone.stays()
    testbed.phone.ends = "client"
    call = client.plays("meeting", on=DESK)
    testbed.until(call.is_connected, within=5.0)
    testbed.until(testbed.phone.listens, within=5.0)

    client.hangs_up(call)

    testbed.until(call.is_over, within=5.0)


@scenario(settles=["POP-CAUSE-007", "POP-END-003", "SIP-BYE-001", "RTP-END-001"])
def test_the_phone_hangs_up_in_the_middle(testbed: Testbed, client: Client) -> None:
    testbed.phone.hangs_up(after=0.6)

    call = client.plays("meeting", on=DESK)

    testbed.until(call.is_over, within=10.0)
