"""The exit status of a run, from its findings: what scripts rely on."""

from collections.abc import Sequence
from enum import IntEnum

from ringback.judge.finding import Finding
from ringback.report.records import FindingRecord

INTERRUPTED = 130  # as a shell tells that SIGINT ended a program
OUR_OWN = "evidence"  # the area of what ringback says of itself


class Exit(IntEnum):
    """A run in which nothing executed is never green."""

    GREEN = 0  # all applicable cases pass or deviate
    FAILED = 1  # a MUST failed
    USAGE = 2
    INCONCLUSIVE = 3
    OUR_FAULT = 4
    NOTHING_RAN = 5
    UNREACHABLE = 6


def exit_status(findings: Sequence[FindingRecord | Finding]) -> Exit:
    """A failed MUST outranks our own trouble: what is proved stays proved."""
    outcomes = {str(f.outcome) for f in findings}
    judged = {str(f.outcome) for f in findings if f.area != OUR_OWN}
    if any(f.outcome == "fail" and f.level == "MUST" for f in findings):
        return Exit.FAILED
    if "error" in outcomes:
        return Exit.OUR_FAULT
    if "inconclusive" in outcomes:
        return Exit.INCONCLUSIVE
    if not judged & {"pass", "deviation", "fail"}:
        return Exit.NOTHING_RAN
    return Exit.GREEN
