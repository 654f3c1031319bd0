"""How the rules' tests put evidence before one rule."""

from collections.abc import Callable, Mapping

from ringback.evidence.evidence import Evidence
from ringback.judge.case import Case
from ringback.judge.stimulus import Stirred
from ringback.judge.table import RULES
from ringback.judge.verdict import Grade, Verdict

Table = Mapping[str, Callable[[], Evidence]]
ACCUSED = (Grade.FAIL, Grade.DEVIATION)


def verdict(requirement: str, evidence: Evidence) -> Verdict:
    rule, case = RULES[requirement], Case(evidence)
    found = rule(case)
    if isinstance(rule, Stirred):  # what it is not asked, it would have said as well
        assert rule.rule(case) == found
    return found


def accused(requirement: str, evidence: Evidence) -> Verdict:
    """The rule accuses, says why, and shows a frame."""
    found = verdict(requirement, evidence)
    assert found.grade in ACCUSED, (requirement, found)
    assert found.because
    assert found.frames, (requirement, found)
    return found


def acquitted(requirement: str, evidence: Evidence) -> Verdict:
    found = verdict(requirement, evidence)
    assert found.grade is Grade.PASS, (requirement, found)
    return found


def left_open(requirement: str, evidence: Evidence) -> Verdict:
    found = verdict(requirement, evidence)
    assert found.grade is Grade.INCONCLUSIVE, (requirement, found)
    return found
