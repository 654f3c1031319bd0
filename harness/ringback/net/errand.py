"""Another program at work beside us, bounded in time, while our own loop goes on.

It sees nothing of our environment but the PATH, and has a home of its own that is gone
when it is.
"""

import os
import subprocess
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from ringback.faults import TestbedFault

_LAST_WORDS = 400  # characters of what a program complained of
_MOST = 1 << 20  # octets that are read of what it said


class Errand:
    """One run of a program. Whoever has a loop asks ``is_over`` now and then."""

    def __init__(self, words: Sequence[str], *, within: float) -> None:
        """Start it; after ``within`` seconds of the wall it is ended. TestbedFault when
        it does not start."""
        self._name = Path(words[0]).name
        self._end = time.monotonic() + within
        self._home = tempfile.TemporaryDirectory(prefix="ringback-")
        self._said = Path(self._home.name, "said")
        self._complained = Path(self._home.name, "complained")
        try:
            self._process = self._started(words)
        except OSError as trouble:
            self._home.cleanup()
            raise TestbedFault(f"{self._name} does not start: {trouble}") from trouble
        self._text = ""
        self._status: int | None = None

    def is_over(self) -> bool:
        """Whether it has ended, by itself or because its time was up."""
        if self._status is None and self._process.poll() is None:
            if time.monotonic() <= self._end:
                return False
            self._process.kill()
            self._process.wait()
            self._finish(late=True)
        elif self._status is None:
            self._finish(late=False)
        return True

    def outcome(self, accepted: Sequence[int] = (0,)) -> str:
        """What it said. TestbedFault when it did not end as accepted."""
        if not self.is_over():
            self.close()
        if self._status not in accepted:
            raise TestbedFault(f"{self._name} {self._complaint}")
        return self._text

    def close(self) -> None:
        """End it, if it has not ended."""
        if self._status is None:
            with suppress(OSError):
                self._process.kill()
            self._process.wait()
            self._finish(late=True)

    def _started(self, words: Sequence[str]) -> "subprocess.Popen[bytes]":
        surroundings = {
            "PATH": os.environ.get("PATH", os.defpath),
            "HOME": self._home.name,
            "COLUMNS": "200",
        }
        with self._said.open("wb") as said, self._complained.open("wb") as complained:
            return subprocess.Popen(
                list(words),
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=complained,
                cwd=self._home.name,
                env=surroundings,
                start_new_session=True,  # the terminal's Ctrl-C is not meant for it
            )

    def _finish(self, *, late: bool) -> None:
        self._status = self._process.returncode
        self._text = _read(self._said)
        words = _read(self._complained).strip()[-_LAST_WORDS:] or "said nothing"
        ended = "did not end in time" if late else f"ended with {self._status}"
        self._complaint = f"{ended}: {words}"
        self._home.cleanup()


def _read(path: Path) -> str:
    with path.open("rb") as stream:
        return stream.read(_MOST).decode("utf-8", "replace")
