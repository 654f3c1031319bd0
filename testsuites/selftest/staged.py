"""Captures staged for tests: TLS between memory buffers, and packets made of it."""

import ssl
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import trustme

from ringback.evidence.circumstances import Circumstances, Seat
from ringback.evidence.synthesis import Synthesis
from ringback.evidence.writer import Capture
from ringback.values import Address, Role, Security
from ringback.wire import sdp
from ringback.wire.message import Field, Message
from ringback.wire.rtp import RtpPacket
from ringback.wire.sdes import Crypto
from ringback.wire.srtp import Srtp

CLIENT = Address("127.0.9.1", 40001)
CAS = Address("127.0.9.2", 443)
UM = Address("127.0.9.3", 5061)
GATEWAY = Address("127.0.9.4", 5060)
PHONE = Address("127.0.9.5", 5060)
SECOND = 1_000_000_000
UM_CALLS = Address("127.0.9.3", 40002)
UM_MEDIA = Address("127.0.9.3", 42000)
GATEWAY_MEDIA = Address("127.0.9.4", 43000)

AUTHORITY = trustme.CA()
LEAF = AUTHORITY.issue_cert("um.ringback.test")
CLIENT_LEAF = AUTHORITY.issue_cert("cas.ringback.test")


def circumstances(security: Security = Security.UNSECURED) -> Circumstances:
    """One seat for each role, each at its own address."""
    hosts = zip(Role, (CLIENT, CAS, UM, GATEWAY, PHONE), strict=True)
    seats = [
        Seat(
            role=role,
            name=f"{role}.ringback.test",
            host=address.host,
            ports=(5060,),
            secured_ports=(5061, 443),
        )
        for role, address in hosts
    ]
    return Circumstances(
        scenario="staged",
        title="a staged capture",
        settles=(),
        security=security,
        net="memory",
        captured="taps",
        started="2026-11-23T00:00:00Z",
        ringback="0",
        seats=tuple(seats),
    )


@dataclass
class Stage:
    """Tells a Synthesis what happens; every event takes a millisecond."""

    synthesis: Synthesis = field(default_factory=Synthesis)
    secrets: bytes = b""
    now: int = 1_700_000_000 * SECOND

    def tick(self) -> int:
        self.now += 1_000_000
        return self.now

    def opens(self, flow: object, client: Address, server: Address) -> None:
        self.synthesis.opened(flow, client, server, self.tick())

    def says(self, flow: object, octets: bytes, *, client: bool = True) -> None:
        self.synthesis.octets(flow, client, octets, self.tick())

    def closes(self, flow: object, *, client: bool = True, reset: bool = False) -> None:
        self.synthesis.closed(flow, client, reset, self.tick())

    def casts(self, source: Address, target: Address, octets: bytes) -> None:
        self.synthesis.datagram(source, target, octets, self.tick())

    def capture(self, known: Circumstances | None = None) -> bytes:
        return bytes(Capture(self.synthesis.packets(), self.secrets, known))


class Secured:
    """A real TLS connection over a Stage; both ends are Python's."""

    def __init__(
        self,
        stage: Stage,
        flow: object,
        ends: tuple[Address, Address],
        *,
        version: str = "TLSv1_3",
        ciphers: str = "",
        mutual: bool = True,
        contexts: tuple[ssl.SSLContext, ssl.SSLContext] | None = None,
        session: ssl.SSLSession | None = None,
    ) -> None:
        self.stage, self.flow = stage, flow
        pair = contexts or tls_contexts(version, ciphers, mutual=mutual)
        self.contexts = pair
        self._pipes = {side: (ssl.MemoryBIO(), ssl.MemoryBIO()) for side in (0, 1)}
        near, far = self._pipes[0], self._pipes[1]
        self.client = pair[0].wrap_bio(
            *near, server_hostname="um.ringback.test", session=session
        )
        self.server = pair[1].wrap_bio(*far, server_side=True)
        stage.opens(flow, *ends)
        with tempfile.NamedTemporaryFile() as log:
            pair[0].keylog_filename = log.name
            self._handshake()
            stage.secrets += Path(log.name).read_bytes()

    def says(self, octets: bytes, *, client: bool = True) -> bytes:
        """What the other side reads of it."""
        near, far = (self.client, self.server) if client else (self.server, self.client)
        near.write(octets)
        self.pump()
        heard = b""
        while len(heard) < len(octets):
            heard += far.read(1 << 16)
        return heard

    def pump(self) -> int:
        """Carries what waits in the buffers over the wire, and counts it."""
        carried = 0
        for side in (0, 1):
            octets = self._pipes[side][1].read()
            if octets:
                self.stage.says(self.flow, octets, client=side == 0)
                self._pipes[1 - side][0].write(octets)
                carried += len(octets)
        return carried

    def _handshake(self) -> None:
        pending = [self.client, self.server]
        while pending or self.pump():
            for end in list(pending):
                try:
                    end.do_handshake()
                except ssl.SSLWantReadError:
                    continue
                except ssl.SSLError:
                    pending.clear()
                    break
                pending.remove(end)
            self.pump()


