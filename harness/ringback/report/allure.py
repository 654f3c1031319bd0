"""Allure results, one test result per verdict, through Allure's own model."""

import mimetypes
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid4, uuid5

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


def write(run: Run, base: Path, folder: Path) -> None:
    """Results into ``folder``; ``base`` is what the records' paths are relative to."""
    from allure_commons import logger

    folder.mkdir(parents=True, exist_ok=True)
    untyped: Any = logger
    results = untyped.AllureFileLogger(str(folder))
    for scenario in run.scenarios:
        attachments = list(_attached(scenario, base, folder))
        for finding in run.findings:
            if finding.scenario == scenario.id:
                result = _result(run.header, scenario, finding)
                result.attachments.extend(attachments)
                results.report_result(result)


def _attached(scenario: ScenarioRecord, base: Path, folder: Path) -> Iterator[Any]:
    """Copy capture, sound and timeline beside the results, once per scenario."""
    from allure_commons.model2 import Attachment

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
            yield Attachment(name=name, source=copy, type=kind)


def _result(header: Header, scenario: ScenarioRecord, finding: FindingRecord) -> Any:
    from allure_commons.model2 import Label, Parameter, StatusDetails, TestResult

    verdict = f"{finding.outcome}: {finding.because}"
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
    return TestResult(
        uuid=str(uuid4()),
        historyId=uuid5(NAMESPACE_URL, finding.case).hex,
        fullName=finding.case,
        name=f"{finding.requirement} {finding.title}",
        status=STATUS[finding.outcome],
        statusDetails=StatusDetails(message=verdict, trace=failure_block(finding)),
        description=f"{finding.title}\n\nSource: {finding.source} ({finding.level})",
        start=start,
        stop=start + int(scenario.seconds * 1000),
        labels=[Label(name=k, value=v) for k, v in labels.items()],
        parameters=[Parameter(name=k, value=v) for k, v in header.sut.items()],
    )


def _milliseconds(iso: str) -> int:
    return int(datetime.fromisoformat(iso).timestamp() * 1000)
