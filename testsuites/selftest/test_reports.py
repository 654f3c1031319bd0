"""Findings in, files out: what each report must carry, and what must not reach it."""

from pathlib import Path
from xml.etree import ElementTree as ET

import msgspec
import pytest

from ringback.report import allure, junit
from ringback.report.folder import Folder, cut_short
from ringback.report.records import (
    FindingRecord,
    Footer,
    Header,
    ScenarioRecord,
    line,
    read,
)
from ringback.report.terminal import failure_block, in_words, scenario_line

PLAIN = "playonphone.plain-call@secured"
HEADER = Header(
    run="r1",
    ringback="0",
    started="2026-01-02T03:04:05+00:00",
    net="memory",
    security=("secured",),
)
SCENARIO = ScenarioRecord(
    id=PLAIN,
    title="the plain call",
    area="playonphone",
    security="secured",
    net="memory",
    started="2026-01-02T03:04:05+00:00",
    seconds=0.25,
    captured="taps",
)


def finding(
    requirement: str, outcome: str, because: str = "so it was"
) -> FindingRecord:
    return FindingRecord(
        case=f"{PLAIN}:{requirement}",
        scenario=PLAIN,
        requirement=requirement,
        area="sip",
        security="secured",
        level="MUST",
        source="RFC 3261 §17.1.1.3",
        title="Whoever has an INVITE refused acknowledges the refusal",
        outcome=outcome,
        because=because,
        frames=(3, 4),
        allowed="an ACK on the same hop",
        again=f"ringback run {requirement}",
    )


FINDINGS = (
    finding("SIP-ACK-001", "pass"),
    finding("SIP-ACK-002", "fail", "no ACK\x00 came"),
    finding("SIP-ACK-003", "error"),
    finding("SIP-ACK-004", "not-tested"),
    finding("SIP-ACK-005", "deviation"),
)


def written(folder: Path, *, cut: int = 0) -> Path:
    footer = Footer(finished="", seconds=1.0, counts={}, exit_status=1)
    octets = b"".join(
        [line(r) for r in (HEADER, SCENARIO)] + [line(r) for r in FINDINGS]
    )
    octets += line(footer)
    path = folder / "findings.jsonl"
    path.write_bytes(octets[: len(octets) - cut])
    return path


def test_what_was_written_is_read_again(tmp_path: Path) -> None:
    run = read(written(tmp_path))
    assert run.findings == FINDINGS
    assert run.footer is not None
    assert not run.damage


def test_a_run_cut_short_keeps_all_whole_lines(tmp_path: Path) -> None:
    run = read(written(tmp_path, cut=30))
    assert run.findings == FINDINGS
    assert run.footer is None
    assert len(run.damage) == 1


def test_a_file_without_header_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(line(SCENARIO))
    with pytest.raises(ValueError, match="no header"):
        read(tmp_path / "x")


def test_junit_counts_what_failed(tmp_path: Path) -> None:
    junit.write(read(written(tmp_path)), tmp_path / "junit.xml")
    suite = ET.parse(tmp_path / "junit.xml").getroot()[0]
    assert (suite.get("tests"), suite.get("failures")) == ("5", "1")
    assert (suite.get("errors"), suite.get("skipped")) == ("1", "1")


def test_allure_reads_our_results(tmp_path: Path) -> None:
    allure.write(read(written(tmp_path)), tmp_path, tmp_path / "allure-results")
    results = [
        msgspec.json.decode(p.read_bytes())
        for p in (tmp_path / "allure-results").glob("*-result.json")
    ]
    assert {r["fullName"]: r["status"] for r in results} == {
        f.case: allure.STATUS[f.outcome] for f in FINDINGS
    }


def test_allure_results_fit_allures_own_model(tmp_path: Path) -> None:
    from allure_commons.model2 import Label, Parameter, StatusDetails, TestResult

    allure.write(read(written(tmp_path)), tmp_path, tmp_path / "allure-results")
    for path in (tmp_path / "allure-results").glob("*-result.json"):
        result = msgspec.json.decode(path.read_bytes())
        TestResult(**result)
        StatusDetails(**result["statusDetails"])
        assert all(Label(**label) for label in result["labels"])
        assert all(Parameter(**known) for known in result["parameters"])


def test_the_terminal_names_the_guilty_frames() -> None:
    block = failure_block(FINDINGS[1])
    assert "frames 3, 4" in block
    assert "again     ringback run SIP-ACK-002" in block


def test_a_scenario_is_as_bad_as_its_worst_finding() -> None:
    assert scenario_line(SCENARIO, FINDINGS).startswith("! ")
    assert scenario_line(SCENARIO, FINDINGS[:1]).startswith("+ ")
    assert in_words({"pass": 2, "fail": 1}) == "1 fail, 2 pass"


def test_a_run_that_was_killed_is_told_to_the_next(tmp_path: Path) -> None:
    folder = Folder.begin(tmp_path)
    for record in (HEADER, SCENARIO, *FINDINGS):
        folder.add(record)
    assert "r1 before this one was cut short; its 5 findings" in cut_short(tmp_path)
    folder.add(Footer(finished="", seconds=1.0, counts={}, exit_status=1))
    assert not cut_short(tmp_path)


def test_two_runs_in_one_second_have_a_folder_each(tmp_path: Path) -> None:
    first, second = Folder.begin(tmp_path), Folder.begin(tmp_path)
    assert first.reports != second.reports
    assert (tmp_path / "reports" / "latest").resolve() == second.reports.resolve()


def test_the_page_holds_every_verdict_and_asks_no_network(tmp_path: Path) -> None:
    folder = Folder.begin(tmp_path)
    for record in (HEADER, SCENARIO, *FINDINGS):
        folder.add(record)
    folder.publish()
    page = (folder.reports / "index.html").read_text()
    assert all(f.requirement in page for f in FINDINGS)
    assert "cut short" in page
    assert "http://" not in page
    assert "https://" not in page


def test_hostile_text_cannot_become_markup(tmp_path: Path) -> None:
    evil = finding("SIP-ACK-009", "fail", "<script>alert(1)</script>")
    folder = Folder.begin(tmp_path)
    for record in (HEADER, SCENARIO, evil):
        folder.add(record)
    folder.publish()
    assert "<script" not in (folder.reports / "index.html").read_text()
