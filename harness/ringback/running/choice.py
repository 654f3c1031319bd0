"""Which scenarios are played: selection, modes, and the checks before the first one."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from ringback.faults import Misuse
from ringback.judge.catalogue import catalogue
from ringback.judge.finding import Level
from ringback.judge.selection import select
from ringback.testbed.asked import Asked
from ringback.testbed.closing import Declared
from ringback.values import Security

STRENGTH = {
    "must": {Level.MUST},
    "should": {Level.MUST, Level.SHOULD},
    "may": set(Level),
}
PLAIN = "playonphone.the-plain-call"


def modes(asked: Asked, marker: pytest.Mark) -> list[Security]:
    """The modes of this run in which the scenario makes sense."""
    return [m for m in asked.modes if m in marker.kwargs["security"]]


def scenario_id(item: pytest.Item) -> str:
    """``playonphone.a-busy-phone@secured``: area, function name, mode."""
    assert isinstance(item, pytest.Function)
    name = item.originalname.removeprefix("test_").replace("_", "-")
    mode = str(item.callspec.params["security"])
    spelled = f"-{item.callspec.id}-"  # other parameters, as pytest strings them
    others = spelled.replace(f"-{mode}-", "-", 1).strip("-")
    name = f"{name}-{others}" if others else name
    return f"{area_of(item.path)}.{name}@{mode}"


def area_of(path: Path) -> str:
    return path.parent.name


def declared(item: pytest.Item, asked: Asked) -> Declared:
    marker = item.get_closest_marker("scenario")
    assert marker is not None
    whole = scenario_id(item)
    name, _, mode = whole.partition("@")
    return Declared(
        id=whole,
        title=name.partition(".")[2].replace("-", " "),
        area=area_of(item.path),
        settles=tuple(marker.kwargs["settles"]),
        again=" ".join(["ringback run", name, *_again(asked, mode)]),
    )


def _again(asked: Asked, mode: str) -> list[str]:
    words = [f"--sut {role}={where}" for role, where in asked.config.sut.items()]
    words.append(f"--security {mode}")
    return [*words, "--net memory"] if asked.net == "memory" else words


def selected(
    asked: Asked, items: Sequence[pytest.Item]
) -> tuple[list[pytest.Item], list[pytest.Item]]:
    """What is kept, the plain calls first, and what is left out.

    Misuse names an id that no catalogue sheet has: a typo stops the run before it
    starts.
    """
    kept: list[pytest.Item] = []
    dropped: list[pytest.Item] = []
    for item in items:
        marker = item.get_closest_marker("scenario")
        if marker is None:
            kept.append(item)
            continue
        _checked(item, marker)
        wanted = _wanted(asked, item, marker)
        (kept if wanted else dropped).append(item)
    kept.sort(key=lambda item: not scenario_of(item).startswith(PLAIN))
    return kept, dropped


def scenario_of(item: pytest.Item) -> str:
    return scenario_id(item) if item.get_closest_marker("scenario") else ""


def _checked(item: pytest.Item, marker: pytest.Mark) -> None:
    known = catalogue()
    unknown = [i for i in marker.kwargs["settles"] if i not in known]
    if unknown:
        where = f"{item.path.name}: {item.name}"
        raise Misuse(f"{where} settles {', '.join(unknown)}: in no catalogue sheet")


def _wanted(asked: Asked, item: pytest.Item, marker: pytest.Mark) -> bool:
    if marker.kwargs["slow"] and not asked.slow:
        return False
    if not asked.select:
        return True
    words = [w for w in asked.select if not _names_scenario(w, item)]
    if len(words) < len(asked.select):
        return True
    others = [w for w in words if not _is_scenario_word(w)]
    return bool(others and set(marker.kwargs["settles"]) & set(select(others)))


def _is_scenario_word(word: str) -> bool:
    return "." in word and not word.startswith("RFC ")


def _names_scenario(word: str, item: pytest.Item) -> bool:
    """A scenario id or its beginning, an area, or a case id."""
    whole = scenario_id(item)
    name = word.partition(":")[0]
    return (
        whole == name
        or whole.partition("@")[0] == name
        or (_is_scenario_word(name) and whole.startswith(name))
        or name == area_of(item.path)
    )


def requirements(asked: Asked) -> frozenset[str] | None:
    """What is judged and reported; None is everything that applies."""
    strong = {r.id for r in catalogue().values() if r.level in STRENGTH[asked.level]}
    words = [w.rpartition(":")[2] for w in asked.select if ":" in w]
    words += [w for w in asked.select if ":" not in w and not _is_scenario_word(w)]
    areas = {r.area for r in catalogue().values()}
    named = [w for w in words if w not in areas]
    if named:
        return frozenset(strong & set(select(named)))
    return frozenset(strong) if asked.level != "may" else None
