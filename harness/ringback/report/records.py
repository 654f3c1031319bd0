"""The lines of ``findings.jsonl``: the one source of every report.

A header, then for each scenario one scenario line followed by one finding line per
verdict, then doubts, if there are any, and a footer. A run that was killed has no
footer; what stands before it is whole, for each line is written and flushed as one.
"""

import json
import sys
from collections.abc import Iterable, Iterator
from inspect import cleandoc
from pathlib import Path
from typing import TypeVar

import msgspec


class Header(msgspec.Struct, frozen=True, kw_only=True, tag="header", tag_field="kind"):
    """What was run, where, with which tools. ``notes`` are for people."""

    run: str
    ringback: str
    started: str  # ISO 8601, UTC
    net: str  # "memory" or "sockets"
    security: tuple[str, ...]
    selection: tuple[str, ...] = ()
    sut: dict[str, str] = {}
    statement: dict[str, object] = {}
    tools: dict[str, str] = {}
    timer_scale: float = 1.0
    notes: tuple[str, ...] = ()


class Arrow(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the ladder; ``frame`` as Wireshark counts it in the capture.

    ``source`` and ``target`` are roles. ``count`` > 1 folds a run of RTP packets.
    """

    frame: int
    time: float
    source: str
    target: str
    text: str
    protocol: str  # "http", "sip", "rtp", "tls"
    secured: bool = False
    count: int = 1
    detail: str = ""  # the message itself, secrets masked


class ScenarioRecord(
    msgspec.Struct, frozen=True, kw_only=True, tag="scenario", tag_field="kind"
):
    """One scenario as played. Paths are relative to the folder of findings.jsonl."""

    id: str
    title: str
    area: str
    security: str
    net: str
    started: str
    seconds: float
    captured: str  # "wire", "memory", "taps" or "none"
    capture: str = ""
    sound: str = ""  # the WAV of what the phone heard
    timeline: str = ""
    again: str = ""  # the command that plays it again
    roles: tuple[str, ...] = ()  # in ladder order
    arrows: tuple[Arrow, ...] = ()
    notes: tuple[str, ...] = ()


class FindingRecord(
    msgspec.Struct, frozen=True, kw_only=True, tag="finding", tag_field="kind"
):
    """One verdict: a requirement judged over the evidence of a scenario.

    ``outcome`` is pass, deviation, inconclusive, fail, error, not-applicable or
    not-tested. ``case`` is ``<scenario id>:<requirement id>`` and never changes.
    """

    case: str
    scenario: str
    requirement: str
    area: str
    security: str
    level: str
    source: str
    title: str
    outcome: str
    because: str
    roles: tuple[str, ...] = ()
    frames: tuple[int, ...] = ()
    allowed: str = ""
    cause: str = ""
    fix: str = ""
    again: str = ""


class Doubt(msgspec.Struct, frozen=True, kw_only=True, tag="doubt", tag_field="kind"):
    """A plain call that did not come about, and the scenarios about which nothing can
    be said for that: who reads their verdicts reads ``inconclusive``."""

    fence: str
    scenarios: tuple[str, ...]
    because: str


class Footer(msgspec.Struct, frozen=True, kw_only=True, tag="footer", tag_field="kind"):
    finished: str
    seconds: float
    counts: dict[str, int]
    exit_status: int


Record = Header | ScenarioRecord | FindingRecord | Doubt | Footer
_R = TypeVar("_R", Header, ScenarioRecord, FindingRecord, Doubt, Footer)
CERTAIN = {"pass", "deviation", "fail"}  # what a doubt takes away


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """A findings file, read: ``footer`` is None when the run was cut short."""

    header: Header
    scenarios: tuple[ScenarioRecord, ...]
    findings: tuple[FindingRecord, ...]
    footer: Footer | None
    damage: tuple[str, ...] = ()

    def by_scenario(self) -> dict[str, list[FindingRecord]]:
        """The findings of every scenario, in their order."""
        found: dict[str, list[FindingRecord]] = {s.id: [] for s in self.scenarios}
        for finding in self.findings:
            found.setdefault(finding.scenario, []).append(finding)
        return found


def line(record: Record) -> bytes:
    """One record as one line, newline included."""
    return msgspec.json.encode(record) + b"\n"


def schema() -> dict[str, object]:
    """The JSON schema of a line; docs/findings.schema.json is made of it with
    ``python -m ringback.report.records > docs/findings.schema.json``."""
    made: dict[str, object] = msgspec.json.schema(Record, schema_hook=_anything)
    head = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "one line of findings.jsonl",
    }
    return {**head, **_undented(made)}


def _undented(made: dict[str, object]) -> dict[str, object]:
    """Docstrings without their indentation, which Python 3.13 takes off by itself."""
    for value in made.values():
        if isinstance(value, dict):
            _undented(value)
    if isinstance(text := made.get("description"), str):
        made["description"] = cleandoc(text)
    return made


def _anything(kind: type) -> dict[str, object]:
    """A statement's values may be of any type."""
    if kind is object:
        return {"description": "of any type"}
    raise NotImplementedError(kind)


def read(path: Path) -> Run:
    """Every whole line of the file; what cannot be read is told in ``damage``.

    ValueError when there is no header: then it is not a findings file.
    """
    records: list[Record] = []
    damage: list[str] = []
    for number, one in enumerate(path.read_bytes().splitlines(), 1):
        try:
            records.append(msgspec.json.decode(one, type=Record))
        except msgspec.MsgspecError as trouble:
            damage.append(f"line {number}: {trouble}")
    header = next(_only(records, Header), None)
    if header is None:
        raise ValueError(f"{path}: no header line, so not a findings file")
    return Run(
        header=header,
        scenarios=tuple(_only(records, ScenarioRecord)),
        findings=doubted(_only(records, FindingRecord), _only(records, Doubt)),
        footer=next(_only(records, Footer), None),
        damage=tuple(damage),
    )


def doubted(
    findings: Iterable[FindingRecord], doubts: Iterable[Doubt]
) -> tuple[FindingRecord, ...]:
    """The findings as they are to be read; what was said before the doubt is told."""
    why = {name: doubt.because for doubt in doubts for name in doubt.scenarios}
    return tuple(
        msgspec.structs.replace(
            one,
            outcome="inconclusive",
            because=f"{why[one.scenario]}; else {one.outcome}: {one.because}",
        )
        if one.scenario in why and one.outcome in CERTAIN
        else one
        for one in findings
    )


def _only(records: list[Record], kind: type[_R]) -> Iterator[_R]:
    return (r for r in records if isinstance(r, kind))


if __name__ == "__main__":
    text = json.dumps(schema(), indent=2, sort_keys=True, ensure_ascii=False)
    sys.stdout.write(text + "\n")
