"""Mutants that no rule notices, and why that is right: the reasons are data.

A survivor without a reason is a hole in the rules, or a rule that is still to come.
"""

import re
from dataclasses import dataclass
from functools import cache
from importlib import resources

import msgspec


class Reason(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``pattern`` is searched in the mutant's name."""

    pattern: str
    why: str
    source: str


@dataclass(frozen=True, slots=True)
class Survivor:
    mutant: str
    why: str = ""


@cache
def reasons() -> tuple[Reason, ...]:
    octets = (resources.files("ringback.proof") / "survivors.toml").read_bytes()
    found = msgspec.toml.decode(octets, type=dict[str, list[Reason]])
    return tuple(found["survivor"])


def reason_for(mutant: str) -> str:
    """Why it is legal, or nothing."""
    for one in reasons():
        if re.search(one.pattern, mutant):
            return f"{one.why} ({one.source})"
    return ""
