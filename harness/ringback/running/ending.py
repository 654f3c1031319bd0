"""The life of one scenario inside a pytest item: opened, closed, judged, reported."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from ringback.faults import ANYTHING, Fault, Unseen, Untestable
from ringback.report.folder import fresh_name
from ringback.report.records import FindingRecord, line
from ringback.report.terminal import failure_block
from ringback.running.collector import PROPERTY

if TYPE_CHECKING:
    from pathlib import Path

    from ringback.testbed import Testbed
    from ringback.testbed.closing import Declared, Played
    from ringback.testbed.session import Session
    from ringback.values import Security

NAME = pytest.StashKey[str]()
BAD = {"fail", "error", "inconclusive"}


def run_name(config: pytest.Config) -> str:
    """The folder name of this run, the same in every worker."""
    given = getattr(config, "workerinput", {}).get("ringback_run")
    given = given or config.option.ringback_run
    if NAME not in config.stash:
        from ringback.plugin import asked

        config.stash[NAME] = given or fresh_name(asked(config).base)
    return config.stash[NAME]


@contextmanager
def scenario_of(
    session: "Session", declared: "Declared", mode: "Security", item: pytest.Item
) -> Iterator["Testbed"]:
    """A testbed for one item; a world that cannot be had leaves not-tested cases."""
    marker = item.get_closest_marker("scenario")
    assert marker is not None
    try:
        bed = session.open(declared, mode, marker.kwargs)
    except Untestable as reason:
        report(item, session.untested(declared, mode, str(reason)))
        pytest.skip(str(reason))
    except Fault as trouble:
        report(item, session.fell_over(declared, mode, trouble))
        raise
    try:
        yield bed
    finally:
        bed.abandon()


@contextmanager
def judged(item: pytest.Function, bed: "Testbed") -> Iterator[None]:
    """Whatever happens in the scenario, it is closed and judged; then the verdicts
    decide whether the item passes."""
    try:
        yield
    except Untestable as reason:
        report(item, bed.session.untested(bed.declared, bed.security, str(reason)))
        pytest.skip(str(reason))
    except Unseen as missed:
        bed.missed(missed)
    except Exception as trouble:
        report(item, closed(bed, trouble))
        raise
    played = closed(bed)
    report(item, played)
    bad = [f for f in played.findings if _counts(f)]
    if bad:
        blocks = "\n\n".join(failure_block(f) for f in bad)
        pytest.fail(blocks, pytrace=False)


def closed(bed: "Testbed", trouble: Exception | None = None) -> "Played":
    """A full disk, say, is an error of this scenario and must not go unsaid."""
    try:
        return bed.close(trouble)
    except ANYTHING as late:
        return bed.session.fell_over(bed.declared, bed.security, trouble or late)


def _counts(finding: FindingRecord) -> bool:
    """What turns a test red: a MUST or trouble; a broken profile rule is reported."""
    return finding.outcome in BAD and not (
        finding.outcome == "fail" and finding.level != "MUST"
    )


def report(item: pytest.Item, played: "Played") -> None:
    """Hand the lines to the controlling process, and to Allure when it listens."""
    lines = [line(played.scenario).decode()]
    lines += [line(finding).decode() for finding in played.findings]
    item.user_properties.append((PROPERTY, lines))
    if item.config.getoption("allure_report_dir", None):
        _in_allure(played)


def _in_allure(played: "Played") -> None:
    """For those who run pytest with --alluredir: the evidence beside the test."""
    import allure as untyped

    allure: Any = untyped
    allure.dynamic.title(f"{played.scenario.title} ({played.scenario.security})")
    allure.dynamic.feature(played.scenario.area)
    for finding in played.findings:
        with allure.step(f"{finding.outcome}: {finding.requirement} {finding.title}"):
            pass
    for name, path in played.attachments().items():
        allure.attach.file(str(path), name, extension=path.suffix.lstrip("."))


def last_words(session: "Session") -> list[str]:
    """What only the end of a worker can tell, as lines."""
    return [line(finding).decode() for finding in session.close()]


def captures_of(base: "Path", run: str) -> "Path":
    return base / "captures" / run
