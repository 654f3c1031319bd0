"""What messages owe by themselves, and the spellings that must be understood."""

import pytest
from msgspec.structs import replace
from testsuites.selftest.asked_outside import HERE, Change, adding, asked, plain, same
from testsuites.selftest.evidence_builder import (
    changed,
    lacking,
    on,
    swapped,
    with_field,
)
from testsuites.selftest.played_call import call
from testsuites.selftest.tribunal import Table, accused, acquitted, left_open

from ringback.evidence.evidence import Evidence
from ringback.values import Leg, Role
from ringback.wire.message import Field, Message

GW = Leg.UM_GATEWAY
INVITE = on(GW, "INVITE")
RINGING = on(GW, "180", "INVITE")


def started(old: bytes, new: bytes) -> Change:
    return lambda m: replace(m, start=m.start.replace(old, new))


def spelled(old: bytes, new: bytes) -> Change:
    return lambda m: replace(
        m, fields=tuple(Field(f.octets.replace(old, new, 1)) for f in m.fields)
    )


def backwards(message: Message) -> Message:
    return replace(message, fields=message.fields[::-1])


def bodied(message: Message) -> Message:
    return with_field("Content-Length", "1")(replace(message, body=b"?"))


def lines(message: Message) -> Message:
    return adding("Supported", "timer")(adding("Supported", "100rel")(message))


SPELLINGS = {
    "SIP-TAKES-001": spelled(b"From:", b"f:"),
    "SIP-TAKES-002": spelled(b"From:", b"FROM:"),
    "SIP-TAKES-003": spelled(b": <sip:cas", b":\r\n <sip:cas"),
    "SIP-TAKES-004": spelled(b"From:", b"From :"),
    "SIP-TAKES-005": backwards,
    "SIP-TAKES-006": lines,
    "SIP-TAKES-007": adding("X-Mood", "odd"),
    "SIP-TAKES-008": spelled(b";tag=", b";x-kind=odd;tag="),
}


def ringing(change: Change) -> Evidence:
    return changed(call(), RINGING, change)


def inviting(change: Change) -> Evidence:
    return changed(call(), INVITE, change)


def acked() -> Evidence:
    answer = on(GW, "200", "BYE")
    return changed(call(), answer, with_field("CSeq", "1 ACK"))


GUILTY: Table = {
    "SIP-FORM-006": lambda: inviting(with_field("CSeq", f"{1 << 31} INVITE")),
    "SIP-FORM-007": lambda: inviting(adding("Max-Forwards", "70")),
    "SIP-FORM-008": lambda: ringing(bodied),
    "SIP-FORM-009": lambda: ringing(with_field("Contact", "<sip:x")),
    "SIP-FORM-010": lambda: inviting(started(b" SIP/", b"?Subject=x SIP/")),
    "SIP-FORM-011": lambda: inviting(started(b"INVITE ", b"INVITE  ")),
    "SIP-FORM-012": lambda: ringing(adding("Date", "yesterday")),
    "SIP-VIA-004": lambda: asked((same, 200), answer=swapped(";received", ";got")),
    "SIP-VIA-005": lambda: asked((spelled(b";branch", b";rport;branch"), 200)),
    "SIP-VIA-006": lambda: inviting(swapped("/TCP ", "/UDP ")),
    "SIP-TAG-003": lambda: changed(
        call(), on(Leg.CAS_UM, "180", "INVITE"), swapped(";tag=um-tag", ";tag=b")
    ),
    "SIP-RESP-004": acked,
    "SIP-RESP-005": lambda: asked((same, 405), answer=lacking("Allow")),
    "SIP-RESP-006": lambda: asked((adding("Require", "x"), 420)),
    "SIP-RESP-007": lambda: asked((same, 415), answer=lacking("Accept")),
    "SIP-OPT-001": lambda: asked((same, 200), answer=lacking("Allow")),
    "SIP-EXT-001": lambda: inviting(adding("Supported", "x-own")),
    "SIP-EXT-002": lambda: asked((adding("Require", "timer"), 200), method="CANCEL"),
    "SIP-EXT-003": lambda: ringing(adding("Require", "precondition")),
} | {
    name: (lambda odd=odd: asked((same, 200), (odd, 400)))
    for name, odd in SPELLINGS.items()
}


@pytest.mark.parametrize("requirement", sorted(GUILTY))
def test_who_breaks_the_form_is_accused(requirement: str) -> None:
    accused(requirement, GUILTY[requirement]())


@pytest.mark.parametrize("requirement", sorted(SPELLINGS))
def test_whoever_understands_every_spelling_is_not(requirement: str) -> None:
    odd = SPELLINGS[requirement]
    acquitted(requirement, asked((same, 200), (odd, 200)))
    left_open(requirement, asked((same, 503), (odd, 503)))
    left_open(requirement, plain())


def test_what_a_response_copies_is_no_fault_of_its_sender() -> None:
    unreadable = with_field("From", "<sip:cas@x.test;tag=q0")
    found = accused("SIP-FORM-009", asked((unreadable, 400)))
    assert found.guilty is Role.CAS


def test_several_phones_may_ring_with_tags_of_their_own() -> None:
    other = changed(call(), RINGING, swapped(";tag=gateway-tag", ";tag=fork"))
    acquitted("SIP-TAG-003", other)


def test_nobody_must_stamp_a_request_that_cannot_be_understood() -> None:
    broken = with_field("CSeq", "1 INVITE")
    left_open("SIP-VIA-004", asked((broken, 400), answer=swapped(";received", ";got")))


def test_an_address_is_stamped_only_where_it_differs() -> None:
    unstamped = swapped(";received", ";got")
    own, other = swapped("cas.x.test", HERE.host), swapped("cas.x.test", "127.0.9.7")
    left_open("SIP-VIA-004", asked((own, 200), answer=unstamped))
    accused("SIP-VIA-004", asked((other, 200), answer=unstamped))
    accused("SIP-VIA-004", asked((same, 200), answer=swapped(HERE.host, "127.9.9.9")))


def test_tls_is_named_where_it_is_used() -> None:
    acquitted("SIP-VIA-006", call())
    told = changed(call(), INVITE, swapped("/TCP ", "/TLS "))
    accused("SIP-VIA-006", told)


def test_a_request_may_require_what_it_supports() -> None:
    able = changed(call(), INVITE, adding("Supported", "timer"))
    acquitted("SIP-EXT-003", changed(able, RINGING, adding("Require", "Timer")))
