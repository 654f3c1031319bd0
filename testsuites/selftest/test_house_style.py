"""What the style guide asks and a machine can watch."""

import ast
import re
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


@pytest.mark.parametrize("path", OURS, ids=name)
def test_nobody_sleeps(path: Path) -> None:
    assert not SLEEP.search(path.read_text())


@pytest.mark.parametrize("path", OURS, ids=name)
def test_the_first_line_says_what_a_file_is(path: Path) -> None:
    said = ast.get_docstring(ast.parse(path.read_text()))
    assert said or not path.read_text().strip()
