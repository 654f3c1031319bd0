"""Which scenarios are played: selection, modes, and the checks before the first one."""

from collections.abc import Sequence
from pathlib import Path
from shlex import quote

import pytest

from ringback.faults import Fault, Misuse
from ringback.judge.catalogue import catalogue
from ringback.judge.finding import Level
from ringback.judge.selection import select
from ringback.running.fences import FENCE, fenced, is_fence, tail
from ringback.testbed.asked import Asked
from ringback.testbed.closing import Declared
from ringback.testbed.outside import EXEC, who_stays
from ringback.values import Security

STRENGTH = {
    "must": {Level.MUST},
    "should": {Level.MUST, Level.SHOULD},
    "may": set(Level),
}


def seatable(asked: Asked, workers: int) -> None:
    """Ends the run before its first scenario when the SUT cannot be seated."""
    try:
        why = _unseatable(asked, workers)
    except Fault as trouble:
        raise pytest.UsageError(str(trouble)) from trouble
    if why:
        raise pytest.UsageError(why)


def _unseatable(asked: Asked, workers: int) -> str:
    from ringback.testbed.session import Session

    if workers > 1 and asked.outside:
        bound = who_stays(asked.outside) - asked.outside.keys()
        bound |= Session(asked, "").facing.keys()
        if bound:
            who = " and ".join(sorted(bound))
            return (
                f"-n {workers}: our own {who} must be where the "
                "system under test looks for it, which is one place: leave out -n"
            )
    if any(one.way == EXEC for one in asked.outside.values()):
        return Session(asked, "").asked_nonsense()
    return ""


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
    name += tail(item)
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
        fence=item.stash.get(FENCE, False),
    )


def _again(asked: Asked, mode: str) -> list[str]:
    words = [f"--sut {quote(f'{r}={where}')}" for r, where in asked.config.sut.items()]
    words += [f"--resolve {name}={host}" for name, host in asked.resolve.items()]
    words += [f"--config {quote(asked.config_file)}"] if asked.config_file else []
    if odd := asked.oddness:
        words.append(f"--{type(odd).__name__.lower()} {odd.name}")
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
    words = _understood(asked.select, [i for i in items if scenario_of(i)])
    for item in items:
        marker = item.get_closest_marker("scenario")
        if marker is None:
            kept.append(item)
            continue
        _checked(item, marker)
        wanted = _wanted(asked, words, item)
        (kept if wanted else dropped).append(item)
    kept.sort(key=lambda item: not is_fence(scenario_of(item)))
    plain = [item for item in items if is_fence(scenario_of(item))]
    others = [item for item in kept if not scenario_of(item)]
    scenarios = [item for item in kept if scenario_of(item)]
    return [*others, *fenced(scenarios, plain)], dropped


def scenario_of(item: pytest.Item) -> str:
    return scenario_id(item) if item.get_closest_marker("scenario") else ""


def _checked(item: pytest.Item, marker: pytest.Mark) -> None:
    known = catalogue()
    unknown = [i for i in marker.kwargs["settles"] if i not in known]
    if unknown:
        where = f"{item.path.name}: {item.name}"
        raise Misuse(f"{where} settles {', '.join(unknown)}: in no catalogue sheet")


Words = dict[str, frozenset[str]]  # a word of SELECT, and the requirements it means


def _understood(select_: Sequence[str], items: Sequence[pytest.Item]) -> Words:
    """Misuse for a word that names neither scenario nor requirement."""
    names = {scenario_id(item).partition("@")[0]: () for item in items}
    found: Words = {}
    for word in select_:
        named = any(_names_scenario(word, item) for item in items)
        requirement = word.partition(":")[2]
        if requirement and (not named or requirement not in catalogue()):
            select([word if not named else requirement], names)
        try:
            found[word] = frozenset(select([word]) if ":" not in word else ())
        except Misuse:
            if not named:
                select([word], names)
            found[word] = frozenset()
    return found


def _wanted(asked: Asked, words: Words, item: pytest.Item) -> bool:
    marker = item.get_closest_marker("scenario")
    assert marker is not None
    if marker.kwargs["slow"] and not asked.slow:
        return False
    if not asked.select:
        return True
    settles = set(marker.kwargs["settles"])
    return any(
        settles & meant or _names_scenario(word, item) for word, meant in words.items()
    )


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


def _meant(word: str) -> tuple[str, ...]:
    """Nothing for the folder of a suite; whoever collects complains of other words."""
    try:
        return select([word])
    except Misuse:
        return ()


def requirements(asked: Asked) -> frozenset[str] | None:
    """What is judged and reported; None is everything that applies."""
    strong = {r.id for r in catalogue().values() if r.level in STRENGTH[asked.level]}
    words = [w.rpartition(":")[2] for w in asked.select if ":" in w]
    words += [w for w in asked.select if ":" not in w and not _is_scenario_word(w)]
    areas = {r.area for r in catalogue().values()}
    named = {i for w in words if w not in areas for i in _meant(w)}
    if named:
        return frozenset(strong & named)
    return frozenset(strong) if asked.level != "may" else None
