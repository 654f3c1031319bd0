"""Which gateways the worker may call out through just now.

Facts §4.8 (the next one where one is no use); RFC 3261 §21.5.4 with §20.33: who answers
503 and says Retry-After is left alone for so long.
"""

from collections.abc import Callable, Iterable

from ringback.protocol.redirect import Target
from ringback.protocol.world import Alarm, Wish
from ringback.wire.headers import retry_after
from ringback.wire.message import Message

ALARM = "gateway"


class Gateways:
    """Shared by all calls of a worker; an alarm ends each one's rest."""

    def __init__(self, all_: Iterable[Target], out: Callable[[Wish], None]) -> None:
        self._all, self._out = tuple(all_), out
        self._resting: set[str] = set()

    def open(self) -> list[Target]:
        """Those that may be asked, the first choice first."""
        return [g for g in self._all if g.name not in self._resting]

    def refused(self, gateway: Target, response: Message) -> None:
        """Retry-After counts real seconds, for it is the gateway's word."""
        seconds = retry_after(response) if response.status == 503 else 0
        if seconds:
            self._resting.add(gateway.name)
            self._out(Alarm(f"{ALARM}:{gateway.name}", seconds))

    def rested(self, name: str) -> None:
        self._resting.discard(name)
