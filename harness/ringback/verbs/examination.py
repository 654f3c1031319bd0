"""``doctor``: what this machine and this configuration can and cannot do."""

import platform
import ssl
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from ringback import __version__
from ringback.config import Config, load
from ringback.faults import TestbedFault
from ringback.judge.catalogue import catalogue
from ringback.net import loopback, programs, recorder
from ringback.report.status import Exit
from ringback.verbs.remarks import Grade, Remark, lack, lines, ok, stop

Say = Callable[[str], object]
_WITHOUT = {
    "tshark": "RB-DIS-001: no dissector but ours reads the captures",
    "dumpcap": "",  # told by the right to record
    "sipp": "cases of `make test` with SIPp as gateway and as caller",
    "baresip": "cases of `make test` with baresip as gateway and phone",
}


def examine(config_file: Path | None, say: Say) -> int:
    """Look at everything; 0, or 2 when the configuration cannot work, or 6 when a
    system under test does not answer."""
    from ringback.verbs.config_examination import config_remarks, sut_remarks

    say(f"ringback {__version__}\n\nThis machine")
    found = _told(machine_remarks(), say)
    config = load(config_file) if config_file else Config()
    source = str(config_file) if config_file else "the lab's own (no --config)"
    say(f"\nThe configuration: {source}")
    wrong = _told(config_remarks(config), say)
    suts = _told(sut_remarks(config), say)
    say(_summary([*found, *wrong, *suts]))
    if any(remark.grade is Grade.STOP for remark in wrong):
        return Exit.USAGE
    if any(remark.grade is Grade.STOP for remark in suts):
        return Exit.UNREACHABLE
    return Exit.GREEN


def machine_remarks() -> Iterator[Remark]:
    """Python and OpenSSL, outside programs, the right to record, the loopback."""
    system = f"{platform.system()} {platform.release()}"
    openssl = " ".join(ssl.OPENSSL_VERSION.split()[:2])
    yield ok(f"Python {platform.python_version()}, {openssl}, {system}")
    there = programs.versions()
    if there:
        yield ok(", ".join(f"{name} {version}" for name, version in there.items()))
    for name in programs.missing():
        if untested := _WITHOUT[name]:
            command = programs.install_command((name,))
            yield lack(f"{name} is not installed", command, untested)
    yield _recording()
    yield _network()


def _recording() -> Remark:
    """Only a recorder sees what TLS looked like, and what else was on the wire."""
    command = recorder.rights()
    if not command:
        return ok("may record the loopback: captures show what was on the wire")
    wire = [r.id for r in catalogue().values() if r.entry.needs == "wire"]
    is_there = "dumpcap" not in programs.missing()
    why = "this user may not record" if is_there else "dumpcap is not installed"
    return lack(
        f"{why}: captures are written from what the endpoints saw",
        command if command.startswith("sudo ") else f"sudo {command}",
        f"{len(wire)} requirements that only the wire can tell: {', '.join(wire)}",
    )


def _network() -> Remark:
    try:
        number = loopback.claim()
    except TestbedFault as trouble:
        remedy = "end other runs"
        if sys.platform != "linux":
            remedy = "use Linux, or `ringback run --net memory`"
        return stop(str(trouble), remedy, "everything on sockets")
    loopback.give_back(number)
    return ok(f"a loopback network is free for a run, such as 127.0.{number}.0/24")


def _told(remarks: Iterator[Remark], say: Say) -> list[Remark]:
    """Said one by one, for some take a while."""
    told = []
    for remark in remarks:
        told.append(remark)
        for line in lines([remark]):
            say(line)
    return told


def _summary(remarks: list[Remark]) -> str:
    count = {g: sum(r.grade is g for r in remarks) for g in Grade}
    if count[Grade.STOP]:
        return f"\n{count[Grade.STOP]} in the way: see the lines with `stop`."
    if count[Grade.LACK]:
        return f"\nNothing is in the way; {count[Grade.LACK]} lacking."
    return "\nNothing is in the way."
