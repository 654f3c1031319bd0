"""How a dialog ends: BYE in its time, what it leaves open, and the branches of a fork.

RFC 3261 §15 (who may send BYE when), §15.1.2 (pending requests), §13.2.2.4 (several
2xx to one INVITE).
"""

from ringback.evidence.frame import SipFrame
from ringback.judge.case import Case, Exchange, Said
from ringback.judge.dialogues import Dialogue, dialogues_of
from ringback.judge.ends import end_of
from ringback.judge.rules.copies import still_knows
from ringback.judge.rules.transactions import final_frame, may_still_come
from ringback.judge.soundness import met_a_closed_end
from ringback.judge.verdict import Verdict, each, fails, passes, undecided

PATIENCE = 32.0  # seconds, 64*T1: then a callee need not wait for the ACK any more
AT_ONCE = 0.1  # seconds in which who did not want an answer ends it
CROSSING = 0.5  # seconds in which an answer and a BYE may pass each other


def byes_leave_nothing_unanswered(case: Case) -> Verdict:
    """§15.1.2: who is told BYE still answers what he was asked before."""
    things = _left_open(case)
    if any(may_still_come(case, x) for x in things if x.final is None):
        return undecided("the capture ends before the answer could be expected")
    silent = [x for x in things if x.final is None]
    if silent:
        by = silent[0].request.receiver
        why = f"{silent[0].request.method} was left unanswered after BYE"
        return fails(why, *(x.frame for x in silent), by=by)
    return each(things, lambda x: "", "requests that were open when BYE came")


def byes_end_pending_invites_with_487(case: Case) -> Verdict:
    """§15.1.2: recommended. What was said before the answer to the BYE, at once, may
    have been on its way when the BYE came."""
    things = [
        x
        for x in _left_open(case)
        if x.request.method == "INVITE" and x.final and not _crossed(case, x)
    ]
    return each(
        things, _not_487, "INVITEs that were open when BYE came", shows=final_frame
    )


def callees_wait_for_the_ack(case: Case) -> Verdict:
    """§15: no BYE from a callee before the ACK of its 2xx, or before it gave up."""
    pairs = [
        (d, bye)
        for d in dialogues_of(case)
        for bye in d.of("BYE")
        if d.confirmed
        and d.confirmed.number < bye.frame.number
        and not d.by_caller(bye.request)
    ]
    pairs = [(d, bye) for d, bye in pairs if _was_acknowledged(d)]
    if not pairs:
        return undecided("no callee sent BYE after an answer that was acknowledged")
    for dialogue, bye in pairs:
        if not _may_part(case, dialogue, bye):
            return fails("BYE before the ACK of the 2xx", bye.frame)
    return passes("the ACK was there before", *(bye.frame for _, bye in pairs))


def callees_send_no_bye_before_the_answer(case: Case) -> Verdict:
    """§15: an early dialog is ended by its caller; a callee refuses the INVITE."""
    early = [d for d in dialogues_of(case) if d.made.status < 200]
    if not early:
        return undecided("there was no early dialog")
    for dialogue in early:
        for bye in dialogue.of("BYE"):
            confirmed = dialogue.confirmed
            answered = confirmed and confirmed.number < bye.frame.number
            if not dialogue.by_caller(bye.request) and not answered:
                return fails("a callee sent BYE in an early dialog", bye.frame)
    return passes(f"{len(early)} early dialog(s)", *(d.frame for d in early))


def every_branch_is_acknowledged(case: Case) -> Verdict:
    """§13.2.2.4: each 2xx of a fork gets an ACK of its own."""
    branches = _branches(case)
    if not branches:
        return undecided("no INVITE was accepted by several")
    for dialogue in branches:
        if not any(s.method == "ACK" for s in dialogue.requests):
            if may_still_come(case, dialogue.invite):
                return undecided("the capture ends before the ACK could be expected")
            by = dialogue.invite.request.sender
            return fails("a 2xx of another branch got no ACK", _answer(dialogue), by=by)
    return passes(
        f"{len(branches)} branches, each acknowledged", *map(_answer, branches)
    )


