"""Which numbers a user may have called, by the policy, and what is then dialled."""

import pytest

from ringback.suite import DESK, Client, Testbed, scenario

DIALLED = ["POP-CHECK-001", "POP-CHECK-003", "POP-CHECK-004", "POP-DIAL-001"]
DENIED = ["POP-DIAL-002", "POP-DIAL-004", "WS-HTTP-001", "WS-SHAPE-002"]
NOT_ENABLED = ["POP-DIAL-002", "POP-ENABLED-001", "WS-HTTP-001", "WS-SHAPE-002"]
BRIEFLY = 0.3  # seconds of the message: here nobody cares for what is heard
SWITCHED_OFF = {"policies": [{"play_on_phone": False}]}
PREFIXED = {
    "dial_plan": {
        "version": "2010",
        "in_country": [{"mask": "91206555xxxx", "dialed": "91206555xxxx"}],
    }
}


@scenario(settles=DIALLED)
def test_an_extension(testbed: Testbed, client: Client) -> None:
    testbed.phone.hangs_up(after=BRIEFLY)

    call = client.plays("hello", on="50124")

    testbed.until(call.is_over, within=20.0)


@scenario(settles=DIALLED)
def test_a_number_abroad(testbed: Testbed, client: Client) -> None:
    testbed.phone.hangs_up(after=BRIEFLY)

    call = client.plays("hello", on="+44 20 7946 0123")

    testbed.until(call.is_over, within=20.0)


@scenario(settles=DIALLED)
def test_a_number_with_brackets_and_hyphens(testbed: Testbed, client: Client) -> None:
    testbed.phone.hangs_up(after=BRIEFLY)

    call = client.plays("hello", on="+1 (206) 555-0123")

    testbed.until(call.is_over, within=20.0)


@scenario(settles=DIALLED, config=PREFIXED, needs=["um"])
def test_access_codes_before_the_match_as_in_2010(
    testbed: Testbed, client: Client
) -> None:
    testbed.phone.hangs_up(after=BRIEFLY)
    testbed.dials("912065550123")

    call = client.plays("hello", on=DESK)

    testbed.until(call.is_over, within=20.0)


@scenario(settles=DENIED)
def test_a_country_that_the_policy_leaves_out(testbed: Testbed, client: Client) -> None:
    testbed.denies()

    call = client.plays("hello", on="+33 1 99 00 12 34")

    testbed.until(call.is_over, within=5.0)


@scenario(settles=DIALLED)
def test_an_extension_for_whom_nothing_else_is_allowed(testbed: Testbed) -> None:
    testbed.phone.hangs_up(after=BRIEFLY)
    bob = testbed.client_of("bob")

    call = bob.plays("lunch", on="50123")

    testbed.until(call.is_over, within=20.0)


@scenario(settles=DENIED)
def test_an_outside_number_for_whom_only_extensions_are_allowed(
    testbed: Testbed,
) -> None:
    testbed.denies()
    bob = testbed.client_of("bob")

    call = bob.plays("lunch", on=DESK)

    testbed.until(call.is_over, within=5.0)


@scenario(settles=NOT_ENABLED, config=SWITCHED_OFF, needs=["um"])
def test_a_policy_with_play_on_phone_switched_off(
    testbed: Testbed, client: Client
) -> None:
    testbed.denies("user")

    call = client.plays("hello", on=DESK)

    testbed.until(call.is_over, within=5.0)


@pytest.mark.parametrize("user", ["carol", "dave"], ids=["no-um", "feature-off"])
@scenario(settles=NOT_ENABLED)
def test_a_user_who_is_not_enabled(testbed: Testbed, user: str) -> None:
    testbed.denies("user")
    client = testbed.client_of(user)

    call = client.plays("hello", on=DESK)

    testbed.until(call.is_over, within=5.0)


@scenario(settles=["POP-DIAL-002", "WS-HTTP-001"])
def test_a_user_who_is_not_enabled_in_the_older_service(testbed: Testbed) -> None:
    testbed.denies("user")
    client = testbed.client_of("carol", dialect="umws")

    call = client.plays("hello", on=DESK)

    testbed.until(call.is_over, within=5.0)
