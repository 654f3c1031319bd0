"""Typed readings of the fields that every SIP element needs.

RFC 3261 §20 and §25.1. A reading raises Malformed when it is asked for and the field
cannot be read, never before; ``str()`` of what it gives is the text as it stood.
"""

import re
from functools import lru_cache
from typing import Self

import msgspec

from ringback.wire import uri as uris
from ringback.wire.message import Message, malformed
from ringback.wire.parameters import (
    QUOTED,
    TOKEN,
    number,
    param,
    quoted,
    read_params,
    spelled,
    unquoted,
    with_param,
)
from ringback.wire.readings import read_once
from ringback.wire.uri import HOST, Params, Uri

CSEQ_LIMIT = (1 << 31) - 1  # RFC 3261 §8.1.1.5
MAX_FORWARDS_LIMIT = 255  # RFC 3261 §20.22

_VIA = re.compile(
    rf"\s*+({TOKEN})\s*+/\s*+({TOKEN})\s*+/\s*+({TOKEN})\s++({HOST})"
    r"(?:\s*+:\s*+([0-9]++))?+",
    re.ASCII,
)
_DISPLAY = re.compile(rf"\s*+({QUOTED}|(?:{TOKEN}\s*+)*+)\s*+<", re.S | re.A)
_ADDR_SPEC = re.compile(r"\s*+([^\s;?,<>\"]++)", re.ASCII)
_CSEQ = re.compile(rf"([0-9]++)\s++({TOKEN})", re.ASCII)
_MEDIA_TYPE = re.compile(rf"({TOKEN})\s*+/\s*+({TOKEN})", re.ASCII)
_KIND = re.compile(TOKEN)
_SEPARATOR = re.compile(rf'{QUOTED}|<[^>"]*+>|["<,]', re.S)


@lru_cache(maxsize=1024)
def split_list(text: str) -> tuple[str, ...]:
    """The elements between commas that no quotes and no angle brackets protect.

    Empty elements are kept, for they are a fault where the grammar wants a value; an
    empty text has no elements. An open quote or bracket protects all that follows.
    """
    text = text.strip()
    if not text:
        return ()
    if "," not in text:
        return (text,)
    elements, start = [], 0
    for found in _SEPARATOR.finditer(text):
        if found[0] in '"<':
            break
        if found[0] == ",":
            elements.append(text[start : found.start()].strip())
            start = found.end()
    return (*elements, text[start:].strip())


class Via(msgspec.Struct, frozen=True, dict=True):
    """One hop (RFC 3261 §20.42): ``protocol`` is ``SIP/2.0``, ``host`` bracketless."""

    text: str
    protocol: str
    transport: str
    host: str
    port: int | None
    params: Params = ()

    @classmethod
    @lru_cache(maxsize=1024)
    def parse(cls, text: str) -> Self:
        found = _VIA.match(text)
        if not found:
            raise malformed("no Via", text)
        name, version, transport, host, port = found.groups()
        place = uris.parse(f"sip:{host}" + (f":{port}" if port else ""))
        assert isinstance(place, uris.SipUri)
        protocol = f"{name}/{version}"
        params = read_params(text, found.end())
        return cls(text, protocol, transport, place.host, place.port, params)

    @classmethod
    def of(
        cls, transport: str, host: str, port: int | None = None, **params: str
    ) -> Self:
        """Compose one; an empty parameter value leaves a bare name (``rport=""``)."""
        place = f"[{host}]" if ":" in host else host
        text = f"SIP/2.0/{transport} {place}" + ("" if port is None else f":{port}")
        return cls.parse(text + spelled(params))

    def __str__(self) -> str:
        return self.text

    def param(self, name: str) -> str | None:
        """Empty for a parameter without a value, None for one that is absent."""
        return param(self.params, name)

    def with_param(self, name: str, value: str) -> Self:
        """A copy with that parameter set; the other octets stay."""
        return self.parse(with_param(self.text, name, value))

    @read_once
    def branch(self) -> str:
        return self.param("branch") or ""

    @read_once
    def received(self) -> str:
        """The address the request came from, without brackets, or empty."""
        return (self.param("received") or "").strip("[]")

    @property
    def rport(self) -> int | None:
        """RFC 3581 §4: None when not asked for, 0 while not filled in."""
        value = self.param("rport")
        return value if value is None else number(value or "0", 65535, "rport")


class NameAddr(msgspec.Struct, frozen=True, dict=True):
    """Who: a display name (unquoted), a URI, parameters of the field (§20.10)."""

    text: str
    display: str
    uri: Uri
    params: Params = ()

    @classmethod
    @lru_cache(maxsize=2048)
    def parse(cls, text: str) -> Self:
        found = _DISPLAY.match(text)
        if not found:
            return cls._without_brackets(text)
        end = text.find(">", found.end())
        if end < 0:
            raise malformed("the angle bracket stays open", text, found.end() - 1)
        uri = uris.parse(text[found.end() : end])
        display = unquoted(found[1].rstrip())
        return cls(text, display, uri, read_params(text, end + 1))

    @classmethod
    def _without_brackets(cls, text: str) -> Self:
        """RFC 3261 §20: then no comma, question mark or semicolon is the URI's."""
        found = _ADDR_SPEC.match(text)
        if not found:
            raise malformed("no address", text)
        params = read_params(text, found.end())
        return cls(text, "", uris.parse(found[1]), params)

    @classmethod
    def of(cls, uri: str | Uri, display: str = "", **params: str) -> Self:
        """Compose one; an empty parameter value leaves a bare name."""
        name = f"{quoted(display)} " if display else ""
        return cls.parse(f"{name}<{uri}>" + spelled(params))

    def __str__(self) -> str:
        return self.text

    def param(self, name: str) -> str | None:
        """Empty for a parameter without a value, None for one that is absent."""
        return param(self.params, name)

    def with_param(self, name: str, value: str) -> Self:
        """A copy with that parameter set; the other octets stay."""
        return self.parse(with_param(self.text, name, value))

    @read_once
    def tag(self) -> str:
        return self.param("tag") or ""


