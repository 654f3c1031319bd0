"""What the timers of RFC 3261 let be seen: 100, repetitions, and who gives up when.

RFC 3261 §13.3.1.4 (2xx), §17.1.1.2, §17.1.2.2 (clients), §17.2.1 (servers). On sockets
the scheduler has a part in every wait: a bound has slack, of which memory needs none.
"""

from itertools import pairwise

from ringback.judge.case import Case, Exchange, Said
from ringback.judge.repeats import T1, T2, copies_of, patience, repeated, scale
from ringback.judge.rules.transactions import was_turned_away
from ringback.judge.soundness import is_sound
from ringback.judge.verdict import Verdict, deviates, fails, passes, undecided
from ringback.values import Leg, Role

TRYING = 0.2  # seconds, §17.2.1
SLACK = 0.3  # seconds: what a busy machine may add to any wait


def slack(case: Case) -> float:
    """Seconds; more where the machine was seen to stand still for longer."""
    return SLACK + (case.known.stood_still if case.circumstances else 0.0)


def trying_comes_at_once(case: Case) -> Verdict:
    """§17.2.1: 100, unless another response comes within 200 ms."""
    invites = [x for x in _invites(case) if len(copies_of(case, x.request)) == 1]
    invites = [x for x in invites if is_sound(x.request)]
    prompt, late = [], []
    for x in invites:
        first = x.responses[0].frame.time if x.responses else case.last_time
        waited = first - x.frame.time
        if waited > TRYING + slack(case):
            late.append((x, waited))
        elif x.responses:
            prompt.append(x)
    if late:
        x, waited = late[0]
        why = f"nothing came for {waited:.2f} s after INVITE, not even 100"
        shown = [x.responses[0].frame] if x.responses else []
        return fails(why, *shown, x.frame, by=x.request.receiver)
    if not prompt:
        return undecided("no INVITE, or the capture ends too early")
    return passes(f"{len(prompt)} INVITE(s), each answered within {TRYING} s")


def answers_are_repeated_until_the_ack(case: Case) -> Verdict:
    """§13.3.1.4: after T1, then twice as long each time, up to T2."""
    invites = [x for x in _invites(case) if is_sound(x.request)]
    waiting = [x for x in invites if _waits_for_ack(case, x)]
    if hasty := [x for x in invites if _hasty(case, x)]:
        copies = [r.frame for x in hasty if x.accepted for r in repeated(x, x.accepted)]
        return fails("a 2xx was repeated at once, before T1 was over", *copies[:12])
    if not waiting:
        return undecided("every 2xx was acknowledged before it had to be repeated")
    for x in waiting:
        if x.accepted and (offence := _badly_repeated(case, x, x.accepted)):
            copies = [r.frame for r in repeated(x, x.accepted)]
            return fails(offence, *copies, x.frame, by=x.accepted.sender)
    copies = [r.frame for x in waiting if x.accepted for r in repeated(x, x.accepted)]
    return passes("repeated at growing distances until the ACK came", *copies[:12])


def _hasty(case: Case, x: Exchange) -> bool:
    """The second copy on the same connection, unasked, long before it falls due."""
    if x.accepted is None or len(copies_of(case, x.request)) > 1:
        return False
    one, *others = repeated(x, x.accepted)
    own = [r for r in others if r.frame.flow == one.frame.flow]
    early = T1 * scale(case, one.sender) / 2 - slack(case) / 3
    return bool(own) and own[0].frame.time - one.frame.time < early


def _waits_for_ack(case: Case, x: Exchange) -> bool:
    """Whether the first repetition fell due."""
    if x.accepted is None or x.accepted.frame.flow not in case.connections:
        return False
    due = T1 * scale(case, x.accepted.sender) + slack(case)
    return _wait_for_ack(case, x, x.accepted) > due


def _wait_for_ack(case: Case, x: Exchange, answer: Said) -> float:
    """Seconds until the ACK, or until the call or the capture was over."""
    ends = [a.frame.time for a in _acks(x, answer)]
    ends += [y.frame.time for y in _byes(case, x)]
    connection = case.connections.get(answer.frame.flow)
    if connection and connection.closed:
        ends.append(_last_on(case, answer.frame.flow))
    return min(ends, default=case.last_time) - answer.frame.time


def _last_on(case: Case, flow: int) -> float:
    return max(s.frame.time for s in case.said if s.frame.flow == flow)


