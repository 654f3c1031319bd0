"""The kill matrix: which requirement catches which fault, who was accused wrongly."""

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from ringback.judge.catalogue import catalogue
from ringback.judge.finding import Level
from ringback.peers.bent.declared import Fault, Quirk
from ringback.proof.kills import Noticed, Tried
from ringback.proof.mutant import ELSEWHERE
from ringback.proof.survivors import reason_for

STRANGERS = " in sut"  # in ``applies``: of a role under test alone, and none is bent


class FaultRow(msgspec.Struct, frozen=True, kw_only=True):
    """One fault: in how many plays it was caught of those in which it fired."""

    name: str
    role: str
    says: str
    breaks: str
    kills: int
    tried: int
    turned: tuple[str, ...] = ()  # everything that became red
    undeclared: dict[str, str] = {}  # requirement, and play with reason
    innocents: dict[str, str] = {}  # the same, where another role is accused
    trouble: str = ""

    @property
    def is_caught(self) -> bool:
        return self.kills > 0

    @property
    def is_clean(self) -> bool:
        return not (self.undeclared or self.innocents or self.trouble)


class QuirkRow(msgspec.Struct, frozen=True, kw_only=True):
    """One quirk: in how many plays every verdict stayed what it was."""

    name: str
    says: str
    source: str
    unmoved: int
    tried: int
    fired: int
    moved: dict[str, str] = {}
    trouble: str = ""

    @property
    def is_left_alone(self) -> bool:
        return self.unmoved == self.tried and self.fired > 0 and not self.trouble


class MutantRow(msgspec.Struct, frozen=True, kw_only=True):
    """Mechanical mutants of one kind. ``survivors`` were noticed by no rule, with the
    reason why that is right; ``holes`` with the reason why nobody can see what is wrong
    with them; ``unexplained`` have none."""

    kind: str
    tried: int
    noticed: int
    survivors: dict[str, str] = {}
    holes: dict[str, str] = {}
    unexplained: tuple[str, ...] = ()
    innocents: dict[str, str] = {}  # who was accused for what another one did


class Matrix(msgspec.Struct, frozen=True, kw_only=True):
    """``killers`` has for each requirement the faults that it caught; ``plays`` counts
    scenarios times modes that were played without any fault."""

    seed: int
    share: float
    plays: int
    requirements: int
    faults: tuple[FaultRow, ...]
    quirks: tuple[QuirkRow, ...]
    mutants: tuple[MutantRow, ...] = ()
    killers: dict[str, tuple[str, ...]]
    toothless: tuple[str, ...]  # MUSTs that caught nothing
    unsound: dict[str, str] = {}  # plays that were red, or fell over, with nobody bent

    @property
    def caught(self) -> int:
        return sum(row.is_caught for row in self.faults)

    @property
    def accusing(self) -> int:
        """Faults that turned red what they should not."""
        return sum(bool(row.undeclared or row.innocents) for row in self.faults)

    @property
    def left_alone(self) -> int:
        return sum(row.is_left_alone for row in self.quirks)

    @property
    def mutants_tried(self) -> int:
        return sum(row.tried for row in self.mutants if row.kind != ELSEWHERE)

    @property
    def watched(self) -> int:
        """Mutants of other calls, of which it is only asked who is accused."""
        return sum(row.tried for row in self.mutants if row.kind == ELSEWHERE)

    @property
    def survivors(self) -> int:
        return sum(len(row.survivors) for row in self.mutants)

    @property
    def holes(self) -> int:
        return sum(len(row.holes) for row in self.mutants)

    @property
    def mutants_noticed(self) -> int:
        return sum(row.noticed for row in self.mutants if row.kind != ELSEWHERE)

    @property
    def unexplained(self) -> int:
        return sum(len(row.unexplained) for row in self.mutants)

    @property
    def wronged(self) -> int:
        """Mutants for which somebody else was accused."""
        return sum(len(row.innocents) for row in self.mutants)

    @property
    def is_proof(self) -> bool:
        caught = all(f.is_caught and f.is_clean for f in self.faults)
        alone = all(q.is_left_alone for q in self.quirks)
        whole = not (self.toothless or self.unsound or self.unexplained)
        return caught and alone and whole and not self.wronged


def fault_row(fault: Fault, found: Sequence[Tried]) -> FaultRow:
    own = [t for t in found if t.odd == fault.name]
    return FaultRow(
        name=fault.name,
        role=str(fault.role),
        says=fault.says,
        breaks=fault.breaks,
        kills=sum(t.is_kill for t in own),
        tried=sum(t.fired for t in own),
        turned=tuple(sorted({name for t in own for name in t.turned})),
        undeclared={n: _told(t, n) for t in own for n in t.undeclared},
        innocents={n: _told(t, n) for t in own for n in t.innocents},
        trouble=next((f"{t.play}: {t.trouble}" for t in own if t.trouble), ""),
    )


def _told(tried: Tried, name: str) -> str:
    return f"{tried.play}: {tried.turned[name]}"


def quirk_row(quirk: Quirk, found: Sequence[Tried]) -> QuirkRow:
    own = [t for t in found if t.odd == quirk.name]
    return QuirkRow(
        name=quirk.name,
        says=quirk.says,
        source=quirk.source,
        unmoved=sum(not t.turned for t in own),
        tried=len(own),
        fired=sum(t.fired for t in own),
        moved={n: f"{t.play}: {why}" for t in own for n, why in t.turned.items()},
        trouble=next((f"{t.play}: {t.trouble}" for t in own if t.trouble), ""),
    )


def mutant_rows(found: Iterable[Noticed]) -> tuple[MutantRow, ...]:
    kinds: dict[str, list[Noticed]] = {}
    for one in found:
        if one.fired:
            kinds.setdefault(one.mutant.partition(":")[0], []).append(one)
    return tuple(_mutant_row(kind, own) for kind, own in sorted(kinds.items()))


def _mutant_row(kind: str, own: Sequence[Noticed]) -> MutantRow:
    silent = [one.title for one in own if not one.by and kind != ELSEWHERE]
    alive = {title: reason_for(title) for title in silent}
    return MutantRow(
        kind=kind,
        tried=len(own),
        noticed=sum(bool(one.by) for one in own),
        survivors={n: str(why) for n, why in alive.items() if why and not why.unseen},
        holes={n: str(why) for n, why in alive.items() if why and why.unseen},
        unexplained=tuple(name for name, why in alive.items() if not why),
        innocents={
            one.title: "; ".join(f"{n} {why}" for n, why in one.innocents.items())
            for one in own
            if one.innocents
        },
    )


def killers(
    found: Iterable[Tried], faults: Mapping[str, Fault]
) -> dict[str, tuple[str, ...]]:
    caught: dict[str, set[str]] = {}
    for one in found:
        if one.is_kill and one.odd in faults:
            caught.setdefault(faults[one.odd].breaks, set()).add(one.odd)
    return {name: tuple(sorted(odd)) for name, odd in sorted(caught.items())}


def toothless(caught: Mapping[str, object]) -> tuple[str, ...]:
    """Those that would let everybody pass, as far as anybody knows."""
    return tuple(
        r.id
        for r in catalogue().values()
        if r.level is Level.MUST
        and not r.entry.untested
        and STRANGERS not in r.entry.applies
        and r.id not in caught
    )
