"""CANCEL: its form, its time, its answer, and what becomes of the INVITE.

RFC 3261 §9.1 (sending), §9.2 (receiving).
"""

from ringback.judge.case import Case, Exchange, Said
from ringback.judge.rules.transactions import final_frame, may_still_come, same_target
from ringback.judge.verdict import Verdict, fails, passes, undecided

CROSSING = 0.5  # seconds in which an answer and a CANCEL may pass each other


def cancels_repeat_the_invite(case: Case) -> Verdict:
    """§9.1: Request-URI, Call-ID, tags, CSeq number and topmost Via are the same."""
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


def _unlike_cancelled(cancel: Said, invite: Said) -> str:
    if cancel.frame.sip.uri != invite.frame.sip.uri and not same_target(cancel, invite):
        return "CANCEL has another Request-URI"
    if cancel.from_tag != invite.from_tag or cancel.to_tag != invite.to_tag:
        return "CANCEL has other tags"
    if len(cancel.listed("via")) != 1:
        return f"CANCEL has {len(cancel.listed('via'))} Vias"
    return ""


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


def cancels_are_answered(case: Case) -> Verdict:
    """§9.2: 200 to CANCEL where its INVITE is known, whatever becomes of that."""
    cancels = [x for x in _cancels(case) if _cancelled(case, x)]
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


def a_cancelled_invite_is_refused_487(case: Case) -> Verdict:
    """§9.2: 487, unless a final response was on its way before the CANCEL came."""
    pairs = [(x, _cancelled(case, x)) for x in _cancels(case)]
    raced = [(c, i) for c, i in pairs if i and not _final_before(i, c.frame.number)]
    if not raced:
        return undecided("no INVITE was cancelled before its answer")
    for cancel, invite in raced:
        final, by = invite.final, invite.request.receiver
        if final is None and may_still_come(case, cancel):
            return undecided("the capture ends before the answer to INVITE")
        if final is None:
            return fails("the cancelled INVITE was never answered", invite.frame, by=by)
        crossed = (
            final.frame.time - cancel.frame.time < CROSSING and final.status != 487
        )
        if crossed and final.status // 100 == 2:
            return undecided("CANCEL and the answer crossed", final.frame)
        if final.status != 487:
            why = f"the cancelled INVITE was answered with {final.status}"
            return fails(why, final.frame, by=by)
    return passes("487", *(final_frame(i) for _, i in raced if i))


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
