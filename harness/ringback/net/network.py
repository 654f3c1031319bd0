"""What a network is to those who seat peers on it, whichever network it is.

Once a peer has wished to Close a link it hears no more of it: neither Arrived nor Lost.
A link that was accepted and never opened, because TLS was refused, is not told at all;
it leaves a line in the trace.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from ringback.evidence import circumstances
from ringback.evidence.packets import CapturedPacket
from ringback.evidence.taps import Tap
from ringback.net.identity import Identity
from ringback.protocol.world import Bend, Listener, Peer, Wish
from ringback.values import Address, Role

if TYPE_CHECKING:
    from ringback.net.link import Link


class Shelf(Protocol):
    """A store as seats use it; what its questions and records are is the peers' word
    with it (``protocol.mailbox``)."""

    def answer(self, question: Any) -> object: ...

    def keep(self, record: Any) -> None: ...


Line = tuple[float, Role | None, str]  # of the trace: seconds, who, what


@dataclass(slots=True, eq=False)
class Seated:
    """A peer on its seat; the handle that ``seat`` gives and ``give`` takes.

    ``alarms`` holds whatever the network needs to take an alarm back.
    """

    peer: Peer
    role: Role | None
    host: str
    identity: Identity | None
    store: Shelf | None
    what: str
    label: str
    listeners: tuple[Listener, ...]
    links: dict[str, "Link"] = field(default_factory=dict)
    sources: dict[int, Address] = field(default_factory=dict)  # bound ports
    accepted: int = 0  # links accepted so far, for their names
    gone: bool = False
    bend: Bend | None = None  # of a peer that is wrong, or odd, on purpose

    @property
    def name(self) -> str:
        """The FQDN its certificate proves, or what else it is called."""
        proved = self.identity.names if self.identity else ()
        return next(iter(proved), "") or self.label or self.host

    def described(self) -> circumstances.Seat | None:
        """The seat as the evidence records it; a stranger, who has no role, is none."""
        if self.role is None:
            return None
        return circumstances.Seat(
            role=self.role,
            name=self.name,
            host=self.host,
            ports=tuple(p.port for p in self.listeners if not p.secured),
            secured_ports=tuple(p.port for p in self.listeners if p.secured),
            what=self.what,
        )


class Network(Protocol):
    """Two implement it: MemoryNetwork (virtual seconds) and SocketNetwork (real)."""

    tap: Tap
    trace: list[Line]
    captured: str  # "wire", "memory" or "taps"

    @property
    def now(self) -> float: ...

    def ns(self) -> int: ...

    def seat(
        self,
        peer: Peer,
        *,
        role: Role | None,
        host: str,
        identity: Identity | None = None,
        store: Shelf | None = None,
        what: str = "",
        label: str = "",
        bend: Bend | None = None,
    ) -> Seated:
        """Open the peer's listeners, then tell it Started. Misuse: a port is taken."""
        ...

    def unseat(self, seat: Seated) -> None:
        """End its links, ports and alarms; it is told nothing more."""
        ...

    def seats(self) -> tuple[circumstances.Seat, ...]:
        """Every seat since the scenario began, those left since included."""
        ...

    def give(self, seat: Seated, wishes: Iterable[Wish]) -> None:
        """Execute wishes that a command made, outside of ``on``."""
        ...

    def until(self, met: Callable[[], bool], within: float) -> bool:
        """Run events until ``met()``, or until so many seconds are over."""
        ...

    def settle(self, within: float) -> bool:
        """Run until nothing is pending, alarms included; False when time was up."""
        ...

    def stood_still(self) -> float:
        """Seconds: the longest that the machine kept peers from their turn since the
        scenario began; 0 where the clock jumps."""
        ...

    def secrets(self) -> bytes:
        """NSS key log of the handshakes since the last call, or since the scenario
        began."""
        ...

    def begin_scenario(self, name: str) -> None:
        """Forget tap, trace and packets; count from here."""
        ...

    def end_scenario(self) -> Sequence[CapturedPacket]:
        """Every packet since the scenario began; ``captured`` says whence."""
        ...

    def close(self) -> tuple[str, ...]:
        """Unseat all; what peers left open, one line each."""
        ...
