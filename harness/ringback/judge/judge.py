"""Evidence in, findings out: which requirements apply, and what each rule says.

Every requirement that the scenario settles gets a finding; the others only where a
rule could decide. Engine trouble is an error, never the fault of the system under test.
"""

from collections.abc import Container, Iterable, Iterator, Mapping
from itertools import chain
from typing import Self

import msgspec
from msgspec.structs import replace

from ringback.evidence.circumstances import Circumstances
from ringback.evidence.evidence import Evidence
from ringback.evidence.frame import Frame
from ringback.faults import ANYTHING
from ringback.judge.applicability import facts_of, holds
from ringback.judge.case import Case, Rule
from ringback.judge.catalogue import Requirement, Terms, all_terms, catalogue
from ringback.judge.finding import Finding, Level, Outcome
from ringback.judge.judged import culprit, wronged
from ringback.judge.table import RULES
from ringback.judge.verdict import Grade, Verdict, errs, undecided
from ringback.judge.weakness import was_left
from ringback.values import Leg, Role

OF_CALLS = ("playonphone", "media", "webservice")  # areas
OFFENCES = (Grade.FAIL, Grade.DEVIATION)
KNOWINGLY = "knowingly "  # "knowingly cas": what that role does wrong is meant so
ASIDE = "aside "  # a note "aside SIP-FORM-001 …": what the scenario breaks on purpose
OUTCOME_OF = {
    Grade.PASS: Outcome.PASS,
    Grade.DEVIATION: Outcome.DEVIATION,
    Grade.INCONCLUSIVE: Outcome.INCONCLUSIVE,
    Grade.FAIL: Outcome.FAIL,
    Grade.ERROR: Outcome.ERROR,
}
NOBODY_SAYS = "the capture does not say what it is a capture of"
Bar = tuple[Outcome, str]  # what a finding says of what is not judged


def judge(evidence: Evidence) -> tuple[Finding, ...]:
    """The findings, sorted by requirement; the same evidence gives the same ones."""
    case = Case(evidence)
    if case.circumstances is None:
        found = [_foreign(case, r) for r in catalogue().values()]
        return tuple(f for f in found if f)
    standing = Standing.of(case.circumstances)
    bars = {terms: _barred(standing, terms) for terms in all_terms()}
    found = [_known(case, r, standing, bars[r.terms]) for r in catalogue().values()]
    return tuple(f for f in found if f)


class Standing(msgspec.Struct, frozen=True):
    """What of the circumstances decides whether a requirement is judged."""

    facts: Mapping[str, object]
    settled: frozenset[str]
    observable: frozenset[Leg]
    aside: tuple[str, ...]  # ids, or beginnings of ids
    knowingly: frozenset[str]  # roles that a probe of the scenario passes for
    hidden: bool  # what CAS and UM say to each other stays within the SUT
    wired: bool  # the octets of the wire were seen, not only what they held

    @classmethod
    def of(cls, known: Circumstances) -> Self:
        noted = (note for note in known.notes if note.startswith(ASIDE))
        return cls(
            facts_of(known),
            frozenset(known.settles),
            frozenset(leg for leg in Leg if _observable(known, leg)),
            tuple(word for note in noted for word in note.split()[1:]),
            frozenset(
                word
                for note in known.notes
                if note.startswith(KNOWINGLY)
                for word in note.split()[1:]
            ),
            {Role.CAS, Role.UM} <= known.sut.keys(),
            known.captured == "wire" or known.net == "memory",
        )


