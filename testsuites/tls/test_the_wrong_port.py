"""SIP in the clear where TLS is spoken, and TLS where it is not."""

from ringback.suite import Role, Security, Testbed, scenario

MODES = [Security.SIP_SECURED, Security.SECURED]


@scenario(settles=["SIP-RESP-003", "SEC-CLEAR-001"], security=MODES)
def test_sip_in_the_clear_at_the_tls_port(testbed: Testbed) -> None:
    intruder, honest = testbed.stranger(), testbed.impostor(Role.CAS)

    visit = intruder.says(intruder.options("TCP"), secured=False)
    testbed.until(visit.is_over, within=5.0)

    testbed.until(honest.asks(honest.options()), within=5.0)


@scenario(settles=["SIP-RESP-003"], security=[Security.UNSECURED])
def test_tls_at_the_port_in_the_clear(testbed: Testbed) -> None:
    intruder, honest = testbed.stranger(), testbed.impostor(Role.CAS)

    visit = intruder.says(intruder.options("TLS"), secured=True)
    testbed.until(visit.is_over, within=5.0)

    testbed.until(honest.asks(honest.options()), within=5.0)
