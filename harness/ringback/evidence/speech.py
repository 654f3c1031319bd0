"""What one direction of a stream says: SIP, HTTP, or nothing that can be read.

RFC 3261 §7.1 and §7.2, RFC 9112 §2: the first line tells. Ports do not.
"""

import re
from collections import deque
from enum import StrEnum

from ringback.evidence.http import HttpMessage, HttpStream
from ringback.faults import Malformed
from ringback.wire.framing import Framer, KeepAlive
from ringback.wire.message import Message

_SIP = re.compile(rb"SIP/\d|[^\r\n]* SIP/\d\.\d[ \t]*\r?\n", re.IGNORECASE)
_HTTP = re.compile(rb"HTTP/1\.|[!-~]+ [!-~]+ HTTP/1\.[01]\r\n")
_LATER_START = re.compile(rb"[A-Z]{2,32} \S+ SIP/2\.0\r\n|SIP/2\.0 \d{3} [^\r\n]*\r\n")
_PATIENCE = 8192  # octets without a line end

Said = Message | HttpMessage | Malformed


class Tongue(StrEnum):
    UNKNOWN = ""
    SIP = "SIP"
    HTTP = "HTTP"
    NEITHER = "neither SIP nor HTTP"


class Speech:
    """Feed it plaintext cut at any place. When the capture does not hold its beginning,
    ``skipped`` counts what could not be placed.

    ``other`` is the opposite direction, known once both exist.
    """

    def __init__(self, methods: deque[str], expected: Tongue) -> None:
        self.tongue = Tongue.UNKNOWN
        self.other: Speech | None = None
        self.skipped = 0
        self._began = True
        self._expected = expected
        self._methods = methods
        self._unread = b""
        self._reader: Framer | HttpStream | None = None

    def begins(self, began: bool) -> None:
        """Said before the first octets, once it is known."""
        self._began = began

    def is_between(self) -> bool:
        """Whether nothing has begun that is not whole."""
        reader = self._reader
        return not self._unread and not (isinstance(reader, Framer) and reader.busy)

    def feed(self, octets: bytes) -> list[Said | KeepAlive]:
        """What these octets complete; broken octets as Malformed."""
        if self._reader is None:
            octets = self._unread + octets
            self._unread = b""
            if not self._decided(octets):
                return []
            octets, self._unread = self._unread or octets, b""
        if self._reader is None:
            return [Malformed("neither SIP nor HTTP", octets, 0)]
        if self._reader.dead:
            return [Malformed("it follows broken octets", octets, 0)]
        return [*self._reader.feed(octets)]

    def interrupted(self) -> list[Said]:
        """Octets are missing: what was begun is lost, and a new start is looked for."""
        lost = self._pending()
        self._reader, self._unread, self._began = None, b"", False
        self._expected, self.tongue = self.tongue or self._expected, Tongue.UNKNOWN
        return [Malformed("octets are missing behind it", lost, len(lost))] * bool(lost)

    def finish(self) -> list[Said]:
        """What the end of the stream completes, or leaves incomplete."""
        if isinstance(self._reader, HttpStream):
            last = self._reader.finish()
            if last is not None:
                return [last]
        lost = self._pending()
        if not lost.strip(b"\r\n") or (self._reader is not None and self._reader.dead):
            return []
        return [Malformed("the stream ends inside a message", lost, len(lost))]

    def _pending(self) -> bytes:
        return self._reader.pending if self._reader is not None else self._unread

    def _decided(self, octets: bytes) -> bool:
        """Chooses a reader; leaves in ``_unread`` what is to be read with it."""
        start = octets.lstrip(b"\r\n")
        if not start:
            return False
        if _SIP.match(start):
            return self._speaks(Tongue.SIP)
        if _HTTP.match(start):
            return self._speaks(Tongue.HTTP)
        if b"\n" not in start and len(start) < _PATIENCE:
            self._unread = octets
            return False
        if not self._began:
            return self._found_later(octets)
        spoken = self.other.tongue if self.other is not None else Tongue.UNKNOWN
        return self._speaks(spoken or self._expected or Tongue.NEITHER)

    def _speaks(self, tongue: Tongue) -> bool:
        self.tongue = tongue
        if tongue is Tongue.SIP:
            self._reader = Framer(lenient=True)
        elif tongue is Tongue.HTTP:
            self._reader = HttpStream(self._methods)
        return True

    def _found_later(self, octets: bytes) -> bool:
        """The stream begins inside a message: look for the next that begins."""
        found = _LATER_START.search(octets)
        keep = found.start() if found else max(len(octets) - _PATIENCE, 0)
        self.skipped += keep
        self._unread = octets[keep:]
        return self._speaks(Tongue.SIP) if found else False
