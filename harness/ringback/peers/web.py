"""An HTTP server without a socket: facts in, whole requests out.

RFC 9112; h11 judges the grammar. Whatever goes wrong costs the connection it went
wrong on and no other.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus

import h11
import msgspec

from ringback.protocol.world import (
    Alarm,
    Arrived,
    Close,
    Fact,
    Hush,
    Lost,
    Opened,
    Rang,
    Wish,
    Write,
)

Headers = tuple[tuple[str, str], ...]
_CLOSE = ("Connection", "close")


class WebLimits(msgspec.Struct, frozen=True):
    """Octets of one header and one body; ``patience`` in seconds, already scaled:
    how long a request may take to come in, and a connection may stay silent."""

    header: int = 1 << 15
    body: int = 1 << 18
    patience: float = 120.0


class WebRequest(msgspec.Struct, frozen=True):
    """A whole request; header names are lower case, ``path`` has no query."""

    link: str
    method: str
    path: str
    headers: Headers
    body: bytes

    def header(self, name: str) -> str:
        """The first value of that header, or an empty text."""
        return next((v for k, v in self.headers if k == name.lower()), "")


class WebReply(msgspec.Struct, frozen=True):
    status: int
    body: bytes = b""
    content_type: str = ""
    headers: Headers = ()


@dataclass(slots=True)
class _Visit:
    """One connection: what h11 knows of it, and the request that is coming in."""

    http: h11.Connection
    head: h11.Request | None = None
    body: bytearray = field(default_factory=bytearray)
    served: WebRequest | None = None  # handed out and not yet replied to


class WebServer:
    """All connections that one port accepted."""

    def __init__(
        self, port: int, out: Callable[[Wish], None], limits: WebLimits, product: str
    ) -> None:
        self._port = port
        self._out = out
        self._limits = limits
        self._product = product
        self._visits: dict[str, _Visit] = {}
        self._whole: deque[WebRequest] = deque()

    def owns(self, fact: Fact) -> bool:
        """Whether ``take`` would look at it."""
        match fact:
            case Opened(_, local, accepted=True):
                return local.port == self._port
            case Arrived(link) | Lost(link):
                return link in self._visits
            case Rang(alarm):
                return alarm.startswith("web:")
            case _:
                return False

    def take(self, fact: Fact) -> None:
        match fact:
            case Opened(link):
                http = h11.Connection(
                    h11.SERVER, max_incomplete_event_size=self._limits.header
                )
                self._visits[link] = _Visit(http)
                self._out(Alarm(f"web:{link}", self._limits.patience))
            case Arrived(link, octets) if link in self._visits:
                self._receive(link, octets)
            case Lost(link):
                self._forget(link)
            case Rang(alarm) if alarm.removeprefix("web:") in self._visits:
                self._lose_patience(alarm.removeprefix("web:"))
            case _:
                pass

    def next_request(self) -> WebRequest | None:
        """The next request that came in whole; None when there is none."""
        return self._whole.popleft() if self._whole else None

    def reply(self, request: WebRequest, reply: WebReply) -> None:
        """Answer; silent when the asker has gone."""
        visit = self._visits.get(request.link)
        if visit is None or visit.served is not request:
            return
        visit.served = None
        self._send(request.link, visit, reply, quiet=request.method == "HEAD")
        if visit.http.our_state is h11.MUST_CLOSE:
            self._end(request.link)
            return
        visit.http.start_next_cycle()
        self._out(Alarm(f"web:{request.link}", self._limits.patience))
        self._read(request.link, visit)

    def leftovers(self) -> tuple[str, ...]:
        """Requests nobody has answered."""
        served = (v.served for v in self._visits.values())
        return tuple(f"{s.method} {s.path} on {s.link}" for s in served if s)

    def _receive(self, link: str, octets: bytes) -> None:
        visit = self._visits[link]
        try:
            visit.http.receive_data(octets)
        except h11.RemoteProtocolError as error:
            self._refuse(link, visit, error.error_status_hint)
            return
        if visit.served is None:
            self._read(link, visit)
        elif len(visit.http.trailing_data[0]) > self._limits.body:
            self._end(link)  # pipelines faster than anyone can answer

    def _read(self, link: str, visit: _Visit) -> None:
        """Take events until h11 has none, or a request is whole."""
        while link in self._visits and visit.served is None:
            try:
                event = visit.http.next_event()
            except h11.RemoteProtocolError as error:
                self._refuse(link, visit, error.error_status_hint)
                return
            if event is h11.NEED_DATA and visit.http.they_are_waiting_for_100_continue:
                go = h11.InformationalResponse(status_code=100, headers=[])
                self._out(Write(link, visit.http.send(go) or b""))
            if event is h11.NEED_DATA or event is h11.PAUSED:
                return
            self._note(link, visit, event)

    def _note(self, link: str, visit: _Visit, event: object) -> None:
        match event:
            case h11.Request():
                visit.head = event
                visit.body.clear()
                declared = dict(event.headers).get(b"content-length", b"0")
                if int(declared) > self._limits.body:
                    self._refuse(link, visit, HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
            case h11.Data():
                visit.body += event.data
                if len(visit.body) > self._limits.body:
                    self._refuse(link, visit, HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
            case h11.EndOfMessage() if visit.head is not None:
                visit.served = _request(link, visit.head, bytes(visit.body))
                visit.head = None
                self._out(Hush(f"web:{link}"))
                self._whole.append(visit.served)
            case _:  # the other side has closed its half
                self._end(link)

    def _lose_patience(self, link: str) -> None:
        visit = self._visits[link]
        begun = visit.head is not None or visit.http.trailing_data[0]
        if begun:
            self._refuse(link, visit, HTTPStatus.REQUEST_TIMEOUT)
        else:
            self._end(link)

    def _refuse(self, link: str, visit: _Visit, status: int) -> None:
        """Say why where HTTP still allows it, then hang up."""
        if visit.http.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            self._send(link, visit, WebReply(status, headers=(_CLOSE,)))
        self._end(link)

    def _send(
        self, link: str, visit: _Visit, reply: WebReply, quiet: bool = False
    ) -> None:
        headers = [("Server", self._product), *reply.headers]
        if reply.content_type:
            headers.append(("Content-Type", reply.content_type))
        headers.append(("Content-Length", str(len(reply.body))))
        reason = HTTPStatus(reply.status).phrase.encode()
        head = h11.Response(status_code=reply.status, headers=headers, reason=reason)
        octets = visit.http.send(head) or b""
        if reply.body and not quiet:
            octets += visit.http.send(h11.Data(data=reply.body)) or b""
        octets += visit.http.send(h11.EndOfMessage()) or b""
        self._out(Write(link, octets))

    def _end(self, link: str) -> None:
        self._forget(link)
        self._out(Close(link))

    def _forget(self, link: str) -> None:
        if self._visits.pop(link, None):
            self._out(Hush(f"web:{link}"))


def _request(link: str, head: h11.Request, body: bytes) -> WebRequest:
    headers = tuple((k.decode(), v.decode("latin-1")) for k, v in head.headers)
    target = head.target.decode("latin-1")
    if "://" in target:  # RFC 9112 §3.2.2: the absolute form is taken too
        target = "/" + target.partition("://")[2].partition("/")[2]
    return WebRequest(
        link, head.method.decode(), target.partition("?")[0], headers, body
    )
