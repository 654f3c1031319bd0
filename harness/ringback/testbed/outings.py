"""Programs that a scenario sets upon a role: hellos made by scapy, scans by sipvicious.

Each is a process of its own on real sockets; our peers go on meanwhile.
"""

import json
import sys
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Protocol

from ringback.faults import Untestable
from ringback.net import scan
from ringback.net.errand import Errand
from ringback.net.scan import Scan
from ringback.values import Address, Role

if TYPE_CHECKING:
    from ringback.testbed.testbed import Testbed

_CRAFTER = "ringback.net.crafted"
_A_HELLO = 4.0  # seconds at most for each


class Running(Protocol):
    """A process, or what stands for one."""

    def is_over(self) -> bool: ...

    def close(self) -> None: ...


class Outing:
    """A program on its way; what it tells at its end becomes notes of the scenario."""

    def __init__(
        self, bed: "Testbed", running: Running, tell: Callable[[], Iterable[str]]
    ) -> None:
        self._bed = bed
        self._running = running
        self._tell = tell
        self._told = False

    def is_over(self) -> bool:
        """TestbedFault when it came to no good end."""
        if not self._running.is_over():
            return False
        if not self._told:
            self._told = True
            for line in self._tell():
                self._bed.note(line)
        return True

    def close(self) -> None:
        self._running.close()


def crafted(
    bed: "Testbed", source: str, target: Address, hellos: Sequence[str]
) -> Outing:
    """Hellos by their names in ``net.crafted``, one after the other."""
    _needs_sockets(bed, "a crafted hello")
    where = (source, target.host, str(target.port))
    words = (sys.executable, "-m", _CRAFTER, *where, *hellos)
    errand = Errand(words, within=5.0 + _A_HELLO * len(hellos))
    return Outing(bed, errand, lambda: _answers(errand.outcome()))


def servers_scan(bed: "Testbed", source: str) -> Outing:
    """svmap by UDP over every SIP port of the UM, its workers included."""
    _needs_sockets(bed, "a scanner")
    seats = [bed.seat_of(Role.UM), *bed.network.seats()]
    um = [seat for seat in seats if seat.role is Role.UM]
    hosts = list(dict.fromkeys(seat.host for seat in um))
    ports = {p for seat in um for p in (*seat.ports, *seat.secured_ports)}
    running = scan.for_servers(source, hosts, sorted({5060, 5061} | ports))
    return Outing(bed, running, lambda: _findings("svmap", running))


def extensions_scan(
    bed: "Testbed", source: str, target: Address, extensions: str, method: str
) -> Outing:
    """svwar at a place that speaks UDP."""
    _needs_sockets(bed, "a scanner")
    running = scan.for_extensions(source, target, extensions, method)
    return Outing(bed, running, lambda: _findings(f"svwar {method}", running))


def _needs_sockets(bed: "Testbed", what: str) -> None:
    if bed.session.asked.net == "memory":
        raise Untestable(f"{what} needs real sockets")


def _answers(text: str) -> Iterable[str]:
    for line in text.splitlines():
        told = json.loads(line)
        words = (str(v) for k, v in told.items() if k not in ("hello", "words"))
        yield f"hello {told['hello']}: {told.get('words') or ' '.join(words)}"


def _findings(what: str, running: Scan) -> Iterable[str]:
    found = running.found()
    for one in found:
        yield f"{what} found {one.what}: {one.told}"
    if not found:
        yield f"{what} found nobody"
