"""Offer and answer as a dialogue: refusals, versions, holds, keys, forged packets."""

from collections.abc import Callable, Iterable
from functools import cache
from typing import Any

import pytest
from msgspec.structs import replace
from testsuites.selftest.evidence_builder import (
    HOSTS,
    WORKER,
    Plan,
    changed,
    on,
    resent,
    swapped,
)
from testsuites.selftest.played_call import call
from testsuites.selftest.tribunal import Table, accused, acquitted, left_open

from ringback.evidence.evidence import Evidence
from ringback.evidence.frame import RtpFrame, SipFrame
from ringback.values import Leg, Role, Security
from ringback.wire.message import Field, Message

GW = Leg.UM_GATEWAY
INVITE, OK, ACK = on(GW, "INVITE"), on(GW, "200", "INVITE"), on(GW, "ACK")
plain = cache(call)
secured = cache(lambda: call(Plan(security=Security.SECURED)))
Swap = tuple[str, str]
ALONE = ("RTP/AVP 0 8 101", "RTP/AVP 117\r\na=rtpmap:117 X-NONE/8000")
HELD = ("a=sendrecv", "a=sendonly")
SILENT = b"\xff" * 160


def offer(*swaps: Swap, of: Evidence | None = None) -> Evidence:
    return _swapped(of or plain(), INVITE, swaps)


def answer(*swaps: Swap, of: Evidence | None = None) -> Evidence:
    return _swapped(of or plain(), OK, swaps)


def _swapped(
    evidence: Evidence, pick: Callable[[SipFrame], bool], swaps: Iterable[Swap]
) -> Evidence:
    for old, new in swaps:
        evidence = changed(evidence, pick, swapped(old, new))
    return evidence


def bodiless(evidence: Evidence, pick: Callable[[SipFrame], bool]) -> Evidence:
    return changed(evidence, pick, lambda m: replace(m, body=b""))


def described(evidence: Evidence) -> Evidence:
    """The ACK has the description of the INVITE."""
    body = next(f.sip.body for f in evidence.sip if INVITE(f)) or next(
        f.sip.body for f in plain().sip if INVITE(f)
    )

    def with_body(said: Message) -> Message:
        typed = Field.of("Content-Type", "application/sdp")
        return replace(said, fields=(*said.fields, typed), body=body)

    return changed(evidence, ACK, with_body)


def renewed(
    evidence: Evidence,
    *swaps: Swap,
    seq: int = 7,
    after: float = 0.3,
    answered: Swap = ("", ""),
    status: str = "200 OK",
    version: int = 2,
) -> Evidence:
    """The gateway offers anew so long after the ACK; the UM answers that at once."""
    ack = next(f for f in evidence.sip if ACK(f))
    body = next(f.sip.body for f in evidence.sip if OK(f)).decode()
    reply = body.replace(HOSTS[Role.GATEWAY], WORKER)
    body = body.replace("o=- 1 1", f"o=- 1 {version}")
    for old, new in swaps:
        body = body.replace(old, new)
    call_id = ack.sip.first("call-id")
    heads = (
        Field.of("Via", f"SIP/2.0/TCP {HOSTS[Role.GATEWAY]};branch=z9hG4bK{seq}"),
        Field.of("From", ack.sip.first("to")),
        Field.of("To", ack.sip.first("from")),
        Field.of("Call-ID", call_id),
        Field.of("CSeq", f"{seq} INVITE"),
        Field.of("Content-Type", "application/sdp"),
    )
    asked = Message.request("INVITE", "sip:um@x.test", heads, body.encode())
    told = reply.replace(*answered).encode() if status == "200 OK" else b""
    code, _, reason = status.partition(" ")
    said = Message.response(int(code or 100), reason, heads, told)
    base = 10_000 + 10 * seq
    back: dict[str, Any] = {"source": ack.target, "target": ack.source}
    ends: dict[str, Any] = {"sender": Role.GATEWAY, "receiver": Role.UM}
    first = replace(ack, number=base, time=ack.time + after, sip=asked, **back, **ends)
    second = replace(ack, number=base + 1, time=ack.time + after + 0.01, sip=said)
    sip = (*evidence.sip, first, second) if status else (*evidence.sip, first)
    return replace(evidence, sip=sip)


def mute(evidence: Evidence, begin: float, end: float = 99.0) -> Evidence:
    """Without the sound of the UM between these seconds after the ACK."""
    start = next(f.time for f in evidence.sip if ACK(f))
    kept = tuple(
        f
        for f in evidence.rtp
        if f.sender is not Role.UM or not begin < f.time - start < end
    )
    assert len(kept) < len(evidence.rtp)
    return replace(evidence, rtp=kept)


def unlike(evidence: Evidence, forged: Iterable[int] = ()) -> Evidence:
    """Each sealed packet has octets of its own; those in ``forged`` do not verify."""
    sealed = [f.number for f in evidence.rtp if f.leg is GW]

    def change(frame: RtpFrame) -> RtpFrame:
        if frame.leg is not GW:
            return frame
        octets = frame.octets[:2] + frame.number.to_bytes(2) + frame.octets[4:]
        rtp = None if sealed.index(frame.number) in forged else frame.rtp
        return replace(frame, octets=octets, rtp=rtp)

    return resent(evidence, change)


