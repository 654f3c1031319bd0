"""An HTTP client on one connection that it keeps: orders in, answers out; RFC 9112.

One request at a time. A request that was written and lost is not repeated: a POST may
have done its work (RFC 9110 §9.2.2).
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

import h11
import msgspec

from ringback.protocol.world import (
    Alarm,
    Arrived,
    Close,
    Connect,
    Fact,
    Hush,
    Lost,
    Opened,
    Rang,
    Wish,
    Write,
)
from ringback.values import Address

Headers = tuple[tuple[str, str], ...]
_PATIENCE = "web:patience"


class WebOrder(msgspec.Struct, frozen=True):
    key: str  # the answer bears it too
    path: str
    headers: Headers
    body: bytes
    method: str = "POST"


class WebAnswer(msgspec.Struct, frozen=True):
    """``status`` is 0 when nothing (readable) came back; ``why`` then says why."""

    key: str
    status: int
    headers: Headers = ()
    body: bytes = b""
    why: str = ""

    def header(self, name: str) -> str:
        """The first value of that header, or an empty text."""
        return next((v for k, v in self.headers if k == name.lower()), "")


@dataclass(slots=True)
class _Line:
    """The connection: what h11 knows of it, and the answer that is coming in."""

    link: str
    http: h11.Connection = field(default_factory=lambda: h11.Connection(h11.CLIENT))
    order: WebOrder | None = None
    head: h11.Response | None = None
    body: bytearray = field(default_factory=bytearray)


class WebClient:
    """``name`` is whom TLS must prove, and the Host asked for."""

    def __init__(
        self, target: Address, name: str, out: Callable[[Wish], None], patience: float
    ) -> None:
        self._target = target
        self._name = name
        self._out = out
        self._patience = patience
        self._queue: deque[WebOrder] = deque()
        self._line: _Line | None = None
        self._lines = 0

    def asks(self, order: WebOrder) -> None:
        """Send it when those before it are answered."""
        self._queue.append(order)
        self._next()

    def owns(self, fact: Fact) -> bool:
        """Whether ``take`` would look at it."""
        match fact:
            case Opened(link) | Arrived(link) | Lost(link):
                return self._line is not None and link == self._line.link
            case Rang(alarm):
                return alarm == _PATIENCE
            case _:
                return False

    def take(self, fact: Fact) -> tuple[WebAnswer, ...]:
        """The answers that became whole."""
        line = self._line
        if line is None:
            return ()
        match fact:
            case Arrived(_, octets):
                line.http.receive_data(octets)
                return self._read(line)
            case Lost(_, reason):
                line.http.receive_data(b"")
                return self._read(line) or self._give_up(reason or "connection closed")
            case Rang():
                self._out(Close(line.link))
                return self._give_up(f"no answer within {self._patience:g} s")
            case _:
                return ()

    def leaves(self) -> None:
        """Close the connection when nothing is waited for."""
        if self._line is not None and self._line.order is None:
            self._drop(close=True)

    def leftovers(self) -> tuple[str, ...]:
        waiting = [self._line.order] if self._line and self._line.order else []
        return tuple(f"HTTP {o.method} {o.path}" for o in (*waiting, *self._queue))

    def _next(self) -> None:
        if not self._queue or (self._line and self._line.order):
            return
        if self._line is None:
            self._lines += 1
            self._line = _Line(f"web-{self._lines}")
            self._out(Connect(self._line.link, self._target, True, self._name))
        line, order = self._line, self._queue.popleft()
        line.order = order
        headers = [("Host", self._host()), *order.headers]
        headers.append(("Content-Length", str(len(order.body))))
        head = h11.Request(method=order.method, target=order.path, headers=headers)
        octets = line.http.send(head) or b""
        if order.body:
            octets += line.http.send(h11.Data(data=order.body)) or b""
        octets += line.http.send(h11.EndOfMessage()) or b""
        self._out(Write(line.link, octets))
        self._out(Alarm(_PATIENCE, self._patience))

    def _host(self) -> str:
        port = self._target.port
        return self._name if port == 443 else f"{self._name}:{port}"

    def _read(self, line: _Line) -> tuple[WebAnswer, ...]:
        while line is self._line:
            try:
                event = line.http.next_event()
            except h11.RemoteProtocolError as error:
                self._out(Close(line.link))
                return self._give_up(f"not HTTP: {error}")
            match event:
                case h11.Response():
                    line.head = event
                    line.body.clear()
                case h11.Data():
                    line.body += event.data
                case h11.EndOfMessage() if line.head is not None:
                    return (self._whole(line, line.head),)
                case h11.InformationalResponse():
                    continue
                case _:
                    return ()
        return ()

    def _whole(self, line: _Line, head: h11.Response) -> WebAnswer:
        key = line.order.key if line.order else ""
        headers = tuple((k.decode(), v.decode("latin-1")) for k, v in head.headers)
        answer = WebAnswer(key, head.status_code, headers, bytes(line.body))
        line.order = None
        self._out(Hush(_PATIENCE))
        if (
            line.http.our_state is h11.MUST_CLOSE
            or line.http.their_state is not h11.DONE
        ):
            self._drop(close=line.http.their_state is not h11.CLOSED)
        else:
            line.http.start_next_cycle()
        self._next()
        return answer

    def _give_up(self, why: str) -> tuple[WebAnswer, ...]:
        order = self._line.order if self._line else None
        self._drop(close=False)
        self._next()
        return (WebAnswer(order.key, 0, why=why),) if order else ()

    def _drop(self, *, close: bool) -> None:
        if self._line is not None and close:
            self._out(Close(self._line.link))
        self._out(Hush(_PATIENCE))
        self._line = None
