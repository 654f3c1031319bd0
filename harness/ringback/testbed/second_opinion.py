"""Wireshark's dissector reads every capture of a worker once, and must agree."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from ringback.evidence.evidence import Evidence
from ringback.faults import ANYTHING
from ringback.judge.finding import Finding, Outcome
from ringback.judge.torments import torments_in
from ringback.net.programs import missing
from ringback.report.records import FindingRecord
from ringback.testbed import closing
from ringback.testbed.closing import Declared

if TYPE_CHECKING:
    from ringback.net.dissect import Readings

Tell = Callable[[Path], Finding]
Captures = Mapping[Path, tuple[Declared, Evidence]]
ID = "RB-DIS-001"


def signalling(evidence: Evidence) -> Evidence:
    """What of it is compared: that much is kept until the end, rather than to read
    every capture a second time."""
    return replace(evidence, http=(), rtp=(), rtcp=(), datagrams=())


def opinions(captures: Captures) -> tuple[FindingRecord, ...]:
    """One finding per capture: agreement is evidence too."""
    if not captures:
        return ()
    if "tshark" in missing():
        why = "tshark is not installed: nothing but our own reader has read this"
        return tuple(_records(captures, lambda path: _finding(Outcome.NOT_TESTED, why)))
    from ringback.net.dissect import disagreements, second_opinion

    try:
        readings = second_opinion(tuple(captures))
    except ANYTHING as trouble:
        why = f"the dissector failed: {type(trouble).__name__}: {trouble}"
        return tuple(_records(captures, lambda path: _finding(Outcome.ERROR, why)))

    def compared(path: Path) -> Finding:
        evidence, theirs = _without_torments(captures[path][1], readings[path])
        different = disagreements(evidence, theirs)
        if different:
            return _finding(Outcome.ERROR, "; ".join(different[:3]))
        count = len(evidence.sip)
        return _finding(Outcome.PASS, f"both read the same {count} SIP messages")

    return tuple(_records(captures, compared))


def _without_torments(
    evidence: Evidence, theirs: "Readings"
) -> tuple[Evidence, "Readings"]:
    """No reader need agree with another about messages that are odd on purpose."""
    flows = torments_in(evidence).keys()
    odd = {f.number for f in (*evidence.sip, *evidence.broken) if f.flow in flows}
    sound = tuple(f for f in evidence.sip if f.flow not in flows)
    kept = {number: said for number, said in theirs.items() if number not in odd}
    return replace(evidence, sip=sound), kept


def _records(captures: Captures, told: Tell) -> Iterator[FindingRecord]:
    for path, (declared, evidence) in captures.items():
        if evidence.circumstances is not None:
            yield closing.finding_record(declared, evidence.circumstances, told(path))


def _finding(outcome: Outcome, because: str) -> Finding:
    return closing.engine_finding(ID, outcome, because)
