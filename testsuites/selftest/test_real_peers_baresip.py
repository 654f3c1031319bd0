"""baresip, which nobody here wrote: as gateway and as phone; what it recorded counts."""

import io
import subprocess
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile
from testsuites.selftest.outside.baresip import Baresip
from testsuites.selftest.outside.commands import RINGBACK, run
from testsuites.selftest.outside.program import installed

from ringback.net import loopback
from ringback.net.lab import Lab
from ringback.places import fixtures
from ringback.report.status import Exit
from ringback.values import Role

PORT = 5060
DESK = "+12065550123"
PLAIN = "playonphone.the-plain-call"
UNKNOWN = "playonphone.a-number-that-nobody-has"
GATEWAY = "gateway.ringback.test"
HELLO = fixtures() / "audio" / "hello.wav"
STATEMENT = f"""
[statement]
answers = "{DESK}"
unknown = "+12065550404"
mutual_tls = {{mutual}}
"""
LIKENESS = 0.9  # normalised cross-correlation at the best alignment


@pytest.fixture(scope="module", autouse=True)
def baresip() -> None:
    installed("baresip")


@pytest.fixture(scope="module")
def number() -> Iterator[int]:
    """N of a 127.0.N.0/24 that nobody else uses."""
    claimed = loopback.claim()
    yield claimed
    loopback.give_back(claimed)


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What ``ringback lab init`` makes; gone with the tests."""
    folder = tmp_path_factory.mktemp("certificates") / "lab"
    subprocess.run([RINGBACK, "lab", "init", str(folder)], check=True)
    return folder


def likeness(recorded: bytes) -> float:
    """How much of the message is in the recording, wherever it begins."""
    message, rate = soundfile.read(HELLO)
    heard, its_rate = soundfile.read(io.BytesIO(recorded))
    assert rate == its_rate == 8000
    size = len(message) + len(heard)
    spectrum = np.fft.rfft(heard, size) * np.conj(np.fft.rfft(message, size))
    at = int(np.fft.irfft(spectrum, size)[: len(heard)].argmax())
    part = heard[at : at + len(message)]
    assert len(part) == len(message), "the end of the message is missing"
    strength = np.sqrt(np.sum(part**2) * np.sum(message**2))
    return float(np.sum(part * message) / strength)


def test_over_tcp_the_gateway_answers_and_records_the_message(
    number: int, tmp_path: Path
) -> None:
    here = loopback.host(number, Role.GATEWAY)
    config = STATEMENT.format(mutual="false")
    with Baresip(here, PORT, number=DESK) as gateway:
        judged = run(f"tcp:{here}:{PORT}", [PLAIN, UNKNOWN], tmp_path, config)

    assert not judged.cases("fail", "error", "inconclusive"), judged.said
    assert judged.status == Exit.GREEN
    assert judged.outcome("the-plain-call:POP-CHECK-004") == "pass"
    assert judged.outcome("a-number-that-nobody-has:SIP-ACK-001") == "pass"
    assert not judged.untold
    assert likeness(*gateway.recorded) > LIKENESS


@pytest.mark.parametrize("security", ["sip-secured", "secured"])
def test_over_tls_the_gateway_answers_and_records_the_message(
    number: int, lab: Path, tmp_path: Path, security: str
) -> None:
    here = loopback.host(number, Role.GATEWAY)
    config = f'lab = "{lab}"\n' + STATEMENT.format(mutual="false")
    certificate = Lab.open(lab).identity_for(GATEWAY)
    encryption = "srtp-mand" if security == "secured" else ""
    words = ("--security", security)
    with Baresip(
        here, PORT, certificate=certificate, encryption=encryption, number=DESK
    ) as gateway:
        place = f"tls:{here}:{PORT + 1}"
        judged = run(place, [PLAIN], tmp_path, config, *words)

    assert not judged.cases("fail", "error", "inconclusive"), judged.said
    assert judged.status == Exit.GREEN
    assert judged.outcome("the-plain-call:TLS-NAME-004") == "pass"
    assert judged.outcome("the-plain-call:SEC-CLEAR-002") == "pass"
    mutual = judged.finding("the-plain-call:TLS-MUTUAL-002")
    assert (mutual.outcome, "mutual_tls" in mutual.because) == ("not-applicable", True)
    srtp = judged.outcome("the-plain-call:SEC-SRTP-002")
    assert srtp == ("pass" if security == "secured" else "not-applicable")
    assert likeness(*gateway.recorded) > LIKENESS


def test_a_statement_that_promises_mutual_tls_is_not_believed(
    number: int, lab: Path, tmp_path: Path
) -> None:
    here = loopback.host(number, Role.GATEWAY)
    config = f'lab = "{lab}"\n' + STATEMENT.format(mutual="true")
    certificate = Lab.open(lab).identity_for(GATEWAY)
    with Baresip(here, PORT, certificate=certificate, number=DESK):
        judged = run(f"tls:{here}:{PORT + 1}", [PLAIN], tmp_path, config)

    assert judged.cases("fail") == {"TLS-MUTUAL-002"}, judged.said
    assert judged.status == Exit.FAILED
