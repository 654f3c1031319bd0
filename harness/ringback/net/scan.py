"""sipvicious as scanners see it: its commands, run as processes, and their tables read.

It is GPL-2.0-or-later and speaks UDP only; nothing of it is imported. It writes to its
home, which is a temporary one here; ``-R``, which mails tracebacks to its author, is
never given. svmap keeps to the source address it is told; svwar takes that option and
does not use it (0.3.8), so its datagrams come from wherever the system sends them.
"""

import re
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec

from ringback.faults import TestbedFault
from ringback.net.errand import Errand
from ringback.values import Address

PORT: Final = 5080  # of the scanner
EXITS: Final = (0, 30, 40)  # found or not; somebody did not answer; svwar found one
_ROW = re.compile(r"^\| (\S+) +\| (.*?) +\|", re.MULTILINE)
_HEADINGS = {"SIP Device", "Extension"}
_WITHIN = 20.0  # seconds; svmap waits three at its end, whatever happens


class Found(msgspec.Struct, frozen=True):
    """A row of the table: a place, or an extension, and what is said of it."""

    what: str
    told: str


class Scan:
    """One scan on its way."""

    def __init__(self, errand: Errand) -> None:
        self._errand = errand

    def is_over(self) -> bool:
        return self._errand.is_over()

    def close(self) -> None:
        self._errand.close()

    def found(self) -> tuple[Found, ...]:
        """What it lists. TestbedFault when it did not come to its end."""
        return rows(self._errand.outcome(EXITS))


def for_servers(source: str, hosts: Sequence[str], ports: Sequence[int]) -> Scan:
    """svmap: OPTIONS by UDP to each port of each host."""
    listed = ",".join(map(str, ports))
    return _scan("sipvicious_svmap", source, f"-p{listed}", *hosts)


def for_extensions(
    source: str, target: Address, extensions: str, method: str = "REGISTER"
) -> Scan:
    """svwar: who is known there? ``extensions`` as "100-104"; by UDP.

    Forced, for it gives up before its first guess where every answer is the same.
    """
    words = ("--force", f"-e{extensions}", f"-m{method}", f"-p{target.port}")
    return _scan("sipvicious_svwar", source, *words, target.host)


def rows(text: str) -> tuple[Found, ...]:
    """The rows of an ASCII table, without its head."""
    return tuple(
        Found(what, told)
        for what, told in _ROW.findall(text)
        if not any(f"{what} {told}".startswith(head) for head in _HEADINGS)
    )


def _scan(program: str, source: str, *words: str) -> Scan:
    beside = Path(sys.executable).parent
    path = shutil.which(program, path=str(beside)) or shutil.which(program)
    if path is None:
        raise TestbedFault(f"{program} is not there: pip install sipvicious")
    own = (f"-P{PORT}", f"-b{source}", f"-x{source}")
    return Scan(Errand((path, *own, *words), within=_WITHIN))
