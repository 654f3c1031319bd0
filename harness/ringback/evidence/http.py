"""HTTP/1.1 messages on one direction of a stream.

RFC 9112 §2 (start lines), §5 (fields), §6 (how long the body is), §7.1 (chunks). h11
reads HTTP for the peers; the judge reads with eyes of its own.
"""

import re
from collections import deque

import msgspec

from ringback.faults import Malformed

_START = re.compile(
    rb"(?:HTTP/1\.[01] (\d{3})(?: [^\r\n]*)?|([!-~]+) [!-~]+ HTTP/1\.[01])\Z"
)
_SIZE = re.compile(rb"([0-9a-fA-F]{1,8})[ \t]*(?:;[^\r\n]*)?\Z")
_LARGEST_HEAD = 65536


class HttpMessage(msgspec.Struct, frozen=True):
    """``start`` is the request or status line; header names are lower case."""

    start: str
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def header(self, name: str) -> str:
        return next((v for k, v in self.headers if k == name), "")


class HttpStream:
    """Feed it octets cut at any place.

    ``methods`` is shared by both directions: requests append, responses take, because
    the method decides whether a response has a body.
    """

    def __init__(self, methods: deque[str]) -> None:
        self.dead = False
        self._methods = methods
        self._unread = b""
        self._head: HttpMessage | None = None
        self._length = 0  # -1: chunked, -2: until the stream ends
        self._chunks: list[bytes] = []

    @property
    def pending(self) -> bytes:
        """Octets that no message has covered yet."""
        return self._unread

    def feed(self, octets: bytes) -> list[HttpMessage | Malformed]:
        """What these octets complete; nothing after a Malformed."""
        found: list[HttpMessage | Malformed] = []
        if self.dead:
            return found
        self._unread += octets
        try:
            while message := self._next():
                found.append(message)
        except Malformed as fault:
            self.dead = True
            found.append(fault)
        return found

    def finish(self) -> HttpMessage | None:
        """The response whose body lasted until the stream's end."""
        if self._head is None or self._length != -2:
            return None
        return self._complete(self._unread, len(self._unread))

    def _next(self) -> HttpMessage | None:
        if self._head is None and not self._begin():
            return None
        if self._length == -1:
            return self._chunked()
        if self._length == -2 or len(self._unread) < self._length:
            return None
        return self._complete(self._unread[: self._length], self._length)

    def _complete(self, body: bytes, used: int) -> HttpMessage | None:
        head, self._head = self._head, None
        self._unread = self._unread[used:]
        return head and HttpMessage(head.start, head.headers, body)

    def _begin(self) -> bool:
        head, blank, rest = self._unread.lstrip(b"\r\n").partition(b"\r\n\r\n")
        if not blank:
            if len(head) > _LARGEST_HEAD:
                raise Malformed("the header has no end", head, len(head))
            return False
        start, *lines = head.split(b"\r\n")
        found = _START.match(start)
        if not found:
            raise Malformed("not an HTTP start line", self._unread, 0)
        fields = tuple(map(_field, lines))
        self._head = HttpMessage(start.decode("latin-1"), fields, b"")
        self._unread = rest
        status = int(found[1] or 0)
        if not status:
            self._methods.append(found[2].decode("latin-1"))
        self._length = self._body_length(self._head, status)
        return True

    def _body_length(self, head: HttpMessage, status: int) -> int:
        """RFC 9112 §6.3, in its order."""
        asked = self._methods.popleft() if status >= 200 and self._methods else ""
        if asked == "HEAD" or 0 < status < 200 or status in (204, 304):
            return 0
        if "chunked" in head.header("transfer-encoding").lower():
            return -1
        length = head.header("content-length")
        if length:
            if not (length.isascii() and length.isdigit()):
                raise Malformed("Content-Length is no number", length.encode(), 0)
            return int(length)
        return -2 if status else 0

    def _chunked(self) -> HttpMessage | None:
        while True:
            line, end, rest = self._unread.partition(b"\r\n")
            if not end:
                return None
            found = _SIZE.match(line)
            if not found:
                raise Malformed("not a chunk size", self._unread, 0)
            size = int(found[1], 16)
            if size == 0:
                return self._trailed(line)
            if len(rest) < size + 2:
                return None
            self._chunks.append(rest[:size])
            self._unread = rest[size + 2 :]

    def _trailed(self, line: bytes) -> HttpMessage | None:
        """The last chunk, trailer fields (passed over), and an empty line."""
        rest = self._unread[len(line) :]
        end = rest.find(b"\r\n\r\n")
        if end < 0:
            return None
        body = b"".join(self._chunks)
        self._chunks = []
        return self._complete(body, len(line) + end + 4)


def _field(line: bytes) -> tuple[str, str]:
    name, colon, value = line.partition(b":")
    if not colon:
        raise Malformed("a header line without a colon", line, len(line))
    return name.decode("latin-1").lower(), value.strip().decode("latin-1")
