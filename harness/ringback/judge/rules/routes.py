"""Route sets and remote targets: where requests within a dialog go.

RFC 3261 §12.1.1, §12.1.2 (making the route set), §12.2.1.1 (using it), §12.2.1.2 and
§12.2.2 with RFC 3311 §5.1 (a new Contact moves the target).
"""

from collections.abc import Iterator
from typing import Literal

import msgspec

from ringback.evidence.frame import SipFrame
from ringback.judge.case import Case, Exchange, Said
from ringback.judge.dialogues import (
    Dialogue,
    Place,
    contact_of,
    dialogues_of,
    place_of,
    uri_of,
)
from ringback.judge.stimulus import given
from ringback.judge.verdict import Verdict, each, fails, passes, undecided
from ringback.wire.uri import same

CROSSING = 0.5  # seconds in which a request and a new target may pass each other
By = Literal["callee", "caller"]
Kind = Literal["made", "INVITE", "UPDATE", "2xx"]


class Routed(msgspec.Struct, frozen=True, eq=False):
    """A request within a dialog whose asker has a route set."""

    said: Said
    routes: tuple[str, ...]
    targets: frozenset[Place]

    @property
    def frame(self) -> SipFrame:
        return self.said.frame

    @property
    def loose(self) -> bool:
        first = uri_of(self.routes[0])
        return bool(first and first.lr)


class Move(msgspec.Struct, frozen=True, eq=False):
    """A Contact that the other side showed, in what kind of message, and when it
    counts from. ``made`` begins, the others move."""

    kind: Kind
    place: Place
    number: int
    time: float


@given("record-route")
def answers_copy_the_record_route(case: Case) -> Verdict:
    """§12.1.1: a 2xx has every Record-Route value of its INVITE, in the same order.

    Values that a proxy adds stand before those of the request, so the request's must
    be the end of the response's.
    """
    things = [
        x
        for x in case.exchanges
        if x.request.method == "INVITE"
        and x.accepted
        and not x.request.to_tag
        and x.request.listed("record-route")
    ]
    return each(things, _uncopied, "answered INVITEs with Record-Route", shows=_answer)


@given("record-route")
def callees_use_the_route_set(case: Case) -> Verdict:
    """§12.1.1: Route holds the Record-Route values of the INVITE in their order."""
    things = [r for r in _routed(case, "callee") if r.loose]
    return each(things, _off_route, "requests of a callee with a route set")


@given("record-route")
def callers_use_the_route_set(case: Case) -> Verdict:
    """§12.1.2: Route holds the Record-Route values of the answer, turned round."""
    things = [r for r in _routed(case, "caller") if r.loose]
    return each(things, _off_route, "requests of a caller with a route set")


@given("record-route")
def loose_routing_keeps_the_target(case: Case) -> Verdict:
    """§12.2.1.1: where the first route has lr, the Request-URI is the target."""
    things = [r for r in _routed(case) if r.loose and r.targets]
    return each(things, _off_target, "requests by a loose router")


@given("record-route")
def strict_routers_are_named_in_the_request_uri(case: Case) -> Verdict:
    """§12.2.1.1: without lr the first route is the Request-URI, and the target is the
    last Route value."""
    things = [r for r in _routed(case) if not r.loose and r.targets]
    return each(things, _off_strictly, "requests by a strict router")


@given("record-route")
def routes_outlive_a_refresh(case: Case) -> Verdict:
    """§12.2: Record-Route in a re-INVITE does not touch the route set."""
    things = [
        Routed(said, (), frozenset())
        for d in dialogues_of(case)
        for said in d.requests
        if not d.routes(said) and _was_tempted(d, said)
    ]
    return each(things, _has_route, "requests after a re-INVITE with Record-Route")


@given("re-INVITE")
def targets_follow_a_reinvite(case: Case) -> Verdict:
    """§12.2.2: after a re-INVITE with another Contact requests go there."""
    return _moved(case, "INVITE")


@given("UPDATE")
def targets_follow_an_update(case: Case) -> Verdict:
    """RFC 3311 §5.1: an UPDATE moves the target as a re-INVITE does."""
    return _moved(case, "UPDATE")


@given("re-INVITE", "UPDATE")
def targets_follow_an_answer(case: Case) -> Verdict:
    """§12.2.1.2: the Contact of the 2xx to one's own re-INVITE is the new target."""
    return _moved(case, "2xx")


def _uncopied(exchange: Exchange) -> str:
    assert exchange.accepted
    asked = exchange.request.listed("record-route")
    told = exchange.accepted.listed("record-route")
    kept = told[max(0, len(told) - len(asked)) :]
    if _alike(asked, kept):
        return ""
    return f"Record-Route of the 2xx is {', '.join(told) or 'absent'}"


