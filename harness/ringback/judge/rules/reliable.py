"""Provisional answers that are acknowledged. RFC 3262 §3 (callee), §4 (caller)."""

from collections.abc import Iterator

import msgspec

from ringback.evidence.frame import SipFrame
from ringback.faults import Malformed
from ringback.judge.case import Case, Exchange, Said
from ringback.judge.descriptions import description
from ringback.judge.dialogues import Dialogue, dialogues_of
from ringback.judge.rules.transactions import final_frame, may_still_come
from ringback.judge.stimulus import given
from ringback.judge.verdict import Verdict, each, fails, passes, undecided
from ringback.wire.extensions import RAck, rack, rseq

LAST_FIRST = 2**31 - 1  # the highest RSeq that may begin


class Reliable(msgspec.Struct, frozen=True, eq=False):
    """A reliable 1xx when it was first said, and its PRACK; ``last`` is the one before
    in its dialog that was in order."""

    dialogue: Dialogue
    said: Said
    number: int  # RSeq, -1 where it cannot be read
    prack: Exchange | None
    last: "Reliable | None"

    @property
    def frame(self) -> SipFrame:
        return self.said.frame

    @property
    def in_order(self) -> bool:
        return self.last is None or self.number == self.last.number + 1


@given("require")
def required_provisionals_are_reliable(case: Case) -> Verdict:
    """§3: an INVITE that requires 100rel gets no other 1xx but 100."""
    things = [
        _Shown(r)
        for x in _invites(case)
        if "100rel" in _words(x.request, "require")
        for r in x.responses
        if 100 < r.status < 200
    ]
    return each(things, lambda t: _unreliable(t.said), "1xx to INVITEs with Require")


@given("require")
def only_who_knows_gets_reliable_ones(case: Case) -> Verdict:
    """§3: no reliable 1xx to who has not said that he knows 100rel."""
    things = [_Shown(r) for x in _invites(case) for r in x.responses if _claims(r)]
    knows = {r.number: _knows(x) for x in _invites(case) for r in x.responses}
    return each(
        things,
        lambda t: (
            "" if knows[t.said.number] else f"{t.said.status} with 100rel, unasked"
        ),
        "reliable 1xx",
    )


def _knows(invite: Exchange) -> bool:
    """Whether who asks has said that he knows 100rel."""
    asked = invite.request
    return "100rel" in (*_words(asked, "require"), *_words(asked, "supported"))


@given("require", "rseq")
def reliable_ones_have_both_fields(case: Case) -> Verdict:
    """§3: Require with 100rel, and RSeq from 1 on."""
    things = [
        _Shown(r)
        for x in _invites(case)
        for r in x.responses
        if 100 < r.status < 200 and (_claims(r) or r.first("rseq"))
    ]
    return each(things, lambda t: _unreliable(t.said), "reliable 1xx")


@given("require")
def the_first_is_acknowledged_before_the_second(case: Case) -> Verdict:
    """§3: until the first is acknowledged there is no second reliable 1xx."""
    seconds = [r for r in _all(case) if r.last and r.last.last is None]
    return each(seconds, _hasty, "second reliable 1xx")


@given("require")
def rseq_counts_by_one(case: Case) -> Verdict:
    """§3: each is one higher than the one before."""
    things = [r for r in _all(case) if r.last]
    return each(things, _miscounted, "later reliable 1xx")


@given("require")
def reliable_ones_are_acknowledged(case: Case) -> Verdict:
    """§4: PRACK for each in its order, unless the final answer was there first."""
    things = [r for r in _all(case) if r.in_order and _knows(r.dialogue.invite)]
    if not things:
        return undecided("no reliable 1xx, or none that was asked for")
    for one in things:
        if one.prack is None and not _answered_at_once(one):
            if may_still_come(case, one.dialogue.invite):
                return undecided("the capture ends before the PRACK could be expected")
            by = one.dialogue.invite.request.sender
            return fails(
                f"no PRACK has the RAck of RSeq {one.number}", one.frame, by=by
            )
    return passes(f"{len(things)} reliable 1xx, each acknowledged")


@given("require")
def what_is_out_of_order_is_not_acknowledged(case: Case) -> Verdict:
    """§4: a reliable 1xx whose RSeq is not the next gets no PRACK."""
    things = [r for r in _all(case) if not r.in_order]
    if not things:
        return undecided("every RSeq was the next one")
    wrong = [r.prack for r in things if r.prack]
    if wrong:
        return fails(
            "PRACK for an RSeq that is not the next", *(x.frame for x in wrong)
        )
    return passes("it was left alone", *(r.frame for r in things))


