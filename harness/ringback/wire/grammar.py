"""Which rules of RFC 3261 a message breaks by itself, without its dialog or its wire.

RFC 3261 §7, §8.1.1, §8.2.6.2, §18.3, §20. What only the sender of a request owes
(Max-Forwards, the From tag, Contact) is asked of those who speak RFC 3261, that is,
whose topmost branch begins with the magic cookie; RFC 2543 knew no such duties.
"""

import re
from collections.abc import Callable, Iterator
from functools import lru_cache

from ringback.faults import Malformed
from ringback.wire import headers, multipart
from ringback.wire import uri as uris
from ringback.wire.extensions import SECONDS_LIMIT
from ringback.wire.message import Field, Message
from ringback.wire.parameters import QUOTED, TOKEN, number

COOKIE = "z9hG4bK"  # RFC 3261 §8.1.1.7

_RULES = {
    "RFC 3261 §7.1": (
        "request-line-spacing request-line-incomplete request-uri-space "
        "request-uri-bracketed request-uri-malformed method-malformed "
        "version-unknown"
    ),
    "RFC 3261 §19.1.1": "request-uri-headers",
    "RFC 3261 §7.2": "status-line-malformed status-out-of-range",
    "RFC 3261 §7.3.1": (
        "field-name-malformed from-repeated to-repeated call-id-repeated "
        "cseq-repeated max-forwards-repeated content-length-repeated "
        "content-type-repeated"
    ),
    "RFC 3261 §8.1.1": (
        "via-missing from-missing to-missing call-id-missing cseq-missing "
        "max-forwards-missing"
    ),
    "RFC 3261 §20.42": "via-malformed",
    "RFC 3261 §8.1.1.7": "branch-without-id",
    "RFC 3261 §20.20": "from-malformed",
    "RFC 3261 §8.1.1.3": "from-tag-missing",
    "RFC 3261 §20.39": "to-malformed",
    "RFC 3261 §20.8": "call-id-malformed",
    "RFC 3261 §20.16": "cseq-malformed",
    "RFC 3261 §8.1.1.5": "cseq-overflow cseq-method",
    "RFC 3261 §20.22": "max-forwards-malformed",
    "RFC 3261 §8.1.1.8": "contact-missing",
    "RFC 3261 §20.10": (
        "contact-malformed contact-expires-malformed contact-q-malformed"
    ),
    "RFC 3261 §20.34": "route-malformed",
    "RFC 3261 §20.30": "record-route-malformed",
    "RFC 3261 §20.14": "content-length-malformed",
    "RFC 3261 §18.3": "content-length-beyond-body",
    "RFC 3261 §20.15": "content-type-missing content-type-malformed",
    "RFC 2046 §5.1.1": "body-without-its-parts",
    "RFC 3261 §20.17": "date-malformed",
    "RFC 3261 §20.19": "expires-malformed",
    "RFC 3261 §20.33": "retry-after-malformed",
    "RFC 3261 §20.43": "warning-malformed",
}
PARAGRAPHS = {key: where for where, keys in _RULES.items() for key in keys.split()}

_VERSION = re.compile(r"SIP/2\.0", re.IGNORECASE)
_STATUS_LINE = re.compile(r"SIP/[0-9]+\.[0-9]+ ([0-9]+) [^\r\n]*", re.I | re.A)
_WORD = re.compile(TOKEN)
_CSEQ = re.compile(rf"([0-9]++)\s++({TOKEN})", re.ASCII)
_CALL_WORD = r"[A-Za-z0-9\-.!%*_+`'~()<>:\\\"/\[\]?{}]++"
_CALL_ID = re.compile(rf"{_CALL_WORD}(?:@{_CALL_WORD})?")
_DATE = re.compile(
    r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), [0-9]{2} "
    r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) [0-9]{4} "
    r"[0-9]{2}:[0-9]{2}:[0-9]{2} GMT",
    re.IGNORECASE,
)
_Q = re.compile(r"0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?")
_RETRY_AFTER = re.compile(r"[0-9]++\s*+(?:\(.*\)\s*+)?(?:;.*)?", re.S | re.A)
_WARNING = re.compile(rf"[0-9]{{3}} \S++ {QUOTED}", re.S | re.A)
_ONCE = (
    "from",
    "to",
    "call-id",
    "cseq",
    "max-forwards",
    "content-length",
    "content-type",
)
_MANDATORY = ("via", "from", "to", "call-id", "cseq")

Faults = Iterator[str]


def faults_of(message: Message) -> tuple[str, ...]:
    """The keys (of PARAGRAPHS) of every rule the message breaks, each once.

    Octets after the declared body are no fault of the message (RFC 3261 §18.3).
    """
    found = [*_start_line(message.start)]
    for field in message.fields:
        found += _field_faults(field.octets)
    found += _presence(message)
    found += _agreement(message)
    found += _owed_by_the_sender(message)
    found += _body(message)
    return tuple(dict.fromkeys(found))


def is_response(message: Message) -> bool:
    """By the look of its start line, whatever its version or status."""
    return _tells_a_status(message.start)


def _tells_a_status(start: bytes) -> bool:
    return start[:4].upper() == b"SIP/"


@lru_cache(maxsize=512)  # few are ever said
def _start_line(start: bytes) -> tuple[str, ...]:
    text = start.decode("utf-8", "surrogateescape")
    return tuple((_status_line if _tells_a_status(start) else _request_line)(text))


def _status_line(text: str) -> Faults:
    found = _STATUS_LINE.fullmatch(text)
    if not found:
        yield "status-line-malformed"
    elif not _VERSION.match(text):
        yield "version-unknown"
    elif len(found[1]) != 3 or not "100" <= found[1] <= "699":
        yield "status-out-of-range"


