"""What follows when the user hangs up: CANCEL before the answer, BYE after it.

RFC 3261 §15 and §15.1.1 (BYE), §9.1 (CANCEL).
"""

from collections.abc import Sequence

from ringback.judge.case import Call, Case, Exchange, Said
from ringback.judge.ends import end_of
from ringback.judge.passed_on import is_in_its_dialog
from ringback.judge.rules.cancels import has_to_be_taken
from ringback.judge.soundness import is_heard, is_sound
from ringback.judge.turns import Turn, turns_of
from ringback.judge.verdict import Verdict, fails, passes, undecided
from ringback.values import Leg, Role


def hanging_up_before_the_answer_cancels(case: Case) -> Verdict:
    """§15 with §9.1: CANCEL, or BYE where a provisional response made a dialog."""
    wish = wish_of(case)
    invites = case.invites(Leg.UM_GATEWAY)
    if wish is None or not invites:
        return undecided("the user did not hang up, or no INVITE was sent")
    invite = invites[-1]
    final = invite.final
    if (final and final.number < wish.answer.number) or _later(
        invite, wish.frame.number
    ):
        return undecided("the user did not hang up before the answer")
    sent = _ending(case, ("CANCEL", "BYE"))
    if not sent and not any(is_heard(case, r) for r in invite.responses):
        return undecided("CANCEL has to wait for a provisional answer", invite.frame)
    if final and final.status >= 300 and final.status != 487:
        return undecided("the call failed by itself", final.frame)
    if not sent:
        why = "the user hung up, yet no CANCEL was sent to the gateway"
        return fails(why, wish.answer, invite.frame, by=who_went_on(case, wish))
    return passes(f"{sent[0].request.method} was sent", sent[0].frame)


def hanging_up_after_the_answer_says_bye(case: Case) -> Verdict:
    """§15.1.1."""
    wish = wish_of(case)
    accepted = [x.accepted for x in case.invites(Leg.UM_GATEWAY) if x.accepted]
    if wish is None or not accepted or accepted[-1].number > wish.frame.number:
        return undecided("the user did not hang up after an answer")
    byes = _ending(case, ("BYE",))
    if not byes:
        why = "the user hung up, yet no BYE was sent on the gateway's leg"
        return fails(why, wish.answer, accepted[-1].frame, by=who_went_on(case, wish))
    return passes("BYE was sent", *(x.frame for x in byes))


def user_hung_up(case: Case) -> bool:
    return wish_of(case) is not None


def wish_of(case: Case) -> Turn | None:
    """The first order to hang up that was taken."""
    wishes = (t for t in turns_of(case) if t.hangs_up and not t.refusal)
    return next(wishes, None)


def who_went_on(case: Case, wish: Turn) -> Role:
    """The CAS, where it took the wish and told the UM nothing of it, though its call
    stood. Who was answered nothing that he can read may not say CANCEL yet (§9.1)."""
    calls = case.calls(Leg.CAS_UM)
    byes = [x for c in calls for x in c.of("BYE") if is_sound(x.request)]
    told = [x for x in byes if is_in_its_dialog(calls, x.request)]
    told += [x for c in calls for x in c.of("CANCEL") if has_to_be_taken(case, x)]
    ended = [c for c in calls if (end := end_of(case, c)) and _hits(calls, end)]
    standing = [c for c in calls if c not in ended]
    heard = [r for c in standing for x in c.invites for r in x.responses]
    may = any(not case.is_bare(r.frame) for r in heard)
    kept = may and not any(x.request.sender is Role.CAS for x in told)
    return Role.CAS if kept else Role.UM


def _hits(calls: Sequence[Call], end: Said) -> bool:
    """A refusal, or a BYE in the dialog that it is to end."""
    return bool(end.status) or is_in_its_dialog(calls, end)


def _later(invite: Exchange, number: int) -> bool:
    return invite.frame.number > number


def _ending(case: Case, methods: tuple[str, ...]) -> list[Exchange]:
    calls = case.calls(Leg.UM_GATEWAY)
    return [x for call in calls for m in methods for x in call.of(m)]
