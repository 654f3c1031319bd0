"""What becomes of the messages of RFC 4475, and of the neighbours meanwhile.

RFC 3261 §8.2 (inspection of requests), §18.1.2 (stray responses), §18.3 (framing). A
refusal that RFC 3261 §8.2 puts first (the method, who asks) is always in its right.
"""

from collections.abc import Callable

from ringback.judge.case import Case
from ringback.judge.shots import Shot, shots_of
from ringback.judge.torments import Kind
from ringback.judge.verdict import Verdict, fails, passes, undecided
from ringback.wire.headers import split_list

UNREAD = (400, 505)  # RFC 3261 §21.4.1, §21.5.6: it could not be understood
BEFORE = (401, 403, 405, 407, 500, 501, 503)  # §8.2.1, §22, and a server in trouble
WANTED = {"nothingsupportsthis", "nothingsupportsthiseither"}  # of bext01


def odd_requests_are_understood(case: Case) -> Verdict:
    """§7.3.1, §7.3.3, §19.1.2, §25.1: sound, if rarely seen."""
    return _judged(case, _misunderstands, Kind.UNDERSTOOD)


def _misunderstands(shot: Shot) -> str:
    final = shot.final
    if final is None:
        return "" if shot.answers else f"{shot.name} was not answered"
    if final.status in UNREAD or final.status // 100 in shot.outcome.never:
        return f"{shot.name} was answered {final.status}"
    return ""


def unreadable_requests_are_not_carried_out(case: Case) -> Verdict:
    """§8.1.1, §8.1.1.5, §7.3.1: what a request must have, once, and agreeing."""
    return _judged(case, _carries_out, Kind.UNREADABLE)


def unframed_requests_are_not_carried_out(case: Case) -> Verdict:
    """§18.3 with §20.14: without a true length there is no whole message yet."""
    return _judged(case, _carries_out, Kind.UNFRAMED)


def _carries_out(shot: Shot) -> str:
    taken = [a for a in shot.answers if 100 < a.status < 400]
    return f"{shot.name} was answered {taken[0].status}" if taken else ""


def unknown_schemes_are_refused(case: Case) -> Verdict:
    """§8.2.2.1."""
    return _judged(case, lambda shot: _other_than(shot, 416, *BEFORE), Kind.SCHEME)


def unknown_extensions_are_refused(case: Case) -> Verdict:
    """§8.2.2.3: 420, which lists what is not understood; for whom it is, and so 404 and
    416, is looked at before (§8.2.2.1)."""
    return _judged(case, _takes_the_extension, Kind.EXTENSION)


def _takes_the_extension(shot: Shot) -> str:
    wrong = _other_than(shot, 420, 404, 416, *BEFORE)
    final = shot.final
    if wrong or final is None or final.status != 420:
        return wrong
    named = {tag.lower() for tag in split_list(final.first("unsupported"))}
    missing = WANTED - named
    return f"420 does not name {', '.join(sorted(missing))}" if missing else ""


def _other_than(shot: Shot, *allowed: int) -> str:
    final = shot.final
    if final is None:
        return f"{shot.name} was not answered"
    return "" if final.status in allowed else f"{shot.name} got {final.status}"


def unknown_versions_are_refused(case: Case) -> Verdict:
    """§21.5.6; who cannot read on may also close or say nothing."""
    return _judged(case, _speaks_it, Kind.VERSION)


def _speaks_it(shot: Shot) -> str:
    final = shot.final
    if final is None or final.status in UNREAD:
        return ""
    return f"{shot.name} got {final.status}"


def stray_responses_get_nothing(case: Case) -> Verdict:
    """§18.1.2: a foreign sent-by in the topmost Via, silently discarded."""
    return _judged(case, _answers_an_answer, Kind.STRAY)


def _answers_an_answer(shot: Shot) -> str:
    said = shot.answers
    return f"the response {shot.name} was answered {said[0].status}" if said else ""


def nobody_else_is_harmed(case: Case) -> Verdict:
    """§8.2 and §17.2.2: the next sound request on another connection is answered."""
    shots = [s for s in shots_of(case) if s.fence]
    if not shots:
        return undecided("no request stood beside a message of RFC 4475")
    for shot in shots:
        if shot.fence and shot.fence.final is None:
            why = f"after {shot.name} an OPTIONS on another connection got nothing"
            return fails(why, shot.fence.frame, shot.frame, by=shot.target)
    return passes(f"{len(shots)} messages, and after each OPTIONS was answered")


def _judged(case: Case, offence: Callable[[Shot], str], kind: Kind) -> Verdict:
    """Silence counts once a fence was answered: until then nothing was due."""
    shots = [s for s in shots_of(case) if s.outcome.kind is kind]
    shots = [s for s in shots if s.answers or (s.fence and s.fence.final)]
    if not shots:
        return undecided(f"no message of RFC 4475 of the kind {kind}")
    wrong = [(shot, text) for shot in shots if (text := offence(shot))]
    if not wrong:
        frames = [s.answers[0].frame if s.answers else s.frame for s in shots]
        return passes(f"{len(shots)} messages of RFC 4475, as allowed", *frames)
    shot, why = wrong[0]
    if len(wrong) > 1:
        why += "; " + "; ".join(text for _, text in wrong[1:])
    shown = [f for s, _ in wrong for f in (*(a.frame for a in s.answers), s.frame)]
    return fails(why, *shown, by=shot.target)
