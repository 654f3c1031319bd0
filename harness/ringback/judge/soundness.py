"""What is wrong with a SIP message by itself; and messages that nobody need take.

RFC 3261 §21.4.1 (a request that cannot be understood is refused, 400) and §8.2.6.2
(what a response copies is its request's affair); §20.14 (the length is owed on
streams), §21.4.13 (a body of another type), §21.5.7 (what is too long).
"""

from ringback.judge.case import Call, Case, Exchange, Said, readable
from ringback.wire.headers import NameAddr
from ringback.wire.uri import SipUri, parse

KNOWN = ("", "application/sdp", "multipart/mixed")
LONG = 1 << 17  # octets of a body: more than a datagram, or a usual buffer, can hold


def is_sound(said: Said) -> bool:
    """Whether whoever got it had to understand it."""
    return not said.ills and _has_its_length(said)


def _has_its_length(said: Said) -> bool:
    by_datagram = bool(said.vias) and said.vias[0].transport.upper() == "UDP"
    return by_datagram or "content-length" in said.headers


def is_heard(case: Case, said: Said) -> bool:
    """Not where whom it was said to had closed the connection before, or where it
    cannot be found in its stream, or may be dropped for its form."""
    link = case.connections.get(said.frame.flow)
    open_ = link is None or not 0 < link.closed < said.number
    return open_ and is_sound(said) and not is_buried(case, said)


def is_longer_than_need_be_taken(request: Said) -> bool:
    """Who has no room for it may leave, as he may refuse (513)."""
    return len(request.frame.sip.body) >= LONG


def is_refused_for_its_form(exchange: Exchange) -> bool:
    """It was broken, or of a type that nobody need know, and did nothing: who refused
    it is in the right."""
    request, final = exchange.request, exchange.final
    if final is not None and final.status == 415:
        kind = request.first("content-type").partition(";")[0].strip().lower()
        return not is_sound(request) or kind not in KNOWN
    refused = final is None or final.status >= 300
    return refused and not is_sound(request)


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
    """Whether who asked cannot have seen the final answer, or need not have understood
    it: his connection had ended, and with it the transaction (RFC 3261 §17.1.4), or
    nobody can tell where it begins, after a message without a length (§18.3)."""
    final, asked = exchange.final, exchange.frame
    if final is None:
        return False
    link = case.connections.get(asked.flow)
    cut = link is not None and 0 < link.closed < final.number
    lost = cut and final.frame.flow != asked.flow
    return lost or is_buried(case, final) or not is_sound(final)


def own_acks(exchange: Exchange) -> list[Said]:
    """Those with the tags of the dialog that the 2xx made (RFC 3261 §13.2.2.4)."""
    answer = exchange.accepted
    tags = (exchange.request.from_tag, answer.to_tag if answer else "")
    return [a for a in exchange.acks if (a.from_tag, a.to_tag) == tags]


def was_released(exchange: Exchange) -> bool:
    """Whether who answered may say BYE: he has an ACK that he had to understand."""
    return any(map(is_sound, own_acks(exchange)))


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


def leads_nowhere(case: Case, response: Said) -> bool:
    """Whether a role of ours sends where nobody sits: that nobody follows is no fault
    of who is sent."""
    seats = {seat.host for seat in case.known.seats} if case.circumstances else set()
    if not seats or response.sender in case.known.sut:
        return False
    read = (readable(NameAddr.parse, text) for text in response.listed("contact"))
    uris = [r.uri for r in read if r and isinstance(r.uri, SipUri)]
    places = [places_of(case, uri) for uri in uris]
    return all(known and not known & seats for known in places)


def places_of(case: Case, target: SipUri) -> set[str]:
    """IP addresses of maddr or host, by the names of the seats."""
    name = (target.maddr or target.host).lower()
    seats = case.circumstances.seats if case.circumstances else ()
    found = {seat.host for seat in seats if seat.name.lower() == name}
    literal = name.replace(".", "").isdigit() or ":" in name
    return found or ({name} if literal else set())


def sip_uri(text: str) -> SipUri | None:
    """Such a URI, or None for any other and for what cannot be read."""
    uri = readable(parse, text)
    return uri if isinstance(uri, SipUri) else None
