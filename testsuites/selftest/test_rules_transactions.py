"""ACK, BYE, CANCEL, branches, answers, and silence on UDP."""

from functools import cache

import pytest
from msgspec.structs import replace
from testsuites.selftest.evidence_builder import (
    HOSTS,
    Pick,
    Plan,
    changed,
    lacking,
    on,
    swapped,
    with_field,
    without,
)
from testsuites.selftest.played_call import call
from testsuites.selftest.tribunal import Table, accused, acquitted, left_open

from ringback.evidence.evidence import Evidence
from ringback.evidence.frame import DatagramFrame, SipFrame
from ringback.values import Address, Leg, Role
from ringback.wire.message import Field, Message

GW = Leg.UM_GATEWAY
CANCEL, ACK, GONE = on(GW, "CANCEL"), on(GW, "ACK"), on(GW, "487")
DONE = on(GW, "200", "BYE")
busy = cache(lambda: call(Plan(final=486)))
cancelled = cache(lambda: call(Plan(ends="client", hangs_up_early=True)))
plain = cache(call)


def moved(evidence: Evidence, pick: Pick, to: int) -> Evidence:
    """The picked frames at another place of the capture."""
    new = (replace(f, number=to) if pick(f) else f for f in evidence.sip)
    return replace(evidence, sip=tuple(sorted(new, key=lambda f: f.number)))


def asked_by_udp(answered: bool, fence: bool) -> Evidence:
    evidence = plain()
    knock = Address("127.0.9.99", 40000), Address(HOSTS[Role.UM], 5060)
    last = max(f.number for f in evidence.frames())
    ask = Message.parse(b"OPTIONS sip:um SIP/2.0\r\nCSeq: 1 OPTIONS\r\nv: x\r\n\r\n")
    said = [
        SipFrame(
            number=last + 1,
            time=9.0,
            source=knock[0],
            target=knock[1],
            flow=800,
            sip=ask,
            receiver=Role.UM,
        )
    ]
    cast = DatagramFrame(
        number=last + 2,
        time=9.1,
        source=knock[1],
        target=knock[0],
        flow=800,
        octets=b"SIP/2.0 200",
        sender=Role.UM,
    )
    if fence:
        said += _fence(evidence, last + 3)
    datagrams = (cast,) if answered else ()
    return replace(evidence, sip=(*evidence.sip, *said), datagrams=datagrams)


def _fence(evidence: Evidence, number: int) -> list[SipFrame]:
    """OPTIONS and its 200 on a connection to the UM that stands already."""
    request = next(f for f in evidence.sip if f.leg is Leg.CAS_UM)
    response = next(f for f in evidence.sip if f.flow == request.flow and f.sip.status)
    ask = with_field("CSeq", "9 OPTIONS")(request.sip)
    ask = replace(ask, start=b"OPTIONS sip:um SIP/2.0")
    told = with_field("CSeq", "9 OPTIONS")(response.sip)
    told = replace(told, start=b"SIP/2.0 200 OK")
    return [
        replace(request, sip=ask, number=number, time=9.2),
        replace(response, sip=told, number=number + 1, time=9.3),
    ]


def second_answer() -> Evidence:
    evidence = busy()
    refusal = next(f for f in evidence.sip if on(GW, "486")(f))
    late = replace(refusal, number=500, sip=swapped("486", "480")(refusal.sip))
    return replace(evidence, sip=(*evidence.sip, late))


GUILTY: Table = {
    "SIP-ACK-001": lambda: without(busy(), on(GW, "ACK")),
    "SIP-ACK-002": lambda: without(plain(), on(GW, "ACK")),
    "SIP-ACK-003": lambda: changed(
        busy(), on(GW, "ACK"), swapped(";tag=gateway", ";tag=")
    ),
    "SIP-BYE-001": lambda: without(plain(), on(GW, "200", "BYE")),
    "SIP-CANCEL-001": lambda: changed(
        cancelled(), CANCEL, swapped("z9hG4bKline", "z9hG4bKx")
    ),
    "SIP-CANCEL-002": lambda: without(
        without(cancelled(), on(GW, "100")), on(GW, "180")
    ),
    "SIP-CANCEL-003": lambda: without(cancelled(), on(GW, "200", "CANCEL")),
    "SIP-CANCEL-004": lambda: changed(
        cancelled(), on(GW, "487"), swapped("487", "480")
    ),
    "SIP-VIA-002": lambda: changed(
        plain(), on(Leg.CAS_UM, "INVITE"), swapped("bKnear2", "bKnear1")
    ),
    "SIP-RESP-002": second_answer,
    "SIP-RESP-003": lambda: without(busy(), on(GW, "486")),
    "SIP-UDP-001": lambda: asked_by_udp(answered=True, fence=True),
}
ODD: Table = {
    "SIP-ACK-001": lambda: changed(
        busy(), on(GW, "ACK"), swapped(";branch", ";x=y;branch")
    ),
    "SIP-ACK-002": lambda: changed(plain(), on(GW, "ACK"), swapped("bKack", "bKline")),
    "SIP-ACK-003": lambda: changed(busy(), on(GW, "ACK"), lacking("Contact")),
    "SIP-BYE-001": lambda: changed(
        plain(), on(GW, "200", "BYE"), swapped(" 200 ", " 202 ")
    ),
    "SIP-CANCEL-001": lambda: changed(cancelled(), CANCEL, lacking("Contact")),
    "SIP-CANCEL-002": lambda: without(cancelled(), on(GW, "180")),
    "SIP-CANCEL-003": cancelled,
    "SIP-CANCEL-004": lambda: moved(cancelled(), on(GW, "200", "CANCEL"), 60),
    "SIP-VIA-002": cancelled,  # CANCEL and ACK have the branch of the INVITE
    "SIP-RESP-002": lambda: replace(
        busy(), sip=(*busy().sip, replace(busy().sip[-2], number=501))
    ),
    "SIP-RESP-003": cancelled,
    "SIP-UDP-001": lambda: asked_by_udp(answered=False, fence=True),
}


