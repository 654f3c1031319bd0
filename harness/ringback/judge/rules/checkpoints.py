"""The four checkpoints of a Play on Phone order, and what may be dialled.

Facts §1.2, §6.3 and §9: did the CAS take the order, did it send an INVITE, did the UM
pass one on, was there an answer and sound.
"""

from collections.abc import Sequence
from urllib.parse import unquote

from ringback.evidence.frame import Frame, SipFrame
from ringback.faults import Malformed
from ringback.judge.case import Case, Exchange, Said
from ringback.judge.judged import culprit
from ringback.judge.passed_on import (
    OF_NUMBERS,
    OF_USERS,
    answer_of_the_um,
    is_one_box,
    left_alone_by_the_um,
    wrongly_answered,
)
from ringback.judge.rules.downgrades import leads_out_of_tls
from ringback.judge.rules.spoilt import who_spoilt_it
from ringback.judge.soundness import (
    is_refused_for_its_form,
    is_sound,
    leads_nowhere,
    never_came,
)
from ringback.judge.turns import (
    BAD_ITEM,
    Existence,
    Turn,
    existence,
    polls,
    turns_of,
)
from ringback.judge.verdict import Verdict, fails, passes, undecided
from ringback.values import CallState, Leg, Role
from ringback.wire.uri import SipUri, TelUri, parse

SEPARATORS = str.maketrans("", "", "-.() ")
SOON = 0.5  # seconds in which nobody can be blamed for saying nothing
NO_ORDER = "nobody ordered a call that had to be accepted"


def the_order_is_accepted(case: Case) -> Verdict:
    """MS-OXWUMS §3.1.4.8: the answer to PlayOnPhone is a call id."""
    orders = deserving(case)
    if not orders:
        return undecided(NO_ORDER)
    refused = [t for t in orders if not t.given]
    if refused:
        what = refused[0].refusal or "an answer without a call id"
        answers = [t.answer for t in refused]
        denied = _is_denied_by_the_um(case, refused[0])
        if denied and not case.invites(Leg.UM_GATEWAY):
            return fails(f"the UM refused it: {what}", *answers, by=Role.UM)
        told = f"the order was answered with {what}"
        if (left := left_alone_by_the_um(case, refused[0])) and not _ill(case):
            why = f"{told}: the UM left the CAS alone"
            return fails(why, *(s.frame for s in left), *answers, by=Role.UM)
        legs = (Leg.CAS_UM, Leg.UM_GATEWAY) if denied else (Leg.CAS_UM,)
        return _broken(case, told, answers, *legs)
    return passes("a call id was handed out", *(t.answer for t in orders))


def _is_denied_by_the_um(case: Case, order: Turn) -> bool:
    """Perhaps for what a gateway told it: then the fault may lie on that leg."""
    said = answer_of_the_um(case, order)
    return said is not None and said.status >= 400


def the_cas_invites_the_um(case: Case) -> Verdict:
    """Facts §1.2 step 5."""
    orders = deserving(case)
    if not orders:
        return undecided(NO_ORDER)
    invites = case.invites(Leg.CAS_UM)
    orphans = [t for t in orders if not _later(invites, t.frame.number)]
    if orphans:
        told = "no INVITE left the CAS after the order"
        return _broken(case, told, [t.frame for t in orphans], Leg.CAS_UM)
    return passes("the CAS sent an INVITE to the UM", *(x.frame for x in invites))


def the_um_invites_the_gateway(case: Case) -> Verdict:
    """Facts §1.2 step 9."""
    asked, invites = case.invites(Leg.CAS_UM), case.invites(Leg.UM_GATEWAY)
    taken = _relevant(asked) or (_refused_at_once(asked) if deserving(case) else [])
    starts: list[Frame] = [x.frame for x in taken if not case.is_bare(x.frame)]
    if not asked and is_one_box(case):
        starts = [t.frame for t in deserving(case)]
    if not starts:
        return undecided("no order reached the UM")
    orphans = [frame for frame in starts if not _later(invites, frame.number)]
    if orphans:
        why = "no INVITE left the UM for the gateway after the order"
        return _broken(case, why, orphans, Leg.UM_GATEWAY, Leg.CAS_UM)
    return passes("the UM sent an INVITE on", *(x.frame for x in invites))


