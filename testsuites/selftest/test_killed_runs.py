"""A run that ends before its end: what was found until then is there and readable."""

import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from testsuites.selftest.commanded import (
    PLAIN,
    Outcome,
    once,
    program,
    ringback,
    surroundings,
)

from ringback.evidence.reader import read as read_capture
from ringback.judge.judge import judge
from ringback.report.records import Header, Run, read

SIGNS = ("+ ", "~ ", "? ", "x ", "! ")
MEMORY = ("--net", "memory", "--security", "unsecured")


@contextmanager
def listening_to_ctrl_c() -> Iterator[None]:
    """What a shell starts in its background ignores SIGINT, and so does all that this
    starts in turn, unless somebody here listens to it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def struck(base: Path, blow: signal.Signals) -> Outcome:
    """A run that is struck when its second scenario has been judged."""
    words = ["run", "playonphone", *MEMORY, "--out", str(base)]
    with listening_to_ctrl_c():
        running = subprocess.Popen(
            [program("ringback"), *words],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env=surroundings(),
        )
    with running:
        assert running.stdout is not None
        judged = (line for line in running.stdout if line.startswith(SIGNS))
        assert next(judged)
        assert next(judged)
        running.send_signal(blow)
        rest = running.stdout.read()
        return Outcome(running.wait(timeout=60), rest, "")


def latest(base: Path) -> Run:
    return read(base / "reports" / "latest" / "findings.jsonl")


def captures(base: Path) -> Iterator[Path]:
    return (base / "captures").rglob("*.pcapng")


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    run = once(tmp_path_factory, "killed", lambda base: struck(base, signal.SIGKILL))
    assert run.outcome.status == -signal.SIGKILL
    return run.base


@pytest.fixture(scope="module")
def interrupted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    run = once(
        tmp_path_factory, "interrupted", lambda base: struck(base, signal.SIGINT)
    )
    assert run.outcome.status == 130
    assert "what was found until here is kept" in run.outcome.out
    return run.base


def test_what_a_killed_run_had_found_is_there(killed: Path) -> None:
    run = latest(killed)

    assert run.footer is None
    assert len(run.scenarios) >= 2
    assert len(run.findings) > 60
    assert len(run.damage) <= 1


def test_the_captures_of_a_killed_run_are_whole(killed: Path) -> None:
    """Each was recorded to its end, and its verdicts are those that were told."""
    run, found = latest(killed), {path.stem: path for path in captures(killed)}

    assert {scenario.id for scenario in run.scenarios[:-1]} <= set(found)
    for path in found.values():
        evidence = read_capture(path.read_bytes())
        assert evidence.circumstances is not None
        assert not evidence.complaints
    first = run.scenarios[0].id
    outcomes = {
        f.requirement: str(f.outcome)
        for f in judge(read_capture(found[first].read_bytes()))
    }
    assert outcomes == {
        f.requirement: f.outcome for f in run.findings if f.scenario == first
    }


def test_nothing_half_made_looks_whole(killed: Path) -> None:
    """Reports come at the end; files appear when they are complete."""
    reports = killed / "reports" / "latest"

    assert [path.name for path in reports.iterdir()] == ["findings.jsonl"]
    for path in (killed / "captures").rglob("*.wav"):
        octets = path.read_bytes()
        assert len(octets) == 8 + int.from_bytes(octets[4:8], "little")


def test_the_next_run_says_that_the_one_before_was_cut_short(
    killed: Path, tmp_path: Path
) -> None:
    base = shutil.copytree(killed, tmp_path / "again", symlinks=True)
    before = latest(base).header.run

    told = ringback("run", f"{PLAIN}:SIP-ACK-001", *MEMORY, "--out", base)

    header: Header = latest(base).header
    assert told.status == 0
    assert header.run != before
    assert any(before in note and "cut short" in note for note in header.notes)
    assert f"the run {before} before this one was cut short" in told.out


def test_an_interrupted_run_still_writes_its_reports(interrupted: Path) -> None:
    run = latest(interrupted)
    reports = interrupted / "reports" / "latest"

    assert run.footer is not None
    assert not run.damage
    assert len(run.scenarios) >= 2
    assert {p.name for p in reports.iterdir()} >= {"index.html", "junit.xml"}
    assert len(list(captures(interrupted))) >= 2


def test_the_footer_of_an_interrupted_run_says_so(interrupted: Path) -> None:
    """Who reads the findings must not take a part for the whole."""
    run = latest(interrupted)

    assert run.footer is not None
    assert run.footer.exit_status == 130
