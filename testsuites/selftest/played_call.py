"""A whole Play on Phone call as written-down evidence, by plan."""

from typing import Any

from testsuites.selftest.evidence_builder import (
    CAS,
    GATEWAY,
    HOSTS,
    KEY,
    KEY_BACK,
    NUMBER,
    PHONE,
    UM,
    WORKER,
    Plan,
    Scene,
    key_packets,
    state,
)

from ringback.evidence.evidence import Evidence
from ringback.values import Address, CallState, Cause, Leg, Role
from ringback.wire import ews, umws
from ringback.wire.message import Field, Message
from ringback.wire.rtp import RtpPacket
from ringback.wire.sdes import Crypto
from ringback.wire.sdp import offer
from ringback.wire.soap import SoapFault

CAUSES = {486: Cause.USER_BUSY, 480: Cause.NO_ANSWER, 404: Cause.UNAVAILABLE}
REASONS = {486: "Busy Here", 480: "Temporarily Unavailable", 404: "Not Found"}


HOPS = {Leg.CAS_UM: "70", Leg.UM_GATEWAY: "69", Leg.GATEWAY_PHONE: "68"}


class Half:
    """One leg's dialog: requests and responses that belong together."""

    def __init__(self, scene: Scene, leg: Leg, uri: str, port: int) -> None:
        self.scene, self.leg, self.uri = scene, leg, uri
        near, far = leg.roles
        self.call_id, self.seq, self.back_seq = f"{leg}-1@ringback.test", 1, 1
        self.tags = {near: f"{near}-tag", far: f"{far}-tag"}
        self.near, self.far, self.served = near, far, HOSTS[far]
        self.port = port
        self.up = False  # a dialog stands
        self.tls = scene.plan.security.tls and leg is not Leg.GATEWAY_PHONE

    def ends(self) -> tuple[Address, Address]:
        here = WORKER if self.leg is Leg.UM_GATEWAY else HOSTS[self.near]
        return Address(here, 41000), Address(self.served, self.port)

    def asks(
        self, method: str, branch: str, body: bytes = b"", *fields: Field
    ) -> Message:
        """A request of the near side, said on the wire."""
        source, target = self.ends()
        to = f"<{self.uri}>" + (f";tag={self.tags[self.far]}" if self.up else "")
        said = Message.request(
            method,
            self.uri,
            (
                self.via(source.host, branch),
                Field.of("Max-Forwards", HOPS[self.leg]),
                Field.of(
                    "From", f"<sip:{self.near}@x.test>;tag={self.tags[self.near]}"
                ),
                Field.of("To", to),
                Field.of("Call-ID", self.call_id),
                Field.of("CSeq", f"{self.seq} {method}"),
                Field.of("Contact", f"<sip:{self.near}@{source.host}:5060>"),
                *fields,
            ),
            body,
        )
        return self.scene.sip(self.leg, source, target, said)

    def own(self) -> str:
        return f"<sip:{self.near}@x.test>;tag={self.tags[self.near]}"

    def via(self, host: str, branch: str) -> Field:
        kind = "TLS" if self.tls else "TCP"
        return Field.of("Via", f"SIP/2.0/{kind} {host}:5060;branch=z9hG4bK{branch}")

    def told(
        self,
        asked: Message,
        status: int,
        reason: str,
        body: bytes = b"",
        contact: str = "",
    ) -> Message:
        """The far side's response, with the odd additions that are allowed."""
        source, target = self.ends()
        to = asked.first("to")
        tag = "" if ";tag=" in to or status == 100 else f";tag={self.tags[self.far]}"
        fields = [
            Field.of("v", asked.first("via") + ";received=127.0.0.1;rport=41000"),
            Field.of("f", asked.first("from")),
            Field.of("TO", to + tag),
            Field.of("i", asked.first("call-id")),
            Field.of("CSEQ", asked.first("cseq")),
            Field.of("m", contact or f"<sip:{self.far}@{target.host}:{target.port}>"),
        ]
        kinds = [Field.of("c", "application/sdp")] if body else []
        said = Message.response(status, reason, (*fields, *kinds), body)
        return self.scene.sip(self.leg, target, source, said)

    def far_says_bye(self) -> None:
        """From the other side, on a new connection to the Contact."""
        source, _ = self.ends()
        link = Address(self.served, 42000), Address(source.host, 5060)
        said = Message.request(
            "BYE",
            f"sip:{self.near}@{source.host}:5060",
            (
                self.via(self.served, f"bye{self.leg}"),
                Field.of("Max-Forwards", "70"),
                Field.of("From", f"<{self.uri}>;tag={self.tags[self.far]}"),
                Field.of("To", self.own()),
                Field.of("Call-ID", self.call_id),
                Field.of("CSeq", "1 BYE"),
            ),
        )
        self.scene.sip(self.leg, *link, said)
        kept = ("via", "from", "to", "call-id", "cseq")
        fields = [f for f in said.fields if f.name in kept]
        answer = Message.response(200, "", fields)
        self.scene.sip(self.leg, link[1], link[0], answer)


