"""The memory network: one heap of events, and a clock that jumps to the next of them.

Events of one instant happen in the order in which they were made. The same peers and
the same seeds give the same octets at the same virtual times.
"""

import time
from collections.abc import Callable
from heapq import heappop, heappush

from ringback.faults import Misuse, TestbedFault
from ringback.net.link import Link, Recalls
from ringback.net.network import Seated
from ringback.net.resolver import Resolver
from ringback.net.switchboard import Switchboard
from ringback.net.tape import Flow
from ringback.protocol.world import (
    Alarm,
    Bind,
    Cast,
    Heard,
    Hush,
    Listener,
    Rang,
    Release,
)
from ringback.values import Address

_FIRST_EPHEMERAL = 49152  # RFC 6335 §6
Act = Callable[..., None]


class _Coming:
    """An event on the heap that can be taken back."""

    __slots__ = ("_dead", "_number")

    def __init__(self, number: int, dead: set[int]) -> None:
        self._number, self._dead = number, dead

    def cancel(self) -> None:
        self._dead.add(self._number)


class _End:
    """One end of a stream in memory: what is sent here arrives at the other end."""

    __slots__ = ("_flow", "_from_client", "_net", "_shut", "link", "other")

    def __init__(
        self, net: "MemoryNetwork", flow: Flow, from_client: bool, link: Link
    ) -> None:
        self._net, self._flow, self._from_client = net, flow, from_client
        self.link = link
        self.other: _End = self
        self._shut = False

    def send(self, octets: bytes) -> None:
        if not self._shut:
            self._net.carry(self._flow, self._from_client, octets, self.other.arrive)

    def finish(self) -> None:
        self._end(reset=False)

    def abort(self) -> None:
        self._end(reset=True)

    def _end(self, reset: bool) -> None:
        if self._shut:
            return
        self._shut = True
        why = "connection reset" if reset else ""
        self._net.part(self._flow, self._from_client, self.other.link, why)

    def arrive(self, octets: bytes) -> None:
        cut = self._net.cut or len(octets)
        for at in range(0, len(octets), cut):
            self.link.take(octets[at : at + cut])


