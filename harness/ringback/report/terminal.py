"""What a run says in a terminal: one line per scenario, a block per failure, a sum.

Pure text; whoever prints it chooses the colour.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from textwrap import indent, wrap

from ringback.report.records import Arrow, FindingRecord, Header, ScenarioRecord

ORDER = (
    "error",
    "fail",
    "inconclusive",
    "deviation",
    "pass",
    "not-tested",
    "not-applicable",
)
SIGN = {
    "error": "!",
    "fail": "x",
    "inconclusive": "?",
    "deviation": "~",
    "pass": "+",
    "not-tested": "-",
    "not-applicable": ".",
}
LABEL = 10
FEW = 3  # undecided cases of a scenario that are told one by one
WIDTH = 100


def counts(findings: Iterable[FindingRecord]) -> dict[str, int]:
    """How many of each outcome, the worst first; what is not there is left out."""
    outcomes = [f.outcome for f in findings]
    return {o: outcomes.count(o) for o in ORDER if o in outcomes}


def in_words(tally: dict[str, int]) -> str:
    """``12 pass, 1 fail`` in the order of :data:`ORDER`."""
    return ", ".join(f"{tally[o]} {o}" for o in ORDER if tally.get(o)) or "nothing"


def worst(findings: Iterable[FindingRecord]) -> str:
    """The worst outcome among them; ``not-tested`` when there are none."""
    seen = {f.outcome for f in findings}
    return next((o for o in ORDER if o in seen), "not-tested")


def heading(header: Header) -> str:
    """The first lines of a run: what is tested, where, and what to know beforehand."""
    tested = ", ".join(f"{role} at {where}" for role, where in header.sut.items())
    modes = ", ".join(header.security)
    lines = [
        f"ringback {header.ringback}   run {header.run}",
        f"  under test  {tested or 'nothing: reference against reference'}",
        f"  network     {header.net}   security {modes}",
        *(_indented("  note        ", note) for note in header.notes),
    ]
    return "\n".join(lines)


def _indented(label: str, text: str) -> str:
    indent = "\n" + " " * len(label)
    return label + indent.join(wrap(text, WIDTH - len(label), break_on_hyphens=False))


def scenario_line(scenario: ScenarioRecord, findings: Sequence[FindingRecord]) -> str:
    """One line as soon as a scenario is judged."""
    sign = SIGN[worst(findings)]
    return (
        f"{sign} {scenario.id:<56} {scenario.seconds:6.2f} s   "
        f"{in_words(counts(findings))}"
    )


def failure_block(finding: FindingRecord) -> str:
    """What is wrong, what was allowed, what arrived, why, and what to do."""
    first = (
        f"{SIGN[finding.outcome]} {finding.requirement}  {finding.title}"
        f"    {finding.level}  {finding.source}"
    )
    frames = ", ".join(map(str, finding.frames))
    where = f"frame{'s' if len(finding.frames) > 1 else ''} {frames}" if frames else ""
    rows = [
        ("in", finding.scenario),
        ("allowed", finding.allowed),
        ("arrived", f"{finding.because}   {where}".rstrip()),
        ("cause", finding.cause),
        ("try", finding.fix),
    ]
    told = [_row(label, text) for label, text in rows if text]
    if finding.again:  # in one line, to be copied
        told.append(f"    {'again':<{LABEL}}{finding.again}")
    return "\n".join([first, *told])


def wrong_blocks(findings: Iterable[FindingRecord]) -> Iterator[tuple[str, str]]:
    """Everything that is wrong, the worst first, each with its outcome. Where one
    trouble leaves much of a scenario undecided, that is told in one block."""
    wrong = [f for f in findings if f.outcome in ORDER[:3]]
    many = {
        scenario
        for scenario, n in Counter(
            f.scenario for f in wrong if f.outcome == "inconclusive"
        ).items()
        if n > FEW
    }
    for finding in sorted(wrong, key=lambda f: ORDER.index(f.outcome)):
        if finding.outcome != "inconclusive" or finding.scenario not in many:
            yield finding.outcome, failure_block(finding)
    for scenario in sorted(many):
        here = [f for f in wrong if f.scenario == scenario]
        yield "inconclusive", _undecided_block(scenario, here)


def _undecided_block(scenario: str, findings: Iterable[FindingRecord]) -> str:
    reasons: dict[str, list[str]] = {}
    for finding in findings:
        if finding.outcome == "inconclusive":
            reasons.setdefault(finding.because, []).append(finding.requirement)
    rows = [
        f"    {why}:\n" + indent("\n".join(wrap(", ".join(ids), WIDTH - 8)), " " * 8)
        for why, ids in reasons.items()
    ]
    return "\n".join([f"{SIGN['inconclusive']} undecided in {scenario}", *rows])


def _row(label: str, text: str) -> str:
    broken = wrap(text, WIDTH - LABEL - 4, break_long_words=False) or [""]
    under = "\n" + " " * (LABEL + 4)
    return f"    {label:<{LABEL}}{under.join(broken)}"


def ladder_line(arrow: Arrow, *, accused: bool = False) -> str:
    """One arrow; ``=`` is inside TLS or SRTP, ``-`` in the clear."""
    mark = ">>" if accused else "  "
    line = ("=" if arrow.secured else "-") * 2
    return (
        f"{mark} {arrow.time:7.3f}  #{arrow.frame:<5} "
        f"{arrow.source:>8} {line}> {arrow.target:<8} {arrow.text}"
    )


def summary(findings: Sequence[FindingRecord], seconds: float) -> str:
    """The last line: how much of what, in how long."""
    return f"{in_words(counts(findings))}   in {seconds:.1f} s"