def _badly_repeated(case: Case, x: Exchange, answer: Said) -> str:
    """``due`` is when each copy falls due at the earliest, from the first one on."""
    factor = scale(case, answer.sender)
    copies = repeated(x, answer)
    if len(copies) == 1:
        return f"{answer.status} was not repeated though no ACK came"
    gap, due = T1 * factor, 0.0
    for number, copy in enumerate(copies[1:], 1):
        due += gap
        gap = min(2 * gap, T2 * factor)
        came = copy.frame.time - answer.frame.time
        if number == 1 and came > due + slack(case):
            return f"{answer.status} was repeated after {came:.2f} s, due was {due:g}"
        if came < 0.9 * due - slack(case) / 3:
            return f"repetition {number} of {answer.status} came after {came:.2f} s"
    return ""


def the_ack_ends_the_repetitions(case: Case) -> Verdict:
    """§13.3.1.4: whatever its branch, the ACK of the dialog is the ACK."""
    told = [x for x in _invites(case) if _sound_acks(x)]
    acknowledged = [x for x in told if _is_the_only_one(case, x)]
    if not acknowledged:
        return undecided("no 2xx was acknowledged")
    late: list[Said] = []
    for x in acknowledged:
        if x.accepted is not None:
            came = _sound_acks(x)[0].frame.time + slack(case)
            late += [r for r in repeated(x, x.accepted) if r.frame.time > came]
    if late:
        why = f"{late[0].status} is repeated though the ACK had come"
        return fails(why, *(r.frame for r in late))
    return passes(f"{len(acknowledged)} 2xx, none repeated after its ACK")


def _is_the_only_one(case: Case, x: Exchange) -> bool:
    """Whether an ACK with its number can be for nothing else."""
    mine = (x.request.call_id, x.request.sequence, x.request.ends)
    others = (y.request for y in case.exchanges if y is not x)
    return not any(
        mine == (r.call_id, r.sequence, r.ends) for r in others if r.method == "INVITE"
    )


def a_call_without_ack_is_ended(case: Case) -> Verdict:
    """§13.3.1.4: BYE when 64*T1 brought no ACK."""
    unheard = [x for x in _invites(case) if _never_acknowledged(case, x)]
    if not unheard:
        return undecided("no 2xx remained without ACK for 64*T1")
    for x in unheard:
        if x.accepted and not _byes(case, x):
            why = "no ACK came for 64*T1, and the call was kept"
            return deviates(why, x.accepted.frame, by=x.accepted.sender)
    return passes("ended by BYE", *(_byes(case, x)[0].frame for x in unheard))


def _never_acknowledged(case: Case, x: Exchange) -> bool:
    answer = x.accepted
    if answer is None or _acks(x, answer):
        return False
    byes = _byes(case, x)
    if byes:
        return byes[0].request.sender is answer.sender
    whole = patience(case, answer.sender) + 2 * slack(case)
    return case.last_time - answer.frame.time > whole


def refusals_are_not_repeated_on_streams(case: Case) -> Verdict:
    """§17.2.1: Timer G is for unreliable transports; a repeated INVITE earns one."""
    refused = [x for x in _invites(case) if x.final and x.final.status >= 300]
    if not refused:
        return undecided("no INVITE was refused on a connection")
    for x in refused:
        if x.final is not None:
            said, asked = repeated(x, x.final), copies_of(case, x.request)
            if len(said) > len(asked):
                why = f"{x.final.status} was said {len(said)} times to one INVITE"
                return deviates(why, *(s.frame for s in said))
    return passes(f"{len(refused)} refusal(s), none repeated by a timer")


def a_repeated_invite_gets_the_provisional_again(case: Case) -> Verdict:
    """§17.2.1, state Proceeding."""
    found = [(x, copy) for x, copy in _repetitions(case) if _pending(x, copy)]
    return _said_again(case, found, "the provisional response")


def a_repeated_invite_gets_the_refusal_again(case: Case) -> Verdict:
    """§17.2.1, state Completed: until the ACK, a copy of the final response."""
    found = [(x, copy) for x, copy in _repetitions(case) if _completed(x, copy)]
    return _said_again(case, found, "the refusal")


def _said_again(case: Case, found: list[tuple[Exchange, Said]], what: str) -> Verdict:
    later = [[r.frame for r in x.responses if _at_once(case, c, r)] for x, c in found]
    for (x, copy), said in zip(found, later, strict=True):
        if not said and case.last_time - copy.frame.time > 2 * slack(case):
            why = f"a repeated INVITE did not get {what} again"
            return fails(why, copy.frame, x.frame, by=copy.receiver)
    if not any(later):
        return undecided(f"no INVITE was repeated when {what} stood")
    return passes(f"{what} was said again", *(said[0] for said in later if said))


def _at_once(case: Case, copy: Said, response: Said) -> bool:
    return 0 <= response.frame.time - copy.frame.time <= 2 * slack(case) and (
        response.number > copy.number
    )


def _repetitions(case: Case) -> list[tuple[Exchange, Said]]:
    return [
        (x, copy) for x in _invites(case) for copy in copies_of(case, x.request)[1:]
    ]


