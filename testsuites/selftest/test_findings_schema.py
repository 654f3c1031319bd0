"""findings.jsonl keeps to its published schema, and the schema to the code."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from testsuites.selftest.commanded import Played, in_memory, run

import ringback

COMMITTED = Path(ringback.__file__).parents[2] / "docs" / "findings.schema.json"
needs_checkout = pytest.mark.skipif(
    not COMMITTED.is_file(), reason="docs are not here: this is no checkout"
)
SIMPLE: dict[str, Any] = {
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
    "object": dict,
    "array": list,
}


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Played:
    return in_memory(tmp_path_factory)


@needs_checkout
def test_the_committed_schema_is_the_one_the_code_makes() -> None:
    made = run(sys.executable, "-m", "ringback.report.records")

    assert made.status == 0, made.err
    assert COMMITTED.read_text() == made.out


@needs_checkout
def test_every_line_of_a_run_keeps_to_the_schema(played: Played) -> None:
    schema = json.loads(COMMITTED.read_text())
    lines = (played.reports / "findings.jsonl").read_text().splitlines()

    kinds = []
    for line in lines:
        record = json.loads(line)
        kinds.append(record["kind"])
        assert complaints(record, schema, schema) == []
    assert kinds[0] == "header"
    assert kinds[-1] == "footer"
    assert set(kinds) == {"header", "scenario", "finding", "footer"}


@needs_checkout
@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"outcome": None}, "outcome"),
        ({"frames": ["3"]}, "frames"),
        ({"kind": "verdict"}, "kind"),
    ],
    ids=["an outcome that is none", "frames in words", "another kind"],
)
def test_the_schema_refuses_what_is_no_record(
    change: dict[str, object], why: str, played: Played
) -> None:
    schema = json.loads(COMMITTED.read_text())
    lines = (played.reports / "findings.jsonl").read_text().splitlines()
    good = next(r for r in map(json.loads, lines) if r["kind"] == "finding")

    assert any(why in text for text in complaints({**good, **change}, schema, schema))


def complaints(value: object, schema: Any, whole: Any, at: str = "") -> list[str]:
    """The part of JSON Schema 2020-12 that records need."""
    if "anyOf" in schema:
        return _one_of_many(value, schema, whole)
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return complaints(value, whole["$defs"][name], whole, at)
    kind, allowed = schema.get("type"), schema.get("enum", [value])
    if value not in allowed or (kind and not isinstance(value, SIMPLE[kind])):
        return [f"{at}: {value!r} is no {kind or allowed}"]
    if isinstance(value, dict):
        return _in_object(value, schema, whole, at)
    inner = schema.get("items", True)
    if isinstance(value, list) and isinstance(inner, dict):
        return [text for v in value for text in complaints(v, inner, whole, at)]
    return []


def _one_of_many(value: object, schema: Any, whole: Any) -> list[str]:
    """By the discriminator that every record carries."""
    names = schema["discriminator"]["mapping"]
    kind = value.get("kind") if isinstance(value, dict) else None
    if kind not in names:
        return [f"kind {kind} is not known"]
    return complaints(value, {"$ref": names[kind]}, whole)


def _in_object(value: dict[str, object], schema: Any, whole: Any, at: str) -> list[str]:
    required, known = schema.get("required", ()), schema.get("properties", {})
    found = [f"{at}.{key} is missing" for key in required if key not in value]
    others = schema.get("additionalProperties", {})
    for key, inner in value.items():
        rule = known.get(key, others)
        if isinstance(rule, dict):
            found += complaints(inner, rule, whole, f"{at}.{key}")
    return found
