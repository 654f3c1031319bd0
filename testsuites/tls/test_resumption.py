"""Sessions that are resumed when their certificate is valid no more."""

from ringback.suite import Role, Security, Testbed, scenario

BRIEF = 2  # seconds: the whole life of a certificate, which counts in whole ones
SECURED = [Security.SECURED]


def _comes_back(testbed: Testbed, role: Role, to: Role) -> None:
    testbed.knowingly(role)
    mayfly = testbed.mayfly(role, BRIEF)

    testbed.until(mayfly.asks(mayfly.options(to=to), of=to), within=5.0)
    testbed.lingers(BRIEF + 1.0)

    testbed.until(mayfly.asks(mayfly.options(to=to), of=to), within=5.0)


@scenario(settles=["TLS-RESUME-001"], security=SECURED, needs=["mutual_tls:um"])
def test_a_session_that_outlives_its_certificate(testbed: Testbed) -> None:
    _comes_back(testbed, Role.CAS, Role.UM)


@scenario(settles=["TLS-RESUME-002"], security=SECURED, needs=["mutual_tls:gateway"])
def test_a_session_that_outlives_its_certificate_at_the_gateway(
    testbed: Testbed,
) -> None:
    _comes_back(testbed, Role.UM, Role.GATEWAY)
