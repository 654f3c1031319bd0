"""Whether a dialog stands: requests for none, requests out of order, refusals in it.

RFC 3261 §12.2.1.2 and §12.2.2 (481, CSeq), §14.1 (a refused re-INVITE), §15.1.2 (BYE);
RFC 3311 §5.3.
"""

from collections.abc import Callable, Sequence

import msgspec

from ringback.evidence.frame import SipFrame
from ringback.judge.case import Case, Exchange, Said
from ringback.judge.dialogues import Dialogue, dialogues_of, earlier, strays_of
from ringback.judge.rules.transactions import final_frame
from ringback.judge.soundness import is_sound
from ringback.judge.stimulus import given
from ringback.judge.verdict import Verdict, each, fails, passes, undecided

# Refusals that come before anybody looks for the dialog (RFC 3261 §8.2, §22, §26).
BEFORE = {400, 401, 403, 404, 405, 407, 413, 414, 415, 416, 420, 483, 501, 503, 505}
GONE = {408, 481}
SETTLING = 0.1  # seconds for an answer that was on its way
READING = 0.03  # seconds between an answer on the wire and what it leads to


class Within(msgspec.Struct, frozen=True, eq=False):
    """A request of a dialog and what went before it there."""

    dialogue: Dialogue
    exchange: Exchange
    before: tuple[Exchange, ...]

    @property
    def frame(self) -> SipFrame:
        return self.exchange.frame

    @property
    def final(self) -> Said | None:
        return self.exchange.final


def strays_are_refused_481(case: Case) -> Verdict:
    """§12.2.2: who refuses a request of a dialog that he does not know says 481. He
    may accept it, so that a dialog survives a restart."""
    things = [x for x in strays_of(case) if x.request.method != "BYE" and _judged(x)]
    return _answered(things, _no_481, "requests for no dialog")


def byes_for_no_dialog_are_refused_481(case: Case) -> Verdict:
    """§15.1.2: a SHOULD."""
    things = [x for x in strays_of(case) if x.request.method == "BYE" and _judged(x)]
    return _answered(things, _not_481, "BYEs for no dialog")


def nothing_is_taken_after_a_bye(case: Case) -> Verdict:
    """§15.1.2: with the answer to BYE the dialog is gone for who said it; a request
    that comes later is not accepted in it."""
    things = [
        x
        for d in dialogues_of(case)
        if d.bye and d.bye.final and d.bye.final.status // 100 == 2
        for x in d.exchanges
        if x.request.method != "BYE" and x.final and _knew_of_the_end(x, d.bye)
    ]
    return _answered(things, _accepted, "requests after a BYE")


def requests_out_of_order_are_refused_500(case: Case) -> Verdict:
    """§12.2.2: a lower CSeq than that of a request before earns 500."""
    things = [w.exchange for w in _all_within(case) if _is_late(w) and w.final]
    return _answered(things, _not_500, "requests out of order")


def gaps_in_the_order_are_no_error(case: Case) -> Verdict:
    """§12.2.2: a CSeq may be higher by more than one."""
    things = [w for w in _all_within(case) if _leaps(w) and w.final]
    return _answered(
        [w.exchange for w in things if not _pending(w)], _is_500, "requests after a gap"
    )


@given("re-INVITE", "UPDATE")
def a_refused_change_leaves_the_dialog(case: Case) -> Verdict:
    """§14.1, RFC 3311 §5.3: but for 408 and 481 all stays as it was."""
    things = [w.exchange for w in _all_within(case) if w.final and _was_refused(w)]
    return _answered(things, _is_481, "requests after a refused change")


@given("408", "481")
def a_lost_dialog_is_used_no_more(case: Case) -> Verdict:
    """§12.2.1.2: who is answered 481 ends the dialog; after 408 he may send BYE."""
    lost = [
        (d, x)
        for d in dialogues_of(case)
        for x in d.exchanges
        if x.final and x.final.status in GONE and x.request.method != "BYE"
    ]
    if not lost:
        return undecided("nobody was told that a dialog is gone")
    for dialogue, exchange in lost:
        for later in dialogue.exchanges:
            if _goes_on(later, exchange):
                why = f"{later.request.method} in a dialog that is gone"
                return fails(why, later.frame, final_frame(exchange))
    return passes("the dialog was left alone", *(final_frame(x) for _, x in lost))


