"""Repetitions, patience, connections: who is accused, and who is only odd."""

from collections.abc import Callable
from functools import cache

import pytest
from msgspec.structs import replace
from testsuites.selftest.evidence_builder import Pick, Plan, on, swapped, told, without
from testsuites.selftest.played_call import call
from testsuites.selftest.tribunal import Table, accused, acquitted, left_open

from ringback.evidence.evidence import Evidence
from ringback.evidence.frame import SipFrame
from ringback.values import Leg, Role

GW, FAR = Leg.UM_GATEWAY, Leg.GATEWAY_PHONE
plain = cache(call)
busy = cache(lambda: call(Plan(final=486)))
OK, INVITE, ACK = on(GW, "200", "INVITE"), on(GW, "INVITE"), on(GW, "ACK")


def first(evidence: Evidence, pick: Pick) -> SipFrame:
    return next(f for f in evidence.sip if pick(f))


def later(evidence: Evidence, pick: Pick, seconds: float) -> Evidence:
    """From that frame on everything came so much later."""
    number = first(evidence, pick).number
    sip = tuple(
        replace(f, time=f.time + seconds) if f.number >= number else f
        for f in evidence.sip
    )
    return replace(evidence, sip=sip)


def again(evidence: Evidence, pick: Pick, *after: float, by: int = 1) -> Evidence:
    """That frame once more, so many seconds after it; numbers are made anew."""
    one = first(evidence, pick)
    more = [
        replace(one, time=one.time + seconds, number=one.number) for seconds in after
    ]
    everything = sorted([*evidence.sip, *more], key=lambda f: f.time)
    numbered = (replace(f, number=by * (n + 1)) for n, f in enumerate(everything))
    return replace(evidence, sip=tuple(numbered))


def elsewhere(evidence: Evidence, pick: Pick) -> Evidence:
    """Those frames came on another connection."""
    link = evidence.connections[-1]
    other = replace(link, flow=700, opened=1, closed=0)
    sip = tuple(replace(f, flow=700) if pick(f) else f for f in evidence.sip)
    return replace(evidence, sip=sip, connections=(*evidence.connections, other))


def unknown() -> Evidence:
    """The phone's BYE, passed on over another connection, is answered 481."""
    evidence = elsewhere(plain(), on(GW, "BYE"))
    return replace(
        evidence,
        sip=tuple(
            replace(f, flow=700, sip=swapped(" 200 ", " 481 ")(f.sip))
            if on(GW, "200", "BYE")(f)
            else f
            for f in evidence.sip
        ),
    )


def late_ack(*copies: float) -> Evidence:
    return again(later(plain(), ACK, 2.0), OK, *copies)


GUILTY: Table = {
    "SIP-TIMER-001": lambda: later(plain(), on(GW, "100"), 0.9),
    "SIP-TIMER-002": late_ack,
    "SIP-TIMER-003": lambda: again(plain(), OK, 0.6, 1.6),
    "SIP-TIMER-005": lambda: again(busy(), on(GW, "486"), 0.5),
    "SIP-TIMER-009": lambda: again(plain(), INVITE, 0.0005),
    "SIP-TIMER-010": lambda: again(plain(), on(GW, "BYE"), 0.0005),
    "SIP-CONN-001": lambda: elsewhere(plain(), OK),
    "SIP-CONN-003": unknown,
    "SIP-ACK-004": lambda: again(plain(), OK, 0.6),
}
ODD: Table = {
    "SIP-TIMER-001": lambda: without(later(plain(), INVITE, 0.1), on(GW, "100")),
    "SIP-TIMER-002": lambda: late_ack(0.5, 1.5),
    "SIP-TIMER-003": lambda: again(plain(), OK, 0.002),  # it crosses the ACK
    "SIP-TIMER-005": lambda: again(
        again(busy(), INVITE, 0.0005), on(GW, "486"), 0.0005
    ),
    "SIP-TIMER-009": lambda: elsewhere(
        again(plain(), INVITE, 0.0005), lambda f: INVITE(f) and f.number % 2 == 0
    ),
    "SIP-TIMER-010": plain,
    "SIP-CONN-001": plain,
    "SIP-CONN-003": lambda: elsewhere(
        plain(), lambda f: f.leg is GW and f.sip.method == "BYE"
    ),
    "SIP-ACK-004": lambda: again(again(plain(), OK, 0.6), ACK, 0.7),
}


@pytest.mark.parametrize("requirement", sorted(GUILTY))
def test_who_breaks_it_is_accused(requirement: str) -> None:
    accused(requirement, GUILTY[requirement]())


@pytest.mark.parametrize("requirement", sorted(ODD))
def test_who_is_only_odd_is_acquitted(requirement: str) -> None:
    acquitted(requirement, ODD[requirement]())


def test_who_has_no_transaction_any_more_acknowledges_no_copy() -> None:
    """RFC 6026 §8 on RFC 3261 §18.1.2; one copy came while he had it, with its ACK."""
    acquitted("SIP-ACK-004", again(again(plain(), OK, 0.6, 40.0, 44.0), ACK, 0.7))
    left = again(plain(), OK, 0.6)
    asked, thanked = first(left, INVITE), first(left, ACK)
    gone = {"left_by": asked.source, "closed": thanked.number + 1}
    links = tuple(
        replace(link, **gone) if link.flow == asked.flow else link
        for link in left.connections
    )
    acquitted("SIP-ACK-004", replace(elsewhere(left, late_copy), connections=links))


def late_copy(frame: SipFrame) -> bool:
    return OK(frame) and frame.time > first(plain(), OK).time + 0.5


def test_repetitions_that_come_too_fast() -> None:
    why = accused("SIP-TIMER-002", late_ack(0.5, 0.6, 0.7, 0.8)).because
    assert "repetition" in why


def test_an_ack_in_time_leaves_the_repetitions_open() -> None:
    left_open("SIP-TIMER-002", plain())


def test_the_clock_of_our_own_roles_is_scaled_and_a_vendor_s_is_not() -> None:
    quick = late_ack(0.05, 0.15, 0.35, 0.75, 1.15, 1.55, 1.95)
    acquitted("SIP-TIMER-002", told(quick, timer_scale=0.1))
    foreign = {Role.GATEWAY: "tcp:gw.example:5060"}
    accused("SIP-TIMER-002", told(quick, timer_scale=0.1, sut=foreign))


BLAME: dict[str, tuple[Callable[[], Evidence], Role]] = {
    "the gateway heard the phone and told nobody": (
        lambda: without(without(plain(), on(GW, "BYE")), on(Leg.CAS_UM, "BYE")),
        Role.GATEWAY,
    ),
    "the um heard the gateway and told nobody": (
        lambda: without(plain(), on(Leg.CAS_UM, "BYE")),
        Role.UM,
    ),
    "the gateway waits for an ACK that the um owes": (
        lambda: without(
            without(without(plain(), on(GW, "BYE")), on(Leg.CAS_UM, "BYE")), ACK
        ),
        Role.UM,
    ),
}


@pytest.mark.parametrize("what", BLAME)
def test_who_left_a_leg_up(what: str) -> None:
    evidence, guilty = BLAME[what]
    assert accused("POP-END-003", evidence()).guilty is guilty


def test_a_machine_that_stood_still_is_no_peer_s_fault() -> None:
    late = GUILTY["SIP-TIMER-001"]()
    acquitted("SIP-TIMER-001", told(late, stood_still=0.7))
    accused("SIP-TIMER-001", told(late, stood_still=0.1))
