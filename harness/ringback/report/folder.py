"""Where a run leaves its files, and the writer of ``findings.jsonl``.

``reports/<run>/`` holds findings and pages, ``captures/<run>/`` the captures, and
``reports/latest`` points to the newest run. Each line is on the disk before the next
scenario begins, so a run that is killed loses nothing that it had found.
"""

import os
from datetime import UTC, datetime
from pathlib import Path

from ringback.report import allure, html, junit
from ringback.report.records import Record, Run, line, read

FINDINGS = "findings.jsonl"


class Folder:
    """The two folders of one run."""

    def __init__(self, base: Path, run: str) -> None:
        self.run = run
        self.reports = base / "reports" / run
        self.captures = base / "captures" / run

    @classmethod
    def begin(cls, base: Path) -> "Folder":
        """A run that nobody has had yet, named after the time; its folders made."""
        folder = cls(base, fresh_name(base))
        folder.make()
        return folder

    def make(self) -> None:
        """Both folders, and ``reports/latest`` pointing here."""
        self.reports.mkdir(parents=True, exist_ok=True)
        self.captures.mkdir(parents=True, exist_ok=True)
        self._point_latest()

    @property
    def findings(self) -> Path:
        return self.reports / FINDINGS

    def relative(self, path: Path) -> str:
        """As the records spell it: from the folder of findings.jsonl."""
        return Path(os.path.relpath(path, self.reports)).as_posix()

    def add(self, record: Record) -> None:
        """Append one line; it is with the system before this returns."""
        with self.findings.open("ab") as file:
            file.write(line(record))

    def publish(self) -> Run:
        """Every report that findings.jsonl can give; the run as it was read."""
        run = read(self.findings)
        html.write(run, self.reports, self.reports / "index.html")
        junit.write(run, self.reports / "junit.xml")
        allure.write(run, self.reports, self.reports / "allure-results")
        return run

    def _point_latest(self) -> None:
        latest = self.reports.parent / "latest"
        fresh = latest.with_name(f".latest-{self.run}")
        fresh.symlink_to(self.run)
        fresh.replace(latest)


def fresh_name(base: Path) -> str:
    """A name for a run: the time, and a number when that second has one already."""
    name = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
    tails = ("", *(f"-{n}" for n in range(2, 1000)))
    reports = base / "reports"
    return next(name + tail for tail in tails if not (reports / (name + tail)).exists())


def cut_short(base: Path) -> str:
    """What to tell of the latest run when it has no footer; empty otherwise."""
    findings = base / "reports" / "latest" / FINDINGS
    try:
        run = read(findings)
    except (OSError, ValueError):
        return ""
    if run.footer is not None:
        return ""
    return (
        f"the run {run.header.run} before this one was cut short; its "
        f"{len(run.findings)} findings and its captures are readable: {findings}"
    )
