"""On a secured plan the sound is SRTP, and its keys travel only inside TLS."""

from ringback.suite import DESK, Client, Security, Testbed, scenario


@scenario(
    settles=[
        "MED-SRTP-001",
        "MED-SRTP-002",
        "MED-SRTP-003",
        "SEC-KEYS-001",
        "SEC-SRTP-001",
        "SEC-SRTP-002",
        "MED-HEARD-001",
    ],
    security=[Security.SECURED],
)
def test_keys_of_a_secured_call(testbed: Testbed, client: Client) -> None:
    call = client.plays("hello", on=DESK)

    testbed.until(call.is_over, within=20.0)
