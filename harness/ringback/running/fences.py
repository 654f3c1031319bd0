"""The plain call first, last and between blocks: what stands between two that do not
complete proves nothing about whoever is under test.

A fence *stands* when its four checkpoints pass: order, INVITE, INVITE, answer and sound
(facts §9). Whatever else is wrong with it, a call came about.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import cycle, groupby

import pytest

from ringback.report.records import Doubt, FindingRecord, ScenarioRecord

PLAIN = "playonphone.the-plain-call"
FEW = 6  # scenarios that need no fence: they are looked at one by one
CHECKPOINTS = "POP-CHECK-"
AGAIN = pytest.StashKey[int]()
FENCE = pytest.StashKey[bool]()


def is_fence(scenario: str) -> bool:
    """Whether that id is a plain call's, the first one or a later one."""
    name = scenario.partition("@")[0]
    return name == PLAIN or name.startswith(f"{PLAIN}-again-")


def tail(item: pytest.Item) -> str:
    """What the name of a later fence ends in; nothing for all other scenarios."""
    number = item.stash.get(AGAIN, 0)
    return f"-again-{number}" if number else ""


def fenced(
    items: Sequence[pytest.Item], plain: Sequence[pytest.Item]
) -> list[pytest.Item]:
    """The scenarios in blocks, one folder each, with a plain call before, between and
    after them, in one mode after the other. ``plain`` are the plain calls there are."""
    if len(items) < FEW or not plain:
        return [*items]
    first = [item for item in items if item in plain] or [_again(plain[0], 1)]
    for item in first:
        item.stash[FENCE] = True
    rest = [item for item in items if item not in plain]
    modes = cycle(plain)
    found = [*first]
    blocks = groupby(rest, key=lambda item: item.path.parent)
    for number, (_, block) in enumerate(blocks, 2):
        found += [*block, _again(next(modes), number)]
    return found


def _again(item: pytest.Item, number: int) -> pytest.Item:
    """The same scenario once more, under a name of its own."""
    assert isinstance(item, pytest.Function)
    again = pytest.Function.from_parent(
        item.parent,
        name=f"{item.name[:-1]}-again-{number}]",
        callspec=item.callspec,
        callobj=item.obj,
        fixtureinfo=item._fixtureinfo,
        originalname=item.originalname,
    )
    again.stash[AGAIN], again.stash[FENCE] = number, True
    return again


Judged = tuple[ScenarioRecord, Sequence[FindingRecord]]


def doubts(judged: Iterable[Judged]) -> Iterator[Doubt]:
    """For each fence that did not stand: what was played since one that did, or until
    the next that does. Scenarios of several workers are compared by their times."""
    in_time = sorted(judged, key=lambda pair: pair[0].started)
    since: list[str] = []
    fallen = ""
    for scenario, findings in in_time:
        if not is_fence(scenario.id):
            since.append(scenario.id)
            continue
        stands = _stands(findings)
        if since and (fallen or not stands):
            yield _doubt(fallen or scenario.id, since)
        since, fallen = [], "" if stands else scenario.id
    if since and fallen:
        yield _doubt(fallen, since)


def _stands(findings: Sequence[FindingRecord]) -> bool:
    checked = [f for f in findings if f.requirement.startswith(CHECKPOINTS)]
    return bool(checked) and all(
        f.outcome in ("pass", "not-applicable", "not-tested") for f in checked
    )


def _doubt(fence: str, scenarios: Sequence[str]) -> Doubt:
    why = f"the plain call beside it did not come about ({fence})"
    return Doubt(fence=fence, scenarios=tuple(scenarios), because=why)
