"""``ringback serve`` in one terminal, ``ringback play`` in another: the phone rings."""

import json
import os
import stat
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from testsuites.selftest.outside.baresip import Baresip
from testsuites.selftest.outside.program import Program, installed

from ringback.net import loopback
from ringback.net.lab import Lab
from ringback.values import Role

RINGBACK = (sys.executable, "-m", "ringback")
PASSWORD = "for this test alone"
DESK = "+12065550123"
CONFIG = """
{lab}
timer_scale = 0.2
[um]
host = "{um}"
[[um.gateways]]
name = "gateway.ringback.test"
host = "{gateway}"
port = 5080
secured_port = 5081
[cas]
host = "{cas}"
[gateway]
host = "{gateway}"
[phone]
host = "{phone}"
"""


class Served(Program):
    """``ringback serve`` with some words; ready when the ready file is there."""

    def __init__(self, *words: str, config: Path, ready: Path) -> None:
        super().__init__()
        self.words = words
        self.config = config
        self.ready_file = ready
        self.environment["RINGBACK_PASSWORD"] = PASSWORD

    def command(self) -> Sequence[str]:
        options = ("--config", str(self.config), "--ready", str(self.ready_file))
        return (*RINGBACK, "serve", *self.words, *options)

    def ready(self) -> None:
        self.says("to order a call")
        assert self.ready_file.exists()


@pytest.fixture
def number() -> Iterator[int]:
    claimed = loopback.claim()
    yield claimed
    loopback.give_back(claimed)


def config_in(folder: Path, number: int, lab: str = "") -> Path:
    path = folder / "ringback.toml"
    hosts = {
        role.value: loopback.host(number, role)
        for role in (Role.UM, Role.CAS, Role.GATEWAY, Role.PHONE)
    }
    path.write_text(CONFIG.format(lab=f'lab = "{lab}"' if lab else "", **hosts))
    return path


def played(number: int, ready: Path, *words: str) -> subprocess.CompletedProcess[str]:
    told = json.loads(ready.read_text())
    cas = loopback.host(number, Role.CAS)
    return subprocess.run(
        [
            *RINGBACK,
            "play",
            *("--cas", "https://cas.ringback.test:8443"),
            *("--resolve", f"cas.ringback.test={cas}"),
            *("--ca", told["ca"]),
            *("--user", "alice", "--password-env", "PW", "--to", DESK),
            *words,
        ],
        env={**os.environ, "PW": PASSWORD},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("security", ["unsecured", "secured"])
def test_our_own_phone_rings_and_plays(
    tmp_path: Path, number: int, security: str
) -> None:
    config, ready = config_in(tmp_path, number), tmp_path / "ready.json"
    with Served("--security", security, config=config, ready=ready) as served:
        mode = stat.S_IMODE(ready.stat().st_mode)
        outcome = played(number, ready)
    assert outcome.stdout.split() == [
        "Connecting",
        "Alerted",
        "Connected",
        "Disconnected",
    ]
    assert outcome.returncode == 0
    assert mode == 0o600
    assert PASSWORD not in served.said
    assert served.status == 0
    assert not ready.exists()


def test_baresip_rings_and_plays_over_tcp(tmp_path: Path, number: int) -> None:
    installed("baresip")
    config, ready = config_in(tmp_path, number), tmp_path / "ready.json"
    phone = Baresip(loopback.host(number, Role.GATEWAY), 5080, number=DESK)
    with phone, Served("um", "cas", config=config, ready=ready):
        outcome = played(number, ready)
    assert outcome.stdout.split()[-2:] == ["Connected", "Disconnected"], outcome.stderr
    assert len(phone.recorded) == 1


def test_baresip_rings_and_plays_over_tls(tmp_path: Path, number: int) -> None:
    installed("baresip")
    made = subprocess.run(
        [*RINGBACK, "lab", "init", str(tmp_path / "lab")],
        capture_output=True,
        check=False,
    )
    assert made.returncode == 0
    config, ready = config_in(tmp_path, number, "lab"), tmp_path / "ready.json"
    kept = Lab.open(tmp_path / "lab").identity_for("gateway.ringback.test")
    host = loopback.host(number, Role.GATEWAY)
    phone = Baresip(host, 5080, number=DESK, certificate=kept)
    words = ("um", "cas", "--security", "sip-secured")
    with phone, Served(*words, config=config, ready=ready):
        outcome = played(number, ready)
    assert outcome.stdout.split()[-2:] == ["Connected", "Disconnected"], outcome.stderr
    assert len(phone.recorded) == 1


def test_a_wrong_password_is_told_and_nobody_is_called(
    tmp_path: Path, number: int
) -> None:
    config, ready = config_in(tmp_path, number), tmp_path / "ready.json"
    with Served(config=config, ready=ready):
        outcome = played(number, ready, "--user", "bob", "--message", "nothing")
        wrong = played(number, ready, "--password-env", "HOME")
    assert outcome.returncode == 1
    assert wrong.returncode == 1
    assert "401" in wrong.stdout + wrong.stderr


def test_a_port_in_use_is_named(tmp_path: Path, number: int) -> None:
    config, ready = config_in(tmp_path, number), tmp_path / "ready.json"
    with Served(config=config, ready=ready):
        second = subprocess.run(
            [*RINGBACK, "serve", "--config", str(config)],
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
    assert second.returncode == 2
    assert "Address already in use" in second.stderr
    assert loopback.host(number, Role.UM) in second.stderr or "5090" in second.stderr


def test_a_role_that_nobody_serves_is_named() -> None:
    told = subprocess.run(
        [*RINGBACK, "serve", "pbx"], capture_output=True, text=True, check=False
    )
    assert told.returncode == 2
    assert "pbx" in told.stderr
