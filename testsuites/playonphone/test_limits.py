"""How long a call may last, and how many there may be."""

from ringback.suite import DESK, Client, Testbed, scenario

SHORT = {"um": {"call_limit": 1.5}}  # longer than the message, shorter than its menu
ONE_CALL = {"um": {"max_calls": 1}}


@scenario(
    settles=[
        "MED-HEARD-001",
        "POP-STATE-005",
        "POP-CAUSE-007",
        "POP-END-003",
        "SIP-BYE-001",
        "RTP-END-001",
    ],
    config=SHORT,
    needs=["um"],
)
def test_the_longest_call_is_reached(testbed: Testbed, client: Client) -> None:
    testbed.phone.stays()
    testbed.phone.ends = "um"

    call = client.plays("hello", on=DESK)

    testbed.until(call.is_over, within=10.0)


@scenario(
    settles=[
        "WS-HTTP-001",
        "WS-SHAPE-002",
        "WS-CALLID-002",
        "WS-PRIVATE-001",
        "SIP-ACK-001",
        "SIP-RESP-003",
    ],
    config=ONE_CALL,
    needs=["um"],
)
def test_a_um_server_with_all_the_calls_it_can_have(
    testbed: Testbed, client: Client
) -> None:
    testbed.aside("POP-CHECK-001")
    testbed.phone.stays()
    testbed.phone.ends = "client"
    first = client.plays("meeting", on=DESK)
    testbed.until(first.is_connected, within=5.0)
    testbed.until(testbed.phone.listens, within=5.0)

    second = testbed.client_of("bob").plays("lunch", on="50123")

    testbed.until(second.is_over, within=5.0)
    client.hangs_up(first)
    testbed.until(first.is_over, within=5.0)


@scenario(
    settles=[
        "POP-CHECK-001",
        "POP-CHECK-004",
        "MED-HEARD-001",
        "POP-STATE-003",
        "POP-END-003",
        "SIP-CALLID-001",
        "SIP-VIA-002",
        "WS-CALLID-003",
        "WS-PRIVATE-001",
    ]
)
def test_two_users_at_once(testbed: Testbed, client: Client) -> None:
    first = client.plays("hello", on=DESK)
    testbed.until(first.is_ordered, within=5.0)

    second = testbed.client_of("bob").plays("lunch", on="50123")

    testbed.until(second.is_over, within=20.0)
    testbed.until(first.is_over, within=20.0)
