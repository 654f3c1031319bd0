"""What the UM told the CAS of an order and of its call, as their leg shows it.

RFC 3261 §13 for the INVITE that carries it, RFC 3326 for what is said of the far end;
the troubles are those of ringback's own binding (docs/cas-um-binding.md). A CAS cannot
tell more than it was told.
"""

from collections.abc import Container, Sequence

from ringback.faults import Malformed
from ringback.judge.case import Case, Said
from ringback.judge.soundness import is_refused_for_its_form
from ringback.judge.turns import Turn
from ringback.judge.verdict import Verdict, fails
from ringback.values import Cause, Leg, Role
from ringback.wire.extensions import reasons
from ringback.wire.order import Outcome

OF_NUMBERS = ("policy", "bad-number", "bad-address")
OF_USERS = ("unknown-user",)
OF_ITEMS = ("unknown-message",)
DECIDED = frozenset([*range(200, 300), *range(400, 700)])  # no redirection


def is_one_box(case: Case) -> bool:
    """Whether that leg is inside the system under test."""
    return {Role.CAS, Role.UM} <= case.known.sut.keys()


def answer_of_the_um(case: Case, order: Turn) -> Said | None:
    """What it said to the INVITE that the CAS sent between order and answer: that the
    call goes on (over 100), or a refusal; None where it was not asked, or is silent."""
    asked = [
        x
        for x in case.invites(Leg.CAS_UM)
        if order.frame.number < x.frame.number < order.answer.number
        and not is_refused_for_its_form(x)
    ]
    told = [r for x in asked for r in x.responses if 100 < r.status < 300]
    refused = [x.final for x in asked if x.final and x.final.status >= 400]
    return next(iter([*told, *refused]), None)


def wrongly_answered(
    case: Case, orders: Sequence[Turn], why: str, troubles: tuple[str, ...]
) -> Verdict:
    """Orders that were not refused as they should: by the UM where it let the first
    pass, or refused it for another reason than one of these troubles; else by the
    CAS."""
    told, answers = answer_of_the_um(case, orders[0]), [t.answer for t in orders]
    if told is None or (told.status >= 400 and _trouble(told) in troubles):
        return fails(why, *answers, by=Role.CAS)
    return fails(f"{why}: so said the UM", told.frame, *answers, by=Role.UM)


def who_kept_it(
    case: Case, told: Turn, statuses: Container[int], *methods: str
) -> Role:
    """The UM, as long as it says nothing of the kind to the CAS. Who gets no ACK for
    his 200 may not say BYE yet (RFC 3261 §15)."""
    calls = case.calls(Leg.CAS_UM)
    if any(x.accepted and not x.acks for c in calls for x in c.invites):
        return Role.CAS
    news = answers_before(case, told, statuses)
    ends = [x.request for c in calls for m in methods for x in c.of(m)]
    heard = news or any(s.number < told.answer.number for s in ends)
    return Role.CAS if heard or not calls else Role.UM


def answers_before(case: Case, told: Turn, statuses: Container[int]) -> list[Said]:
    """Such answers of the UM to the INVITEs of the CAS, before the user was told. Who
    has a final answer hears no other (RFC 3261 §17.1.1.2)."""
    return [
        said
        for asked in case.invites(Leg.CAS_UM)
        for said in asked.responses
        if said.number < told.answer.number and said.status in statuses
        if said.status < 200 or said is asked.final
    ]


def misnamed_by_the_um(
    case: Case, told: Turn, causes: Container[Cause], statuses: Container[int]
) -> list[Said]:
    """The UM's last word to the CAS, where it was neither such a cause of the binding's
    nor, without one, such a status of the far end."""
    said = answers_before(case, told, DECIDED)[-1:]
    outcome = _outcome(said[0]) if said else None
    if outcome:
        return said if outcome.cause not in causes else []
    return [s for s in said if not any(code in statuses for code in codes_told(s))]


def codes_told(said: Said) -> tuple[int, ...]:
    """The far end's status by a refusal: in its body, else in its Reason (RFC 3326 §2),
    else its own."""
    if outcome := _outcome(said):
        return (outcome.code,)
    try:
        named = [
            r.cause for r in reasons(said.frame.sip) if r.protocol.upper() == "SIP"
        ]
    except Malformed:
        named = []
    return tuple(code for code in named if code) or (said.status,)


def _trouble(said: Said) -> str:
    outcome = _outcome(said)
    return outcome.trouble if outcome else ""


def _outcome(said: Said) -> Outcome | None:
    try:
        return Outcome.parse(said.frame.sip.body)
    except Malformed:
        return None
