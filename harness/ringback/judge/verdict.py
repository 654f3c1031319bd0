"""A verdict: a grade, a reason, and the frames that prove it."""

from collections.abc import Callable, Iterable, Sequence
from enum import IntEnum
from typing import NoReturn, Protocol, TypeVar

import msgspec
from msgspec.structs import replace

from ringback.evidence.frame import Frame
from ringback.values import Role


class Grade(IntEnum):
    """Ordered, so that a verdict can only get worse."""

    PASS = 0
    DEVIATION = 1
    INCONCLUSIVE = 2
    FAIL = 3
    ERROR = 4


class Verdict(msgspec.Struct, frozen=True):
    """``frames`` are numbers as Wireshark counts them in the scenario's pcapng.

    ``guilty`` is the role that broke the rule, None when nobody did or nobody knows;
    ``besides`` are verdicts on other roles that broke it too, one for each.
    """

    grade: Grade
    because: str
    frames: tuple[int, ...] = ()
    guilty: Role | None = None
    besides: "tuple[Verdict, ...]" = ()

    def __bool__(self) -> NoReturn:
        raise TypeError("a verdict has five grades; ask for .grade")


def passes(because: str, *frames: Frame) -> Verdict:
    return Verdict(Grade.PASS, because, _numbers(frames))


def deviates(because: str, *frames: Frame, by: Role | None = None) -> Verdict:
    return Verdict(Grade.DEVIATION, because, _numbers(frames), _guilty(frames, by))


def undecided(because: str, *frames: Frame) -> Verdict:
    return Verdict(Grade.INCONCLUSIVE, because, _numbers(frames))


def fails(because: str, *frames: Frame, by: Role | None = None) -> Verdict:
    """``by`` names the guilty; else it is who sent the first of the frames."""
    return Verdict(Grade.FAIL, because, _numbers(frames), _guilty(frames, by))


def errs(because: str, *frames: Frame) -> Verdict:
    return Verdict(Grade.ERROR, because, _numbers(frames))


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """The worst of several; the first of equals. ValueError when there are none."""
    return max(verdicts, key=lambda v: v.grade)


class Shown(Protocol):
    """Anything that a frame stands for."""

    @property
    def frame(self) -> Frame: ...


Thing = TypeVar("Thing", bound=Shown)


def each(
    things: Sequence[Thing],
    offence: Callable[[Thing], str],
    what: str,
    *,
    shows: Callable[[Thing], Frame] | None = None,
    by: Role | None = None,
) -> Verdict:
    """Judge things one by one: ``offence`` says what is wrong, or nothing.

    Undecided when there is none of them; ``what`` names them in the plural. ``shows``
    gives the guilty frame where that is not the thing's own.
    """
    if not things:
        return undecided(f"no {what} in this evidence")
    offenders = [(thing, text) for thing in things if (text := offence(thing))]
    if not offenders:
        return passes(f"{len(things)} {what}, all in order", *_few(things))
    frames = [shows(thing) if shows else thing.frame for thing, _ in offenders]
    told = [(frame, text) for frame, (_, text) in zip(frames, offenders, strict=True)]
    whole = f"{len(things)} {what}"
    first = fails(_reason(told, whole), *frames, by=by)
    if by is not None:
        return first
    others = dict.fromkeys(f.sender for f in frames if f.sender)
    besides = [
        fails(_reason(own, whole), *(frame for frame, _ in own))
        for role in others
        if role is not first.guilty
        for own in [[(f, text) for f, text in told if f.sender is role]]
    ]
    return replace(first, besides=tuple(besides))


def _reason(told: Sequence[tuple[Frame, str]], whole: str) -> str:
    because = told[0][1]
    return because if len(told) == 1 else f"{because} ({len(told)} of {whole} offend)"


def _few(things: Sequence[Thing]) -> tuple[Frame, ...]:
    """Enough to look at: a pass over two hundred packets need not list them."""
    return tuple(thing.frame for thing in things[:12])


def _numbers(frames: Sequence[Frame]) -> tuple[int, ...]:
    return tuple(sorted({f.number for f in frames})) if frames else ()


def _guilty(frames: Sequence[Frame], by: Role | None) -> Role | None:
    return by if by or not frames else frames[0].sender
