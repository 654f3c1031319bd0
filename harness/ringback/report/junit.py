"""JUnit XML for CI: a suite per scenario, a test case per verdict."""

from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree as ET

from ringback.report.records import FindingRecord, Run
from ringback.report.terminal import failure_block

FAILED = ("fail", "inconclusive")
SKIPPED = ("not-applicable", "not-tested")


def write(run: Run, path: Path) -> None:
    """Deviations pass, with their reason in ``system-out``."""
    root = ET.Element("testsuites", name=f"ringback {run.header.run}")
    by_scenario = run.by_scenario()
    for scenario in run.scenarios:
        findings = by_scenario[scenario.id]
        suite = ET.SubElement(root, "testsuite", _tally(findings))
        suite.set("name", scenario.id)
        suite.set("timestamp", scenario.started)
        suite.set("time", f"{scenario.seconds:.3f}")
        for finding in findings:
            suite.append(_case(finding))
    ET.indent(root)
    ET.ElementTree(root).write(path, encoding="utf-8", xml_declaration=True)


def _tally(findings: Sequence[FindingRecord]) -> dict[str, str]:
    outcomes = [f.outcome for f in findings]
    return {
        "tests": str(len(outcomes)),
        "failures": str(sum(o in FAILED for o in outcomes)),
        "errors": str(outcomes.count("error")),
        "skipped": str(sum(o in SKIPPED for o in outcomes)),
    }


def _case(finding: FindingRecord) -> ET.Element:
    case = ET.Element(
        "testcase",
        classname=finding.scenario,
        name=f"{finding.requirement} {finding.title}",
    )
    if finding.outcome in SKIPPED:
        ET.SubElement(case, "skipped", message=f"{finding.outcome}: {finding.because}")
    elif finding.outcome == "pass":
        return case
    else:
        kind = {"error": "error", "deviation": "system-out"}
        told = ET.SubElement(case, kind.get(finding.outcome, "failure"))
        if told.tag != "system-out":
            told.set("message", f"{finding.outcome}: {_xml_safe(finding.because)}")
        told.text = _xml_safe(failure_block(finding))
    return case


def _xml_safe(text: str) -> str:
    """Without the control characters that XML 1.0 cannot carry."""
    return "".join(
        c if c >= " " or c in "\t\n" else "\N{REPLACEMENT CHARACTER}" for c in text
    )
