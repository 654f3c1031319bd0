"""Octets that are no SIP cost the connection they came on, and nobody else anything."""

import pytest

from ringback.suite import DESK, Client, Role, Testbed, scenario

BEGINNING = b"OPTIONS sip:um.ringback.test SIP/2.0\r\nVia: SIP/2.0/TCP 127.0.0.1\r\n"
OVER = {  # what nobody can make sense of, and need not wait for
    "no-grammar": b"tell me a story\r\nbye\r\n\r\n",
    "no-number": BEGINNING + b"Content-Length: many\r\n\r\n",
    "less-than-nothing": BEGINNING + b"Content-Length: -1\r\n\r\n",
    "another-version": BEGINNING.replace(b"/2.0", b"/7.0", 1) + b"\r\n",
    "endless": BEGINNING + b"Subject: and so on\r\n" * 5000,
    "octets": bytes(range(256)) * 8 + b"\r\n\r\n",
}
HALF = {
    "in-the-start-line": BEGINNING[:20],
    "in-a-header": BEGINNING[:-8],
    "before-the-body": BEGINNING + b"Content-Length: 400\r\n\r\nv=0\r\n",
}


@pytest.mark.parametrize("octets", OVER.values(), ids=OVER)
@scenario(settles=["SIP-RESP-003"])
def test_broken_sip(testbed: Testbed, octets: bytes) -> None:
    testbed.aside("SIP-FORM", "SIP-VIA", "SIP-TAG", "SIP-RESP-001")
    clumsy, honest = testbed.stranger(passing_for=Role.CAS), testbed.impostor(Role.CAS)

    visit = clumsy.says(octets)
    testbed.until(visit.is_over, within=5.0)

    testbed.until(honest.asks(honest.options()), within=5.0)


@pytest.mark.parametrize("octets", HALF.values(), ids=HALF)
@scenario(settles=["SIP-RESP-003"])
def test_half_a_message(testbed: Testbed, octets: bytes) -> None:
    testbed.aside("SIP-FORM")
    clumsy, honest = testbed.stranger(passing_for=Role.CAS), testbed.impostor(Role.CAS)

    visit = clumsy.says(octets)
    testbed.until(visit.is_open, within=5.0)

    testbed.until(honest.asks(honest.options()), within=5.0)


@scenario(settles=["POP-CHECK-003", "POP-CHECK-004", "MED-HEARD-001", "POP-END-003"])
def test_broken_sip_while_a_message_is_played(testbed: Testbed, client: Client) -> None:
    testbed.aside("SIP-FORM", "SIP-VIA", "SIP-TAG", "SIP-RESP-001")
    call = client.plays("hello", on=DESK)
    testbed.until(call.is_connected, within=5.0)

    testbed.stranger(passing_for=Role.CAS).says(OVER["octets"])

    testbed.until(call.is_over, within=20.0)
