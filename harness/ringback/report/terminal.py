"""What a run says in a terminal: one line per scenario, a block per failure, a sum.

Pure text; whoever prints it chooses the colour.
"""

from collections.abc import Iterable, Sequence
from textwrap import wrap

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
        *(f"  note        {note}" for note in header.notes),
    ]
    return "\n".join(lines)


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
        ("again", finding.again),
    ]
    return "\n".join([first, *(_row(k, text) for k, text in rows if text)])


def _row(label: str, text: str) -> str:
    broken = wrap(text, WIDTH - LABEL - 4, break_long_words=False) or [""]
    indent = "\n" + " " * (LABEL + 4)
    return f"    {label:<{LABEL}}{indent.join(broken)}"


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
