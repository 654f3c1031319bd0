"""Captures with one thing changed: whoever should notice does, and nobody else.

A rule that has never failed is not a rule yet: here the judge is given a call in which
all is well but one octet, one packet, one word.
"""

from functools import cache
from pathlib import Path

import pytest
from testsuites.selftest.commanded import in_memory
from testsuites.selftest.rewritten import Story
from testsuites.selftest.tampers import TAMPERS, Tamper

from ringback.evidence.reader import read
from ringback.judge.finding import Finding, Outcome
from ringback.judge.judge import judge

BAD = {Outcome.FAIL, Outcome.DEVIATION, Outcome.ERROR, Outcome.INCONCLUSIVE}
Verdicts = dict[str, Finding]


@pytest.fixture(scope="module")
def captures(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    played = in_memory(tmp_path_factory)
    return {mode: played.capture(mode) for mode in ("unsecured", "secured")}


@cache
def story_of(path: Path) -> Story:
    return Story.read(path)


@cache
def untouched(path: Path) -> Verdicts:
    return verdicts(path.read_bytes())


def verdicts(octets: bytes) -> Verdicts:
    return {finding.requirement: finding for finding in judge(read(octets))}


def test_written_again_the_capture_is_the_same(captures: dict[str, Path]) -> None:
    for path in captures.values():
        octets, numbers = story_of(path).written()

        assert verdicts(octets) == untouched(path)
        assert all(old == new for old, new in numbers.items())


@pytest.mark.parametrize("tamper", TAMPERS.values(), ids=TAMPERS)
def test_who_should_notice_does(tamper: Tamper, captures: dict[str, Path]) -> None:
    path = captures[tamper.mode]
    before = untouched(path)

    tampered = tamper.deed(story_of(path))
    octets, numbers = tampered.story.written()
    after = verdicts(octets)

    worse = {
        name: finding
        for name, finding in after.items()
        if finding.outcome in BAD and finding.outcome != before[name].outcome
    }
    lost = {n for n, f in worse.items() if f.outcome is Outcome.INCONCLUSIVE}
    told = {name: finding.because for name, finding in worse.items()}
    assert set(worse) - lost == set(tamper.noticed), told
    assert lost == set(tamper.lost), told
    assert numbers[tampered.guilty] in after[tamper.noticed[0]].frames
    same = set(before) - set(worse)
    assert {n: before[n].outcome for n in same} == {n: after[n].outcome for n in same}
