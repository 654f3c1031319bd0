"""Where the package keeps what it reads: in a checkout or in an installed wheel.

A checkout has ``fixtures`` and ``testsuites`` beside ``harness``; a wheel carries
them as package data in ``_data``.
"""

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def fixtures() -> Path:
    """The folder of inputs: sounds, messages, statements."""
    return _place("fixtures")


def testsuites() -> Path:
    """The folder of conformance suites."""
    return _place("testsuites")


def _place(name: str) -> Path:
    carried = _PACKAGE / "_data" / name
    return carried if carried.is_dir() else _PACKAGE.parents[1] / name
