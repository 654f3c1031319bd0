"""A SIP message that forgets no octet.

RFC 3261 §7 gives the grammar, §7.3.1 folding, §7.3.3 compact names.
"""

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Self

import msgspec
from msgspec.structs import replace

from ringback.faults import Malformed
from ringback.wire.readings import read_once, remembered

CRLF = b"\r\n"
_LINE_END = re.compile(rb"\r\n(?![ \t])")  # a fold is not a line end
_FOLD = re.compile(rb"[ \t]*\r\n[ \t]+")
_STATUS = re.compile(rb"SIP/2\.0 ([1-6]\d\d)(?: |$)", re.IGNORECASE)
_LONG_FORM = {
    "c": "content-type",
    "e": "content-encoding",
    "f": "from",
    "i": "call-id",
    "k": "supported",
    "l": "content-length",
    "m": "contact",
    "s": "subject",
    "t": "to",
    "v": "via",
    "x": "session-expires",
}


def malformed(why: str, text: str, at: int = 0) -> Malformed:
    """The fault for a text that came from octets; ``at`` counts characters."""
    before = len(text[:at].encode("utf-8", "surrogateescape"))
    return Malformed(why, text.encode("utf-8", "surrogateescape"), before)


def _octets(text: str) -> bytes:
    """What came in as octets that are no UTF-8 goes out as the same octets."""
    return text.encode("utf-8", "surrogateescape")


@lru_cache(maxsize=4096)  # a line passes several hops, and the judge, as it is
def _read_line(octets: bytes) -> tuple[str, str]:
    """The name of a field and its value."""
    spelled, _, rest = octets.partition(b":")
    name = spelled.strip().lower().decode("latin-1")
    if CRLF in rest:
        rest = _FOLD.sub(b" ", rest)
    value = rest.strip(b" \t\r\n").decode("utf-8", "surrogateescape")
    return _LONG_FORM.get(name, name), value


class Field(msgspec.Struct, frozen=True):
    """One header field as it stood: spelling, spacing, folds and all."""

    octets: bytes

    @classmethod
    def of(cls, name: str, value: str) -> Self:
        return cls(_octets(f"{name}: {value}"))

    @property
    def name(self) -> str:
        """Lower case and in the long form (RFC 3261 §7.3.3)."""
        return _read_line(self.octets)[0]

    @property
    def value(self) -> str:
        """Unfolded and stripped; octets that are not UTF-8 survive as surrogates."""
        return _read_line(self.octets)[1]


class Message(msgspec.Struct, frozen=True, dict=True):
    """A request or a response; ``bytes(Message.parse(octets)) == octets``."""

    start: bytes
    fields: tuple[Field, ...]
    body: bytes = b""

    @classmethod
    @remembered(256)
    def parse(cls, octets: bytes) -> Self:
        """Take apart at the blank line only; Malformed when there is none."""
        head, blank, body = octets.partition(CRLF + CRLF)
        if not blank:
            raise Malformed("no blank line closes the header", octets, len(octets))
        start, *lines = _LINE_END.split(head)
        return cls(start, tuple(map(Field, lines)), body)

    @classmethod
    def request(
        cls, method: str, uri: str, fields: Iterable[Field], body: bytes = b""
    ) -> Self:
        """A request with a Content-Length that is true (RFC 3261 §20.14)."""
        length = Field.of("Content-Length", str(len(body)))
        return cls(_octets(f"{method} {uri} SIP/2.0"), (*fields, length), body)

    @classmethod
    def response(
        cls, status: int, reason: str, fields: Iterable[Field], body: bytes = b""
    ) -> Self:
        """A response with a Content-Length that is true."""
        length = Field.of("Content-Length", str(len(body)))
        return cls(_octets(f"SIP/2.0 {status} {reason}"), (*fields, length), body)

    def __bytes__(self) -> bytes:
        return CRLF.join([self.start, *(f.octets for f in self.fields), b"", self.body])

    @read_once
    def headers(self) -> Mapping[str, tuple[str, ...]]:
        """The values of every field, in order, by lower-case long name; read once, for
        it is asked a hundred times a message."""
        read: dict[str, tuple[str, ...]] = {}
        for one in self.fields:
            name, value = _read_line(one.octets)
            read[name] = (*read.get(name, ()), value)
        return read

    def all(self, name: str) -> tuple[str, ...]:
        """Every value of that field, in order, one entry per header line."""
        return self.headers.get(name.lower(), ())

    def first(self, name: str) -> str:
        """The topmost value, or an empty text: absence is the judge's affair."""
        known = self.headers.get(name.lower())
        return known[0] if known else ""

    def under(self, field: Field) -> Self:
        """A copy with one field laid on top; no other octet moves."""
        return replace(self, fields=(field, *self.fields))

    def without(self, name: str) -> Self:
        """A copy that lacks every field of that name."""
        kept = tuple(f for f in self.fields if f.name != name.lower())
        return replace(self, fields=kept)

    @read_once
    def status(self) -> int:
        """The status code of a response; 0 for a request."""
        found = _STATUS.match(self.start)
        return int(found[1]) if found else 0

    @property
    def reason(self) -> str:
        """The reason phrase of a response; empty for a request."""
        if not self.status:
            return ""
        text = self.start.decode("utf-8", "surrogateescape")
        return text.partition(" ")[2].partition(" ")[2]

    @read_once
    def method(self) -> str:
        """What a request asks, or what a response answers (from its CSeq)."""
        if self.status:
            return next(iter(self.first("cseq").split()[-1:]), "")
        return self.start.partition(b" ")[0].decode("latin-1")

    @property
    def uri(self) -> str:
        """The Request-URI as it stood; empty for a response."""
        if self.status:
            return ""
        text = self.start.decode("utf-8", "surrogateescape")
        return text.partition(" ")[2].rpartition(" ")[0]
