"""Who judges a certificate, and whether he does with its owner what the table allows.

RFC 5280 §6.1, RFC 5922 §7; the table of defects (``judge.defects``) has the sources.
"""

from collections.abc import Iterable

from ringback.judge.case import Case, Rule
from ringback.judge.defects import Direction, Fate, told_as
from ringback.judge.judged import Judged, cell_of, fate, judged, proof
from ringback.judge.oddities import oddities
from ringback.judge.presented import Presented, presented_by_strangers
from ringback.judge.verdict import Verdict, fails, passes, undecided

MANY = 6  # certificates that a verdict tells of


def judges(direction: Direction, facet: str) -> Rule:
    """The judge of that direction does what the cells of that facet allow."""

    def rule(case: Case) -> Verdict:
        return _verdict(case, direction, facet, judged(case, direction))

    return rule


def serves_its_list_only(direction: Direction) -> Rule:
    """Facts §4.9: also who sits nowhere, and is honest about it, is turned away."""

    def rule(case: Case) -> Verdict:
        found = [
            Judged(shown, ("unlisted",), fate(case, shown))
            for shown in presented_by_strangers(case, direction.judge)
            if _is_unlisted(case, shown)
        ]
        return _verdict(case, direction, "list", found)

    return rule


def _verdict(
    case: Case, direction: Direction, facet: str, found: Iterable[Judged]
) -> Verdict:
    profile = case.known.tls_profile
    own = [j for j in found if any(told_as(o).row.facet == facet for o in j.odd)]
    if not own:
        return undecided(f"no certificate to tell by was shown: {direction}, {facet}")
    guilty = [j for j in own if _offends(j, direction, profile, facet)]
    if guilty:
        told = "; ".join(_told(j, direction, profile, facet) for j in guilty[:MANY])
        frames = [f for j in guilty for f in proof(case, j)]
        return fails(told, *frames, by=direction.judge)
    unknown = [j for j in own if j.fate is None]
    if unknown:
        odd = ", ".join(dict.fromkeys(o for j in unknown for o in j.odd))
        return undecided(f"neither served nor turned away: {odd}", unknown[0].frame)
    fates = ", ".join(f"{'+'.join(j.odd)} {j.fate}" for j in own[:MANY])
    more = f" and {len(own) - MANY} more" if len(own) > MANY else ""
    return passes(f"{profile}: {fates}{more}", *(j.frame for j in own))


def _offends(one: Judged, direction: Direction, profile: str, facet: str) -> bool:
    """A fate that no cell of the facet allows; and who was refused for something else
    was rightly refused."""
    if one.fate is None:
        return False
    cells = [cell_of(o, direction, profile) for o in one.odd]
    own = [
        c.allowed
        for o, c in zip(one.odd, cells, strict=True)
        if told_as(o).row.facet == facet
    ]
    if one.fate is Fate.ACCEPTED:
        return any(Fate.ACCEPTED not in allowed for allowed in own if allowed)
    if any(one.fate in c.allowed for c in cells):
        return False
    return bool(own)


def _told(one: Judged, direction: Direction, profile: str, facet: str) -> str:
    name = next(o for o in one.odd if told_as(o).row.facet == facet)
    defect, allowed = told_as(name), cell_of(name, direction, profile).allowed
    expected = " or ".join(sorted(allowed))
    named = f", {defect.row.failure}" if defect.row.failure else ""
    return (
        f"{name}: the {direction.judged}, whose certificate {defect.row.says}, is "
        f"{one.fate} by the {direction.judge}; {profile} allows {expected}{named} "
        f"({defect.row.source})"
    )


def _is_unlisted(case: Case, shown: Presented) -> bool:
    """Otherwise sound, and neither a neighbour's nor of one known beside these."""
    listed = [seat.name for seat in case.known.seats if seat.role is not shown.other]
    listed += case.known.also_trusted
    return bool(shown.chain) and oddities(case, shown, listed) == ("somebody-else",)