class MemoryNetwork(Switchboard):
    """Nothing leaves the process. ``latency`` is seconds per hop; ``cut`` the most
    octets that are read from a stream at once, 0 for all there are."""

    captured = "memory"

    def __init__(
        self,
        resolver: Resolver | None = None,
        *,
        latency: float = 0.001,
        cut: int = 0,
        handshake: float = 10.0,
        epoch: int | None = None,
    ) -> None:
        """``epoch`` is what the captures' clock shows at the start, in nanoseconds;
        the wall clock when not given."""
        super().__init__(resolver, handshake=handshake, cut=cut)
        self._latency = latency
        self._epoch = time.time_ns() if epoch is None else epoch
        self._now = 0.0
        self._heap: list[tuple[float, int, Act, tuple[object, ...]]] = []
        self._made = 0
        self._dead: set[int] = set()
        self._listening: dict[tuple[str, int], tuple[Seated, Listener]] = {}
        self._bound: dict[tuple[str, int], Seated] = {}
        self._alarms: dict[tuple[Seated, str], int] = {}
        self._ephemeral: dict[str, int] = {}

    @property
    def now(self) -> float:
        """Virtual seconds since the network was made."""
        return self._now

    # Time.

    def until(self, met: Callable[[], bool], within: float) -> bool:
        """Run events until ``met()``, or until so many virtual seconds are over."""
        end = self._now + within
        if met():
            return True
        heap, dead = self._heap, self._dead
        while heap and heap[0][0] <= end:
            due, number, act, args = heappop(heap)
            if number in dead:
                dead.discard(number)
                continue
            self._now = due
            act(*args)
            if met():
                return True
        self._now = max(self._now, end)
        return False

    def settle(self, within: float) -> bool:
        """Run until nothing is pending, alarms included; False when time was up."""
        return self.until(self._is_idle, within)

    def close(self) -> tuple[str, ...]:
        """Unseat all; what peers left open, one line each."""
        left = self._leftovers()
        for seat in list(self._seated):
            self.unseat(seat)
        self._heap.clear()
        self._dead.clear()
        return left

    def _is_idle(self) -> bool:
        heap, dead = self._heap, self._dead
        while heap and heap[0][1] in dead:
            dead.discard(heappop(heap)[1])
        return not heap

    def _later(self, seconds: float, act: Act, *args: object) -> int:
        number = self._made = self._made + 1
        heappush(self._heap, (self._now + seconds, number, act, args))
        return number

    def _after(self, seconds: float, act: Act, *args: object) -> Recalls:
        return _Coming(self._later(seconds, act, *args), self._dead)

    def ns(self) -> int:
        return self._epoch + round(self._now * 1e9)

    def _alarm(self, seat: Seated, wish: Alarm) -> None:
        key = (seat, wish.alarm)
        if (old := self._alarms.get(key)) is not None:
            self._dead.add(old)
        self._alarms[key] = self._later(max(0.0, wish.after), self._ring, key)

    def _hush(self, seat: Seated, wish: Hush) -> None:
        if (number := self._alarms.pop((seat, wish.alarm), None)) is not None:
            self._dead.add(number)

    def _ring(self, key: tuple[Seated, str]) -> None:
        del self._alarms[key]
        self.tell(key[0], Rang(key[1], self._now))

    # Streams.

    def _listen(self, seat: Seated, listener: Listener) -> None:
        key = (seat.host, listener.port)
        if holder := self._listening.get(key):
            who = holder[0].name
            raise Misuse(f"{Address(*key)} is taken by {who} on the memory network")
        self._listening[key] = (seat, listener)

    def _deafen(self, seat: Seated) -> None:
        for key in [k for k, v in self._listening.items() if v[0] is seat]:
            del self._listening[key]
        for owner, alarm in [k for k in self._alarms if k[0] is seat]:
            self._hush(owner, Hush(alarm))

    def _dial(self, link: Link, target: Address) -> None:
        host = link.seat.host
        port = self._ephemeral.get(host, _FIRST_EPHEMERAL)
        self._ephemeral[host] = port + 1 if port < 65535 else _FIRST_EPHEMERAL
        self._later(self._latency, self._knock, link, Address(host, port), target)

    def _knock(self, link: Link, local: Address, target: Address) -> None:
        if link.over:
            return
        found = self._listening.get((target.host, target.port))
        if found is None:
            self._tape.refused(local, target, self.ns())
            self._later(self._latency, self._fail, link, "connection refused")
            return
        seat, listener = found
        flow = self._tape.opened(local, target, self.ns())
        answering = self._accepted(seat, listener)
        near = _End(self, flow, True, link)
        far = _End(self, flow, False, answering)
        near.other, far.other = far, near
        self._later(self._latency, link.stands, near, local, target)
        answering.stands(far, target, local)

    def carry(self, flow: Flow, from_client: bool, octets: bytes, arrive: Act) -> None:
        """Octets of one end to the other."""
        self._tape.octets(flow, from_client, octets, self.ns())
        self._later(self._latency, arrive, octets)

    def part(self, flow: Flow, from_client: bool, other: Link, why: str) -> None:
        """One end is through; with a reason, at once."""
        self._tape.closed(flow, from_client, bool(why), self.ns())
        self._tape.left(flow)
        self._later(self._latency, other.gone, why)

    # Datagrams.

    def _bind(self, seat: Seated, wish: Bind) -> None:
        port = wish.port
        key = (seat.host, port)
        if key in self._bound:
            who = self._bound[key].name
            raise Misuse(f"UDP {Address(*key)} is taken by {who} on the memory network")
        self._bound[key] = seat
        seat.sources[port] = Address(seat.host, port)

    def _release(self, seat: Seated, wish: Release) -> None:
        seat.sources.pop(wish.port, None)
        if self._bound.get((seat.host, wish.port)) is seat:
            del self._bound[seat.host, wish.port]

    def _cast(self, seat: Seated, wish: Cast) -> None:
        source = seat.sources.get(wish.port)
        if source is None:
            raise TestbedFault(f"{seat.name} casts from port {wish.port}, not bound")
        target, octets = wish.target, wish.octets
        if (target.host, target.port) not in self._bound:
            try:
                target = Address(self.resolver.address(target.host), target.port)
            except LookupError as trouble:
                self.note(seat, str(trouble))
                return
        now = self._now  # written out, for media passes here 100 times a second
        self._tape.datagram(source, target, octets, self._epoch + round(now * 1e9))
        self.tap.cast(source, target, octets)
        number = self._made = self._made + 1
        event = (now + self._latency, number, self._hear, (source, target, octets))
        heappush(self._heap, event)

    def _hear(self, source: Address, target: Address, octets: bytes) -> None:
        seat = self._bound.get((target.host, target.port))
        if seat is not None:
            self.tell(seat, Heard(target.port, source, octets))
