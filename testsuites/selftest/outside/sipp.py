"""SIPp with scenarios of ours: as a gateway that waits, or as a caller."""

import signal
from collections.abc import Mapping, Sequence
from pathlib import Path

from testsuites.selftest.outside.program import Program

SCENARIOS = Path(__file__).parent / "sipp"
SCREEN = "Scenario Screen"  # drawn first when its sockets are open
MEDIA_PORT = 6000


class Sipp(Program):
    """Speaks SIP over TCP at ``host:port``; ``calls`` 0: until it is ended.

    With ``target`` it calls. ``keys`` fill the scenario's [words]. After the end
    ``trouble`` is what SIPp itself found wrong with its peer, ``messages`` what went to
    and fro; sound on ``MEDIA_PORT`` goes back to its sender.
    """

    ends_at = signal.SIGUSR1

    def __init__(
        self,
        scenario: str,
        host: str,
        port: int,
        *,
        target: str = "",
        keys: Mapping[str, str] | None = None,
        calls: int = 0,
    ) -> None:
        super().__init__()
        self.scenario = scenario
        self.host = host
        self.port = port
        self.target = target
        self.keys = dict(keys or {})
        self.calls = calls
        self.trouble = ""
        self.messages = ""

    def command(self) -> Sequence[str]:
        places = ["-i", self.host, "-mi", self.host, "-ci", self.host]
        ports = ["-p", str(self.port), "-mp", str(MEDIA_PORT)]
        words = [w for key, text in self.keys.items() for w in ("-key", key, text)]
        how_often = ["-m", str(self.calls)] if self.calls else []
        return [
            "sipp",
            *([self.target] if self.target else []),
            *("-sf", str(SCENARIOS / f"{self.scenario}.xml"), "-t", "t1"),
            *places,
            *ports,
            *words,
            *how_often,
            *("-rtp_echo", "-nostdin"),
            *("-trace_msg", "-message_file", "messages"),
            *("-trace_err", "-error_file", "trouble"),
        ]

    def ready(self) -> None:
        if not self.target:
            self.says(SCREEN)

    def collect(self) -> None:
        self.trouble = self._left("trouble")
        self.messages = self._left("messages")

    def _left(self, name: str) -> str:
        path = self.folder / name
        return path.read_text("utf-8", "replace") if path.exists() else ""
