"""Mutants of our own transaction machines: one arm of a ``match`` is not there.

RFC 3261 §17 and RFC 6026 draw the arrows; an arm is one of them. Only the code of one
function is replaced, for the time of one play, in this process alone.
"""

import ast
import inspect
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import CodeType, FunctionType, ModuleType

from ringback.protocol import client, invite_client, invite_server, server

MACHINES: tuple[ModuleType, ...] = (client, invite_client, invite_server, server)


@dataclass(frozen=True, slots=True)
class Arm:
    """One case of one function; ``text`` is its pattern as written."""

    module: ModuleType
    function: FunctionType
    number: int
    text: str

    @property
    def name(self) -> str:
        machine = self.module.__name__.rpartition(".")[2]
        return f"arm: {machine}.{self.function.__name__}: {self.text}"


def arms() -> Iterator[Arm]:
    """Every arm but the last resort of each ``match``."""
    for module in MACHINES:
        for name, function in inspect.getmembers(module, inspect.isfunction):
            if function.__module__ == module.__name__:
                for number, case in enumerate(_cases(module, name)):
                    if not _is_last_resort(case):
                        yield Arm(module, function, number, _spelled(case))


@contextmanager
def without(arm: Arm) -> Iterator[None]:
    """The machine lacks that arm until the block ends."""
    whole = arm.function.__code__
    arm.function.__code__ = _code_without(arm)
    try:
        yield
    finally:
        arm.function.__code__ = whole


def _function(module: ModuleType, name: str) -> ast.FunctionDef:
    tree = ast.parse(inspect.getsource(module))
    found = (node for node in tree.body if isinstance(node, ast.FunctionDef))
    return next(node for node in found if node.name == name)


def _match(function: ast.FunctionDef) -> ast.Match | None:
    return next((n for n in ast.walk(function) if isinstance(n, ast.Match)), None)


def _cases(module: ModuleType, name: str) -> list[ast.match_case]:
    match = _match(_function(module, name))
    return match.cases if match and len(match.cases) > 1 else []


def _is_last_resort(case: ast.match_case) -> bool:
    pattern = case.pattern
    return isinstance(pattern, ast.MatchAs) and pattern.pattern is None


def _spelled(case: ast.match_case) -> str:
    guard = f" if {ast.unparse(case.guard)}" if case.guard else ""
    return ast.unparse(case.pattern) + guard


def _code_without(arm: Arm) -> CodeType:
    function = _function(arm.module, arm.function.__name__)
    match = _match(function)
    assert match
    del match.cases[arm.number]
    whole = compile(ast.Module([function], []), arm.module.__file__ or "", "exec")
    codes = (c for c in whole.co_consts if isinstance(c, CodeType))
    return next(c for c in codes if c.co_name == function.name)
