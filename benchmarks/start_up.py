"""How long ``ringback --help`` takes, and which heavy modules it imports.

python benchmarks/start_up.py [--runs N]
"""

import argparse
import statistics
import subprocess
import sys
from time import perf_counter

HEAVY = ("scapy", "pyshark", "numpy", "soundfile", "lxml", "jinja2", "pytest")
GOAL = 0.2  # seconds
COMMAND = "import sys; sys.argv[1:] = ['--help']; from ringback.cli import main; main()"


def seconds_of_help() -> float:
    """Wall time of a fresh process."""
    began = perf_counter()
    subprocess.run([sys.executable, "-c", COMMAND], stdout=subprocess.PIPE, check=True)
    return perf_counter() - began


def imported() -> frozenset[str]:
    """The modules that were there when the help had been printed."""
    told = subprocess.run(
        [sys.executable, "-X", "importtime", "-c", COMMAND],
        capture_output=True,
        text=True,
        check=True,
    )
    return frozenset(
        line.rpartition("|")[2].strip()
        for line in told.stderr.splitlines()
        if line.startswith("import time:")
    )


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("--runs", type=int, default=20, metavar="N")
    seconds = [seconds_of_help() for _ in range(options.parse_args().runs)]
    modules = imported()
    found = [name for name in HEAVY if name in modules]
    middle = statistics.median(seconds)
    sys.stdout.write(
        f"ringback --help: {min(seconds):.3f} / {middle:.3f} / {max(seconds):.3f} s"
        f" (min / median / max of {len(seconds)}; goal {GOAL} s)\n"
        f"{len(modules)} modules; heavy among them: {', '.join(found) or 'none'}\n"
    )


if __name__ == "__main__":
    main()
