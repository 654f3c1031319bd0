"""Requests and what they get: ACK, final answers, branches, silence on UDP.

RFC 3261 §13.2.2.4 and §17.1.1.3 (ACK), §15.1.2 (BYE), §17 (transactions).
"""

from collections.abc import Iterator

from ringback.evidence.frame import Frame
from ringback.judge.case import Case, Exchange, Said, readable
from ringback.judge.repeats import copies_of
from ringback.judge.soundness import (
    is_buried,
    is_heard,
    is_longer_than_need_be_taken,
    is_of_no_dialog,
    is_refused_for_its_form,
    is_sound,
    met_a_closed_end,
    never_came,
    own_acks,
)
from ringback.judge.verdict import Verdict, each, fails, passes, undecided
from ringback.values import Role
from ringback.wire.uri import parse, same

TIMER_F = 32.0  # seconds, RFC 3261 §17.1.2.2: how long an answer may take


def refusals_are_acknowledged(case: Case) -> Verdict:
    """§17.1.1.3: each 3xx-6xx to an INVITE earns an ACK on its own hop."""
    refused = [x for x in case.exchanges if _refusal(x)]
    if not refused:
        return undecided("no INVITE was refused")
    orphans = [x for x in refused if not _own_ack(x) and not never_came(case, x)]
    if any(may_still_come(case, x) for x in orphans):
        return undecided("the capture ends before the ACK could be expected")
    if orphans:
        why = "no later ACK has the branch of the refused INVITE"
        by = orphans[0].request.sender
        return fails(why, *map(final_frame, orphans), by=by)
    return passes(f"{len(refused)} refusal(s), each acknowledged", *_acks(refused))


def the_ack_of_a_refusal_repeats_the_invite(case: Case) -> Verdict:
    """§17.1.1.3: Call-ID, From, Request-URI and one Via of the INVITE, the To of the
    response, the INVITE's CSeq number."""
    pairs = [(x, a) for x in case.exchanges if _refusal(x) for a in _own_acks(x)]
    if not pairs:
        return undecided("no refusal was acknowledged")
    for exchange, ack in pairs:
        if offence := _unlike(exchange, ack):
            return fails(offence, ack.frame)
    return passes(f"{len(pairs)} ACK(s), each like its INVITE", *_acks_of(pairs))


def _unlike(exchange: Exchange, ack: Said) -> str:
    invite, final = exchange.request, exchange.final
    if ack.frame.sip.uri != invite.frame.sip.uri and not same_target(ack, invite):
        return "the ACK of a refusal has another Request-URI"
    if ack.from_tag != invite.from_tag:
        return "the ACK of a refusal has another From"
    if final and ack.to_tag != final.to_tag:
        return "the ACK of a refusal has not the To of the response"
    if len(ack.listed("via")) != 1:
        return f"the ACK of a refusal has {len(ack.listed('via'))} Vias"
    return ""


def answers_are_acknowledged(case: Case) -> Verdict:
    """§13.2.2.4: each 2xx to an INVITE earns an ACK with the INVITE's CSeq number."""
    accepted = [
        x
        for x in case.exchanges
        if x.request.method == "INVITE"
        and x.accepted
        and is_heard(case, x.accepted)
        and not never_came(case, x)
    ]
    if not accepted:
        return undecided("no INVITE was accepted")
    orphans = [x for x in accepted if not own_acks(x)]
    if any(may_still_come(case, x) for x in orphans):
        return undecided("the capture ends before the ACK could be expected")
    if orphans:
        why = "no ACK with the CSeq number and the tags of the accepted INVITE"
        by = orphans[0].request.sender
        return fails(why, *map(final_frame, orphans), by=by)
    return passes(f"{len(accepted)} answer(s), each acknowledged", *_acks(accepted))


def byes_are_answered(case: Case) -> Verdict:
    """§15.1.2: 2xx in a dialog; 481 where the dialog is gone already."""
    byes = [x for x in case.exchanges if x.request.method == "BYE"]
    byes = [x for x in byes if not is_refused_for_its_form(x)]
    byes = [x for x in byes if not is_buried(case, x.request)]
    if not byes:
        return undecided("nobody sent BYE, or none that had to be taken")
    for bye in byes:
        if (verdict := _answer_to_bye(case, bye)) is not None:
            return verdict
    return passes(f"{len(byes)} BYE(s), each answered", *map(final_frame, byes))


