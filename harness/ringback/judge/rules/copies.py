"""What is said more than once, and what each copy earns.

RFC 3261 §13.2.2.4 (ACK), §17.2.2 (final answers), §18.1.2 as RFC 6026 §8 has it
(answers that no transaction takes).
"""

from ringback.evidence.frame import Frame
from ringback.judge.case import Case, Exchange, Said
from ringback.judge.repeats import copies_of, patience, repeated
from ringback.judge.soundness import is_heard, own_acks
from ringback.judge.verdict import Verdict, fails, passes, undecided

CROSSING = 0.3  # seconds before the end in which an ACK may still be on its way


def copies_of_answers_are_acknowledged(case: Case) -> Verdict:
    """§13.2.2.4: an ACK for each 2xx that comes, also for one that came before. Where
    none was said at all another rule asks."""
    said = [(x, repeated(x, x.accepted)) for x in _invites(case) if x.accepted]
    twice = [(x, copies) for x, copies in said if len(copies) > 1 and own_acks(x)]
    if not twice or not case.complete:
        return undecided("no 2xx was repeated and acknowledged")
    for x, copies in twice:
        came = [c for c in copies if _arrived(case, c) and still_knows(case, x, c)]
        if len(own_acks(x)) < len(came):
            why = f"{len(came)} copies of {copies[0].status}, {len(own_acks(x))} ACK(s)"
            frames = (c.frame for c in came)
            return fails(why, *frames, by=x.request.sender)
    shown = (a.frame for x, _ in twice for a in own_acks(x))
    return passes("each copy was acknowledged", *shown)


def _arrived(case: Case, copy: Said) -> bool:
    """Whether who asked has had it, and the time to say so."""
    return is_heard(case, copy) and case.last_time - copy.frame.time > CROSSING


def still_knows(case: Case, asked: Exchange, copy: Said) -> bool:
    """Whether who asked has the transaction still: not after Timer M (§17.1.1.2), and
    perhaps not where he left the connection that he had asked on: he may have been
    started anew since."""
    first, link = asked.accepted, case.connections.get(asked.frame.flow)
    age = copy.frame.time - first.frame.time if first else 0.0
    left = link and link.left_by == asked.frame.source and link.closed < copy.number
    return not left and age < patience(case, asked.request.sender)


def final_answers_are_said_once(case: Case) -> Verdict:
    """§17.2.2: after the final answer only a repeated request brings it again."""
    answered = [x for x in case.exchanges if x.request.method != "INVITE" and x.final]
    here = [x for x in answered if x.frame.flow in case.connections]
    if not here:
        return undecided("no request but INVITE was answered on a connection")
    for x in here:
        if x.final and (surplus := _surplus(case, x, x.final)):
            name = f"{x.final.status} to {x.request.method}"
            return fails(f"{name} was said once more, unasked", *_frames(surplus))
    return passes(f"{len(here)} request(s), each answered once", *_frames(here[:12]))


def _surplus(case: Case, x: Exchange, final: Said) -> list[Said]:
    """Copies on one connection beyond the number of times that the request came; the
    last of them first, for that is the guilty one."""
    said = [r for r in repeated(x, final) if r.frame.flow == final.frame.flow]
    return said[::-1] if len(said) > len(copies_of(case, x.request)) else []


def _invites(case: Case) -> list[Exchange]:
    return [x for x in case.exchanges if x.request.method == "INVITE"]


def _frames(things: list[Said] | list[Exchange]) -> list[Frame]:
    return [thing.frame for thing in things]
