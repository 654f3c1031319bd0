"""What the user is shown of the call, held against what SIP said.

Facts §1.6 maps SIP to states and causes; §2.3 and §3.2 name them.
"""

from itertools import pairwise

from ringback.judge.case import Call, Case, Said
from ringback.judge.ends import end_of
from ringback.judge.passed_on import (
    DECIDED,
    answers_before,
    codes_told,
    misnamed_by_the_um,
    who_kept_it,
)
from ringback.judge.rules.spoilt import who_spoilt_it
from ringback.judge.soundness import (
    is_heard,
    is_refused_for_its_form,
    never_came,
    somebody_s_end_failed,
)
from ringback.judge.turns import Turn, polls, turns_of
from ringback.judge.verdict import Verdict, fails, passes, undecided
from ringback.values import CallState, Cause, Leg, Role

ORDER = (
    CallState.IDLE,
    CallState.CONNECTING,
    CallState.ALERTED,
    CallState.CONNECTED,
    CallState.DISCONNECTED,
)
SLACK = 2.0  # seconds that news may take from the gateway to the user
BUSY = {486, 600}
UNANSWERED = {408, 480}
UNAVAILABLE = {404, 410, 484, 503}
NO_POLL = "nobody asked how the call is doing"


def states_only_go_forward(case: Case) -> Verdict:
    told = [turns for turns in polls(case).values() if turns]
    if not told:
        return undecided(NO_POLL)
    for turns in told:
        for before, after in pairwise(turns):
            if _rank(after) < _rank(before):
                why = f"{after.state} was told after {before.state}"
                return fails(why, after.answer, before.answer, by=Role.CAS)
    shown = " ".join(dict.fromkeys(str(t.state) for t in told[0]))
    return passes(f"the user saw {shown}", *(t.answer for t in told[0]))


def alerted_means_that_it_rings(case: Case) -> Verdict:
    """A ringing answer came from the gateway before: 180, or 183 with alerting. The
    183 of the UM says that the order has passed."""
    return _told_after(case, CallState.ALERTED, range(180, 184), range(180, 183))


def connected_means_that_it_was_answered(case: Case) -> Verdict:
    return _told_after(case, CallState.CONNECTED, range(200, 300), range(200, 300))


def an_answer_is_told(case: Case) -> Verdict:
    """Well after the 200, and well before any end, the state is Connected."""
    answers = _answers(case, range(200, 300))
    wanted = (CallState.CONNECTED, CallState.DISCONNECTED)
    late = [
        turn
        for turns in polls(case).values()
        for turn in turns
        for answer in answers[:1]
        if turn.frame.time > answer.frame.time + SLACK
    ]
    shown = [t for ts in polls(case).values() for t in ts if t.state is wanted[0]]
    if not answers or not (late or shown) or len(polls(case)) != 1:
        return undecided("nobody asked well after the answer, or there were two calls")
    stale = [t for t in late if t.state not in wanted]
    if stale:
        why = f"{stale[0].state} was told {SLACK:.0f} s after the answer"
        by = who_kept_it(case, stale[-1], DECIDED, "BYE", "CANCEL")
        return fails(why, *(t.answer for t in stale), by=by)
    return passes("the answer was told", *(t.answer for t in (*shown, *late)))


def the_end_is_told(case: Case) -> Verdict:
    """Once the call is over, so is what the user is shown."""
    ends = _ends(case)
    late = [
        turn
        for turns in polls(case).values()
        for turn in turns
        if ends and turn.frame.time > ends[-1].frame.time + SLACK
    ]
    last = [turns[-1] for turns in polls(case).values() if turns]
    over = [t for t in last if t.state is CallState.DISCONNECTED]
    if not ends or not (late or over):
        return undecided("the call did not end, or nobody asked afterwards")
    stale = [t for t in late if t.state is not CallState.DISCONNECTED]
    if stale:
        why = f"{stale[-1].state} was told after the call had ended"
        by = who_kept_it(case, stale[-1], range(400, 700), "BYE", "CANCEL")
        return fails(why, stale[-1].answer, ends[-1].frame, by=by)
    return passes("Disconnected was told", *(t.answer for t in over))


def busy_is_told_as_user_busy(case: Case) -> Verdict:
    return _cause(case, BUSY, (Cause.USER_BUSY,))


def no_answer_is_told_as_no_answer(case: Case) -> Verdict:
    """Also when the UM gave up ringing; not when the user did."""
    if case.known.expected.ends == "client":
        return undecided("the user hung up")
    given_up = {487} if _cancelled(case) else set()
    return _cause(case, UNANSWERED | given_up, (Cause.NO_ANSWER,))


