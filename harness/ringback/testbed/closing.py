"""What is left when a scenario closes: a judged capture, and the records of it."""

import os
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path
from traceback import extract_tb

import msgspec

from ringback.evidence.circumstances import Circumstances
from ringback.evidence.evidence import Evidence
from ringback.evidence.heard import heard
from ringback.evidence.timeline import timeline
from ringback.evidence.writer import Capture
from ringback.faults import Fault
from ringback.judge.finding import Finding, Level, Outcome
from ringback.report.ladder import ladder, roles
from ringback.report.records import FindingRecord, ScenarioRecord
from ringback.values import Leg, Role
from ringback.wire.wav import wav_of


class Declared(msgspec.Struct, frozen=True):
    """A scenario as its author declared it, in one mode."""

    id: str  # "playonphone.a-busy-phone@secured"
    title: str
    area: str
    settles: tuple[str, ...]
    again: str  # the command that plays it again
    fence: bool = False  # a plain call that shows whether all still stands


class Played(msgspec.Struct, frozen=True):
    """The lines of findings.jsonl that a scenario earns."""

    scenario: ScenarioRecord
    findings: tuple[FindingRecord, ...]
    base: Path  # what the paths in ``scenario`` are relative to

    def attachments(self) -> dict[str, Path]:
        """The files of the scenario, by what they are."""
        told = {
            "capture": self.scenario.capture,
            "what the phone heard": self.scenario.sound,
            "timeline": self.scenario.timeline,
        }
        there = {name: self.base / path for name, path in told.items() if path}
        # ``base`` itself may not have been made yet: the controlling process does that
        return {name: Path(os.path.normpath(path)) for name, path in there.items()}


class Files(msgspec.Struct, frozen=True):
    """Where the capture and what is derived from it were put; empty when not made."""

    capture: str = ""
    sound: str = ""
    timeline: str = ""


def engine_finding(requirement: str, outcome: Outcome, because: str) -> Finding:
    """A finding about ringback's own side: who reads a run must see it as well."""
    source, title, fix = _ENGINE[requirement]
    return Finding(
        requirement=requirement,
        area="evidence",
        level=Level.MUST,
        source=source,
        title=title,
        outcome=outcome,
        because=because,
        fix=fix if outcome is Outcome.ERROR else "",
    )


def of_our_own(
    complaints: Sequence[str], trouble: BaseException | None
) -> Iterable[Finding]:
    """Taps that do not agree with the wire, and a scenario that fell over."""
    if complaints:
        told = "; ".join(complaints[:3])
        yield engine_finding("RB-TAP-001", Outcome.ERROR, told)
    if trouble is not None:
        yield engine_finding("RB-BED-001", Outcome.ERROR, fell(trouble))


def fell(trouble: BaseException) -> str:
    """What fell over; with the line of code, unless it was raised for people to read.

    The file goes by its name alone: a report does not tell where it was made.
    """
    said = f"{type(trouble).__name__}: {trouble}"
    if isinstance(trouble, Fault):
        return said
    places = extract_tb(trouble.__traceback__)
    where = (
        f", at {Path(places[-1].filename).name}:{places[-1].lineno}" if places else ""
    )
    return f"the scenario fell over: {said}{where}"


_ENGINE = {
    "RB-TAP-001": (
        "design: evidence",
        "The octets that our endpoints handled are the octets that the wire showed",
        "the recorder may have lost packets: try fewer workers",
    ),
    "RB-DIS-001": (
        "design: evidence",
        "Wireshark's dissector reads the same SIP as ringback's own reader",
        "open the capture in Wireshark and report the message that is read differently",
    ),
    "RB-BED-001": (
        "design: testbed",
        "The scenario ran to its end on our side",
        "see the notes of the scenario; ringback doctor tells what this machine lacks",
    ),
}


def scenario_record(
    declared: Declared,
    circumstances: Circumstances,
    evidence: Evidence | None,
    seconds: float,
    files: Files,
) -> ScenarioRecord:
    arrows = ladder(evidence) if evidence else ()
    return ScenarioRecord(
        id=declared.id,
        title=declared.title,
        area=declared.area,
        security=circumstances.security,
        net=circumstances.net,
        started=circumstances.started,
        seconds=round(seconds, 3),
        captured=circumstances.captured if files.capture else "none",
        capture=files.capture,
        sound=files.sound,
        timeline=files.timeline,
        again=declared.again,
        roles=roles(evidence, arrows) if evidence else (),
        arrows=arrows,
        notes=(*circumstances.notes, *(evidence.complaints if evidence else ())),
    )


def finding_record(
    declared: Declared, circumstances: Circumstances, finding: Finding
) -> FindingRecord:
    words = declared.again.split(" ")
    again = " ".join(
        f"{declared.id.partition('@')[0]}:{finding.requirement}"
        if word == declared.id.partition("@")[0]
        else word
        for word in words
    )
    return FindingRecord(
        case=f"{declared.id}:{finding.requirement}",
        scenario=declared.id,
        requirement=finding.requirement,
        area=finding.area,
        security=circumstances.security,
        level=finding.level,
        source=finding.source,
        title=finding.title,
        outcome=finding.outcome,
        because=finding.because,
        roles=tuple(finding.roles),
        frames=finding.frames,
        allowed=finding.allowed,
        cause=finding.cause,
        fix=finding.fix,
        again=again if finding.area != "evidence" else declared.again,
    )


def commented(capture: Capture, findings: Iterable[Finding]) -> Capture:
    """The capture with a comment at each frame that a verdict accuses."""
    words: dict[int, list[str]] = {}
    for finding in findings:
        if finding.outcome in {Outcome.FAIL, Outcome.DEVIATION}:
            for frame in finding.frames:
                words.setdefault(frame, []).append(
                    f"{finding.outcome} {finding.requirement}: {finding.because}"
                )
    return capture.with_comments({n: "\n".join(w) for n, w in words.items()})


def write_files(
    folder: Path, declared: Declared, capture: Capture, evidence: Evidence
) -> tuple[Path, Path | None, Path]:
    """The pcapng, the WAV of what was heard (None when nothing was), the timeline."""
    at = write_capture(folder, declared, capture)
    lines, wav = at.with_suffix(".jsonl"), at.with_suffix(".wav")
    _write_whole(lines, timeline(evidence))
    sound = heard_at_the_far_end(evidence)
    if not sound:
        return at, None, lines
    _write_whole(wav, wav_of(sound))
    return at, wav, lines


def write_capture(folder: Path, declared: Declared, capture: Capture) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    at = folder / f"{declared.id}.pcapng"
    _write_whole(at, bytes(capture))
    return at


def _write_whole(path: Path, octets: bytes) -> None:
    """Whole or not at all: a run may be killed at any time."""
    partial = path.with_suffix(".partial")
    partial.write_bytes(octets)
    partial.replace(path)


def heard_at_the_far_end(evidence: Evidence) -> bytes:
    """What the phone heard, or the gateway where nobody saw its other leg."""
    phone = heard(evidence, Leg.GATEWAY_PHONE, Role.PHONE)
    return phone or heard(evidence, Leg.UM_GATEWAY, Role.GATEWAY)


def started_at(now: datetime) -> str:
    return now.isoformat(timespec="milliseconds")
