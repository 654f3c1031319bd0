"""The real command line, in processes of its own: ``run``, ``serve``, ``play``."""

import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec
from testsuites.selftest.outside.program import Program

from ringback.report import records

RINGBACK = str(Path(sys.executable).with_name("ringback"))
PATIENCE = 90.0  # seconds


class Verdicts(msgspec.Struct, frozen=True):
    """What a run told: its exit status, its words, its findings."""

    status: int
    said: str
    run: records.Run

    def outcome(self, case: str) -> str:
        """Of ``scenario:requirement``, the scenario without area and mode."""
        return self.finding(case).outcome

    def because(self, case: str) -> str:
        return self.finding(case).because

    def finding(self, case: str) -> records.FindingRecord:
        scenario, _, requirement = case.partition(":")
        return next(
            f
            for f in self.run.findings
            if f.requirement == requirement
            and f.scenario.partition("@")[0].endswith(f".{scenario}")
        )

    def cases(self, *outcomes: str) -> set[str]:
        """The requirements that came out so in some scenario."""
        return {f.requirement for f in self.run.findings if f.outcome in outcomes}

    @property
    def untold(self) -> list[str]:
        """Cases that were not judged and that do not say why."""
        silent = ("not-applicable", "not-tested", "inconclusive")
        found = self.run.findings
        return [f.case for f in found if f.outcome in silent and not f.because]


def run(
    sut: str,
    select: Sequence[str],
    folder: Path,
    config: str,
    *more: str,
    patience: float = PATIENCE,
) -> Verdicts:
    """``ringback run`` against a peer from outside; ``config`` is a TOML text."""
    (folder / "ringback.toml").write_text(config)
    words = ["--sut", sut, "--config", str(folder / "ringback.toml")]
    done = subprocess.run(
        [RINGBACK, "run", *words, "--out", str(folder), *more, *select],
        capture_output=True,
        text=True,
        timeout=patience,
        check=False,
        cwd=folder,
    )
    found = folder / "reports" / "latest" / "findings.jsonl"
    assert found.exists(), done.stdout + done.stderr
    return Verdicts(done.returncode, done.stdout + done.stderr, records.read(found))


class Served(Program):
    """``ringback serve`` with some roles, from a configuration."""

    def __init__(
        self, config: str, *words: str, environment: Mapping[str, str] | None = None
    ) -> None:
        super().__init__()
        self.config = config
        self.words = words
        self.environment.update(environment or {})

    @property
    def root(self) -> Path:
        """The root of its certificates."""
        return self.folder / "ringback-root.pem"

    def command(self) -> Sequence[str]:
        config = self.folder / "ringback.toml"
        config.write_text(self.config)
        ready = self.folder / "ready.json"
        words = ("--config", str(config), "--ready", str(ready))
        return [RINGBACK, "serve", *self.words, *words]

    def ready(self) -> None:
        self.says("root of all certificates")


class Played(Program):
    """``ringback play``: one order, followed to the end of its call."""

    ends_at = signal.SIGINT  # hangs up first

    def __init__(self, *words: str, password: str) -> None:
        super().__init__()
        self.words = words
        self.environment["PASSWORD"] = password

    def command(self) -> Sequence[str]:
        return [RINGBACK, "play", "--password-env", "PASSWORD", *self.words]

    def ready(self) -> None:
        """What it orders is the other programs' affair."""
