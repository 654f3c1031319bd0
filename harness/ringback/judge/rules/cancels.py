"""CANCEL: its form, its time, its answer, and what becomes of the INVITE.

RFC 3261 §9.1 (sending), §9.2 (receiving).
"""

from ringback.judge.case import Case, Exchange, Said
from ringback.judge.dialogues import Dialogue, dialogues_of
from ringback.judge.rules.messages import same_uri
from ringback.judge.rules.transactions import final_frame, may_still_come, same_target
from ringback.judge.soundness import is_sound
from ringback.judge.stimulus import given
from ringback.judge.verdict import Verdict, each, fails, passes, undecided

CROSSING = 0.5  # seconds in which an answer and a CANCEL may pass each other


@given("CANCEL")
def cancels_repeat_the_invite(case: Case) -> Verdict:
    """§9.1: Request-URI, Call-ID, From, To, CSeq number and top Via are the same."""
    cancels = [x for x in case.exchanges if x.request.method == "CANCEL"]
    if not cancels:
        return undecided("nobody sent CANCEL")
    for cancel in cancels:
        invite = _cancelled(case, cancel)
        if invite is None:
            why = "CANCEL has the branch and CSeq number of no earlier request"
            return fails(why, cancel.frame)
        if offence := _unlike_cancelled(cancel.request, invite.request):
            return fails(offence, cancel.frame, invite.frame)
    return passes("CANCEL repeats its INVITE", *(x.frame for x in cancels))


def has_to_be_taken(case: Case, cancel: Exchange) -> bool:
    """Whether it is sound, and like the INVITE of this evidence that it is for."""
    invite = _cancelled(case, cancel)
    if invite is None or not is_sound(cancel.request):
        return False
    return not _unlike_cancelled(cancel.request, invite.request)


def _unlike_cancelled(cancel: Said, invite: Said) -> str:
    if cancel.frame.sip.uri != invite.frame.sip.uri and not same_target(cancel, invite):
        return "CANCEL has another Request-URI"
    if cancel.from_tag != invite.from_tag or cancel.to_tag != invite.to_tag:
        return "CANCEL has other tags"
    for name in ("from", "to"):
        if not same_uri(cancel, invite, name):
            return f"CANCEL has another {name.title()}"
    if len(cancel.listed("via")) != 1:
        return f"CANCEL has {len(cancel.listed('via'))} Vias"
    return ""


@given("CANCEL")
def cancel_waits_for_a_provisional(case: Case) -> Verdict:
    """§9.1: not before the far end has said anything."""
    pairs = [(x, _cancelled(case, x)) for x in _cancels(case)]
    known = [(cancel, invite) for cancel, invite in pairs if invite]
    if not known:
        return undecided("nobody cancelled a request of this evidence")
    hasty = [
        cancel
        for cancel, invite in known
        if not any(r.number < cancel.frame.number for r in invite.responses)
    ]
    if hasty:
        frames = (x.frame for x in hasty)
        return fails("CANCEL was sent before any provisional response", *frames)
    return passes("CANCEL waited", *(cancel.frame for cancel, _ in known))


@given("CANCEL")
def cancels_are_answered(case: Case) -> Verdict:
    """§9.2: 200 to CANCEL where its INVITE is known, whatever becomes of that."""
    cancels = [x for x in _cancels(case) if has_to_be_taken(case, x)]
    if not cancels:
        return undecided("nobody cancelled a request of this evidence")
    for cancel in cancels:
        final = cancel.final
        if final is None and may_still_come(case, cancel):
            return undecided("the capture ends before the answer to CANCEL")
        if final and final.status == 481 and _came_late(case, cancel):
            continue
        if final is None or final.status // 100 != 2:
            what = f"with {final.status}" if final else "never"
            by = cancel.request.receiver
            return fails(f"CANCEL was answered {what}", final_frame(cancel), by=by)
    return passes("CANCEL was answered", *map(final_frame, cancels))


def _came_late(case: Case, cancel: Exchange) -> bool:
    """Over TCP a transaction is gone as soon as its refusal is acknowledged."""
    invite = _cancelled(case, cancel)
    return invite is not None and _final_before(invite, cancel.frame.number)


@given("CANCEL")
def a_cancelled_invite_is_refused_487(case: Case) -> Verdict:
    """§9.2: 487, unless a final response was on its way before the CANCEL came."""
    taken = [x for x in _cancels(case) if has_to_be_taken(case, x)]
    pairs = [(x, _cancelled(case, x)) for x in taken]
    raced = [(c, i) for c, i in pairs if i and not _final_before(i, c.frame.number)]
    if not raced:
        return undecided("no INVITE was cancelled before its answer")
    for cancel, invite in raced:
        final, by = invite.final, invite.request.receiver
        if final is None and may_still_come(case, cancel):
            return undecided("the capture ends before the answer to INVITE")
        if final is None:
            return fails("the cancelled INVITE was never answered", invite.frame, by=by)
        if final.status != 487 and _crossed(case, cancel, final):
            return undecided("CANCEL and the answer crossed", final.frame)
        if final.status != 487:
            why = f"the cancelled INVITE was answered with {final.status}"
            return fails(why, final.frame, by=by)
    return passes("487", *(final_frame(i) for _, i in raced if i))


def _crossed(case: Case, cancel: Exchange, final: Said) -> bool:
    """Somebody answered in that moment, or somebody further on had refused."""
    if final.frame.time - cancel.frame.time >= CROSSING:
        return False
    by, time = cancel.request.receiver, cancel.frame.time
    refused = (r for r in case.responses if r.method == "INVITE" and r.status >= 400)
    heard = (r for r in refused if r.receiver is by and r.frame.leg != final.frame.leg)
    news = any(0 <= time - r.frame.time < CROSSING for r in heard)
    return final.status // 100 == 2 or news


