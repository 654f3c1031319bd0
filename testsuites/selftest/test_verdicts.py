"""Verdicts only get worse, carry a reason and frames, and are never truths."""

from collections.abc import Callable

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from ringback.evidence.frame import Frame
from ringback.judge.verdict import (
    Grade,
    Verdict,
    deviates,
    each,
    errs,
    fails,
    passes,
    undecided,
    worst,
)
from ringback.values import Address, Role

ADDRESS = Address("127.0.0.1", 5060)
FRAME = Frame(
    number=3, time=0.0, source=ADDRESS, target=ADDRESS, flow=0, sender=Role.UM
)
SECOND = replace(FRAME, number=2, sender=Role.CAS)


class Thing(msgspec.Struct, frozen=True):
    frame: Frame
    fault: str = ""


def test_the_order_of_badness() -> None:
    grades = [Grade.PASS, Grade.DEVIATION, Grade.INCONCLUSIVE, Grade.FAIL, Grade.ERROR]
    assert sorted(grades) == grades


@given(st.lists(st.sampled_from(Grade), min_size=1))
def test_the_worst_of_several(grades: list[Grade]) -> None:
    verdicts = [Verdict(g, str(n)) for n, g in enumerate(grades)]
    found = worst(verdicts)
    assert found.grade == max(grades)
    assert found.because == str(grades.index(max(grades)))


def test_a_verdict_is_no_truth() -> None:
    with pytest.raises(TypeError, match="five grades"):
        bool(passes("fine"))


def test_frames_are_sorted_and_the_first_one_named_is_guilty() -> None:
    found = fails("wrong", FRAME, SECOND, FRAME)
    assert found.frames == (2, 3)
    assert found.guilty is Role.UM
    assert fails("wrong", FRAME, by=Role.GATEWAY).guilty is Role.GATEWAY
    assert deviates("odd", SECOND).guilty is Role.CAS


@pytest.mark.parametrize("made", [passes, undecided, errs])
def test_nobody_is_guilty_of_what_is_no_failure(
    made: Callable[..., Verdict],
) -> None:
    assert made("so it is", FRAME).guilty is None


def test_each_tells_how_many_offend() -> None:
    things = [Thing(FRAME), Thing(SECOND, "bad"), Thing(FRAME, "worse")]
    found = each(things, lambda t: t.fault, "things")
    other = Verdict(Grade.FAIL, "worse", (3,), Role.UM)
    because = "bad (2 of 3 things offend)"
    assert found == Verdict(Grade.FAIL, because, (2, 3), Role.CAS, (other,))


def test_each_of_none_is_undecided() -> None:
    assert each([], lambda t: "bad", "things").grade is Grade.INCONCLUSIVE
