"""A role that another program plays: started for one scenario, and ended after it.

What it must know is in its environment. It says ``ready HOST:PORT``, or ends with
status 127 when it does not know the scenario; what it complains of is kept in a file.
"""

import os
import re
import select
import signal
import subprocess
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO

from ringback.faults import Misuse, Unreachable
from ringback.values import Address

UNKNOWN = 127  # the exit status of a program that does not know the scenario
READY_WITHIN = 30.0  # seconds
ENDS_WITHIN = 5.0  # seconds after SIGTERM
_READY = re.compile(rb"^ready(?:[ \t]+(\S+))?[ \t]*\r?$")
_LAST_WORDS = 600  # characters of what it complained of


class UnknownScenario(Exception):
    """It ended with status 127; the text is what it complained of, if anything."""


class RoleProcess:
    """In a process group of its own, so that whatever it starts ends with it.

    It inherits our environment, with ``told`` laid over it. ``what`` is how messages
    speak of it.
    """

    def __init__(
        self,
        what: str,
        command: Sequence[str],
        told: Mapping[str, str],
        complaints: Path,
    ) -> None:
        """Misuse when there is no such program, or it may not be started."""
        self.what = what
        self.complaints = complaints
        self._place: bytes | None = None
        self._over = False
        self._news = threading.Condition()
        self._ended_by_us = False
        complaints.parent.mkdir(parents=True, exist_ok=True)
        with complaints.open("wb") as errors:
            self._process = self._started(command, told, errors)
        self._end = os.pidfd_open(self._process.pid)  # readable when it has ended
        self._ear = threading.Thread(target=self._listen, daemon=True)
        self._ear.start()

    @property
    def status(self) -> int | None:
        """Its exit status, -N when signal N ended it; None as long as it runs."""
        if self._process.returncode is None:
            wanted = os.WEXITED | os.WNOWAIT | os.WNOHANG  # not reaped before ``end``
            found = os.waitid(os.P_PID, self._process.pid, wanted)
            if found is None:
                return None
            by_itself = found.si_code == os.CLD_EXITED
            return found.si_status if by_itself else -found.si_status
        return self._process.returncode

    def ready(self, within: float = READY_WITHIN) -> Address | None:
        """Where it says it is; None when it only says that it is ready.

        UnknownScenario when it does not know the scenario; Unreachable, with its last
        words, when it ends otherwise, says nothing in time, or what is no address.
        """
        with self._news:
            self._news.wait_for(lambda: self._place is not None or self._over, within)
            place = self._place
        if place is None:
            raise self._why_not(within)
        return self._address(place.decode("utf-8", "replace")) if place else None

    def ended(self, within: float) -> bool:
        """Wait until it has ended; False when time was up."""
        return bool(select.select([self._end], [], [], within)[0])

    def interrupt(self) -> None:
        """SIGINT, which a person sends with Ctrl-C; silent when it has ended."""
        self._signal(signal.SIGINT)

    def end(self, within: float = ENDS_WITHIN) -> None:
        """SIGTERM to it and all it started; SIGKILL to what is left then."""
        if self._process.returncode is not None:
            return
        self._ended_by_us = self.status is None
        self._signal(signal.SIGTERM)
        select.select([self._end], [], [], within)
        self._signal(signal.SIGKILL)  # not reaped yet: the group is still its own
        self._process.wait()
        self._ear.join()
        os.close(self._end)
        if not self.last_words():
            self.complaints.unlink(missing_ok=True)

    def died(self) -> str:
        """How it came to an end that we did not bring about; else empty."""
        if self.status is None or self._ended_by_us:
            return ""
        return f"{self.what} {self._how()}"

    def last_words(self) -> str:
        """The end of what it complained of."""
        try:
            text = self.complaints.read_bytes().decode("utf-8", "replace").strip()
        except OSError:
            return ""
        return text[-_LAST_WORDS:]

    def _address(self, place: str) -> Address:
        with suppress(ValueError):
            if (found := Address.parse(place)).port > 0:
                return found
        raise Unreachable(f"{self.what} said 'ready {place}': that is no HOST:PORT")

    def _how(self) -> str:
        status = self.status or 0
        how = f"ended with status {status}"
        if status < 0:
            how = f"was ended by signal {-status}"
        return f"{how}: {self.last_words() or 'it said nothing'}"

    def _why_not(self, within: float) -> Exception:
        if self.status == UNKNOWN:
            return UnknownScenario(self.last_words())
        if self.status is None:
            told = self.last_words() or "it said nothing"
            return Unreachable(f"{self.what} was not ready in {within:g} s: {told}")
        return Unreachable(f"{self.what} was not ready when it {self._how()}")

    def _started(
        self, command: Sequence[str], told: Mapping[str, str], errors: IO[bytes]
    ) -> "subprocess.Popen[bytes]":
        ours = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST")}
        try:
            return subprocess.Popen(
                list(command),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=errors,
                env={**ours, **told},
                start_new_session=True,  # the terminal's Ctrl-C is not meant for it
            )
        except OSError as trouble:
            why = trouble.strerror or str(trouble)
            raise Misuse(f"{self.what}: cannot start {command[0]}: {why}") from trouble

    def _listen(self) -> None:
        """Until it is over. What else it says is read as well, or it would stand still
        one day."""
        assert self._process.stdout is not None
        said, line = self._process.stdout.fileno(), b""
        with self._process.stdout:
            while self._end not in (
                some := select.select([said, self._end], [], [])[0]
            ):
                octets = os.read(said, 65536)
                if not octets:  # it speaks no more, but goes on
                    select.select([self._end], [], [])
                    break
                line = self._heard(line + octets)
            if said in some:
                self._heard(line + os.read(said, 65536) + b"\n")
        with self._news:
            self._over = True
            self._news.notify_all()

    def _heard(self, octets: bytes) -> bytes:
        """Looks at whole lines, and gives back what is left, or the end of it."""
        *lines, rest = octets.split(b"\n")
        for line in lines:
            if self._place is None and (found := _READY.match(line)):
                with self._news:
                    self._place = found[1] or b""
                    self._news.notify_all()
        return rest[-4096:]

    def _signal(self, number: signal.Signals) -> None:
        with suppress(OSError):
            os.killpg(self._process.pid, number)
