"""Where our own side falls over at a scenario's end, it is told and nothing is lost."""

from pathlib import Path

import pytest
from testsuites.selftest.commanded import PLAIN, ringback

from ringback.config import Config
from ringback.evidence.reader import study
from ringback.faults import Misuse
from ringback.judge.finding import Outcome
from ringback.report.records import FindingRecord
from ringback.report.status import Exit
from ringback.running import ending
from ringback.testbed import Testbed, closing, parting
from ringback.testbed.asked import Asked
from ringback.testbed.closing import Declared, Played
from ringback.testbed.session import Session
from ringback.values import Security

MODE = Security.UNSECURED
OURS = "RB-BED-001"


@pytest.fixture
def bed(tmp_path: Path) -> Testbed:
    """A call that was connected."""
    asked = Asked(Config(), {}, (MODE,), "memory", tmp_path, "may", (), True)
    session = Session(asked, "run")
    wanted: dict[str, object] = {"needs": (), "config": {}}
    bed = session.open(Declared(PLAIN, PLAIN, "", ("SIP-ACK-001",), ""), MODE, wanted)
    call = bed.client.plays("hello", on="+12065550123")
    assert bed.until(call.is_connected, within=5.0)
    return bed


def by_requirement(played: Played) -> dict[str, FindingRecord]:
    return {finding.requirement: finding for finding in played.findings}


def falls_over(*args: object) -> None:
    raise ZeroDivisionError("by hand")


def test_last_words_that_fall_over_are_told_beside_the_verdicts(
    bed: Testbed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parting, "hear_out", falls_over)

    found = by_requirement(bed.close())

    assert found[OURS].outcome is Outcome.ERROR
    line = falls_over.__code__.co_firstlineno + 1
    said = "ZeroDivisionError: by hand, at test_what_falls_over.py:"
    assert found[OURS].because == f"the scenario fell over: {said}{line}"
    assert found["SIP-ACK-001"].outcome is Outcome.PASS
    assert bed.network.close() == ()  # nobody kept his seat


def test_what_the_scenario_fell_over_first_is_what_is_told(
    bed: Testbed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parting, "hear_out", falls_over)

    found = by_requirement(bed.close(Misuse("nobody is called so")))

    assert found[OURS].because == "Misuse: nobody is called so"


def test_a_judge_that_falls_over_leaves_the_capture(
    bed: Testbed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bed, "findings", falls_over)

    played = bed.close()

    assert set(by_requirement(played)) == {OURS}
    assert played.scenario.captured == "memory"
    assert any("by hand" in note for note in played.scenario.notes)
    kept = played.attachments()
    assert set(kept) == {"capture"}
    assert study(kept["capture"].read_bytes()).evidence.sip


def test_a_disk_that_is_full_is_an_error_of_the_scenario(
    bed: Testbed, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*args: object) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(closing, "write_capture", full)

    found = by_requirement(ending.closed(bed))

    assert set(found) == {OURS}
    assert "no space left on device" in found[OURS].because


def test_a_file_where_captures_go_is_told_before_anything_is_played(
    tmp_path: Path,
) -> None:
    (tmp_path / "captures").touch()
    told = ringback("run", PLAIN, "--net", "memory", "--out", tmp_path)
    assert told.status == Exit.USAGE
    assert f"{tmp_path / 'captures'} is a file" in told.err
    assert "Traceback" not in told.err
    assert not (tmp_path / "reports").exists()
