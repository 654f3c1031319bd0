"""The TLS secrets of this process, handed to whoever made the connection.

The NSS key log format (RFC 9850 §2): a line is a label, the client's random, a secret.
Contexts are shared by networks, so the log is one, and each network claims the lines
of its own connections by the randoms that it saw in its ClientHellos.
"""

import atexit
import os
import tempfile
from collections.abc import Iterable
from pathlib import Path

from ringback.net import unseen

_RANDOM = slice(11, 43)  # behind record header, message header and version
_MOST_RANDOMS = 10_000  # kept, whether claimed or not
_ROOM = 1 << 20  # octets after which the file starts anew


def random_of(hello: bytes) -> bytes:
    """The random of a ClientHello, or nothing when the octets are no such thing."""
    if len(hello) < 43 or hello[0] != 22 or hello[5] != 1:
        return b""
    return hello[_RANDOM]


class KeyLog:
    """Reads what OpenSSL appends; each line once, whichever side logged it."""

    def __init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        """A log of one's own; a forked process must not share its parent's."""
        self._descriptor = unseen.in_memory("ringback-keylog")
        if self._descriptor >= 0:
            self.path = unseen.path_of(self._descriptor)
        else:
            self._descriptor, self.path = tempfile.mkstemp(prefix="ringback-")  # 0600
            atexit.register(Path(self.path).unlink, missing_ok=True)
        self._at = 0
        self._lines: dict[bytes, dict[bytes, None]] = {}

    def claim(self, randoms: Iterable[bytes]) -> bytes:
        """The lines of those handshakes, one after the other; they stay known."""
        self._read()
        return b"".join(
            b"".join(self._lines.get(r.hex().encode(), ())) for r in randoms
        )

    def _read(self) -> None:
        size = os.fstat(self._descriptor).st_size
        fresh = os.pread(self._descriptor, size - self._at, self._at)
        whole = fresh[: fresh.rfind(b"\n") + 1]
        self._at += len(whole)
        if self._at == size > _ROOM:
            os.ftruncate(self._descriptor, 0)  # OpenSSL appends, wherever the end is
            self._at = 0
        for line in whole.splitlines(keepends=True):
            _label, random, *_ = line.split(b" ")
            self._lines.setdefault(random, {})[line] = None
        while len(self._lines) > _MOST_RANDOMS:
            del self._lines[next(iter(self._lines))]


KEYLOG = KeyLog()
os.register_at_fork(after_in_child=KEYLOG.begin)
