"""Dialogs and redirections: order, tags, targets, ends; followed as written."""

from collections.abc import Callable
from functools import cache

import pytest
from msgspec.structs import replace
from testsuites.selftest.evidence_builder import (
    HOSTS,
    Plan,
    changed,
    on,
    swapped,
    with_field,
    without,
)
from testsuites.selftest.played_call import call
from testsuites.selftest.tribunal import Table, accused, acquitted, left_open

from ringback.evidence.evidence import Evidence
from ringback.evidence.frame import SipFrame
from ringback.values import Address, Leg, Role, Security
from ringback.wire.message import Field, Message

GW, CU = Leg.UM_GATEWAY, Leg.CAS_UM
plain = cache(call)
hung_up = cache(lambda: call(Plan(ends="client")))
cancelled = cache(lambda: call(Plan(ends="client", hangs_up_early=True)))
SECOND = "CSeq: 2 INVITE"


def followed(frame: SipFrame) -> bool:
    """The INVITE after the redirection."""
    return on(CU, "INVITE")(frame) and SECOND.encode() in bytes(frame.sip)


def sent_to(address: Address) -> Evidence:
    evidence = plain()
    return replace(
        evidence,
        sip=tuple(
            replace(f, target=address) if followed(f) else f for f in evidence.sip
        ),
    )


def against_the_direction(via: str) -> Evidence:
    """The redirected INVITE takes a connection that the worker had opened to the CAS
    with a request of that Via."""
    evidence = call(Plan(security=Security.SECURED))
    invite = next(filter(followed, evidence.sip))
    worker = replace(invite.target, port=50123)
    cas = Address(HOSTS[Role.CAS], 5061)
    asked = Message.request("OPTIONS", "sip:cas", (Field.of("Via", via),))
    before = replace(
        invite, number=1, time=0.0, flow=500, source=worker, target=cas, sip=asked
    )
    after = replace(invite, flow=500, target=worker)
    model = next(c for c in evidence.connections if c.flow == invite.flow)
    opened = replace(model, flow=500, client=worker, server=cas)
    said = (after if f is invite else f for f in evidence.sip)
    return replace(
        evidence,
        sip=(before, *said),
        connections=(*evidence.connections, opened),
    )


def over_udp() -> Evidence:
    return replace(
        plain(),
        sip=tuple(replace(f, flow=777) if followed(f) else f for f in plain().sip),
    )


def again() -> Evidence:
    """The same Call-ID begins another call after the first was answered."""
    evidence = plain()
    invite = next(f for f in evidence.sip if on(GW, "INVITE")(f))
    said = swapped("bKline", "bKnext")(invite.sip)
    said = with_field("CSeq", "9 INVITE")(said)
    more = replace(invite, number=900, time=99.0, sip=said)
    return replace(evidence, sip=(*evidence.sip, more))


def no_bye(leg: Leg) -> Evidence:
    return without(without(plain(), on(leg, "BYE")), on(leg, "200", "BYE"))


def silent(methods: str) -> Evidence:
    """The user hangs up and the UM does nothing on the gateway's leg."""
    evidence = cancelled() if methods == "CANCEL" else hung_up()
    return without(evidence, on(GW, methods))


BYE = on(GW, "BYE")
Change = Callable[[Message], Message]


def bye(change: Change) -> Evidence:
    return changed(hung_up(), BYE, change)


def follow(change: Change) -> Evidence:
    return changed(plain(), followed, change)


GUILTY: Table = {
    "SIP-CSEQ-001": lambda: changed(hung_up(), BYE, with_field("CSeq", "1 BYE")),
    "SIP-CALLID-001": again,
    "SIP-DIALOG-001": lambda: changed(plain(), BYE, swapped("tag=um-tag", "tag=other")),
    "SIP-DIALOG-002": lambda: changed(
        hung_up(), BYE, swapped("BYE sip:gateway@", "BYE sip:x@")
    ),
    "SIP-REDIR-001": lambda: without(plain(), followed),
    "SIP-REDIR-002": lambda: sent_to(Address("127.0.9.31", 5060)),
    "SIP-REDIR-003": lambda: sent_to(Address(HOSTS[Role.UM], 5065)),
    "SIP-REDIR-004": over_udp,
    "SIP-REDIR-005": lambda: changed(
        plain(), followed, swapped("INVITE sip:101@", "INVITE sip:pop@")
    ),
    "POP-END-001": lambda: silent("CANCEL"),
    "POP-END-002": lambda: silent("BYE"),
    "POP-END-003": lambda: no_bye(CU),
}


