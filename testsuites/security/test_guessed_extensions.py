"""A scanner that tries one extension after the other learns nothing from the UM."""

import pytest

from ringback.suite import Role, Testbed, scenario

GUESSES = "50121-50125"  # alice's, bob's, carol's, and two that nobody has


@scenario(settles=["SEC-SCAN-001"])
def test_extensions_tried_by_hand(testbed: Testbed) -> None:
    scanner = testbed.stranger(passing_for=Role.CAS)

    answered = scanner.tries(str(number) for number in range(50121, 50126))

    testbed.until(answered, within=5.0)


@scenario(settles=["SEC-SCAN-001"])
def test_extensions_tried_one_by_one(testbed: Testbed) -> None:
    testbed.aside("SIP")
    scanner = testbed.stranger(passing_for=Role.CAS)

    guesses = scanner.guesses(GUESSES, method="OPTIONS")

    testbed.until(guesses.is_over, within=25.0)


@pytest.mark.parametrize("method", ["REGISTER", "INVITE"])
@scenario(settles=["SEC-SCAN-001"], slow=True)
def test_extensions_tried_otherwise(testbed: Testbed, method: str) -> None:
    testbed.aside("SIP")
    scanner = testbed.stranger(passing_for=Role.CAS)

    guesses = scanner.guesses(GUESSES, method=method)

    testbed.until(guesses.is_over, within=25.0)
