"""Messages of RFC 4475 with what they got, and the sound request after each."""

import msgspec

from ringback.evidence.frame import Frame
from ringback.judge.case import Case, Exchange, Said
from ringback.judge.torments import Outcome, Torment, outcomes
from ringback.values import Role


class Shot(msgspec.Struct, frozen=True, eq=False):
    """One of the messages as sent on a connection of its own.

    ``answers`` are all responses that came back on it; ``fence`` is the next sound
    OPTIONS to the same place on another connection, None when there was none.
    """

    name: str
    outcome: Outcome
    frame: Frame
    answers: tuple[Said, ...]
    fence: Exchange | None

    @property
    def target(self) -> Role | None:
        return self.frame.receiver

    @property
    def final(self) -> Said | None:
        """To this very message: another may follow it on the stream."""
        mine = (a for a in self.answers if a.call_id in ("", self.outcome.mark))
        return next((a for a in mine if a.status >= 200), None)


def shots_of(case: Case) -> tuple[Shot, ...]:
    """Every one, in order; read once per case."""
    found = case.memory.get("shots")
    if not isinstance(found, tuple):
        fences = [x for x in case.exchanges if x.request.method == "OPTIONS"]
        torments = sorted(case.torments.values(), key=lambda t: t[1].number)
        shots = tuple(_shot(case, fences, torment) for torment in torments)
        found = case.memory["shots"] = shots
    return found


def _shot(case: Case, fences: list[Exchange], torment: Torment) -> Shot:
    name, frame = torment
    back = [
        Said.of(f)
        for f in case.evidence.sip
        if f.flow == frame.flow and f.source == frame.target and f.sip.status
    ]
    after = (x for x in fences if _is_after(x, frame))
    return Shot(name, outcomes()[name], frame, tuple(back), next(after, None))


def _is_after(fence: Exchange, frame: Frame) -> bool:
    return fence.frame.number > frame.number and fence.frame.target == frame.target
