"""A verdict: a grade, a reason, and the frames that prove it."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum
from typing import NoReturn

from ringback.evidence.frame import Frame


class Grade(IntEnum):
    """Ordered, so that a verdict can only get worse."""

    PASS = 0
    DEVIATION = 1
    INCONCLUSIVE = 2
    FAIL = 3
    ERROR = 4


@dataclass(frozen=True, slots=True)
class Verdict:
    """``frames`` are numbers as Wireshark counts them in the scenario's pcapng."""

    grade: Grade
    because: str
    frames: tuple[int, ...] = ()

    def __bool__(self) -> NoReturn:
        raise TypeError("a verdict has five grades; ask for .grade")


def passes(because: str, *frames: Frame) -> Verdict:
    return Verdict(Grade.PASS, because, _numbers(frames))


def deviates(because: str, *frames: Frame) -> Verdict:
    return Verdict(Grade.DEVIATION, because, _numbers(frames))


def undecided(because: str, *frames: Frame) -> Verdict:
    return Verdict(Grade.INCONCLUSIVE, because, _numbers(frames))


def fails(because: str, *frames: Frame) -> Verdict:
    return Verdict(Grade.FAIL, because, _numbers(frames))


def errs(because: str, *frames: Frame) -> Verdict:
    return Verdict(Grade.ERROR, because, _numbers(frames))


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """The worst of several; the first of equals. ValueError when there are none."""
    return max(verdicts, key=lambda v: v.grade)


def _numbers(frames: Iterable[Frame]) -> tuple[int, ...]:
    return tuple(sorted({f.number for f in frames}))
