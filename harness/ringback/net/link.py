"""One end of a stream: between a peer's plaintext and the octets on the way."""

from typing import Protocol

from ringback.net.network import Seated
from ringback.net.tls import Tls, Turn
from ringback.net.tls_failures import TlsFailure
from ringback.protocol.world import Arrived, Fact, Lost, Opened
from ringback.values import Address

_CLOSED = "closed by the other side"


class Carrier(Protocol):
    """Takes raw octets to the other end, in order."""

    def send(self, octets: bytes) -> None: ...

    def finish(self) -> None:
        """FIN after what was sent; input is dropped until the other end is done."""
        ...

    def abort(self) -> None:
        """RST."""
        ...


class Recalls(Protocol):
    """Something to come that can be taken back."""

    def cancel(self) -> None: ...


class Board(Protocol):
    """What a link needs of its network."""

    cut: int

    def tell(self, seat: Seated, fact: Fact) -> None: ...
    def forget(self, link: "Link") -> None: ...
    def saw(self, link: "Link", sent: bool, octets: bytes) -> None: ...
    def shook(self, random: bytes) -> None: ...
    def note(self, seat: Seated, text: str) -> None: ...


class Link:
    """``over`` once the peer knows that it is gone, or wished so."""

    __slots__ = (
        "_board",
        "_carrier",
        "_waiting",
        "accepted",
        "deadline",
        "local",
        "name",
        "opened",
        "over",
        "remote",
        "seat",
        "tls",
    )

    def __init__(
        self, board: Board, seat: Seated, name: str, tls: Tls | None, accepted: bool
    ) -> None:
        self._board, self.seat, self.name = board, seat, name
        self.tls, self.accepted = tls, accepted
        self._carrier: Carrier | None = None
        self._waiting: list[bytes] | None = []
        self.local = self.remote = Address("", 0)
        self.opened = self.over = False
        self.deadline: Recalls | None = None  # of the handshake

    def stands(self, carrier: Carrier, local: Address, remote: Address) -> None:
        """The way is there; TLS may still be to come."""
        self._carrier, self.local, self.remote = carrier, local, remote
        if self.over:
            carrier.finish()
        elif self.tls is None:
            self._open(())
        elif not self.accepted:
            self._act_on(self.tls.begin())

    def take(self, octets: bytes) -> None:
        """Raw octets from the other end."""
        if self.over:
            return
        if self.tls is None:
            self._deliver(octets)
        else:
            self._act_on(self.tls.take(octets))

    def gone(self, reason: str = "") -> None:
        """The other end finished, or (with a reason) the way broke."""
        if self.over:
            return
        why = reason or _CLOSED
        if self.tls is not None and not self.opened and self._carrier is not None:
            why = TlsFailure.REMOTE_DISCONNECTED.because(why)
        self.lose(why)

    def write(self, octets: bytes) -> None:
        """Plaintext from the peer."""
        if self._waiting is not None:
            self._waiting.append(octets)
            return
        self._board.saw(self, True, octets)
        self._send(octets if self.tls is None else self.tls.write(octets))

    def close(self) -> None:
        """The peer is done with it; what waits for the opening is not sent."""
        self.over = True
        self._settled()
        self._board.forget(self)
        if self._carrier is not None:
            if self.tls is not None:
                self._send(self.tls.close())
            self._carrier.finish()

    def lose(self, reason: str) -> None:
        """The other side is gone or refused: tell the peer, if it knows the link."""
        self.close()
        if not self.opened:
            self._board.note(self.seat, f"{self.name}: {reason}")
        if self.opened or not self.accepted:
            self._board.tell(self.seat, Lost(self.name, reason))

    def _act_on(self, turn: Turn) -> None:
        self._send(turn.out)
        if turn.random:
            self._board.shook(turn.random)
        if turn.names is not None:
            self._open(turn.names)
        if turn.heard and not self.over:
            self._deliver(turn.heard)
        if self.over:
            return
        if turn.failure:
            self.lose(turn.failure)
        elif turn.closed:
            self.lose(_CLOSED)

    def _open(self, names: tuple[str, ...]) -> None:
        self.opened = True
        self._settled()
        secured = self.tls is not None
        waiting, self._waiting = self._waiting or (), None
        for octets in waiting:
            self.write(octets)
        self._board.tell(
            self.seat,
            Opened(self.name, self.local, self.remote, secured, self.accepted, names),
        )

    def _deliver(self, octets: bytes) -> None:
        self._board.saw(self, False, octets)
        cut = self._board.cut or len(octets)
        for at in range(0, len(octets), cut):
            if self.over:
                return
            self._board.tell(self.seat, Arrived(self.name, octets[at : at + cut]))

    def _settled(self) -> None:
        if self.deadline is not None:
            self.deadline.cancel()
            self.deadline = None

    def _send(self, octets: bytes) -> None:
        if octets and self._carrier is not None:
            self._carrier.send(octets)
