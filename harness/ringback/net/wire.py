"""One real stream: raw octets both ways, never blocking, never half forgotten."""

import asyncio
import errno
import socket
from collections.abc import Callable
from contextlib import suppress

from ringback.net.link import Link
from ringback.net.tape import Flow, Tape
from ringback.values import Address

_READ = 65536
_MOST_UNSENT = 8 << 20  # octets for a peer that does not read
_LINGER = 1.0  # seconds that the other side has to finish too
_BIND_LATE = 24  # IP_BIND_ADDRESS_NO_PORT: the port is chosen when connecting


class Wire:
    """The carrier of a link over TCP. ``let_go`` is called once it is done for."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        stream: socket.socket,
        link: Link,
        let_go: Callable[["Wire"], None],
    ) -> None:
        self._loop, self._stream, self.link = loop, stream, link
        self._let_go = let_go
        self._unsent = bytearray()
        self._finishing = False
        self._open = True
        self._ended = False  # the other side sent its FIN
        self._flow: Flow | None = None
        self._tape: Tape | None = None
        self._clock: Callable[[], int] = int
        stream.setblocking(False)
        stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def taped(self, tape: Tape, clock: Callable[[], int]) -> None:
        """Have the raw octets taken down, stamped by a clock of nanoseconds."""
        self._tape, self._clock = tape, clock

    @property
    def busy(self) -> bool:
        """Something is still to come of it by itself."""
        return bool(self._unsent) or self._finishing or not self.link.opened

    def dial(self, host: str, target: Address) -> None:
        """Connect from that host; ``link`` stands, or is lost. OSError at once when
        the host is not ours."""
        with suppress(OSError):  # Linux knows it; without it the port is chosen now
            self._stream.setsockopt(socket.IPPROTO_IP, _BIND_LATE, 1)
        self._stream.bind((host, 0))
        code = self._stream.connect_ex((target.host, target.port))
        if code not in (0, errno.EINPROGRESS):
            raise OSError(code, _words(code))
        self._loop.add_writer(self._stream, self._connected)

    def accept(self) -> None:
        """The stream stands already."""
        self._stand()

    def _connected(self) -> None:
        self._loop.remove_writer(self._stream)
        code = self._stream.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if code:
            self._break(_words(code))
        else:
            self._stand()

    def _stand(self) -> None:
        try:
            local = _address(self._stream.getsockname())
            remote = _address(self._stream.getpeername())
        except OSError as trouble:  # gone before it was looked at
            self._break(_words(trouble.errno or 0))
            return
        if self._tape is not None:
            ends = (remote, local) if self.link.accepted else (local, remote)
            self._flow = self._tape.opened(*ends, self._clock())
        self._loop.add_reader(self._stream, self._readable)
        self.link.stands(self, local, remote)

    # What the link asks for.

    def send(self, octets: bytes) -> None:
        if self._finishing or not self._open:
            return
        self._take_down(ours=True, octets=octets)
        if not self._unsent:
            try:
                octets = octets[self._stream.send(octets) :]
            except BlockingIOError:
                pass
            except OSError:
                return  # the reading side learns why, and tells
        if octets:
            if not self._unsent:
                self._loop.add_writer(self._stream, self._writable)
            self._unsent += octets
            if len(self._unsent) > _MOST_UNSENT:
                self._loop.call_soon(self._break, "the other side does not read")

    def finish(self) -> None:
        if self._finishing or not self._open:
            return
        self._finishing = True
        if not self._unsent:
            self._shut()
        self._loop.call_later(_LINGER, self.abort)

    def abort(self) -> None:
        """Close now: a FIN when nothing is owed, else a RST."""
        if not self._open:
            return
        if self._unsent or not self._finishing:
            linger = b"\1\0\0\0\0\0\0\0"  # on, for no time: RST
            with suppress(OSError):
                self._stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            self._end(ours=True, reset=True)
        self._drop()

    # What the loop tells.

    def _readable(self) -> None:
        try:
            octets = self._stream.recv(_READ)
        except (BlockingIOError, InterruptedError):
            return
        except OSError as trouble:
            self._break(_words(trouble.errno or 0), reset=True)
            return
        if octets:
            self._take_down(ours=False, octets=octets)
            self.link.take(octets)
            return
        self._ended = True
        self._end(ours=False, reset=False)
        self._loop.remove_reader(self._stream)
        if self._finishing and not self._unsent:
            self._drop()
        else:
            self.link.gone()
            self.finish()

    def _writable(self) -> None:
        try:
            sent = self._stream.send(self._unsent)
        except (BlockingIOError, InterruptedError):
            return
        except OSError as trouble:
            self._break(_words(trouble.errno or 0), reset=True)
            return
        del self._unsent[:sent]
        if not self._unsent:
            self._loop.remove_writer(self._stream)
            if self._finishing:
                self._shut()

    def _shut(self) -> None:
        with suppress(OSError):
            self._stream.shutdown(socket.SHUT_WR)
        self._end(ours=True, reset=False)
        if self._ended:
            self._drop()

    def _break(self, why: str, *, reset: bool = False) -> None:
        """The stream is of no more use."""
        if not self._open:
            return
        if reset:
            self._end(ours=False, reset=True)
        self._finishing = True
        self._unsent.clear()
        self._drop()
        self.link.gone(why)

    def _drop(self) -> None:
        self._open = False
        self._loop.remove_reader(self._stream)
        self._loop.remove_writer(self._stream)
        self._stream.close()
        if self._flow is not None and self._tape is not None:
            self._tape.left(self._flow)
        self._let_go(self)

    def _take_down(self, *, ours: bool, octets: bytes) -> None:
        flow = self._flow
        if flow is not None and self._tape is not None and (ours or not flow.shared):
            from_client = ours is not self.link.accepted
            self._tape.octets(flow, from_client, octets, self._clock())

    def _end(self, *, ours: bool, reset: bool) -> None:
        flow = self._flow
        if flow is not None and self._tape is not None and (ours or not flow.shared):
            from_client = ours is not self.link.accepted
            self._tape.closed(flow, from_client, reset, self._clock())


def _address(name: tuple[str, int]) -> Address:
    return Address(name[0], name[1])


def _words(code: int) -> str:
    known = {
        errno.ECONNREFUSED: "connection refused",
        errno.ECONNRESET: "connection reset",
        errno.EPIPE: "connection reset",
        errno.ETIMEDOUT: "no answer",
        errno.EADDRNOTAVAIL: "the own address cannot be used",
    }
    return known.get(code) or errno.errorcode.get(code, "stream broken").lower()
