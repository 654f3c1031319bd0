"""The command line in a process of its own, and runs that many tests look at."""

import fcntl
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec
import pytest

from ringback.report.records import FindingRecord, Run, read

PLAIN = "playonphone.the-plain-call"
MODES = ("unsecured", "sip-secured", "secured")
PATIENCE = 100.0  # seconds


class Outcome(msgspec.Struct, frozen=True):
    """What a command left: exit status and what it said."""

    status: int
    out: str
    err: str


def program(name: str) -> str:
    """A program of the environment that runs these tests."""
    return str(Path(sys.executable).with_name(name))


def surroundings() -> dict[str, str]:
    """The environment, without what the pytest around us keeps in it."""
    return {k: v for k, v in os.environ.items() if not k.startswith("PYTEST")}


def run(
    *command: str | Path, cwd: Path | None = None, env: Mapping[str, str] | None = None
) -> Outcome:
    """Any command, to its end."""
    done = subprocess.run(
        [str(word) for word in command],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        cwd=cwd,
        env={**surroundings(), **(env or {})},
        check=False,
    )
    return Outcome(done.returncode, done.stdout, done.stderr)


def ringback(*words: str | Path, cwd: Path | None = None) -> Outcome:
    return run(program("ringback"), *words, cwd=cwd)


class Played(msgspec.Struct, frozen=True):
    """A run that has been: where its files are, and what it said."""

    base: Path
    outcome: Outcome

    @property
    def reports(self) -> Path:
        return self.base / "reports" / "latest"

    @property
    def run(self) -> Run:
        return read(self.reports / "findings.jsonl")

    def capture(self, mode: str, scenario: str = PLAIN) -> Path:
        found = next(s for s in self.run.scenarios if s.id == f"{scenario}@{mode}")
        return (self.reports.resolve() / found.capture).resolve()

    def judged(self, mode: str, scenario: str = PLAIN) -> list[FindingRecord]:
        """The verdicts on a scenario, without those about ringback's own side."""
        return [
            finding
            for finding in self.run.findings
            if finding.scenario == f"{scenario}@{mode}" and finding.area != "evidence"
        ]


def once(
    factory: pytest.TempPathFactory, name: str, make: Callable[[Path], Outcome]
) -> Played:
    """What is made in a folder of its own by whichever test or worker asks first."""
    whole = factory.getbasetemp()
    whole = whole.parent if "PYTEST_XDIST_WORKER" in os.environ else whole
    base = whole / f"shared-{name}"
    base.mkdir(exist_ok=True)
    said = whole / f"shared-{name}.json"
    with said.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not said.exists():
            said.write_bytes(msgspec.json.encode(make(base)))
    return Played(base, msgspec.json.decode(said.read_bytes(), type=Outcome))


def shared(factory: pytest.TempPathFactory, name: str, *words: str) -> Played:
    """A run that several tests look at."""
    return once(factory, name, lambda base: ringback("run", *words, "--out", base))


def in_memory(factory: pytest.TempPathFactory) -> Played:
    """The plain call on the memory network, in all three modes."""
    return shared(factory, "memory", PLAIN, "--net", "memory", "--security", "all")


def on_sockets(factory: pytest.TempPathFactory) -> Played:
    """The same on real sockets, each mode in a worker of its own: a call lasts as long
    as its message."""
    words = (PLAIN, "--net", "sockets", "--security", "all", "-n", "3")
    return shared(factory, "sockets", *words)
