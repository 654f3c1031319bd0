"""A MIME multipart body that forgets no octet.

RFC 2046 §5.1.1 (boundaries, preamble, epilogue), RFC 5621 §3 (multipart in SIP).
"""

import re
from collections.abc import Iterable, Iterator
from typing import Self

import msgspec

from ringback.faults import Malformed, Misuse
from ringback.wire.headers import disposition, media_type
from ringback.wire.message import CRLF, Field, malformed
from ringback.wire.parameters import quoted

_LINE_END = re.compile(rb"\r\n(?![ \t])")
_BOUNDARY = re.compile(r"[0-9A-Za-z'()+_,\-./:=? ]{0,69}[0-9A-Za-z'()+_,\-./:=?]")
_TAIL = re.compile(rb"(--)?[ \t]*(?=\r\n|\Z)")
_PLAIN = re.compile(r"[0-9A-Za-z'+_\-.]+")


class Part(msgspec.Struct, frozen=True):
    """One body part; its octets are its fields, an empty line and its body."""

    headers: tuple[Field, ...]
    body: bytes

    @classmethod
    def of(cls, content_type: str, body: bytes, content_disposition: str = "") -> Self:
        fields = [Field.of("Content-Type", content_type)]
        if content_disposition:
            fields.append(Field.of("Content-Disposition", content_disposition))
        return cls(tuple(fields), body)

    @classmethod
    def parse(cls, octets: bytes) -> Self:
        """A part may begin with the empty line, then it has no fields."""
        if octets.startswith(CRLF):
            return cls((), octets[2:])
        head, blank, body = octets.partition(CRLF + CRLF)
        if not blank:
            why = "no blank line closes the part's header"
            raise Malformed(why, octets, len(octets))
        return cls(tuple(map(Field, _LINE_END.split(head))), body)

    def __bytes__(self) -> bytes:
        return CRLF.join([*(f.octets for f in self.headers), b"", self.body])

    def first(self, name: str) -> str:
        """The topmost value, or an empty text."""
        wanted = name.lower()
        return next((f.value for f in self.headers if f.name == wanted), "")

    @property
    def type(self) -> str:
        """``type/subtype`` in lower case; ``text/plain`` when the part says none."""
        return media_type(self.first("content-type"))[0] or "text/plain"

    @property
    def disposition(self) -> tuple[str, dict[str, str]]:
        """``session``, ``render`` … and parameters; empty when the part says none."""
        return disposition(self.first("content-disposition"))


class Multipart(msgspec.Struct, frozen=True):
    """``octets`` is the whole body, preamble and epilogue included."""

    octets: bytes
    boundary: str
    parts: tuple[Part, ...]
    kind: str = "multipart/mixed"

    @classmethod
    def of(
        cls, parts: Iterable[Part], boundary: str, kind: str = "multipart/mixed"
    ) -> Self:
        """Compose a body; Misuse when the boundary is none or occurs in a part."""
        whole = tuple(parts)
        line = b"--" + boundary.encode()
        if not _BOUNDARY.fullmatch(boundary) or not whole:
            raise Misuse(f"{boundary!r} is no boundary, or there are no parts")
        if any(line in bytes(part) for part in whole):
            raise Misuse(f"the boundary {boundary!r} occurs in a part")
        octets = b"".join(line + CRLF + bytes(p) + CRLF for p in whole)
        return cls(octets + line + b"--" + CRLF, boundary, whole, kind)

    def __bytes__(self) -> bytes:
        return self.octets

    @property
    def content_type(self) -> str:
        """The value for the Content-Type field of the message around it."""
        plain = _PLAIN.fullmatch(self.boundary)
        return (
            f"{self.kind};boundary={self.boundary if plain else quoted(self.boundary)}"
        )

    def part(self, kind: str) -> Part | None:
        """The first part of that ``type/subtype``."""
        return next((p for p in self.parts if p.type == kind.lower()), None)


def parse(content_type: str, body: bytes) -> Multipart:
    """Read a body by the value of its Content-Type; Malformed when it is not whole."""
    kind, params = media_type(content_type)
    boundary = params.get("boundary", "")
    if not kind.startswith("multipart/") or not _BOUNDARY.fullmatch(boundary):
        raise malformed("no multipart type with a boundary", content_type)
    return Multipart(body, boundary, _parts(body, boundary.encode()), kind)


def _parts(body: bytes, boundary: bytes) -> tuple[Part, ...]:
    parts: list[Part] = []
    start = -1
    for begins, tail in _delimiters(body, b"--" + boundary):
        if start >= 0:
            parts.append(Part.parse(body[start:begins]))
        if tail[1]:
            if parts:
                return tuple(parts)
            raise Malformed("a multipart without a part", body, begins)
        start = tail.end() + 2
    raise Malformed("no closing boundary", body, len(body))


def _delimiters(body: bytes, line: bytes) -> Iterator[tuple[int, re.Match[bytes]]]:
    """RFC 2046 §5.1.1: where each begins, its CRLF included, and how it goes on. A
    pattern made for a boundary that comes once costs more than all the rest."""
    at = 0
    while (found := body.find(line, at)) >= 0:
        begins = found - 2 if body[max(at, found - 2) : found] == CRLF else found
        tail = _TAIL.match(body, found + len(line))
        if tail and (begins < found or not found):
            yield begins, tail
            at = tail.end()
        else:
            at = found + 1