def silenced(evidence: Evidence, *legs: Leg) -> Evidence:
    def change(frame: RtpFrame) -> RtpFrame:
        if frame.leg not in legs or frame.rtp is None:
            return frame
        return replace(frame, rtp=replace(frame.rtp, payload=SILENT))

    return resent(evidence, change)


def replayed(*, played: bool) -> Evidence:
    """The tenth packet of the UM comes twice; the phone hears it twice, or once."""
    evidence = unlike(secured())
    sealed = [f for f in evidence.rtp if f.leg is GW]
    said = sealed[10].rtp
    assert said
    heard = next(
        f
        for f in evidence.rtp
        if f.leg is Leg.GATEWAY_PHONE and f.rtp and f.rtp.payload == said.payload
    )
    again = [replace(sealed[10], number=9_000, rtp=None)]
    again += [replace(heard, number=9_001)] if played else []
    return replace(evidence, rtp=(*evidence.rtp, *again))


def refused_and_sent() -> Evidence:
    """Port 0 is the answer; yet the gateway sends to the UM's own port."""
    evidence = answer(("audio 7002", "audio 0"), of=offer(("audio 7002", "audio 7100")))
    last = next(f for f in evidence.rtp if f.leg is GW)
    place = replace(last.source, host=WORKER, port=7100)
    sent = replace(last, number=9_000, target=place, sender=Role.GATEWAY)
    return replace(evidence, rtp=(*evidence.rtp, sent))


def status(code: int, *, odd: bool = True) -> Evidence:
    """An offer over IPv6, or a plain one, is refused so."""
    evidence = changed(
        call(Plan(final=480)), on(GW, "480"), swapped(" 480 ", f" {code} ")
    )
    over_ipv6 = swapped("c=IN IP4 ", "c=IN IP6 ::ffff:")
    return changed(evidence, on(GW, "INVITE"), over_ipv6) if odd else evidence


def zeros(evidence: Evidence) -> Evidence:
    return renewed(evidence, (f"c=IN IP4 {HOSTS[Role.GATEWAY]}", "c=IN IP4 0.0.0.0"))


def held(evidence: Evidence) -> Evidence:
    return renewed(evidence, HELD, answered=("a=sendrecv", "a=recvonly"))


def resumed(evidence: Evidence) -> Evidence:
    return renewed(held(evidence), seq=8, after=0.6, version=3)


def refused_change(evidence: Evidence) -> Evidence:
    return renewed(evidence, status="488 Not Acceptable Here")


GUILTY: Table = {
    "SIP-OFFER-001": lambda: offer(ALONE),
    "SIP-OFFER-002": lambda: status(500),
    "SIP-OFFER-003": lambda: offer(("audio 7002", "audio 0")),
    "SIP-OFFER-004": refused_and_sent,
    "SIP-OFFER-005": lambda: bodiless(bodiless(plain(), INVITE), OK),
    "SIP-OFFER-006": lambda: bodiless(plain(), INVITE),
    "SIP-OFFER-007": lambda: renewed(plain(), version=5),
    "SIP-OFFER-008": lambda: renewed(plain(), ("m=audio", "a=was-audio")),
    "SIP-OFFER-009": lambda: renewed(renewed(plain(), status=""), seq=8, version=3),
    "SIP-OFFER-010": lambda: described(plain()),
    "SIP-OFFER-011": lambda: held(plain()),
    "SIP-OFFER-012": lambda: zeros(plain()),
    "SIP-OFFER-013": lambda: resumed(mute(plain(), 0.3)),
    "SIP-OFFER-014": lambda: answer(("t=0 0", "t=1 2")),
    "SIP-OFFER-015": lambda: answer(("0 8 101", "8 0 101")),
    "SIP-OFFER-016": lambda: answer(("RTP/SAVP", "RTP/AVP"), of=secured()),
    "SIP-OFFER-017": lambda: offer(("RTP/SAVP", "RTP/AVP"), of=secured()),
    "SIP-OFFER-018": lambda: answer(("inline:AQEB", "inline:AAAA"), of=same_key()),
    "SIP-OFFER-019": lambda: silenced(unlike(secured(), forged=[10]), GW),
    "SIP-OFFER-020": lambda: replayed(played=True),
    "SIP-OFFER-021": lambda: renewed(plain(), ("telephone-event", "speex")),
    "SIP-OFFER-022": lambda: refused_change(mute(plain(), 0.3)),
    "SIP-OFFER-023": lambda: answer(("a=sendrecv", "a=sendrecv\r\na=rtcp-mux")),
}
ODD: Table = {
    "SIP-OFFER-001": lambda: answer(("audio 7002", "audio 0"), of=offer(ALONE)),
    "SIP-OFFER-002": lambda: status(606),
    "SIP-OFFER-003": lambda: answer(
        ("audio 7002", "audio 0"), of=offer(("audio 7002", "audio 0"))
    ),
    "SIP-OFFER-004": lambda: answer(
        ("audio 7002", "audio 0"), of=offer(("audio 7002", "audio 7100"))
    ),
    "SIP-OFFER-005": lambda: bodiless(plain(), INVITE),
    "SIP-OFFER-006": lambda: described(bodiless(plain(), INVITE)),
    "SIP-OFFER-007": lambda: renewed(plain(), version=1),  # a refresh
    "SIP-OFFER-008": lambda: renewed(plain(), ("audio 7002", "audio 0")),
    "SIP-OFFER-009": lambda: renewed(refused_change(plain()), seq=8, after=0.5),
    "SIP-OFFER-010": plain,
    "SIP-OFFER-011": lambda: held(mute(plain(), 0.4)),
    "SIP-OFFER-012": lambda: zeros(mute(plain(), 0.4)),
    "SIP-OFFER-013": lambda: resumed(mute(plain(), 0.3, 0.6)),
    "SIP-OFFER-014": lambda: answer(("t=0 0", "t=0  0")),
    "SIP-OFFER-015": lambda: answer(("0 8 101", "18 0 101")),
    "SIP-OFFER-017": lambda: answer(
        ("audio 7002", "audio 0"), of=offer(("RTP/SAVP", "RTP/AVP"), of=secured())
    ),
    "SIP-OFFER-018": secured,
    "SIP-OFFER-019": lambda: silenced(
        unlike(secured(), forged=[10]), GW, Leg.GATEWAY_PHONE
    ),
    "SIP-OFFER-020": lambda: replayed(played=False),
    "SIP-OFFER-021": lambda: renewed(plain(), ("0 8 101", "0 101 97")),
    "SIP-OFFER-022": lambda: refused_change(plain()),
    "SIP-OFFER-023": lambda: offer(("a=sendrecv", "a=sendrecv\r\na=rtcp-mux")),
}


