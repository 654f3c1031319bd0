"""A capture alone gives the verdicts of its run; others give what can be judged."""

import re
import shutil
from pathlib import Path

import pytest
from testsuites.selftest.commanded import (
    MODES,
    Played,
    in_memory,
    on_sockets,
    ringback,
    run,
)

from ringback.evidence.evidence import Evidence
from ringback.evidence.reader import read
from ringback.evidence.writer import Capture
from ringback.judge.finding import Finding, Outcome
from ringback.judge.judge import judge

NETS = {"memory": in_memory, "sockets": on_sockets}
needs_tshark = pytest.mark.skipif(not shutil.which("tshark"), reason="no tshark here")
needs_editcap = pytest.mark.skipif(
    not shutil.which("editcap"), reason="no editcap here"
)


@pytest.fixture(scope="module", params=NETS)
def played(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Played:
    return NETS[request.param](tmp_path_factory)


@pytest.fixture(scope="module")
def memory(tmp_path_factory: pytest.TempPathFactory) -> Played:
    return in_memory(tmp_path_factory)


def evidence_of(path: Path) -> Evidence:
    return read(path.read_bytes())


@pytest.mark.parametrize("mode", MODES)
def test_the_capture_alone_gives_the_verdicts_of_the_run(
    played: Played, mode: str
) -> None:
    findings = judge(evidence_of(played.capture(mode)))

    again = {
        f.requirement: (str(f.outcome), f.because, f.frames, str(f.level))
        for f in findings
    }
    before = {
        f.requirement: (f.outcome, f.because, f.frames, f.level)
        for f in played.judged(mode)
    }
    assert again == before
    assert len(again) > 60


def test_the_command_says_the_same(played: Played) -> None:
    told = ringback("judge", played.capture("secured"))

    rows = re.findall(r"^([a-z-]+) +([A-Z]+-[A-Z]+-\d+) ", told.out, re.MULTILINE)
    assert told.status == played.outcome.status == 0
    assert {name: outcome for outcome, name in rows} == {
        f.requirement: f.outcome for f in played.judged("secured")
    }
    assert told.out.startswith(f"{played.capture('secured')}: playonphone.")


@needs_tshark
@pytest.mark.parametrize("mode", ["sip-secured", "secured"])
def test_wireshark_shows_the_decrypted_sip(played: Played, mode: str) -> None:
    path = played.capture(mode)
    fields = ("-T", "fields", "-e", "sip.Request-Line", "-e", "sip.Status-Line")

    shown = run("tshark", "-r", path, "-Y", "sip", *fields)

    lines = [text for text in re.split(r"[\t\n]", shown.out) if text]
    assert lines == [f.sip.start.decode() for f in evidence_of(path).sip]
    assert sum(frame.secured for frame in evidence_of(path).sip) > 10


def foreign(path: Path, folder: Path) -> Path:
    """The same packets and secrets, written by somebody who knows no ringback."""
    capture = Capture.parse(path.read_bytes())
    stripped = folder / "foreign.pcapng"
    stripped.write_bytes(bytes(Capture(capture.packets, capture.secrets)))
    return stripped


@pytest.mark.parametrize("mode", MODES)
def test_of_a_foreign_capture_is_judged_what_can_be(
    memory: Played, mode: str, tmp_path: Path
) -> None:
    findings = judge(evidence_of(foreign(memory.capture(mode), tmp_path)))

    outcomes = {finding.requirement: finding.outcome for finding in findings}
    assert set(outcomes.values()) == {Outcome.PASS, Outcome.NOT_TESTED}
    assert outcomes["SIP-ACK-001"] is outcomes["SIP-FORM-002"] is Outcome.PASS
    assert outcomes["POP-CHECK-001"] is Outcome.NOT_TESTED
    assert sum(outcome is Outcome.PASS for outcome in outcomes.values()) > 15


def test_a_foreign_capture_is_said_to_be_one(memory: Played, tmp_path: Path) -> None:
    told = ringback("judge", foreign(memory.capture("unsecured"), tmp_path))

    assert told.status == 0
    assert "a capture that ringback did not make" in told.out
    assert "the capture does not say what it is a capture of" in told.out


@needs_editcap
def test_a_classic_pcap_is_read_too(memory: Played, tmp_path: Path) -> None:
    pcapng, pcap = memory.capture("unsecured"), tmp_path / "classic.pcap"
    converted = run("editcap", "-F", "pcap", pcapng, pcap)
    assert converted.status == 0, converted.err

    evidence = evidence_of(pcap)

    whole = evidence_of(pcapng)
    assert evidence.circumstances is None
    assert [f.sip for f in evidence.sip] == [f.sip for f in whole.sip]
    assert len(evidence.rtp) == len(whole.rtp)
    assert passed(judge(evidence)) > 15


@needs_editcap
def test_a_capture_that_editcap_has_cut_is_read(memory: Played, tmp_path: Path) -> None:
    """The first 60 packets: the circumstances survive, the end of the call does not."""
    pcapng, part = memory.capture("secured"), tmp_path / "part.pcapng"
    assert run("editcap", "-r", pcapng, part, "1-60").status == 0

    evidence = evidence_of(part)

    assert evidence.circumstances is not None
    assert evidence.packets == 60
    assert all(frame.secured for frame in evidence.sip[:8])


@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
def test_a_truncated_file_is_readable_up_to_the_cut(
    memory: Played, share: float, tmp_path: Path
) -> None:
    octets = memory.capture("unsecured").read_bytes()
    whole = read(octets)
    cut = tmp_path / "cut.pcapng"
    cut.write_bytes(octets[: int(len(octets) * share)])

    evidence = evidence_of(cut)
    told = ringback("judge", cut)

    assert any("cut short" in text for text in evidence.complaints)
    assert 0 < evidence.packets < whole.packets
    assert evidence.sip == whole.sip[: len(evidence.sip)]
    assert "capture cut short" in told.out
    assert "Traceback" not in told.err


def test_a_file_that_is_no_capture_is_misuse(tmp_path: Path) -> None:
    text = tmp_path / "notes.txt"
    text.write_text("dear diary")

    told = ringback("judge", text)

    assert told.status == 2
    assert told.err == f"ringback: {text}: neither a pcapng nor a pcap file\n"


def test_the_keys_may_come_beside_the_capture(memory: Played, tmp_path: Path) -> None:
    capture = Capture.parse(memory.capture("secured").read_bytes())
    bare, keys = tmp_path / "bare.pcapng", tmp_path / "keys.txt"
    known = capture.circumstances
    bare.write_bytes(bytes(Capture(capture.packets, b"", known)))
    keys.write_bytes(capture.secrets)

    told = ringback("judge", bare, "--keylog", keys)

    assert not read(bare.read_bytes()).sip[8:]
    assert told.status == 0
    assert "fail" not in told.out.splitlines()[-1]


def passed(findings: tuple[Finding, ...]) -> int:
    return sum(finding.outcome is Outcome.PASS for finding in findings)
