"""Is the system under test there at all? Asked once, before anything is played."""

import socket
from pathlib import Path

from ringback.config import Config, load
from ringback.testbed.outside import EXEC, Outside, parse_sut
from ringback.values import Role

PATIENCE = 5.0  # seconds


def unreachable(
    sut: dict[str, str], config_file: Path | None, resolve: dict[str, str]
) -> str:
    """What does not answer, and how; empty when all do. Misuse for a bad address."""
    config = load(config_file) if config_file else Config()
    words = {**config.sut, **{Role(r): w for r, w in sut.items() if r in set(Role)}}
    names = {**config.resolve, **resolve}
    there = (one for one in parse_sut(words).values() if one.way != EXEC)
    troubles = (_trouble(one, names) for one in there)
    return "; ".join(filter(None, troubles))


def _trouble(one: Outside, names: dict[str, str]) -> str:
    host = names.get(one.address.host, one.address.host)
    try:
        with socket.create_connection((host, one.address.port), PATIENCE):
            return ""
    except OSError as trouble:
        why = (trouble.strerror or str(trouble)).lower()
        return f"the {one.role} under test does not answer at {one.address}: {why}"
