"""The UM service redirects to a worker; where the Contact says, there the call goes."""

import pytest

from ringback.suite import DESK, Client, Role, Security, Testbed, scenario
from ringback.wire.message import Field

SOME = [Security.UNSECURED, Security.SECURED]
FOLLOWED = [
    "SIP-REDIR-001",
    "SIP-REDIR-002",
    "SIP-REDIR-003",
    "SIP-REDIR-004",
    "SIP-REDIR-005",
    "SIP-ACK-001",
]
PRODUCT_PORTS = {
    "um": {
        "workers": [
            {"name": "um-1.ringback.test", "port": 5065, "secured_port": 5066},
            {"name": "um-2.ringback.test", "port": 5067, "secured_port": 5068},
        ]
    }
}


@scenario(settles=[*FOLLOWED, "POP-CHECK-004"], config=PRODUCT_PORTS, needs=["um"])
def test_workers_on_the_product_s_ports(testbed: Testbed, client: Client) -> None:
    call = client.plays("hello", on=DESK)

    testbed.until(call.is_over, within=20.0)


@scenario(
    settles=[*FOLLOWED, "SIP-REDIR-008", "POP-CHECK-004", "MED-HEARD-001"],
    config=PRODUCT_PORTS,
    needs=["um"],
)
def test_a_worker_recycled_between_two_calls(testbed: Testbed, client: Client) -> None:
    first = client.plays("hello", on=DESK)
    testbed.until(first.is_over, within=20.0)
    testbed.um.recycle()

    second = client.plays("hello", on=DESK)

    testbed.until(second.is_over, within=20.0)


@pytest.mark.parametrize(
    "written",
    [
        "{host}:5060;transport=tcp",
        "{host}:5060;TRANSPORT=tCP",
        "{host}",
        "elsewhere.invalid:5060;transport=tcp;maddr={host}",
    ],
    ids=["plainly", "in-odd-case", "without-a-port", "with-maddr"],
)
@scenario(
    settles=[*FOLLOWED[1:], "SIP-ACK-003", "MED-HEARD-002", "POP-END-003"],
    needs=["gateway"],
)
def test_a_phone_that_is_forwarded(
    testbed: Testbed, client: Client, written: str
) -> None:
    testbed.phone_is_forwarded(written)

    call = client.plays("hello", on=DESK)

    testbed.until(call.is_over, within=20.0)


@scenario(settles=[*FOLLOWED, "SIP-ACK-003"], security=[Security.UNSECURED])
def test_a_phone_on_another_port(testbed: Testbed) -> None:
    testbed.knowingly(Role.UM)
    um, phone = testbed.probe(Role.UM), testbed.probe(Role.PHONE)
    testbed.phone.redirects_to(phone.place("desk").strip("<>"))

    call = um.invites(Role.GATEWAY)
    phone.accepts(phone.awaits("INVITE"))
    testbed.until(call.is_answered, within=5.0)
    _, bye = um.asks_within(call.dialog(), "BYE")

    testbed.until(bye.is_answered, within=5.0)


@scenario(
    settles=["SIP-ACK-001", "SIP-ACK-003", "POP-CAUSE-003", "POP-STATE-005"],
    needs=["gateway"],
)
def test_a_phone_that_is_forwarded_to_nowhere(testbed: Testbed, client: Client) -> None:
    testbed.aside("SIP-REDIR-001")
    testbed.phone.redirects_to("sip:desk@127.0.0.1:9;transport=tcp")

    call = client.plays("hello", on=DESK)

    testbed.until(call.is_over, within=5.0)


@scenario(
    settles=["SIP-REDIR-001", "SIP-REDIR-005", "SIP-REDIR-006", "SIP-ACK-001"],
    security=SOME,
)
def test_two_who_redirect_to_each_other(testbed: Testbed) -> None:
    testbed.phone.refuses_with(480)
    testbed.knowingly(Role.UM, Role.PHONE)
    um, phone = testbed.probe(Role.UM), testbed.stands_in(Role.PHONE)

    call = um.invites(Role.GATEWAY)
    first = phone.awaits("INVITE")
    elsewhere = Field.of("Contact", phone.place("elsewhere"))
    phone.says(first, 302, fields=(elsewhere,))
    back = Field.of("Contact", f"<{first.request.uri}>")
    phone.says(phone.awaits("INVITE"), 302, fields=(back,))

    testbed.until(call.is_answered, within=5.0)


