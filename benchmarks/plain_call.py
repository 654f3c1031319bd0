"""What the plain call costs on the memory network, judged: CPU time, by its parts.

    python benchmarks/plain_call.py [--calls N] [--mode MODE] [--profile]

The scenario is the one of testsuites/playonphone, without pytest around it. One call
is played beforehand, so that imports, certificates and prompts are there.

A core that is shared with a busy neighbour may take twice as long for the same work.
Hence the yardstick, a loop timed before every call: "quiet" is the median of what the
calls would have cost at the yardstick's best.
"""

import argparse
import cProfile
import pstats
import runpy
import statistics
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import process_time
from typing import Any

from ringback.config import Config
from ringback.evidence.reader import study
from ringback.judge.finding import Outcome
from ringback.places import testsuites
from ringback.testbed import Testbed
from ringback.testbed.asked import Asked
from ringback.testbed.closing import Declared
from ringback.testbed.session import Session
from ringback.values import Security

SCENARIO = "playonphone.the-plain-call"
PARTS = ("seat", "play", "capture", "read", "judge")
YARDSTICK = 100_000  # additions
GOALS = {Security.UNSECURED: 25, Security.SECURED: 40}  # milliseconds
Parts = dict[str, float]


class PlainCall:
    """The scenario as its suite declares it, in one mode of one session."""

    def __init__(self, session: Session, mode: Security) -> None:
        suite = runpy.run_path(
            str(testsuites() / "playonphone" / "test_the_plain_call.py")
        )
        self._scenario: Callable[..., None] = suite["test_the_plain_call"]
        (marker,) = self._scenario.pytestmark
        self._wanted: dict[str, Any] = marker.kwargs
        self._declared = Declared(
            id=f"{SCENARIO}@{mode}",
            title="the plain call",
            area="playonphone",
            settles=self._wanted["settles"],
            again=f"ringback run {SCENARIO}",
        )
        self._session, self._mode = session, mode

    def cost(self) -> Parts:
        """Play, capture, read and judge it once: seconds of CPU for each part."""
        parts: Parts = {}
        with counted(parts, "yardstick"):
            sum(number & 3 for number in range(YARDSTICK))
        with counted(parts, "seat"):
            bed = self._session.open(self._declared, self._mode, self._wanted)
        with counted(parts, "play"):
            self._played(bed)
        with counted(parts, "capture"):
            octets = bytes(bed.captured())
        with counted(parts, "read"):
            studied = study(octets)
        with counted(parts, "judge"):
            findings = bed.findings(studied)
        bad = [f for f in findings if f.outcome in {Outcome.FAIL, Outcome.ERROR}]
        if bad:
            raise SystemExit(f"{self._declared.id} is not in order: {bad[0]}")
        return parts

    def _played(self, bed: Testbed) -> None:
        self._scenario(bed, bed.client)
        bed.finish()


@contextmanager
def counted(parts: Parts, name: str) -> Iterator[None]:
    began = process_time()
    yield
    parts[name] = process_time() - began


def table(mode: Security, costs: list[Parts]) -> Iterable[str]:
    goal = f" (goal: {GOALS[mode]})" if mode in GOALS else ""
    yield f"{mode}: ms of CPU in {len(costs)} calls{goal}"
    yield "               min  median     max   quiet"
    for parts in costs:
        parts["together"] = sum(parts[name] for name in PARTS)
    best = min(parts["yardstick"] for parts in costs)
    for name in (*PARTS, "together", "yardstick"):
        seconds = [parts[name] for parts in costs]
        quiet = statistics.median(p[name] * best / p["yardstick"] for p in costs)
        found = (min(seconds), statistics.median(seconds), max(seconds), quiet)
        yield f"  {name:<9}" + "".join(f"{1000 * value:8.1f}" for value in found)


def profiled(call: PlainCall, calls: int, rows: int, order: str) -> None:
    profile = cProfile.Profile()
    with profile:
        for _ in range(calls):
            call.cost()
    pstats.Stats(profile).sort_stats(order).print_stats(rows)


def session_in(folder: Path) -> Session:
    asked = Asked(
        config=Config(),
        outside={},
        modes=(),
        net="memory",
        base=folder,
        level="may",
        select=(),
        slow=False,
    )
    return Session(asked, run="benchmark")


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("--calls", type=int, default=30, metavar="N")
    options.add_argument("--mode", choices=list(Security), metavar="MODE")
    options.add_argument("--profile", type=int, nargs="?", const=40, metavar="ROWS")
    options.add_argument("--sort", default="tottime", metavar="tottime|cumtime")
    chosen = options.parse_args()
    modes = [Security(chosen.mode)] if chosen.mode else list(Security)
    with tempfile.TemporaryDirectory() as folder:
        session = session_in(Path(folder))
        for mode in modes:
            call = PlainCall(session, mode)
            call.cost()
            if chosen.profile:
                profiled(call, chosen.calls, chosen.profile, chosen.sort)
            else:
                costs = [call.cost() for _ in range(chosen.calls)]
                sys.stdout.writelines(line + "\n" for line in table(mode, costs))


if __name__ == "__main__":
    main()
