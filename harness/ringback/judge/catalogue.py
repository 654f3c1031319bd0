"""Requirements as data: the sheets of ``ringback.catalogue``, read and checked.

An id is never reused and never renumbered. A MUST rests on an RFC or on a documented
source ([D] in the fact sheet); what is inferred [I] or assumed [A] is ``profile``.
"""

import re
from collections.abc import Mapping
from functools import cache
from importlib import resources

import msgspec

from ringback.faults import Misuse
from ringback.judge import applicability
from ringback.judge.finding import Level
from ringback.values import Leg, Role

ID = re.compile(r"[A-Z]{2,4}(-[A-Z0-9]+)*-\d{3}")
RFC = re.compile(r"RFC \d{4} §\d")
CONFIDENCE = re.compile(r"\[[DIA]\]")


class Entry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One requirement as a sheet spells it."""

    level: Level
    source: str
    says: str
    binds: tuple[Role, ...]
    legs: tuple[Leg, ...] = ()  # judged only where one of these was seen
    applies: str = ""
    needs: str = ""  # "wire": only octets that a recorder saw can tell
    allowed: str = ""
    cause: str = ""
    fix: str = ""
    untested: str = ""  # why no rule answers it yet


class Terms(msgspec.Struct, frozen=True, eq=False):
    """Under which circumstances an entry is judged. Many share the same object, so that
    it need be decided but once."""

    applies: str
    legs: tuple[Leg, ...]
    needs: str


class Requirement(msgspec.Struct, frozen=True):
    id: str
    area: str  # what the name of its sheet begins with
    entry: Entry
    terms: Terms

    @property
    def level(self) -> Level:
        return self.entry.level


Catalogue = Mapping[str, Requirement]


@cache
def catalogue() -> Catalogue:
    """All requirements of the package, by id, in the order of the ids."""
    folder = resources.files("ringback.catalogue")
    sheets = sorted((f for f in folder.iterdir() if f.name.endswith(".toml")), key=str)
    found: dict[str, Requirement] = {}
    for sheet in sheets:
        for requirement in read_sheet(sheet.name, sheet.read_bytes()):
            if requirement.id in found:
                raise Misuse(f"{sheet.name}: {requirement.id} is taken")
            found[requirement.id] = requirement
    return dict(sorted(found.items()))


@cache
def all_terms() -> tuple[Terms, ...]:
    return tuple(dict.fromkeys(one.terms for one in catalogue().values()))


def read_sheet(name: str, octets: bytes) -> tuple[Requirement, ...]:
    """The requirements of one sheet; Misuse names file, id and what is wrong."""
    try:
        tables = msgspec.toml.decode(octets, type=dict[str, dict[str, object]])
    except msgspec.DecodeError as error:
        raise Misuse(f"{name}: {error}") from error
    area = re.split(r"[-.]", name, maxsplit=1)[0]  # sip-dialogs.toml is of area sip
    entries = {id_: _entry(f"{name}: {id_}", id_, t) for id_, t in tables.items()}
    return tuple(
        Requirement(id_, area, entry, _terms(entry.applies, entry.legs, entry.needs))
        for id_, entry in entries.items()
    )


_terms = cache(Terms)


def _entry(where: str, id_: str, table: dict[str, object]) -> Entry:
    if not ID.fullmatch(id_):
        raise Misuse(f"{where}: not an id like SIP-ACK-001")
    try:
        entry = msgspec.convert(table, Entry)
        applicability.compiled(entry.applies)
    except (msgspec.ValidationError, ValueError) as error:
        raise Misuse(f"{where}: {error}") from error
    if complaint := _complaint(entry):
        raise Misuse(f"{where}: {complaint}")
    return entry


def _complaint(entry: Entry) -> str:
    """The law of levels, and what a reader needs."""
    documented = bool(RFC.search(entry.source)) or "[D]" in entry.source
    if not (documented or CONFIDENCE.search(entry.source)):
        return "the source is neither an RFC paragraph nor carries [D], [I] or [A]"
    if entry.level is not Level.PROFILE and not documented:
        return f"{entry.level} needs an RFC or a documented source"
    if not entry.binds:
        return "it binds nobody"
    if entry.needs not in ("", "wire"):
        return f"it needs {entry.needs!r}, which is nothing known"
    return ""
