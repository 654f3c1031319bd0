"""Synthetic evidence: a whole Play on Phone call, and ways to spoil it.

The judge's tests need evidence that no stack of ours has made: every frame here is
written down by hand, one line per thing said.
"""

import base64
import math
from array import array
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import msgspec
from msgspec.structs import replace
from testsuites.selftest.pki import BAD, GOOD, ROOT

from ringback.evidence.circumstances import (
    Circumstances,
    Expected,
    Ordered,
    Seat,
    Sound,
)
from ringback.evidence.evidence import Evidence
from ringback.evidence.frame import (
    Connection,
    Frame,
    HttpFrame,
    RtpFrame,
    SipFrame,
    TlsEvent,
    TlsFrame,
)
from ringback.values import Address, CallState, Cause, Leg, Role, Security
from ringback.wire import ews, g711, umws
from ringback.wire.message import Field, Message
from ringback.wire.rtp import RtpPacket
from ringback.wire.telephone_event import TelephoneEvent, event_of

CLIENT, CAS, UM, GATEWAY, PHONE = Role
HOSTS = {role: f"127.0.9.{10 * n}" for n, role in enumerate(Role, 1)}
WORKER = "127.0.9.31"
NUMBER = "5551234"
KEY, KEY_BACK = (
    f"1 AES_CM_128_HMAC_SHA1_80 inline:{base64.b64encode(octet * 30).decode()}"
    for octet in (b"\0", b"\1")
)


@cache
def message() -> bytes:
    """One second of a rising tone in mu-law."""
    samples = (9000 * math.sin(0.1 * n + n * n / 24000) for n in range(8000))
    return g711.pcm_to_ulaw(array("h", (int(s) for s in samples)).tobytes())


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """How the call goes. ``final`` is the gateway's last word to the INVITE."""

    security: Security = Security.UNSECURED
    dialect: str = "ews"
    final: int = 200
    permitted: bool = True
    keys: str = ""
    ends: str = "phone"
    hangs_up_early: bool = False
    sound: bytes = msgspec.field(default_factory=message)
    contact: str = ""  # of the 302; empty: the worker's, in the product's spelling
    gateway: Callable[[Message], Message] = lambda m: m


