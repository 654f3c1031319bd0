"""User agents joined by a pipe that tests can bend, under a clock moved by hand."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from ringback.protocol.happenings import Happening
from ringback.protocol.names import Names
from ringback.protocol.redirect import Target
from ringback.protocol.timing import Timing
from ringback.protocol.user_agent import UserAgent
from ringback.protocol.world import (
    Alarm,
    Arrived,
    Bind,
    Cast,
    Close,
    Connect,
    Fact,
    Fetch,
    Fetched,
    Heard,
    Hush,
    Lost,
    Opened,
    Rang,
    Release,
    Store,
    Trace,
    Wish,
    Write,
)
from ringback.values import Address
from ringback.wire.message import Message

Intercept = Callable[["Seat", bytes], bool]


@dataclass
class Seat:
    """One place at the pipe: who sits there, its alarms, its links, what it wished."""

    host: str
    ports: tuple[int, ...]
    names: tuple[str, ...]
    hear: Callable[[Fact], None]
    alarms: dict[str, float] = field(default_factory=dict)
    far: dict[str, tuple["Seat", str]] = field(default_factory=dict)
    traces: list[str] = field(default_factory=list)
    others: list[Wish] = field(default_factory=list)
    store: Callable[[object], object] | None = None
    kept: list[object] = field(default_factory=list)
    bound: set[int] = field(default_factory=set)


class Pipe:
    """Carries octets in order; ``stop`` swallows a Write for which it says so,
    ``spoil`` may change one, given its number.

    ``said`` is every SIP message written: who, the message.
    """

    def __init__(self) -> None:
        self.now = 0.0
        self.seats: dict[str, Seat] = {}
        self.said: list[tuple[str, Message]] = []
        self.stop: Intercept | None = None
        self.spoil: Callable[[int, bytes], bytes] | None = None
        self.held: deque[tuple[Seat, Fact]] | None = None
        self._queue: deque[tuple[Seat, Fact]] = deque()
        self._accepted = 0
        self._port = 40000

    def seat(
        self,
        host: str,
        *ports: int,
        hear: Callable[[Fact], None],
        names: tuple[str, ...] = (),
    ) -> Seat:
        seat = Seat(host, ports, names or (host,), hear)
        self.seats[host] = seat
        return seat

    def wish(self, seat: Seat, wish: Wish) -> None:
        match wish:
            case Connect(link, target, secured, _):
                self._connect(seat, link, target, secured)
            case Write(link, octets):
                self._write(seat, link, octets)
            case Close(link):
                self._end(seat, link, "closed")
            case Alarm(alarm, after):
                seat.alarms[alarm] = self.now + after
            case Hush(alarm):
                seat.alarms.pop(alarm, None)
            case Trace(text):
                seat.traces.append(text)
            case _:
                self._wish_more(seat, wish)

    def _wish_more(self, seat: Seat, wish: Wish) -> None:
        match wish:
            case Fetch(key, question) if seat.store:
                self._queue.append((seat, Fetched(key, seat.store(question))))
            case Store(record):
                seat.kept.append(record)
            case Bind(port):
                seat.bound.add(port)
            case Release(port):
                seat.bound.remove(port)
            case Cast(port, target, octets):
                self._cast(seat, port, target, octets)
            case _:
                seat.others.append(wish)

    def run(self) -> None:
        """Deliver until nothing is under way."""
        while self._queue:
            seat, fact = self._queue.popleft()
            seat.hear(fact)

    def advance(self, seconds: float) -> None:
        """Move the clock; alarms ring in order, and what they cause is delivered."""
        self.run()
        end = self.now + seconds
        while due := self._next(end):
            when, seat, alarm = due
            self.now = max(self.now, when)
            del seat.alarms[alarm]
            seat.hear(Rang(alarm, when))
            self.run()
        self.now = end

    def cut(self, host: str) -> None:
        """Every link of that seat breaks, on both sides."""
        seat = self.seats[host]
        for link in list(seat.far):
            other, name = seat.far.pop(link)
            other.far.pop(name, None)
            self._queue.append((seat, Lost(link, "reset")))
            self._queue.append((other, Lost(name, "reset")))

    def inject(self, host: str, octets: bytes) -> None:
        """Octets from nobody's user agent, on the newest link of that seat."""
        seat = self.seats[host]
        link = list(seat.far)[-1]
        self._queue.append((seat, Arrived(link, octets)))
        self.run()

    def hold(self) -> None:
        """Keep what is written from now on, until ``release``."""
        self.held = deque()

    def release(self) -> None:
        held, self.held = self.held or deque(), None
        self._queue.extend(held)
        self.run()

    def words(self) -> list[str]:
        """One word or two per message: ``a INVITE``, ``b 180``."""
        return [f"{who} {m.status or m.method}" for who, m in self.said]

    def last(self, word: str) -> Message:
        """The latest message of that word."""
        return next(
            m
            for who, m in reversed(self.said)
            if f"{who} {m.status or m.method}" == word
        )

    def _next(self, end: float) -> tuple[float, Seat, str] | None:
        due = [
            (when, order, seat, alarm)
            for seat in self.seats.values()
            for order, (alarm, when) in enumerate(seat.alarms.items())
            if when <= end
        ]
        if not due:
            return None
        when, _, seat, alarm = min(due, key=lambda d: d[:2])
        return when, seat, alarm

    def _connect(self, seat: Seat, link: str, target: Address, secured: bool) -> None:
        other = self.seats.get(target.host)
        if other is None or target.port not in other.ports:
            self._queue.append((seat, Lost(link, "connection refused")))
            return
        self._accepted += 1
        self._port += 1
        name = f"from outside {self._accepted}"
        seat.far[link], other.far[name] = (other, name), (seat, link)
        near = Address(seat.host, self._port)
        proven, proving = (other.names, seat.names) if secured else ((), ())
        opened = Opened(link, near, target, secured, False, proven)
        self._queue.append((seat, opened))
        accepted = Opened(name, target, near, secured, True, proving)
        self._queue.append((other, accepted))

    def _write(self, seat: Seat, link: str, octets: bytes) -> None:
        if octets.strip():
            self.said.append((seat.host, Message.parse(octets)))
        if link not in seat.far or (self.stop and self.stop(seat, octets)):
            return
        if self.spoil:
            octets = self.spoil(len(self.said) - 1, octets)
        other, name = seat.far[link]
        queue = self._queue if self.held is None else self.held
        queue.append((other, Arrived(name, octets)))

    def _cast(self, seat: Seat, port: int, target: Address, octets: bytes) -> None:
        other = self.seats.get(target.host)
        if port in seat.bound and other and target.port in other.bound:
            heard = Heard(target.port, Address(seat.host, port), octets)
            self._queue.append((other, heard))

    def _end(self, seat: Seat, link: str, why: str) -> None:
        if link in seat.far:
            other, name = seat.far.pop(link)
            other.far.pop(name, None)
            self._queue.append((other, Lost(name, why)))


