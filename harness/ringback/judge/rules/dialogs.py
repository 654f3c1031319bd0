"""Dialogs: order, tags, targets, ends, and what a hang-up sends.

RFC 3261 §12.2.1.1 (requests in a dialog), §8.1.1.4 (Call-ID), §15 (ending).
"""

from collections import Counter

from ringback.judge.case import Call, Case, Exchange, Said, readable
from ringback.judge.dialogues import contact_of, uri_of
from ringback.judge.ends import end_of
from ringback.judge.soundness import is_sound, somebody_s_end_failed
from ringback.judge.turns import Turn, turns_of
from ringback.judge.verdict import Verdict, fails, passes, undecided
from ringback.values import Leg, Role
from ringback.wire.headers import NameAddr
from ringback.wire.uri import SipUri, parse

_INNER = {
    Leg.CAS_UM: Role.UM,
    Leg.UM_GATEWAY: Role.UM,
    Leg.GATEWAY_PHONE: Role.GATEWAY,
}
_JOINTS = (
    (Leg.CAS_UM, Leg.UM_GATEWAY, Role.UM),
    (Leg.UM_GATEWAY, Leg.CAS_UM, Role.UM),
    (Leg.UM_GATEWAY, Leg.GATEWAY_PHONE, Role.GATEWAY),
    (Leg.GATEWAY_PHONE, Leg.UM_GATEWAY, Role.GATEWAY),
)


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
        and _answer_has_contact(call, said)
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


def _was_sent_away(case: Case, call: Call) -> bool:
    """Unheard, by him who ended the connection: so a server of TLS 1.3 refuses a
    client, which may have said its INVITE by then (RFC 8446 §4.6.2)."""
    said = call.invites[-1]
    connection = case.connections.get(said.frame.flow)
    ended = connection is not None and connection.left_by == said.frame.target
    return ended and not any(x.responses for x in call.exchanges)


def no_leg_stays_up(case: Case) -> Verdict:
    """When the call ended on one leg, it is over on every other: ended by BYE where it
    was answered, refused where it was not."""
    calls = [call for call in case.all_calls if call.invites]
    ended = [call for call in calls if end_of(case, call)]
    if not ended and not _user_hung_up(case):
        return undecided("no call ended")
    up = [c for c in calls if not end_of(case, c) and not _was_sent_away(case, c)]
    if somebody_s_end_failed(case):
        return undecided("a BYE was refused for its form, and so ended nothing")
    if up and not _user_hung_up(case) and _stands_everywhere(calls, up):
        return undecided("the capture ends while a call stands on every leg")
    if up:
        where = str(up[0].leg or "a leg")
        frames = [(call.accepted or call.invites[-1].request).frame for call in up]
        return fails(f"{where} was left up", *frames, by=_guilty(case, calls, up))
    ends = [end.frame for call in calls if (end := end_of(case, call))]
    return passes(f"{len(calls)} call(s), each ended", *ends)


def _stands_everywhere(calls: list[Call], up: list[Call]) -> bool:
    """Whether as many stand on each leg: what ended was another call."""
    standing = Counter(call.leg for call in up)
    return len({standing[leg] for leg in {call.leg for call in calls}}) == 1


def _guilty(case: Case, calls: list[Call], up: list[Call]) -> Role | None:
    """Who knew of the end and did not pass it on: he joins a leg on which more calls
    ended to one on which fewer did. Who owes an ACK, or asked so that it could not be
    matched, keeps the other side from saying BYE (§15); who was told CANCEL owes the
    final answer (§9.2)."""
    for call in up:
        made = next((x for x in call.invites if x.accepted), None)
        if made and not (made.acks and is_sound(made.request)):
            return made.request.sender
        if made is None and call.of("CANCEL"):
            return call.invites[-1].request.receiver
    ends: dict[Leg | None, list[int]] = {}
    for call in calls:
        if (end := end_of(case, call)) and not _was_tried_again(call, up):
            ends.setdefault(call.leg, []).append(end.number)
    if not ends and (wish := _wish(case)):
        return _who_went_on(case, wish)
    standing = {call.leg for call in up}
    told = [
        (min(ends[here]), role)
        for here, there, role in _JOINTS
        if there in standing and len(ends.get(here, ())) > len(ends.get(there, ()))
    ]
    return min(told)[1] if told else _INNER.get(up[0].leg) if up[0].leg else None


