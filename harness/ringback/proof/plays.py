"""Scenarios played without pytest: collected once, played in memory as often as wanted.

Each play gives what was judged, and what a bend of one of our roles did meanwhile.
"""

import inspect
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Literal

import msgspec
from msgspec.structs import replace

from ringback.config import Config
from ringback.evidence.evidence import Evidence
from ringback.evidence.reader import study
from ringback.faults import ANYTHING, Unseen, Untestable
from ringback.judge.finding import Finding, Outcome
from ringback.peers.bent.declared import Bending
from ringback.peers.bent.way import Mark
from ringback.testbed import LEFT_OVER, Testbed
from ringback.testbed.asked import Asked
from ringback.testbed.closing import Declared, fell
from ringback.testbed.session import Ground, Session
from ringback.values import Security

PLAIN = "playonphone.the-plain-call"


class Play(msgspec.Struct, frozen=True):
    """A scenario with one set of its own parameters, in one mode."""

    scenario: str  # without the mode
    mode: Security
    function: Callable[..., None]
    arguments: Mapping[str, Any]
    words: Mapping[str, Any]  # of the scenario marker

    @property
    def id(self) -> str:
        return f"{self.scenario}@{self.mode}"

    @property
    def area(self) -> str:
        return self.scenario.partition(".")[0]

    @property
    def settles(self) -> tuple[str, ...]:
        settled: tuple[str, ...] = self.words["settles"]
        return settled


class Played(msgspec.Struct, frozen=True):
    """``outcomes`` by requirement; ``fell_over`` tells what broke on our side, and
    ``outlived`` what was not over when the scenario was. ``marks`` are what the bend
    did."""

    findings: Mapping[str, Finding]
    evidence: Evidence | None
    marks: tuple[Mark, ...] = ()
    fell_over: str = ""
    untestable: str = ""
    outlived: tuple[str, ...] = ()

    @property
    def outcomes(self) -> dict[str, Outcome]:
        return {name: finding.outcome for name, finding in self.findings.items()}


def collect(words: Iterable[str] = (), *, slow: bool = False) -> tuple[Play, ...]:
    """Every scenario that the memory network can play; ``words`` select as in ``run``.

    Misuse for a word that selects nothing.
    """
    from ringback.running.choice import scenario_id
    from ringback.running.face import Face
    from ringback.verbs.listing import Collected
    from ringback.verbs.runner import Order, arguments, by_pytest

    order = Order(select=tuple(words), security="all", net="memory", slow=slow)
    seen, face = Collected(), Face()
    by_pytest([*arguments(order), "--collect-only"], seen, face)
    found = []
    for item in seen.items:
        marker = item.get_closest_marker("scenario")
        if marker is None:
            continue
        params = dict(item.callspec.params)  # type: ignore[attr-defined]  # a Function
        mode = params.pop("security")
        name = scenario_id(item).partition("@")[0]
        function = item.obj  # type: ignore[attr-defined]  # a Function
        found.append(Play(name, mode, function, params, marker.kwargs))
    return tuple(found)


class Stage:
    """One process's session, for one play after the other; in memory unless said."""

    def __init__(
        self, folder: Path, net: Literal["memory", "sockets"] = "memory"
    ) -> None:
        self._asked = Asked(
            config=Config(),
            outside={},
            modes=tuple(Security),
            net=net,
            base=folder,
            level="may",
            select=(),
            slow=True,
        )
        self._session = Session(self._asked, "proof")

    def ground(self) -> Ground:
        """What all plays share, to be closed at the end."""
        return self._session.ground()

    def play(self, play: Play, odd: Bending | None = None) -> Played:
        """Once, with one of our roles bent or with none."""
        self._session.asked = replace(self._asked, oddness=odd)
        declared = Declared(play.id, play.scenario, play.area, play.settles, "")
        try:
            bed = self._session.open(declared, play.mode, play.words)
        except Untestable as why:
            return Played({}, None, untestable=str(why))
        except ANYTHING as trouble:
            return Played({}, None, fell_over=fell(trouble))
        try:
            return self._played(bed, play)
        finally:
            bed.abandon()
            bed.theatre.mailbox.close()

    def _played(self, bed: Testbed, play: Play) -> Played:
        people = {"testbed": bed, "client": bed.client}
        wanted = inspect.signature(play.function).parameters
        chosen = {name: one for name, one in people.items() if name in wanted}
        fell_over = ""
        try:
            play.function(**chosen, **play.arguments)
        except Unseen as missed:
            bed.missed(missed)
        except Untestable as why:
            return Played({}, None, untestable=str(why))
        except ANYTHING as trouble:
            fell_over = fell(trouble)
        try:
            bed.finish()
        except ANYTHING as trouble:
            fell_over = fell_over or fell(trouble)
        left = tuple(text for text in bed.notes if text.startswith(LEFT_OVER))
        studied = study(bytes(bed.captured()))
        findings = {f.requirement: f for f in bed.findings(studied)}
        marks = tuple(mark for bend in bed.theatre.bends for mark in bend.marks)
        return Played(findings, studied.evidence, marks, fell_over, outlived=left)
