"""What every SIP message owes by itself: its start line, its fields, its option tags.

RFC 3261 §7 (form), §8.1.1.9 and §8.2.4 (extensions), §20 (fields).
"""

from functools import partial

from ringback.evidence.frame import Frame
from ringback.judge.case import Case, Exchange, Rule, Said
from ringback.judge.soundness import ills, sip_uri
from ringback.judge.verdict import Verdict, each

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
    its request's affair (§8.2.6.2)."""
    wanted = frozenset(keys)

    def rule(case: Case) -> Verdict:
        return each(case.said, partial(_broken, case, wanted), "messages")

    return rule


def _broken(case: Case, wanted: frozenset[str], said: Said) -> str:
    own = [key for key in ills(case, said) if key in wanted]
    if not own:
        return ""
    if said.status:
        own = [key for key in own if not key.startswith(COPIED)]
    name = f"{said.status} to {said.method}" if said.status else said.method
    return f"{name}: {', '.join(own)}" if own else ""


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
