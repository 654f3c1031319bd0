"""Session timers: how short one may be, who refreshes it, what ends it.

RFC 4028 §4 and §5 (the floor), §6 (422), §9 (the answer), §10 (refresh and BYE).
"""

import msgspec

from ringback.evidence.frame import SipFrame
from ringback.faults import Malformed
from ringback.judge.case import Case, Exchange, Said
from ringback.judge.dialogues import Dialogue, dialogues_of
from ringback.judge.rules.transactions import final_frame
from ringback.judge.stimulus import given
from ringback.judge.verdict import Verdict, each, fails, passes, undecided
from ringback.values import Role
from ringback.wire.extensions import SessionExpires, min_se, session_expires

LEAST = 90  # seconds, RFC 4028 §4 and §5
ASKERS = ("INVITE", "UPDATE")


class Term(msgspec.Struct, frozen=True, eq=False):
    """One interval as it was granted, and what came of it: until when (seconds in the
    capture) somebody must act, and when the refresher did, or the dialog ended
    (0: never): by a BYE, or because one end knew it no more (RFC 3261 §12.2.1.2)."""

    granted: Said
    until: float
    refresher: Role | None
    other: Role | None
    refreshed: float
    parted: float
    bye: Exchange | None

    @property
    def frame(self) -> SipFrame:
        return self.granted.frame


@given("422")
def a_422_tells_the_least(case: Case) -> Verdict:
    """§6: 422 carries Min-SE, and not less than 90 s."""
    things = [x for x in _asked(case) if x.final and x.final.status == 422]
    return each(things, _no_least, "intervals refused with 422", shows=final_frame)


@given("session-expires")
def no_session_is_shorter_than_the_floor(case: Case) -> Verdict:
    """§4: no 2xx grants less than 90 s."""
    things = [x for x in _asked(case) if _granted(x)]
    return each(things, _too_short, "granted intervals", shows=final_frame)


@given("session-expires")
def the_answer_grants_no_more_than_was_asked(case: Case) -> Verdict:
    """§9: not more than asked for, nor less than Min-SE; and it names the refresher."""
    things = [x for x in _asked(case) if _granted(x) and _wanted(x.request)]
    return each(things, _unfit, "granted intervals", shows=final_frame)


@given("session-expires")
def a_caller_who_refreshes_is_told(case: Case) -> Verdict:
    """§9: where the refresher is the caller, Require: timer stands in the 2xx."""
    things = [x for x in _asked(case) if (g := _granted(x)) and g.refresher == "uac"]
    return each(
        things, _untold, "intervals that the caller refreshes", shows=final_frame
    )


@given("session-expires")
def the_refresher_refreshes(case: Case) -> Verdict:
    """§10: before the interval is over, a SHOULD."""
    ended = [t for t in _terms(case) if t.refreshed or _outlived(case, t)]
    idle = [t for t in ended if not 0 < t.refreshed <= t.until]
    if not ended:
        return undecided("no interval came near its end")
    if idle:
        why = "the refresher let the interval pass"
        return fails(why, *(t.frame for t in idle), by=idle[0].refresher)
    return passes(f"{len(ended)} interval(s) refreshed", *(t.frame for t in ended))


@given("session-expires")
def who_waits_in_vain_hangs_up(case: Case) -> Verdict:
    """§10: a BYE before the interval is over, a SHOULD."""
    lapsed = [t for t in _terms(case) if not t.refreshed]
    judged = [t for t in lapsed if t.parted or case.last_time > t.until + 1.0]
    if not judged:
        return undecided("no interval lapsed")
    up = [t for t in judged if not 0 < t.parted <= t.until + 0.5]
    if up:
        why = "nobody refreshed the session, and no BYE ended it"
        late = [t.bye.frame for t in up if t.bye]
        return fails(why, *(t.frame for t in up), *late, by=up[0].other)
    return passes("BYE came in time", *(t.frame for t in judged))


def _outlived(case: Case, term: Term) -> bool:
    """Whether the session stood until its end, or until somebody gave it up in the
    last third."""
    begun = term.frame.time
    last = term.parted or case.last_time
    return last - begun > (term.until - begun) * 0.6


def _terms(case: Case) -> list[Term]:
    return [t for d in dialogues_of(case) for t in _terms_of(case, d)]


def _terms_of(case: Case, dialogue: Dialogue) -> list[Term]:
    found = []
    asked = [x for x in (dialogue.invite, *dialogue.of(*ASKERS)) if x.accepted]
    for number, exchange in enumerate(asked):
        granted, answer = _granted(exchange), exchange.accepted
        if granted is None or answer is None or not granted.refresher:
            continue
        asker, other = exchange.request.sender, exchange.request.receiver
        who, rest = (asker, other) if granted.refresher == "uac" else (other, asker)
        until = answer.frame.time + granted.seconds * _scale(case, who, rest)
        later = [x.frame.time for x in asked[number + 1 :]]
        parted, bye = _end_of(dialogue), dialogue.bye
        found.append(
            Term(answer, until, who, rest, next(iter(later), 0.0), parted, bye)
        )
    return found


def _end_of(dialogue: Dialogue) -> float:
    """When it ended, 0 if it did not."""
    within = [x.final for x in dialogue.of(*ASKERS) if x.final]
    ends = [said.frame.time for said in within if said.status in (408, 481)]
    ends += [dialogue.bye.frame.time] if dialogue.bye else []
    return min(ends, default=0.0)


def _scale(case: Case, *ends: Role | None) -> float:
    """Both are ours, or their clocks are those of the world."""
    known = case.circumstances
    if known is None or any(role in known.sut for role in ends):
        return 1.0
    return known.timer_scale


def _asked(case: Case) -> list[Exchange]:
    return [x for x in case.exchanges if x.request.method in ASKERS]


def _granted(exchange: Exchange) -> SessionExpires | None:
    return _wanted(exchange.accepted) if exchange.accepted else None


def _wanted(said: Said) -> SessionExpires | None:
    try:
        return session_expires(said.frame.sip)
    except Malformed:
        return None


def _least(said: Said) -> int:
    try:
        return min_se(said.frame.sip) or 0
    except Malformed:
        return 0


def _no_least(exchange: Exchange) -> str:
    assert exchange.final
    told = _least(exchange.final)
    return "" if told >= LEAST else f"422 with Min-SE {told or 'absent'}"


def _too_short(exchange: Exchange) -> str:
    granted = _granted(exchange)
    assert granted
    return "" if granted.seconds >= LEAST else f"{granted.seconds} s were granted"


def _unfit(exchange: Exchange) -> str:
    granted, wanted = _granted(exchange), _wanted(exchange.request)
    assert granted
    assert wanted
    least = max(LEAST, _least(exchange.request))
    if granted.seconds > max(wanted.seconds, least):
        return f"{granted.seconds} s were granted, asked were {wanted.seconds}"
    if granted.seconds < _least(exchange.request):
        return f"{granted.seconds} s were granted, less than Min-SE"
    if granted.refresher not in ("uac", "uas"):
        return "the 2xx names no refresher"
    binding = wanted.refresher and _knows(exchange.request, "supported", "require")
    if binding and granted.refresher != wanted.refresher:
        return f"the 2xx makes {granted.refresher} the refresher"
    return ""


def _untold(exchange: Exchange) -> str:
    assert exchange.accepted
    if _knows(exchange.accepted, "require"):
        return ""
    return "the caller is to refresh, and the 2xx has no Require: timer"


def _knows(said: Said, *names: str) -> bool:
    return any(w.lower() == "timer" for name in names for w in said.listed(name))
