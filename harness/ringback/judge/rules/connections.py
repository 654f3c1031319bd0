"""Connections beneath SIP: how messages are cut from them, which one carries what, and
what becomes of a call when one is lost.

RFC 3261 §7.5 and §18.3 (framing), §18.2.2 (responses), §12.2 (a dialog is its tags).
"""

from collections import defaultdict
from collections.abc import Callable, Iterable

from ringback.judge.case import Call, Case, Exchange, Said
from ringback.judge.repeats import copies_of
from ringback.judge.rules.transactions import was_turned_away
from ringback.judge.soundness import is_longer_than_need_be_taken, is_sound
from ringback.judge.verdict import Verdict, deviates, fails, passes, undecided
from ringback.values import Leg, Role

SOON = 1.0  # seconds in which a peer does what is due at once, scheduling included
Judged = Callable[[str, list[Exchange]], Verdict]


# How messages are cut.


def messages_in_one_piece_are_each_read(case: Case) -> Verdict:
    """§18.3: Content-Length says where the next one begins, not the segment."""
    together: dict[tuple[object, ...], list[Exchange]] = defaultdict(list)
    for x in _on_streams(case):
        if is_sound(x.request):
            together[x.frame.flow, x.frame.source, x.frame.number].append(x)
    several = [x for group in together.values() if len(group) > 1 for x in group]
    return _each_answered(case, several, "that shared a segment")


def messages_in_many_pieces_are_read(case: Case) -> Verdict:
    """§18.3: a message is whole when its length has come."""
    cut = [x for x in _on_streams(case) if 0 < x.request.frame.began < x.frame.number]
    return _each_answered(case, cut, "that came in pieces")


def line_ends_before_a_message_are_passed_over(case: Case) -> Verdict:
    """§7.5: any CRLF before the start line."""
    led = [x for x in _on_streams(case) if x.request.frame.led]
    return _each_answered(case, led, "behind line ends")


def _on_streams(case: Case) -> list[Exchange]:
    asked = (x for x in case.exchanges if x.frame.leg)
    here = (x for x in asked if x.frame.flow in case.connections)
    due = (x for x in here if not is_longer_than_need_be_taken(x.request))
    return [x for x in due if not was_turned_away(case, x)]


def _each_answered(case: Case, asked: list[Exchange], which: str) -> Verdict:
    """Whoever gave the connection up himself has asked for nothing any more."""
    asked = [x for x in asked if x.responses or _was_due(case, x)]
    if not asked:
        return undecided(f"no request {which}")
    silent = [x for x in asked if not x.responses]
    if silent:
        why = f"{silent[0].request.method} {which} got no answer"
        frames = [x.frame for x in silent]
        return fails(why, *frames, by=silent[0].request.receiver)
    return passes(f"{len(asked)} request(s) {which}, each answered", asked[0].frame)


def _was_due(case: Case, x: Exchange) -> bool:
    """Whether there was time for an answer. Who hangs up himself wants none."""
    connection = case.connections[x.frame.flow]
    gave_up = connection.left_by == x.frame.source and connection.closed
    return _had_time(case, x.request.receiver, x.request, gave_up)


def _had_time(case: Case, role: Role | None, since: Said, until: int = 0) -> bool:
    """Whether that role answered something that was asked later, or long has passed;
    what happened from frame ``until`` on does not count, when that is given."""
    fences = (
        x.final
        for x in case.exchanges
        if x.request.receiver is role and x.frame.number > since.number
    )
    if any(final and (not until or final.number < until) for final in fences):
        return True
    return not until and case.last_time - since.frame.time > SOON


# Which connection a response takes.


def responses_take_the_connection_of_the_request(case: Case) -> Verdict:
    """§18.2.2: the one that the request came on, as long as it stands."""
    asked = [x for x in _on_streams(case) if x.responses]
    if not asked:
        return undecided("no request on a connection was answered")
    for x in asked:
        flows = {c.frame.flow for c in copies_of(case, x.request)}
        for response in x.responses:
            if response.frame.flow not in flows and _stands(case, flows, response):
                why = f"{response.status} to {response.method} on another connection"
                return fails(why, response.frame, x.frame)
    return passes(f"{len(asked)} request(s), answered where they were asked")