def _request_line(text: str) -> Faults:
    words = text.split(" ")
    if not all(words) or text != text.strip():
        yield "request-line-spacing"
    elif len(words) < 3:
        yield "request-line-incomplete"
    elif len(words) > 3:
        yield "request-uri-space"
    else:
        yield from _request_words(*words)


def _request_words(method: str, uri: str, version: str) -> Faults:
    if not _WORD.fullmatch(method):
        yield "method-malformed"
    if not _VERSION.fullmatch(version):
        yield "version-unknown"
    if uri.startswith("<"):
        yield "request-uri-bracketed"
        return
    try:
        read = uris.parse(uri)
    except Malformed:
        yield "request-uri-malformed"
        return
    if isinstance(read, uris.SipUri) and read.headers:
        yield "request-uri-headers"


def _is_named(octets: bytes) -> bool:
    name, colon, _ = octets.partition(b":")
    return bool(colon) and _is_name(name)


def _is_name(octets: bytes) -> bool:
    return bool(_WORD.fullmatch(octets.rstrip(b" \t\r\n").decode("latin-1")))


def _presence(message: Message) -> Faults:
    said = message.headers
    for name in _MANDATORY:
        if name not in said:
            yield f"{name}-missing"
    for name in _ONCE:
        if name in said and len(said[name]) > 1:
            yield f"{name}-repeated"


def _agreement(message: Message) -> Faults:
    """RFC 3261 §8.1.1.5: the request line and CSeq name the same method."""
    found = None if is_response(message) else _CSEQ.fullmatch(message.first("cseq"))
    if found and found[2] != message.method:
        yield "cseq-method"


def _owed_by_the_sender(message: Message) -> Faults:
    try:
        if not headers.branch(message).startswith(COOKIE):
            return
    except Malformed:
        return
    asks, names = not is_response(message), message.headers
    if asks and "max-forwards" not in names:
        yield "max-forwards-missing"
    if asks and "from" in names and not _has_tag(message):
        yield "from-tag-missing"
    opens = asks or message.status // 100 == 2
    if opens and message.method == "INVITE" and "contact" not in names:
        yield "contact-missing"


def _has_tag(message: Message) -> bool:
    try:
        return bool(headers.from_tag(message))
    except Malformed:
        return True  # nobody can tell, and it is accused already


def _body(message: Message) -> Faults:
    try:
        declared = headers.content_length(message)
    except Malformed:
        return
    if declared is not None and declared > len(message.body):
        yield "content-length-beyond-body"
    kind = message.first("content-type")
    if message.body[:declared] and not kind:
        yield "content-type-missing"
    if kind[:10].lower() == "multipart/" and not _has_parts(kind, message.body):
        yield "body-without-its-parts"


def _has_parts(kind: str, octets: bytes) -> bool:
    try:
        return bool(multipart.parse(kind, octets).parts)
    except Malformed:
        return False


@lru_cache(maxsize=2048)  # a field stands in every copy of its message
def _field_faults(octets: bytes) -> tuple[str, ...]:
    """What is wrong with one field; Malformed stands for ``name-malformed``."""
    field = Field(octets)
    name = field.name
    named = () if _is_named(octets) else ("field-name-malformed",)
    if name not in _VALUES:
        return named
    try:
        return (*named, *_VALUES[name](field.value))
    except Malformed:
        return (*named, f"{name}-malformed")


def _via(value: str) -> Faults:
    for text in headers.split_list(value) or ("",):
        if headers.Via.parse(text).branch == COOKIE:
            yield "branch-without-id"


def _address(value: str) -> Faults:
    headers.name_addr(value)
    yield from ()


def _route(value: str) -> Faults:
    for text in headers.split_list(value):
        headers.name_addr(text)
    yield from ()


def _contact(value: str) -> Faults:
    if value == "*":
        return
    for text in headers.split_list(value):
        contact = headers.name_addr(text)
        q, expires = contact.param("q"), contact.param("expires")
        if q is not None and not _Q.fullmatch(q):
            yield "contact-q-malformed"
        if expires is not None and not _is_number(expires, SECONDS_LIMIT):
            yield "contact-expires-malformed"


def _cseq(value: str) -> Faults:
    found = _CSEQ.fullmatch(value)
    if not found:
        yield "cseq-malformed"
    elif not _is_number(found[1], headers.CSEQ_LIMIT):
        yield "cseq-overflow"


def _warning(value: str) -> Faults:
    if not all(map(_WARNING.fullmatch, headers.split_list(value))):
        yield "warning-malformed"


def _media_type(value: str) -> Faults:
    headers.media_type(value)
    yield from ()


def _number(limit: int) -> Callable[[str], Faults]:
    def check(value: str) -> Faults:
        number(value, limit, "the value")
        yield from ()

    return check


def _shape(name: str, shape: re.Pattern[str]) -> Callable[[str], Faults]:
    def check(value: str) -> Faults:
        if not shape.fullmatch(value):
            yield f"{name}-malformed"

    return check


def _is_number(digits: str, limit: int) -> bool:
    try:
        return number(digits, limit, "the value") >= 0
    except Malformed:
        return False


_VALUES: dict[str, Callable[[str], Faults]] = {
    "via": _via,
    "from": _address,
    "to": _address,
    "call-id": _shape("call-id", _CALL_ID),
    "cseq": _cseq,
    "max-forwards": _number(headers.MAX_FORWARDS_LIMIT),
    "contact": _contact,
    "route": _route,
    "record-route": _route,
    "content-length": _number((1 << 63) - 1),
    "content-type": _media_type,
    "date": _shape("date", _DATE),
    "expires": _number(SECONDS_LIMIT),
    "retry-after": _shape("retry-after", _RETRY_AFTER),
    "warning": _warning,
}
