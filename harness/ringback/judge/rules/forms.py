"""What every SIP message owes by itself: its start line, its fields, its option tags.

RFC 3261 §7 (form), §8.1.1.9 and §8.2.4 (extensions), §20 (fields).
"""

from functools import partial

from ringback.evidence.frame import Frame
from ringback.judge.case import Case, Exchange, Rule, Said, readable
from ringback.judge.soundness import sip_uri
from ringback.judge.stimulus import given
from ringback.judge.verdict import Verdict, each
from ringback.wire.headers import NameAddr
from ringback.wire.uri import SipUri

ONE_REASON = ("SIP", "Q.850")  # RFC 3326 §2: what these say is said once
TRANSPORTS = {"udp", "tcp", "tls", "sctp", "tls-sctp", "ws", "wss"}  # IANA
COPIED = ("via", "from", "to", "call-id", "cseq")  # of a request into a response
TAGS = """
100rel 199 answermode early-session eventlist explicitsub from-change geolocation-http
geolocation-sip gin gruu histinfo ice join multiple-refer norefersub nosub outbound path
policy precondition pref privacy recipient-list-invite recipient-list-message
recipient-list-subscribe record-aware replaces resource-priority sdp-anat sec-agree
siprec tdialog timer trickle-ice uui
"""
OPTION_TAGS = frozenset(TAGS.split())  # IANA, SIP parameters: option tags


def free_of(*keys: str) -> Rule:
    """No message breaks one of these (see ``wire.grammar``). What a response copies is
    its request's affair (§8.2.6.2), but not that it copies it twice."""
    wanted = frozenset(keys)

    def rule(case: Case) -> Verdict:
        return each(case.said, partial(_broken, case, wanted), "messages")

    return rule


def _broken(case: Case, wanted: frozenset[str], said: Said) -> str:
    own = [key for key in said.ills if key in wanted]
    if not own:
        return ""
    if said.status:
        mine = _doubled_by_itself(case, said)
        own = [key for key in own if key in mine or not key.startswith(COPIED)]
    name = f"{said.status} to {said.method}" if said.status else said.method
    return f"{name}: {', '.join(own)}" if own else ""


def _doubled_by_itself(case: Case, said: Said) -> list[str]:
    """Fields that the response has twice and its request once."""
    asked = next((x.request for x in case.exchanges if said in x.responses), None)
    if asked is None:
        return []
    held = {n: len(asked.headers.get(n, ())) for n in COPIED}
    return [f"{name}-repeated" for name, times in held.items() if times == 1]


@given("reason")
def reasons_name_a_protocol_once(case: Case) -> Verdict:
    """RFC 3326 §2, as RFC 9366 §3 leaves it for these protocols."""
    telling = [s for s in case.said if "reason" in s.headers]
    return each(telling, _protocol_twice, "messages with Reason")


def _protocol_twice(said: Said) -> str:
    named = [r.partition(";")[0].strip().upper() for r in said.listed("reason")]
    again = [p for p in ONE_REASON if named.count(p) > 1]
    return (
        f"{said.status or said.method} has two Reasons of {again[0]}" if again else ""
    )


def contacts_name_a_known_transport(case: Case) -> Verdict:
    """§8.1.1.8 and §12.1.1: whoever reads it must be able to send there."""
    asked = ("INVITE", "UPDATE")
    showing = [s for s in case.said if s.method in asked and s.first("contact")]
    inviting = [s for s in showing if s.status // 100 in (0, 1, 2)]
    return each(inviting, _unknown_transport, "messages that show a Contact")


def _unknown_transport(said: Said) -> str:
    for text in said.listed("contact"):
        read = readable(NameAddr.parse, text)
        uri = read.uri if read else None
        told = uri.param("transport") if isinstance(uri, SipUri) else None
        if told is not None and told.lower() not in TRANSPORTS:
            name = f"{said.status} to {said.method}" if said.status else said.method
            return f"the Contact of {name} names the transport {told!r}"
    return ""


def request_uris_are_bare(case: Case) -> Verdict:
    """§19.1.1, table 1: no headers and no method in a Request-URI."""
    return each(case.requests, _dressed, "requests")


def _dressed(said: Said) -> str:
    uri = sip_uri(said.frame.sip.uri)
    if uri is None or not (uri.headers or uri.param("method") is not None):
        return ""
    return f"{said.method} asks for {said.frame.sip.uri}"


def option_tags_are_registered(case: Case) -> Verdict:
    """§8.1.1.9: Supported and Require of a request name standards-track extensions."""
    naming = [s for s in case.requests if s.first("supported") or s.first("require")]
    return each(naming, _private_tag, "requests that name extensions")


def _private_tag(said: Said) -> str:
    tags = (*said.listed("supported"), *said.listed("require"))
    private = [tag for tag in tags if tag and tag.lower() not in OPTION_TAGS]
    return f"{said.method} names {', '.join(private)}" if private else ""


def cancels_and_hop_acks_require_nothing(case: Case) -> Verdict:
    """§8.2.2.3: no Require in CANCEL, nor in the ACK of a refusal; in that of a 2xx it
    may stand."""
    free = {
        id(ack)
        for x in case.exchanges
        for ack in x.acks
        if x.accepted and ack.branch != x.request.branch
    }
    bound = [s for s in case.requests if s.method in ("CANCEL", "ACK")]
    return each(bound, partial(_requires, free), "CANCELs and ACKs")


def _requires(free: set[int], said: Said) -> str:
    if id(said) in free:
        return ""
    for name in ("require", "proxy-require"):
        if said.first(name):
            return f"{said.method} has {name.title()}: {said.first(name)}"
    return ""


def responses_require_what_was_offered(case: Case) -> Verdict:
    """§8.2.4: no extension that the request does not support."""
    answered = [x for x in case.exchanges if x.responses]
    return each(answered, _imposed, "answered requests", shows=_imposer)


def _imposing(exchange: Exchange) -> tuple[Said | None, list[str]]:
    request = exchange.request
    able = {*request.listed("supported"), *request.listed("require")}
    known = {tag.lower() for tag in able}
    for response in exchange.responses:
        tags = response.listed("require")
        if alien := [tag for tag in tags if tag.lower() not in known]:
            return response, alien
    return None, []


def _imposed(exchange: Exchange) -> str:
    response, tags = _imposing(exchange)
    if response is None:
        return ""
    name = f"{response.status} to {response.method}"
    return f"{name} requires {', '.join(tags)}, which the request does not support"


def _imposer(exchange: Exchange) -> Frame:
    return (_imposing(exchange)[0] or exchange.request).frame
