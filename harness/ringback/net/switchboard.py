"""What both networks share: seats, links, the trace, the tape; how facts are told."""

from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Iterable
from typing import Any

from ringback.evidence import circumstances
from ringback.evidence.packets import CapturedPacket
from ringback.evidence.taps import Tap
from ringback.faults import Misuse, TestbedFault
from ringback.net.identity import Identity
from ringback.net.keylog import KEYLOG
from ringback.net.link import Link, Recalls
from ringback.net.network import Line, Seated, Shelf
from ringback.net.resolver import Resolver
from ringback.net.tape import Tape
from ringback.net.tls import Tls, client_context, server_context
from ringback.net.tls_failures import TlsFailure
from ringback.protocol.world import (
    Alarm,
    Bend,
    Bind,
    Cast,
    Close,
    Connect,
    Fact,
    Fetch,
    Fetched,
    Hush,
    Listener,
    Peer,
    Release,
    Started,
    Store,
    Trace,
    Wish,
    Write,
)
from ringback.values import Address, Role

_MOST_RANDOMS = 4096
_MOST_LINES = 100_000  # of the trace, for those who serve for months


class Switchboard(ABC):
    """The common part of a network; what a clock or a wire must do is left open."""

    captured = "taps"

    def __init__(
        self, resolver: Resolver | None, *, handshake: float, cut: int
    ) -> None:
        """``handshake`` is the seconds that TLS may take; ``cut`` the most octets that
        one Arrived carries, 0 for as many as there are."""
        self.resolver = resolver or Resolver()
        self.tap = Tap()
        self.trace: list[Line] = []
        self.cut = cut
        self._handshake = handshake
        self._tape = Tape()
        self._seated: list[Seated] = []
        self._described: list[circumstances.Seat] = []
        self._randoms: deque[bytes] = deque(maxlen=_MOST_RANDOMS)
        self._deeds: dict[type, Callable[[Seated, Any], None]] = {
            Alarm: self._alarm,
            Bind: self._bind,
            Cast: self._cast,
            Close: self._close_link,
            Connect: self._connect,
            Fetch: self._fetch,
            Hush: self._hush,
            Release: self._release,
            Store: self._store,
            Trace: self._trace,
            Write: self._write,
        }

    # What a network brings along.

    @property
    @abstractmethod
    def now(self) -> float: ...

    @abstractmethod
    def ns(self) -> int:
        """What the captures' clock shows, by which certificates expire; since 1970."""

    @abstractmethod
    def _bind(self, seat: Seated, wish: Bind) -> None: ...

    @abstractmethod
    def _release(self, seat: Seated, wish: Release) -> None: ...

    @abstractmethod
    def _cast(self, seat: Seated, wish: Cast) -> None: ...

    @abstractmethod
    def _alarm(self, seat: Seated, wish: Alarm) -> None: ...

    @abstractmethod
    def _hush(self, seat: Seated, wish: Hush) -> None: ...

    @abstractmethod
    def _listen(self, seat: Seated, listener: Listener) -> None: ...

    @abstractmethod
    def _deafen(self, seat: Seated) -> None:
        """Close the seat's listeners and take its alarms back."""

    @abstractmethod
    def _dial(self, link: Link, target: Address) -> None: ...

    @abstractmethod
    def _after(
        self, seconds: float, act: Callable[..., None], *args: object
    ) -> Recalls: ...

    # Seats.

    def seat(
        self,
        peer: Peer,
        *,
        role: Role | None,
        host: str,
        identity: Identity | None = None,
        store: Shelf | None = None,
        what: str = "",
        label: str = "",
        bend: Bend | None = None,
    ) -> Seated:
        """Open the peer's listeners, then tell it Started. Misuse: a port is taken, or
        a secured listener has no certificate."""
        seat = Seated(peer, role, host, identity, store, what, label, peer.listeners)
        seat.bend = bend
        for listener in seat.listeners:
            if listener.secured:
                server_context(identity or Identity((label,)), listener.mutual)
        try:
            for listener in seat.listeners:
                self._listen(seat, listener)
        except Misuse:
            self._deafen(seat)
            raise
        self._seated.append(seat)
        self._describe(seat)
        self.tell(seat, Started())
        return seat

    def unseat(self, seat: Seated) -> None:
        """End its links, ports and alarms; it is told nothing more."""
        if seat.gone:
            return
        seat.gone = True
        self._seated.remove(seat)
        self._deafen(seat)
        for link in list(seat.links.values()):
            link.close()
        for port in list(seat.sources):
            self._release(seat, Release(port))

    def _describe(self, seat: Seated) -> None:
        if described := seat.described():
            self._described.append(described)

    def seats(self) -> tuple[circumstances.Seat, ...]:
        """Every seat since the scenario began, those left since included."""
        return tuple(self._described)

    def give(self, seat: Seated, wishes: Iterable[Wish]) -> None:
        """Execute wishes that a command made, outside of ``on``."""
        if seat.bend is not None:
            wishes = seat.bend.says(wishes)
        self._settle(seat, wishes)

    def tell(self, seat: Seated, fact: Fact) -> None:
        """One fact to one peer, and what it wishes for it."""
        if seat.gone:
            return
        if seat.bend is not None:
            self._tell_bent(seat, seat.bend, fact)
        elif wishes := seat.peer.on(fact):
            self._settle(seat, wishes)

    def _tell_bent(self, seat: Seated, bend: Bend, fact: Fact) -> None:
        told, wishes = bend.hears(fact)
        self._settle(seat, wishes)
        for one in told:
            self._settle(seat, bend.says(seat.peer.on(one)))

    def _settle(self, seat: Seated, wishes: Iterable[Wish]) -> None:
        """Fulfil them in their order; none of it tells the peer anything at once."""
        deeds = self._deeds
        for wish in wishes:
            deeds[type(wish)](seat, wish)

    # Evidence.

    def begin_scenario(self, name: str) -> None:
        """Forget tap, trace, packets and secrets; count from here."""
        self.tap = Tap()
        self.trace = []
        self._tape.rewind()
        self._randoms.clear()
        self._described = []
        for seat in self._seated:
            self._describe(seat)

    def end_scenario(self) -> list[CapturedPacket]:
        """Every packet since the scenario began, made from raw octets."""
        return self._tape.packets()

    def stood_still(self) -> float:
        return 0.0

    def secrets(self) -> bytes:
        """NSS key log of the handshakes since the last call, or the beginning."""
        randoms = list(self._randoms)
        self._randoms.clear()
        return KEYLOG.claim(dict.fromkeys(randoms))

    def _leftovers(self) -> tuple[str, ...]:
        found = []
        for seat in self._seated:
            who = seat.label or f"{seat.role}{' ' if seat.what else ''}{seat.what}"
            found += [f"{who}: {text}" for text in seat.peer.leftovers()]
            found += [f"{who}: port {port} still bound" for port in seat.sources]
        return tuple(found)

    # Wishes that are fulfilled the same way everywhere.

    def _connect(self, seat: Seated, wish: Connect) -> None:
        if wish.link in seat.links:
            raise TestbedFault(f"{seat.name} opens the link {wish.link!r} twice")
        why = ""
        tls: Tls | None = None
        if wish.secured:
            if seat.identity is None:
                why = TlsFailure.LOCAL_CERTIFICATE_NOT_FOUND.because("no identity")
            else:
                client_context(seat.identity)
                name = wish.name or wish.target.host
                tls = Tls(seat.identity, server=False, name=name, clock=self.ns)
        link = Link(self, seat, wish.link, tls, accepted=False)
        seat.links[wish.link] = link
        try:
            host = self.resolver.address(wish.target.host)
        except LookupError as trouble:
            why, host = str(trouble), ""
        if why:
            self._after(0.0, self._fail, link, why)
            return
        self._dial(link, Address(host, wish.target.port))
        if tls is not None:
            self._limit(link)

    def _write(self, seat: Seated, wish: Write) -> None:
        """Octets for a link that is gone are traced: its Lost may be on the way."""
        link = seat.links.get(wish.link)
        if link is None:
            self.note(seat, f"{len(wish.octets)} octets for no link {wish.link!r}")
        else:
            link.write(wish.octets)

    def _close_link(self, seat: Seated, wish: Close) -> None:
        if link := seat.links.get(wish.link):
            link.close()

    def _fetch(self, seat: Seated, wish: Fetch) -> None:
        value = seat.store.answer(wish.question) if seat.store is not None else None
        self._after(0.0, self.tell, seat, Fetched(wish.key, value))

    def _store(self, seat: Seated, wish: Store) -> None:
        if seat.store is not None:
            seat.store.keep(wish.record)
        else:
            self.note(seat, f"nowhere to keep {type(wish.record).__name__}")

    def _trace(self, seat: Seated, wish: Trace) -> None:
        self.note(seat, wish.text)

    def note(self, seat: Seated, text: str) -> None:
        self.trace.append((self.now, seat.role, text))
        if len(self.trace) > _MOST_LINES:
            del self.trace[: _MOST_LINES // 2]

    # What links tell.

    def forget(self, link: Link) -> None:
        link.seat.links.pop(link.name, None)

    def saw(self, link: Link, sent: bool, octets: bytes) -> None:
        seen = self.tap.sent if sent else self.tap.received
        seen(link.local, link.remote, octets)

    def shook(self, random: bytes) -> None:
        self._randoms.append(random)
        if len(self._randoms) == _MOST_RANDOMS:
            KEYLOG.claim(())  # reads the log, which would grow for ever

    def _accepted(self, seat: Seated, listener: Listener) -> Link:
        """A link for somebody who knocked."""
        seat.accepted += 1
        tls: Tls | None = None
        if listener.secured and seat.identity is not None:
            mutual = listener.mutual
            tls = Tls(seat.identity, server=True, mutual=mutual, clock=self.ns)
        link = Link(self, seat, f"in:{listener.port}:{seat.accepted}", tls, True)
        seat.links[link.name] = link
        if tls is not None:
            self._limit(link)
        return link

    def _limit(self, link: Link) -> None:
        link.deadline = self._after(self._handshake, self._tire_of, link)

    def _tire_of(self, link: Link) -> None:
        why = f"no handshake within {self._handshake:g} s"
        link.lose(TlsFailure.OTHER.because(why))

    def _fail(self, link: Link, why: str) -> None:
        if not link.over:
            link.lose(why)