@dataclass
class Scene:
    """Everything said, in order; each frame gets the next number."""

    plan: Plan = field(default_factory=Plan)
    frames: list[Frame] = field(default_factory=list)
    connections: dict[tuple[Address, Address], Connection] = field(default_factory=dict)
    now: float = 0.0

    def send(
        self, kind: type[Any], link: tuple[Address, Address], leg: Leg, **held: Any
    ) -> None:
        self.now = round(self.now + 0.002, 6)
        source, target = link
        held.setdefault("sender", _role(source))
        held.setdefault("receiver", _role(target))
        held.setdefault("flow", 90)
        frame = kind(
            number=len(self.frames) + 1,
            time=self.now,
            source=source,
            target=target,
            leg=leg,
            **held,
        )
        self.frames.append(frame)

    def link(self, leg: Leg, client: Address, server: Address) -> Connection:
        """The connection between two addresses, opened when first asked for."""
        for key in ((client, server), (server, client)):
            if key in self.connections:
                return self.connections[key]
        secured = leg is Leg.CLIENT_CAS or (
            self.plan.security.tls and leg is not Leg.GATEWAY_PHONE
        )
        made = Connection(
            flow=len(self.connections),
            client=client,
            server=server,
            leg=leg,
            opener=_role(client),
            acceptor=_role(server),
            opened=len(self.frames) + 1,
            clear_octets=0 if secured else 1000,
        )
        if secured:
            made = replace(
                made, version="TLSv1.3", established=True, tls=_handshake(made)
            )
        self.connections[client, server] = made
        return made

    def sip(self, leg: Leg, source: Address, target: Address, said: Message) -> Message:
        link = self.link(leg, source, target)
        secured = bool(link.version)
        self.send(
            SipFrame, (source, target), leg, sip=said, flow=link.flow, secured=secured
        )
        return said

    def http(
        self, user: str, request: Any, response: Any, status: int = 200, **more: Any
    ) -> None:
        """A question to the CAS and its answer; None for a bare answer."""
        self.asks(user, request, **more)
        self.answers(response, status)

    def asks(
        self,
        user: str,
        request: Any,
        password: str = "pw",
        body: bytes | None = None,
    ) -> None:
        module, path = _dialect(request, self.plan.dialect)
        token = base64.b64encode(f"{user}:{password}".encode()).decode()
        heads = (("authorization", f"Basic {token}"),) if user else ()
        self._http(
            f"POST {path} HTTP/1.1",
            heads,
            module.octets_of(request) if body is None else body,
            back=False,
        )

    def answers(self, response: Any, status: int = 200) -> None:
        asked = status == 401
        heads = [("www-authenticate", "Basic realm=x")] if asked else []
        module = _dialect(response, self.plan.dialect)[0]
        body = module.octets_of(response) if response is not None else b""
        heads += [("content-type", "text/xml; charset=utf-8")] if body else []
        self._http(f"HTTP/1.1 {status} Text", tuple(heads), body, back=True)

    def _http(
        self, start: str, heads: tuple[tuple[str, str], ...], body: bytes, back: bool
    ) -> None:
        ends = Address(HOSTS[CLIENT], 40000), Address(HOSTS[CAS], 443)
        flow = self.link(Leg.CLIENT_CAS, *ends).flow
        way = (ends[1], ends[0]) if back else ends
        held = {"start": start, "headers": heads, "body": body}
        self.send(HttpFrame, way, Leg.CLIENT_CAS, flow=flow, secured=True, **held)

    def rtp(self, leg: Leg, source: Role, target: Role, packet: RtpPacket) -> None:
        link = Address(_media(source), 7000 + len(leg)), Address(_media(target), 7002)
        hidden = self.plan.security.srtp and leg is Leg.UM_GATEWAY
        octets = b"\x80" + bytes(200) if hidden else bytes(packet)
        self.send(RtpFrame, link, leg, rtp=packet, octets=octets, secured=hidden)

    def evidence(self, **changes: Any) -> Evidence:
        return Evidence(
            circumstances=circumstances(self.plan, **changes),
            sip=tuple(f for f in self.frames if isinstance(f, SipFrame)),
            http=tuple(f for f in self.frames if isinstance(f, HttpFrame)),
            rtp=tuple(f for f in self.frames if isinstance(f, RtpFrame)),
            connections=tuple(self.connections.values()),
            packets=len(self.frames),
        )


def circumstances(plan: Plan, **changes: Any) -> Circumstances:
    secured = plan.security.tls
    kind = {200: "answers", 486: "busy", 480: "silent"}.get(plan.final, "refuses")
    seats = [
        Seat(role=r, name=f"{r}.ringback.test", host=h, ports=(5060,))
        for r, h in HOSTS.items()
    ]
    seats.append(Seat(role=UM, name="um.ringback.test", host=WORKER, ports=(5065,)))
    known = Circumstances(
        scenario="selftest",
        title="a call",
        settles=(),
        security=plan.security,
        net="memory",
        captured="wire",
        started="2026-01-02T03:04:05+00:00",
        ringback="0",
        seats=tuple(seats),
        dialled=NUMBER,
        ordered=(
            Ordered(
                user="tia",
                kind="message",
                item="hello",
                dial_string=NUMBER,
                dialect=plan.dialect,
            ),
        ),
        stored=(Sound(id="hello", ulaw=message()),),
        expected=Expected(
            phone=kind, permitted=plan.permitted, keys=plan.keys, ends=plan.ends
        ),
        trusted=(ROOT,) if secured else (),
    )
    return msgspec.structs.replace(known, **changes)


def _role(address: Address) -> Role:
    if address.host == WORKER:
        return UM
    return next(role for role, host in HOSTS.items() if host == address.host)


def _media(role: Role) -> str:
    return WORKER if role is UM else HOSTS[role]


def _dialect(what: object, dialect: str) -> tuple[Any, str]:
    told = type(what).__module__.rpartition(".")[2]
    if told == "umws" or (told != "ews" and dialect == "umws"):
        return umws, umws.PATHS[0]
    return ews, ews.PATHS[0]