@given("require")
def the_answer_waits_for_the_prack_of_a_description(case: Case) -> Verdict:
    """§3: no 2xx while a reliable 1xx that describes the session is unacknowledged. One
    that does not, and a refusal, need not wait."""
    things = [
        r
        for r in _all(case)
        if r.dialogue.confirmed and description(r.said) is not None
    ]
    return each(things, _answered_early, "reliable 1xx with a description", shows=_2xx)


def _answered_early(one: Reliable) -> str:
    confirmed = one.dialogue.confirmed
    assert confirmed, "only those"
    if one.prack and one.prack.frame.number < confirmed.number:
        return ""
    return f"{confirmed.status} before RSeq {one.number} was acknowledged"


def _2xx(one: Reliable) -> SipFrame:
    return (one.dialogue.confirmed or one.said).frame


@given("PRACK")
def pracks_are_accepted(case: Case) -> Verdict:
    """§3: a PRACK that matches is answered 2xx."""
    things = [
        r.prack
        for r in _all(case)
        if r.prack and r.prack.final and not _final_before(r.dialogue, r.prack)
    ]
    return each(things, _refused, "PRACKs that match", shows=final_frame)


@given("PRACK")
def foreign_pracks_are_refused_481(case: Case) -> Verdict:
    """§3: a PRACK that matches nothing gets 481."""
    known = {(r.dialogue.invite.request.call_id, str(_wanted(r))) for r in _all(case)}
    things = [
        x
        for d in dialogues_of(case)
        for x in d.of("PRACK")
        if x.final
        and (x.request.call_id, str(_rack(x.request))) not in known
        and x.final.status not in (401, 403, 405, 407, 501)
    ]
    return each(things, _not_481, "PRACKs that match nothing", shows=final_frame)


class _Shown(msgspec.Struct, frozen=True, eq=False):
    said: Said

    @property
    def frame(self) -> SipFrame:
        return self.said.frame


def _all(case: Case) -> list[Reliable]:
    found = case.memory.get("reliable")
    if not isinstance(found, list):
        found = [r for d in dialogues_of(case) for r in _of(d)]
        case.memory["reliable"] = found
    return found


def _of(dialogue: Dialogue) -> Iterator[Reliable]:
    """In their order; a repetition has the RSeq of one before."""
    last: Reliable | None = None
    numbers: set[int] = set()
    for said in dialogue.invite.responses:
        number = _rseq(said) if _claims(said) else -1
        if said.to_tag != dialogue.made.to_tag or number < 0 or number in numbers:
            continue
        numbers.add(number)
        wanted = RAck(number, dialogue.invite.request.sequence, "INVITE")
        pracks = [x for x in dialogue.of("PRACK") if _rack(x.request) == wanted]
        prack = next(iter(pracks), None)
        yield (one := Reliable(dialogue, said, number, prack, last))
        last = one if one.in_order else last


def _invites(case: Case) -> list[Exchange]:
    return [x for x in case.exchanges if x.request.method == "INVITE"]


def _claims(said: Said) -> bool:
    return 100 < said.status < 200 and "100rel" in _words(said, "require")


def _words(said: Said, name: str) -> list[str]:
    return [word.lower() for word in said.listed(name)]


def _unreliable(said: Said) -> str:
    if not _claims(said):
        return f"{said.status} without Require: 100rel"
    if _rseq(said) < 1:
        return f"{said.status} with RSeq {said.first('rseq')!r}"
    return ""


def _rseq(said: Said) -> int:
    try:
        number = rseq(said.frame.sip)
    except Malformed:
        return -1
    return -1 if number is None else number


def _rack(said: Said) -> RAck | None:
    try:
        return rack(said.frame.sip)
    except Malformed:
        return None


def _wanted(one: Reliable) -> RAck:
    return RAck(one.number, one.dialogue.invite.request.sequence, "INVITE")


def _hasty(second: Reliable) -> str:
    first = second.last
    assert first
    prack = first.prack
    if prack and prack.frame.number < second.frame.number:
        return ""
    return f"RSeq {second.number} before RSeq {first.number} was acknowledged"


def _miscounted(one: Reliable) -> str:
    assert one.last
    return "" if one.in_order else f"RSeq {one.number} after {one.last.number}"


def _answered_at_once(one: Reliable) -> bool:
    """A final answer makes the PRACK needless."""
    final = one.dialogue.invite.final
    return final is not None and final.frame.time - one.frame.time < 0.1


def _final_before(dialogue: Dialogue, prack: Exchange) -> bool:
    final = dialogue.invite.final
    return final is not None and final.number < prack.frame.number


def _refused(prack: Exchange) -> str:
    status = prack.final.status if prack.final else 0
    return "" if status // 100 == 2 else f"a PRACK that matches got {status}"


def _not_481(prack: Exchange) -> str:
    status = prack.final.status if prack.final else 0
    return (
        "" if status == 481 else f"a PRACK that matches nothing got {status}, not 481"
    )
