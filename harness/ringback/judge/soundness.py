"""What is wrong with a SIP message by itself; and requests that nobody need take.

RFC 3261 §21.4.1 (a request that cannot be understood is refused, 400) and §8.2.6.2
(what a response copies is its request's affair); §21.5.7 (what is too long).
"""

from ringback.judge.case import Call, Case, Exchange, Said, readable
from ringback.wire.uri import SipUri, parse

LONG = 1 << 17  # octets of a body: more than a datagram, or a usual buffer, can hold


def is_sound(request: Said) -> bool:
    """Whether whoever got it had to understand it."""
    return not request.ills


def is_longer_than_need_be_taken(request: Said) -> bool:
    """Who has no room for it may leave, as he may refuse (513)."""
    return len(request.frame.sip.body) >= LONG


def is_refused_for_its_form(exchange: Exchange) -> bool:
    """It was broken and did nothing: who refused it is in the right."""
    final = exchange.final
    refused = final is None or final.status >= 300
    return refused and not is_sound(exchange.request)


def is_of_no_dialog(case: Case, request: Said) -> bool:
    """Whether no answer before it had its tags: whoever gets it says 481 (RFC 3261
    §12.2.2)."""
    mine = {request.from_tag, request.to_tag}
    return not any(
        response.call_id == request.call_id
        and {response.from_tag, response.to_tag} == mine
        for exchange in case.exchanges
        for response in exchange.responses
        if response.status < 300 and response.number < request.number
    )


def ended_nothing(case: Case, call: Call) -> bool:
    """A BYE was refused for its form or its tags: each side may think of the call as it
    likes."""
    return any(
        is_refused_for_its_form(bye) or _is_of_no_call(case, bye)
        for bye in call.of("BYE")
    )


def _is_of_no_call(case: Case, bye: Exchange) -> bool:
    refused = bye.final is not None and bye.final.status == 481
    return refused and is_of_no_dialog(case, bye.request)


def somebody_s_end_failed(case: Case) -> bool:
    return any(ended_nothing(case, call) for call in case.all_calls)


def met_a_closed_end(case: Case, exchange: Exchange) -> bool:
    """Whether whom it was for had ended the connection before it came, and said nothing
    to it: then it may be lost (RFC 3261 §18.4), and nobody need have read it."""
    link = case.connections.get(exchange.frame.flow)
    closed = link is not None and 0 < link.closed < exchange.frame.number
    left = link is not None and link.left_by == exchange.frame.target
    return closed and left and not exchange.responses


def never_came(case: Case, exchange: Exchange) -> bool:
    """Whether who asked cannot have seen the final answer: his connection had ended,
    and with it the transaction (RFC 3261 §17.1.4), or nobody can tell where it begins,
    after a message without a length (§18.3)."""
    final, asked = exchange.final, exchange.frame
    if final is None:
        return False
    link = case.connections.get(asked.flow)
    cut = link is not None and 0 < link.closed < final.number
    return (cut and final.frame.flow != asked.flow) or is_buried(case, final)


def is_buried(case: Case, said: Said) -> bool:
    """Whether it came on a stream after a message without a length (RFC 3261 §18.3):
    nobody can tell where it begins."""
    here = (said.frame.flow, said.frame.source)
    return any(
        "content-length" not in before.headers
        for before in case.said
        if (before.frame.flow, before.frame.source) == here
        and before.number < said.number
        and before.frame.flow in case.connections
    )


def sip_uri(text: str) -> SipUri | None:
    """Such a URI, or None for any other and for what cannot be read."""
    uri = readable(parse, text)
    return uri if isinstance(uri, SipUri) else None
