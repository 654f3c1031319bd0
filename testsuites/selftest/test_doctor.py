"""ringback doctor: what is lacking, what to do, what stays not-tested."""

import os
import socket
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ringback.config import load
from ringback.faults import Misuse
from ringback.judge.catalogue import catalogue
from ringback.net import programs, recorder
from ringback.net.authority import save_identity
from ringback.net.lab import Lab
from ringback.verbs.examination import examine
from ringback.verbs.lasting import init

HOSTS = """
[um]
host = "127.0.83.30"
workers = []
[cas]
host = "127.0.83.20"
[gateway]
host = "127.0.83.40"
[phone]
host = "127.0.83.50"
"""


@pytest.fixture(autouse=True)
def _may_record(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recorder, "rights", lambda: "")


@pytest.fixture
def listening() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.83.40", 0)) as stream:
        yield stream


def examined(folder: Path, text: str = "") -> tuple[int, str]:
    path = folder / "ringback.toml"
    path.write_text(text + ("" if "[um]" in text else HOSTS))
    said: list[str] = []
    return examine(path, said.append), "\n".join(said)


def lines_after(said: str, what: str) -> list[str]:
    """The line that has the words, and the two after it, in single spaces."""
    lines = [" ".join(line.split()) for line in said.splitlines()]
    at = next((n for n, line in enumerate(lines) if what in line), None)
    assert at is not None, said
    return lines[at : at + 3]


def test_a_machine_where_nothing_is_lacking(tmp_path: Path) -> None:
    status, said = examined(tmp_path)
    assert status == 0
    assert "stop" not in said
    assert f"Python {sys.version.split()[0]}" in said


def test_it_says_where_it_is_without_a_file() -> None:
    said: list[str] = []
    examine(None, said.append)
    assert any("no --config" in line for line in said)


def test_without_the_right_to_record_the_wire_stays_untested(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recorder, "rights", lambda: "setcap cap_net_raw=eip dumpcap")
    status, said = examined(tmp_path)
    assert status == 0
    assert "to do       sudo setcap cap_net_raw=eip dumpcap" in said
    wire = [r.id for r in catalogue().values() if r.entry.needs == "wire"]
    assert f"{len(wire)} requirements" in said
    assert all(id_ in said for id_ in wire)


def test_a_missing_program_has_its_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(programs, "missing", lambda: ("sipp", "baresip"))
    status, said = examined(tmp_path)
    assert status == 0
    first = lines_after(said, "sipp is not installed")
    assert first[1] == "to do sudo apt-get install sip-tester"
    assert first[2].startswith("not-tested cases")


