"""Checkpoints, dialled numbers, states and causes."""

from collections.abc import Callable
from functools import cache

import msgspec
import pytest
from msgspec.structs import replace
from testsuites.selftest.evidence_builder import (
    HOSTS,
    Plan,
    changed,
    on,
    state,
    swapped,
    told,
    with_field,
    without,
)
from testsuites.selftest.played_call import call
from testsuites.selftest.tribunal import Table, accused, acquitted, left_open

from ringback.evidence.circumstances import Expected
from ringback.evidence.evidence import Evidence
from ringback.evidence.frame import HttpFrame, SipFrame
from ringback.values import Address, CallState, Cause, Leg, Role
from ringback.wire import ews, umws
from ringback.wire.message import Message
from ringback.wire.order import OUTCOME_TYPE, Outcome
from ringback.wire.soap import SoapFault

GW, CU = Leg.UM_GATEWAY, Leg.CAS_UM
plain = cache(lambda dialect="ews": call(Plan(dialect=dialect)))
ended = cache(lambda final, dialect="ews": call(Plan(final=final, dialect=dialect)))


def answered(evidence: Evidence, nth: int, body: bytes, status: int = 200) -> Evidence:
    """The n-th answer of the CAS has another body; -1 is the last one."""
    answers = [f for f in evidence.http if f.status]
    chosen = answers[nth]
    other = replace(chosen, body=body, start=f"HTTP/1.1 {status} X")
    new = tuple(other if f is chosen else f for f in evidence.http)
    return replace(evidence, http=new)


def polled(
    evidence: Evidence, nth: int, shown: CallState, cause: Cause = Cause.NONE
) -> Evidence:
    """The n-th poll is answered otherwise. The first answer is that to the order."""
    dialect = "umws" if b"GetCallInfo" in evidence.http[-1].body else "ews"
    response = state(shown, cause, dialect)
    module = umws if dialect == "umws" else ews
    return answered(evidence, nth, module.octets_of(response))


def carrying(outcome: Outcome) -> Callable[[Message], Message]:
    """A refusal with that body."""
    typed = with_field("Content-Type", OUTCOME_TYPE)
    return lambda said: replace(typed(said), body=bytes(outcome))


def refused(dialect: str) -> Evidence:
    return call(Plan(dialect=dialect, permitted=False))


def disabled(code: str) -> Evidence:
    """The answer to an order of a user who is not enabled."""
    expected = Expected(permitted=False, denied="user")
    return answered(told(refused("ews"), expected=expected), 0, generic(code))


def denied_yet_called() -> Evidence:
    expected = Expected(permitted=False)
    return told(plain(), expected=expected)


def over_the_cas() -> Evidence:
    cas = Address(HOSTS[Role.CAS], 7002)
    return replace(plain(), rtp=tuple(replace(f, target=cas) for f in plain().rtp))


def no_sound() -> Evidence:
    return replace(plain(), rtp=())


def no_invite(leg: Leg) -> Evidence:
    return replace(plain(), sip=tuple(f for f in plain().sip if f.leg is not leg))


def generic(code: str = "ErrorUnifiedMessagingRequestFailed") -> bytes:
    return ews.octets_of(ews.PlayOnPhoneResponse(code=code))


def dialled(user: str) -> Evidence:
    return changed(plain(), on(GW, "INVITE"), swapped("5551234@", user))


OK = on(GW, "200")
OTHER_CODE = generic("ErrorInvalidPhoneNumber")
DISCONNECTED, CONNECTED = CallState.DISCONNECTED, CallState.CONNECTED
FAULT = umws.octets_of(SoapFault("ServerFault", "no", "a:OtherException"))
PENDING = Outcome(Cause.OTHER, 491, "Request Pending")
ONE_BOX = {Role.CAS: "tcp:h:1", Role.UM: "tcp:h:2"}


def coded(status: int, code: int) -> Evidence:
    """The last that the user is told of a call that ends with that status."""
    last = ews.GetPhoneCallInformationResponse(
        DISCONNECTED, Cause.USER_BUSY, None, code
    )
    return answered(ended(status), -1, ews.octets_of(last))


