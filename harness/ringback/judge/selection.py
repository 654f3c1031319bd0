"""SELECT words of the command line -> requirement ids.

A word is a requirement id, a prefix of ids, an area, a citation such as
``RFC 3261 §17``, a scenario id, or a case id (``SCENARIO:REQUIREMENT``).
"""

import re
from collections.abc import Iterable, Mapping
from difflib import get_close_matches

from ringback.faults import Misuse
from ringback.judge.catalogue import Catalogue, Requirement, catalogue

_SPELLED = re.compile(r"(RFC|rfc) ?(\d{4})( *§? *(\d[\d.]*))?")


def select(
    words: Iterable[str],
    scenarios: Mapping[str, tuple[str, ...]] | None = None,
    known: Catalogue | None = None,
) -> tuple[str, ...]:
    """Requirement ids in order; no word selects all. ``scenarios`` maps a scenario's
    id to what it settles. Misuse names near matches of a word that selects nothing."""
    known = catalogue() if known is None else known
    scenarios = scenarios or {}
    spoken = tuple(words)
    if not spoken:
        return tuple(sorted(known))
    chosen = {id_ for word in spoken for id_ in _chosen(word, scenarios, known)}
    return tuple(sorted(chosen))


def _chosen(
    word: str, scenarios: Mapping[str, tuple[str, ...]], known: Catalogue
) -> set[str]:
    scenario, colon, requirement = word.partition(":")
    if colon and scenario in scenarios and requirement in known:
        return {requirement}
    if word in scenarios:
        return set(scenarios[word])
    if citation := _SPELLED.fullmatch(word.strip()):
        found = {r.id for r in known.values() if _cites(r, citation)}
    elif word in known:
        found = {word}
    else:
        found = {r.id for r in known.values() if _is_under(r, word)}
    if not found:
        raise Misuse(f"nothing is called {word!r}{_near(word, scenarios, known)}")
    return found


def _is_under(requirement: Requirement, word: str) -> bool:
    prefix = word.upper()
    at_border = requirement.id.startswith(prefix.rstrip("-") + "-")
    return requirement.area == word.lower() or at_border


def _cites(requirement: Requirement, citation: re.Match[str]) -> bool:
    """A section takes in its subsections: §17 takes §17.1.1.3, not §171."""
    rfc, section = citation[2], (citation[4] or "").rstrip(".")
    mentioned = re.escape(section) + r"(?![\d])" if section else ""
    return bool(re.search(f"RFC {rfc} §{mentioned}", requirement.entry.source))


def _near(word: str, scenarios: Mapping[str, tuple[str, ...]], known: Catalogue) -> str:
    areas = {r.area for r in known.values()}
    names = [*sorted(areas), *known, *scenarios]
    folded = {name.lower(): name for name in names}
    near = [folded[n] for n in get_close_matches(word.lower(), folded, 3, 0.5)]
    return (
        f"; near: {', '.join(near)}" if near else f"; areas: {', '.join(sorted(areas))}"
    )
