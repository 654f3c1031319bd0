"""Ctrl-C is heard wherever it strikes.

Python ignores what is raised in a finalizer or in a callback of the collector: an
interrupt that comes at such a moment would be lost, and the run would go on to its end.
"""

import signal
import threading
from types import FrameType
from typing import Any, NoReturn

import pytest


class Interrupts:
    """A pytest plugin; an interrupt that was lost is raised again at the next test."""

    def __init__(self) -> None:
        self._struck = False
        self._before: Any = None

    def pytest_configure(self) -> None:
        if threading.current_thread() is threading.main_thread():
            self._before = signal.signal(signal.SIGINT, self._strike)

    def pytest_unconfigure(self) -> None:
        if self._before is not None:
            signal.signal(signal.SIGINT, self._before)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logstart(self) -> None:
        if self._struck:
            raise KeyboardInterrupt

    def _strike(self, number: int, frame: FrameType | None) -> NoReturn:
        self._struck = True
        raise KeyboardInterrupt
