"""Dialogs: order, tags and targets of requests, and Call-IDs.

RFC 3261 §12.2.1.1 (requests in a dialog), §8.1.1.4 (Call-ID).
"""

from ringback.judge.case import Call, Case, Exchange, Said, readable
from ringback.judge.dialogues import contact_of, uri_of
from ringback.judge.verdict import Verdict, fails, passes, undecided
from ringback.wire.headers import NameAddr
from ringback.wire.uri import SipUri, parse


def cseq_grows_within_a_dialog(case: Case) -> Verdict:
    """§12.2.1.1: higher with each new request of one side; ACK and CANCEL repeat."""
    last: dict[tuple[object, ...], Said] = {}
    counted = 0
    for exchange in case.exchanges:
        said = exchange.request
        if said.method == "CANCEL" or not said.from_tag or said.sequence < 0:
            continue
        begun = (said.call_id, said.from_tag, said.frame.leg)
        key = (*begun, said.to_tag)  # each branch of a fork counts by itself
        before = last.get(key) or last.get((*begun, ""))
        if before and said.to_tag and said.sequence <= before.sequence:
            why = f"{said.method} has CSeq {said.sequence} after {before.sequence}"
            return fails(why, said.frame, before.frame)
        counted += before is not None
        last[key] = said
    if not counted:
        return undecided("nobody sent two requests in one dialog")
    return passes(f"{counted} later request(s), each with a higher CSeq")


def requests_in_a_dialog_carry_its_tags(case: Case) -> Verdict:
    """§12.2.1.1: both tags are those that the dialog was made with."""
    pairs = [(call, s) for call in case.all_calls for s in _within(case, call)]
    if not pairs:
        return undecided("no request within a dialog")
    for call, said in pairs:
        if {said.from_tag, said.to_tag} not in _tags(call):
            return fails(f"{said.method} has not the tags of its dialog", said.frame)
    return passes(f"{len(pairs)} request(s) with the tags of their dialog")


def requests_in_a_dialog_go_to_the_contact(case: Case) -> Verdict:
    """§12.2.1.1: without a route set the Request-URI is the remote target."""
    pairs = [(call, s) for call in case.all_calls for s in _within(case, call)]
    judged = [
        (said, targets)
        for call, said in pairs
        if not _routed(call, said)
        and (targets := _targets(call, said))
        and _has_shown_a_contact(call, said)
    ]
    if not judged:
        return undecided("no request within a dialog without a route set")
    for said, targets in judged:
        uri = _where(said.frame.sip.uri)
        if uri and uri not in targets:
            why = f"{said.method} goes to {said.frame.sip.uri}, not to the Contact"
            return fails(why, said.frame)
    return passes(f"{len(judged)} request(s) to the Contact")


def each_call_has_its_own_call_id(case: Case) -> Verdict:
    """§8.1.1.4: a Call-ID that made a dialog never begins another call."""
    calls = [c for c in case.all_calls if c.invites]
    if not calls:
        return undecided("no call was begun")
    for call in calls:
        made: Exchange | None = None
        for attempt in call.invites:
            if made and not _repeats(made, attempt):
                why = "an INVITE begins a new call with a Call-ID used before"
                return fails(why, attempt.frame, made.frame)
            made = made or (attempt if attempt.accepted else None)
    return passes(f"{len(calls)} call(s), each with its own Call-ID")


def _repeats(made: Exchange, attempt: Exchange) -> bool:
    """The same request on another path of a fork, not a new call."""
    mine, theirs = made.request, attempt.request
    return (mine.sequence, mine.from_tag) == (theirs.sequence, theirs.from_tag)


def _within(case: Case, call: Call) -> list[Said]:
    """Requests in a confirmed dialog, the ACK of a 2xx among them."""
    answer = call.accepted
    if answer is None:
        return []
    return [
        said
        for said in case.requests
        if said.call_id == call.call_id
        and said.frame.leg is call.leg
        and said.to_tag
        and said.number > answer.number
        and said.method != "CANCEL"
    ]


def _tags(call: Call) -> list[set[str]]:
    """The pairs of tags of every dialog of the call, also of refused INVITEs' ACKs."""
    responses = [r for x in call.invites for r in x.responses]
    return [{r.from_tag, r.to_tag} for r in responses]


def _routed(call: Call, said: Said) -> bool:
    """Whether somebody may stand between; a proxy at the asker's own address, as its
    Via or its Contact has it, takes its Route off (§16.4) and stands nowhere."""
    responses = [r for x in call.invites for r in x.responses]
    told = [*responses, *(x.request for x in call.invites)]
    if any(s.first("route") for s in told):
        return True
    routes = {r for s in told for r in s.listed("record-route")}
    if not routes:
        return False
    here = [(v.host.lower(), v.port) for v in said.vias[:1]]
    own = (contact_of(s) for s in told if s.ends[0] == said.ends[0])
    here += [place[1:] for place in own if place]
    return any(
        not (uri := uri_of(r)) or (uri.host.lower(), uri.port) not in here
        for r in routes
    )


def _targets(call: Call, said: Said) -> set[tuple[str, str, int | None]]:
    """Every Contact that the other side has shown before."""
    shown = [s for x in call.of("INVITE") for s in (x.request, *x.responses)]
    shown += [s for x in call.of("UPDATE") for s in (x.request, *x.responses)]
    contacts = [
        contact
        for s in shown
        if s.ends[0] == said.ends[1] and s.number < said.number
        for contact in s.listed("contact")
    ]
    read = (readable(NameAddr.parse, contact) for contact in contacts)
    places = (_place(r.uri) for r in read if r and isinstance(r.uri, SipUri))
    return set(places)


def _has_shown_a_contact(call: Call, said: Said) -> bool:
    """Or the INVITE that it answers, whoever is asked. One without it leaves the other
    side with no target but what he knows already."""
    made = next((x for x in call.invites if x.accepted), None)
    if made is None or made.accepted is None:
        return True
    told = made.accepted if made.accepted.ends[0] == said.ends[1] else made.request
    contact = next(iter(told.listed("contact")), "")
    return readable(NameAddr.parse, contact) is not None


def _where(text: str) -> tuple[str, str, int | None] | None:
    uri = readable(parse, text)
    return _place(uri) if isinstance(uri, SipUri) else None


def _place(uri: SipUri) -> tuple[str, str, int | None]:
    return uri.user, uri.host.lower(), uri.port
