"""scapy's hellos, from a process of its own: what a server says, and what we read."""

import json
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from testsuites.selftest.scribe import echo
from testsuites.selftest.test_import_rules import imports

import ringback
from ringback.evidence.evidence import Evidence
from ringback.evidence.frame import Connection, TlsEvent
from ringback.evidence.reader import read
from ringback.evidence.writer import Capture
from ringback.faults import TestbedFault
from ringback.net import loopback
from ringback.net.authority import Authority
from ringback.net.errand import Errand
from ringback.net.sockets import SocketNetwork
from ringback.protocol.world import Listener
from ringback.values import Role

CRAFTER = "ringback.net.crafted"
STRANGER = 99
PORT = 5061
HELLOS = ("sound", "tls-10", "tls-11", "null", "rc4", "export", "3des")
SPOILED = ("oversized", "garbled", "cut")
Told = dict[str, dict[str, object]]


@cache
def played() -> tuple[Told, Evidence]:
    """Every hello to a server of ours, once; what it told, and what the wire told."""
    number, network = loopback.claim(), SocketNetwork()
    um, here = loopback.host(number, Role.UM), f"127.0.{number}.{STRANGER}"
    server = echo(Listener(PORT, secured=True))
    try:
        identity = Authority().issue("um.ringback.test")
        network.seat(server, role=Role.UM, host=um, identity=identity)
        words = (sys.executable, "-m", CRAFTER, here, um, str(PORT))
        errand = Errand((*words, *HELLOS, *SPOILED), within=30)
        assert network.until(errand.is_over, within=30)
        lines = map(json.loads, errand.outcome().splitlines())
        packets = network.end_scenario()
    finally:
        network.close()
        loopback.give_back(number)
    evidence = read(bytes(Capture(packets, b"", None)))
    return {line["hello"]: line for line in lines}, evidence


def connection(hello: str) -> Connection:
    """Hellos are said in order, each on a connection of its own."""
    return played()[1].connections[(*HELLOS, *SPOILED).index(hello)]


def test_a_sound_hello_is_taken_up() -> None:
    told = played()[0]["sound"]
    assert (told["answer"], told["version"]) == ("server hello", 0x0303)
    assert connection("sound").version == "TLSv1.2"


@pytest.mark.parametrize(
    ("hello", "description"),
    [
        ("tls-10", 70),
        ("tls-11", 70),
        ("null", 40),
        ("rc4", 40),
        ("export", 40),
        ("3des", 40),
        ("oversized", 22),
        ("garbled", 50),
    ],
)
def test_the_others_get_an_alert_that_says_why(hello: str, description: int) -> None:
    told = played()[0][hello]
    assert (told["answer"], told["description"]) == ("alert", description)
    alerts = [t.alert for t in connection(hello).tls if t.event is TlsEvent.ALERT]
    assert alerts == [(2, description)]


def test_half_a_hello_gets_an_end() -> None:
    assert played()[0]["cut"]["answer"] == "closed"
    assert connection("cut").closed


@pytest.mark.parametrize(
    ("hello", "version", "cipher"),
    [
        ("tls-10", "TLSv1", 0x002F),
        ("tls-11", "TLSv1.1", 0x002F),
        ("null", "TLSv1.2", 0x0002),
        ("rc4", "TLSv1.2", 0x0005),
        ("export", "TLSv1.2", 0x0003),
        ("3des", "TLSv1.2", 0x000A),
    ],
)
def test_our_reader_knows_what_was_offered(
    hello: str, version: str, cipher: int
) -> None:
    first = connection(hello).tls[0]
    assert first.event is TlsEvent.CLIENT_HELLO
    assert first.versions == (version,)
    assert cipher in first.ciphers
    assert not first.broken


def test_our_reader_knows_what_is_broken() -> None:
    assert connection("garbled").tls[0].broken
    flows = {connection(hello).flow for hello in ("oversized", "cut")}
    assert flows <= {frame.flow for frame in played()[1].broken}


def test_what_is_gpl_is_not_part_of_us() -> None:
    """One module imports scapy, and is run and never imported; none, sipvicious."""
    folder = Path(ringback.__file__).parent
    seen = {path.name: imports(path) for path in folder.rglob("*.py")}
    scapy = {n for n, names in seen.items() for m in names if m.startswith("scapy")}
    assert scapy == {"crafted.py"}
    assert not [n for n, names in seen.items() if CRAFTER in names]
    assert not [n for n, names in seen.items() if "sipvicious" in str(names)]


@pytest.fixture
def idle() -> Iterator[Errand]:
    errand = Errand(("cat", "/dev/zero"), within=0.05)
    yield errand
    errand.close()


def test_a_program_is_ended_when_its_time_is_up(idle: Errand) -> None:
    network = SocketNetwork()
    assert network.until(idle.is_over, within=5)
    network.close()
    with pytest.raises(TestbedFault, match="did not end in time"):
        idle.outcome()


def test_a_program_s_complaint_is_told() -> None:
    words = (sys.executable, "-m", CRAFTER, "127.0.0.1", "127.0.0.1", "1", "nonsense")
    errand = Errand(words, within=20)
    network = SocketNetwork()
    assert network.until(errand.is_over, within=20)
    network.close()
    with pytest.raises(TestbedFault, match="nonsense"):
        errand.outcome()


def test_a_program_that_is_not_there() -> None:
    with pytest.raises(TestbedFault, match="does not start"):
        Errand(("no-such-program",), within=1)


def test_the_command_line_says_which_hellos_there_are() -> None:
    words = [sys.executable, "-m", CRAFTER, "--help"]
    assert b"HELLO" in subprocess.run(words, capture_output=True, check=True).stdout
