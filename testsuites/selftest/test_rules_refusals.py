"""What must be refused, and what becomes of refusals."""

from collections.abc import Callable

import pytest
from msgspec.structs import replace
from testsuites.selftest.asked_outside import Change, adding, asked, plain
from testsuites.selftest.evidence_builder import Plan, changed, on, with_field
from testsuites.selftest.played_call import call
from testsuites.selftest.tribunal import Table, accused, acquitted, left_open

from ringback.evidence.evidence import Evidence
from ringback.values import Leg, Role
from ringback.wire.message import Field, Message

NEAR, FAR = Leg.UM_GATEWAY, Leg.GATEWAY_PHONE


def packed(name: str, value: str) -> Change:
    return lambda m: replace(adding(name, value)(m), body=b"?")


def foreign(message: Message) -> Message:
    return replace(message, start=b"OPTIONS nobody-knows:x SIP/2.0")


def by_way(letter: str) -> Change:
    """One and the same request, by several ways."""
    same = {"From": "<sip:cas@x.test>;tag=m", "Call-ID": "m"}

    def change(message: Message) -> Message:
        fields = [
            Field.of(f.name, same.get(f.name.title().replace("-Id", "-ID"), f.value))
            for f in message.fields
        ]
        via = f"SIP/2.0/TCP cas.x.test;branch=z9hG4bK{letter}"
        fields = [Field.of("Via", via) if f.name == "via" else f for f in fields]
        return replace(message, fields=tuple(fields))

    return change


UNKNOWN: dict[str, Callable[[int], Evidence]] = {
    "SIP-REFUSE-001": lambda s: asked((lambda m: m, s), method="NOBODY-KNOWS"),
    "SIP-REFUSE-002": lambda s: asked((packed("Content-Type", "a/nobody-knows"), s)),
    "SIP-REFUSE-003": lambda s: asked((packed("Content-Encoding", "nobody-knows"), s)),
    "SIP-REFUSE-004": lambda s: asked((foreign, s)),
    "SIP-REFUSE-005": lambda s: asked((adding("Require", "nobody-knows"), s)),
    "SIP-REFUSE-006": lambda s: asked((by_way("a"), 0), (by_way("b"), s)),
}


def again() -> Evidence:
    """The refused INVITE comes once more, as it was."""
    refused = call(Plan(final=486))
    invite = next(f for f in refused.sip if on(NEAR, "INVITE")(f))
    new = replace(invite.sip, fields=tuple(map(_another_branch, invite.sip.fields)))
    later = replace(invite, number=100_000, sip=new)
    return replace(refused, sip=(*refused.sip, later))


def _another_branch(field: Field) -> Field:
    return Field(field.octets + b"2") if field.name == "via" else field


def relayed() -> Evidence:
    refused = call(Plan(final=486))
    told = on(Leg.CAS_UM, "486", "INVITE")
    raw = b"SIP/2.0 600 Busy"
    return changed(refused, told, lambda m: replace(m, start=raw))


def spent() -> Evidence:
    return changed(call(), on(NEAR, "INVITE"), with_field("Max-Forwards", "0"))


GUILTY: Table = {
    name: (lambda made=made: made(200)) for name, made in UNKNOWN.items()
} | {
    "SIP-HOPS-001": spent,
    "SIP-HOPS-002": lambda: changed(
        call(), on(FAR, "INVITE"), with_field("Max-Forwards", "70")
    ),
    "SIP-RETRY-001": again,
    "SIP-RELAY-001": relayed,
}


@pytest.mark.parametrize("requirement", sorted(GUILTY))
def test_who_takes_what_he_cannot_know_is_accused(requirement: str) -> None:
    accused(requirement, GUILTY[requirement]())


@pytest.mark.parametrize("requirement", sorted(UNKNOWN))
@pytest.mark.parametrize("status", [302, 403, 405, 415, 416, 420, 482, 501, 503])
def test_any_refusal_will_do(requirement: str, status: int) -> None:
    acquitted(requirement, UNKNOWN[requirement](status))


@pytest.mark.parametrize("requirement", sorted(UNKNOWN))
def test_silence_is_for_another_rule(requirement: str) -> None:
    left_open(requirement, UNKNOWN[requirement](0))
    left_open(requirement, plain())


def test_the_second_call_of_a_request_that_is_over_is_no_merged_one() -> None:
    left_open("SIP-REFUSE-006", asked((by_way("a"), 200), (by_way("b"), 200)))


@pytest.mark.parametrize("status", [408, 415, 488, 491, 503])
def test_some_refusals_invite_another_try(status: int) -> None:
    answer = on(NEAR, "486", "INVITE")
    told = changed(
        again(), answer, lambda m: replace(m, start=f"SIP/2.0 {status} x".encode())
    )
    left_open("SIP-RETRY-001", told)


def test_the_guilty_of_a_call_without_hops_is_who_let_it_pass() -> None:
    assert accused("SIP-HOPS-001", spent()).guilty is Role.GATEWAY
