"""A machine without tshark and dumpcap: less is tested, and it is said what and why."""

import subprocess
import sys
from pathlib import Path

import pytest

from ringback.evidence.reader import read as read_capture
from ringback.report.records import Run, read

PLAIN = "playonphone.the-plain-call"


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Run, Path]:
    """The plain call on sockets, with a PATH on which nothing is to be found."""
    folder = tmp_path_factory.mktemp("bare")
    words = ["run", PLAIN, "--security", "sip-secured", "--out", str(folder)]
    told = subprocess.run(
        [sys.executable, "-m", "ringback", *words],
        env={"PATH": str(folder), "HOME": str(folder)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert told.returncode == 0, told.stdout + told.stderr
    run = read(folder / "reports" / "latest" / "findings.jsonl")
    return told.stdout, run, folder


def test_what_needs_the_wire_stays_untested(
    played: tuple[str, Run, Path],
) -> None:
    _, run, _ = played
    outcomes = {f.requirement: f.outcome for f in run.findings}
    assert outcomes["TLS-MUTUAL-001"] == "not-tested"
    assert outcomes["SEC-CLEAR-001"] == "not-tested"
    assert outcomes["RB-DIS-001"] == "not-tested"
    assert outcomes["MED-HEARD-002"] == "pass"


def test_it_says_what_would_help(played: tuple[str, Run, Path]) -> None:
    said, run, _ = played
    assert "sudo apt-get install tshark" in said
    assert "SEC-CLEAR-001" in said
    assert run.scenarios[0].captured == "taps"


def test_the_capture_is_there_all_the_same(played: tuple[str, Run, Path]) -> None:
    _, run, folder = played
    path = folder / "reports" / "latest" / run.scenarios[0].capture
    evidence = read_capture(path.resolve().read_bytes())
    assert len(evidence.sip) > 20
    assert not evidence.complaints
