"""A redirection is followed as it is written.

RFC 3261 §8.1.3.4 (following), §19.1.1 (port, transport, maddr), §19.1.5 (the request
made from a URI). Products write ``transport=Tcp`` (facts §4.2).
"""

from dataclasses import dataclass

from ringback.evidence.frame import SipFrame
from ringback.judge.case import Case, Exchange, Said, readable
from ringback.judge.rules.downgrades import leads_out_of_tls
from ringback.judge.verdict import Verdict, each, fails, passes, undecided
from ringback.wire.headers import NameAddr
from ringback.wire.uri import SipUri, parse

SOON = 30.0  # seconds: a later INVITE is no answer to the redirection


@dataclass(frozen=True, slots=True, eq=False)
class Redirected:
    """A 3xx, the SIP URIs it offers, and the INVITE that follows it, if one does."""

    exchange: Exchange
    response: Said
    targets: tuple[SipUri, ...]
    next: Said | None

    @property
    def frame(self) -> SipFrame:
        return self.next.frame if self.next else self.response.frame


def redirections_are_followed(case: Case) -> Verdict:
    """§8.1.3.4: a SHOULD; another Contact, or a loop, may stop a client."""
    redirections = _redirections(case)
    if not redirections:
        return undecided("nobody was redirected")
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
    return each(_followed(case), _port, "followed redirections")


def the_address_is_the_one_written(case: Case) -> Verdict:
    """§19.1.1: maddr, where given, overrides the host."""
    things = [r for r in _followed(case) if any(_places(case, t) for t in r.targets)]
    return each(things, lambda r: _address(case, r), "followed redirections")


def the_transport_is_the_one_written(case: Case) -> Verdict:
    """§19.1.1: ``transport`` in any case; sips and tls mean TLS."""
    return each(_followed(case), lambda r: _transport(case, r), "followed redirections")


def the_request_uri_is_the_contact(case: Case) -> Verdict:
    """§8.1.3.4 with §19.1.5: user, host and port of the Contact."""
    return each(_followed(case), _request_uri, "followed redirections")


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
    return [r for r in _redirections(case) if r.next]


def _port(redirected: Redirected) -> str:
    secured = bool(redirected.next and redirected.next.frame.secured)
    ports = {t.port or (5061 if _tls(t, secured) else 5060) for t in redirected.targets}
    used = redirected.frame.target.port
    wanted = " or ".join(map(str, sorted(ports)))
    return "" if used in ports else f"INVITE to port {used}, written was {wanted}"


def _address(case: Case, redirected: Redirected) -> str:
    places = {p for t in redirected.targets for p in _places(case, t)}
    used = redirected.frame.target.host
    wanted = " or ".join(sorted(places))
    return "" if used in places else f"INVITE to {used}, written was {wanted}"


def _places(case: Case, target: SipUri) -> set[str]:
    """IP addresses of maddr or host, by the names of the seats."""
    name = (target.maddr or target.host).lower()
    seats = case.circumstances.seats if case.circumstances else ()
    found = {seat.host for seat in seats if seat.name.lower() == name}
    literal = name.replace(".", "").isdigit() or ":" in name
    return found or ({name} if literal else set())


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
