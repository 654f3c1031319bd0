"""One self-contained HTML page of a run; works from a file, asks no network."""

from base64 import b64encode
from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec
from msgspec.structs import replace

from ringback.report.records import Arrow, FindingRecord, Run, ScenarioRecord
from ringback.report.terminal import ORDER, SIGN, counts, in_words, worst
from ringback.values import Role

LEFT, COLUMN, ROW, TOP = 110, 190, 27, 46
GLYPH = {
    "pass": "\N{CHECK MARK}",
    "fail": "\N{BALLOT X}",
    "error": "!",
    "inconclusive": "?",
    "deviation": "~",
    "not-tested": "\N{EN DASH}",
    "not-applicable": "\N{MIDDLE DOT}",
}
SOUND_LIMIT = 4_000_000  # octets of WAV that are worth carrying in the page


class Rung(msgspec.Struct, frozen=True):
    """One arrow laid out: pixels, and how it is to be drawn."""

    y: int
    start: int
    end: int
    arrow: Arrow
    outcome: str  # the worst verdict that names this frame, or empty

    @property
    def middle(self) -> int:
        return (self.start + self.end) // 2

    @property
    def tip(self) -> int:
        """Where the line ends, short of the arrow head."""
        return self.end - 7 if self.end > self.start else self.end + 7


class Ladder(msgspec.Struct, frozen=True):
    columns: tuple[tuple[str, int], ...]
    rungs: tuple[Rung, ...]
    width: int
    height: int


class Chapter(msgspec.Struct, frozen=True):
    """A scenario with all that the page shows of it."""

    scenario: ScenarioRecord
    findings: tuple[FindingRecord, ...]
    outcome: str
    ladder: Ladder
    sound: str  # a data URI, or empty


class Cell(msgspec.Struct, frozen=True):
    """One field of the matrix: a role in an area."""

    tally: dict[str, int]

    @property
    def outcome(self) -> str:
        return next((o for o in ORDER if o in self.tally), "")


def write(run: Run, base: Path, path: Path) -> None:
    """``base`` is the folder that the records' paths are relative to."""
    path.write_text(page(run, base), encoding="utf-8")


def rendered(template: str, **words: object) -> str:
    """A page from a template of this folder; whatever is put in is escaped."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("ringback.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(template).render(**words)


def page(run: Run, base: Path) -> str:
    areas = sorted({f.area for f in run.findings if f.roles})
    found = run.by_scenario()
    return rendered(
        "report.html.j2",
        run=run,
        chapters=[_chapter(s, found[s.id], base) for s in run.scenarios],
        tally=counts(run.findings),
        verdict=worst(run.findings),
        areas=areas,
        matrix=matrix(run.findings, areas),
        sign=SIGN,
        glyph=GLYPH,
        words=in_words,
        wrong=[f for f in run.findings if f.outcome in ORDER[:3]],
        remarkable=_once([f for f in run.findings if f.outcome == "deviation"]),
    )


def matrix(
    findings: Sequence[FindingRecord], areas: Iterable[str]
) -> dict[str, dict[str, Cell]]:
    """Roles against areas: the outcomes of every requirement that binds the role."""
    return {
        role.value: {
            area: Cell(
                counts(f for f in findings if f.area == area and role.value in f.roles)
            )
            for area in areas
        }
        for role in Role
    }


def _once(findings: Iterable[FindingRecord]) -> list[FindingRecord]:
    """One of each requirement: what every scenario shows is told once, by the first."""
    told: dict[str, list[FindingRecord]] = {}
    for finding in findings:
        told.setdefault(finding.requirement, []).append(finding)
    return [_and_more(same[0], len(same) - 1) for same in told.values()]


def _and_more(finding: FindingRecord, more: int) -> FindingRecord:
    if not more:
        return finding
    because = f"{finding.because} (and so in {more} more scenarios)"
    return replace(finding, because=because)


def _chapter(
    scenario: ScenarioRecord, findings: Sequence[FindingRecord], base: Path
) -> Chapter:
    ranked = sorted(findings, key=lambda f: (ORDER.index(f.outcome), f.requirement))
    return Chapter(
        scenario=scenario,
        findings=tuple(ranked),
        outcome=worst(findings),
        ladder=lay_out(scenario, findings),
        sound=_data_uri(base / scenario.sound) if scenario.sound else "",
    )


def lay_out(scenario: ScenarioRecord, findings: Sequence[FindingRecord]) -> Ladder:
    """Rows and columns in pixels."""
    at = {
        role: LEFT + COLUMN // 2 + COLUMN * i for i, role in enumerate(scenario.roles)
    }
    named = {
        frame: next(o for o in ORDER if o in outcomes)
        for frame, outcomes in _outcomes_by_frame(findings).items()
    }
    rungs = tuple(
        Rung(
            y=TOP + ROW * (i + 1),
            start=at.get(arrow.source, LEFT),
            end=at.get(arrow.target, LEFT),
            arrow=arrow,
            outcome=named.get(arrow.frame, ""),
        )
        for i, arrow in enumerate(scenario.arrows)
    )
    return Ladder(
        columns=tuple(at.items()),
        rungs=rungs,
        width=LEFT + COLUMN * max(1, len(at)),
        height=TOP + ROW * (len(rungs) + 1),
    )


def _outcomes_by_frame(findings: Iterable[FindingRecord]) -> dict[int, set[str]]:
    """Only of findings that accuse: a pass points at frames too, but needs no mark."""
    found: dict[int, set[str]] = {}
    for finding in findings:
        if finding.outcome in {"fail", "deviation", "error"}:
            for frame in finding.frames:
                found.setdefault(frame, set()).add(finding.outcome)
    return found


def _data_uri(path: Path) -> str:
    if not path.is_file() or path.stat().st_size > SOUND_LIMIT:
        return ""
    return "data:audio/wav;base64," + b64encode(path.read_bytes()).decode()
