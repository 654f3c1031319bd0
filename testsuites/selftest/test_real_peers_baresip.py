"""baresip, which nobody here wrote, as gateway and as phone: its recording counts."""

import io
import subprocess
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile
from testsuites.selftest.outside.baresip import Baresip
from testsuites.selftest.outside.commands import RINGBACK, Played, Served, run
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
PASSWORD = "for this test only"
PHONE = "phone.ringback.test"
CAS = "cas.ringback.test"
OFFICE = """
lab = "{lab}"
[[users]]
name = "alice"
password_env = "PASSWORD"
[um]
host = "{um}"
port = 5060
call_limit = {limit}
[[um.workers]]
name = "um-1.ringback.test"
host = "{worker}"
port = 5060
[[um.gateways]]
name = "gateway.ringback.test"
host = "{gateway}"
port = 5060
[cas]
host = "{cas}"
[gateway]
host = "{gateway}"
port = 5060
[gateway.phones]
"*" = "sip:{desk}@phone.ringback.test:{port};transport={transport}"
[phone]
host = "{phone}"
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
        judged = run(f"gateway=tcp:{here}:{PORT}", [PLAIN, UNKNOWN], tmp_path, config)

    assert not judged.cases("fail", "error", "inconclusive"), judged.said
    assert judged.status == Exit.GREEN
    assert judged.outcome("the-plain-call:POP-CHECK-004") == "pass"
    assert judged.outcome("a-number-that-nobody-has:SIP-ACK-001") == "pass"
    assert not judged.untold
    assert likeness(*gateway.recorded) > LIKENESS


@pytest.mark.parametrize(
    ("security", "promised"), [("sip-secured", "false"), ("secured", "true")]
)
def test_over_tls_the_gateway_answers_and_records_the_message(
    number: int, lab: Path, tmp_path: Path, security: str, promised: str
) -> None:
    """It never asks for a certificate: not applicable when the statement says so, a
    failure, and the only one, when the statement promises mutual TLS."""
    here = loopback.host(number, Role.GATEWAY)
    config = f'lab = "{lab}"\n' + STATEMENT.format(mutual=promised)
    certificate = Lab.open(lab).identity_for(GATEWAY)
    encryption = "srtp-mand" if security == "secured" else ""
    with Baresip(
        here, PORT, certificate=certificate, encryption=encryption, number=DESK
    ) as gateway:
        place = f"gateway=tls:{here}:{PORT + 1}"
        judged = run(place, [PLAIN], tmp_path, config, "--security", security)

    mutual, srtp = "TLS-MUTUAL-002", judged.outcome("the-plain-call:SEC-SRTP-002")
    if promised == "true":
        assert judged.cases("fail", "error", "inconclusive") == {mutual}, judged.said
        assert judged.status == Exit.FAILED
    else:
        assert not judged.cases("fail", "error", "inconclusive"), judged.said
        assert judged.outcome(f"the-plain-call:{mutual}") == "not-applicable"
        assert "mutual_tls" in judged.because(f"the-plain-call:{mutual}")
        assert judged.status == Exit.GREEN
    assert judged.outcome("the-plain-call:TLS-NAME-004") == "pass"
    assert judged.outcome("the-plain-call:SEC-CLEAR-002") == "pass"
    assert srtp == ("pass" if security == "secured" else "not-applicable")
    assert likeness(*gateway.recorded) > LIKENESS


def office(number: int, lab: Path, transport: str, limit: float) -> Served:
    """CAS, UM and gateway of ours; every number is baresip's."""
    config = OFFICE.format(
        lab=lab,
        limit=limit,
        desk=DESK,
        transport=transport,
        port=PORT + (transport == "tls"),
        um=loopback.host(number, Role.UM),
        worker=loopback.host(number, Role.UM, 1),
        gateway=loopback.host(number, Role.GATEWAY),
        cas=loopback.host(number, Role.CAS),
        phone=loopback.host(number, Role.PHONE),
    )
    roles = ("cas", "um", "gateway", "--security", "unsecured")
    return Served(config, *roles, environment={"PASSWORD": PASSWORD})


def order(number: int, lab: Path) -> Played:
    """Alice wants to hear the message on her desk."""
    cas = ("--cas", f"https://{CAS}:8443", "--ca", str(lab / "root.pem"))
    there = ("--resolve", f"{CAS}={loopback.host(number, Role.CAS)}")
    what = ("--user", "alice", "--message", "hello", "--to", DESK)
    return Played(*cas, *there, *what, password=PASSWORD)


def test_over_tls_the_phone_rings_and_records_the_message(
    number: int, lab: Path
) -> None:
    """The call ends at the UM's call limit, for this phone hangs up on nobody."""
    there = loopback.host(number, Role.PHONE)
    certificate = Lab.open(lab).identity_for(PHONE)
    with (
        Baresip(there, PORT, certificate=certificate, number=DESK) as phone,
        office(number, lab, "tls", limit=2.0),
        order(number, lab) as play,
    ):
        assert play.finishes() == Exit.GREEN, play.said

    assert likeness(*phone.recorded) > LIKENESS


def test_a_phone_under_test_behind_our_gateway(number: int, tmp_path: Path) -> None:
    there = loopback.host(number, Role.PHONE)
    config = STATEMENT.format(mutual="false")
    words = ("--security", "unsecured")
    with Baresip(there, PORT, number=DESK) as phone:
        judged = run(f"phone=tcp:{there}:{PORT}", [PLAIN], tmp_path, config, *words)

    assert not judged.cases("fail", "error", "inconclusive"), judged.said
    assert judged.status == Exit.GREEN
    assert likeness(*phone.recorded) > LIKENESS


def test_the_phone_hangs_up_and_the_user_is_told(number: int, lab: Path) -> None:
    there = loopback.host(number, Role.PHONE)
    with (
        Baresip(there, PORT, number=DESK) as phone,
        office(number, lab, "tcp", limit=30),
        order(number, lab) as play,
    ):
        play.says("Connected")
        phone.hangs_up()
        assert play.finishes() == Exit.GREEN, play.said
