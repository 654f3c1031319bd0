"""What stands between plain calls that did not come about proves nothing."""

from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest
from testsuites.selftest.commanded import ringback

from ringback.report.records import Doubt, FindingRecord, ScenarioRecord, doubted, read
from ringback.running.fences import PLAIN, Judged, doubts, is_fence

FALLEN, STANDING = "fail", "pass"


def finding(scenario: str, outcome: str, requirement: str) -> FindingRecord:
    return FindingRecord(
        case=f"{scenario}:{requirement}",
        scenario=scenario,
        requirement=requirement,
        area="sip",
        security="unsecured",
        level="MUST",
        source="",
        title="",
        outcome=outcome,
        because="so it was",
    )


def judged(*told: tuple[str, str]) -> list[Judged]:
    """One scenario a second, in that order, each with one verdict."""
    found: list[Judged] = []
    for second, (name, outcome) in enumerate(told):
        record = ScenarioRecord(
            id=name,
            title="",
            area="sip",
            security="unsecured",
            net="sockets",
            started=f"2026-01-01T00:00:{second:02}",
            seconds=1.0,
            captured="wire",
        )
        requirement = "POP-CHECK-004" if is_fence(name) else "SIP-ACK-001"
        found.append((record, [finding(name, outcome, requirement)]))
    return found


def in_doubt(found: Sequence[Judged]) -> list[str]:
    return [name for doubt in doubts(found) for name in doubt.scenarios]


FIRST, SECOND, THIRD = (
    f"{PLAIN}{tail}@unsecured" for tail in ("", "-again-2", "-again-3")
)


def test_between_two_that_stand_nothing_is_doubted() -> None:
    assert not in_doubt(
        judged((FIRST, STANDING), ("sip.a@x", "fail"), (SECOND, STANDING))
    )


def test_one_that_falls_takes_what_lies_on_both_sides_of_it() -> None:
    told = judged(
        (FIRST, STANDING),
        ("sip.a@x", "pass"),
        (SECOND, FALLEN),
        ("sip.b@x", "fail"),
        (THIRD, STANDING),
        ("sip.c@x", "pass"),
    )

    assert in_doubt(told) == ["sip.a@x", "sip.b@x"]
    assert in_doubt([*reversed(told)]) == ["sip.a@x", "sip.b@x"]  # workers


def test_the_last_one_counts_too() -> None:
    assert in_doubt(judged((FIRST, FALLEN), ("sip.a@x", "pass"))) == ["sip.a@x"]


def test_a_flaw_of_a_call_that_came_about_is_no_doubt() -> None:
    told = judged((FIRST, STANDING), ("sip.a@x", "pass"), (SECOND, STANDING))
    record, findings = told[2]
    told[2] = record, [*findings, finding(SECOND, "fail", "SIP-CONTACT-002")]

    assert not in_doubt(told)


def test_without_any_fence_nothing_is_known_and_nothing_doubted() -> None:
    assert not in_doubt(judged(("sip.a@x", "fail")))


@pytest.mark.parametrize(
    ("outcome", "reads"),
    [
        ("pass", "inconclusive"),
        ("fail", "inconclusive"),
        ("error", "error"),
        ("not-tested", "not-tested"),
    ],
)
def test_what_a_doubt_makes_of_a_verdict(outcome: str, reads: str) -> None:
    one, other = finding("sip.a@x", outcome, "R"), finding("sip.b@x", outcome, "R")
    doubt = Doubt(fence=SECOND, scenarios=("sip.a@x",), because="no call came about")

    first, second = doubted([one, other], [doubt])

    assert first.outcome == reads
    assert second is other


def test_a_run_begins_and_ends_with_the_plain_call(tmp_path: Path) -> None:
    words = (
        "run",
        "SIP-UDP-001",
        "WS-AUTH-001",
        "--net",
        "memory",
        "--security",
        "all",
    )
    done = ringback(*words, "--out", tmp_path)

    found = read(tmp_path / "reports" / "latest" / "findings.jsonl")
    names = [s.id for s in found.scenarios]
    assert done.status == 0, done.out
    assert is_fence(names[0])
    assert is_fence(names[-1])
    assert len(set(names)) == len(names)
    checked = {f.scenario for f in found.findings if f.requirement == "POP-CHECK-004"}
    assert checked == {name for name in names if is_fence(name)}


def test_a_few_scenarios_need_no_fence(tmp_path: Path) -> None:
    words = ("run", "SIP-UDP-001", "--net", "memory", "--security", "unsecured")
    ringback(*words, "--out", tmp_path)

    found = read(tmp_path / "reports" / "latest" / "findings.jsonl")
    assert not any(is_fence(s.id) for s in found.scenarios)


def test_a_doubt_is_a_line_of_its_own(tmp_path: Path) -> None:
    doubt = Doubt(fence=FIRST, scenarios=("a",), because="why")
    assert b'"kind":"doubt"' in msgspec.json.encode(doubt)
