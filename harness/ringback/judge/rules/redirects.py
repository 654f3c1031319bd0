"""A redirection is followed as it is written.

RFC 3261 §8.1.3.4 (following), §19.1.1 (port, transport, maddr), §19.1.5 (the request
made from a URI); RFC 5923 §8.2 (the port of who lends its connection). Products write
``transport=Tcp`` (facts §4.2).
"""

import math
from collections.abc import Callable

import msgspec

from ringback.evidence.frame import SipFrame
from ringback.judge.case import Case, Exchange, Said, readable
from ringback.judge.rules.downgrades import leads_out_of_tls
from ringback.judge.soundness import is_heard, leads_nowhere, places_of
from ringback.judge.verdict import Verdict, each, fails, passes, undecided
from ringback.wire.headers import NameAddr
from ringback.wire.uri import SipUri, Uri, parse, same

SOON = 30.0  # seconds: a later INVITE is no answer to the redirection
SLACK = 0.1  # seconds that clocks may differ by when something expires
ELSEHOW = (305, 380)  # by way of a proxy, or not at all: §21.3.4, §21.3.5


class Redirected(msgspec.Struct, frozen=True, eq=False):
    """A 3xx, the SIP URIs it offers, and the INVITE that follows it, if one does."""

    exchange: Exchange
    response: Said
    targets: tuple[SipUri, ...]
    next: Said | None

    @property
    def frame(self) -> SipFrame:
        return self.next.frame if self.next else self.response.frame

    @property
    def call_id(self) -> str:
        return self.response.call_id


def redirections_are_followed(case: Case) -> Verdict:
    """§8.1.3.4: a SHOULD; another Contact, or a loop, may stop a client."""
    redirections = [r for r in _redirections(case) if _worth_following(case, r)]
    if not redirections:
        return undecided("nobody was redirected to where one can go")
    orphans = [r for r in redirections if r.next is None]
    orphans = [r for r in orphans if not leads_out_of_tls(r.response)]
    if orphans:
        by = orphans[0].response.receiver
        frames = (r.response.frame for r in orphans)
        return fails("no INVITE followed the redirection", *frames, by=by)
    frames = (r.frame for r in redirections)
    return passes(f"{len(redirections)} redirection(s), each followed", *frames)


def the_port_is_the_one_written(case: Case) -> Verdict:
    """§19.1.1: without one 5060, or 5061 over TLS."""
    return each(_followed(case), lambda r: _port(case, r), "followed redirections")


def the_address_is_the_one_written(case: Case) -> Verdict:
    """§19.1.1: maddr, where given, overrides the host."""
    things = [r for r in _followed(case) if any(places_of(case, t) for t in r.targets)]
    return each(things, lambda r: _address(case, r), "followed redirections")


def the_transport_is_the_one_written(case: Case) -> Verdict:
    """§19.1.1: ``transport`` in any case; sips and tls mean TLS."""
    return each(_followed(case), lambda r: _transport(case, r), "followed redirections")


def the_request_uri_is_the_contact(case: Case) -> Verdict:
    """§8.1.3.4 with §19.1.5: user, host and port of the Contact."""
    things = [r for r in _followed(case) if r.response.status not in ELSEHOW]
    return each(things, _request_uri, "followed redirections")


def no_uri_is_tried_twice(case: Case) -> Verdict:
    """§8.1.3.4: a redirection never leads back to where the call was before."""
    things = [r for r in _followed(case) if r.next and r.next.call_id == r.call_id]
    return each(things, lambda r: _again(case, r), "followed redirections")


def the_best_contact_is_tried_first(case: Case) -> Verdict:
    """§8.1.3.4 with §20.10: a SHOULD; the highest q first."""
    things = [r for r in _followed(case) if len(r.targets) > 1]
    return each(things, lambda r: _worse(case, r), "redirections with several Contacts")


def the_request_uri_has_no_header_part(case: Case) -> Verdict:
    """§19.1.1: headers and a method of a Contact are not for the Request-URI."""
    things = [
        r
        for r in _followed(case)
        if any(t.headers or t.param("method") for t in r.targets)
    ]
    return each(things, _carried_over, "redirections to a URI with headers")


def redirections_are_not_kept(case: Case) -> Verdict:
    """§21.3.3: without an expiry a Contact is good for this call alone; the next one
    begins where the first one began."""
    return _begun_elsewhere(case, lambda r, _: _validity(r.response) is None)


