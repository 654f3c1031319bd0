"""Real sockets under the same peers: one event loop, owned by the network.

Sources are bound to the seat's host before they connect, so that in a capture everybody
has an address of his own.
"""

import asyncio
import errno
import signal
import socket
import time
from collections.abc import Callable

from ringback.evidence.packets import CapturedPacket
from ringback.faults import Misuse, TestbedFault
from ringback.net.link import Link, Recalls
from ringback.net.loop import Loop
from ringback.net.network import Seated
from ringback.net.occupied import holder_of
from ringback.net.recorder import Recorder
from ringback.net.resolver import Resolver
from ringback.net.switchboard import Switchboard
from ringback.net.wire import Wire
from ringback.protocol.world import (
    Alarm,
    Bind,
    Cast,
    Fact,
    Heard,
    Hush,
    Listener,
    Rang,
    Release,
)
from ringback.values import Address

_BACKLOG = 128
_ROOM = 1 << 20  # octets of a media socket's buffers: 300 streams in phase fit
_AT_ONCE = 64  # datagrams or connections taken before others have their turn
_MOST_KNOWN = 4096  # sources of datagrams
_QUIET_TURNS = 3  # of the loop without a fact: nothing is on its way
Act = Callable[..., None]


class SocketNetwork(Switchboard):
    """TCP, UDP and TLS on real sockets; seconds are the wall's."""

    def __init__(
        self,
        resolver: Resolver | None = None,
        *,
        recorder: Recorder | None = None,
        handshake: float = 10.0,
        most: int = 512,
    ) -> None:
        """``most`` is how many connections one listener holds at a time."""
        super().__init__(resolver, handshake=handshake, cut=0)
        self.captured = "wire" if recorder else "taps"
        self._recorder = recorder
        self._most = most
        self._loop = Loop(self._mishap)
        self._recording = True  # what the endpoints saw
        self._taping = recorder is None  # raw octets, for want of a recorder
        self._cast_from: set[Address] = set()  # taken down already when sent
        self._told = 0  # facts, ever
        self._soon = 0  # acts that are to come at once
        self._base: float | None = None  # when the alarm being told was due
        self._listening: dict[Seated, list[socket.socket]] = {}
        self._bound: dict[tuple[Seated, int], socket.socket] = {}
        self._alarms: dict[tuple[Seated, str], asyncio.TimerHandle] = {}
        self._wires: dict[Wire, socket.socket | None] = {}  # and who accepted it
        self._known: dict[tuple[str, int], Address] = {}
        if recorder is not None:
            self._loop.aio.add_reader(recorder.fileno(), self._drain, recorder)

    @property
    def now(self) -> float:
        """Seconds on the loop's clock, which never goes back."""
        return self._loop.aio.time()

    def ns(self) -> int:
        return time.time_ns()

    def until(self, met: Callable[[], bool], within: float) -> bool:
        """Run until ``met()`` or until so many seconds are over; what a peer raised
        comes out here."""
        return self._loop.until(met, within)

    def settle(self, within: float) -> bool:
        """Run until nothing is pending, alarms included; False when time was up."""
        end = self.now + within
        while self.until(self._is_idle, end - self.now):
            told = self._told
            for _ in range(_QUIET_TURNS):
                self._loop.turn()
            if told == self._told and self._is_idle():
                return True
        return False

    def run(self, *signals: signal.Signals) -> signal.Signals | None:
        """Serve until one of the signals (given back) or ``stop``; nothing is recorded.

        What a peer raises is a line in the trace, and the others go on.
        """
        self._recording = self._taping = False
        self._tape.rewind()
        return self._loop.run(signals)

    def stop(self) -> None:
        """End ``run``; from any thread."""
        self._loop.stop()

    def end_scenario(self) -> list[CapturedPacket]:
        """Every packet since the scenario began, from the recorder where there is one.

        TestbedFault when the recorder died or lost packets.
        """
        if self._recorder is None:
            return super().end_scenario()
        return self._recorder.cut()

    def stood_still(self) -> float:
        return self._loop.late

    def begin_scenario(self, name: str) -> None:
        super().begin_scenario(name)
        self._loop.late = 0.0
        self._cast_from.clear()
        if self._recorder is not None:
            self._recorder.cut()

    def close(self) -> tuple[str, ...]:
        """Unseat all; what peers left open, one line each."""
        left = self._leftovers()
        for seat in list(self._seated):
            self.unseat(seat)
        self.until(lambda: not self._wires, within=0.2)
        for wire in list(self._wires):
            wire.abort()
        if self._recorder is not None:
            self._loop.aio.remove_reader(self._recorder.fileno())
        self._loop.aio.close()
        return left

    # Telling.

    def tell(self, seat: Seated, fact: Fact) -> None:
        self._told += 1
        super().tell(seat, fact)
        self._loop.happened()

    def saw(self, link: Link, sent: bool, octets: bytes) -> None:
        if self._recording:
            super().saw(link, sent, octets)

    def _is_idle(self) -> bool:
        busy = self._soon or self._alarms or any(wire.busy for wire in self._wires)
        return not busy

    def _drain(self, recorder: Recorder) -> None:
        try:
            recorder.drain()
        except TestbedFault:
            self._loop.aio.remove_reader(recorder.fileno())  # once is enough
            raise

    def _mishap(self, text: str) -> None:
        for seat in self._seated[:1]:
            self.note(seat, text)

    def _after(self, seconds: float, act: Act, *args: object) -> Recalls:
        if seconds:
            return self._loop.aio.call_later(seconds, act, *args)
        self._soon += 1
        return self._loop.aio.call_soon(self._now_act, act, *args)

    def _now_act(self, act: Act, *args: object) -> None:
        self._soon -= 1
        act(*args)

    # Alarms.

    def _alarm(self, seat: Seated, wish: Alarm) -> None:
        key = (seat, wish.alarm)
        if old := self._alarms.get(key):
            old.cancel()
        base = self._base if self._base is not None else self.now
        due = base + max(0.0, wish.after)
        self._alarms[key] = self._loop.aio.call_at(due, self._ring, key, due)

    def _hush(self, seat: Seated, wish: Hush) -> None:
        if old := self._alarms.pop((seat, wish.alarm), None):
            old.cancel()

    def _ring(self, key: tuple[Seated, str], due: float) -> None:
        del self._alarms[key]
        self._base = due  # an alarm set in answer is not late because this one was
        try:
            self.tell(key[0], Rang(key[1], due))
        finally:
            self._base = None

    # Streams.

    def _listen(self, seat: Seated, listener: Listener) -> None:
        stream = socket.socket(_family(seat.host), socket.SOCK_STREAM)
        try:
            stream.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            stream.setblocking(False)
            stream.bind((seat.host, listener.port))
            stream.listen(_BACKLOG)
        except OSError as trouble:
            stream.close()
            where = Address(seat.host, listener.port)
            raise _no_port(where, "tcp", trouble) from trouble
        self._listening.setdefault(seat, []).append(stream)
        self._loop.aio.add_reader(stream, self._accept, seat, listener, stream)

    def _deafen(self, seat: Seated) -> None:
        for stream in self._listening.pop(seat, []):
            self._loop.aio.remove_reader(stream)
            stream.close()
        for owner, alarm in [k for k in self._alarms if k[0] is seat]:
            self._hush(owner, Hush(alarm))

    def _accept(
        self, seat: Seated, listener: Listener, listening: socket.socket
    ) -> None:
        for _ in range(_AT_ONCE):
            try:
                stream, remote = listening.accept()
            except OSError:  # nobody more, or gone before they were let in
                return
            held = sum(by is listening for by in self._wires.values())
            if held >= self._most:
                self.note(seat, f"turned away {remote[0]}: {held} connections")
                stream.close()
                continue
            link = self._accepted(seat, listener)
            self._wire(stream, link, listening).accept()

    def _dial(self, link: Link, target: Address) -> None:
        stream = socket.socket(_family(target.host), socket.SOCK_STREAM)
        wire = self._wire(stream, link, None)
        try:
            wire.dial(link.seat.host, target)
        except OSError as trouble:
            self._wires.pop(wire)
            stream.close()
            why = f"cannot connect to {target}: {trouble.strerror or trouble}"
            self._after(0.0, self._fail, link, why)

    def _wire(
        self, stream: socket.socket, link: Link, listening: socket.socket | None
    ) -> Wire:
        wire = Wire(self._loop.aio, stream, link, self._let_go)
        if self._taping:
            wire.taped(self._tape, self.ns)
        self._wires[wire] = listening
        return wire

    def _let_go(self, wire: Wire) -> None:
        self._wires.pop(wire, None)
        self._loop.happened()

    # Datagrams.

    def _bind(self, seat: Seated, wish: Bind) -> None:
        port = wish.port
        media = socket.socket(_family(seat.host), socket.SOCK_DGRAM)
        try:
            for option in (socket.SO_RCVBUF, socket.SO_SNDBUF):
                media.setsockopt(socket.SOL_SOCKET, option, _ROOM)
            media.setblocking(False)
            media.bind((seat.host, port))
        except OSError as trouble:
            media.close()
            raise _no_port(Address(seat.host, port), "udp", trouble) from trouble
        self._bound[seat, port] = media
        seat.sources[port] = Address(seat.host, port)
        self._loop.aio.add_reader(media, self._hear, seat, port, media)

    def _release(self, seat: Seated, wish: Release) -> None:
        seat.sources.pop(wish.port, None)
        if media := self._bound.pop((seat, wish.port), None):
            self._loop.aio.remove_reader(media)
            media.close()

    def _cast(self, seat: Seated, wish: Cast) -> None:
        source, media = seat.sources.get(wish.port), self._bound.get((seat, wish.port))
        if source is None or media is None:
            raise TestbedFault(f"{seat.name} casts from port {wish.port}, not bound")
        try:
            target = Address(self.resolver.address(wish.target.host), wish.target.port)
            media.sendto(wish.octets, (target.host, target.port))
        except (LookupError, OSError) as trouble:
            self.note(seat, f"datagram to {wish.target}: {trouble}")
            return
        if self._taping:
            self._cast_from.add(source)
            self._tape.datagram(source, target, wish.octets, self.ns())
        if self._recording:
            self.tap.cast(source, target, wish.octets)

    def _hear(self, seat: Seated, port: int, media: socket.socket) -> None:
        for _ in range(_AT_ONCE):
            try:
                octets, sender = media.recvfrom(65535)
            except OSError:  # nothing more, or released by what was told
                return
            self._told_of(seat, port, octets, sender)

    def _told_of(
        self, seat: Seated, port: int, octets: bytes, sender: tuple[str, int]
    ) -> None:
        key = sender[:2]
        source = self._known.get(key)
        if source is None:
            if len(self._known) > _MOST_KNOWN:
                self._known.clear()
            source = self._known[key] = Address(*key)
        if self._taping and source not in self._cast_from:
            here = Address(seat.host, port)
            self._tape.datagram(source, here, octets, self.ns())
        self.tell(seat, Heard(port, source, octets))


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET


def _no_port(where: Address, kind: str, trouble: OSError) -> Misuse:
    """Who has it, where that can be found out, and what to do."""
    what = f"cannot listen on {where} ({kind}): {trouble.strerror}"
    if trouble.errno == errno.EADDRINUSE:
        who = holder_of(where, kind)
        what += f"; held by {who}: stop it, or choose another port"
    elif trouble.errno == errno.EACCES:
        what += "; ports below 1024 need the right to bind them"
    elif trouble.errno == errno.EADDRNOTAVAIL:
        what += "; the address is not one of this machine's"
    return Misuse(what)