def _broken(case: Case, why: str, frames: Sequence[Frame], *legs: Leg) -> Verdict:
    """By him who ought to have gone on with the first leg; or by who was refused for
    his certificate, on that leg or before it."""
    ill = next(filter(None, (culprit(case, leg) for leg in legs)), None)
    if ill is None and (led := _led_out_of_tls(case, legs)):
        return fails(f"{why}: it was redirected out of TLS", led[0].frame, *frames)
    if ill is None:
        return fails(why, *frames, by=legs[0].roles[0])
    told = f"{why}: the certificate of the {ill.shown.role} was refused"
    return fails(f"{told}, being {', '.join(ill.odd)}", *frames, by=ill.shown.role)


def _ill(case: Case) -> bool:
    """A certificate, or a way out of TLS, is to blame for what the UM did not say."""
    led = _led_out_of_tls(case, (Leg.CAS_UM,))
    return bool(led or culprit(case, Leg.CAS_UM))


def _led_out_of_tls(case: Case, legs: Sequence[Leg]) -> list[Said]:
    said = (r for r in case.responses if r.frame.leg in legs)
    return [r for r in said if leads_out_of_tls(r)]


def there_is_an_answer_and_sound(case: Case) -> Verdict:
    """Facts §1.2 step 12: 200, then RTP between UM and gateway."""
    invites = case.invites(Leg.UM_GATEWAY)
    if not invites:
        return undecided("no INVITE was sent to the gateway")
    if not _was_ordered(case):
        return undecided("nobody ordered a call: the INVITE has another purpose")
    accepted = [x.accepted for x in invites if x.accepted]
    if not accepted:
        return _no_answer(case, invites[-1])
    sound = case.streams_of(Leg.UM_GATEWAY, Role.UM)
    if not sound:
        first, by = accepted[0].frame, who_spoilt_it(case) or Role.UM
        asked = [x for x in invites if x.accepted]
        if all(is_sound(x.request) and never_came(case, x) for x in asked):
            by = Role.GATEWAY
        if over := _was_over(case, first):
            return undecided(over, first)
        return fails("answered, but no RTP left the UM", first, by=by)
    return passes("answered, and sound left the UM", accepted[0].frame, sound[0].frame)


def _was_over(case: Case, answer: Frame) -> str:
    """Why there was no time for sound: the answer crossed a CANCEL, or the BYE (or the
    end of the capture) came right after it."""
    calls = case.calls(Leg.UM_GATEWAY)
    if any(x.frame.number < answer.number for c in calls for x in c.of("CANCEL")):
        return "the call was cancelled before its answer"
    ends = [x.frame.time for c in calls for x in c.of("BYE")]
    soon = min(ends, default=case.last_time) - answer.time < SOON
    return "the call ended as soon as it was answered" if soon else ""


def _was_ordered(case: Case) -> bool:
    """By a client of ours, or by one whose orders were seen, or perhaps unseen."""
    seen = any(turn.plays for turn in turns_of(case))
    unseen = {Role.CLIENT, Role.CAS} & case.known.sut.keys()
    return bool(case.known.ordered or seen or unseen)


def _no_answer(case: Case, invite: Exchange) -> Verdict:
    final = invite.final
    if final is None and case.is_bare(invite.frame):
        return fails("the INVITE was said to nobody who reads it", invite.frame)
    if final is None and not is_sound(invite.request):
        return undecided("the INVITE that got no answer is not sound", invite.frame)
    if final is None:
        return _silence(case, invite)
    if is_refused_for_its_form(invite):
        return undecided("the INVITE was refused for its form", final.frame)
    if any(x.request.method == "CANCEL" for x in case.exchanges):
        return undecided("the call was cancelled before its answer", final.frame)
    by = who_spoilt_it(case) or _who_gave_up(case) or _who_refused(case)
    return fails(f"the call was refused with {final.status}", final.frame, by=by)