def _answer(exchange: Exchange) -> SipFrame:
    assert exchange.accepted
    return exchange.accepted.frame


def _off_route(routed: Routed) -> str:
    told = routed.said.listed("route")
    if _alike(routed.routes, told):
        return ""
    return f"Route of {routed.said.method} is {', '.join(told) or 'absent'}"


def _off_target(routed: Routed) -> str:
    uri = routed.frame.sip.uri
    if place_of(uri) in routed.targets:
        return ""
    return f"{routed.said.method} goes to {uri}, not to the Contact"


def _off_strictly(routed: Routed) -> str:
    first, told = uri_of(routed.routes[0]), routed.said.listed("route")
    if first is None or place_of(routed.frame.sip.uri) != place_of(str(first)):
        return f"the Request-URI {routed.frame.sip.uri} is not the strict router"
    last = uri_of(told[-1]) if told else None
    if not last or place_of(str(last)) not in routed.targets:
        return f"the last Route of {routed.said.method} is not the Contact"
    if not _alike(routed.routes[1:], told[:-1]):
        return f"Route of {routed.said.method} is {', '.join(told)}"
    return ""


def _has_route(routed: Routed) -> str:
    told = routed.said.listed("route")
    return f"{routed.said.method} has taken up the Route {told[0]}" if told else ""


def _was_tempted(dialogue: Dialogue, said: Said) -> bool:
    """Whether a re-INVITE with Record-Route was answered before this was asked."""
    return any(
        x.final
        and x.final.number < said.number
        and any(s.first("record-route") for s in (x.request, *x.responses))
        for x in dialogue.of("INVITE")
    )


def _alike(one: list[str] | tuple[str, ...], other: list[str]) -> bool:
    """The same URIs in the same order, as §19.1.4 compares them."""
    pairs = [(uri_of(a), uri_of(b)) for a, b in zip(one, other, strict=False)]
    return len(one) == len(other) and all(a and b and same(a, b) for a, b in pairs)


def _routed(case: Case, by: By | None = None) -> list[Routed]:
    return [
        Routed(said, tuple(routes), frozenset(_targets(d, said)))
        for d in dialogues_of(case)
        if d.confirmed
        for said in d.requests
        if (routes := d.routes(said))
        and by in (None, "caller" if d.by_caller(said) else "callee")
    ]


def _moved(case: Case, kind: str) -> Verdict:
    judged = [
        (d, said)
        for d in dialogues_of(case)
        if d.confirmed
        for said in d.requests
        if (known := _moves(d, said)) and known[-1].kind == kind and _is_direct(d, said)
    ]
    if not judged:
        return undecided("nobody asked anything after such a change of Contact")
    for dialogue, said in judged:
        uri = said.frame.sip.uri
        if place_of(uri) not in _targets(dialogue, said):
            return fails(
                f"{said.method} goes to {uri}, a Contact of before", said.frame
            )
    return passes(f"{len(judged)} request(s) to the new Contact")


def _is_direct(dialogue: Dialogue, said: Said) -> bool:
    """Whether the Request-URI is the target: no strict router stands first."""
    routes = dialogue.routes(said)
    first = uri_of(routes[0]) if routes else None
    return not routes or bool(first and first.lr)


def _targets(dialogue: Dialogue, said: Said) -> set[Place]:
    """The newest Contact of the other side, and an older one where it is so new that
    the two may have crossed."""
    moves = _moves(dialogue, said)
    found: set[Place] = set()
    for move in reversed(moves):
        found.add(move.place)
        crossed = move.kind == "2xx" and said.frame.time - move.time < CROSSING
        if not crossed or said.method == "ACK":  # an ACK has read what it answers
            break
    return found


def _moves(dialogue: Dialogue, said: Said) -> list[Move]:
    """What the asker has been shown of the other side, in order. One that changed
    nothing is left out."""
    found: list[Move] = []
    for move in sorted(_shown(dialogue, said), key=lambda m: m.number):
        if move.number < said.number and (not found or found[-1].place != move.place):
            found.append(move)
    return found


def _shown(dialogue: Dialogue, said: Said) -> Iterator[Move]:
    caller = dialogue.by_caller(said)
    first = (dialogue.confirmed or dialogue.made) if caller else dialogue.invite.request
    if place := contact_of(first):
        yield Move("made", place, first.number, first.frame.time)
    for x in dialogue.of("INVITE", "UPDATE"):
        answer = x.accepted
        if answer is None:
            continue
        own = dialogue.by_caller(x.request) == caller
        if place := contact_of(answer if own else x.request):
            yield Move(_kind(x, own), place, answer.number, answer.frame.time)


def _kind(exchange: Exchange, own: bool) -> Kind:
    if own:
        return "2xx"
    return "INVITE" if exchange.request.method == "INVITE" else "UPDATE"