def _answer_to_bye(case: Case, bye: Exchange) -> Verdict | None:
    final, by = bye.final, bye.request.receiver
    if final is None and may_still_come(case, bye):
        return undecided("the capture ends before the answer to BYE", bye.frame)
    if final is None:
        return fails("BYE was never answered", bye.frame, by=by)
    gone = _ended_before(case, bye) or is_of_no_dialog(case, bye.request)
    challenged = final.status in (401, 407)
    if final.status // 100 == 2 or challenged or (final.status == 481 and gone):
        return None
    return fails(f"BYE was answered with {final.status}", final.frame, by=by)


def _ended_before(case: Case, bye: Exchange) -> bool:
    """Whether the dialog had another BYE, or never came to be."""
    others = [
        x
        for x in case.exchanges
        if x is not bye
        and x.request.call_id == bye.request.call_id
        and x.request.method == "BYE"
    ]
    made = [
        x
        for x in case.exchanges
        if x.request.call_id == bye.request.call_id
        and x.accepted
        and x.accepted.number < bye.frame.number
    ]
    return bool(others) or not made


def branches_are_unique(case: Case) -> Verdict:
    """§8.1.1.7: but for CANCEL, and the ACK of a refusal, no branch serves twice; and
    each hop on the way of one request has its own (§16.6 step 8)."""
    owners: dict[str, Said] = {}
    for said in case.requests:
        if "," in said.first("via") or len(said.headers.get("via", ())) > 1:
            hops = [(v.branch, v.host, v.port) for v in said.vias if v.branch]
            if len(set(hops)) < len(hops):
                return fails(f"{said.method} has one hop twice in its Vias", said.frame)
        if said.method in ("ACK", "CANCEL") or not said.branch:
            continue
        first = owners.setdefault(said.branch, said)
        if first is not said and _differ(first, said):
            why = f"{said.method} has the branch of an earlier {first.method}"
            return fails(why, said.frame, first.frame)
    if not owners:
        return undecided("no request in this evidence")
    return passes(f"{len(owners)} branches, each used once")


def _differ(one: Said, other: Said) -> bool:
    """A repetition is the same request again; a proxy puts its own Via on top."""
    sent_by = {(v.host, v.port) for said in (one, other) for v in said.vias[:1]}
    key = (one.call_id, one.sequence, one.method)
    same_request = key == (other.call_id, other.sequence, other.method)
    return len(sent_by) == 1 and not same_request


def nothing_follows_a_final_answer(case: Case) -> Verdict:
    """§17.2.1 and §17.2.2: no other response once a final one is sent; 2xx to INVITE
    may be repeated, or come from several branches of a fork. A request that is said
    again when its transaction is over is another one: on streams Timer J is zero."""
    answered = (x for x in case.exchanges if x.final)
    things = [x for x in answered if len(copies_of(case, x.request)) == 1]
    return each(things, _afterthought, "answered requests", shows=_last_word)


def _last_word(exchange: Exchange) -> Frame:
    return exchange.responses[-1].frame


def _afterthought(exchange: Exchange) -> str:
    final = exchange.final
    later = [r for r in exchange.responses if final and r.number > final.number]
    for response in later:
        forked = response.to_tag != final.to_tag if final else False
        if final and response.status != final.status and not forked:
            return f"{response.status} after {final.status} to {final.method}"
    return ""


def requests_are_answered(case: Case) -> Verdict:
    """§8.2 and §17.2: every request but ACK gets a final response, or is cancelled."""
    asked = [x for x in case.exchanges if x.request.method not in ("CANCEL", "BYE")]
    asked = [x for x in asked if x.frame.leg or not case.complete]  # no strangers
    streamed = [
        x
        for x in asked
        if x.frame.flow in case.connections
        and not was_turned_away(case, x)
        and (x.final or _must_be_read(x.request))
        and not _still_rings(case, x)
    ]
    if not streamed:
        return undecided("no request that wants an answer, on TCP")
    silent = [x for x in streamed if x.final is None and not _waits(case, x)]
    if any(may_still_come(case, x) for x in silent):
        return undecided("the capture ends before an answer could be expected")
    if silent:
        end = _end_of_the_way(silent)
        why = f"{end.request.method} was never answered"
        by = end.request.receiver
        return fails(why, *(x.frame for x in silent), by=by)
    return passes(f"{len(streamed)} request(s), each answered")


def _waits(case: Case, x: Exchange) -> bool:
    """Whether the answer to it was said further on so that it need not be heard."""
    if x.request.method != "INVITE":
        return False
    onward = (y for y in case.exchanges if _is_onward(y, x))
    asked = [y for y in onward if y.request.method == "INVITE"]
    return any(never_came(case, y) or (not y.final and _waits(case, y)) for y in asked)


def _end_of_the_way(silent: list[Exchange]) -> Exchange:
    """Who passed an INVITE on waits for an answer himself: the first that got none, or
    where it led to."""
    found = silent[0]
    for later in silent[1:]:
        both = later.request.method == found.request.method == "INVITE"
        if both and _is_onward(later, found):
            found = later
    return found


