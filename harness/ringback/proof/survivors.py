"""Mutants that no rule notices, and why that is right: the reasons are data.

A survivor without a reason is a hole in the rules, or a rule that is still to come.
"""

import re
from functools import cache
from importlib import resources

import msgspec


class Reason(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``pattern`` is searched in the mutant's name with its play. ``unseen`` is for
    what is wrong all the same, and cannot be seen, or is not looked for."""

    pattern: str
    why: str
    source: str
    unseen: bool = False

    def __str__(self) -> str:
        return f"{self.why} ({self.source})"


@cache
def reasons() -> tuple[Reason, ...]:
    octets = (resources.files("ringback.proof") / "survivors.toml").read_bytes()
    found = msgspec.toml.decode(octets, type=dict[str, list[Reason]])
    return tuple(found["survivor"])


def reason_for(mutant: str) -> Reason | None:
    """Why nobody need notice it, or that nobody can; None where nobody knows."""
    return next((one for one in reasons() if re.search(one.pattern, mutant)), None)