def surplus_branches_are_ended(case: Case) -> Verdict:
    """§13.2.2.4: a dialog that the caller does not want is ended by BYE."""
    branches = _branches(case)
    if not branches:
        return undecided("no INVITE was accepted by several")
    up = [d for d in branches if d.bye is None]
    ended = len(up) < len(branches)
    if up and (not case.complete or (len(up) == 1 and not ended)):
        return undecided("the capture ends before the BYE")
    if len(up) == 1 and _is_kept(case, up[0]):
        return undecided("one branch stands, and so does the call it belongs to")
    if up:
        by = up[0].invite.request.sender
        return fails("a branch of the fork was left up", *map(_answer, up), by=by)
    return passes("every branch was ended", *map(_answer, branches))


def _is_kept(case: Case, branch: Dialogue) -> bool:
    """Whether a call of another leg still stands: the branch is wanted, then. So it is
    where the caller ended the others at once, and is told nothing of the end."""
    rest = [d for d in _branches(case) if d is not branch and d.invite is branch.invite]
    if rest and all(_is_declined(d) for d in rest):
        return True
    others = (c for c in case.all_calls if c.leg is not branch.invite.frame.leg)
    return any(c.accepted and not end_of(case, c) for c in others)


def _is_declined(branch: Dialogue) -> bool:
    bye = branch.bye
    if bye is None or not branch.by_caller(bye.request):
        return False
    return bye.frame.time - _answer(branch).time < AT_ONCE


def _left_open(case: Case) -> list[Exchange]:
    """What the receiver of a BYE had been asked by its sender, and not answered yet."""
    return [
        x
        for d in dialogues_of(case)
        if (bye := d.bye)
        for x in (d.invite, *d.exchanges)
        if x.request.from_tag == bye.request.from_tag
        and x.frame.number < bye.frame.number
        and (x.final is None or x.final.number > bye.frame.number)
        and (x is not d.invite or not d.confirmed)
        and not met_a_closed_end(case, x)
    ]


def _crossed(case: Case, exchange: Exchange) -> bool:
    byes = (d.bye for d in dialogues_of(case) if exchange in (d.invite, *d.exchanges))
    bye, final = next(filter(None, byes), None), exchange.final
    if not (bye and bye.final and final):
        return False
    soon = final.frame.time - bye.frame.time < CROSSING
    return soon and final.number < bye.final.number


def _not_487(exchange: Exchange) -> str:
    status = exchange.final.status if exchange.final else 0
    return "" if status == 487 else f"the INVITE that BYE ended got {status}"


def _was_acknowledged(dialogue: Dialogue) -> bool:
    """Sooner or later. An ACK that is not there at all, or that nobody can read, is the
    caller's affair."""
    return any(s.method == "ACK" for s in dialogue.requests)


def _may_part(case: Case, dialogue: Dialogue, bye: Exchange) -> bool:
    assert dialogue.confirmed
    acked = any(
        s.method == "ACK" and s.number < bye.frame.number for s in dialogue.requests
    )
    waited = bye.frame.time - dialogue.confirmed.frame.time
    return acked or waited >= _patience(case, bye.request)


def _patience(case: Case, said: Said) -> float:
    known = case.circumstances
    ours = known is not None and said.sender not in known.sut
    return PATIENCE * (known.timer_scale if known and ours else 1.0) - 0.1


def _branches(case: Case) -> list[Dialogue]:
    """The dialogs of INVITEs that were accepted with several To tags, each by an answer
    that who asked could make something of."""
    confirmed = [
        d
        for d in dialogues_of(case)
        if d.confirmed and still_knows(case, d.invite, d.confirmed)
    ]
    return [d for d in confirmed if sum(e.invite is d.invite for e in confirmed) > 1]


def _answer(dialogue: Dialogue) -> SipFrame:
    return (dialogue.confirmed or dialogue.made).frame
