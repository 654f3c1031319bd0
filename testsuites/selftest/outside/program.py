"""A program from outside: started, waited for by what it says, ended by its own id."""

import os
import pty
import shutil
import signal
import subprocess
import tempfile
import threading
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

import pytest

from ringback.net.programs import install_command

PATIENCE = 10.0  # seconds until it is ready, and until it has ended

_KEPT = ("PATH", "LANG", "LC_ALL")


def installed(name: str) -> None:
    """Skip the test, and say what would help, where the program is not there.

    The one reason for which a test against a real peer may be skipped.
    """
    if shutil.which(name) is None:
        pytest.skip(f"{name} is not installed: {install_command((name,))}")


class Program:
    """Runs in a process group and in a folder of its own, which is its HOME too.

    ``folder`` is there from the start, for whatever it wants to read, and is gone after
    the ``with``. It speaks to a terminal, for only then it speaks line by line.
    """

    ends_at: signal.Signals = signal.SIGTERM

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="ringback-outside-")
        self.folder = Path(self._folder.name)
        self.status: int | None = None
        kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
        self.environment = {**kept, "HOME": self._folder.name, "TERM": "dumb"}
        self._said = bytearray()
        self._news = threading.Condition()
        self._silent = False

    def command(self) -> Sequence[str]:
        """What is started; called when the folder can be filled."""
        raise NotImplementedError

    def ready(self) -> None:
        """Wait for the event after which it can be called."""
        raise NotImplementedError

    @property
    def said(self) -> str:
        """All that it wrote to its terminal."""
        with self._news:
            return self._said.decode("utf-8", "replace")

    def __enter__(self) -> Self:
        terminal, theirs = pty.openpty()
        self._process = subprocess.Popen(
            self.command(),
            stdin=subprocess.DEVNULL,
            stdout=theirs,
            stderr=theirs,
            cwd=self.folder,
            env=self.environment,
            start_new_session=True,
        )
        os.close(theirs)
        self._ear = threading.Thread(target=self._listen, args=[terminal], daemon=True)
        self._ear.start()
        try:
            self.ready()
        except BaseException:
            self.end()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.end()

    def says(self, words: str, within: float = PATIENCE) -> None:
        """Wait until it has said so; AssertionError with all it said instead."""
        wanted = words.encode()
        with self._news:
            self._news.wait_for(
                lambda: wanted in self._said or self._silent, timeout=within
            )
            heard = wanted in self._said
        assert heard, f"never said {words!r}:\n{self.said}"

    def finishes(self, within: float = PATIENCE) -> int:
        """Wait until it has come to its own end; its exit status."""
        self.status = self._process.wait(within)
        self._ear.join(within)
        return self.status

    def end(self) -> None:
        """End it, gently at first; what it recorded stays until ``forget``."""
        for _ in range(2):  # at the second baresip waits for nobody's BYE any more
            if self._process.poll() is None:
                self._process.send_signal(self.ends_at)
                with suppress(subprocess.TimeoutExpired):
                    self._process.wait(2.0)
        if self._process.poll() is None:
            self._process.kill()
        self.finishes()
        self.collect()
        self._folder.cleanup()

    def collect(self) -> None:
        """Read what it left in its folder, before that is gone."""

    def _listen(self, terminal: int) -> None:
        with suppress(OSError):  # EIO: the other end is closed
            while octets := os.read(terminal, 65536):
                with self._news:
                    self._said += octets
                    self._news.notify_all()
        os.close(terminal)
        with self._news:
            self._silent = True
            self._news.notify_all()