def unavailable_is_told_in_the_dialect(case: Case) -> Verdict:
    """EWS has the word Unavailable; the 2007 dialect says Other."""
    return _cause(case, UNAVAILABLE, (Cause.UNAVAILABLE,), (Cause.OTHER,))


def another_failure_is_told_as_other(case: Case) -> Verdict:
    named = BUSY | UNANSWERED | UNAVAILABLE
    rest = set(range(400, 700)) - named - {401, 407, 487}
    return _cause(case, rest, (Cause.OTHER,))


def a_normal_end_has_no_cause(case: Case) -> Verdict:
    ended = [x for c in case.calls(Leg.UM_GATEWAY) if c.accepted for x in c.of("BYE")]
    final = _last_told(case)
    if not ended or not final:
        return undecided("no call was answered, ended and told as Disconnected")
    wrong = [t for t in final if t.cause is not Cause.NONE]
    if len(polls(case)) > len(ended):
        return undecided("several calls, and they ended in several ways")
    if wrong and who_spoilt_it(case):
        return undecided("the answer was of no use: that was no normal end")
    if wrong:
        why = f"the call ended with BYE, the cause told is {wrong[0].cause}"
        said = answers_before(case, wrong[0], range(400, 700))
        by = Role.UM if said else Role.CAS
        told = [r.frame for r in said]
        return fails(why, wrong[0].answer, ended[0].frame, *told, by=by)
    return passes("the cause told is None", *(t.answer for t in final))


def the_2007_dialect_has_four_causes(case: Case) -> Verdict:
    """Facts §2.3: None, UserBusy, NoAnswer, Other."""
    asked = [t for t in turns_of(case) if t.dialect == "umws" and t.informs]
    told = [t for t in asked if t.cause is not None]
    if not told:
        return undecided("nobody was told a cause in the 2007 dialect")
    wrong = [t for t in told if t.cause is Cause.UNAVAILABLE]
    if wrong:
        why = "Unavailable, which the 2007 dialect does not have"
        return fails(why, *(t.answer for t in wrong), by=Role.CAS)
    return passes("only causes of the dialect", *(t.answer for t in told))


def a_live_call_has_no_cause(case: Case) -> Verdict:
    """Facts §3.2: a cause other than None tells why a call is disconnected."""
    live = [
        turn
        for turn in turns_of(case)
        if turn.state not in (None, CallState.DISCONNECTED)
    ]
    if not live:
        return undecided(NO_POLL)
    wrong = [t for t in live if t.cause is not Cause.NONE]
    if wrong:
        why = f"{wrong[0].cause} was told while the state is {wrong[0].state}"
        return fails(why, *(t.answer for t in wrong), by=Role.CAS)
    return passes("no cause while the call lives", *(t.answer for t in live))


def sip_codes_were_said(case: Case) -> Verdict:
    """Facts §1.6: EWS may show the raw code. Who got no answer at all has one of RFC
    3261 §8.1.3.1."""
    told = [(t, code) for t in turns_of(case) if (code := t.sip_code) is not None]
    invites = [*case.invites(Leg.CAS_UM), *case.invites(Leg.UM_GATEWAY)]
    if not told or not invites:
        return undecided("nobody was told a SIP code, or there was no INVITE")
    answers = (r for r in case.responses if r.method == "INVITE" and r.frame.leg)
    said = {408, 503, *(r.status for r in answers)}
    last = [x.final.frame for x in invites if x.final][-1:]
    for turn, code in told:
        early = code == 200 and turn.state is not CallState.DISCONNECTED
        if code not in said and not early:
            why = f"the SIP code {code} was told, which nobody said"
            finals = answers_before(case, turn, DECIDED)
            heard = [r.frame for r in finals if code in codes_told(r)]
            by = Role.UM if heard else Role.CAS
            return fails(why, turn.answer, *heard, *last, by=by)
    codes = " ".join(dict.fromkeys(str(code) for _, code in told))
    return passes(f"told were {codes}", *(turn.answer for turn, _ in told))


