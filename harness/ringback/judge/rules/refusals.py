"""What nobody can understand is refused, and refusals are told on as one's own.

RFC 3261 §8.2.1 to §8.2.3 (what a UAS inspects), §8.2.2.2 (merged requests), §21.4 (no
second try as it was); RFC 7332 §5 (Max-Forwards behind a back-to-back user agent).
"""

from collections import Counter
from collections.abc import Callable
from functools import partial

from ringback.judge.case import Case, Exchange, Rule, Said
from ringback.judge.stimulus import given
from ringback.judge.verdict import Verdict, each, fails, passes, undecided
from ringback.values import Leg, Role
from ringback.wire.headers import retry_after

NOBODY = "nobody-knows"  # in names that were made up so that nobody can know them
CHALLENGES = {401, 407}
RETRIED = CHALLENGES | {408, 413, 415, 416, 420, 421, 422, 484, 488, 491, 494}
CROSSING = 0.1  # seconds: a request may have left before the response was read
OWN = {480, 486, 403, 500}  # facts §1.6 and the ringback binding
NEXT_LEG = {Leg.CAS_UM: Leg.UM_GATEWAY, Leg.UM_GATEWAY: Leg.GATEWAY_PHONE}


def refused(such: Callable[[Said], bool], what: str) -> Rule:
    """Such requests never get a 2xx. Which refusal, or redirection, is free: a UAS
    may have met another reason first (§8.2)."""
    return partial(_refused, such, what)


def _refused(such: Callable[[Said], bool], what: str, case: Case) -> Verdict:
    asked = [x for x in case.exchanges if such(x.request)]
    if not asked:
        return undecided(f"no {what} in this evidence")
    taken = [x for x in asked if x.accepted]
    if taken:
        answer, request = taken[0].accepted, taken[0].request
        assert answer, "chosen by it"
        why = f"{answer.status} to {what}"
        return fails(why, answer.frame, request.frame, by=request.receiver)
    answered = [x for x in asked if x.final]
    if not answered:
        return undecided(f"{what} got no final answer", asked[0].frame)
    told = ", ".join(str(x.final.status) for x in answered if x.final)
    return passes(f"{what}: {told}", *(x.frame for x in answered))


def has_an_unknown_method(said: Said) -> bool:
    return NOBODY in said.method.lower()


def has_an_unknown_body(said: Said) -> bool:
    """Of a type that must be understood (§20.11: handling is required by default)."""
    kind = said.first("content-type").lower()
    optional = "optional" in said.first("content-disposition").lower()
    return NOBODY in kind and not optional and bool(said.frame.sip.body)


def has_an_unknown_encoding(said: Said) -> bool:
    told = said.first("content-encoding").lower()
    return NOBODY in told and bool(said.frame.sip.body)


def has_an_unknown_scheme(said: Said) -> bool:
    return said.frame.sip.uri.lower().startswith(NOBODY)


def requires_the_unknown(said: Said) -> bool:
    return any(NOBODY in tag.lower() for tag in said.listed("require"))


def merged_requests_are_refused(case: Case) -> Verdict:
    """§8.2.2.2: the same request by another way, while the first is under way."""
    met = Counter(_identity(x.request) for x in case.exchanges)
    alike = [x for x in case.exchanges if met[_identity(x.request)] > 1]
    twins = [x for x in alike if _elder(case, x)]
    if not twins:
        return undecided("no request came by two ways")
    taken = [x for x in twins if x.accepted]
    if taken:
        by = taken[0].request.receiver
        return fails("a merged request was accepted", _answer(taken[0]).frame, by=by)
    if not any(x.final for x in twins):
        return undecided("a merged request got no final answer", twins[0].frame)
    return passes("a merged request was refused", *(_answer(x).frame for x in twins))


def _elder(case: Case, twin: Exchange) -> bool:
    """Whether there is one before; of a datagram that got no answer nobody knows
    whether there was anybody to hear it."""
    mine = twin.request
    return not mine.to_tag and any(
        _identity(x.request) == _identity(mine)
        and x.request.branch != mine.branch
        and x.request.number < mine.number
        and (x.responses or x.frame.flow in case.connections)
        and (x.final is None or x.final.number > mine.number)
        for x in case.exchanges
    )


def _identity(said: Said) -> tuple[object, ...]:
    words = (said.call_id, said.from_tag, said.sequence, said.method)
    return (*words, said.frame.target, said.frame.sip.uri)


def _answer(exchange: Exchange) -> Said:
    return exchange.final or exchange.request


# Hops.


def a_call_without_hops_goes_nowhere(case: Case) -> Verdict:
    """RFC 7332 §5 with RFC 3261 §16.3: Max-Forwards 0 is the end of the way."""
    spent = [x for x in _calls(case) if x.request.first("max-forwards") == "0"]
    if not spent:
        return undecided("no INVITE came with Max-Forwards 0")
    for invite in spent:
        if onward := _onward(case, invite):
            why = "an INVITE went on that had no hop left"
            by = invite.request.receiver
            return fails(why, onward[0].frame, invite.frame, by=by)
    return passes("it went no further", *(x.frame for x in spent))