def tls_contexts(
    version: str = "TLSv1_3", ciphers: str = "", *, mutual: bool = True
) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """For the client and for the server, tied to one version."""
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    AUTHORITY.configure_trust(client)
    LEAF.configure_cert(server)
    if mutual:
        AUTHORITY.configure_trust(server)
        CLIENT_LEAF.configure_cert(client)
        server.verify_mode = ssl.CERT_REQUIRED
    for context in (client, server):
        context.minimum_version = getattr(ssl.TLSVersion, version)
        context.maximum_version = getattr(ssl.TLSVersion, version)
        if ciphers:
            context.set_ciphers(ciphers)
    return client, server


def request(
    method: str, *, number: int = 1, call: str = "call-1", body: bytes = b""
) -> bytes:
    """A well-formed request of the UM to the gateway."""
    fields = [
        Field.of("Via", f"SIP/2.0/TCP um.ringback.test;branch=z9hG4bK{call}{number}"),
        Field.of("Max-Forwards", "70"),
        Field.of("From", "<sip:um@ringback.test>;tag=ours"),
        Field.of("To", "<sip:+12065550123@gateway.ringback.test>"),
        Field.of("Call-ID", call),
        Field.of("CSeq", f"{number} {method}"),
        *([Field.of("Content-Type", "application/sdp")] if body else []),
    ]
    uri = "sip:+12065550123@gateway.ringback.test"
    return bytes(Message.request(method, uri, fields, body))


def response(
    status: int, to: bytes, *, reason: str = "Because", body: bytes = b""
) -> bytes:
    """What the gateway answers to that request."""
    asked = Message.parse(to)
    kept = [f for f in asked.fields if f.name in ("via", "from", "call-id", "cseq")]
    fields = [
        *kept,
        Field.of("To", f"{asked.first('to')};tag=theirs"),
        *([Field.of("Content-Type", "application/sdp")] if body else []),
    ]
    return bytes(Message.response(status, reason, fields, body))


def description(where: Address, key: bytes = b"") -> bytes:
    """SDP that wants media there; SRTP when there is a key."""
    if key:
        crypto = [Crypto.of(1, key)]
        whole = sdp.offer(
            where.host, where.port, 1, 1, protocol="RTP/SAVP", crypto=crypto
        )
        return bytes(whole)
    return bytes(sdp.offer(where.host, where.port, 1, 1))


def sound(number: int, ssrc: int = 7) -> bytes:
    """The number-th RTP packet of a stream."""
    payload = bytes([number % 256]) * 160
    return bytes(RtpPacket(0, number, 160 * number, ssrc, payload))


def staged_call(keys: tuple[bytes, bytes] = (b"", b""), early: int = 0) -> Stage:
    """UM calls gateway in the clear; ``early`` sounds of the gateway come first.

    ``keys`` are what UM and gateway encrypt with.
    """
    stage = Stage()
    invite = request("INVITE", body=description(UM_MEDIA, keys[0]))
    ok = response(200, invite, body=description(GATEWAY_MEDIA, keys[1]))
    ours, theirs = (Srtp(key) if key else None for key in keys)
    stage.opens(1, UM_CALLS, GATEWAY)
    stage.says(1, invite)
    for number in range(10):
        if number == early:
            stage.says(1, ok, client=False)
            stage.says(1, request("ACK"))
        if number >= early:
            packet = sound(number)
            octets = ours.protect(packet) if ours else packet
            stage.casts(UM_MEDIA, GATEWAY_MEDIA, octets)
        packet = sound(number, ssrc=8)
        octets = theirs.protect(packet) if theirs else packet
        stage.casts(GATEWAY_MEDIA, UM_MEDIA, octets)
    bye = request("BYE", number=2)
    stage.says(1, bye)
    stage.says(1, response(200, bye), client=False)
    stage.closes(1)
    stage.closes(1, client=False)
    return stage