class Phone:
    """A user agent on a pipe that remembers what happened to it."""

    def __init__(self, pipe: Pipe, host: str, port: int = 0, **manner: Any) -> None:
        self.secured = bool(manner.pop("secured", False))
        self.port = port or (5061 if self.secured else 5060)
        self.pipe = pipe
        names = manner.pop("proves", (host,))
        self.seat = pipe.seat(host, self.port, hear=self._hear, names=names)
        self.happened: list[Happening] = []
        self.reacts: Callable[[Happening], None] | None = None
        self.agent = UserAgent(
            host=host,
            port=self.port,
            secured=self.secured,
            names=manner.pop("giver", None) or Names(host),
            timing=manner.pop("timing", Timing()),
            out=lambda wish: pipe.wish(self.seat, wish),
            product=f"{host}/1",
            user=manner.pop("user", host),
            **manner,
        )

    @property
    def target(self) -> Target:
        return Target(Address(self.seat.host, self.port), self.secured, self.seat.host)

    @property
    def uri(self) -> str:
        return f"sip:{self.seat.host}@{self.seat.host}:{self.port}"

    def kinds(self) -> list[str]:
        return [type(h).__name__ for h in self.happened]

    def latest(self, kind: type[Any]) -> Any:
        """The newest happening of that kind."""
        return next(h for h in reversed(self.happened) if isinstance(h, kind))

    def _hear(self, fact: Fact) -> None:
        for happening in self.agent.take(fact):
            self.happened.append(happening)
            if self.reacts:
                self.reacts(happening)


def pair(**manner: Any) -> tuple[Pipe, Phone, Phone]:
    """Two user agents, ``a`` and ``b``, of the same manner."""
    pipe = Pipe()
    return pipe, Phone(pipe, "a", **manner), Phone(pipe, "b", **manner)


SDP = b"v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\n"
SDP_TYPE = "application/sdp"


def talking(**manner: Any) -> tuple[Pipe, Phone, Phone, str, str]:
    """A call from a to b that is up: the pipe, both, and the key on either side."""
    pipe, a, b = pair(**manner)
    key = a.agent.call(b.uri, target=b.target, body=SDP, content_type=SDP_TYPE)
    pipe.run()
    there = b.happened[0].call
    b.agent.answer(there, SDP, SDP_TYPE)
    pipe.run()
    return pipe, a, b, key, there


def quiet(*phones: Phone) -> bool:
    """Whether nothing of any call is left with any of them."""
    return not any(p.agent.leftovers() for p in phones)


def strange(
    method: str = "INVITE", *extra: str, uri: str = "sip:b@b", to: str = "<sip:b@b>"
) -> bytes:
    """A request from somebody unknown; ``extra`` lines replace those of their name."""
    lines = [
        "Via: SIP/2.0/TCP a:5060;branch=z9hG4bKstrange",
        "Max-Forwards: 70",
        "From: <sip:z@a>;tag=z",
        f"To: {to}",
        "Call-ID: strange",
        f"CSeq: 1 {method}",
        "Contact: <sip:z@a>",
    ]
    said = {line.partition(":")[0] for line in extra}
    kept = [line for line in lines if line.partition(":")[0] not in said]
    text = "\r\n".join([f"{method} {uri} SIP/2.0", *kept, *extra])
    return f"{text}\r\nContent-Length: 0\r\n\r\n".encode()
