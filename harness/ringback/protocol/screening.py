"""Which requests are refused before anybody looks at what they ask, and with what.

RFC 3261 §8.2.1 (method), §8.2.2 (Request-URI, Require), §16.3 (Max-Forwards),
§21.4.1 (400), §21.5.6 (505); RFC 4475 §3 has the examples.
"""

from dataclasses import dataclass

from ringback.faults import Malformed
from ringback.protocol.manner import CALL_METHODS, EXTENSIONS
from ringback.protocol.session_timer import LEAST, too_brief
from ringback.wire.extensions import min_se
from ringback.wire.headers import (
    call_id,
    contacts,
    content_type,
    cseq,
    from_,
    max_forwards,
    routes,
    to,
    to_tag,
    tokens,
    vias,
)
from ringback.wire.message import Field, Message
from ringback.wire.uri import parse as parse_uri

KNOWN_METHODS = frozenset(
    (
        *CALL_METHODS,
        *("OPTIONS", "INFO", "REGISTER", "SUBSCRIBE", "NOTIFY"),
        *("MESSAGE", "REFER", "PUBLISH"),
    )
)
_SCHEMES = ("sip", "sips", "tel")


@dataclass(frozen=True, slots=True)
class Complaint:
    """A refusal ready to be sent."""

    status: int
    reason: str
    fields: tuple[Field, ...] = ()


def unreadable(message: Message) -> str:
    """Why a field that every UA needs cannot be read; empty when all can."""
    try:
        if not (vias(message) and call_id(message)):
            return "no Via or no Call-ID"
        from_(message), to(message), contacts(message)
        routes(message, "record-route")
        if cseq(message).method != message.method:
            return "CSeq names another method"
        if not message.status:
            parse_uri(message.uri)
            max_forwards(message), content_type(message), min_se(message)
    except Malformed as fault:
        return fault.why
    return ""


def complaint(
    request: Message, takes: tuple[str, ...], relays: bool
) -> Complaint | None:
    """The first thing that is wrong with a request, or None."""
    broken = _broken_start(request) or _broken_field(request)
    if broken or request.method == "CANCEL":
        return broken
    return (
        _foreign_method(request.method, takes)
        or _foreign_scheme(request)
        or _no_hop_left(request, relays)
        or _foreign_extension(request)
        or _brief_session(request)
    )


def _broken_start(request: Message) -> Complaint | None:
    words = request.start.split(b" ")
    if words[-1].upper() != b"SIP/2.0" and words[-1][:4].upper() == b"SIP/":
        return Complaint(505, "Version Not Supported")
    if len(words) != 3 or not all(words):
        return Complaint(400, "Bad Request-Line")
    return None


def _broken_field(request: Message) -> Complaint | None:
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


def _brief_session(request: Message) -> Complaint | None:
    if request.method in ("INVITE", "UPDATE") and too_brief(request):
        least = Field.of("Min-SE", str(LEAST))
        return Complaint(422, "Session Interval Too Small", (least,))
    return None


def _printable(text: str) -> str:
    return "".join(c if " " <= c < "\x7f" else "?" for c in text)[:80]
