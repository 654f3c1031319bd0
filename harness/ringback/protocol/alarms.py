"""The alarms of one user agent: a name on the clock, and what to do when it rings."""

from collections.abc import Callable

from ringback.protocol.world import Alarm, Hush, Wish


class Alarms:
    """Names begin with ``prefix``, so that two user agents of one peer never mix."""

    __slots__ = ("_out", "_prefix", "_set")

    def __init__(self, prefix: str, out: Callable[[Wish], None]) -> None:
        self._prefix = prefix
        self._out = out
        self._set: dict[str, Callable[[], None]] = {}

    def set(self, name: str, after: float, then: Callable[[], None]) -> None:
        """Setting a name again moves its alarm. No wait means: now, off the clock."""
        if after <= 0:
            self.drop(name)
            then()
            return
        self._set[self._prefix + name] = then
        self._out(Alarm(self._prefix + name, after))

    def soon(self, name: str) -> None:
        """Come back as soon as the clock allows; nothing else is to do."""
        self._set[self._prefix + name] = _nothing
        self._out(Alarm(self._prefix + name, 0.0))

    def drop(self, name: str) -> None:
        """Silent when it is not set."""
        if self._set.pop(self._prefix + name, None):
            self._out(Hush(self._prefix + name))

    def owns(self, alarm: str) -> bool:
        """Whether an alarm of that full name belongs here."""
        return alarm.startswith(self._prefix)

    def ring(self, alarm: str) -> bool:
        """Do what was due; False for one that had been taken back meanwhile."""
        then = self._set.pop(alarm, None)
        if then:
            then()
        return then is not None


def _nothing() -> None:
    """The alarm itself was the point: it woke the peer."""
