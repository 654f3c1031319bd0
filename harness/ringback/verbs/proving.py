"""``selftest``: every faulty and quirky role on the memory network, and the matrix."""

import os
import random
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from time import monotonic

import msgspec

from ringback.faults import Misuse
from ringback.judge.catalogue import catalogue
from ringback.peers.bent.declared import Fault, Quirk
from ringback.peers.bent.known import faults, quirks
from ringback.proof import trial
from ringback.proof.arms import Arm, arms
from ringback.proof.matrix import (
    FaultRow,
    Matrix,
    MutantRow,
    QuirkRow,
    fault_row,
    killers,
    mutant_rows,
    quirk_row,
    toothless,
)
from ringback.proof.mutant import ELSEWHERE, Mutant, elsewhere
from ringback.proof.page import page, write_numbers
from ringback.proof.plays import PLAIN, Play, Played, collect
from ringback.report.status import Exit
from ringback.values import Security

Say = Callable[[str], object]
MUTATED = (
    PLAIN,
    "playonphone.a-busy-phone",
    "playonphone.the-user-hangs-up-while-it-rings",
)
WATCHED = (
    "playonphone.a-greeting-recorded-and-heard-again",
    "playonphone.a-number-that-policy-denies",
    "playonphone.a-phone-that-nobody-answers",
    "playonphone.the-first-gateway-is-gone",
    "playonphone.the-user-hangs-up-while-it-plays",
    "playonphone.two-users-at-once",
)  # there only who is accused is of interest
WORST = {"fail", "error", "inconclusive"}


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """What the command line said."""

    names: tuple[str, ...] = ()
    workers: int = 0
    share: float = 0.05
    seed: int = 1
    mutants: int | None = None
    json: Path | None = None
    html: Path | None = None
    readme: Path | None = None


def selftest(order: Order, *, say: Say) -> int:
    """Play it all, print what came of it; 0 when everything is proven."""
    began = monotonic()
    odd, plays = chosen(order.names), collect()
    workers = order.workers or os.cpu_count() or 1
    say(
        f"selftest of ringback: {len(odd)} odd roles, {len(plays)} plays, seed "
        f"{order.seed}, {order.share:.0%} of what need not be played"
    )
    base = trial.baselines(plays, workers, _progress("as it should be"))
    matrix = proven(order, odd, plays, base, workers)
    _written(order, matrix)
    for line in lines(matrix):
        say(line)
    say(f"in {monotonic() - began:.0f} s")
    return Exit.GREEN if matrix.is_proof else Exit.FAILED


def _written(order: Order, matrix: Matrix) -> None:
    """Wherever the command line wants it."""
    if order.json:
        order.json.write_bytes(msgspec.json.format(msgspec.json.encode(matrix)) + b"\n")
    if order.html:
        order.html.write_text(page(matrix), encoding="utf-8")
    if order.readme:
        write_numbers(matrix, order.readme)


def proven(
    order: Order,
    odd: Sequence[Fault | Quirk],
    plays: Sequence[Play],
    base: dict[str, Played],
    workers: int,
) -> Matrix:
    """Whoever is odd, then the mechanical mutants; those only in a whole selftest."""
    found = trial.trials(
        odd,
        plays,
        base,
        share=order.share,
        seed=order.seed,
        workers=workers,
        progress=_progress("on purpose"),
    )
    known = {one.name: one for one in odd if isinstance(one, Fault)}
    caught = killers(found, known)
    whole = not order.names
    return Matrix(
        seed=order.seed,
        share=order.share,
        plays=len(plays),
        requirements=len(catalogue()),
        faults=tuple(fault_row(f, found) for f in known.values()),
        quirks=tuple(quirk_row(q, found) for q in odd if isinstance(q, Quirk)),
        mutants=_mutated(order, plays, base, workers) if whole else (),
        killers=caught,
        toothless=toothless(caught) if whole else (),
        unsound=_unsound(base),
    )


def _mutated(
    order: Order, plays: Sequence[Play], base: dict[str, Played], workers: int
) -> tuple[MutantRow, ...]:
    """Of all mechanical mutants, or of so many as were asked for; as many of the plays
    that are watched."""
    sound = [p for p in plays if not base[p.id].untestable]
    clear = [p for p in sound if p.mode is Security.UNSECURED]
    there = [p for p in clear if p.scenario in MUTATED]
    every: list[Mutant | Arm] = [*trial.mutants(there), *arms()]
    there = [p for p in clear if p.scenario in WATCHED]
    watched = [elsewhere(mutant) for mutant in trial.mutants(there)]
    tried = [*_some(every, order), *_some(watched, order)]
    found = trial.mutations(
        tried, clear, base, workers=workers, progress=_progress("by machine")
    )
    return mutant_rows(found)