def _must_be_read(request: Said) -> bool:
    return is_sound(request) and not is_longer_than_need_be_taken(request)


def _still_rings(case: Case, x: Exchange) -> bool:
    """At a phone, or at one to whom it was passed on, and nobody has said that it
    should stop: people take their time."""
    rings = any(r.status > 100 for r in x.responses) and x.final is None
    if not rings or x.request.method != "INVITE":
        return False
    cancelled = any(
        (y.request.call_id, y.request.branch) == (x.request.call_id, x.request.branch)
        and y.request.method == "CANCEL"
        and not is_refused_for_its_form(y)
        for y in case.exchanges
    )
    return not cancelled and (
        x.request.receiver is Role.PHONE
        or any(_still_rings(case, y) for y in case.exchanges if _is_onward(y, x))
    )


def _is_onward(later: Exchange, earlier: Exchange) -> bool:
    """Whether it may be the same INVITE, passed on."""
    onward = later.request.sender is earlier.request.receiver
    return onward and later.request.number > earlier.request.number


def was_turned_away(case: Case, asked: Exchange) -> bool:
    """Whether TLS refused who asked, or nobody read what was said without it, or after
    the end. In TLS 1.3 a client is done, and may send, before the server has judged it
    (RFC 8446 §4.4.2.4): such a request was never taken."""
    if met_a_closed_end(case, asked):
        return True
    frame, connection = asked.frame, case.connections[asked.frame.flow]
    hidden = frame.secured or case.is_bare(frame)
    if not hidden or frame.target != connection.server:
        return False
    return not any(
        f.flow == frame.flow and f.source == connection.server
        for f in case.evidence.sip
    )


def sip_is_silent_on_udp(case: Case) -> Verdict:
    """Facts §4.1: datagrams to the UM's SIP port get nothing. The fence: a
    request over TCP, sent later, was answered, so that the UM had its time."""
    hosts = {seat.host for seat in case.seats(Role.UM)}
    probes = [f for f in _datagrams(case) if f.target.host in hosts]
    if not probes:
        return undecided("nobody sent the UM a datagram")
    knockers = {f.source for f in probes}
    spoken = [
        f for f in _datagrams(case) if f.source.host in hosts and f.target in knockers
    ]
    if spoken:
        return fails("the UM answered over UDP", *spoken, by=Role.UM)
    last = max(probe.number for probe in probes)
    fence = [x for x in case.exchanges if _is_fence(case, x, hosts, last)]
    if not fence:
        return undecided("no later request over TCP was answered", *probes)
    return passes("silent, while TCP was answered", *probes, fence[0].frame)


def _is_fence(case: Case, x: Exchange, hosts: set[str], last: int) -> bool:
    return (
        bool(x.responses)
        and x.frame.number > last
        and x.frame.target.host in hosts
        and x.frame.flow in case.connections
    )


def _datagrams(case: Case) -> Iterator[Frame]:
    yield from (s.frame for s in case.over_datagrams)
    yield from case.evidence.datagrams


def _refusal(exchange: Exchange) -> bool:
    final = exchange.final
    return exchange.request.method == "INVITE" and bool(final and final.status >= 300)


def _own_acks(exchange: Exchange) -> list[Said]:
    """ACKs on the hop of a refused INVITE: same branch, same two ends."""
    invite, final = exchange.request, exchange.final
    return [
        ack
        for ack in exchange.acks
        if final
        and ack.number > final.number
        and ack.branch == invite.branch
        and ack.ends == invite.ends
    ]


def _own_ack(exchange: Exchange) -> bool:
    return bool(_own_acks(exchange))


def final_frame(exchange: Exchange) -> Frame:
    return exchange.final.frame if exchange.final else exchange.frame


def _acks(exchanges: list[Exchange]) -> list[Frame]:
    return [x.acks[0].frame for x in exchanges if x.acks]


def _acks_of(pairs: list[tuple[Exchange, Said]]) -> list[Frame]:
    return [ack.frame for _, ack in pairs]


def same_target(one: Said, other: Said) -> bool:
    mine = readable(parse, one.frame.sip.uri)
    theirs = readable(parse, other.frame.sip.uri)
    return bool(mine and theirs and same(mine, theirs))


def may_still_come(case: Case, exchange: Exchange) -> bool:
    """Whether the capture is too short to miss anything after the last word."""
    if case.complete:
        return False
    last = max([exchange.frame.time, *(r.frame.time for r in exchange.responses)])
    return case.last_time - last < TIMER_F
