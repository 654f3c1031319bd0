"""The suites settle what they say, and leave no MUST out without a reason."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from testsuites.selftest.commanded import ringback

from ringback.judge.catalogue import catalogue
from ringback.judge.finding import Level
from ringback.report.records import FindingRecord, read

OPEN = {"inconclusive", "not-tested"}
TELLING = {"pass", "deviation"}


@cache
def scenarios() -> tuple[dict[str, Any], ...]:
    listed = ringback("list", "--format", "json")
    assert listed.status == 0, listed.err
    return tuple(json.loads(listed.out)["scenarios"])


def uncovered(settled: set[str]) -> list[str]:
    """MUSTs that nobody settles and that give no reason."""
    return [
        r.id
        for r in catalogue().values()
        if r.level is Level.MUST and not r.entry.untested and r.id not in settled
    ]


def unsettled(findings: list[FindingRecord], settles: dict[str, set[str]]) -> list[str]:
    """Cases that a scenario claims and that remained open in some mode."""
    return [
        f"{f.case}: {f.because}"
        for f in findings
        if f.outcome in OPEN
        and f.requirement in settles.get(f.scenario.partition("@")[0], ())
    ]


def test_every_must_is_settled_or_says_why_not() -> None:
    settled = {name for one in scenarios() for name in one["settles"]}
    assert not uncovered(settled)
    assert uncovered(settled - {"SIP-ACK-001"}) == ["SIP-ACK-001"]


def test_every_scenario_settles_something() -> None:
    assert not [one["id"] for one in scenarios() if not one["settles"]]


def test_a_scenario_settles_nothing_twice() -> None:
    assert not [
        one["id"] for one in scenarios() if len(set(one["settles"])) < len(one["settles"])
    ]


@pytest.mark.timeout(240)
def test_what_is_settled_is_settled_in_every_mode(tmp_path: Path) -> None:
    """Also that each requirement applies at least once where somebody settles it."""
    words = ("--net", "memory", "--security", "all", "-n", "2", "--out", tmp_path)
    played = ringback("run", *words)
    assert played.status == 0, played.out[-3000:]
    run = read(tmp_path / "reports" / "latest" / "findings.jsonl")
    settles = {one["id"]: set(one["settles"]) for one in scenarios()}
    assert not unsettled(list(run.findings), settles)
    told = {f.requirement for f in run.findings if f.outcome in TELLING}
    assert not set().union(*settles.values()) - told
    assert {f"{one['id']}@{m}" for one in scenarios() for m in one["security"]} == {
        s.id for s in run.scenarios
    }


def test_an_open_case_that_is_claimed_is_seen() -> None:
    found = FindingRecord(
        case="sip.a@secured:SIP-ACK-001",
        scenario="sip.a@secured",
        requirement="SIP-ACK-001",
        area="sip",
        security="secured",
        level="MUST",
        source="",
        title="",
        outcome="inconclusive",
        because="nothing was refused",
    )
    assert unsettled([found], {"sip.a": {"SIP-ACK-001"}})
    assert not unsettled([found], {"sip.a": {"SIP-BYE-001"}})
