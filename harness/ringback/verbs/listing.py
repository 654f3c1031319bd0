"""``list`` and ``show``: requirements, scenarios, which settles which; one case."""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pytest

from ringback.faults import Misuse
from ringback.judge.catalogue import Requirement, catalogue
from ringback.report.folder import FINDINGS
from ringback.report.records import Run, ScenarioRecord, read
from ringback.report.terminal import SIGN, failure_block, ladder_line
from ringback.running.fences import tail

if TYPE_CHECKING:
    from ringback.verbs.runner import Order


class Listed(msgspec.Struct, frozen=True):
    """A scenario as collected, without its mode."""

    id: str
    title: str
    area: str
    settles: tuple[str, ...]
    security: tuple[str, ...]


class Collected:
    """A pytest plugin that only looks; ``trouble`` is what broke the collection."""

    def __init__(self) -> None:
        self.items: list[pytest.Item] = []
        self.trouble = ""

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        self.items = [item for item in session.items if not tail(item)]

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self.trouble = str(report.longreprtext)


def collect(order: "Order") -> list[Listed]:
    """The scenarios of all areas; Misuse when a suite cannot be read."""
    from ringback.running.choice import scenario_id
    from ringback.running.face import Face
    from ringback.verbs.runner import arguments, by_pytest

    seen, face = Collected(), Face()
    by_pytest([*arguments(order), "--collect-only"], seen, face)
    if seen.trouble:
        raise Misuse(seen.trouble)
    found: dict[str, Listed] = {}
    for item in seen.items:
        marker = item.get_closest_marker("scenario")
        if marker is None:
            continue
        name, _, mode = scenario_id(item).partition("@")
        known = found.get(name)
        found[name] = Listed(
            id=name,
            title=name.partition(".")[2].replace("-", " "),
            area=name.partition(".")[0],
            settles=marker.kwargs["settles"],
            security=(*(known.security if known else ()), mode),
        )
    return list(found.values())


def scenarios(order: "Order") -> list[str]:
    """One line each: what ``run`` would play."""
    return [f"{s.id:<60} {', '.join(s.security)}" for s in collect(order)]


def listing(select: Sequence[str], form: str) -> str:
    """Both directions, as table, JSON or Markdown."""
    from ringback.judge.selection import select as chosen
    from ringback.verbs.runner import Order

    wanted = chosen(select) if select else set(catalogue())
    requirements = [r for r in catalogue().values() if r.id in wanted]
    every = collect(Order(security="all", net="memory", slow=True))
    played = [s for s in every if not select or set(s.settles) & set(wanted)]
    if form == "json":
        return json.dumps(_as_json(requirements, played), indent=2)
    return _as_text(requirements, played, markdown=form == "markdown")


def _settled_by(requirement: Requirement, played: Iterable[Listed]) -> list[str]:
    return [s.id for s in played if requirement.id in s.settles]


def _as_json(
    requirements: Sequence[Requirement], played: Sequence[Listed]
) -> dict[str, list[dict[str, object]]]:
    return {
        "requirements": [
            {
                "id": r.id,
                "area": r.area,
                "level": str(r.level),
                "source": r.entry.source,
                "says": r.entry.says,
                "binds": [str(role) for role in r.entry.binds],
                "applies": r.entry.applies,
                "allowed": r.entry.allowed,
                "cause": r.entry.cause,
                "fix": r.entry.fix,
                "settled_by": _settled_by(r, played),
                "untested": r.entry.untested,
            }
            for r in requirements
        ],
        "scenarios": [
            {
                "id": s.id,
                "title": s.title,
                "area": s.area,
                "security": list(s.security),
                "settles": list(s.settles),
            }
            for s in played
        ],
    }


def _as_text(
    requirements: Sequence[Requirement], played: Sequence[Listed], *, markdown: bool
) -> str:
    heads = (("requirement", "level", "says", "source", "settled by"),)
    rows = [
        (r.id, str(r.level), r.entry.says, r.entry.source, _by(r, played))
        for r in requirements
    ]
    plays = [(s.id, ", ".join(s.settles)) for s in played]
    if markdown:
        return "\n".join(
            [
                *_markdown([*heads, *rows]),
                "",
                *_markdown([("scenario", "settles"), *plays]),
            ]
        )
    lines = [
        f"{a:<14} {b:<8} {c}\n{'':<23} {d}; settled by {e}" for a, b, c, d, e in rows
    ]
    return "\n".join([*lines, "", *(f"{a:<56} {b}" for a, b in plays)])


def _by(requirement: Requirement, played: Sequence[Listed]) -> str:
    names = _settled_by(requirement, played)
    return ", ".join(names) or requirement.entry.untested or "evidence of any scenario"


def _markdown(rows: Sequence[Sequence[str]]) -> list[str]:
    lines = [
        "| " + " | ".join(c.replace("|", "\\|") for c in row) + " |" for row in rows
    ]
    return [lines[0], "|" + "---|" * len(rows[0]), *lines[1:]]


def show(base: Path, run_id: str, case: str) -> str:
    """A scenario's ladder and verdicts; ``case`` is a case or scenario id."""
    path = base / "reports" / run_id / FINDINGS
    try:
        run = read(path)
    except (OSError, ValueError) as trouble:
        raise Misuse(_no_run(base, run_id)) from trouble
    scenario_id, _, requirement = case.partition(":")
    scenario = next((s for s in run.scenarios if s.id == scenario_id), None)
    if scenario is None:
        known = "\n  ".join(s.id for s in run.scenarios)
        raise Misuse(f"{run_id} has no scenario {scenario_id}; it has\n  {known}")
    return "\n".join(_shown(run, scenario, requirement))


def _no_run(base: Path, run_id: str) -> str:
    names = sorted(path.parent.name for path in base.glob(f"reports/*/{FINDINGS}"))
    there = f"; there are {', '.join(names[-6:])}" if names else ", nor any other"
    return f"no run {run_id} in {base / 'reports'}{there}"


def _shown(run: Run, scenario: ScenarioRecord, requirement: str) -> Iterable[str]:
    findings = [
        f
        for f in run.findings
        if f.scenario == scenario.id and requirement in ("", f.requirement)
    ]
    accused = {n for f in findings if f.outcome == "fail" for n in f.frames}
    yield f"{scenario.id}   {scenario.capture}"
    for arrow in scenario.arrows:
        yield ladder_line(arrow, accused=arrow.frame in accused)
    for finding in findings:
        yield ""
        if finding.outcome in {"pass", "not-applicable", "not-tested"}:
            sign = SIGN[finding.outcome]
            title = finding.title.rstrip(".")
            yield f"{sign} {finding.requirement}  {title}: {finding.because}"
        else:
            yield failure_block(finding)
