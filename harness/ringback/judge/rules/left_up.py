"""Whether a call that is over on one leg is over on every other, and whose doing it is
where it is not.

RFC 3261 §15 (ending), §9.2 (CANCEL), §12.2.2 (481).
"""

from collections import Counter

from ringback.judge.case import Call, Case, Said
from ringback.judge.ends import end_of
from ringback.judge.rules.cancels import has_to_be_taken
from ringback.judge.rules.hang_ups import user_hung_up, who_went_on, wish_of
from ringback.judge.soundness import (
    is_heard,
    is_sound,
    never_came,
    somebody_s_end_failed,
    was_released,
)
from ringback.judge.verdict import Verdict, fails, passes, undecided
from ringback.values import Leg, Role

_INNER = {
    Leg.CAS_UM: Role.UM,
    Leg.UM_GATEWAY: Role.UM,
    Leg.GATEWAY_PHONE: Role.GATEWAY,
}
_JOINTS = (
    (Leg.CAS_UM, Leg.UM_GATEWAY, Role.UM),
    (Leg.UM_GATEWAY, Leg.CAS_UM, Role.UM),
    (Leg.UM_GATEWAY, Leg.GATEWAY_PHONE, Role.GATEWAY),
    (Leg.GATEWAY_PHONE, Leg.UM_GATEWAY, Role.GATEWAY),
)


def no_leg_stays_up(case: Case) -> Verdict:
    """When the call ended on one leg, it is over on every other: ended by BYE where it
    was answered, refused where it was not."""
    calls = [call for call in case.all_calls if call.invites]
    ended = [call for call in calls if end_of(case, call)]
    if not ended and not user_hung_up(case):
        return undecided("no call ended")
    up = [c for c in calls if not end_of(case, c) and not _was_sent_away(case, c)]
    if somebody_s_end_failed(case):
        return undecided("a BYE was refused for its form, and so ended nothing")
    if up and not user_hung_up(case) and _stands_everywhere(calls, up):
        return undecided("the capture ends while a call stands on every leg")
    if up:
        where = str(up[0].leg or "a leg")
        frames = [(call.accepted or call.invites[-1].request).frame for call in up]
        return fails(f"{where} was left up", *frames, by=_guilty(case, calls, up))
    ends = [end.frame for call in calls if (end := end_of(case, call))]
    return passes(f"{len(calls)} call(s), each ended", *ends)


def _was_sent_away(case: Case, call: Call) -> bool:
    """Unheard, by him who ended the connection: so a server of TLS 1.3 refuses a
    client, which may have said its INVITE by then (RFC 8446 §4.6.2)."""
    said = call.invites[-1]
    connection = case.connections.get(said.frame.flow)
    ended = connection is not None and connection.left_by == said.frame.target
    return ended and not any(x.responses for x in call.exchanges)


def _stands_everywhere(calls: list[Call], up: list[Call]) -> bool:
    """Whether as many stand on each leg: what ended was another call."""
    standing = Counter(call.leg for call in up)
    return len({standing[leg] for leg in {call.leg for call in calls}}) == 1


def _guilty(case: Case, calls: list[Call], up: list[Call]) -> Role | None:
    """Who knew of the end and did not pass it on: he joins a leg on which more calls
    ended to one on which fewer did. Who owes an ACK, or asked so that it could not be
    matched, keeps the other side from saying BYE (§15); who was told CANCEL owes the
    final answer (§9.2)."""
    for call in calls:
        if (end := end_of(case, call)) and not is_heard(case, end):
            return _who_spoilt(call, end)
    for call in up:
        if guilty := _who_holds_it(case, call):
            return guilty
    ends: dict[Leg | None, list[int]] = {}
    for call in calls:
        if (end := end_of(case, call)) and not _was_tried_again(call, up):
            ends.setdefault(call.leg, []).append(end.number)
    if not ends and (wish := wish_of(case)):
        return who_went_on(case, wish)
    if silent := _who_never_answered(up):
        return silent
    standing = {call.leg for call in up}
    told = [
        (min(ends[here]), role)
        for here, there, role in _JOINTS
        if there in standing and len(ends.get(here, ())) > len(ends.get(there, ()))
    ]
    return min(told)[1] if told else _INNER.get(up[0].leg) if up[0].leg else None


def _who_holds_it(case: Case, call: Call) -> Role | None:
    """Whose word is missing, or is of no use, for that call to end by itself."""
    made = next((x for x in call.invites if x.accepted), None)
    if made and is_sound(made.request) and never_came(case, made):
        return (_garbled(case, call) or made.request).sender
    if made and not (was_released(made) and is_sound(made.request)):
        return made.request.sender
    cancels, asked = call.of("CANCEL"), call.invites[-1].request
    taken = all(has_to_be_taken(case, x) for x in cancels)
    if made is None and not (taken and is_sound(asked)):
        return asked.sender
    if made is None and (garbled := _garbled(case, call)):
        return garbled.sender
    return asked.receiver if made is None and cancels else None


def _who_never_answered(up: list[Call]) -> Role | None:
    """The gateway, where it answers fewer calls than it can wait for."""
    asked = [c for c in up if c.leg is Leg.UM_GATEWAY and not c.accepted]
    waiting = [c for c in asked if not any(x.final for x in c.invites)]
    onward = [c for c in up if c.leg is Leg.GATEWAY_PHONE]
    return Role.GATEWAY if len(waiting) > len(onward) else None


def _who_spoilt(call: Call, end: Said) -> Role | None:
    """What a response copies is its request's affair."""
    asked = (x.request for x in call.exchanges if end in x.responses)
    broken = next((r for r in asked if not is_sound(r)), end)
    return broken.sender


def _garbled(case: Case, call: Call) -> Said | None:
    """The final answer to its INVITE that bears another Call-ID, or the first answer
    that hides what comes after it."""
    invite = call.invites[-1].request
    said = [r for r in case.responses if r.branch == invite.branch]
    said = [r for r in said if r.method == "INVITE"]
    strays = [r for r in said if r.status >= 200 and r.call_id != invite.call_id]
    there = (invite.frame.flow, invite.frame.target)
    back = [s for s in case.said if (s.frame.flow, s.frame.source) == there]
    copied = {r.branch for r in case.requests if not is_sound(r)}
    hides = [s for s in back if not is_sound(s) and s.branch not in copied]
    return next(iter([*strays, *hides]), None)


def _was_tried_again(call: Call, up: list[Call]) -> bool:
    """Refused, and what stands on that leg came after: by another gateway, say."""
    later = (c for c in up if c.leg is call.leg and c.frame.number > call.frame.number)
    return call.accepted is None and any(later)
