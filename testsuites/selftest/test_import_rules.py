"""The floors see only what lies below them, and the pure ones see no world at all."""

import ast
from pathlib import Path

import pytest

import ringback

PACKAGE = Path(ringback.__file__).parent
MAY_SEE = {
    "wire": set(),
    "protocol": {"wire"},
    "evidence": {"wire"},
    "peers": {"protocol", "wire"},
    "judge": {"evidence", "wire"},
    "net": {"protocol", "evidence", "wire"},
    "stores": {"protocol", "evidence", "wire"},
    "report": {"judge", "evidence", "wire"},
    "testbed": {
        "peers",
        "net",
        "stores",
        "report",
        "evidence",
        "judge",
        "protocol",
        "wire",
    },
    "proof": {
        "running",
        "verbs",
        "testbed",
        "report",
        "judge",
        "evidence",
        "peers",
        "protocol",
        "wire",
    },
}
GROUND = {"faults", "values", "places", "config", "__version__"}
PURE = {"wire", "protocol", "peers", "evidence", "judge"}
WORLD = {"asyncio", "socket", "ssl", "time", "random", "os", "logging", "secrets"}
FLOORS = [
    path
    for floor in sorted(MAY_SEE)
    for path in sorted((PACKAGE / floor).rglob("*.py"))
    if path.is_file()
]


def imports(path: Path) -> set[str]:
    """Full dotted names of what a file imports, wherever in it."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
            if node.module == "ringback":
                found.update(f"ringback.{alias.name}" for alias in node.names)
    return found


def floor_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


@pytest.mark.parametrize("path", FLOORS, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_a_floor_sees_only_what_lies_below(path: Path) -> None:
    own = floor_of(path)
    seen = {n.split(".")[1] for n in imports(path) if n.startswith("ringback.")}
    assert seen - GROUND - {own} <= MAY_SEE[own]


@pytest.mark.parametrize(
    "path",
    [p for p in FLOORS if floor_of(p) in PURE],
    ids=lambda p: str(p.relative_to(PACKAGE)),
)
def test_a_pure_floor_sees_no_world(path: Path) -> None:
    assert not {n.split(".")[0] for n in imports(path)} & WORLD
