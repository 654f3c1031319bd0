"""The suites settle what they say, and leave no MUST out without a reason."""

import importlib
import inspect
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec
import pytest

from ringback.config import Config
from ringback.evidence.reader import study
from ringback.faults import Untestable
from ringback.judge.catalogue import catalogue
from ringback.judge.finding import Level, Outcome
from ringback.testbed.asked import Asked
from ringback.testbed.closing import Declared
from ringback.testbed.session import Session
from ringback.values import Security
from ringback.verbs.runner import areas

OPEN = {Outcome.INCONCLUSIVE, Outcome.NOT_TESTED}
TOLD = {Outcome.PASS, Outcome.DEVIATION}
BAD = {Outcome.FAIL, Outcome.ERROR}
Told = Mapping[str, Mapping[str, Outcome]]  # by mode, then by requirement


class Written(msgspec.Struct, frozen=True):
    """A scenario as its suite has it, with one set of its own parameters."""

    id: str
    play: Callable[..., None]
    words: Mapping[str, Any]  # of the scenario marker
    arguments: Mapping[str, Any]

    @property
    def settles(self) -> tuple[str, ...]:
        settled: tuple[str, ...] = self.words["settles"]
        return settled


def written(area: str) -> Iterator[Written]:
    """Every scenario of an area."""
    folder = next(f for f in areas() if f.name == area)
    for path in sorted(folder.glob("test_*.py")):
        module = importlib.import_module(f"testsuites.{area}.{path.stem}")
        for name, function in inspect.getmembers(module, inspect.isfunction):
            marks = {m.name: m for m in getattr(function, "pytestmark", ())}
            if "scenario" in marks:
                for arguments in parameters(marks.get("parametrize")):
                    id_ = ".".join([area, name, *map(str, arguments.values())])
                    yield Written(
                        id_[:80], function, marks["scenario"].kwargs, arguments
                    )


def parameters(mark: pytest.Mark | None) -> Iterable[Mapping[str, Any]]:
    if mark is None:
        return [{}]
    name, values = mark.args
    return [{name: value} for value in values]


def played(one: Written, session: Session, mode: Security) -> Mapping[str, Outcome]:
    """What the judge says when nobody is in between."""
    declared = Declared(one.id, one.id, "", one.settles, "")
    bed = session.open(declared, mode, one.words)
    try:
        people = {"testbed": bed, "client": bed.client}
        wanted = inspect.signature(one.play).parameters
        one.play(**{k: v for k, v in people.items() if k in wanted}, **one.arguments)
        bed.finish()
        findings = bed.findings(study(bytes(bed.captured())))
    finally:
        bed.abandon()
    bad = {f.requirement: f.because for f in findings if f.outcome in BAD}
    assert not {k: v for k, v in bad.items() if catalogue()[k].level is Level.MUST}
    return {f.requirement: f.outcome for f in findings}


def unsettled(settles: Iterable[str], told: Told) -> list[str]:
    """What remained open in a mode, or applied in none."""
    complaints = []
    for requirement in settles:
        if '"client" in sut' in catalogue()[requirement].entry.applies:
            continue  # no client of ours breaks it: see test_client_under_test.py
        outcomes = [found.get(requirement, "not judged") for found in told.values()]
        if OPEN & {*outcomes} or not TOLD & {*outcomes}:
            complaints.append(f"{requirement} is {', '.join(outcomes)}")
    return complaints


def uncovered(settled: set[str]) -> list[str]:
    """MUSTs that nobody settles and that give no reason."""
    return [
        r.id
        for r in catalogue().values()
        if r.level is Level.MUST and not r.entry.untested and r.id not in settled
    ]


def all_written() -> list[Written]:
    return [one for folder in areas() for one in written(folder.name)]


def test_every_must_is_settled_or_says_why_not() -> None:
    settled = {name for one in all_written() for name in one.settles}
    assert not uncovered(settled)
    assert uncovered(settled - {"SIP-ACK-001"}) == ["SIP-ACK-001"]


def test_every_scenario_settles_something_and_nothing_twice() -> None:
    assert not [one.id for one in all_written() if not one.settles]
    doubled = [o.id for o in all_written() if len({*o.settles}) < len(o.settles)]
    assert not doubled


@pytest.mark.parametrize("area", [folder.name for folder in areas()])
def test_what_is_settled_is_settled_in_every_mode(area: str, tmp_path: Path) -> None:
    asked = Asked(Config(), {}, tuple(Security), "memory", tmp_path, "may", (), True)
    session = Session(asked, "coverage")
    complaints: dict[str, list[str]] = defaultdict(list)
    for one in written(area):
        modes = [mode for mode in Security if mode in one.words["security"]]
        with suppress(Untestable):  # it needs real sockets
            told = {str(mode): played(one, session, mode) for mode in modes}
            complaints[one.id] += unsettled(one.settles, told)
    assert not {scenario: what for scenario, what in complaints.items() if what}


@pytest.mark.parametrize(
    ("outcomes", "complains"),
    [
        ((Outcome.PASS, Outcome.NOT_APPLICABLE), False),
        ((Outcome.PASS, Outcome.INCONCLUSIVE), True),
        ((Outcome.NOT_TESTED, Outcome.PASS), True),
        ((Outcome.NOT_APPLICABLE, Outcome.NOT_APPLICABLE), True),
    ],
)
def test_what_counts_as_unsettled(
    outcomes: tuple[Outcome, ...], complains: bool
) -> None:
    told = {str(n): {"SIP-ACK-001": outcome} for n, outcome in enumerate(outcomes)}
    assert bool(unsettled(["SIP-ACK-001"], told)) is complains
    assert unsettled(["SIP-BYE-001"], told)
