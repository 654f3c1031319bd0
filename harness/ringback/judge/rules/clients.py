"""Rules over what a mail client asks: the call ids it echoes, the orders it gives."""

from ringback.judge.case import Case
from ringback.judge.turns import turns_of
from ringback.judge.verdict import Verdict, fails, passes, undecided
from ringback.values import Role


def call_ids_come_back_as_they_were_given(case: Case) -> Verdict:
    """Facts §1.3: the id is opaque; a client has nothing to change in it."""
    asked = [t for t in turns_of(case) if (t.informs or t.hangs_up) and t.status != 401]
    if not asked:
        return undecided("no client asked about a call")
    given = [t for t in turns_of(case) if t.given]
    strange = [
        turn
        for turn in asked
        if not any(
            (g.user, g.given) == (turn.user, turn.named)
            and g.answer.number < turn.frame.number
            for g in given
        )
    ]
    if strange:
        why = f"asked with the id {strange[0].named!r}, which this user was not given"
        return fails(why, *(t.frame for t in strange), by=Role.CLIENT)
    return passes("every id had been given", *(t.frame for t in asked))


def what_was_chosen_is_ordered(case: Case) -> Verdict:
    """Facts §1.2 step 3: the order names one message and one dial string."""
    orders = [t for t in turns_of(case) if t.plays and t.item and t.status != 401]
    chosen = {
        (o.user, o.item, o.dial_string)
        for o in case.known.ordered
        if o.kind == "message"
    }
    if not orders or not chosen:
        return undecided("no message was ordered")
    wrong = [t for t in orders if (t.user, t.item, t.dialled) not in chosen]
    if wrong:
        what = f"{wrong[0].item!r} to {wrong[0].dialled!r}"
        why = f"{wrong[0].user} ordered {what}, which nobody had chosen"
        return fails(why, *(t.frame for t in wrong), by=Role.CLIENT)
    return passes("it ordered what it was told", *(t.frame for t in orders))
