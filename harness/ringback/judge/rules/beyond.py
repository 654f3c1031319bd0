"""What is beyond a receiver: another version of SIP, and more octets than it takes.

RFC 3261 §7.1 and §21.5.6 (the version), §21.5.7 (the length), §18.3 and §20.14 (where a
message on a stream ends). A receiver may take what another refuses, and it may leave:
only what it does with a request that it cannot have read right accuses it.
"""

import re
from collections.abc import Iterator, Sequence

import msgspec

from ringback.evidence.frame import BrokenFrame, SipFrame
from ringback.faults import Malformed
from ringback.judge.case import Case, Exchange, Said
from ringback.judge.soundness import LONG
from ringback.judge.verdict import Verdict, fails, passes, undecided
from ringback.wire.message import Message

OWN = b"SIP/2.0"
_CALL_ID = re.compile(rb"^Call-ID:[ \t]*(\S+)[ \t]*\r?$", re.MULTILINE | re.IGNORECASE)
Opening = SipFrame | BrokenFrame


def another_version_is_refused(case: Case) -> Verdict:
    """§21.5.6: 505; any refusal, silence or the end of the connection will do."""
    asked = [x for x in case.exchanges if _is_foreign(x.request)]
    if not asked:
        return undecided("no request of another version in this evidence")
    for x in asked:
        taken = [r for r in x.responses if 100 < r.status < 300]
        if taken:
            why = f"{taken[0].status} to {x.request.method} of another version"
            return fails(why, taken[0].frame, x.frame, by=x.request.receiver)
    settled = [x for x in asked if x.final or _fence(case, x.frame)]
    if not settled:
        return undecided("nobody could wait for an answer", asked[0].frame)
    told = ", ".join(str(x.final.status) if x.final else "nothing" for x in settled)
    return passes(f"to another version: {told}", *(_shown(x) for x in settled))


def _is_foreign(said: Said) -> bool:
    version = said.frame.sip.start.rpartition(b" ")[2].upper()
    return version.startswith(b"SIP/") and version != OWN


def _shown(exchange: Exchange) -> SipFrame:
    return (exchange.final or exchange.request).frame


class _Long(msgspec.Struct, frozen=True, eq=False):
    """A request with such a body, whole or as far as it came; ``within`` are the
    Call-IDs that stand in the body."""

    frame: Opening
    head: Message
    answers: tuple[Said, ...]  # to it
    within: frozenset[str]


def long_ones_are_settled(case: Case) -> Verdict:
    """§21.5.7: any final response, or the end of the connection."""
    found = list(_long_ones(case))
    if not found:
        return undecided("no request of such a length in this evidence")
    for one in found:
        if not _is_settled(case, one):
            if not _fence(case, one.frame):
                return undecided("nobody could wait for an answer", one.frame)
            why = f"{len(one.head.body)} octets of body: no answer, nor an end"
            return fails(why, one.frame, by=one.frame.receiver)
    told = [a for one in found for a in one.answers if a.status >= 200]
    what = ", ".join(str(a.status) for a in told) or "the end of the connection"
    return passes(f"to a long request: {what}", *[a.frame for a in told])


def bodies_are_not_obeyed(case: Case) -> Verdict:
    """§18.3 with §20.14: what the length counts is body, though it looks like SIP."""
    found = [one for one in _long_ones(case) if one.within]
    if not found:
        return undecided("no long request has another in its body")
    for one in found:
        obeyed = [
            r
            for r in case.responses
            if r.call_id in one.within and r.frame.flow == one.frame.flow
        ]
        if obeyed:
            why = f"{obeyed[0].status} to what stands in a body"
            return fails(why, obeyed[0].frame, one.frame, by=one.frame.receiver)
    if not all(_is_settled(case, one) or _fence(case, one.frame) for one in found):
        return undecided("nobody could wait for an answer", found[0].frame)
    return passes("the body was body", *(one.frame for one in found))


def _long_ones(case: Case) -> Iterator[_Long]:
    sound: Sequence[Opening] = [s.frame for s in case.requests]
    for frame in (*sound, *case.evidence.broken):
        head = frame.sip if isinstance(frame, SipFrame) else _head(frame.octets)
        if head is None or _told_length(head) < LONG:
            continue
        call_id = head.first("call-id")
        answers = [
            r
            for r in case.responses
            if r.call_id == call_id and r.frame.flow == frame.flow
        ]
        inner = {found.decode("latin-1") for found in _CALL_ID.findall(head.body)}
        yield _Long(frame, head, tuple(answers), frozenset(inner - {call_id}))


def _head(octets: bytes) -> Message | None:
    try:
        head = Message.parse(octets)
    except Malformed:
        return None
    return head if head.start.endswith(OWN) and not head.status else None


def _told_length(head: Message) -> int:
    said = head.first("content-length")
    return int(said) if said.isascii() and said.isdigit() and len(said) < 10 else 0


def _is_settled(case: Case, one: _Long) -> bool:
    """Who leaves when the scenario is over leaves for another reason."""
    link, fence = case.connections.get(one.frame.flow), _fence(case, one.frame)
    left = link is not None and link.closed > 0 and link.left_by == one.frame.target
    late = link is not None and 0 < fence < link.closed
    return (left and not late) or any(a.status >= 200 for a in one.answers)


def _fence(case: Case, frame: Opening) -> int:
    """The frame in which a later request to the same place was answered, 0 for none:
    so long it had time."""
    later = (
        x.final.number
        for x in case.exchanges
        if x.final and x.frame.number > frame.number and x.frame.target == frame.target
    )
    return next(later, 0)