def _cause(
    case: Case,
    statuses: set[int],
    ews: tuple[Cause, ...],
    umws: tuple[Cause, ...] = (),
) -> Verdict:
    """The cause told at the end, where the last word of the gateway was a failure."""
    asked = case.invites(Leg.UM_GATEWAY)
    finals = [x.final for x in asked[-1:] if x.final]
    if asked and (is_refused_for_its_form(asked[-1]) or never_came(case, asked[-1])):
        return undecided("INVITE or refusal need not be taken", asked[-1].frame)
    if not finals or finals[-1].status not in statuses:
        return undecided("the gateway gave no such answer")
    told = _last_told(case)
    if not told or (len(polls(case)) > 1 and not _all_end(case, statuses)):
        why = "nobody was told that the call is over, or calls ended in several ways"
        return undecided(why, finals[-1].frame)
    if hung_up := _hung_up_before_its_answer(case):
        return undecided("the user hung up before the CAS knew", hung_up.frame)
    for turn in told:
        allowed = (umws or ews) if turn.dialect == "umws" else ews
        if turn.cause not in allowed:
            because = f"{turn.cause} was told after {finals[-1].status}"
            wrong = [s.frame for s in misnamed_by_the_um(case, turn, ews, statuses)]
            by = Role.UM if wrong else Role.CAS
            return fails(because, turn.answer, finals[-1].frame, *wrong, by=by)
    shown = f"{told[0].cause} after {finals[-1].status}"
    return passes(shown, told[0].answer, finals[-1].frame)


def _all_end(case: Case, statuses: set[int]) -> bool:
    """Whether every call to a gateway ended with such a refusal."""
    last = [c.invites[-1].final for c in case.calls(Leg.UM_GATEWAY)]
    refused = all(final and final.status in statuses for final in last)
    return refused and len(last) >= len(polls(case))


def _told_after(
    case: Case, state: CallState, statuses: range, of_the_um: range
) -> Verdict:
    told = [t for t in turns_of(case) if t.state is state]
    if not told:
        return undecided(f"{state} was never told")
    orders = [t.frame.number for t in turns_of(case) if t.given]
    for turn in told:
        start = max((n for n in orders if n < turn.frame.number), default=0)
        if len(polls(case)) > 1:
            start = min(orders)  # calls may overlap: any answer will do
        answers = _answers(case, statuses)
        if not any(start < a.number < turn.answer.number for a in answers):
            why = f"{state} was told, yet no such answer had come before"
            said = answers_before(case, turn, of_the_um)
            heard = [r.frame for r in said if r.number > start]
            by = Role.UM if heard else Role.CAS
            return fails(why, turn.answer, *heard, by=by)
    return passes(f"{state} was told after the answer", *(t.answer for t in told))


def _hung_up_before_its_answer(case: Case) -> Said | None:
    """Who hangs up needs no cause, whatever the gateway was about to say. It is BYE
    where the UM had answered before the phone."""
    for call in case.calls(Leg.CAS_UM):
        finals = [x.final for x in call.invites if x.final and x.final.status >= 400]
        for end in (*call.of("CANCEL"), *call.of("BYE")):
            ours = end.request.sender is Role.CAS
            if ours and all(end.request.number < final.number for final in finals):
                return end.request
    return None


def _answers(case: Case, statuses: range) -> list[Said]:
    """Such responses to INVITE, on the leg that knows best. Who asked knows them by
    their branch, whatever else is wrong with them (RFC 3261 §17.1.3)."""
    legs = [leg for leg in (Leg.UM_GATEWAY, Leg.CAS_UM) if case.invites(leg)]
    said = [r for r in case.responses if legs and r.frame.leg is legs[0]]
    return [r for r in said if r.method == "INVITE" and r.status in statuses]


def _ends(case: Case) -> list[Said]:
    """What ended the calls on the um-gateway leg, if all of them ended so that the UM
    had to know."""
    broken = [x for x in case.invites(Leg.UM_GATEWAY) if is_refused_for_its_form(x)]
    if broken or somebody_s_end_failed(case):
        return []
    ends = [_known_end(case, call) for call in case.calls(Leg.UM_GATEWAY)]
    told = [end for end in ends if end]
    whole = len(told) == len(ends) >= len(polls(case))
    return sorted(told, key=lambda s: s.number) if whole else []


def _known_end(case: Case, call: Call) -> Said | None:
    """A refusal of the last attempt, or a BYE that was not refused."""
    end = end_of(case, call)
    if end is None or not is_heard(case, end) or 0 < end.status < 400:
        return None
    gone = (
        end.status and call.accepted
    )  # 481: who asked is told, and perhaps not the UM
    refused = any(x.final and x.final.status >= 400 for x in call.of("BYE"))
    return None if gone or refused else end


def _last_told(case: Case) -> list[Turn]:
    """Per call id the last word, where that word was Disconnected."""
    last = [turns[-1] for turns in polls(case).values() if turns]
    return [t for t in last if t.state is CallState.DISCONNECTED]


def _cancelled(case: Case) -> bool:
    calls = case.calls(Leg.UM_GATEWAY)
    return any(x.request.sender is Role.UM for c in calls for x in c.of("CANCEL"))


def _rank(turn: Turn) -> int:
    """States that Play on Phone does not expect stand where Connecting stands."""
    return ORDER.index(turn.state) if turn.state in ORDER else 1