def hops_are_counted(case: Case) -> Verdict:
    """RFC 7332 §5: the INVITE that goes on has fewer hops left than the one before."""
    pairs = [(a, b) for a in _calls(case) for b in _onward(case, a)]
    if not pairs or len(case.invites(Leg.CAS_UM)) > 2:
        return undecided("no INVITE went on, or several did")
    for before, onward in pairs:
        left = [x.request.first("max-forwards") for x in (before, onward)]
        if all(map(str.isdigit, left)) and int(left[1]) >= int(left[0]):
            why = f"Max-Forwards {left[1]} after {left[0]}"
            return fails(why, onward.frame, before.frame, by=before.request.receiver)
    return passes("fewer hops on each leg", *(b.frame for _, b in pairs))


def _calls(case: Case) -> list[Exchange]:
    return [x for leg in NEXT_LEG for x in case.invites(leg)]


def _onward(case: Case, invite: Exchange) -> list[Exchange]:
    """INVITEs that followed on the next leg; none where several could be meant."""
    leg = invite.frame.leg
    if leg not in NEXT_LEG:
        return []
    here = [x for x in case.invites(leg) if not _is_redirected(x)]
    nxt = [
        x for x in case.invites(NEXT_LEG[leg]) if x.frame.number > invite.frame.number
    ]
    return nxt if here == [invite] else []


def _is_redirected(exchange: Exchange) -> bool:
    return bool(exchange.final and exchange.final.status // 100 == 3)


# What becomes of a refusal.


@given("4xx", "6xx")
def a_refusal_is_not_tried_again(case: Case) -> Verdict:
    """§21.4: the same INVITE, unchanged, does not go to the same URI again. Codes that
    invite another try, and 5xx (which speak of the server's state), are free."""
    refusals = [x for x in case.invites(Leg.UM_GATEWAY) if _is_for_good(x)]
    if not refusals or len(case.invites(Leg.CAS_UM)) > 2:
        return undecided("no INVITE was refused for good, or several were ordered")
    for x in refusals:
        again = [y for y in case.invites(Leg.UM_GATEWAY) if _repeats(x, y)]
        if again and x.final:
            why = f"the same INVITE again after {x.final.status}"
            return fails(why, again[0].frame, x.final.frame)
    return passes("no second try", *(_answer(x).frame for x in refusals))


def _is_for_good(exchange: Exchange) -> bool:
    status = exchange.final.status if exchange.final else 0
    return status // 100 in (4, 6) and status not in RETRIED


def _repeats(before: Exchange, later: Exchange) -> bool:
    mine, theirs = before.request, later.request
    return (
        before.final is not None
        and theirs.number > before.final.number
        and mine.frame.sip.uri == theirs.frame.sip.uri
        and mine.frame.target == theirs.frame.target
    )


@given("503")
def who_asks_for_rest_is_left_alone(case: Case) -> Verdict:
    """§21.5.4: no other request for so long; those of dialogs that stand are free."""
    later = [
        (x, y.request)
        for x in case.invites(Leg.UM_GATEWAY)
        if x.final and x.final.status == 503
        for y in case.invites(Leg.UM_GATEWAY)
        if not y.request.to_tag and _falls_into_the_rest(x, y.request)
    ]
    if not later:
        return undecided("no call was begun while a gateway wanted to be left alone")
    for asked, invite in later:
        if asked.final and invite.frame.target == asked.frame.target:
            why = f"a new call after {invite.frame.time - asked.final.frame.time:.1f} s"
            return fails(why, invite.frame, asked.final.frame, by=invite.sender)
    return passes("calls went elsewhere meanwhile", *(i.frame for _, i in later))


def _falls_into_the_rest(asked: Exchange, invite: Said) -> bool:
    """Begun by the one that was told so; what may have crossed it does not count."""
    assert asked.final, "only those"
    passed = invite.frame.time - asked.final.frame.time
    same = invite.frame.source.host == asked.frame.source.host
    return same and CROSSING < passed < retry_after(asked.final.frame.sip)


@given("4xx", "5xx", "6xx")
def the_far_end_s_refusal_is_not_relayed(case: Case) -> Verdict:
    """The ringback binding: what the CAS is told is the UM's own 480, 486, 403, 500."""
    far = [x for x in case.invites(Leg.UM_GATEWAY) if _failed(x)]
    near = [x for x in case.invites(Leg.CAS_UM) if _failed(x)]
    near = [x for x in near for y in far[:1] if _encloses(x, y)]
    if len(far) != 1 or len(near) != 1:
        return undecided("not one call was refused by the gateway")
    return each(near, _raw, "refusals to the CAS", shows=lambda x: _answer(x).frame)


def _encloses(near: Exchange, far: Exchange) -> bool:
    """Whether it was under way all the time."""
    ends = _answer(near).number, _answer(far).number
    return near.frame.number < far.frame.number and ends[0] > ends[1]


def _failed(exchange: Exchange) -> bool:
    final = exchange.final
    ours = exchange.request.receiver in (Role.UM, Role.GATEWAY)
    return ours and final is not None and final.status >= 400 and final.status != 487


def _raw(exchange: Exchange) -> str:
    status = _answer(exchange).status
    return "" if status in OWN else f"the CAS was told {status}"
