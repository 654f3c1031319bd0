"""Gateways that are gone, full, or not to be used for calls out."""

from ringback.suite import DESK, Client, Testbed, scenario

ANSWERED = ["POP-CHECK-003", "POP-CHECK-004", "POP-DIAL-001", "POP-END-003"]
BRIEFLY = 0.3  # seconds of the message
BOTH = {"um": {"gateways": [{}, {"outcalls_allowed": True}]}}
FIRST_IS_FULL = {**BOTH, "gateway": {"channels": 0}}
ONLY_THE_SECOND = {
    "um": {"gateways": [{"outcalls_allowed": False}, {"outcalls_allowed": True}]}
}
NONE = {"um": {"gateways": [{"outcalls_allowed": False}]}}


@scenario(
    settles=[*ANSWERED, "MED-HEARD-001", "SIP-ACK-002", "SIP-TIMER-001"],
    config=BOTH,
    needs=["um", "gateway"],
)
def test_the_first_gateway_is_gone(testbed: Testbed, client: Client) -> None:
    testbed.second_gateway_opens()
    testbed.gateway_closes()

    call = client.plays("hello", on=DESK)

    testbed.until(call.is_over, within=20.0)


@scenario(
    settles=[*ANSWERED, "SIP-ACK-001", "SIP-CALLID-001", "SIP-VIA-002"],
    config=FIRST_IS_FULL,
    needs=["um", "gateway"],
)
def test_the_first_gateway_has_no_line_free(testbed: Testbed, client: Client) -> None:
    testbed.phone.hangs_up(after=BRIEFLY)
    testbed.second_gateway_opens()

    call = client.plays("hello", on=DESK)

    testbed.until(call.is_over, within=20.0)


@scenario(settles=ANSWERED, config=ONLY_THE_SECOND, needs=["um", "gateway"])
def test_only_the_second_gateway_may_call_out(testbed: Testbed, client: Client) -> None:
    testbed.phone.hangs_up(after=BRIEFLY)
    testbed.second_gateway_opens()

    call = client.plays("hello", on=DESK)

    testbed.until(call.is_over, within=20.0)


@scenario(
    settles=["POP-DIAL-002", "WS-HTTP-001", "WS-SHAPE-002"], config=NONE, needs=["um"]
)
def test_no_gateway_may_call_out(testbed: Testbed, client: Client) -> None:
    testbed.denies("way out")

    call = client.plays("hello", on=DESK)

    testbed.until(call.is_over, within=5.0)


@scenario(
    settles=[
        "POP-CHECK-001",
        "POP-CHECK-002",
        "POP-STATE-001",
        "WS-CALLID-002",
        "SIP-ACK-001",
        "SIP-RESP-003",
    ],
    needs=["um", "gateway"],
)
def test_no_gateway_is_there(testbed: Testbed, client: Client) -> None:
    testbed.aside("POP-CHECK-003", "POP-CHECK-004")
    testbed.gateway_closes()

    call = client.plays("hello", on=DESK)

    testbed.until(call.is_over, within=5.0)