def same_key() -> Evidence:
    """The gateway's key will be the UM's own, to the last octet."""
    zeros_only = "A" * 40
    ones = next(
        line
        for f in secured().sip
        if OK(f)
        for line in f.sip.body.decode().split("\r\n")
        if line.startswith("a=crypto")
    ).rpartition("inline:")[2]
    return answer((ones, ones[:4] + zeros_only[4:]), of=secured())


@pytest.mark.parametrize("requirement", sorted(GUILTY))
def test_who_breaks_it_is_accused(requirement: str) -> None:
    accused(requirement, GUILTY[requirement]())


@pytest.mark.parametrize("requirement", sorted(ODD))
def test_who_is_only_odd_is_not(requirement: str) -> None:
    acquitted(requirement, ODD[requirement]())


@pytest.mark.parametrize(
    ("requirement", "guilty"),
    [
        ("SIP-OFFER-001", Role.GATEWAY),
        ("SIP-OFFER-004", Role.GATEWAY),
        ("SIP-OFFER-005", Role.GATEWAY),
        ("SIP-OFFER-006", Role.UM),
        ("SIP-OFFER-009", Role.GATEWAY),
        ("SIP-OFFER-011", Role.UM),
        ("SIP-OFFER-012", Role.UM),
        ("SIP-OFFER-016", Role.UM),
        ("SIP-OFFER-017", Role.GATEWAY),
        ("SIP-OFFER-018", Role.GATEWAY),
        ("SIP-OFFER-019", Role.GATEWAY),
        ("SIP-OFFER-022", Role.UM),
    ],
)
def test_the_right_one_is_accused(requirement: str, guilty: Role) -> None:
    assert accused(requirement, GUILTY[requirement]()).guilty is guilty


def test_offers_that_cross_on_the_way_are_nobodys_fault() -> None:
    evidence = renewed(plain(), status="")
    crossing = [f for f in evidence.sip if f.number >= 10_000]
    other = replace(
        crossing[0],
        number=10_100,
        source=crossing[0].target,
        target=crossing[0].source,
        sender=Role.UM,
        receiver=Role.GATEWAY,
        sip=Message.parse(bytes(crossing[0].sip).replace(b"7 INVITE", b"9 INVITE")),
    )
    acquitted("SIP-OFFER-009", replace(evidence, sip=(*evidence.sip, other)))


def test_the_offer_of_a_refused_call_may_be_made_elsewhere() -> None:
    evidence = secured()
    again = [f for f in evidence.sip if INVITE(f)]
    elsewhere = replace(
        again[0],
        number=9_000,
        sip=Message.parse(bytes(again[0].sip).replace(b"um-gateway-1", b"another-1")),
    )
    acquitted("SIP-OFFER-018", replace(evidence, sip=(*evidence.sip, elsewhere)))


def test_without_keys_nobody_can_say_whether_they_are_new() -> None:
    left_open("SIP-OFFER-016", plain())
    left_open("SIP-OFFER-018", plain())
    left_open("SIP-OFFER-019", plain())


def test_a_plain_offer_is_not_refused_for_what_it_says() -> None:
    left_open("SIP-OFFER-002", status(500, odd=False))
