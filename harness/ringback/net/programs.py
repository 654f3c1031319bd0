"""Outside programs: which are there, in which version, and what would add the rest."""

import re
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path

_ASKED = {
    "tshark": ("--version",),
    "dumpcap": ("--version",),
    "sipp": ("-v",),
    "baresip": ("-h",),
}
_PACKAGES = {
    "tshark": "tshark",
    "dumpcap": "tshark",
    "sipp": "sip-tester",
    "baresip": "baresip",
}
PROGRAMS = tuple(_ASKED)
_VERSION = re.compile(r"\bv?(\d+\.\d+(?:\.\d+)*)")
_PATIENCE = 5.0  # seconds


@cache
def versions() -> dict[str, str]:
    """Program to version, of those that are there; asked once, all at a time.

    "unknown" for one that tells no version.
    """
    with ThreadPoolExecutor(len(PROGRAMS)) as asking:
        told = dict(zip(PROGRAMS, asking.map(_version, PROGRAMS), strict=True))
    if _are_one_build():
        told["tshark"] = told["dumpcap"]
    return {name: version for name, version in told.items() if version}


def missing() -> tuple[str, ...]:
    """Programs that are not on the PATH."""
    return tuple(name for name in PROGRAMS if shutil.which(name) is None)


def install_command(missing: tuple[str, ...]) -> str:
    """The one command that adds them, on Debian and its like; empty for none."""
    packages = dict.fromkeys(_PACKAGES[name] for name in PROGRAMS if name in missing)
    return f"sudo apt-get install {' '.join(packages)}" if packages else ""


def _version(name: str) -> str:
    path = shutil.which(name)
    if path is None or (name == "tshark" and _are_one_build()):
        return ""
    found = _VERSION.search(_told(path, *_ASKED[name]))
    return found[1] if found else "unknown"


def _told(*words: str) -> str:
    """All it said, whatever its exit status: baresip's help ends with 254."""
    try:
        done = subprocess.run(
            words,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=_PATIENCE,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.decode("utf-8", "replace")


def _are_one_build() -> bool:
    """Both in one folder come from one Wireshark; tshark takes 0.3 s to say so."""
    places = [shutil.which(name) for name in ("tshark", "dumpcap")]
    return all(places) and len({Path(p).resolve().parent for p in places if p}) == 1