def _knew_of_the_end(later: Exchange, bye: Exchange) -> bool:
    """Who sent the BYE asks after its answer; who was told it, some time after."""
    assert bye.final
    same_side = later.request.from_tag == bye.request.from_tag
    settled = later.frame.time - bye.final.frame.time > SETTLING
    return later.frame.number > bye.final.number and (same_side or settled)


def _goes_on(later: Exchange, lost: Exchange) -> bool:
    final, asked = lost.final, later.request
    return bool(
        final
        and asked.from_tag == lost.request.from_tag
        and later.frame.time - final.frame.time > READING
        and asked.method != "BYE"
    )


def _answered(
    things: Sequence[Exchange], offence: Callable[[Exchange], str], what: str
) -> Verdict:
    """Judge answers: guilty is who gave them, at the frame that holds them."""
    return each(things, offence, what, shows=final_frame)


def _judged(exchange: Exchange) -> bool:
    final = exchange.final
    return bool(final and final.status not in BEFORE) and is_sound(exchange.request)


def _no_481(exchange: Exchange) -> str:
    return "" if _status(exchange) // 100 == 2 else _not_481(exchange)


def _not_481(exchange: Exchange) -> str:
    status = _status(exchange)
    method = exchange.request.method
    return "" if status == 481 else f"{method} for no dialog got {status}, not 481"


def _accepted(exchange: Exchange) -> str:
    status, method = _status(exchange), exchange.request.method
    return f"{method} after the BYE got {status}" if status // 100 == 2 else ""


def _not_500(exchange: Exchange) -> str:
    status, method = _status(exchange), exchange.request.method
    if status in (500, 481) or status in BEFORE:
        return ""
    return f"{method} with a lower CSeq got {status}, not 500"


def _is_500(exchange: Exchange) -> str:
    if _status(exchange) != 500:
        return ""
    return f"{exchange.request.method} got 500, for its CSeq had left numbers out"


def _is_481(exchange: Exchange) -> str:
    if _status(exchange) != 481:
        return ""
    return f"{exchange.request.method} got 481 after a refused change"


def _status(exchange: Exchange) -> int:
    return exchange.final.status if exchange.final else 0


def _all_within(case: Case) -> list[Within]:
    """Each request of a dialog, with all earlier ones; those after a BYE are left to
    another rule."""
    return [
        Within(d, x, (d.invite, *earlier(d.exchanges, x.frame.number)))
        for d in dialogues_of(case)
        for x in d.exchanges
        if not any(
            e.request.method == "BYE" for e in earlier(d.exchanges, x.frame.number)
        )
    ]


def _own(within: Within) -> list[Exchange]:
    tag = within.exchange.request.from_tag
    return [x for x in within.before if x.request.from_tag == tag]


def _is_late(within: Within) -> bool:
    seq = within.exchange.request.sequence
    return seq >= 0 and any(x.request.sequence > seq for x in _own(within))


def _leaps(within: Within) -> bool:
    own = [x.request.sequence for x in _own(within)]
    return bool(own) and within.exchange.request.sequence > max(own) + 1


def _pending(within: Within) -> bool:
    """Whether 500 may have another reason: an INVITE or UPDATE under way (§14.2)."""
    number = within.frame.number
    return any(not x.final or x.final.number > number for x in within.before)


def _was_refused(within: Within) -> bool:
    """Whether a change was refused in a dialog that stood, and nothing was said since
    that ends it."""
    refused = [
        x
        for x in within.before
        if x.request.to_tag
        and x.request.method in ("INVITE", "UPDATE")
        and x.final
        and x.final.status >= 300
        and x.final.number < within.frame.number
    ]
    lost = any(x.final and x.final.status in GONE for x in within.before)
    return bool(refused and within.dialogue.confirmed and not lost)
