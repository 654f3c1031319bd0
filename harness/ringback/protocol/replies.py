"""Composing a response: what is copied from the request and what is added.

RFC 3261 §8.2.6, §18.2.1 (received), RFC 3581 §4 (rport).
"""

from ringback.faults import Malformed
from ringback.values import Address
from ringback.wire.headers import Via, split_list, to_tag
from ringback.wire.message import Field, Message

_COPIED = ("via", "from", "to", "call-id", "cseq")


def stamped(via_line: str, source: Address | None) -> str:
    """The topmost Via line as a response returns it: received and rport filled in."""
    hops = split_list(via_line)
    via = Via.parse(hops[0])
    if source is not None:
        asked = via.rport is not None
        if asked:
            via = via.with_param("rport", str(source.port))
        if asked or via.host.lower() != source.host:
            literal = f"[{source.host}]" if ":" in source.host else source.host
            via = via.with_param("received", literal)
    return ", ".join((str(via), *hops[1:]))


def via_back(request: Message, source: Address | None) -> str:
    """The topmost Via as it goes back (§18.2.1); empty, for it goes back as it came,
    where it cannot be read or there is none."""
    line = request.first("via")
    try:
        return line and stamped(line, source)
    except Malformed:
        return ""


def response_to(
    request: Message,
    status: int,
    reason: str,
    *,
    via: str = "",
    tag: str = "",
    fields: tuple[Field, ...] = (),
    body: bytes = b"",
) -> Message:
    """``via`` replaces the topmost Via line, ``tag`` goes on a To that has none."""
    copied: list[Field] = []
    for kept in request.fields:
        name = kept.name
        if name == "via" and via:
            copied.append(Field.of("Via", via))
            via = ""
        elif name == "to" and tag:
            copied.append(_tagged(request, kept, tag))
        elif name in _COPIED or (name == "timestamp" and status == 100):
            copied.append(kept)
    return Message.response(status, reason, (*copied, *fields), body)


def _tagged(request: Message, to: Field, tag: str) -> Field:
    try:
        has_tag = bool(to_tag(request))
    except Malformed:
        has_tag = False
    return to if has_tag else Field(to.octets.rstrip() + f";tag={tag}".encode())
