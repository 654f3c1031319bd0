"""An event loop that is entered and left as the caller likes; plain functions outside.

What a callback raises is not lost in a log: whoever waits gets it.
"""

import asyncio
import signal
from collections.abc import Callable

from ringback.faults import Fault, TestbedFault

_LOOK = 0.02  # seconds between looks at what no event announces


class Loop:
    """Owns an asyncio loop. ``mishap`` hears of what is raised while ``run`` serves."""

    def __init__(self, mishap: Callable[[str], None]) -> None:
        self.aio = asyncio.new_event_loop()
        self.aio.set_exception_handler(self._caught)
        self._mishap = mishap
        self._met: Callable[[], bool] | None = None
        self._was_met = False
        self.late = 0.0  # seconds: the longest that a look had to wait
        self._due = 0.0
        self._looking: asyncio.TimerHandle
        self._serving = False
        self._troubles: list[BaseException] = []

    def until(self, met: Callable[[], bool], within: float) -> bool:
        """Run until ``met()`` or until so many seconds are over.

        A Fault from a callback comes out as it is, anything else as TestbedFault.
        """
        self._raise_troubles()
        if met():
            return True
        self._met, self._was_met = met, False
        end = self.aio.call_later(max(0.0, within), self.aio.stop)
        self._look_later()
        try:
            self.aio.run_forever()
        finally:
            self._met = None
            self._looking.cancel()
            end.cancel()
        self._raise_troubles()
        return self._was_met or met()

    def turn(self) -> None:
        """What is ready now has its turn, once."""
        self.aio.call_soon(self.aio.stop)
        self.aio.run_forever()
        self._raise_troubles()

    def happened(self) -> None:
        """Something did: see whether it is what is waited for."""
        if self._met is not None and self._met():
            self._was_met = True
            self.aio.stop()

    def run(self, signals: tuple[signal.Signals, ...]) -> signal.Signals | None:
        """Serve until a signal (which is given back) or ``stop``."""
        caught: list[signal.Signals] = []

        def catch(which: signal.Signals) -> None:
            caught.append(which)
            self.aio.stop()

        for which in signals:
            self.aio.add_signal_handler(which, catch, which)
        self._serving = True
        try:
            self.aio.run_forever()
        finally:
            self._serving = False
            for which in signals:
                self.aio.remove_signal_handler(which)
        return next(iter(caught), None)

    def stop(self) -> None:
        """End ``run``; from any thread."""
        self.aio.call_soon_threadsafe(self.aio.stop)

    def _look_later(self) -> None:
        self._due = self.aio.time() + _LOOK
        self._looking = self.aio.call_at(self._due, self._look)

    def _look(self) -> None:
        self.late = max(self.late, self.aio.time() - self._due)
        self._look_later()
        self.happened()

    def _caught(self, _: object, context: dict[str, object]) -> None:
        trouble = context.get("exception")
        if not isinstance(trouble, BaseException):
            trouble = TestbedFault(str(context.get("message")))
        if self._serving:
            self._mishap(f"{type(trouble).__name__}: {trouble}")
        else:
            self._troubles.append(trouble)
            self.aio.stop()

    def _raise_troubles(self) -> None:
        if not self._troubles:
            return
        trouble = self._troubles[0]
        self._troubles.clear()
        if isinstance(trouble, Fault | AssertionError):
            raise trouble
        what = f"{type(trouble).__name__}: {trouble}"
        raise TestbedFault(f"a peer or the network fell over: {what}") from trouble