def _was_tried_again(call: Call, up: list[Call]) -> bool:
    """Refused, and what stands on that leg came after: by another gateway, say."""
    later = (c for c in up if c.leg is call.leg and c.frame.number > call.frame.number)
    return call.accepted is None and any(later)


def _user_hung_up(case: Case) -> bool:
    return any(t.hangs_up and not t.refusal for t in turns_of(case))


def hanging_up_before_the_answer_cancels(case: Case) -> Verdict:
    """§15 with §9.1: CANCEL, or BYE where a provisional response made a dialog."""
    wish = _wish(case)
    invites = case.invites(Leg.UM_GATEWAY)
    if wish is None or not invites:
        return undecided("the user did not hang up, or no INVITE was sent")
    invite = invites[-1]
    final = invite.final
    if (final and final.number < wish.answer.number) or _later(
        invite, wish.frame.number
    ):
        return undecided("the user did not hang up before the answer")
    sent = _ending(case, ("CANCEL", "BYE"))
    if final and final.status >= 300 and final.status != 487:
        return undecided("the call failed by itself", final.frame)
    if not sent:
        why = "the user hung up, yet no CANCEL was sent to the gateway"
        return fails(why, wish.answer, invite.frame, by=_who_went_on(case, wish))
    return passes(f"{sent[0].request.method} was sent", sent[0].frame)


def hanging_up_after_the_answer_says_bye(case: Case) -> Verdict:
    """§15.1.1."""
    wish = _wish(case)
    accepted = [x.accepted for x in case.invites(Leg.UM_GATEWAY) if x.accepted]
    if wish is None or not accepted or accepted[-1].number > wish.frame.number:
        return undecided("the user did not hang up after an answer")
    byes = _ending(case, ("BYE",))
    if not byes:
        why = "the user hung up, yet no BYE was sent on the gateway's leg"
        return fails(why, wish.answer, accepted[-1].frame, by=_who_went_on(case, wish))
    return passes("BYE was sent", *(x.frame for x in byes))


def _who_went_on(case: Case, wish: Turn) -> Role:
    """The CAS, where it took the wish and told the UM nothing of it, though its call
    stood. Who was answered nothing that he can read may not say CANCEL yet (§9.1)."""
    calls = case.calls(Leg.CAS_UM)
    told = [x for c in calls for m in ("CANCEL", "BYE") for x in c.of(m)]
    heard = [
        r for c in calls if not end_of(case, c) for x in c.invites for r in x.responses
    ]
    may = any(not case.is_bare(r.frame) for r in heard)
    kept = may and not any(x.request.sender is Role.CAS for x in told)
    return Role.CAS if kept else Role.UM


def _wish(case: Case) -> Turn | None:
    wishes = [t for t in turns_of(case) if t.hangs_up and not t.refusal]
    return wishes[0] if wishes else None


def _later(invite: Exchange, number: int) -> bool:
    return invite.frame.number > number


def _ending(case: Case, methods: tuple[str, ...]) -> list[Exchange]:
    calls = case.calls(Leg.UM_GATEWAY)
    return [x for call in calls for m in methods for x in call.of(m)]


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


def _answer_has_contact(call: Call, said: Said) -> bool:
    """One without it leaves who called with no target but what he knows already."""
    answer = call.accepted
    if answer is None or answer.ends[0] != said.ends[1]:
        return True
    contact = next(iter(answer.listed("contact")), "")
    return readable(NameAddr.parse, contact) is not None


def _where(text: str) -> tuple[str, str, int | None] | None:
    uri = readable(parse, text)
    return _place(uri) if isinstance(uri, SipUri) else None


def _place(uri: SipUri) -> tuple[str, str, int | None]:
    return uri.user, uri.host.lower(), uri.port