def _known(
    case: Case, requirement: Requirement, standing: Standing, bar: Bar | None
) -> Finding | None:
    """None where there is nothing to tell about this requirement."""
    wanted = requirement.id in standing.settled
    if barred := _set_aside(standing, requirement) or bar:
        outcome, because = barred
        return _finding(requirement, outcome, because) if wanted else None
    verdict = _verdict(case, RULES[requirement.id])
    if verdict.grade is Grade.INCONCLUSIVE and not wanted:
        return None
    if verdict.besides:
        verdict = _most_telling(verdict, case.known.sut, standing.knowingly)
    if verdict.grade in OFFENCES and verdict.guilty in standing.knowingly:
        because = f"the scenario's own {verdict.guilty} does so on purpose"
        return (
            _finding(requirement, Outcome.NOT_APPLICABLE, because) if wanted else None
        )
    verdict = _upset(case, requirement, standing, verdict)
    if _binds_only_ours(case.known, requirement):
        return _about_ours(case.known, requirement, verdict, wanted)
    if (
        verdict.grade is Grade.INCONCLUSIVE
        and standing.hidden
        and _may_hide(requirement)
    ):
        because = f"{verdict.because}; nothing of ours could see {Leg.CAS_UM}"
        return _finding(requirement, Outcome.NOT_TESTED, because)
    return _of(requirement, _ours_is_an_error(case.known, requirement, verdict))


def _most_telling(
    verdict: Verdict, sut: Container[str], knowingly: Container[str]
) -> Verdict:
    """Where several roles broke the rule: on the one under test, if it is among them;
    else on one that did not do so on purpose."""
    found = (verdict, *verdict.besides)
    tested = (v for v in found if v.guilty and v.guilty in sut)
    unwitting = (v for v in found if v.guilty not in knowingly)
    return next(chain(tested, unwitting), verdict)


def _may_hide(requirement: Requirement) -> bool:
    """Whether what it is about may have happened between CAS and UM."""
    return not requirement.entry.legs or Leg.CAS_UM in requirement.entry.legs


def _upset(
    case: Case, requirement: Requirement, standing: Standing, verdict: Verdict
) -> Verdict:
    """Who is refused for his certificate, or left for the TLS that he chose, takes part
    in no call: what did not come of one is nobody else's fault."""
    if verdict.grade is not Grade.FAIL or requirement.area not in OF_CALLS:
        return verdict
    for role, why, frame in _failed(case):
        own = role in {verdict.guilty, *standing.knowingly}
        return verdict if own else undecided(f"{why}; {verdict.because}", frame)
    return verdict


def _failed(case: Case) -> Iterator[tuple[Role | None, str, Frame]]:
    """Who is to blame that TLS failed, why, and where it shows."""
    for bad in filter(was_left, case.evidence.connections):
        why = f"the {bad.acceptor} chose {bad.version} with {bad.cipher}, and was left"
        yield bad.acceptor, why, bad.tls[0]
    for ill in filter(None, (culprit(case, leg) for leg in Leg)):
        role, odd = ill.shown.role, ", ".join(ill.odd)
        yield role, f"the certificate of the {role} was refused: {odd}", ill.frame
    for one, judge in filter(None, (wronged(case, leg) for leg in Leg)):
        why = f"the {judge} refused the {one.shown.role}, whose certificate is in order"
        yield judge, why, one.frame


def _foreign(case: Case, requirement: Requirement) -> Finding | None:
    """Without circumstances only what needs no leg, role or expectation is judged."""
    entry = requirement.entry
    tellable = not (entry.legs or entry.applies or entry.needs or entry.untested)
    if not tellable:
        return _finding(requirement, Outcome.NOT_TESTED, NOBODY_SAYS)
    verdict = _verdict(case, RULES[requirement.id])
    if verdict.grade is Grade.INCONCLUSIVE:
        return _finding(requirement, Outcome.NOT_TESTED, verdict.because)
    return _of(requirement, verdict)


def _set_aside(standing: Standing, requirement: Requirement) -> Bar | None:
    """Why this very requirement is not judged here, if so."""
    if requirement.entry.untested:
        return Outcome.NOT_TESTED, requirement.entry.untested
    if standing.aside and requirement.id.startswith(standing.aside):
        return Outcome.NOT_APPLICABLE, "the scenario breaks it on purpose"
    return None


