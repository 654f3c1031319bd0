"""What the UM told the CAS of an order and of its call, as their leg shows it.

RFC 3261 §13 for the INVITE that carries it, RFC 3326 for what is said of the far end;
the troubles are those of ringback's own binding (docs/cas-um-binding.md). A CAS cannot
tell more than it was told.
"""

import sys
from collections.abc import Container, Sequence

from ringback.faults import Malformed
from ringback.judge.case import Call, Case, Exchange, Said
from ringback.judge.soundness import (
    is_heard,
    is_refused_for_its_form,
    is_sound,
    leads_nowhere,
    was_released,
)
from ringback.judge.turns import Turn, polls
from ringback.judge.verdict import Verdict, fails
from ringback.values import Cause, Leg, Role
from ringback.wire.extensions import reasons
from ringback.wire.order import OUTCOME_TYPE, Outcome

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
    if left := left_alone_by_the_um(case, orders[0]):
        frames = [s.frame for s in left]
        return fails(f"{why}: the UM left the CAS alone", *frames, *answers, by=Role.UM)
    if told is None or (told.status >= 400 and _trouble(told) in troubles):
        return fails(why, *answers, by=Role.CAS)
    return fails(f"{why}: so said the UM", told.frame, *answers, by=Role.UM)


def who_kept_it(
    case: Case, told: Turn, statuses: Container[int], *methods: str
) -> Role:
    """The UM, as long as it says nothing of the kind to the CAS, of every call that the
    user asks about. Who gets no ACK for his 200 may not say BYE yet (RFC 3261 §15)."""
    calls = case.calls(Leg.CAS_UM)
    if any(x.accepted and not was_released(x) for c in calls for x in c.invites):
        return Role.CAS
    news = answers_before(case, told, statuses)
    asked = [x for c in calls for m in methods for x in c.of(m)]
    ends = [x.request for x in asked if not is_refused_for_its_form(x)]
    ends = [s for s in ends if s.method == "CANCEL" or is_in_its_dialog(calls, s)]
    news += [s for s in ends if s.number < told.answer.number]
    heard = len({s.call_id for s in news}) >= len(polls(case))
    return Role.CAS if heard or not calls else Role.UM


def is_in_its_dialog(calls: Sequence[Call], said: Said) -> bool:
    """Whether it has the tags that a 2xx confirmed."""
    made = (x.accepted for c in calls for x in c.invites if x.accepted)
    mine = said.call_id, {said.from_tag, said.to_tag}
    return any((a.call_id, {a.from_tag, a.to_tag}) == mine for a in made)


def left_alone_by_the_um(case: Case, order: Turn) -> list[Said]:
    """The CAS's last INVITE between order and answer, where the UM owes it a word: it
    said none but 100 that had to be heard, or sent the CAS nowhere."""
    last = order.answer.number if order.asked.response else sys.maxsize
    calls: dict[str, Exchange] = {}
    for asked in case.invites(Leg.CAS_UM):
        if order.frame.number < asked.frame.number < last:
            calls[asked.request.call_id] = asked
    found = (_left_alone(case, asked, last) for asked in calls.values())
    return next(filter(None, found), [])


def _left_alone(case: Case, asked: Exchange, last: int) -> list[Said]:
    if not is_sound(asked.request) or case.is_bare(asked.frame):
        return []
    told = [r for r in asked.responses if r.status > 100 and is_heard(case, r)]
    told = [r for r in told if r.number < last]
    nowhere = [r for r in told if r.status // 100 == 3 and leads_nowhere(case, r)]
    return nowhere if told else [asked.request]


def answers_before(case: Case, told: Turn, statuses: Container[int]) -> list[Said]:
    """Such answers of the UM to the INVITEs of the CAS that it had to hear before the
    user was told. Who has a final answer hears no other (RFC 3261 §17.1.1.2)."""
    return [
        said
        for asked in case.invites(Leg.CAS_UM)
        for said in asked.responses
        if said.number < told.answer.number and said.status in statuses
        if (said.status < 200 or said is asked.final) and is_heard(case, said)
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
    if not said.first("content-type").lower().startswith(OUTCOME_TYPE):
        return None
    try:
        return Outcome.parse(said.frame.sip.body)
    except Malformed:
        return None
