"""The one loop of effects: each wish of a peer becomes one movement of a hand."""

from collections.abc import Iterable
from typing import Protocol, assert_never

from ringback.net.network import Seated
from ringback.protocol.world import (
    Alarm,
    Bind,
    Cast,
    Close,
    Connect,
    Fetch,
    Hush,
    Release,
    Store,
    Trace,
    Wish,
    Write,
)


class Hands(Protocol):
    """What a network can do for a seat; none of it tells the peer anything at once."""

    def connect(self, seat: Seated, wish: Connect) -> None: ...
    def write(self, seat: Seated, wish: Write) -> None: ...
    def end(self, seat: Seated, wish: Close) -> None: ...
    def bind(self, seat: Seated, port: int) -> None: ...
    def release(self, seat: Seated, port: int) -> None: ...
    def cast(self, seat: Seated, wish: Cast) -> None: ...
    def alarm(self, seat: Seated, wish: Alarm) -> None: ...
    def hush(self, seat: Seated, alarm: str) -> None: ...
    def fetch(self, seat: Seated, wish: Fetch) -> None: ...
    def store(self, seat: Seated, record: object) -> None: ...
    def note(self, seat: Seated, text: str) -> None: ...


def settle(hands: Hands, seat: Seated, wishes: Iterable[Wish]) -> None:
    """Execute the wishes in their order; what media wishes for is asked first."""
    for wish in wishes:
        match wish:
            case Cast():
                hands.cast(seat, wish)
            case Alarm():
                hands.alarm(seat, wish)
            case Write():
                hands.write(seat, wish)
            case Hush(alarm):
                hands.hush(seat, alarm)
            case _:
                _settle_rarer(hands, seat, wish)


Rarer = Connect | Close | Bind | Release | Fetch | Store | Trace


def _settle_rarer(hands: Hands, seat: Seated, wish: Rarer) -> None:
    match wish:
        case Connect():
            hands.connect(seat, wish)
        case Close():
            hands.end(seat, wish)
        case Bind(port):
            hands.bind(seat, port)
        case Release(port):
            hands.release(seat, port)
        case Fetch():
            hands.fetch(seat, wish)
        case Store(record):
            hands.store(seat, record)
        case Trace(text):
            hands.note(seat, text)
        case _:
            assert_never(wish)
