"""What the style guide asks and a machine can watch."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

import ringback
from ringback.places import testsuites as suites_folder

PACKAGE = Path(ringback.__file__).parent
FILES = sorted([*PACKAGE.rglob("*.py"), *suites_folder().rglob("*.py")])
OURS = [p for p in FILES if "_data" not in p.parts]
SLEEP = re.compile(r"\b(time|asyncio)\.sleep\(")


def name(path: Path) -> str:
    return "/".join(path.parts[-3:])


@pytest.mark.parametrize("path", OURS, ids=name)
def test_a_file_stays_readable(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= 400


@pytest.mark.parametrize("path", OURS, ids=name)
def test_a_function_stays_readable(path: Path) -> None:
    long = [
        f"{node.name} has {node.end_lineno - node.lineno + 1} lines"
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.end_lineno is not None
        and node.end_lineno - node.lineno >= 50
    ]
    assert not long


def test_no_two_files_of_tests_have_one_name() -> None:
    """A suite that is collected within a selftest would find the other's module."""
    names = [p.name for p in suites_folder().rglob("test_*.py")]
    assert sorted(names) == sorted(set(names))


@pytest.mark.parametrize("path", OURS, ids=name)
def test_nobody_sleeps(path: Path) -> None:
    assert not SLEEP.search(path.read_text())


@pytest.mark.parametrize("path", OURS, ids=name)
def test_the_first_line_says_what_a_file_is(path: Path) -> None:
    said = ast.get_docstring(ast.parse(path.read_text()))
    assert said or not path.read_text().strip()


@pytest.mark.parametrize("path", OURS, ids=name)
def test_only_what_is_there_is_replaced(path: Path) -> None:
    """No type checker sees a name that ``msgspec.structs.replace`` does not know."""
    named = [
        word.arg
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "replace"
        for word in node.keywords
        if word.arg is not None
    ]
    assert set(named) <= fields_of_all()


@cache
def fields_of_all() -> frozenset[str]:
    """The names of what classes declare, in any of our files."""
    trees = [ast.parse(path.read_text()) for path in OURS]
    classes = [n for t in trees for n in ast.walk(t) if isinstance(n, ast.ClassDef)]
    return frozenset(
        member.target.id
        for one in classes
        for member in one.body
        if isinstance(member, ast.AnnAssign) and isinstance(member.target, ast.Name)
    )
