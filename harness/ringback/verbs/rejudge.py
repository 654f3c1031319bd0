"""``judge``: verdicts from a stored capture, and nothing but the capture."""

from collections.abc import Callable
from pathlib import Path

from ringback.faults import Malformed, Misuse
from ringback.judge.finding import Finding
from ringback.report.status import exit_status
from ringback.report.terminal import in_words


def judge_file(file: Path, keylog: Path | None, say: Callable[[str], object]) -> int:
    """One line per verdict, the worst first; the exit status of a run."""
    from ringback.evidence.reader import read
    from ringback.judge.judge import judge

    try:
        octets = file.read_bytes()
        secrets = keylog.read_bytes() if keylog else b""
    except OSError as trouble:
        raise Misuse(f"{trouble.filename}: {trouble.strerror}") from trouble
    try:
        evidence = read(octets, secrets)
    except Malformed as trouble:
        raise Misuse(f"{file}: {trouble}") from trouble
    if not evidence.packets:
        raise Misuse(f"{file}: {'; '.join(evidence.complaints) or 'no packet in it'}")
    known = evidence.circumstances
    say(
        f"{file}: {known.scenario if known else 'a capture that ringback did not make'}"
    )
    for complaint in evidence.complaints:
        say(f"  note  {complaint}")
    findings = judge(evidence)
    for finding in sorted(findings, key=lambda f: f.requirement):
        say(_line(finding))
    outcomes = [str(f.outcome) for f in findings]
    say(in_words({o: outcomes.count(o) for o in outcomes}))
    return exit_status(findings)


def _line(finding: Finding) -> str:
    frames = ", ".join(map(str, finding.frames[:8]))
    more = " ..." if len(finding.frames) > 8 else ""
    where = f"   frames {frames}{more}" if frames else ""
    told = f"{finding.outcome:<14} {finding.requirement:<14} {finding.level:<7}"
    return f"{told} {finding.title}\n{'':<15}{finding.because}{where}"