def _pending(x: Exchange, copy: Said) -> bool:
    """A provisional had been said, and nothing final for as long as that crosses."""
    said = [r for r in x.responses if r.number < copy.number]
    return bool(said) and all(r.status < 200 for r in said)


def _completed(x: Exchange, copy: Said) -> bool:
    refused = x.final and x.final.status >= 300 and x.final.number < copy.number
    return bool(refused) and not any(a.number < copy.number for a in x.acks)


def a_repeated_invite_rings_once(case: Case) -> Verdict:
    """§17.2.3: the same branch is the same transaction, also behind the gateway."""
    near = case.invites(Leg.UM_GATEWAY)
    twice = [x for x in near if len(copies_of(case, x.request)) > 1]
    far = {x.request.call_id for x in case.invites(Leg.GATEWAY_PHONE)}
    if not twice or not far:
        return undecided("no INVITE to the gateway was repeated")
    calls = [x for x in case.invites(Leg.GATEWAY_PHONE)]
    if len(far) > len(near):
        why = f"{len(near)} INVITE(s) and their repetitions made {len(far)} calls"
        return fails(why, calls[-1].frame, copies_of(case, twice[0].request)[-1].frame)
    return passes("one INVITE, said twice, made one call", calls[-1].frame)


def invites_are_not_repeated_on_streams(case: Case) -> Verdict:
    """§17.1.1.2: Timer A is for unreliable transports."""
    return _said_once(case, [x for x in _invites(case)], "INVITE")


def requests_are_not_repeated_on_streams(case: Case) -> Verdict:
    """§17.1.2.2: Timer E is for unreliable transports."""
    asked = [x for x in case.exchanges if x.request.method != "INVITE"]
    return _said_once(case, [x for x in asked if _streamed(case, x)], "request")


def _said_once(case: Case, asked: list[Exchange], what: str) -> Verdict:
    if not asked:
        return undecided(f"no {what} on a connection")
    for x in asked:
        copies = copies_of(case, x.request)
        for one, other in pairwise(copies):
            if one.frame.flow == other.frame.flow:
                why = f"{other.method} was repeated on the same connection"
                return deviates(why, other.frame, one.frame)
    return passes(f"{len(asked)} {what}(s), none repeated on its connection")


def silence_is_given_up(case: Case) -> Verdict:
    """§17.1.1.2 with §8.1.3.1: Timer B counts as 408; who ordered the call is told."""
    far = [x for x in case.invites(Leg.UM_GATEWAY) if not x.responses]
    near = [x for x in case.invites(Leg.CAS_UM) if not _redirected(x)]
    if not far or len(near) != 1:
        return undecided("no INVITE of the UM's call remained without any response")
    asked, whole = near[0], patience(case, Role.UM) + 2 * slack(case)
    silent = far[-1]
    final = asked.final
    if final and final.status >= 400:
        waited = final.frame.time - silent.frame.time
        if waited > whole:
            why = f"the CAS was told after {waited:.1f} s of silence"
            return fails(why, final.frame, silent.frame, by=Role.UM)
        return passes("the call was given up, and the CAS told", final.frame)
    if final:
        return undecided("the call was answered elsewhere", final.frame)
    if case.last_time - silent.frame.time <= whole:
        return undecided("the capture ends before Timer B")
    why = "64*T1 passed without any response, and the CAS was told nothing"
    return fails(why, asked.frame, silent.frame, by=Role.UM)


def _invites(case: Case) -> list[Exchange]:
    """On connections, between neighbours."""
    found = case.memory.get("streamed invites")
    if not isinstance(found, list):
        asked = (x for x in case.exchanges if x.request.method == "INVITE")
        here = (x for x in asked if x.frame.leg and _streamed(case, x))
        found = [x for x in here if not was_turned_away(case, x)]
        case.memory["streamed invites"] = found
    return found


def _streamed(case: Case, x: Exchange) -> bool:
    return x.frame.flow in case.connections


def _redirected(x: Exchange) -> bool:
    return bool(x.final and x.final.status // 100 == 3)


def _sound_acks(x: Exchange) -> list[Said]:
    """Those that end the repetitions, as far as who answered can read."""
    return [a for a in (_acks(x, x.accepted) if x.accepted else ()) if is_sound(a)]


def _acks(x: Exchange, answer: Said) -> list[Said]:
    tags = (x.request.from_tag, answer.to_tag)
    return [
        a for a in x.acks if (a.from_tag, a.to_tag) == tags and a.number > answer.number
    ]


def _byes(case: Case, x: Exchange) -> list[Exchange]:
    """Of the call that this INVITE began."""
    return [
        y
        for y in case.exchanges
        if y.request.method == "BYE"
        and y.request.call_id == x.request.call_id
        and y.frame.leg is x.frame.leg
    ]
