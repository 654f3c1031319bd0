"""What ``ringback run`` shows while it plays, in place of pytest's own reporter."""

import io
import sys
from typing import TYPE_CHECKING, Any

import pytest
from _pytest.terminal import TerminalReporter

from ringback.report.records import FindingRecord, Footer, Header, Run, ScenarioRecord
from ringback.report.status import Exit
from ringback.report.terminal import (
    heading,
    ladder_line,
    scenario_line,
    summary,
    worst,
    wrong_blocks,
)
from ringback.running.collector import Collector

if TYPE_CHECKING:
    from ringback.report.folder import Folder

COLOUR = {"fail": 31, "error": 35, "inconclusive": 33, "deviation": 33, "pass": 32}


class Face:
    """A pytest plugin; ``trouble`` is what stopped the run before it began."""

    def __init__(self, *, finale: bool = False) -> None:
        self.trouble = ""
        self.fell_over = False
        self.interrupted = False
        self._finale = finale
        self._collector: Collector | None = None
        self._colours = sys.stdout.isatty()

    @pytest.hookimpl(trylast=True)
    def pytest_configure(self, config: pytest.Config) -> None:
        """Take the reporter's chair; what pytest would say goes nowhere."""
        found = config.pluginmanager.get_plugin("ringback-collector")
        self._collector = found if isinstance(found, Collector) else None
        standard = config.pluginmanager.get_plugin("terminalreporter")
        if standard is not None:
            config.pluginmanager.unregister(standard)
            silent = TerminalReporter(config, io.StringIO())
            config.pluginmanager.register(silent, "terminalreporter")

    def status(self) -> Exit:
        return self._collector.status() if self._collector else Exit.NOTHING_RAN

    def pytest_ringback_begins(self, header: Header) -> None:
        self._say(heading(header))
        self._say("")

    def pytest_ringback_judged(
        self, scenario: ScenarioRecord, findings: list[FindingRecord]
    ) -> None:
        self._say(scenario_line(scenario, findings), worst(findings))

    def pytest_ringback_ends(self, run: Run, footer: Footer, folder: "Folder") -> None:
        for outcome, block in wrong_blocks(run.findings):
            self._say("")
            self._say(block, outcome)
        self._say("")
        if self._finale:
            self._say(_finale(run))
        self._say(summary(run.findings, footer.seconds))
        self._say(f"report   {folder.reports / 'index.html'}")
        self._say(f"captures {folder.captures}")

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self.trouble = str(report.longreprtext)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """What falls over when a scenario has been judged shows in no verdict."""
        if report.failed and report.when == "teardown":
            self.fell_over = True
            self._say(f"! {report.nodeid}\n{report.longreprtext}", "error")

    def pytest_keyboard_interrupt(
        self, excinfo: pytest.ExceptionInfo[BaseException]
    ) -> None:
        """Only what a person did: pytest also stops itself in this way."""
        if excinfo.type is KeyboardInterrupt:
            self.interrupted = True
            self._say("\ninterrupted; what was found until here is kept")

    def pytest_internalerror(self, excrepr: Any) -> None:
        self._say(str(excrepr), "error")

    def _say(self, text: str, outcome: str = "") -> None:
        """The first character of a line, its sign, carries the colour."""
        if self._colours and outcome in COLOUR and text:
            text = f"\x1b[1;{COLOUR[outcome]}m{text[0]}\x1b[0m{text[1:]}"
        sys.stdout.write(text + "\n")
        sys.stdout.flush()


def _finale(run: Run) -> str:
    """For those who see it for the first time: what was just proved."""
    heard = [f for f in run.findings if f.requirement == "MED-HEARD-002"]
    told = [f"   {f.security:<12} {f.outcome}: {f.because}" for f in heard]
    ladder = [ladder_line(a) for s in run.scenarios[-1:] for a in s.arrows]
    return "\n".join(
        [
            "the last call as recorded (= is inside TLS or SRTP, - in the clear)",
            *ladder,
            "",
            "is what the phone heard the message that was stored?",
            *told,
            "",
        ]
    )
