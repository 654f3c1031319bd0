"""Where all findings of a run come together, from this process or from workers."""

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from ringback.judge.catalogue import catalogue
from ringback.report.folder import Folder, cut_short
from ringback.report.records import (
    FindingRecord,
    Footer,
    Header,
    Record,
    ScenarioRecord,
    doubted,
    read,
)
from ringback.report.status import INTERRUPTED, Exit, exit_status
from ringback.report.terminal import counts
from ringback.running.fences import Judged, doubts

if TYPE_CHECKING:
    from ringback.testbed.asked import Asked

PROPERTY = "ringback"


class Collector:
    """Lives in the controlling process only; appends to findings.jsonl."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        self.started = datetime.now(UTC)
        self.found: list[FindingRecord] = []
        self.judged: list[Judged] = []
        self.begun = False
        self.interrupted = False

    @cached_property
    def folder(self) -> Folder:
        from ringback.running.ending import run_name

        base = self._asked.base
        return Folder(base, run_name(self.config))

    @property
    def _asked(self) -> "Asked":
        from ringback.plugin import asked

        return asked(self.config)

    def begin(self) -> None:
        """The header; the first scenario to be judged brings it about."""
        if self.begun:
            return
        self.begun = True
        note = cut_short(self._asked.base)
        self.folder.make()
        header = self._header(note)
        self.folder.add(header)
        self.config.hook.pytest_ringback_begins(header=header)

    def _header(self, note: str) -> Header:
        from ringback import __version__
        from ringback.net.programs import versions

        asked = self._asked
        return Header(
            run=self.folder.run,
            ringback=__version__,
            started=self.started.isoformat(timespec="seconds"),
            net=asked.net,
            security=asked.modes,
            selection=asked.select,
            sut={str(k): v for k, v in asked.config.sut.items()},
            statement=msgspec.to_builtins(asked.config.statement)
            if asked.outside
            else {},
            tools=versions(),
            timer_scale=asked.config.timer_scale,
            notes=(*filter(None, (note,)), *_lacks(asked.net)),
        )

    def take(self, lines: Sequence[str]) -> None:
        """Records as a worker spelled them: a scenario, then its findings."""
        self.begin()
        records: list[Record] = [msgspec.json.decode(one, type=Record) for one in lines]
        for record in records:
            self.folder.add(record)
        findings = [r for r in records if isinstance(r, FindingRecord)]
        self.found += findings
        for record in records:
            if isinstance(record, ScenarioRecord):
                own = [f for f in findings if f.scenario == record.id]
                self.judged.append((record, own))
                self.config.hook.pytest_ringback_judged(scenario=record, findings=own)

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Each worker learns which run it belongs to."""
        node.workerinput["ringback_run"] = self.folder.run

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any, error: object) -> None:
        late = getattr(node, "workeroutput", {}).get(PROPERTY)
        if late:
            self.take(late)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        for name, value in report.user_properties:
            if name == PROPERTY and report.when == "teardown":
                assert isinstance(value, list)
                self.take(value)

    def pytest_keyboard_interrupt(
        self, excinfo: pytest.ExceptionInfo[BaseException]
    ) -> None:
        self.interrupted = excinfo.type is KeyboardInterrupt

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        from ringback.plugin import LATE

        late = self.config.stash.get(LATE, [])
        if late:
            self.take(late)
        if not self.begun:
            return
        self._doubt()
        status = INTERRUPTED if self.interrupted else exit_status(self.found)
        now = datetime.now(UTC)
        footer = Footer(
            finished=now.isoformat(timespec="seconds"),
            seconds=round((now - self.started).total_seconds(), 3),
            counts=counts(self.found),
            exit_status=status,
        )
        self.folder.add(footer)
        run = self.folder.publish()
        self.config.hook.pytest_ringback_ends(
            run=run, footer=footer, folder=self.folder
        )

    def _doubt(self) -> None:
        """Take back what stands beside a plain call that did not come about."""
        told = tuple(doubts(self.judged))
        for doubt in told:
            self.folder.add(doubt)
        self.found = [*doubted(self.found, told)]

    def status(self) -> Exit:
        """For the command line; pytest's own status knows only pass and fail."""
        return exit_status(self.found) if self.begun else Exit.NOTHING_RAN

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """For those who run pytest itself."""
        from ringback.report.terminal import summary, wrong_blocks

        if not self.begun:
            return
        terminalreporter.section("ringback")
        for _, block in wrong_blocks(self.found):
            terminalreporter.write_line(block)
        run = read(self.folder.findings)
        seconds = run.footer.seconds if run.footer else 0.0
        terminalreporter.write_line(summary(self.found, seconds))
        terminalreporter.write_line(f"report: {self.folder.reports / 'index.html'}")


def _lacks(net: str) -> tuple[str, ...]:
    """What this machine cannot do, which cases that leaves open, and what adds it."""
    from ringback.net.programs import install_command, missing
    from ringback.net.recorder import rights

    notes = []
    if net == "sockets" and (command := rights()):
        open_cases = [r.id for r in catalogue().values() if r.entry.needs == "wire"]
        notes.append(
            "nothing may record the wire here: captures are written by our own "
            f"endpoints, and {', '.join(open_cases)} stay not-tested; "
            f"to add it: sudo {command}"
        )
    if "tshark" in missing():
        notes.append(
            "no tshark: only our own reader reads the captures (RB-DIS-001 stays "
            f"not-tested); to add it: {install_command(('tshark',))}"
        )
    return tuple(notes)
