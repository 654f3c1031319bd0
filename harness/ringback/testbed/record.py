"""The end of a scenario: everybody finishes, what was captured is judged and kept.

Whatever falls over on our side by then, nothing that was recorded is lost by it.
"""

from typing import TYPE_CHECKING

from msgspec.structs import replace

from ringback.evidence.circumstances import Circumstances
from ringback.evidence.evidence import Evidence
from ringback.evidence.reader import study
from ringback.evidence.writer import Capture
from ringback.faults import ANYTHING
from ringback.judge.finding import Outcome
from ringback.testbed import closing
from ringback.testbed.closing import Played

if TYPE_CHECKING:
    from ringback.testbed.testbed import Testbed


def closed(bed: "Testbed", trouble: BaseException | None) -> Played:
    """``trouble`` is what the scenario itself fell over."""
    try:
        bed.finish()
    except ANYTHING as late:
        trouble = trouble or late
    seconds = bed.network.now - bed.began
    capture = bed.captured()
    try:
        return _judged(bed, capture, seconds, trouble)
    except ANYTHING as late:
        return _unread(bed, capture, seconds, trouble or late)


def _judged(
    bed: "Testbed", capture: Capture, seconds: float, trouble: BaseException | None
) -> Played:
    studied = study(bytes(capture))
    findings = bed.findings(studied, trouble)
    capture = closing.commented(capture, findings)
    files = _written(bed, capture, studied.evidence)
    known = _circumstances(capture)
    return Played(
        closing.scenario_record(bed.declared, known, studied.evidence, seconds, files),
        tuple(closing.finding_record(bed.declared, known, f) for f in findings),
        bed.session.reports,
    )


def _written(bed: "Testbed", capture: Capture, evidence: Evidence) -> closing.Files:
    session = bed.session
    at, wav, lines = closing.write_files(
        session.captures, bed.declared, capture, evidence
    )
    session.remember(at, bed.declared, evidence)
    return closing.Files(*map(session.relative, (at, wav, lines)))


def _unread(
    bed: "Testbed", capture: Capture, seconds: float, trouble: BaseException
) -> Played:
    """The capture as it is, for whoever mends the reader that fell over it."""
    at = closing.write_capture(bed.session.captures, bed.declared, capture)
    files = closing.Files(capture=bed.session.relative(at))
    known = _circumstances(capture)
    why = closing.fell(trouble)
    known = replace(known, notes=(*known.notes, why))
    finding = closing.engine_finding("RB-BED-001", Outcome.ERROR, why)
    return Played(
        closing.scenario_record(bed.declared, known, None, seconds, files),
        (closing.finding_record(bed.declared, known, finding),),
        bed.session.reports,
    )


def _circumstances(capture: Capture) -> Circumstances:
    assert capture.circumstances is not None  # of a scenario they are always known
    return capture.circumstances
