"""Which rule answers which requirement: the tables of all sheets in one."""

from collections.abc import Iterator, Mapping
from importlib import import_module
from pkgutil import iter_modules
from typing import Final

from ringback.faults import Misuse
from ringback.judge import tables
from ringback.judge.case import Rule


def _modules() -> Iterator[Mapping[str, Rule]]:
    for found in iter_modules(tables.__path__):
        yield import_module(f"{tables.__name__}.{found.name}").RULES


def _joined() -> dict[str, Rule]:
    """Misuse: two tables answer the same requirement."""
    whole: dict[str, Rule] = {}
    for table in _modules():
        if twice := whole.keys() & table.keys():
            raise Misuse(f"answered by two rules: {', '.join(sorted(twice))}")
        whole |= table
    return whole


RULES: Final[Mapping[str, Rule]] = _joined()
