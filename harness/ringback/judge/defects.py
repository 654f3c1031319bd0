"""The table of TLS defects: what each side may make of what, in which profile.

``catalogue/tls/defects.toml`` holds it; rules, suites and docs read it by this module.
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from functools import cache
from importlib import resources
from typing import Literal

import msgspec

from ringback.faults import Misuse
from ringback.values import Leg, Role

PROFILES = ("modern", "era-2007")
OF_CONNECTIONS = (
    "version",
    "cipher",
    "short",
    "hello",
    "stall",
    "clear",
    "goodbye",
    "resumed",
    "renegotiation",
)
FACETS = (
    *OF_CONNECTIONS,
    "path",
    "name",
    "list",
    "common-name",
    "usage",
    "leaf",
    "strength",
    "revoked",
    "take",
)


class Direction(StrEnum):
    """Who judges whose certificate. Servers first: there the one judged is a client."""

    UM_JUDGES_CAS = "um-judges-cas"
    GATEWAY_JUDGES_UM = "gateway-judges-um"
    CAS_JUDGES_UM = "cas-judges-um"
    UM_JUDGES_GATEWAY = "um-judges-gateway"

    @property
    def judge(self) -> Role:
        return Role(self.value.partition("-")[0])

    @property
    def judged(self) -> Role:
        return Role(self.value.rpartition("-")[2])

    @property
    def leg(self) -> Leg:
        return Leg.UM_GATEWAY if Role.GATEWAY in self._roles else Leg.CAS_UM

    @property
    def of_a_client(self) -> bool:
        return self in (Direction.UM_JUDGES_CAS, Direction.GATEWAY_JUDGES_UM)

    @property
    def _roles(self) -> tuple[Role, Role]:
        return self.judge, self.judged


class Fate(StrEnum):
    """What becomes of who shows a certificate."""

    ACCEPTED = "accepted"
    FORBIDDEN = "forbidden"  # 403 to everything (facts §4.9)
    REFUSED = "refused"  # before any SIP octet


class Cell(msgspec.Struct, frozen=True):
    """Empty ``allowed`` where that direction cannot have that defect."""

    direction: Direction
    profile: str
    allowed: frozenset[Fate]


class Row(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One defect as the table spells it."""

    says: str
    facet: str
    source: str
    kind: Literal["certificate", "connection"] = "certificate"
    untested: str = ""  # why no scenario plays it
    failure: str = ""
    looks: str = ""
    modern: dict[str, tuple[Fate, ...]]
    era_2007: dict[str, tuple[Fate, ...]] = msgspec.field(name="era-2007")


class Defect(msgspec.Struct, frozen=True):
    name: str
    row: Row

    @property
    def looks(self) -> str:
        """Its name as far as evidence can tell it."""
        return self.row.looks or self.name

    def cell(self, direction: Direction, profile: str) -> Cell:
        words = self.row.modern if profile == "modern" else self.row.era_2007
        shown = "as-client" if direction.of_a_client else "as-server"
        for word in (direction.value, shown, "every"):
            if word in words:
                return Cell(direction, profile, frozenset(words[word]))
        return Cell(direction, profile, frozenset())

    def concerns(self, direction: Direction) -> bool:
        return any(self.cell(direction, p).allowed for p in PROFILES)


@cache
def defects() -> Mapping[str, Defect]:
    """All, in the order of the table. Misuse: what is wrong with it."""
    sheet = resources.files("ringback.catalogue.tls") / "defects.toml"
    return read(sheet.read_bytes())


def read(octets: bytes) -> dict[str, Defect]:
    """Misuse names the defect of which something unknown is said."""
    try:
        rows = msgspec.toml.decode(octets, type=dict[str, Row])
    except msgspec.DecodeError as error:
        raise Misuse(f"defects.toml: {error}") from error
    found = {name: Defect(name, row) for name, row in rows.items()}
    for one in found.values():
        if complaint := _complaint(one, found.values()):
            raise Misuse(f"defects.toml: {one.name}: {complaint}")
    return found


def certificates(direction: Direction) -> list[str]:
    """Names of what a certificate can be in that direction, at its owner's seat."""
    return [
        d.name
        for d in defects().values()
        if d.row.kind == "certificate" and d.concerns(direction)
        if d.row.facet != "list" and not d.row.untested
    ]


def connections(direction: Direction, *facets: str) -> list[str]:
    """Names of what a connection can be in that direction."""
    return [
        d.name
        for d in defects().values()
        if d.row.kind == "connection" and d.row.facet in facets
        if d.concerns(direction) and not d.row.untested
    ]


def told_as(looks: str) -> Defect:
    """The first that looks so; LookupError when none does."""
    return next(d for d in defects().values() if d.looks == looks)


def cells() -> tuple[tuple[Defect, Cell], ...]:
    """Every cell that allows anything."""
    return tuple(
        (defect, cell)
        for defect in defects().values()
        for direction in Direction
        for profile in PROFILES
        if (cell := defect.cell(direction, profile)).allowed
    )


def _complaint(one: Defect, others: Iterable[Defect]) -> str:
    known = {"every", "as-client", "as-server", *Direction}
    said = {*one.row.modern, *one.row.era_2007}
    if one.row.facet not in FACETS:
        return f"no facet is called {one.row.facet!r}"
    if not said <= known:
        return f"no direction is called {sorted(said - known)[0]!r}"
    twins = [o for o in others if o.looks == one.looks]
    unlike = [o for o in twins if (o.row.modern, o.row.era_2007) != _cells(one)]
    return f"looks like {unlike[0].name} and differs from it" if unlike else ""


def _cells(one: Defect) -> tuple[object, object]:
    return one.row.modern, one.row.era_2007
