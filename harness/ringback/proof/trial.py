"""All plays of a selftest, spread over processes; what came of them, gathered.

Processes are forked once the scenarios are collected and again once the baselines are
known, so that neither has to be sent.
"""

import multiprocessing
import random
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from msgspec.structs import replace

from ringback.peers.bent.declared import Fault, Quirk, possible_in
from ringback.proof import arms
from ringback.proof.arms import Arm
from ringback.proof.kills import Noticed, Tried, left_alone, noticed, plays_for, tried
from ringback.proof.mutant import Mutant
from ringback.proof.mutants import mutants_of
from ringback.proof.plays import PLAIN, Play, Played, Stage

Progress = Callable[[int, int], None]
Result = TypeVar("Result")
CHUNK = 8  # plays at a time: short enough for both cores to end together


@dataclass(slots=True)
class Shop:
    """What every process inherits by being forked."""

    plays: Sequence[Play] = ()
    base: dict[str, Played] = field(default_factory=dict)
    odd: dict[str, Fault | Quirk] = field(default_factory=dict)
    mutants: Sequence[Mutant | Arm] = ()
    stage: Stage | None = None


_SHOP = Shop()
Task = tuple[str, tuple[int, ...]]  # the name of a fault or quirk, numbers of plays


def baselines(
    plays: Sequence[Play], workers: int, progress: Progress
) -> dict[str, Played]:
    """Every play with nobody bent. Evidence is not kept: only verdicts are compared."""
    _SHOP.plays, _SHOP.base, _SHOP.odd = plays, {}, {}
    tasks = [("", chunk) for chunk in _chunks(range(len(plays)))]
    found: dict[str, Played] = {}
    for results in _spread(_base, tasks, workers, progress):
        found |= results
    return found


def trials(
    odd: Iterable[Fault | Quirk],
    plays: Sequence[Play],
    base: dict[str, Played],
    *,
    share: float,
    seed: int,
    workers: int,
    progress: Progress,
) -> list[Tried]:
    """Each fault where it must be caught and in a seeded share of the rest; each quirk
    in every play of its modes or, with a share below 1, in four times that share of the
    scenarios, in one mode, and always in the plain call and where it says so."""
    known = {one.name: one for one in odd}
    _SHOP.plays, _SHOP.base, _SHOP.odd = plays, base, known
    tasks = [
        (name, chunk)
        for name, one in known.items()
        for chunk in _chunks(_numbers(one, plays, base, share, seed))
    ]
    found: list[Tried] = []
    for results in _spread(_tries, tasks, workers, progress):
        found += results
    return sorted(found, key=lambda t: (t.odd, t.play))


def mutants(plays: Sequence[Play]) -> tuple[Mutant, ...]:
    """Every mechanical mutant of these plays."""
    found: list[Mutant] = []
    for play in plays:
        evidence = _stage().play(play).evidence
        found += mutants_of(play.id, evidence) if evidence else ()
    return tuple(found)


def mutations(
    mutants: Sequence[Mutant | Arm],
    plays: Sequence[Play],
    base: dict[str, Played],
    *,
    workers: int,
    progress: Progress,
) -> list[Noticed]:
    """Each mutant in the play that it was made of; a machine that lacks an arm in all
    of ``plays`` until somebody notices."""
    _SHOP.plays, _SHOP.base, _SHOP.mutants = plays, base, mutants
    tasks = [("", chunk) for chunk in _chunks(range(len(mutants)))]
    found: list[Noticed] = []
    for results in _spread(_mutates, tasks, workers, progress):
        found += results
    return sorted(found, key=lambda one: one.mutant)


def _numbers(
    one: Fault | Quirk,
    plays: Sequence[Play],
    base: dict[str, Played],
    share: float,
    seed: int,
) -> list[int]:
    sound = [p for p in plays if p.id in base and not base[p.id].untestable]
    if isinstance(one, Fault):
        chosen = plays_for(one, sound, share, seed)
    else:
        chosen = [p for p in sound if possible_in(one, p.mode)]
        if share < 1:
            chosen = _some(_one_mode_each(chosen, one.name), 4 * share, seed, one)
    ids = {p.id for p in chosen}
    return [number for number, play in enumerate(plays) if play.id in ids]


def _one_mode_each(plays: Sequence[Play], name: str) -> list[Play]:
    """Of each scenario one mode, another for each quirk: all meet in the end."""
    by_scenario: dict[str, list[Play]] = {}
    for play in plays:
        by_scenario.setdefault(play.scenario, []).append(play)
    turn = sum(name.encode())
    return [
        found[(turn + number) % len(found)]
        for number, found in enumerate(by_scenario.values())
    ]


def _some(plays: Sequence[Play], share: float, seed: int, one: Quirk) -> list[Play]:
    chance = random.Random(f"{seed} {one.name}")
    return [
        p
        for p in plays
        if chance.random() < share
        or p.scenario == PLAIN
        or p.scenario.startswith(one.scenarios)
    ]


def _spread(
    work: Callable[[Task], Result],
    tasks: Sequence[Task],
    workers: int,
    progress: Progress,
) -> Iterator[Result]:
    whole, done = sum(len(numbers) for _, numbers in tasks), 0
    context = multiprocessing.get_context("fork")
    with ProcessPoolExecutor(workers, context) as pool:
        futures = {pool.submit(work, task): len(task[1]) for task in tasks}
        for future in as_completed(futures):
            done += futures[future]
            progress(done, whole)
            yield future.result()


def _base(task: Task) -> dict[str, Played]:
    found = {}
    for number in task[1]:
        play = _SHOP.plays[number]
        played = _stage().play(play)
        found[play.id] = replace(played, evidence=None, marks=())
    return found


def _tries(task: Task) -> list[Tried]:
    odd = _SHOP.odd[task[0]]
    found = []
    for number in task[1]:
        play = _SHOP.plays[number]
        base, bent = _SHOP.base[play.id], _stage().play(play, odd)
        if isinstance(odd, Fault):
            found.append(tried(odd, play, base, bent))
        else:
            found.append(left_alone(odd, play, base, bent))
    return found


def _mutates(task: Task) -> list[Noticed]:
    found = []
    for number in task[1]:
        mutant = _SHOP.mutants[number]
        if isinstance(mutant, Arm):
            found.append(_lacking(mutant))
        else:
            play = next(p for p in _SHOP.plays if p.id == mutant.where)
            bent = _stage().play(play, mutant)
            base = _SHOP.base[play.id]
            found.append(noticed(mutant.name, play, base, bent, mutant.role))
    return found


def _lacking(arm: Arm) -> Noticed:
    found = Noticed(arm.name, "")
    for play in _SHOP.plays:
        with arms.without(arm):
            bent = _stage().play(play)
        found = noticed(arm.name, play, _SHOP.base[play.id], bent)
        if found.by:
            break
    return found


def _stage() -> Stage:
    if _SHOP.stage is None:
        _SHOP.stage = Stage(Path(tempfile.gettempdir()) / "ringback-proof")
    return _SHOP.stage


def _chunks(numbers: Iterable[int]) -> Iterator[tuple[int, ...]]:
    whole = list(numbers)
    for at in range(0, len(whole), CHUNK):
        yield tuple(whole[at : at + CHUNK])
