"""Whether scenarios that depend on time hold: many times, in random order, on sockets,
with every core kept busy by somebody else.

    python benchmarks/steadiness.py [--times N] [--seed S] [--idle] SELECT [SELECT ...]

Words select as in ``ringback run``. The seed is told; it gives the same order again.
Ends with 1 when any play was red, inconclusive in what it settles, or fell over.
"""

import argparse
import multiprocessing
import os
import random
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from time import monotonic

from ringback.judge.finding import Outcome
from ringback.proof.plays import Play, Played, Stage, collect

RED = {Outcome.FAIL, Outcome.ERROR}
OPEN = {Outcome.INCONCLUSIVE, Outcome.NOT_TESTED}


def _spin() -> None:
    """Work that never ends."""
    while True:
        sum(range(10_000))


@contextmanager
def busy(cores: int) -> Iterator[None]:
    """So many processes that want a core all the time."""
    spinning = [
        multiprocessing.Process(target=_spin, daemon=True) for _ in range(cores)
    ]
    for one in spinning:
        one.start()
    try:
        yield
    finally:
        for one in spinning:
            one.terminate()
            one.join()


def complaints(play: Play, played: Played) -> list[str]:
    """What of it did not hold."""
    if played.untestable or played.fell_over:
        return [played.untestable or played.fell_over]
    return [
        f"{name} {found.outcome}: {found.because}"
        for name, found in played.findings.items()
        if found.outcome in RED or (name in play.settles and found.outcome in OPEN)
    ]


def hold(plays: Sequence[Play], times: int, seed: int) -> Counter[str]:
    """Play each so many times, shuffled; how often each did not hold."""
    order = [play for play in plays for _ in range(times)]
    random.Random(seed).shuffle(order)
    unsteady: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as folder:
        stage = Stage(Path(folder), net="sockets")
        try:
            for number, play in enumerate(order, 1):
                if wrong := complaints(play, stage.play(play)):
                    unsteady[play.id] += 1
                    _tell(f"play {number} of {len(order)}, {play.id}: {wrong[0]}")
        finally:
            stage.ground().close()
    return unsteady


def _tell(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("select", nargs="+")
    parser.add_argument("--times", type=int, default=200)
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 31))
    parser.add_argument("--idle", action="store_true", help="leave the cores alone")
    asked = parser.parse_args()
    plays, began = collect(asked.select), monotonic()
    _tell(f"{len(plays)} plays, {asked.times} times each, seed {asked.seed}")
    with busy(0 if asked.idle else os.cpu_count() or 1):
        unsteady = hold(plays, asked.times, asked.seed)
    for play in plays:
        _tell(f"{asked.times - unsteady[play.id]:4} of {asked.times}  {play.id}")
    _tell(f"in {monotonic() - began:.0f} s")
    return 1 if unsteady else 0


if __name__ == "__main__":
    sys.exit(main())
