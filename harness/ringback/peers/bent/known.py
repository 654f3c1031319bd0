"""Every fault and every quirk there is, by name. Modules are found, never listed."""

import re
from collections.abc import Iterable, Mapping
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import TypeVar

from ringback.faults import Misuse
from ringback.peers.bent import faults as fault_modules
from ringback.peers.bent import quirks as quirk_modules
from ringback.peers.bent.declared import NAME, Fault, Oddness, Quirk

Named = TypeVar("Named", Fault, Quirk)


@cache
def faults() -> Mapping[str, Fault]:
    names = (m.name for m in iter_modules(fault_modules.__path__))
    modules = (import_module(f"{fault_modules.__name__}.{name}") for name in names)
    return _by_name(one for module in modules for one in module.FAULTS)


@cache
def quirks() -> Mapping[str, Quirk]:
    names = (m.name for m in iter_modules(quirk_modules.__path__))
    modules = (import_module(f"{quirk_modules.__name__}.{name}") for name in names)
    return _by_name(one for module in modules for one in module.QUIRKS)


def fault(name: str) -> Fault:
    """Misuse when nobody has that fault."""
    return _found(name, faults(), "--list-faults")


def quirk(name: str) -> Quirk:
    """Misuse when nobody has that quirk."""
    return _found(name, quirks(), "--list-quirks")


def oddness(fault_name: str, quirk_name: str) -> Oddness | None:
    """What a command line asked for; Misuse when it asks for both."""
    if fault_name and quirk_name:
        raise Misuse("--fault and --quirk: one role can be bent in one way at a time")
    if fault_name:
        return fault(fault_name)
    return quirk(quirk_name) if quirk_name else None


def _found(name: str, known: Mapping[str, Named], where: str) -> Named:
    if name not in known:
        raise Misuse(f"nothing is called {name!r}: ringback serve {where}")
    return known[name]


def _by_name(declared: Iterable[Named]) -> dict[str, Named]:
    found: dict[str, Named] = {}
    for one in declared:
        if one.name in found or not re.fullmatch(NAME, one.name):
            raise Misuse(f"{one.name!r} is no name, or is taken")
        found[one.name] = one
    return dict(sorted(found.items()))