def _barred(standing: Standing, terms: Terms) -> Bar | None:
    """Why all that have these terms are not judged here, if so."""
    if terms.applies and not holds(terms.applies, standing.facts):
        return Outcome.NOT_APPLICABLE, f"it applies where {terms.applies}"
    if terms.legs and standing.observable.isdisjoint(terms.legs):
        where = " and ".join(terms.legs)
        return Outcome.NOT_TESTED, f"nothing of ours could see {where}"
    if terms.needs == "wire" and not standing.wired:
        return Outcome.NOT_TESTED, "no recorder saw the wire"
    return None


def _observable(known: Circumstances, leg: Leg) -> bool:
    """Both ends were seated, and not both inside the system under test."""
    seated = {seat.role for seat in known.seats}
    if seated and not set(leg.roles) <= seated:
        return False
    return not all(role in known.sut for role in leg.roles)


def _binds_only_ours(known: Circumstances, requirement: Requirement) -> bool:
    return bool(known.sut) and not set(requirement.entry.binds) & known.sut.keys()


def _about_ours(
    known: Circumstances, requirement: Requirement, verdict: Verdict, wanted: bool
) -> Finding | None:
    """What binds only reference roles says nothing about the SUT, unless ours broke."""
    if verdict.grade in (Grade.FAIL, Grade.ERROR):
        guilty = verdict.guilty
        if guilty is None or guilty not in known.sut:
            return _of(requirement, _as_ours(verdict))
        return _of(requirement, verdict)
    if not wanted:
        return None
    bound = ", ".join(requirement.entry.binds)
    because = f"it binds {bound}; under test is {', '.join(known.sut)}"
    return _finding(requirement, Outcome.NOT_APPLICABLE, because)


def _ours_is_an_error(
    known: Circumstances, requirement: Requirement, verdict: Verdict
) -> Verdict:
    """With a SUT, a reference role that fails is our own trouble; what is only advised
    is no trouble."""
    ours = known.sut and verdict.guilty and verdict.guilty not in known.sut
    if not ours or verdict.grade is not Grade.FAIL:
        return verdict
    told = _as_ours(verdict)
    return replace(told, grade=Grade.DEVIATION) if _is_lenient(requirement) else told


def _as_ours(verdict: Verdict) -> Verdict:
    who = f"our own {verdict.guilty}" if verdict.guilty else "our own side"
    because = f"{who}: {verdict.because}"
    return Verdict(Grade.ERROR, because, verdict.frames, verdict.guilty)


def _verdict(case: Case, rule: Rule) -> Verdict:
    """What the rule says; a rule that breaks is an error, and the others go on."""
    try:
        return rule(case)
    except ANYTHING as error:
        return errs(f"the rule broke: {type(error).__name__}: {error}")


def _of(requirement: Requirement, verdict: Verdict) -> Finding:
    outcome = OUTCOME_OF[verdict.grade]
    if outcome is Outcome.FAIL and _is_lenient(requirement):
        outcome = Outcome.DEVIATION
    return _finding(
        requirement, outcome, verdict.because, verdict.frames, verdict.guilty
    )


def _is_lenient(requirement: Requirement) -> bool:
    return requirement.level in (Level.SHOULD, Level.MAY)


def _finding(
    requirement: Requirement,
    outcome: Outcome,
    because: str,
    frames: tuple[int, ...] = (),
    guilty: Role | None = None,
) -> Finding:
    entry = requirement.entry
    return Finding(
        requirement=requirement.id,
        area=requirement.area,
        level=entry.level,
        source=entry.source,
        title=entry.says,
        outcome=outcome,
        because=because,
        frames=frames,
        allowed=entry.allowed,
        cause=entry.cause,
        fix=entry.fix,
        roles=entry.binds,
        guilty=guilty,
    )


def untested(ids: Iterable[str], why: str) -> tuple[Finding, ...]:
    """What a scenario that could not be played would have settled, and why not."""
    known = catalogue()
    return tuple(_finding(known[i], Outcome.NOT_TESTED, why) for i in ids)
