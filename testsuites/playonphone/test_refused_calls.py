"""What happens, and what the user's client learns, when no call comes about."""

import pytest

from ringback.suite import DESK, Client, Testbed, scenario

REFUSED = ["SIP-ACK-001", "SIP-ACK-003", "POP-STATE-001", "POP-STATE-005"]
PREMIUM = "+1 900 555 0199"  # allowed by no rule of the lab


@scenario(settles=["POP-CAUSE-001", "SIP-FORM-013", *REFUSED])
def test_a_busy_phone(testbed: Testbed, client: Client) -> None:
    testbed.phone.refuses_with(486)

    call = client.plays("hello", on=DESK)

    testbed.until(call.is_over, within=5.0)


@scenario(
    settles=[
        "POP-CAUSE-002",
        "SIP-CANCEL-001",
        "SIP-CANCEL-002",
        "SIP-CANCEL-003",
        "SIP-CANCEL-004",
        "POP-STATE-005",
    ],
    config={"um": {"no_answer": 1.0}},
)
def test_a_phone_that_nobody_answers(testbed: Testbed, client: Client) -> None:
    testbed.phone.never_answers()

    call = client.plays("hello", on=DESK)

    testbed.until(call.is_over, within=10.0)


@scenario(settles=["POP-CAUSE-003", *REFUSED])
def test_a_number_that_nobody_has(testbed: Testbed, client: Client) -> None:
    testbed.phone.refuses_with(404)

    call = client.plays("hello", on=DESK)

    testbed.until(call.is_over, within=5.0)


@scenario(settles=["POP-CAUSE-003", *REFUSED])
def test_a_gateway_without_lines(testbed: Testbed, client: Client) -> None:
    testbed.phone.refuses_with(503)

    call = client.plays("hello", on=DESK)

    testbed.until(call.is_over, within=5.0)


@scenario(settles=["POP-CAUSE-004", *REFUSED])
def test_a_phone_that_declines(testbed: Testbed, client: Client) -> None:
    testbed.phone.refuses_with(603)

    call = client.plays("hello", on=DESK)

    testbed.until(call.is_over, within=5.0)


@scenario(settles=["POP-CAUSE-003", "POP-CAUSE-005"])
def test_an_unreachable_number_in_the_older_service(testbed: Testbed) -> None:
    testbed.phone.refuses_with(404)
    client = testbed.client_of("alice", dialect="umws")

    call = client.plays("hello", on=DESK)

    testbed.until(call.is_over, within=5.0)


@scenario(settles=["POP-DIAL-002", "POP-DIAL-004"])
def test_a_number_that_policy_denies(testbed: Testbed, client: Client) -> None:
    testbed.denies()

    call = client.plays("hello", on=PREMIUM)

    testbed.until(call.is_over, within=5.0)


@scenario(settles=["POP-DIAL-002", "POP-DIAL-003"])
def test_a_number_that_policy_denies_in_the_older_service(testbed: Testbed) -> None:
    testbed.denies()
    client = testbed.client_of("alice", dialect="umws")

    call = client.plays("hello", on=PREMIUM)

    testbed.until(call.is_over, within=5.0)


@pytest.mark.parametrize(
    "typed",
    ["+12065550123;transport=udp", "+1206555\r\nVia: x", "12065550123@evil.example"],
    ids=["parameters", "line-break", "host"],
)
@scenario(settles=["POP-DIAL-002", "POP-DIAL-004"])
def test_a_dial_string_that_would_break_out(
    testbed: Testbed, client: Client, typed: str
) -> None:
    testbed.denies()

    call = client.plays("hello", on=typed)

    testbed.until(call.is_over, within=5.0)
