"""HTTP/1.1 messages as they stood on a stream, and Basic credentials.

RFC 9112 §2, §6 and §7.1 (framing); RFC 7617 §2 (Basic). For who watches a stream; a
server or client that takes part in one lets h11 judge.
"""

import base64
import binascii
import re

import msgspec

from ringback.faults import Malformed

_TOKEN = rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_START = re.compile(
    rb"(?:HTTP/1\.[01] [1-5]\d\d(?: |$)|" + _TOKEN + rb" \S+ HTTP/1\.[01]$)"
)
_SIZE = re.compile(rb"[0-9A-Fa-f]{1,8}")
_LONGEST_HEAD = 1 << 16
_BODILESS = frozenset({204, 304})


class HttpMessage(msgspec.Struct, frozen=True):
    """One request or response; ``bytes`` gives what the stream held.

    Header names are lower case; ``body`` is without the marks of chunks.
    """

    octets: bytes
    start: str
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def __bytes__(self) -> bytes:
        return self.octets

    def header(self, name: str) -> str:
        """The first value of that header, or an empty text."""
        return next((v for k, v in self.headers if k == name.lower()), "")

    @property
    def status(self) -> int:
        """The status code of a response; 0 for a request."""
        return int(self.start.split()[1]) if self.start.startswith("HTTP/") else 0


class HttpFramer:
    """Cuts one direction of a connection into messages."""

    __slots__ = ("dead", "pending")

    def __init__(self) -> None:
        self.pending = b""
        self.dead = False  # after Malformed nothing can be cut any more

    def feed(self, octets: bytes) -> list[HttpMessage | Malformed]:
        """What became whole; a broken stream gives one Malformed, then nothing.

        A response without a length lasts until ``end``.
        """
        self.pending += octets
        found: list[HttpMessage | Malformed] = []
        while self.pending and not self.dead:
            try:
                message = _cut(self.pending)
            except Malformed as error:
                self.dead = True
                return [*found, error]
            if message is None:
                break
            self.pending = self.pending[len(message.octets) :]
            found.append(message)
        return found

    def end(self) -> list[HttpMessage | Malformed]:
        """The stream is over: what a close completes, or cut short."""
        rest, self.pending = self.pending, b""
        if not rest or self.dead:
            return []
        head, blank, body = rest.partition(b"\r\n\r\n")
        if blank and rest.startswith(b"HTTP/"):
            start, headers = _head(head, rest)
            if not {k for k, _ in headers} & {"content-length", "transfer-encoding"}:
                return [HttpMessage(rest, start, headers, body)]
        return [Malformed("the stream ends inside a message", rest, len(rest))]


def _cut(octets: bytes) -> HttpMessage | None:
    """The first whole message, or None when more must come."""
    head, blank, rest = octets.partition(b"\r\n\r\n")
    if not blank:
        if len(octets) > _LONGEST_HEAD:
            raise Malformed("the header does not end", octets, _LONGEST_HEAD)
        return None
    start, headers = _head(head, octets)
    names = dict(reversed(headers))
    if names.get("transfer-encoding", "").lower() == "chunked":
        taken, body, whole = _chunks(rest, octets)
    else:
        taken, whole = _length(start, names, octets), True
        body = rest[:taken]
    if not whole or taken < 0 or len(rest) < taken:
        return None
    return HttpMessage(octets[: len(head) + 4 + taken], start, headers, body)


def _head(head: bytes, octets: bytes) -> tuple[str, tuple[tuple[str, str], ...]]:
    first, *lines = head.split(b"\r\n")
    if not _START.match(first):
        raise Malformed("neither a request line nor a status line", octets, 0)
    headers = []
    for line in lines:
        name, colon, value = line.decode("latin-1").partition(":")
        if not colon or not name or name != name.strip():
            raise Malformed("a header line is no header", octets, octets.find(line))
        headers.append((name.lower(), value.strip()))
    return first.decode("latin-1"), tuple(headers)


def _length(start: str, names: dict[str, str], octets: bytes) -> int:
    """How many octets of body follow; -1 for all until the stream ends."""
    status = int(start.split()[1]) if start.startswith("HTTP/") else 0
    if status and (status in _BODILESS or status < 200):
        return 0
    written = names.get("content-length")
    if written is None:
        return -1 if status else 0
    if not written.isascii() or not written.isdigit():
        raise Malformed(f"Content-Length {written!r} is no length", octets, 0)
    return int(written)


def _chunks(rest: bytes, octets: bytes) -> tuple[int, bytes, bool]:
    """Octets taken, the body they mean, and whether the last chunk was among them."""
    body: list[bytes] = []
    at = 0
    while True:
        end = rest.find(b"\r\n", at)
        if end < 0:
            return at, b"", False
        size = _SIZE.match(rest, at)
        if not size:
            raise Malformed("a chunk has no size", octets, len(octets) - len(rest) + at)
        length = int(size[0], 16)
        if not length:
            close = rest.find(b"\r\n\r\n", end)
            return close + 4, b"".join(body), close >= 0
        body.append(rest[end + 2 : end + 2 + length])
        at = end + 2 + length + 2


def basic(user: str, password: str) -> str:
    """The value of Authorization."""
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def credentials(authorization: str) -> tuple[str, str] | None:
    """Name and password; None for any other scheme and for what cannot be read."""
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        told = base64.b64decode(token.strip(), validate=True)
    except (binascii.Error, ValueError):
        return None
    name, colon, password = _text(told).partition(":")
    return (name, password) if colon else None


def _text(told: bytes) -> str:
    """UTF-8, as the challenge asks for; else what older clients mean."""
    try:
        return told.decode()
    except UnicodeDecodeError:
        return told.decode("latin-1")