def expired_contacts_are_forgotten(case: Case) -> Verdict:
    """§21.3.3: it may be kept for as long as it says, counted from the response."""

    def is_over(r: Redirected, invite: Said) -> bool:
        validity = _validity(r.response)
        passed = invite.frame.time - r.response.frame.time
        return validity is not None and passed > validity + SLACK

    return _begun_elsewhere(case, is_over)


def _begun_elsewhere(
    case: Case, must_be_forgotten: Callable[[Redirected, Said], bool]
) -> Verdict:
    """Whether a later call began at a Contact that must be forgotten by then."""
    things = [
        (r, x.request)
        for r in _redirections(case)
        if r.response.status == 302 and r.next
        for x in case.exchanges
        if _is_next_call(case, r, x) and must_be_forgotten(r, x.request)
    ]
    if not things:
        return undecided("no other call followed a redirection that was over")
    for redirected, invite in things:
        uri = readable(parse, invite.frame.sip.uri)
        if uri and any(same(uri, t) for t in redirected.targets):
            return fails("a new call begins at the Contact of the last", invite.frame)
    return passes(
        "later calls began where the first did", *(i.frame for _, i in things)
    )


def _redirections(case: Case) -> list[Redirected]:
    found = case.memory.get("redirections")
    if not isinstance(found, list):
        found = [r for x in case.exchanges if (r := _redirected(case, x))]
        case.memory["redirections"] = found
    return found


def _redirected(case: Case, exchange: Exchange) -> Redirected | None:
    final = exchange.final
    if exchange.request.method != "INVITE" or not final or final.status // 100 != 3:
        return None
    read = (readable(NameAddr.parse, text) for text in final.listed("contact"))
    targets = tuple(r.uri for r in read if r and isinstance(r.uri, SipUri))
    if not targets:
        return None
    later = [
        x.request
        for x in case.exchanges
        if x.request.method == "INVITE"
        and x.request.ends[0] == exchange.request.ends[0]
        and final.number < x.frame.number
        and x.frame.time - final.frame.time < SOON
    ]
    kept = [s for s in later if s.call_id == final.call_id]  # §8.1.3.4: recommended
    return Redirected(exchange, final, targets, next(iter([*kept, *later]), None))


def _followed(case: Case) -> list[Redirected]:
    """Those that had to be heard, and led somewhere."""
    followed = [r for r in _redirections(case) if r.next]
    heard = [r for r in followed if is_heard(case, r.response)]
    return [r for r in heard if not leads_nowhere(case, r.response)]


def _port(case: Case, redirected: Redirected) -> str:
    secured = bool(redirected.next and redirected.next.frame.secured)
    ports = {t.port or (5061 if _tls(t, secured) else 5060) for t in redirected.targets}
    used = _lent(case, redirected.frame) or redirected.frame.target.port
    wanted = " or ".join(map(str, sorted(ports)))
    return "" if used in ports else f"INVITE to port {used}, written was {wanted}"


def _lent(case: Case, frame: SipFrame) -> int:
    """The port that who opened this connection is reached at, when the INVITE goes
    against its direction and ``alias`` allowed that; 0 otherwise."""
    connection = case.connections.get(frame.flow)
    if connection is None or frame.target != connection.client:
        return 0
    before = [s for s in case.requests if s.frame.flow == frame.flow]
    offers = [s.vias[0] for s in before if s.vias and s.frame.source == frame.target]
    alias = [via for via in offers if via.param("alias") is not None]
    return (alias[0].port or 5061) if alias and frame.secured else 0


def _address(case: Case, redirected: Redirected) -> str:
    places = {p for t in redirected.targets for p in places_of(case, t)}
    used = redirected.frame.target.host
    wanted = " or ".join(sorted(places))
    return "" if used in places else f"INVITE to {used}, written was {wanted}"


def _transport(case: Case, redirected: Redirected) -> str:
    frame = redirected.frame
    used = "tls" if frame.secured else "tcp"
    if frame.flow not in case.connections:
        used = "udp"
    wanted = {_written(t) for t in redirected.targets}
    if used in wanted or "" in wanted:
        return ""
    return f"INVITE over {used}, written was {' or '.join(sorted(wanted))}"


def _written(target: SipUri) -> str:
    """Empty where the URI leaves the choice to RFC 3263."""
    if target.scheme == "sips":
        return "tls"
    return target.transport


