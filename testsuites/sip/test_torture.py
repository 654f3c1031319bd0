"""RFC 4475 for real: 49 odd and broken messages to every role that listens for SIP."""

import pytest

from ringback.suite import Role, Security, Testbed, scenario

TORTURE = [f"SIP-TORT-00{number}" for number in range(1, 9)]
BRIEF = {"timer_scale": 0.02}  # an INVITE whose connection is gone is soon given up


@pytest.mark.parametrize("worker", [True, False], ids=["worker", "service"])
@scenario(
    settles=TORTURE,
    security=[Security.UNSECURED, Security.SIP_SECURED],
    config=BRIEF,
)
def test_torture_of_the_um(testbed: Testbed, worker: bool) -> None:
    testbed.knowingly(Role.CAS)

    testbed.probe(Role.CAS).torments(Role.UM, worker=worker)


@scenario(settles=TORTURE, security=[Security.UNSECURED], config=BRIEF)
def test_torture_of_the_cas(testbed: Testbed) -> None:
    testbed.knowingly(Role.UM)

    testbed.probe(Role.UM).torments(Role.CAS)


@scenario(
    settles=TORTURE, security=[Security.UNSECURED, Security.SECURED], config=BRIEF
)
def test_torture_of_the_gateway(testbed: Testbed) -> None:
    testbed.knowingly(Role.UM)
    testbed.phone.refuses_with(486)

    testbed.probe(Role.UM).torments(Role.GATEWAY)