@given("CANCEL")
def cancels_of_nothing_are_refused_481(case: Case) -> Verdict:
    """§9.2: CANCEL that matches no transaction, which is a matter of its branch."""
    branches = {x.request.branch for x in case.exchanges if x not in _cancels(case)}
    things = [
        x
        for x in _cancels(case)
        if case.complete and x.final and not _cancelled(case, x) and _plain(x)
        if is_sound(x.request) and x.request.branch not in branches
    ]
    return each(things, _not_481, "CANCELs of nothing", shows=final_frame)


@given("CANCEL")
def late_cancels_change_nothing(case: Case) -> Verdict:
    """§9.2: after the final answer CANCEL has no effect on the session."""
    late = [
        (d, x)
        for x in _cancels(case)
        if (invite := _cancelled(case, x))
        for d in dialogues_of(case)
        if d.invite is invite and d.confirmed and d.confirmed.number < x.frame.number
    ]
    if not late:
        return undecided("no CANCEL came after the answer")
    for dialogue, cancel in late:
        later = [x for x in dialogue.exchanges if x.frame.number > cancel.frame.number]
        if not later:
            return undecided("nothing was said after the late CANCEL", cancel.frame)
        verdict = _has_hung_up(case, dialogue, cancel, later[0])
        if verdict is not None:
            return verdict
    return passes("the call went on", *(x.frame for _, x in late))


def _has_hung_up(
    case: Case, dialogue: Dialogue, cancel: Exchange, later: Exchange
) -> Verdict | None:
    callee = not dialogue.by_caller(later.request)
    if later.request.method == "BYE" and callee:
        if _other_cause(case, cancel, later):
            return undecided("the callee hung up, perhaps for another reason")
        return fails("a CANCEL after the answer was met with BYE", later.frame)
    if later.final and later.final.status == 481 and not callee:
        return fails("a CANCEL after the answer ended the dialog", later.final.frame)
    return None


def _other_cause(case: Case, cancel: Exchange, bye: Exchange) -> bool:
    """Whether the callee may have been told to hang up: on a leg of it that is not
    seen, by a BYE on one that is, or by nobody for so long that it may be chance."""
    callee = bye.request.sender
    elsewhere = [
        s
        for s in case.said
        if s.receiver is callee and s.call_id != bye.request.call_id
    ]
    told = any(
        s.method in ("BYE", "CANCEL")
        and cancel.frame.time - CROSSING < s.frame.time <= bye.frame.time
        for s in elsewhere
    )
    return told or not elsewhere or bye.frame.time - cancel.frame.time > CROSSING


@given("CANCEL")
def answers_that_cross_a_cancel_are_ended(case: Case) -> Verdict:
    """§13.2.2.4 with §9.1: who has cancelled and is answered all the same says BYE."""
    crossed = [
        d
        for x in _cancels(case)
        if (invite := _cancelled(case, x))
        for d in dialogues_of(case)
        if d.invite is invite and d.confirmed and d.confirmed.number > x.frame.number
    ]
    if not crossed:
        return undecided("no answer crossed a CANCEL")
    up = [d for d in crossed if d.bye is None]
    if up and not case.complete:
        return undecided("the capture ends before the BYE")
    if up:
        by = up[0].invite.request.sender
        frames = [(d.confirmed or d.made).frame for d in up]
        return fails(
            "the answer crossed the CANCEL, and no BYE followed", *frames, by=by
        )
    return passes("BYE followed", *(d.bye.frame for d in crossed if d.bye))


@given("CANCEL")
def answers_to_cancel_have_the_tag_of_the_invite(case: Case) -> Verdict:
    """§9.2: a SHOULD."""
    pairs = [(x, _cancelled(case, x)) for x in _cancels(case)]
    things = [
        (x.accepted, i.final)
        for x, i in pairs
        if x.accepted and i and i.final and i.final.number > x.frame.number
    ]
    if not things:
        return undecided("no CANCEL was accepted and followed by an answer to INVITE")
    for accepted, final in things:
        if accepted.to_tag != final.to_tag:
            why = "200 to CANCEL has another To tag than the answer to INVITE"
            return fails(why, accepted.frame, final.frame)
    return passes("the same To tag", *(accepted.frame for accepted, _ in things))


def _plain(cancel: Exchange) -> bool:
    """Not one that TLS or trust turned away."""
    return bool(cancel.final and cancel.final.status not in (401, 403, 407, 503))


def _not_481(cancel: Exchange) -> str:
    status = cancel.final.status if cancel.final else 0
    return "" if status == 481 else f"CANCEL of nothing got {status}, not 481"


def _cancels(case: Case) -> list[Exchange]:
    return [x for x in case.exchanges if x.request.method == "CANCEL"]


def _cancelled(case: Case, cancel: Exchange) -> Exchange | None:
    """The INVITE of the same transaction: §9.2 matches by branch."""
    wanted = cancel.request
    for exchange in case.exchanges:
        invite = exchange.request
        if (
            invite.method == "INVITE"
            and (invite.call_id, invite.branch) == (wanted.call_id, wanted.branch)
            and invite.sequence == wanted.sequence
            and invite.number < wanted.number
        ):
            return exchange
    return None


def _final_before(exchange: Exchange, number: int) -> bool:
    return any(r.status >= 200 and r.number < number for r in exchange.responses)