@scenario(
    settles=["SIP-REDIR-001", "SIP-REDIR-007", "SIP-REDIR-009", "SIP-ACK-002"],
    security=SOME,
)
def test_several_contacts(testbed: Testbed) -> None:
    testbed.knowingly(Role.UM)
    um, phone = testbed.probe(Role.UM), testbed.stands_in(Role.PHONE)
    worse, useless = phone.place("worse") + ";q=0.3", "<sip:x@127.0.0.1;transport=udp>"
    better = phone.place("better").replace(">", "?Subject=hello>") + ";q=0.7"

    call = um.invites(Role.GATEWAY)
    listed = Field.of("Contact", f"{worse}, {useless}, {better}")
    phone.says(phone.awaits("INVITE"), 302, fields=(listed,))
    phone.says(phone.awaits("INVITE"), 486)
    phone.accepts(phone.awaits("INVITE"))
    testbed.until(call.is_answered, within=5.0)
    _, bye = um.asks_within(call.dialog(), "BYE")

    testbed.until(bye.is_answered, within=5.0)


@pytest.mark.parametrize("status", [302, 305, 380])
@scenario(
    settles=["SIP-ACK-001", "SIP-ACK-003", "SIP-RESP-003"],
    security=[Security.UNSECURED],
)
def test_a_redirection_that_leads_nowhere(testbed: Testbed, status: int) -> None:
    testbed.phone.refuses_with(480)
    testbed.knowingly(Role.UM)
    um, phone = testbed.probe(Role.UM), testbed.stands_in(Role.PHONE)
    proxy = Field.of("Contact", phone.place("proxy"))

    call = um.invites(Role.GATEWAY)
    fields = () if status == 302 else (proxy,)
    phone.says(phone.awaits("INVITE"), status, fields=fields)

    testbed.until(call.is_answered, within=5.0)


@scenario(
    settles=["SIP-ACK-001", "SIP-RESP-003", "SEC-CLEAR-002"],
    security=[Security.SECURED],
)
def test_a_redirection_into_the_clear(testbed: Testbed, client: Client) -> None:
    testbed.phone.refuses_with(480)
    gateway = testbed.stands_in(Role.GATEWAY)
    clear = gateway.place("desk").replace("=tls", "=tcp").replace(":5061", ":5060")

    call = client.plays("hello", on=DESK)
    contact = Field.of("Contact", clear)
    gateway.says(gateway.awaits("INVITE"), 302, fields=(contact,))

    testbed.until(call.is_over, within=5.0)


@pytest.mark.parametrize("transport", ["tls", "udp"])
@scenario(settles=["SIP-ACK-001", "SIP-RESP-003"], security=[Security.UNSECURED])
def test_a_redirection_to_another_transport(
    testbed: Testbed, client: Client, transport: str
) -> None:
    """Who goes there at all goes there by what is written."""
    testbed.aside("SIP-REDIR-001")
    testbed.phone.refuses_with(480)
    gateway = testbed.stands_in(Role.GATEWAY)
    port = "5061" if transport == "tls" else "5060"
    place = gateway.place("desk").replace(
        "5060;transport=tcp", f"{port};transport={transport}"
    )

    call = client.plays("hello", on=DESK)
    contact = Field.of("Contact", place)
    gateway.says(gateway.awaits("INVITE"), 302, fields=(contact,))
    gateway.declines(480)

    testbed.until(call.is_over, within=5.0)


@scenario(settles=["SIP-REDIR-010", "SIP-ACK-001"], security=[Security.UNSECURED])
def test_a_contact_that_expires(testbed: Testbed) -> None:
    testbed.phone.refuses_with(480)
    testbed.knowingly(Role.UM)
    um, phone = testbed.probe(Role.UM), testbed.stands_in(Role.PHONE)
    for_now = Field.of("Contact", phone.place("away") + ";expires=1")

    first = um.invites(Role.GATEWAY)
    phone.says(phone.awaits("INVITE"), 302, fields=(for_now,))
    phone.says(phone.awaits("INVITE"), 486)
    testbed.until(first.is_answered, within=5.0)
    testbed.lingers(1.2)
    second = um.invites(Role.GATEWAY)
    phone.says(phone.awaits("INVITE"), 486)

    testbed.until(second.is_answered, within=5.0)