def _stands(case: Case, flows: Iterable[int], response: Said) -> bool:
    """Whether one of them was open for longer than the news of its end may take."""
    closed = [case.connections[f].closed for f in flows if f in case.connections]
    return any(not c or c > response.number for c in closed)


def responses_find_another_connection(case: Case) -> Verdict:
    """§18.2.2: to the address of the request and the port of its Via."""
    lost = [(x, far) for x in case.invites(Leg.UM_GATEWAY) if (far := _due(case, x))]
    if not lost:
        return undecided("no connection was lost before the answer to its INVITE")
    unsaid = [(x, far) for x, far in lost if x.final is None]
    if unsaid:
        why = "the connection was gone, and the answer never took another"
        x, far = unsaid[0]
        return deviates(why, x.frame, far.frame, by=Role.GATEWAY)
    said = [x.final.frame for x, _ in lost if x.final]
    return passes("the answer came on another connection", *said)


def _due(case: Case, x: Exchange) -> Said | None:
    """The phone's answer, where the UM's connection was gone before it."""
    connection = case.connections.get(x.frame.flow)
    closed = connection.closed if connection else 0
    if not closed or (x.final and x.final.frame.flow == x.frame.flow):
        return None
    finals = [y.final for y in case.invites(Leg.GATEWAY_PHONE) if y.final]
    for final in finals:
        enough = x.final or _had_time(case, Role.GATEWAY, final)
        if final.number > closed > x.frame.number and enough:
            return final
    return None


# A call outlives its connections.


def dialogs_are_known_on_any_connection(case: Case) -> Verdict:
    """§12.2.2: by Call-ID and tags, and by nothing else."""
    asked = [x for call in case.all_calls for x in _elsewhere(call) if x.final]
    if not asked:
        return undecided("no request of a dialog came on another connection")
    for x in asked:
        if x.final and x.final.status == 481:
            why = (
                f"{x.request.method} of a standing dialog is unknown on this connection"
            )
            return fails(why, x.final.frame, x.frame)
    frames = [x.frame for x in asked]
    return passes(f"{len(asked)} request(s) of a dialog on another connection", *frames)


def _elsewhere(call: Call) -> list[Exchange]:
    """In the dialog as it was accepted, before anybody ended it."""
    made = call.accepted
    if made is None:
        return []
    byes = call.of("BYE")
    end = byes[0].frame.number if byes else None
    tags = {made.from_tag, made.to_tag}
    return [
        x
        for x in call.exchanges
        if x.frame.flow != made.frame.flow
        and {x.request.from_tag, x.request.to_tag} == tags
        and x.frame.number > made.number
        and (end is None or x.frame.number <= end)
    ]


def the_bye_finds_another_connection(case: Case) -> Verdict:
    """§12.2.1.1 with §18.1.1: the phone hangs up when the connection to the UM is gone;
    the gateway's BYE goes to the remote target all the same."""
    ended = _ended_by_the_phone(case)
    lost = [
        c for c in case.calls(Leg.UM_GATEWAY) if ended and _lost_before(case, c, ended)
    ]
    if not ended or not lost:
        return undecided("no call lost its connection before the phone hung up")
    missing = [c for c in lost if not c.of("BYE")]
    if missing and not _had_time(case, Role.GATEWAY, ended):
        return undecided("the capture ends before a BYE could be expected")
    if missing:
        why = "the phone hung up, and no BYE reached the UM on a new connection"
        return fails(why, ended.frame, missing[0].frame, by=Role.GATEWAY)
    byes = [c.of("BYE")[0].frame for c in lost]
    return passes("BYE took another connection", *byes)


def _ended_by_the_phone(case: Case) -> Said | None:
    byes = [b for call in case.calls(Leg.GATEWAY_PHONE) for b in call.of("BYE")]
    return next((b.request for b in byes if b.request.sender is Role.PHONE), None)


def _lost_before(case: Case, call: Call, end: Said) -> bool:
    """Whether it stood, and every connection that carried it was gone by then."""
    made = call.accepted
    if made is None or made.number > end.number:
        return False
    byes = call.of("BYE")
    if byes and byes[0].request.sender is not Role.GATEWAY:
        return False
    flows = {x.frame.flow for x in call.exchanges if x.frame.number < end.number}
    closed = [case.connections[f].closed for f in flows if f in case.connections]
    return bool(closed) and all(0 < c < end.number for c in closed)