def _some(mutants: Sequence[Mutant | Arm], order: Order) -> Sequence[Mutant | Arm]:
    if order.mutants is None or order.mutants >= len(mutants):
        return mutants
    return random.Random(order.seed).sample(mutants, order.mutants)


def chosen(names: Iterable[str]) -> tuple[Fault | Quirk, ...]:
    """Those named (or whose name begins so, or that break such a requirement)."""
    every: tuple[Fault | Quirk, ...] = (*faults().values(), *quirks().values())
    found: list[Fault | Quirk] = []
    for name in names:
        own = [o for o in every if o.name.startswith(name) or _breaks(o, name)]
        if not own:
            raise Misuse(f"nothing is called {name!r}: ringback serve --list-faults")
        found += own
    return tuple({one.name: one for one in found}.values()) if found else every


def _breaks(one: Fault | Quirk, name: str) -> bool:
    return isinstance(one, Fault) and one.breaks.startswith(name)


def _unsound(base: dict[str, Played]) -> dict[str, str]:
    """What was red before anybody was bent: nothing can be proven on it."""
    told = {}
    for play, played in base.items():
        bad = [f for f in played.findings.values() if f.outcome in WORST]
        if played.fell_over:
            told[play] = played.fell_over
        elif bad:
            told[play] = f"{bad[0].requirement} {bad[0].outcome}: {bad[0].because}"
    return told


def lines(matrix: Matrix) -> Iterable[str]:
    for fault in matrix.faults:
        yield from _fault_lines(fault)
    for quirk in matrix.quirks:
        yield from _quirk_lines(quirk)
    for row in matrix.mutants:
        yield from _mutant_lines(row)
    for play, why in matrix.unsound.items():
        yield f"! {play} is not sound: {why}"
    if matrix.toothless:
        yield f"! MUSTs that catch no fault: {', '.join(matrix.toothless)}"
    yield (
        f"{matrix.mutants_tried} mechanical mutants, {matrix.survivors} survive with "
        f"nothing wrong, {matrix.holes} unseen, {matrix.unexplained} for no reason, "
        f"{matrix.wronged} had an innocent accused, of these and {matrix.watched} of "
        "other calls"
    )
    yield (
        f"{matrix.requirements} requirements; {matrix.caught} of {len(matrix.faults)} "
        f"faults caught, {matrix.accusing} turned red what they should not; "
        f"{matrix.left_alone} of {len(matrix.quirks)} quirks left alone; "
        f"{len(matrix.toothless)} MUSTs without teeth"
    )


def _fault_lines(row: FaultRow) -> Iterable[str]:
    sign = "+" if row.is_caught and row.is_clean else "x"
    also = ", ".join(name for name in row.turned if name != row.breaks)
    also = f"   also {also}" if also else ""
    yield f"{sign} {row.name:<44} {row.breaks:<16} {row.kills}/{row.tried}{also}"
    for name, where in row.undeclared.items():
        yield f"    undeclared {name} in {where}"
    for name, where in row.innocents.items():
        yield f"    an innocent is accused: {name} in {where}"
    if row.trouble:
        yield f"    fell over in {row.trouble}"


def _quirk_lines(row: QuirkRow) -> Iterable[str]:
    sign = "+" if row.is_left_alone else "x"
    yield f"{sign} {row.name:<44} {'left alone':<16} {row.unmoved}/{row.tried}"
    if not row.fired:
        yield "    it never showed itself"
    for name, where in row.moved.items():
        yield f"    moved {name} in {where}"
    if row.trouble:
        yield f"    fell over in {row.trouble}"


def _mutant_lines(row: MutantRow) -> Iterable[str]:
    sign = "x" if row.unexplained or row.innocents else "+"
    alive = f"{len(row.survivors)} with nothing wrong, {len(row.holes)} unseen"
    if row.kind == ELSEWHERE:
        alive = f"{len(row.innocents)} had an innocent accused"
    yield f"{sign} {row.kind:<44} {'noticed':<16} {row.noticed}/{row.tried}   {alive}"
    for name in row.unexplained:
        yield f"    nobody notices {name}"
    for name, why in row.innocents.items():
        yield f"    an innocent is accused by {name}: {why}"


def _progress(what: str) -> trial.Progress:
    def told(done: int, whole: int) -> None:
        if sys.stderr.isatty():
            sys.stderr.write(f"\r{what}: {done}/{whole} plays")
            sys.stderr.write("\n" if done == whole else "")

    return told
