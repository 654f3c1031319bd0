"""Roles whose names are written in more than ASCII: certificates have A-labels."""

from ringback.suite import DESK, Client, Security, Testbed, scenario

MODES = [Security.SIP_SECURED, Security.SECURED]
CAS, UM, GATEWAY = "c\u00e4s", "\u00fcm", "g\u00e4teway-stra\u00dfe"
DOMAIN = "ringback.test"
NAMES = {
    "cas": {"name": f"{CAS}.{DOMAIN}"},
    "um": {"name": f"{UM}.{DOMAIN}", "gateways": [{"name": f"{GATEWAY}.{DOMAIN}"}]},
    "gateway": {"name": f"{GATEWAY}.{DOMAIN}"},
}
TAKEN = ["TLS-TAKE-001", "TLS-TAKE-002", "TLS-TAKE-003", "TLS-TAKE-004"]
CALLED = ["POP-CHECK-002", "POP-CHECK-003", "POP-CHECK-004", "POP-END-003"]
NAMED = ["TLS-NAME-001", "TLS-NAME-002", "TLS-NAME-004", "TLS-NAME-005"]


@scenario(
    settles=[*TAKEN, *NAMED, *CALLED],
    security=MODES,
    config=NAMES,
    needs=["cas", "um", "gateway"],
)
def test_names_in_another_script(testbed: Testbed, client: Client) -> None:
    """The configuration has them as people write them; nothing else does."""
    testbed.phone.hangs_up(after=0.3)

    call = client.plays("hello", on=DESK)

    testbed.until(call.is_over, within=20.0)
