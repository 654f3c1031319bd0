"""INFO within a call: whoever gets it answers it, and the call goes on."""

import pytest

from ringback.suite import DESK, Client, Field, Role, Security, Testbed, scenario

SOME = [Security.UNSECURED, Security.SECURED]
WITHIN = 5.0
PAIRS = [  # who asks whom
    (Role.CAS, Role.UM),
    (Role.UM, Role.GATEWAY),
    (Role.GATEWAY, Role.PHONE),
]
STANDS = ["SIP-INFO-001", "SIP-INFO-002", "SIP-REFUSE-002", "SIP-RESP-003"]
TAKES = Field.of("Recv-Info", "ringback-one")
KINDS = (
    ((), b""),
    ((Field.of("Content-Type", "application/nobody-knows"),), b"?"),
    ((Field.of("Info-Package", "ringback-two"),), b""),
)  # of INFO: a bare one, one with a body, one of a package


@pytest.mark.parametrize("pair", PAIRS, ids=["um", "gateway", "phone"])
@scenario(settles=STANDS, security=SOME)
def test_information_in_a_call(testbed: Testbed, pair: tuple[Role, Role]) -> None:
    asker, asked = pair
    testbed.knowingly(asker)
    testbed.phone.answers(after=0.1)
    probe = testbed.probe(asker, facing=asked)

    dialog, _ = probe.talks_with(asked)
    for fields, body in KINDS:
        dialog, info = probe.asks_within(dialog, "INFO", fields=fields, body=body)
        testbed.until(info.is_answered, WITHIN)
    for method in ("OPTIONS", "BYE"):
        dialog, asking = probe.asks_within(dialog, method)
        testbed.until(asking.is_answered, WITHIN)


@scenario(settles=STANDS, security=SOME)
def test_information_for_the_cas(testbed: Testbed, client: Client) -> None:
    testbed.knowingly(Role.UM)
    testbed.phone.stays()
    um = testbed.stands_in(Role.UM)

    call = client.plays("hello", on=DESK)
    invite = um.awaits("INVITE")
    um.accepts(invite)
    testbed.until(call.is_connected, WITHIN)
    dialog = invite.dialog()
    for fields, body in KINDS:
        dialog, info = um.asks_within(dialog, "INFO", fields=fields, body=body)
        testbed.until(info.is_answered, WITHIN)
    dialog, still = um.asks_within(dialog, "OPTIONS")
    testbed.until(still.is_answered, WITHIN)
    client.hangs_up(call)

    testbed.until(call.is_over, WITHIN)


@scenario(settles=["SIP-INFO-003", "SIP-INFO-001", "SIP-INFO-002"], security=SOME)
def test_information_that_nobody_asked_for(testbed: Testbed) -> None:
    """Both ends have said which packages they take; this one was not among them."""
    testbed.knowingly(Role.UM)
    testbed.phone.answers(after=0.1)
    um = testbed.probe(Role.UM)

    dialog, _ = um.talks_with(Role.GATEWAY, fields=(TAKES,))
    dialog, info = um.asks_within(dialog, "INFO", fields=KINDS[2][0])
    testbed.until(info.is_answered, WITHIN)
    for method in ("OPTIONS", "BYE"):
        dialog, asking = um.asks_within(dialog, method)
        testbed.until(asking.is_answered, WITHIN)