def _who_gave_up(case: Case) -> Role | None:
    """The UM, where the gateway that it asked last, so that it could be understood, had
    no line free and there is another after it (facts §6.3)."""
    there = [seat.host for seat in case.seats(Role.GATEWAY)]
    asked = [x for x in case.invites(Leg.UM_GATEWAY) if is_sound(x.request)]
    hosts = [x.frame.target.host for x in asked]
    left = bool(hosts) and hosts[-1] in there[:-1]
    full = bool(asked) and asked[-1].final and asked[-1].final.status == 503
    told = not any(never_came(case, x) for x in asked)
    return Role.UM if left and full and told else None


def _silence(case: Case, invite: Exchange) -> Verdict:
    """By the phone, where it was asked and gave no answer that had to be heard; it may
    ring for as long as nobody calls it off."""
    onward = [x for x in case.invites(Leg.GATEWAY_PHONE) if is_sound(x.request)]
    last = onward[-1] if onward else None
    if last and not last.final and any(180 <= r.status < 200 for r in last.responses):
        return undecided("the phone still rings", last.frame)
    waits = last is not None and (last.final is None or never_came(case, last))
    by = Role.PHONE if waits else Role.GATEWAY
    return fails("the INVITE was never answered", invite.frame, by=by)


def _is_sent_nowhere(case: Case, asked: Exchange) -> bool:
    final = asked.final
    return bool(final and final.status // 100 == 3 and leads_nowhere(case, final))


def _who_refused(case: Case) -> Role:
    """The phone, unless for the form of what the gateway had said to it."""
    onward = [x for x in case.invites(Leg.GATEWAY_PHONE) if x.final]
    if not onward or is_refused_for_its_form(onward[-1]):
        return Role.GATEWAY
    if never_came(case, onward[-1]) or _is_sent_nowhere(case, onward[-1]):
        return Role.PHONE
    final = onward[-1].final
    return Role.PHONE if final and final.status >= 400 else Role.GATEWAY


def the_number_is_dialled_as_allowed(case: Case) -> Verdict:
    """Facts §6.3: the digits that the policy let pass are the digits sent.

    Where a gateway sends the caller elsewhere its Contact is the number from there on
    (RFC 3261 §8.1.3.4).
    """
    invites = _first_of_each_call(case.invites(Leg.UM_GATEWAY))
    if not case.known.dialled or not invites:
        return undecided("no number is known that had to be dialled, or no INVITE")
    others = (order.dial_string for order in case.known.ordered[1:])
    expected = list(dict.fromkeys(map(_plain, (case.known.dialled, *others))))
    wrong = [x for x in invites if _digits(x.request) not in expected]
    if wrong:
        wanted = " or ".join(map(repr, expected))
        numbers = f"{_digits(wrong[0].request)!r} instead of {wanted}"
        return fails(f"the gateway was asked for {numbers}", *(x.frame for x in wrong))
    return passes("the gateway was asked for it", *(x.frame for x in invites))


def _first_of_each_call(invites: Sequence[Exchange]) -> list[Exchange]:
    """Without those that follow a redirection."""
    moved: set[str] = set()
    found = []
    for one in invites:
        call_id = one.request.call_id
        if call_id not in moved:
            found.append(one)
        if one.final is not None and one.final.status // 100 == 3:
            moved.add(call_id)
    return found


def a_refused_order_leaves_no_invite(case: Case) -> Verdict:
    """Facts §6.3: what the policy denies never reaches a gateway."""
    orders = [t for t in turns_of(case) if t.plays and t.user]
    if not orders:
        return undecided("nobody ordered a call")
    invites = case.invites(Leg.UM_GATEWAY)
    if invites:
        why = "the policy denies the number, yet an INVITE was sent"
        return fails(why, *(x.frame for x in invites))
    return passes("no INVITE was sent to the gateway", orders[0].frame)


def a_denied_number_is_a_dialing_rules_fault(case: Case) -> Verdict:
    """MS-OXWUMS §2.2.3.1: the 2007 dialect faults with DialingRulesException."""
    return _denied(case, "umws", ("DialingRulesException",), OF_NUMBERS)


def a_denied_number_is_told_by_its_code(case: Case) -> Verdict:
    """Facts §3.5: three codes may say so."""
    codes = (
        "ErrorPhoneNumberNotDialable",
        "ErrorInvalidPhoneNumber",
        "ErrorInvalidSIPUri",
    )
    return _denied(case, "ews", codes, OF_NUMBERS)


def a_user_who_is_not_enabled_is_told_so(case: Case) -> Verdict:
    """EWS:responsecode; the 2007 dialect has no documented exception for it."""
    return _denied(case, "ews", ("ErrorUserNotUnifiedMessagingEnabled",), OF_USERS)


def _denied(
    case: Case, dialect: str, allowed: tuple[str, ...], troubles: tuple[str, ...]
) -> Verdict:
    turns = turns_of(case)
    orders = [t for t in turns if t.plays and t.dialect == dialect and t.status != 401]
    if not orders:
        return undecided(f"nobody ordered a call in the dialect {dialect}")
    wrong = [t for t in orders if t.refusal not in allowed]
    if wrong:
        what = wrong[0].refusal or "a call id"
        return wrongly_answered(case, wrong, f"answered with {what}", troubles)
    return passes(f"refused with {orders[0].refusal}", *(t.answer for t in orders))


def no_media_runs_over_the_cas(case: Case) -> Verdict:
    """Facts §1.2 step 12: sound runs between UM and gateway, never via the CAS."""
    if not case.evidence.rtp:
        return undecided("no RTP in this evidence")
    hosts = {seat.host for seat in case.seats(Role.CAS)}
    others = {s.host for s in case.known.seats if s.role is not Role.CAS}
    own = hosts - others
    guilty = [f for f in case.evidence.rtp if {f.source.host, f.target.host} & own]
    if guilty:
        return fails("RTP to or from the CAS", *guilty[:5])
    return passes("no RTP touched the CAS")


def deserving(case: Case) -> list[Turn]:
    """Orders that had to be accepted: authenticated, of a known message, one a time."""
    orders = [t for t in turns_of(case) if t.plays and t.user and t.status != 401]
    orders = [t for t in orders if not _may_be_unknown(case, t)]
    return [t for t in orders if not _still_talking(case, t)]


def _may_be_unknown(case: Case, order: Turn) -> bool:
    known = existence(case, order)
    if known is Existence.UNKNOWN:
        return order.refusal in BAD_ITEM[order.dialect]
    return known is Existence.NO


def _still_talking(case: Case, order: Turn) -> bool:
    """Whether an earlier call of that user was not yet seen to be over."""
    mine = [
        t
        for t in turns_of(case)
        if t.given and t.user == order.user and t.frame.number < order.frame.number
    ]
    told = polls(case)
    return any(not _over(told[t.given], order.frame.number) for t in mine)


def _over(told: list[Turn], number: int) -> bool:
    states = [t.state for t in told if t.answer.number < number]
    return CallState.DISCONNECTED in states


def _relevant(invites: tuple[Exchange, ...]) -> list[Exchange]:
    """Attempts that were neither redirected nor refused, and had to be understood."""
    told = [x for x in invites if x.final is None or x.final.status // 100 == 2]
    return [x for x in told if not is_refused_for_its_form(x)]


def _refused_at_once(invites: tuple[Exchange, ...]) -> list[Exchange]:
    """Those that were in order and refused all the same."""
    return [
        x
        for x in invites
        if x.final and x.final.status >= 400 and not is_refused_for_its_form(x)
    ]


def _later(invites: tuple[Exchange, ...], number: int) -> list[SipFrame]:
    return [x.frame for x in invites if x.frame.number > number]


def _digits(invite: Said) -> str:
    """Escaped or not (RFC 3261 §19.1.4); "+" is meant by its escape as well."""
    try:
        uri = parse(invite.frame.sip.uri)
    except Malformed:
        return ""
    match uri:
        case SipUri():
            return _plain(unquote(uri.user).partition(";")[0])
        case TelUri():
            return _plain(uri.number)
        case _:
            return ""


def _plain(number: str) -> str:
    return number.translate(SEPARATORS)