def sdp(role: Role, plan: Plan, leg: Leg, answers: bool = False) -> bytes:
    hidden = plan.security.srtp and leg is Leg.UM_GATEWAY
    host = WORKER if role is UM else HOSTS[role]
    inactive = leg is Leg.CAS_UM
    return bytes(
        offer(
            host,
            7002,
            1,
            1,
            (0, 8, 101),
            protocol="RTP/SAVP" if hidden else "RTP/AVP",
            crypto=(Crypto.parse(KEY_BACK if answers else KEY),) if hidden else (),
            direction="inactive" if inactive else "sendrecv",
        )
    )


def call(plan: Plan | None = None, **circumstances: Any) -> Evidence:
    """Ordered, redirected, dialled, answered or not, heard, ended, asked about."""
    plan = plan or Plan()
    scene = Scene(plan)
    umish = plan.dialect == "umws"
    asks = umws.PlayOnPhone if umish else ews.PlayOnPhone
    scene.asks("tia", asks("hello", NUMBER))
    if not plan.permitted:
        return _denied(scene, umish).evidence(**circumstances)
    halves, invites = _rings(scene, plan)
    if plan.hangs_up_early:
        _cancelled(scene, halves, invites)
    elif plan.final != 200:
        _refused(plan, halves, invites)
    else:
        _answered(scene, plan, halves, invites)
    scene.now += 3
    ended = Cause.NONE if plan.hangs_up_early else CAUSES.get(plan.final, Cause.NONE)
    if umish and ended is Cause.UNAVAILABLE:
        ended = Cause.OTHER
    _poll(scene, CallState.DISCONNECTED, ended)
    return scene.evidence(**circumstances)


def _rings(scene: Scene, plan: Plan) -> tuple["Halves", "Invites"]:
    """From the INVITE of the CAS until the user is told that it rings."""
    port = 5061 if plan.security.tls else 5060
    far = Half(scene, Leg.GATEWAY_PHONE, f"sip:{NUMBER}@phone.ringback.test", 5060)
    line = Half(scene, Leg.UM_GATEWAY, f"sip:{NUMBER}@gateway.ringback.test", port)
    near = Half(scene, Leg.CAS_UM, "sip:pop@um.ringback.test", port)
    invite = redirected(near, plan)
    near.told(invite, 183, "Session Progress", sdp(UM, plan, near.leg))
    gives = umws if plan.dialect == "umws" else ews
    scene.answers(gives.PlayOnPhoneResponse("call-0001"))
    kind = Field.of("Content-Type", "application/sdp")
    out = line.asks("INVITE", "line", sdp(UM, plan, line.leg), kind)
    line.told(out, 100, "Trying")
    ring = far.asks("INVITE", "far", sdp(GATEWAY, plan, far.leg), kind)
    for half, asked in ((far, ring), (line, out), (near, invite)):
        half.told(asked, 180, "Ringing")
    _poll(scene, CallState.ALERTED)
    return (near, line, far), (invite, out, ring)


def redirected(near: Half, plan: Plan) -> Message:
    """302 to the worker in the product's spelling, then the INVITE there."""
    kind = Field.of("Content-Type", "application/sdp")
    body = sdp(CAS, plan, near.leg)
    first = near.asks("INVITE", "near1", body, kind)
    port, transport = (5066, "Tls") if near.tls else (5065, "Tcp")
    place = f"um.ringback.test:{port};user=phone"
    uri = f"sip:101@{place};transport={transport};maddr={WORKER}"
    near.told(first, 302, "Moved Temporarily", contact=plan.contact or f"<{uri}>")
    near.up = True
    near.asks("ACK", "near1")
    near.up = False
    near.seq, near.served, near.port, near.uri = 2, WORKER, port, uri
    return near.asks("INVITE", "near2", body, kind)


