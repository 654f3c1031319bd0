"""Where one message on a stream ends and the next begins.

RFC 3261 §18.3 and §7.5 (Content-Length decides), RFC 5626 §3.5.1 (keep-alives).
"""

import re

import msgspec

from ringback.faults import Malformed
from ringback.wire.message import CRLF, Message

_BARE_LF = re.compile(rb"(?<!\r)\n")
_BEGINNING = re.compile(rb"[A-Za-z0-9\-.!%*_+`'~]")


class KeepAlive(msgspec.Struct, frozen=True):
    """Line ends between messages: two are a ping, one answers a ping or is noise."""

    ping: bool


class TooLong(Malformed):
    """Sound as far as it can be seen, and more than this reader takes."""


Item = Message | KeepAlive | Malformed


class Framer:
    """Cuts one direction of one stream; feed it octets cut at any place.

    What follows a Malformed cannot be framed: the stream is ``dead``, ``pending``
    starts with the broken message, and whatever is fed later is not kept. Who only
    looks on is ``lenient``: a message that tells neither length nor type of a body has
    none, so that one missing field does not hide all that follows.
    """

    def __init__(
        self, max_header: int = 65536, max_body: int = 1 << 20, *, lenient: bool = False
    ) -> None:
        self.dead = False
        self._lenient = lenient
        self._max_header = max_header
        self._max_body = max_body
        self._unread = bytearray()
        self._searched = 0  # no blank line starts before this
        self._head: Message | None = None  # the message that waits for its body
        self._end = 0  # where that body ends
        self._half_ping = False

    @property
    def pending(self) -> bytes:
        """Octets that no item has covered yet."""
        return bytes(self._unread)

    @property
    def busy(self) -> bool:
        """Whether some are."""
        return bool(self._unread)

    def feed(self, octets: bytes) -> list[Item]:
        """The items that these octets complete, in order.

        A ping that arrives in two halves is reported as an answer, then as a ping.
        """
        if self.dead:
            return []
        self._unread += octets
        items: list[Item] = []
        try:
            while item := self._next():
                items.append(item)
        except Malformed as fault:
            self.dead = True
            items.append(fault)
        return items

    def _next(self) -> Item | None:
        if self._head is None:
            alive = self._keep_alive()
            if alive or not self._header_is_complete():
                return alive
        if self._head is None or len(self._unread) < self._end:
            return None
        return Message.parse(self._take(self._end))

    def _keep_alive(self) -> KeepAlive | None:
        """RFC 3261 §7.5: empty lines before a start line are passed over."""
        unread = self._unread
        if not unread.startswith(CRLF):
            if unread and unread != b"\r":
                self._half_ping = False
            return None
        if self._half_ping:
            self._take(2)
            self._half_ping = False
            return KeepAlive(ping=True)
        whole = unread.startswith(CRLF + CRLF)
        self._take(4 if whole else 2)
        self._half_ping = not whole
        return KeepAlive(ping=whole)

    def _header_is_complete(self) -> bool:
        unread = self._unread
        if not unread or unread == b"\r":
            return False
        blank = unread.find(CRLF + CRLF, self._searched)
        end = blank + 4 if blank >= 0 else len(unread)
        self._inspect(end)
        if blank < 0:
            self._searched = max(0, len(unread) - 3)
            return False
        self._head = Message.parse(bytes(unread[:end]))
        self._end = end + self._body_length(self._head, end)
        return True

    def _inspect(self, end: int) -> None:
        """Refuse at once what can never become a header."""
        unread, start = self._unread, self._searched
        if unread.count(b"\n", start, end) != unread.count(CRLF, start, end):
            stray = _BARE_LF.search(unread, start, end)
            if stray:
                raise self._broken("a line ends in LF without CR", stray.start())
        if not _BEGINNING.match(unread):
            raise self._broken("no SIP message begins like this", 0)
        if end > self._max_header:
            why = f"the header is longer than {self._max_header} octets"
            raise TooLong(why, bytes(unread), self._max_header)

    def _body_length(self, head: Message, end: int) -> int:
        """RFC 3261 §20.14: on a stream the length must be said, once, and truly."""
        said = head.all("content-length")
        if not said and self._lenient and _is_bodiless(head):
            return 0
        if not said:
            raise self._broken("no Content-Length on a stream", end - 2)
        first = self._length(head, said, 0)
        for nth in range(1, len(said)):
            if self._length(head, said, nth) != first:
                why = "Content-Length fields contradict"
                raise self._broken(why, _place(head, nth))
        return first

    def _length(self, head: Message, said: tuple[str, ...], nth: int) -> int:
        digits = said[nth]
        if not (digits.isascii() and digits.isdigit()):
            raise self._broken("Content-Length is no number", _place(head, nth))
        if len(digits.lstrip("0")) > 18 or int(digits[-18:]) > self._max_body:
            why = f"the body is longer than {self._max_body} octets"
            raise TooLong(why, bytes(self._unread), _place(head, nth))
        return int(digits[-18:])

    def _take(self, count: int) -> bytes:
        taken = bytes(self._unread[:count])
        del self._unread[:count]
        self._searched = 0
        self._head = None
        return taken

    def _broken(self, why: str, at: int) -> Malformed:
        return Malformed(why, bytes(self._unread), at)


def _is_bodiless(head: Message) -> bool:
    """Whether this is SIP, and speaks of no body."""
    spoken = head.status or head.start.upper().endswith(b" SIP/2.0")
    return bool(spoken) and not head.first("content-type")


def _place(head: Message, nth: int) -> int:
    """The octet behind the colon of that Content-Length, counting from 0."""
    at = len(head.start) + 2
    for field in head.fields:
        if field.name == "content-length":
            if not nth:
                return at + field.octets.find(b":") + 1
            nth -= 1
        at += len(field.octets) + 2
    return at