def test_programs_that_are_there_tell_their_versions(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "sipp"
    program.write_text("#!/bin/sh\necho ' SIPp v3.6.1-SCTP'\nexit 99\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    programs.versions.cache_clear()
    try:
        assert programs.versions() == {"sipp": "3.6.1"}
        assert programs.missing() == ("tshark", "dumpcap", "baresip")
    finally:
        programs.versions.cache_clear()


def test_one_command_installs_all_that_is_missing() -> None:
    assert programs.install_command(()) == ""
    every = programs.install_command(programs.PROGRAMS)
    assert every == "sudo apt-get install tshark sip-tester baresip"


def test_a_port_in_use_is_named_with_its_holder(
    tmp_path: Path, listening: socket.socket
) -> None:
    port = listening.getsockname()[1]
    text = HOSTS.replace("[gateway]", f"[gateway]\nport = {port}")
    status, said = examined(tmp_path, text)
    assert status == 0
    assert f"gateway.port = {port} is held by process {os.getpid()}" in said
    assert "to do       stop it, or change gateway.port" in said


def test_two_keys_with_one_port(tmp_path: Path) -> None:
    text = HOSTS.replace("[phone]", "[phone]\nport = 5095\nsecured_port = 5095")
    status, said = examined(tmp_path, text)
    assert status == 2
    assert "phone.port and phone.secured_port are both 127.0.83.50:5095" in said


def test_an_address_of_another_machine_is_told_once(tmp_path: Path) -> None:
    status, said = examined(tmp_path, HOSTS.replace("127.0.83.20", "192.0.2.1"))
    assert status == 0
    assert said.count("cas.host: cannot listen on 192.0.2.1") == 1


def test_a_name_without_an_address(tmp_path: Path) -> None:
    text = '[sut]\ngateway = "tls:gw.vendor.test:5061"\n'
    status, said = examined(tmp_path, text)
    assert status == 2
    _, remedy, _ = lines_after(said, "gw.vendor.test is no address")
    assert '[resolve] "gw.vendor.test" = "ADDRESS"' in remedy


def test_a_system_under_test_that_is_there(
    tmp_path: Path, listening: socket.socket
) -> None:
    port = listening.getsockname()[1]
    status, said = examined(tmp_path, f'[sut]\ngateway = "tcp:127.0.83.40:{port}"\n')
    assert status == 0
    assert "the 7 TCP ports of `ringback serve` are free" in said
    assert "accepts connections" in said
    assert lines_after(said, "statement.busy is empty")[2] == (
        "not-tested cases with a busy phone"
    )


def test_a_system_under_test_that_is_not(
    tmp_path: Path, listening: socket.socket
) -> None:
    port = listening.getsockname()[1]
    listening.close()
    status, said = examined(tmp_path, f'[sut]\ngateway = "tcp:127.0.83.40:{port}"\n')
    assert status == 6
    assert "the gateway under test does not answer" in said


@pytest.mark.parametrize(
    ("role", "where", "why"),
    [
        ("um", "tcp:127.0.83.40:5060", "set ringback_binding = true in .statement."),
        ("cas", "https://127.0.83.40", "Name --sut um too"),
        ("cas", "tcp:127.0.83.40:5060", "write https://HOST"),
        ("client", "tcp:127.0.83.40:5060", "write exec:COMMAND"),
    ],
)
def test_a_role_that_cannot_be_under_test(
    tmp_path: Path, role: str, where: str, why: str
) -> None:
    with pytest.raises(Misuse, match=why):
        examined(tmp_path, f'[sut]\n{role} = "{where}"\n')


def test_a_program_under_test_must_be_there(tmp_path: Path) -> None:
    _, said = examined(tmp_path, '[sut]\ngateway = "exec:true for once"\n')
    assert "sut.gateway: exec:true for once can be started" in said
    status, said = examined(tmp_path, '[sut]\ngateway = "exec:./not-here"\n')
    assert status == 6
    assert "no program ./not-here" in said


def test_a_statement_decides_what_is_applicable(
    tmp_path: Path, listening: socket.socket
) -> None:
    port = listening.getsockname()[1]
    text = f'[sut]\ngateway = "tcp:127.0.83.40:{port}"\n'
    _, said = examined(tmp_path, text + "[statement]\nmutual_tls = false\n")
    assert "TLS-MUTUAL-001" in lines_after(said, "statement.mutual_tls is false")[0]


def test_a_wrong_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(Misuse, match=r"ringback.toml:1: unknown key `securty`"):
        examined(tmp_path, "securty = 'secured'\n")


def in_lab(folder: Path) -> tuple[int, str]:
    said: list[str] = []
    config = folder / "ringback.toml"
    config.write_text('lab = "."\n' + HOSTS.replace("workers = []\n", ""))
    return examine(config, said.append), "\n".join(said)


def test_a_lab_in_good_order(tmp_path: Path) -> None:
    init(tmp_path / "lab", print)
    status, said = in_lab(tmp_path / "lab")
    assert status == 0
    assert "um.pem names um.ringback.test, um-1.ringback.test" in said


def test_a_certificate_that_is_over_and_one_that_soon_is(tmp_path: Path) -> None:
    init(tmp_path / "lab", print)
    lab, now = Lab.open(tmp_path / "lab"), datetime.now(UTC)
    for role, days in (("cas", -1), ("gateway", 5)):
        name = f"{role}.ringback.test"
        ends = now + timedelta(days=days)
        save_identity(lab.issue(name, ends=ends), tmp_path / "lab", role)
    status, said = in_lab(tmp_path / "lab")
    assert status == 2
    assert "the time of cas.pem is over since" in said
    assert "lab: gateway.pem ends on" in said


def test_a_certificate_with_another_name_and_a_readable_key(tmp_path: Path) -> None:
    init(tmp_path / "lab", print)
    lab = Lab.open(tmp_path / "lab")
    save_identity(lab.issue("other.ringback.test"), tmp_path / "lab", "phone")
    (tmp_path / "lab" / "root.key").chmod(0o644)
    status, said = in_lab(tmp_path / "lab")
    assert status == 0
    assert "phone.pem does not name phone.ringback.test" in said
    assert f"to do       chmod 600 {tmp_path / 'lab' / 'root.key'}" in said


def test_a_lab_that_is_none(tmp_path: Path) -> None:
    status, said = examined(tmp_path, 'lab = "nowhere"\n')
    assert status == 2
    assert f"{tmp_path / 'nowhere'} is no lab" in said


def test_users_without_a_password_or_a_mailbox(tmp_path: Path) -> None:
    from ringback.stores.mailbox import Mailbox

    Mailbox.lab(tmp_path / "m.sqlite").close()
    one = '[[users]]\nname = "{}"\npassword_env = "NOT_SET_AT_ALL"\n'
    text = 'mailbox = "m.sqlite"\n' + one.format("alice") + one.format("zoe")
    status, said = examined(tmp_path, text)
    assert status == 2
    assert "NOT_SET_AT_ALL is not set, the password of alice" in said
    assert "the mailbox has no zoe" in said


def test_paths_start_where_the_file_is(tmp_path: Path) -> None:
    path = tmp_path / "ringback.toml"
    path.write_text('lab = "l"\nmailbox = "/m"\n[trust]\nroots = ["r"]\n')
    config = load(path)
    assert (config.lab, config.mailbox) == (str(tmp_path / "l"), "/m")
    assert config.trust.roots == (str(tmp_path / "r"),)