GUILTY: Table = {
    "POP-SIP-001": lambda: coded(486, 200),
    "POP-CHECK-001": lambda: answered(plain(), 0, generic()),
    "POP-CHECK-002": lambda: no_invite(CU),
    "POP-CHECK-003": lambda: no_invite(GW),
    "POP-CHECK-004": no_sound,
    "POP-DIAL-001": lambda: changed(
        plain(), on(GW, "INVITE"), swapped("5551234@", "95551234@")
    ),
    "POP-DIAL-002": denied_yet_called,
    "POP-DIAL-003": lambda: answered(refused("umws"), 0, FAULT, 500),
    "POP-DIAL-004": lambda: answered(refused("ews"), 0, generic()),
    "POP-ENABLED-001": lambda: disabled("ErrorPhoneNumberNotDialable"),
    "POP-STATE-001": lambda: polled(plain(), 2, CallState.CONNECTING),
    "POP-STATE-002": lambda: without(plain(), on(GW, "180")),
    "POP-STATE-003": lambda: polled(plain(), 1, CONNECTED),
    "POP-STATE-004": lambda: polled(plain(), 2, CallState.ALERTED),
    "POP-STATE-005": lambda: polled(plain(), -1, CONNECTED),
    "POP-CAUSE-001": lambda: polled(ended(486), -1, DISCONNECTED, Cause.OTHER),
    "POP-CAUSE-002": lambda: polled(ended(480), -1, DISCONNECTED, Cause.OTHER),
    "POP-CAUSE-003": lambda: polled(ended(404), -1, DISCONNECTED, Cause.OTHER),
    "POP-CAUSE-004": lambda: polled(ended(500), -1, DISCONNECTED, Cause.NONE),
    "POP-CAUSE-005": lambda: polled(
        ended(404, "umws"), -1, DISCONNECTED, Cause.UNAVAILABLE
    ),
    "POP-CAUSE-006": lambda: polled(plain(), 1, CallState.ALERTED, Cause.OTHER),
    "POP-CAUSE-007": lambda: polled(plain(), -1, DISCONNECTED, Cause.OTHER),
    "MED-CAS-001": over_the_cas,
}
ODD: Table = {
    "POP-SIP-001": lambda: coded(486, 486),
    "POP-CHECK-001": lambda: plain("umws"),
    "POP-CHECK-002": lambda: told(plain(), dialled=""),
    "POP-CHECK-003": lambda: told(no_invite(CU), sut=ONE_BOX),
    "POP-CHECK-004": lambda: without(plain(), on(GW, "180")),
    "POP-DIAL-001": lambda: changed(
        plain(), on(GW, "INVITE"), swapped("5551234@", "555-1234@")
    ),
    "POP-DIAL-002": lambda: refused("umws"),
    "POP-DIAL-003": lambda: answered(
        refused("umws"),
        0,
        umws.octets_of(SoapFault("x", "y", "DialingRulesException")),
        500,
    ),
    "POP-DIAL-004": lambda: answered(
        refused("ews"), 0, generic("ErrorInvalidPhoneNumber")
    ),
    "POP-ENABLED-001": lambda: disabled("ErrorUserNotUnifiedMessagingEnabled"),
    "POP-STATE-001": lambda: polled(plain(), 2, DISCONNECTED),
    "POP-STATE-002": lambda: changed(plain(), on(GW, "180"), swapped("180", "183")),
    "POP-STATE-003": lambda: changed(
        plain(), on(GW, "200"), swapped(" 200 OK", " 202 ")
    ),
    "POP-STATE-004": plain,
    "POP-STATE-005": lambda: plain("umws"),
    "POP-CAUSE-001": lambda: ended(486, "umws"),
    "POP-CAUSE-002": lambda: ended(480, "umws"),
    "POP-CAUSE-003": lambda: ended(404, "umws"),
    "POP-CAUSE-004": lambda: polled(ended(500), -1, DISCONNECTED, Cause.OTHER),
    "POP-CAUSE-005": lambda: ended(404, "umws"),
    "POP-CAUSE-006": lambda: ended(486),
    "POP-CAUSE-007": lambda: plain("umws"),
    "MED-CAS-001": plain,
}


@pytest.mark.parametrize("requirement", sorted(GUILTY))
def test_who_breaks_it_is_accused(requirement: str) -> None:
    accused(requirement, GUILTY[requirement]())


@pytest.mark.parametrize("requirement", sorted(ODD))
def test_who_is_only_odd_is_not(requirement: str) -> None:
    acquitted(requirement, ODD[requirement]())


def test_a_refusal_by_the_phone_is_the_phones() -> None:
    found = accused("POP-CHECK-004", told(ended(486), expected=Expected()))
    assert found.guilty is Role.PHONE


def test_an_order_for_an_unknown_message_need_not_be_accepted() -> None:
    evidence = answered(plain(), 0, generic("ErrorItemNotFound"))
    ordered = plain().circumstances
    assert ordered is not None
    other = ordered.ordered[0].__class__(
        user="tia", kind="message", item="gone", dial_string="1", dialect="ews"
    )
    left_open("POP-CHECK-001", told(evidence, ordered=(other,)))


def test_an_order_without_a_password_need_not_be_accepted() -> None:
    def bare(frame: HttpFrame) -> HttpFrame:
        return replace(frame, headers=())

    evidence = answered(plain(), 0, b"", 401)
    left_open("POP-CHECK-001", replace(evidence, http=tuple(map(bare, evidence.http))))


def test_news_may_take_a_while() -> None:
    def soon(frame: HttpFrame) -> HttpFrame:
        return replace(frame, time=min(frame.time, 1.5))

    evidence = GUILTY["POP-STATE-004"]()
    left_open("POP-STATE-004", replace(evidence, http=tuple(map(soon, evidence.http))))


def test_news_that_the_um_keeps_to_itself_are_no_fault_of_the_cas() -> None:
    shown = polled(plain(), -1, CONNECTED)
    assert accused("POP-STATE-005", shown).guilty is Role.CAS
    untold = without(shown, on(CU, "BYE"))
    assert accused("POP-STATE-005", untold).guilty is Role.UM