@pytest.mark.parametrize("requirement", sorted(GUILTY))
def test_who_breaks_it_is_accused(requirement: str) -> None:
    accused(requirement, GUILTY[requirement]())


@pytest.mark.parametrize("requirement", sorted(ODD))
def test_who_is_only_odd_is_not(requirement: str) -> None:
    acquitted(requirement, ODD[requirement]())


def test_who_did_not_acknowledge_is_guilty_not_who_refused() -> None:
    assert accused("SIP-ACK-001", GUILTY["SIP-ACK-001"]()).guilty is Role.UM


def test_the_ack_of_a_refusal_has_the_same_branch() -> None:
    evidence = changed(busy(), on(GW, "ACK"), swapped("bKline", "bKnew"))
    accused("SIP-ACK-001", evidence)


def test_an_ack_may_come_on_another_connection() -> None:
    def elsewhere(frame: SipFrame) -> SipFrame:
        source = Address(frame.source.host, 49999)
        picked = on(GW, "ACK")(frame)
        return replace(frame, source=source, flow=77) if picked else frame

    evidence = replace(busy(), sip=tuple(map(elsewhere, busy().sip)))
    acquitted("SIP-ACK-001", evidence)


@pytest.mark.parametrize("status", [481, 500])
def test_bye_in_a_standing_dialog_is_not_refused(status: int) -> None:
    answer = swapped(" 200 ", f" {status} ")
    accused("SIP-BYE-001", changed(plain(), on(GW, "200", "BYE"), answer))


def test_bye_glare_may_be_answered_481() -> None:
    evidence = changed(plain(), on(GW, "200", "BYE"), swapped(" 200 ", " 481 "))
    bye = next(f for f in evidence.sip if on(GW, "BYE")(f))
    other = swapped("z9hG4bKbye", "z9hG4bKglare")(bye.sip)
    turned = replace(
        bye,
        number=bye.number + 1,
        sip=other,
        source=bye.target,
        target=bye.source,
        sender=bye.receiver,
        receiver=bye.sender,
    )
    answered = replace(
        turned,
        number=900,
        source=turned.target,
        target=turned.source,
        sip=Message.response(200, "", turned.sip.fields),
    )
    acquitted("SIP-BYE-001", replace(evidence, sip=(*evidence.sip, turned, answered)))


def test_a_capture_cut_short_accuses_nobody() -> None:
    for requirement in ("SIP-ACK-001", "SIP-RESP-003"):
        cut = replace(GUILTY[requirement](), circumstances=None)
        left_open(requirement, cut)


def test_an_answer_that_crosses_the_cancel_is_nobodys_fault() -> None:
    answer = swapped("487 Request Terminated", "200 OK")
    left_open("SIP-CANCEL-004", changed(cancelled(), on(GW, "487"), answer))


def test_silence_without_a_fence_proves_nothing() -> None:
    left_open("SIP-UDP-001", asked_by_udp(answered=False, fence=False))


def test_a_repeated_request_is_the_same_transaction() -> None:
    evidence = plain()
    invite = next(f for f in evidence.sip if on(GW, "INVITE")(f))
    again = replace(invite, number=invite.number + 1)
    repeated = replace(evidence, sip=(*evidence.sip, again))
    acquitted("SIP-VIA-002", repeated)


def test_a_proxy_may_keep_what_is_below_its_via() -> None:
    def proxied(said: Message) -> Message:
        return said.under(Field.of("Via", "SIP/2.0/TCP p;branch=z9hG4bKproxy"))

    acquitted("SIP-VIA-001", changed(plain(), on(GW, "INVITE"), proxied))


def test_a_cancel_that_comes_too_late_may_find_nothing() -> None:
    gone = changed(
        cancelled(), on(GW, "200", "CANCEL"), swapped(" 200 OK", " 481 Gone")
    )
    accused("SIP-CANCEL-003", gone)
    acquitted("SIP-CANCEL-003", moved(gone, GONE, 1))


def test_what_comes_on_a_connection_that_was_closed_earns_no_ack() -> None:
    silent = without(plain(), on(GW, "ACK"))
    gone = [replace(c, closed=1) for c in silent.connections]
    left_open("SIP-ACK-002", replace(silent, connections=tuple(gone)))