Halves = tuple[Half, Half, Half]
Invites = tuple[Message, Message, Message]


def _answered(scene: Scene, plan: Plan, halves: Halves, invites: Invites) -> None:
    near, line, far = halves
    callees = (UM, GATEWAY, PHONE)
    for half, invite, role in reversed(
        list(zip(halves, invites, callees, strict=True))
    ):
        half.told(invite, 200, "OK", sdp(role, plan, half.leg, answers=True))
        target = Address(half.served, half.port)
        half.up, half.uri = True, f"sip:{half.far}@{target}"
        half.asks("ACK", f"ack{half.leg}")
    play(scene, plan)
    scene.now += 2.5
    _poll(scene, CallState.CONNECTED)
    if plan.ends == "client":
        _hangs_up(scene)
        for half in (near, line, far):
            half.seq += 1
            half.told(half.asks("BYE", f"bye{half.leg}"), 200, "OK")
        return
    far.far_says_bye()
    line.far_says_bye()
    near.far_says_bye()


def _cancelled(scene: Scene, halves: Halves, invites: Invites) -> None:
    _hangs_up(scene)
    names = ("near2", "line", "far")
    for half, invite, branch in zip(halves, invites, names, strict=True):
        half.told(half.asks("CANCEL", branch), 200, "OK")
        half.told(invite, 487, "Request Terminated")
        half.up = True
        half.asks("ACK", branch)


def _refused(plan: Plan, halves: Halves, invites: Invites) -> None:
    reason = REASONS.get(plan.final, "No")
    names = ("near2", "line", "far")
    for half, invite, branch in reversed(
        list(zip(halves, invites, names, strict=True))
    ):
        own = plan.final if plan.final in (480, 486) else 480  # the UM's, to the CAS
        status = own if half.leg is Leg.CAS_UM else plan.final
        half.told(invite, status, reason)
        half.up = True
        half.asks("ACK", branch)


def _hangs_up(scene: Scene) -> None:
    if scene.plan.dialect == "umws":
        scene.http("tia", umws.Disconnect("call-0001"), umws.DisconnectResponse())
    else:
        asked = ews.DisconnectPhoneCall("call-0001")
        scene.http("tia", asked, ews.DisconnectPhoneCallResponse())


def _poll(scene: Scene, told: CallState, cause: Cause = Cause.NONE) -> None:
    umish = scene.plan.dialect == "umws"
    asked = umws.GetCallInfo if umish else ews.GetPhoneCallInformation
    scene.http("tia", asked("call-0001"), state(told, cause, scene.plan.dialect))


def _denied(scene: Scene, umish: bool) -> Scene:
    if umish:
        fault = SoapFault("DialingRulesException", "no", "a:DialingRulesException")
        scene.answers(fault, 500)
    else:
        scene.answers(ews.PlayOnPhoneResponse(code="ErrorPhoneNumberNotDialable"))
    return scene


def play(scene: Scene, plan: Plan) -> None:
    """The message at 20 ms to gateway and phone, silence and keys coming back."""
    start, sound = scene.now, plan.sound
    for n in range(0, len(sound), 160):
        at = n // 160
        payload = sound[n : n + 160]
        packet = RtpPacket(0, 65530 + at & 0xFFFF, 9000 + n, 7, payload, at == 0)
        back = RtpPacket(0, 100 + at, 5000 + n, 77, b"\xff" * 160, at == 0)
        scene.now = start + 0.02 * at
        scene.rtp(Leg.UM_GATEWAY, UM, GATEWAY, packet)
        scene.rtp(Leg.GATEWAY_PHONE, GATEWAY, PHONE, packet)
        scene.rtp(Leg.UM_GATEWAY, GATEWAY, UM, back)
    at = 100 + len(sound) // 160
    for n, key in enumerate(plan.keys):
        for told in key_packets(key, 60000 + 2000 * n, at + 10 * n):
            scene.rtp(Leg.UM_GATEWAY, GATEWAY, UM, told)
