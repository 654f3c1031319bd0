"""What each role shows to others, told by somebody who takes whatever he is shown.

RFC 5922 §7 (names), RFC 5280 §6.1; facts §5.3: TLS is mutual.
"""

from ringback.suite import DESK, Client, Role, Security, Testbed, scenario

MODES = [Security.SIP_SECURED, Security.SECURED]
IN_ORDER = ["TLS-CHAIN-001", "TLS-VALID-001", "TLS-USAGE-001", "TLS-KEY-001"]


@scenario(settles=[*IN_ORDER, "TLS-NAME-001", "TLS-MUTUAL-001"], security=MODES)
def test_what_a_um_server_shows(testbed: Testbed) -> None:
    testbed.knowingly(Role.CAS)
    trusting = testbed.impostor(Role.CAS, trusts_everybody=True)

    asked = trusting.asks_everybody(Role.UM)

    testbed.until(asked, within=5.0)


@scenario(settles=[*IN_ORDER, "TLS-NAME-004", "TLS-MUTUAL-002"], security=MODES)
def test_what_a_gateway_shows(testbed: Testbed) -> None:
    testbed.knowingly(Role.UM)
    trusting = testbed.impostor(Role.UM, trusts_everybody=True)

    asked = trusting.asks_everybody(Role.GATEWAY)

    testbed.until(asked, within=5.0)


@scenario(settles=["TLS-NAME-002"], security=MODES)
def test_what_a_cas_shows(testbed: Testbed, client: Client) -> None:
    testbed.knowingly(Role.UM)
    trusting = testbed.stands_in(Role.UM, trusts_everybody=True)
    trusting.declines(480)

    call = client.plays("hello", on=DESK)

    testbed.until(call.is_over, within=5.0)


@scenario(settles=["TLS-NAME-005"], security=MODES)
def test_what_a_um_client_shows(testbed: Testbed) -> None:
    testbed.knowingly(Role.CAS, Role.GATEWAY)
    caller = testbed.probe(Role.CAS, trusts_everybody=True)
    testbed.stands_in(Role.GATEWAY, trusts_everybody=True).declines(500)

    call = caller.invites(Role.UM)

    testbed.until(call.is_answered, within=5.0)
