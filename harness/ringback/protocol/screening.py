"""Which requests are refused before anybody looks at what they ask, and with what.

RFC 3261 §8.2.1 (method), §8.2.2 (Request-URI, Require), §8.2.3 (encoding), §16.3
(Max-Forwards), §21.4.1 (400), §21.5.6 (505); RFC 4475 §3 has the examples.
"""

from collections.abc import Callable

import msgspec

from ringback.faults import Malformed
from ringback.protocol.manner import CALL_METHODS, EXTENSIONS
from ringback.protocol.session_timer import LEAST, too_brief
from ringback.wire.extensions import min_se
from ringback.wire.headers import (
    MAX_FORWARDS_LIMIT,
    NameAddr,
    Via,
    cseq,
    max_forwards,
    media_type,
    split_list,
    to_tag,
    tokens,
)
from ringback.wire.message import Field, Message
from ringback.wire.parameters import number
from ringback.wire.uri import parse as parse_uri

KNOWN_METHODS = frozenset(
    (
        *CALL_METHODS,
        *("OPTIONS", "INFO", "REGISTER", "SUBSCRIBE", "NOTIFY"),
        *("MESSAGE", "REFER", "PUBLISH"),
    )
)
_SCHEMES = ("sip", "sips", "tel")


class Complaint(msgspec.Struct, frozen=True):
    """A refusal ready to be sent."""

    status: int
    reason: str
    fields: tuple[Field, ...] = ()


def unreadable(message: Message) -> str:
    """Why a field that every UA needs cannot be read; empty when all can."""
    said = message.headers
    try:
        for name, read in _READERS.items():
            values = said.get(name, ())
            if len(values) > 1 and name in _ONCE:
                return f"more than one {name}"
            for value in values:
                read(value)
        if not message.status:
            parse_uri(message.uri)
        if cseq(message).method != message.method:
            return "CSeq names another method"
    except Malformed as fault:
        return fault.why
    missing = [name for name in _NEEDED if name not in said]
    return f"no {missing[0]}" if missing else ""


def _read_vias(text: str) -> None:
    for hop in split_list(text):
        Via.parse(hop)


def _read_addresses(text: str) -> None:
    if text != "*":
        for address in split_list(text):
            NameAddr.parse(address)


def _read_hops(text: str) -> None:
    number(text, MAX_FORWARDS_LIMIT, "Max-Forwards")


_ONCE = ("call-id", "from", "to", "cseq", "max-forwards", "content-type")
_NEEDED = ("via", "call-id", "from", "to")
_READERS: dict[str, Callable[[str], object]] = {
    "via": _read_vias,
    "call-id": str,
    "from": NameAddr.parse,
    "to": NameAddr.parse,
    "contact": _read_addresses,
    "record-route": _read_addresses,
    "cseq": str,
    "max-forwards": _read_hops,
    "content-type": media_type,
}


def complaint(
    request: Message, takes: tuple[str, ...], relays: bool
) -> Complaint | None:
    """The first thing that is wrong with a request that can be read, or None."""
    if request.method == "CANCEL":
        return None
    return (
        _foreign_method(request.method, takes)
        or _foreign_scheme(request)
        or _no_hop_left(request, relays)
        or _foreign_extension(request)
        or _foreign_encoding(request)
        or _brief_session(request)
    )


def broken(request: Message) -> Complaint | None:
    """What is wrong with a request that cannot even be matched, or None."""
    words = request.start.split(b" ")
    if words[-1].upper() != b"SIP/2.0" and words[-1][:4].upper() == b"SIP/":
        return Complaint(505, "Version Not Supported")
    if len(words) != 3 or not all(words):
        return Complaint(400, "Bad Request-Line")
    why = unreadable(request)
    return Complaint(400, f"Bad Request ({_printable(why)})") if why else None


def _foreign_method(method: str, takes: tuple[str, ...]) -> Complaint | None:
    if method in CALL_METHODS or method in takes:
        return None
    allow = (Field.of("Allow", ", ".join((*CALL_METHODS, *takes))),)
    if method in KNOWN_METHODS:
        return Complaint(405, "Method Not Allowed", allow)
    return Complaint(501, "Not Implemented", allow)


def _foreign_scheme(request: Message) -> Complaint | None:
    scheme = request.uri.partition(":")[0].lower()
    return None if scheme in _SCHEMES else Complaint(416, "Unsupported URI Scheme")


def _no_hop_left(request: Message, relays: bool) -> Complaint | None:
    starts = request.method == "INVITE" and not to_tag(request)
    if relays and starts and max_forwards(request) == 0:
        return Complaint(483, "Too Many Hops")
    return None


def _foreign_extension(request: Message) -> Complaint | None:
    foreign = [t for t in tokens(request, "require") if t.lower() not in EXTENSIONS]
    if not foreign:
        return None
    unsupported = Field.of("Unsupported", ", ".join(foreign))
    return Complaint(420, "Bad Extension", (unsupported,))


def _foreign_encoding(request: Message) -> Complaint | None:
    """RFC 3261 §8.2.3: a body that is packed cannot be read here."""
    packed = [t for t in tokens(request, "content-encoding") if t.lower() != "identity"]
    if not packed or not request.body:
        return None
    plain = Field.of("Accept-Encoding", "identity")
    return Complaint(415, "Unsupported Media Type", (plain,))


def _brief_session(request: Message) -> Complaint | None:
    try:
        brief = request.method in ("INVITE", "UPDATE") and too_brief(request)
        min_se(request)
    except Malformed as fault:
        return Complaint(400, f"Bad Request ({_printable(fault.why)})")
    if brief:
        least = Field.of("Min-SE", str(LEAST))
        return Complaint(422, "Session Interval Too Small", (least,))
    return None


def _printable(text: str) -> str:
    return "".join(c if " " <= c < "\x7f" else "?" for c in text)[:80]
