"""A peer with no manners: sends octets wherever it is told and keeps what comes back.

The harness injects with it what no honest stack would send.
"""

from dataclasses import dataclass

from ringback.protocol.world import (
    Arrived,
    Bind,
    Cast,
    Close,
    Connect,
    Fact,
    Heard,
    Listener,
    Lost,
    Opened,
    Release,
    Wish,
    Write,
)
from ringback.values import Address


@dataclass(slots=True)
class Visit:
    """One connection of the stranger: ``answer`` grows, ``over`` says why it ended."""

    link: str
    answer: bytes = b""
    opened: bool = False
    over: str = ""

    def is_open(self) -> bool:
        return self.opened and not self.over

    def is_over(self) -> bool:
        return bool(self.over)

    def is_answered(self) -> bool:
        return bool(self.answer)


class Stranger:
    """Commands gather wishes; whoever seats the stranger executes them."""

    def __init__(self) -> None:
        self._visits: dict[str, Visit] = {}
        self._bound: set[int] = set()
        self._wishes: list[Wish] = []
        self.overheard: list[bytes] = []

    @property
    def listeners(self) -> tuple[Listener, ...]:
        return ()

    def visits(self, target: Address, *, secured: bool, name: str = "") -> Visit:
        """Open a connection; nothing is said yet."""
        visit = Visit(f"visit-{len(self._visits) + 1}")
        self._visits[visit.link] = visit
        self._wishes.append(Connect(visit.link, target, secured, name))
        return visit

    def says(self, visit: Visit, octets: bytes) -> None:
        self._wishes.append(Write(visit.link, octets))

    def leaves(self, visit: Visit) -> None:
        self._wishes.append(Close(visit.link))

    def casts(self, octets: bytes, target: Address, *, port: int = 5062) -> None:
        """Send a datagram and keep listening for what it earns."""
        if port not in self._bound:
            self._bound.add(port)
            self._wishes.append(Bind(port))
        self._wishes.append(Cast(port, target, octets))

    def wishes(self) -> tuple[Wish, ...]:
        wanted, self._wishes = tuple(self._wishes), []
        return wanted

    def on(self, fact: Fact) -> tuple[Wish, ...]:
        match fact:
            case Opened(link):
                self._visits[link].opened = True
            case Arrived(link, octets):
                self._visits[link].answer += octets
            case Lost(link, reason):
                self._visits[link].over = reason or "closed"
            case Heard(_port, _source, octets):
                self.overheard.append(octets)
            case _:
                pass
        return self.wishes()

    def goes_home(self) -> None:
        """Close whatever is open."""
        for visit in self._visits.values():
            if not visit.over:
                self.leaves(visit)
        self._wishes.extend(Release(port) for port in sorted(self._bound))
        self._bound.clear()

    def leftovers(self) -> tuple[str, ...]:
        return ()
