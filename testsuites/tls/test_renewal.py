"""Certificates renewed while a call runs: it goes on, and the next one sees the new."""

from ringback.suite import DESK, Client, Role, Security, Testbed, scenario

MODES = [Security.SIP_SECURED, Security.SECURED]


@scenario(
    settles=["TLS-TAKE-001", "TLS-TAKE-002", "TLS-TAKE-003", "POP-END-003"],
    security=MODES,
    needs=["um", "gateway"],
)
def test_certificates_renewed_in_a_call(testbed: Testbed, client: Client) -> None:
    first = client.plays("hello", on=DESK)
    testbed.until(first.is_connected, within=5.0)
    testbed.until(testbed.phone.listens, within=5.0)
    testbed.renews(Role.CAS, Role.UM, Role.GATEWAY)
    client.hangs_up(first)
    testbed.until(first.is_over, within=5.0)

    second = client.plays("hello", on=DESK)
    testbed.until(second.is_connected, within=5.0)
    client.hangs_up(second)

    testbed.until(second.is_over, within=5.0)
