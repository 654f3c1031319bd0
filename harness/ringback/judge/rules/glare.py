"""Changes of a session that meet each other, and how long to stand back.

RFC 3261 §14.1 (waiting after 491), §14.2 (500 and 491); RFC 3311 §5.2 (UPDATE).
"""

from ringback.judge.case import Case, Exchange, Said
from ringback.judge.dialogues import Dialogue, dialogues_of
from ringback.judge.rules.transactions import final_frame
from ringback.judge.stimulus import given
from ringback.judge.verdict import Verdict, each

LONGEST = 10  # seconds of Retry-After, §14.2
OWNER_WAITS = 2.1  # seconds at least, for who made the Call-ID (§14.1)
EARLY = 0.02  # seconds that a clock may be ahead
# What is said whatever else goes on: the dialog is gone, or nobody got as far.
ELSEWHERE = {401, 403, 407, 481, 503}


@given("re-INVITE")
def second_invites_get_500(case: Case) -> Verdict:
    """§14.2: while the first INVITE is not answered another one gets 500 and
    Retry-After of 0 to 10 s."""
    things = [
        x
        for d in dialogues_of(case)
        for x in d.of("INVITE")
        if _meets(x, [e for e in d.invitations if _same_side(e, x)])
    ]
    return _refusals(things, 500, "INVITEs that came before the answer to the last")


@given("re-INVITE")
def invites_that_meet_get_491(case: Case) -> Verdict:
    """§14.2: who has an INVITE of his own under way answers 491."""
    things = [
        x
        for d in dialogues_of(case)
        for x in d.of("INVITE")
        if _meets(x, [e for e in d.invitations if not _same_side(e, x)])
        and not _meets(x, [e for e in d.invitations if _same_side(e, x)])
    ]
    return _refusals(things, 491, "INVITEs that met one of the other side")


@given("491")
def the_owner_waits_longer(case: Case) -> Verdict:
    """§14.1: after 491 who made the Call-ID waits 2.1 s at least."""
    pairs = [
        (refused, later)
        for d in dialogues_of(case)
        for refused, later in _retries(d)
        if d.by_caller(later.request)
    ]
    things = [later for _, later in pairs]
    waited = {
        later.frame.number: later.frame.time - refused.frame.time
        for refused, later in pairs
    }

    def offence(later: Exchange) -> str:
        seconds = waited[later.frame.number]
        least = OWNER_WAITS * _scale(case, later.request)
        if seconds >= least - EARLY:
            return ""
        return f"a re-INVITE {seconds:.3f} s after 491, not {least:g} s"

    return each(things, offence, "re-INVITEs after 491 by who made the Call-ID")


@given("UPDATE")
def updates_that_offer_are_answered(case: Case) -> Verdict:
    """RFC 3311 §5.2: a 2xx to an UPDATE with an offer holds the answer."""
    things = [
        x for d in dialogues_of(case) for x in _offering(d) if x.accepted and x.final
    ]
    return each(
        things,
        lambda x: "" if x.final and x.final.frame.sip.body else "no answer in the 2xx",
        "accepted UPDATEs with an offer",
        shows=final_frame,
    )


@given("UPDATE")
def updates_before_an_answer_get_500(case: Case) -> Verdict:
    """RFC 3311 §5.2: while an offer of the same side waits for its answer an UPDATE
    with another gets 500 and Retry-After."""
    things = [
        x
        for d in dialogues_of(case)
        for x in _offering(d)
        if _unanswered(d, x, same_side=True)
    ]
    return _refusals(things, 500, "UPDATEs that offered before the last was answered")


@given("UPDATE")
def updates_that_meet_an_offer_get_491(case: Case) -> Verdict:
    """RFC 3311 §5.2: who has an offer of his own out answers 491."""
    things = [
        x
        for d in dialogues_of(case)
        for x in _offering(d)
        if _unanswered(d, x, same_side=False) and not _unanswered(d, x, same_side=True)
    ]
    return _refusals(things, 491, "UPDATEs that met an offer of the other side")


def _refusals(things: list[Exchange], status: int, what: str) -> Verdict:
    judged = [x for x in things if x.final and x.final.status not in ELSEWHERE]

    def offence(x: Exchange) -> str:
        told = x.final.status if x.final else 0
        if told != status:
            return f"{x.request.method} got {told}, not {status}"
        return _no_wait(x) if status == 500 else ""

    return each(judged, offence, what, shows=final_frame)


def _no_wait(exchange: Exchange) -> str:
    told = exchange.final.first("retry-after") if exchange.final else ""
    seconds = told.partition(";")[0].partition("(")[0].strip()
    if seconds.isascii() and seconds.isdigit() and int(seconds) <= LONGEST:
        return ""
    return f"500 with Retry-After {told!r}, not of 0 to {LONGEST} s"


def _same_side(one: Exchange, other: Exchange) -> bool:
    return one.request.from_tag == other.request.from_tag


def _meets(exchange: Exchange, others: list[Exchange]) -> bool:
    """Whether one of the others was under way, from before this was asked until after
    it was answered: then nothing can have crossed."""
    answered = exchange.final
    return answered is not None and any(
        x.frame.number < exchange.frame.number
        and (x.final is None or x.final.number > answered.number)
        for x in others
        if x is not exchange
    )


def _retries(dialogue: Dialogue) -> list[tuple[Said, Exchange]]:
    """Each 491 with the re-INVITE of the same side that came next."""
    found = []
    for refused in dialogue.of("INVITE"):
        if refused.final is None or refused.final.status != 491:
            continue
        later = [
            x
            for x in dialogue.of("INVITE")
            if x.frame.number > refused.final.number and _same_side(x, refused)
        ]
        found += [(refused.final, x) for x in later[:1]]
    return found


def _scale(case: Case, said: Said) -> float:
    """Timers of reference roles may be scaled, those of a system under test not."""
    known = case.circumstances
    scaled = known is not None and said.sender not in known.sut
    return known.timer_scale if known and scaled else 1.0


def _offering(dialogue: Dialogue) -> list[Exchange]:
    return [x for x in dialogue.of("UPDATE") if _describes(x.request)]


def _describes(said: Said) -> bool:
    kind = said.first("content-type").partition(";")[0].strip().lower()
    return bool(said.frame.sip.body) and kind == "application/sdp"


def _unanswered(dialogue: Dialogue, update: Exchange, *, same_side: bool) -> bool:
    """Whether an offer of that side had no answer yet, nor one in a reliable 1xx."""
    others = [
        x
        for x in (*dialogue.invitations, *dialogue.of("UPDATE"))
        if _same_side(x, update) is same_side and x.request.frame.sip.body
    ]
    return _meets(update, [x for x in others if not _previewed(x, update)])


def _previewed(exchange: Exchange, update: Exchange) -> bool:
    return any(
        r.frame.sip.body and "100rel" in _words(r)
        for r in exchange.responses
        if r.number < update.frame.number
    )


def _words(said: Said) -> list[str]:
    return [word.lower() for word in said.listed("require")]
