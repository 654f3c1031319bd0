"""Committed captures, judged again: a verdict that changes must be meant to change."""

from pathlib import Path

import pytest

from ringback.evidence.reader import read
from ringback.judge.case import Case
from ringback.judge.stimulus import Stirred
from ringback.judge.table import RULES
from ringback.verbs.rejudge import judge_file

GOLDEN = Path(__file__).parents[2] / "captures" / "golden"
CAPTURES = sorted(GOLDEN.glob("*.pcapng"))


def test_there_are_golden_captures() -> None:
    assert len(CAPTURES) >= 8


@pytest.mark.parametrize("capture", CAPTURES, ids=lambda p: p.stem)
def test_a_golden_capture_keeps_its_verdicts(capture: Path) -> None:
    told: list[str] = []
    judge_file(capture, None, told.append)
    known = capture.with_suffix(".verdicts").read_text().splitlines()
    assert told[0].endswith(known[0].partition(": ")[2])
    assert "\n".join(told[1:]).splitlines() == known[1:]


@pytest.mark.parametrize("capture", CAPTURES, ids=lambda p: p.stem)
def test_a_rule_that_is_not_asked_had_nothing_else_to_say(capture: Path) -> None:
    case = Case(read(capture.read_bytes()))
    stirred = {name: r for name, r in RULES.items() if isinstance(r, Stirred)}

    unasked = {n: r for n, r in stirred.items() if r.words.isdisjoint(case.words)}

    assert unasked
    assert {n: r.rule(case) for n, r in unasked.items()} == {
        n: r(case) for n, r in unasked.items()
    }