def record_routed(said: Message) -> Message:
    return said.under(Field.of("Record-Route", "<sip:proxy.test;lr>"))


def plainly(contact: str) -> Evidence:
    return call(Plan(contact=contact))


ODD: Table = {
    "SIP-CSEQ-001": lambda: changed(hung_up(), BYE, with_field("CSeq", "4711 BYE")),
    "SIP-CALLID-001": plain,  # the Call-ID of the redirected INVITE is kept
    "SIP-DIALOG-001": plain,  # BYE comes from the other side, on a new connection
    "SIP-DIALOG-002": lambda: changed(
        hung_up(), BYE, swapped(":5060 SIP", ":5060;transport=tcp SIP")
    ),
    "SIP-REDIR-001": lambda: changed(plain(), followed, with_field("Call-ID", "new@x")),
    "SIP-REDIR-002": plain,
    "SIP-REDIR-003": lambda: plainly("<sip:101@127.0.9.31:5065;transport=TCP>"),
    "SIP-REDIR-004": lambda: plainly("<sip:101@x:5065;maddr=127.0.9.31>;q=0.5"),
    "SIP-REDIR-005": lambda: changed(plain(), followed, swapped(";user=phone;", ";")),
    "POP-END-001": cancelled,
    "POP-END-002": hung_up,
    "POP-END-003": hung_up,
}


@pytest.mark.parametrize("requirement", sorted(GUILTY))
def test_who_breaks_it_is_accused(requirement: str) -> None:
    accused(requirement, GUILTY[requirement]())


@pytest.mark.parametrize("requirement", sorted(ODD))
def test_who_is_only_odd_is_not(requirement: str) -> None:
    acquitted(requirement, ODD[requirement]())


def test_with_a_route_set_the_target_is_not_judged() -> None:
    evidence = changed(GUILTY["SIP-DIALOG-002"](), on(GW, "INVITE"), record_routed)
    acquitted("SIP-DIALOG-002", evidence)  # the other legs have none


def test_a_proxy_at_the_asker_s_contact_stands_nowhere() -> None:
    def recorded(said: Message) -> Message:
        return said.under(Field.of("Record-Route", said.first("contact")))

    guilty = GUILTY["SIP-DIALOG-002"]()
    accused("SIP-DIALOG-002", changed(guilty, on(CU, "INVITE"), recorded))
    by_name = hung_up()
    for method in ("INVITE", "ACK", "BYE"):
        named = swapped("SIP/2.0/TCP 127.0.9.", "SIP/2.0/TCP name-")
        by_name = changed(by_name, on(None, method), named)
    acquitted("SIP-DIALOG-002", changed(by_name, on(None, "INVITE"), recorded))


def test_the_middle_is_guilty_of_a_leg_left_up() -> None:
    assert accused("POP-END-003", no_bye(CU)).guilty is Role.UM
    assert accused("POP-END-003", no_bye(Leg.GATEWAY_PHONE)).guilty is Role.GATEWAY


def test_who_was_told_cancel_owes_the_answer() -> None:
    unanswered = without(cancelled(), on(GW, "487"))
    assert accused("POP-END-003", unanswered).guilty is Role.GATEWAY


def test_bye_before_the_answer_is_a_way_to_hang_up() -> None:
    evidence = changed(cancelled(), on(GW, "CANCEL"), swapped("CANCEL", "BYE"))
    acquitted("POP-END-001", evidence)


def test_a_default_port_follows_from_the_security() -> None:
    evidence = plainly("<sip:101@x;maddr=127.0.9.31>")
    assert "5060" in accused("SIP-REDIR-002", evidence).because


def test_a_redirect_may_be_followed_on_a_connection_that_was_lent() -> None:
    """RFC 5923: its port is the one in the Via of who opened it."""
    via = "SIP/2.0/TLS um-1.example:5066;branch=z9hG4bKw;alias"
    acquitted("SIP-REDIR-002", against_the_direction(via))
    elsewhere = via.replace(":5066", "")  # 5061
    accused("SIP-REDIR-002", against_the_direction(elsewhere))
    accused("SIP-REDIR-002", against_the_direction(via.removesuffix(";alias")))


def test_nobody_hung_up_means_nothing_to_judge() -> None:
    left_open("POP-END-001", plain())
    left_open("POP-END-002", plain())