def _handshake(link: Connection) -> tuple[TlsFrame, ...]:
    def told(event: TlsEvent, client: bool, *chain: bytes) -> TlsFrame:
        ends = (link.client, link.server) if client else (link.server, link.client)
        return TlsFrame(
            number=link.opened,
            time=0.0,
            source=ends[0],
            target=ends[1],
            flow=link.flow,
            leg=link.leg,
            sender=_role(ends[0]),
            receiver=_role(ends[1]),
            event=event,
            certificates=chain,
        )

    return (
        told(TlsEvent.CLIENT_HELLO, True),
        told(TlsEvent.SERVER_HELLO, False),
        told(TlsEvent.CERTIFICATE_REQUEST, False),
        told(TlsEvent.CERTIFICATE, False, GOOD[str(_role(link.server))]),
        told(TlsEvent.FINISHED, False),
        told(TlsEvent.CERTIFICATE, True, GOOD[str(_role(link.client))]),
        told(TlsEvent.FINISHED, True),
    )


Pick = Callable[[SipFrame], bool]


def on(leg: Leg | None, start: str, method: str = "") -> Pick:
    """SIP frames of a leg whose start line has that word: a method or a status."""

    def picks(frame: SipFrame) -> bool:
        here = leg is None or frame.leg is leg
        words = frame.sip.start.decode().split()
        word = words[1] if frame.sip.status else words[0]
        return here and word == start and method in ("", frame.sip.method)

    return picks


def without(evidence: Evidence, pick: Pick) -> Evidence:
    left = tuple(f for f in evidence.sip if not pick(f))
    assert len(left) < len(evidence.sip), "nothing was picked"
    return replace(evidence, sip=left)


def changed(
    evidence: Evidence, pick: Pick, change: Callable[[Message], Message]
) -> Evidence:
    """Every picked message, changed; one at least must become another."""
    new = tuple(replace(f, sip=change(f.sip)) if pick(f) else f for f in evidence.sip)
    assert new != evidence.sip, "nothing was changed"
    return replace(evidence, sip=new)


def told(evidence: Evidence, **changes: Any) -> Evidence:
    """The same frames under other circumstances."""
    assert evidence.circumstances is not None
    known = msgspec.structs.replace(evidence.circumstances, **changes)
    return replace(evidence, circumstances=known)


def with_field(name: str, value: str) -> Callable[[Message], Message]:
    """Every field of that name gives way to one in the first one's place."""

    def change(said: Message) -> Message:
        new = Field.of(name, value)
        fields = [f for f in said.fields if f.name != name.lower()]
        at = next((i for i, f in enumerate(said.fields) if f.name == name.lower()), 0)
        return replace(said, fields=(*fields[:at], new, *fields[at:]))

    return change


def lacking(name: str) -> Callable[[Message], Message]:
    return lambda said: said.without(name)


def swapped(old: str, new: str) -> Callable[[Message], Message]:
    """A text of the message replaced, lengths left as they are."""
    return lambda said: Message.parse(bytes(said).replace(old.encode(), new.encode()))


def resent(evidence: Evidence, change: Callable[[RtpFrame], RtpFrame]) -> Evidence:
    return replace(evidence, rtp=tuple(map(change, evidence.rtp)))


def bad_certificate(evidence: Evidence, role: Role, leg: Leg, fault: str) -> Evidence:
    """That role shows an ill certificate on that leg; ``fault`` is a key of BAD, or
    ``none``."""

    def spoiled(frame: TlsFrame) -> TlsFrame:
        own = frame.event is TlsEvent.CERTIFICATE and frame.sender is role
        chain = () if fault == "none" else (BAD[fault],)
        return replace(frame, certificates=chain) if own else frame

    links = (
        replace(c, tls=tuple(map(spoiled, c.tls))) if c.leg is leg else c
        for c in evidence.connections
    )
    return replace(evidence, connections=tuple(links))


def key_packets(key: str, at: int, sequence: int, ends: int = 3) -> Iterable[RtpPacket]:
    """A key as RFC 4733 §2.5.1 has it: updates, then its end some times."""
    durations = [160, 320, 480, *[640] * ends]
    for n, duration in enumerate(durations):
        payload = bytes(TelephoneEvent(event_of(key), n >= 3, 10, duration))
        yield RtpPacket(101, sequence + n, at, 77, payload, marker=n == 0)


def state(told: CallState, cause: Cause = Cause.NONE, dialect: str = "ews") -> Any:
    if dialect == "umws":
        return umws.GetCallInfoResponse(told, cause)
    return ews.GetPhoneCallInformationResponse(told, cause, None, None)
