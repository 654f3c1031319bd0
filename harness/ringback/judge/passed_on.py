"""What became of an order at the UM, as the leg between CAS and UM shows it.

RFC 3261 §13 for the INVITE that carries it; the troubles are those of ringback's own
binding (docs/cas-um-binding.md). A CAS cannot tell more than it was told.
"""

from collections.abc import Sequence

from ringback.faults import Malformed
from ringback.judge.case import Case, Said
from ringback.judge.soundness import is_refused_for_its_form
from ringback.judge.turns import Turn
from ringback.judge.verdict import Verdict, fails
from ringback.values import Leg, Role
from ringback.wire.order import Outcome

OF_NUMBERS = ("policy", "bad-number", "bad-address")
OF_USERS = ("unknown-user",)
OF_ITEMS = ("unknown-message",)


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


def _trouble(said: Said) -> str:
    try:
        return Outcome.parse(said.frame.sip.body).trouble
    except Malformed:
        return ""