def _tls(target: SipUri, secured: bool) -> bool:
    return _written(target) == "tls" or (not target.transport and secured)


def _request_uri(redirected: Redirected) -> str:
    assert redirected.next is not None
    text = redirected.next.frame.sip.uri
    uri = readable(parse, text)
    wanted = {(t.user, t.host.lower(), t.port) for t in redirected.targets}
    if isinstance(uri, SipUri) and (uri.user, uri.host.lower(), uri.port) in wanted:
        return ""
    return f"the Request-URI {text} is not the Contact"


def _worth_following(case: Case, redirected: Redirected) -> bool:
    """Somewhere new that can be reached, and not out of TLS into the clear."""
    secured = redirected.exchange.frame.secured
    if not is_heard(case, redirected.response) or leads_nowhere(
        case, redirected.response
    ):
        return False
    return redirected.response.status not in ELSEHOW and any(
        t.transport in ("", "tcp", "tls")
        and (not secured or _tls(t, secured))
        and not _tried(case, redirected, t)
        for t in redirected.targets
    )


def _tried(case: Case, redirected: Redirected, target: SipUri) -> bool:
    """Whether the call has been there before."""
    answer = redirected.response
    return any(
        x.request.method == "INVITE"
        and x.request.call_id == answer.call_id
        and x.request.ends[0] == redirected.exchange.request.ends[0]
        and x.frame.number < answer.number
        and (uri := readable(parse, x.frame.sip.uri))
        and same(uri, _bare(target))
        for x in case.exchanges
    )


def _bare(target: SipUri) -> Uri:
    """Without its header part, as a Request-URI has it."""
    return parse(str(target).partition("?")[0])


def _again(case: Case, redirected: Redirected) -> str:
    uri = readable(parse, redirected.frame.sip.uri)
    if isinstance(uri, SipUri) and _tried(case, redirected, uri):
        return f"{uri} was tried before in this call"
    return ""


def _worse(case: Case, redirected: Redirected) -> str:
    """Only among those that could be tried: none that was, none of a foreign kind."""
    secured = redirected.exchange.frame.secured
    read = (readable(NameAddr.parse, c) for c in redirected.response.listed("contact"))
    open_ = [
        (_q(r), r.uri)
        for r in read
        if r
        and isinstance(r.uri, SipUri)
        and r.uri.transport in ("", "tcp", "tls")
        and (not secured or _tls(r.uri, secured))
        and not _tried(case, redirected, r.uri)
    ]
    uri = readable(parse, redirected.frame.sip.uri)
    tried = [q for q, t in open_ if uri and same(uri, _bare(t))]
    best = max((q for q, _ in open_), default=0.0)
    if not tried or max(tried) >= best:
        return ""
    return f"a Contact of q={max(tried):g} was tried before one of q={best:g}"


def _q(contact: NameAddr) -> float:
    try:
        return float(contact.param("q") or 1.0)
    except ValueError:
        return 1.0


def _carried_over(redirected: Redirected) -> str:
    text = redirected.frame.sip.uri
    uri = readable(parse, text)
    carried = isinstance(uri, SipUri) and (uri.headers or uri.param("method"))
    return f"the Request-URI {text} has headers or a method" if carried else ""


def _validity(response: Said) -> float | None:
    """Seconds that a Contact may be kept, the longest that is named; None where none
    is, infinite where it cannot be read."""
    read = (readable(NameAddr.parse, text) for text in response.listed("contact"))
    told = [r.param("expires") for r in read if r] + [response.first("expires")]
    named = [text for text in told if text]
    if not all(text.isdigit() for text in named):
        return math.inf
    return max(map(float, named), default=None)


def _is_next_call(case: Case, redirected: Redirected, x: Exchange) -> bool:
    first = redirected.exchange.request
    return (
        x.request.method == "INVITE"
        and not x.request.to_tag
        and x.request.ends[0] == first.ends[0]
        and x.frame.leg is first.frame.leg
        and x.request.call_id != first.call_id
        and x.request.first("to") == first.first("to")
        and x.frame.number > redirected.response.number
        and _begins(case, x)
    )


def _begins(case: Case, x: Exchange) -> bool:
    """The first INVITE of its Call-ID."""
    calls = (c for c in case.all_calls if c.call_id == x.request.call_id)
    return any(c.invites and c.invites[0] is x for c in calls)
