"""Allure results, one test result per verdict, in Allure's own JSON (its model2)."""

import mimetypes
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from uuid import NAMESPACE_URL, uuid4, uuid5

import msgspec

from ringback.report.records import FindingRecord, Header, Run, ScenarioRecord
from ringback.report.terminal import failure_block

STATUS = {
    "pass": "passed",
    "deviation": "passed",
    "inconclusive": "broken",
    "error": "broken",
    "fail": "failed",
    "not-tested": "skipped",
    "not-applicable": "skipped",
}
SEVERITY = {"MUST": "critical", "SHOULD": "normal", "MAY": "minor", "profile": "normal"}
Attachment = dict[str, str]


def write(run: Run, base: Path, folder: Path) -> None:
    """Results into ``folder``; ``base`` is what the records' paths are relative to.

    A run has tens of thousands of them, so they are not taken through Allure's own
    classes, whose encoder takes longer than all the judging.
    """
    folder.mkdir(parents=True, exist_ok=True)
    found = run.by_scenario()
    for scenario in run.scenarios:
        attachments = list(_attached(scenario, base, folder))
        for finding in found[scenario.id]:
            result = _result(run.header, scenario, finding)
            result["attachments"] = attachments
            file = folder / f"{result['uuid']}-result.json"
            file.write_bytes(msgspec.json.encode(result))


def _attached(
    scenario: ScenarioRecord, base: Path, folder: Path
) -> Iterator[Attachment]:
    """Copy capture, sound and timeline beside the results, once per scenario."""
    for name, path in (
        ("capture", scenario.capture),
        ("what the phone heard", scenario.sound),
        ("timeline", scenario.timeline),
    ):
        origin = base / path
        if path and origin.is_file():
            copy = f"{uuid4()}-attachment{origin.suffix}"
            (folder / copy).write_bytes(origin.read_bytes())
            kind = mimetypes.guess_type(origin.name)[0] or "application/octet-stream"
            yield {"name": name, "source": copy, "type": kind}


def _result(
    header: Header, scenario: ScenarioRecord, finding: FindingRecord
) -> dict[str, object]:
    labels = {
        "suite": scenario.id.partition("@")[0],
        "parentSuite": scenario.area,
        "subSuite": finding.security,
        "feature": finding.area,
        "story": finding.requirement,
        "severity": SEVERITY.get(finding.level, "normal"),
        "framework": "ringback",
    }
    start = _milliseconds(scenario.started)
    details = {"message": f"{finding.outcome}: {finding.because}"}
    if finding.outcome != "pass":
        details["trace"] = failure_block(finding)
    return {
        "uuid": str(uuid4()),
        "historyId": uuid5(NAMESPACE_URL, finding.case).hex,
        "fullName": finding.case,
        "name": f"{finding.requirement} {finding.title}",
        "status": STATUS[finding.outcome],
        "statusDetails": details,
        "description": f"{finding.title}\n\nSource: {finding.source} ({finding.level})",
        "start": start,
        "stop": start + int(scenario.seconds * 1000),
        "labels": [{"name": k, "value": v} for k, v in labels.items()],
        "parameters": [{"name": k, "value": v} for k, v in header.sut.items()],
    }


def _milliseconds(iso: str) -> int:
    return int(datetime.fromisoformat(iso).timestamp() * 1000)