def test_a_refusal_is_news_as_well() -> None:
    """Who hears 500 of a call that was answered must not go on saying Alerted."""
    shown = polled(plain(), 2, CallState.ALERTED)
    refused = changed(shown, on(CU, "200"), swapped(" 200 OK", " 500 No"))
    assert accused("POP-STATE-004", refused).guilty is Role.CAS
    kept = without(without(shown, on(CU, "200")), on(CU, "BYE"))  # a 302 is left
    assert accused("POP-STATE-004", kept).guilty is Role.UM


def test_a_refusal_after_the_200_is_no_news() -> None:
    """Nobody listens to a second final answer (RFC 3261 §17.1.1.2)."""
    shown = without(polled(plain(), -1, CONNECTED), on(CU, "BYE"))
    accepted = next(f for f in shown.sip if on(CU, "200", "INVITE")(f))
    late = replace(accepted, sip=swapped(" 200 OK", " 480 No")(accepted.sip))
    at = shown.sip.index(accepted) + 1
    twice = replace(shown, sip=(*shown.sip[:at], late, *shown.sip[at:]))
    assert accused("POP-STATE-005", twice).guilty is Role.UM


def reworded(final: int, said: int) -> Evidence:
    """The UM answers the CAS with another status than it had from the gateway."""
    told = final if final in (480, 486) else 480
    if told == said:
        return ended(final)
    return changed(ended(final), on(CU, f"{told}"), swapped(f" {told} ", f" {said} "))


@pytest.mark.parametrize(
    ("requirement", "final", "said", "told"),
    [
        ("POP-CAUSE-001", 486, 480, Cause.NO_ANSWER),
        ("POP-CAUSE-002", 480, 486, Cause.USER_BUSY),
        ("POP-CAUSE-003", 404, 500, Cause.OTHER),
        ("POP-CAUSE-003", 404, 480, Cause.NO_ANSWER),
        ("POP-CAUSE-004", 500, 404, Cause.UNAVAILABLE),
    ],
)
def test_a_cause_that_the_um_made_up_is_no_fault_of_the_cas(
    requirement: str, final: int, said: int, told: Cause
) -> None:
    shown = polled(reworded(final, said), -1, DISCONNECTED, told)
    assert accused(requirement, shown).guilty is Role.UM
    reason = with_field("Reason", f"Q.850;cause=16, sip;cause={final}")
    reasoned = changed(shown, on(CU, f"{said}"), reason)
    assert accused(requirement, reasoned).guilty is Role.CAS
    outcome = carrying(Outcome(told, final, "the body is what counts"))
    contradicted = changed(reasoned, on(CU, f"{said}"), outcome)
    assert accused(requirement, contradicted).guilty is Role.UM


def test_a_code_that_the_um_made_up_is_no_fault_of_the_cas() -> None:
    shown = coded(486, 491)
    assert accused("POP-SIP-001", shown).guilty is Role.CAS
    for made_up in (with_field("Reason", "SIP;cause=491"), carrying(PENDING)):
        said = changed(shown, on(CU, "486"), made_up)
        assert accused("POP-SIP-001", said).guilty is Role.UM


def test_ringing_and_an_answer_that_the_um_made_up_are_no_fault_of_the_cas() -> None:
    for requirement, start in (("POP-STATE-002", "180"), ("POP-STATE-003", "200")):
        early = without(plain(), on(GW, start, "INVITE"))
        assert accused(requirement, early).guilty is Role.UM
        untold = without(early, on(CU, start, "INVITE"))  # a 183 is left
        assert accused(requirement, untold).guilty is Role.CAS


def test_a_call_that_ends_at_once_owes_no_sound() -> None:
    def at_once(frame: SipFrame) -> SipFrame:
        bye = frame.leg is GW and b"BYE" in frame.sip.start
        return replace(frame, time=answer.time + 0.1) if bye else frame

    silent = no_sound()
    answer = next(f for f in silent.sip if on(GW, "200", "INVITE")(f))
    left_open("POP-CHECK-004", replace(silent, sip=tuple(map(at_once, silent.sip))))


def test_giving_up_is_no_answer_unless_the_user_gave_up() -> None:
    given_up = call(Plan(ends="client", hangs_up_early=True))
    left_open("POP-CAUSE-002", given_up)
    silent = told(given_up, expected=Expected(phone="silent", ends="um"))
    left_open("POP-CAUSE-002", silent)  # the user was faster, as the CANCEL shows
    accused("POP-CAUSE-002", without(silent, on(Leg.CAS_UM, "CANCEL")))


@pytest.mark.parametrize("other", ["555-4321", "5550000"])
def test_two_orders_may_be_for_two_numbers(other: str) -> None:
    evidence = dialled("5554321@")
    assert evidence.circumstances is not None
    first = evidence.circumstances.ordered[0]
    orders = (first, msgspec.structs.replace(first, dial_string=other))
    judged = acquitted if other == "555-4321" else accused
    judged("POP-DIAL-001", told(evidence, ordered=orders))
