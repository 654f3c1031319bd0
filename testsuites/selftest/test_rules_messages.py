"""The form of single SIP messages: who breaks it is accused, who is odd is not."""

import pytest
from msgspec.structs import replace
from testsuites.selftest.evidence_builder import (
    changed,
    lacking,
    on,
    swapped,
    with_field,
    without,
)
from testsuites.selftest.played_call import call
from testsuites.selftest.tribunal import Table, accused, acquitted

from ringback.evidence.evidence import Evidence
from ringback.evidence.frame import BrokenFrame
from ringback.values import Leg, Role
from ringback.wire.message import Field, Message

GW = Leg.UM_GATEWAY
INVITE = on(GW, "INVITE")
OK = on(GW, "200", "INVITE")


def garbage() -> Evidence:
    evidence = call()
    first = evidence.sip[-1]
    broken = BrokenFrame(
        number=999,
        time=first.time,
        source=first.source,
        target=first.target,
        flow=first.flow,
        leg=first.leg,
        sender=first.sender,
        octets=b"\0\1",
        why="no start line",
    )
    return replace(evidence, broken=(broken,))


GUILTY: Table = {
    "SIP-FORM-001": garbage,
    "SIP-FORM-002": lambda: changed(call(), INVITE, lacking("To")),
    "SIP-FORM-003": lambda: changed(call(), INVITE, lacking("Max-Forwards")),
    "SIP-FORM-004": lambda: changed(call(), OK, lacking("Content-Length")),
    "SIP-FORM-005": lambda: changed(call(), INVITE, with_field("CSeq", "1 OPTIONS")),
    "SIP-TAG-001": lambda: changed(call(), INVITE, with_field("From", "<sip:a@b>")),
    "SIP-TAG-002": lambda: changed(call(), OK, swapped(";tag=gateway-tag", "")),
    "SIP-VIA-001": lambda: changed(call(), INVITE, swapped("z9hG4bKline", "line")),
    "SIP-VIA-003": lambda: changed(call(), OK, swapped("127.0.9.31:5060;br", "x:1;br")),
    "SIP-RESP-001": lambda: changed(call(), OK, with_field("From", "<sip:q@r>;tag=z")),
    "SIP-CONTACT-001": lambda: changed(call(), INVITE, lacking("Contact")),
    "SIP-CONTACT-002": lambda: changed(call(), OK, lacking("Contact")),
}


@pytest.mark.parametrize("requirement", sorted(GUILTY))
def test_who_breaks_the_form_is_accused(requirement: str) -> None:
    accused(requirement, GUILTY[requirement]())


@pytest.mark.parametrize("requirement", sorted(GUILTY))
def test_odd_spelling_is_no_offence(requirement: str) -> None:
    def odd(said: Message) -> Message:
        """Upper case, spaces before the colon, folds, another order, more fields."""
        fields = [
            Field(f.octets.replace(b": ", b" :\r\n  ", 1)).octets for f in said.fields
        ]
        loud = [f.partition(b":")[0].upper() + f[f.index(b":") :] for f in fields]
        more = (*map(Field, loud[::-1]), Field.of("X-Odd", "1"))
        only_one_via = sum(f.name == "via" for f in said.fields) == 1
        return replace(said, fields=more if only_one_via else said.fields)

    acquitted(requirement, changed(call(), lambda f: True, odd))


@pytest.mark.parametrize(
    ("value", "guilty"), [("0", False), ("255", False), ("256", True), ("x", True)]
)
def test_max_forwards_is_a_number_up_to_255(value: str, guilty: bool) -> None:
    evidence = changed(call(), INVITE, with_field("Max-Forwards", value))
    (accused if guilty else acquitted)("SIP-FORM-003", evidence)


def test_the_sender_of_the_bad_message_is_named() -> None:
    assert accused("SIP-TAG-002", GUILTY["SIP-TAG-002"]()).guilty is Role.GATEWAY
    assert accused("SIP-VIA-001", GUILTY["SIP-VIA-001"]()).guilty is Role.UM


def test_a_response_with_another_branch_is_held_against_the_open_request() -> None:
    evidence = changed(call(), OK, swapped("z9hG4bKline", "z9hG4bKother"))
    accused("SIP-VIA-003", evidence)


def test_a_response_with_another_cseq_is_noticed() -> None:
    evidence = changed(call(), OK, with_field("CSeq", "7 INVITE"))
    accused("SIP-RESP-001", evidence)


def test_100_needs_no_tag() -> None:
    evidence = without(call(), on(GW, "180"))
    acquitted("SIP-TAG-002", evidence)


def test_two_contacts_in_an_invite_are_one_too_many() -> None:
    two = with_field("Contact", "<sip:a@b>, <sip:c@d>")
    accused("SIP-CONTACT-001", changed(call(), INVITE, two))


def test_contradicting_lengths_are_noticed() -> None:
    def twice(said: Message) -> Message:
        return said.under(Field.of("Content-Length", "7"))

    accused("SIP-FORM-004", changed(call(), OK, twice))
