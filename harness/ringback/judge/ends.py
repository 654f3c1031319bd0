"""When a call is over, as a leg of it shows.

RFC 3261 §15 (BYE ends a dialog), §12.2.1.2 (so does 481), §13.2.2.4 (several dialogs
of one INVITE).
"""

from ringback.judge.case import Call, Case, Said
from ringback.judge.dialogues import dialogues_of
from ringback.judge.soundness import is_refused_for_its_form


def end_of(case: Case, call: Call) -> Said | None:
    """The BYE that ended its last dialog, or 481 (nobody knows the dialog), or the
    refusal of the last attempt; None for a call that stands."""
    if not call.accepted:
        final = call.invites[-1].final if call.invites else None
        return final if final and final.status >= 300 else None
    if byes := _byes(case, call):
        return byes[-1]
    gone = (x.final for x in call.exchanges if x.final and x.final.status == 481)
    return next(gone, None)


def _byes(case: Case, call: Call) -> list[Said]:
    """Where several answered, every branch needs its own; else the first is enough,
    whatever its tags."""
    branches = [
        d for d in dialogues_of(case) if d.confirmed and d.invite in call.invites
    ]
    if len(branches) < 2:
        said = [x for x in call.of("BYE") if not is_refused_for_its_form(x)]
        return [x.request for x in said[:1]]
    byes = [d.bye.request for d in branches if d.bye]
    whole = len(byes) == len(branches)
    return sorted(byes, key=lambda bye: bye.number) if whole else []