class CSeq(msgspec.Struct, frozen=True):
    text: str
    number: int
    method: str

    @classmethod
    @lru_cache(maxsize=512)
    def parse(cls, text: str) -> Self:
        found = _CSEQ.fullmatch(text)
        if not found:
            raise malformed("no CSeq", text)
        return cls(text, number(found[1], CSEQ_LIMIT, "CSeq"), found[2])

    def __str__(self) -> str:
        return self.text


def name_addr(text: str) -> NameAddr:
    """Read one name-addr or addr-spec with its parameters (RFC 3261 §25.1)."""
    return NameAddr.parse(text)


def vias(message: Message) -> tuple[Via, ...]:
    """Every hop, the last one to touch a request first, over all lines."""
    found = [Via.parse(v) for text in message.all("via") for v in split_list(text)]
    return tuple(found)


def branch(message: Message) -> str:
    """The topmost branch; empty when there is none, or no Via at all."""
    topmost = split_list(message.first("via"))
    return Via.parse(topmost[0]).branch if topmost else ""


def from_(message: Message) -> NameAddr:
    return NameAddr.parse(message.first("from"))


def to(message: Message) -> NameAddr:
    return NameAddr.parse(message.first("to"))


def from_tag(message: Message) -> str:
    """Empty when there is no tag, or no From at all."""
    text = message.first("from")
    return NameAddr.parse(text).tag if text else ""


def to_tag(message: Message) -> str:
    """Empty when there is no tag, or no To at all."""
    text = message.first("to")
    return NameAddr.parse(text).tag if text else ""


def contacts(message: Message) -> tuple[NameAddr, ...]:
    """Every Contact over all lines; the ``*`` of a REGISTER is none of them."""
    texts = [v for text in message.all("contact") for v in split_list(text)]
    return () if texts == ["*"] else tuple(map(NameAddr.parse, texts))


def routes(message: Message, name: str) -> tuple[NameAddr, ...]:
    """The entries of ``route`` or ``record-route``, topmost first."""
    texts = [v for text in message.all(name) for v in split_list(text)]
    return tuple(map(NameAddr.parse, texts))


def cseq(message: Message) -> CSeq:
    return CSeq.parse(message.first("cseq"))


def call_id(message: Message) -> str:
    """Empty when there is none."""
    return message.first("call-id")


def max_forwards(message: Message) -> int | None:
    text = message.first("max-forwards")
    return number(text, MAX_FORWARDS_LIMIT, "Max-Forwards") if text else None


def retry_after(message: Message) -> int:
    """Whole seconds (RFC 3261 §20.33), without comment and parameters; 0 where there
    is none or it cannot be read."""
    told = message.first("retry-after").partition(";")[0].partition("(")[0].strip()
    return int(told) if told.isascii() and told.isdigit() and len(told) < 10 else 0


def tokens(message: Message, name: str) -> tuple[str, ...]:
    """The words of a list field (``require``, ``allow`` …) over all its lines."""
    texts = message.all(name)
    return tuple([word for text in texts for word in split_list(text) if word])


def content_length(message: Message) -> int | None:
    """What the header declares; Malformed when two fields contradict each other."""
    texts = message.all("content-length")
    lengths = {number(text, (1 << 63) - 1, "Content-Length") for text in texts}
    if len(lengths) > 1:
        raise malformed("Content-Length fields contradict", ", ".join(texts))
    return next(iter(lengths), None)


def content_type(message: Message) -> tuple[str, dict[str, str]]:
    """``type/subtype`` in lower case and its parameters; empty when there is none."""
    return media_type(message.first("content-type"))


def media_type(text: str) -> tuple[str, dict[str, str]]:
    """RFC 3261 §25.1 media-type; parameter names in lower case, values unquoted."""
    if not text:
        return "", {}
    found = _MEDIA_TYPE.match(text)
    if not found:
        raise malformed("no media type", text)
    kind = f"{found[1]}/{found[2]}".lower()
    return kind, _dictionary(read_params(text, found.end()))


def content_disposition(message: Message) -> tuple[str, dict[str, str]]:
    """``session``, ``render`` … in lower case and its parameters (§20.11)."""
    return disposition(message.first("content-disposition"))


def disposition(text: str) -> tuple[str, dict[str, str]]:
    """Read the value of a Content-Disposition; empty when there is none."""
    if not text:
        return "", {}
    found = _KIND.match(text)
    if not found:
        raise malformed("no disposition", text)
    return found[0].lower(), _dictionary(read_params(text, found.end()))


def _dictionary(params: Params) -> dict[str, str]:
    return {name.lower(): unquoted(value or "") for name, value in params}
