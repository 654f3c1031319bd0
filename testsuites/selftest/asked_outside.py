"""Requests outside of any dialog, added to the plain call's evidence."""

from collections.abc import Callable
from functools import cache

from msgspec.structs import replace
from testsuites.selftest.evidence_builder import HOSTS, UM
from testsuites.selftest.played_call import call

from ringback.evidence.evidence import Evidence
from ringback.evidence.frame import SipFrame
from ringback.values import Address, Leg, Role
from ringback.wire.message import Field, Message

HERE, THERE = Address(HOSTS[Role.CAS], 45000), Address(HOSTS[UM], 5060)
Change = Callable[[Message], Message]
plain = cache(call)


def same(said: Message) -> Message:
    return said


def adding(name: str, value: str) -> Change:
    return lambda m: replace(m, fields=(*m.fields, Field.of(name, value)))


def asked(
    *turns: tuple[Change, int], method: str = "OPTIONS", answer: Change = same
) -> Evidence:
    """The CAS asks the UM so many requests, each changed, and gets those statuses (0
    for none); ``answer`` changes all responses."""
    frames = list(plain().sip)
    flow = next(iter(c.flow for c in plain().connections))
    for n, (change, status) in enumerate(turns):
        request = _request(n, method)
        shown = change(request)
        there = replace(
            frames[0],
            number=100_000 + 2 * n,
            flow=flow,
            leg=Leg.CAS_UM,
            sender=Role.CAS,
            receiver=Role.UM,
            source=HERE,
            target=THERE,
            sip=shown,
        )
        frames.append(there)
        if status:
            frames.append(_back(there, answer(_response(shown, status))))
    return replace(plain(), sip=tuple(frames))


def _request(n: int, method: str) -> Message:
    names = {
        "Via": f"SIP/2.0/TCP cas.x.test:5060;branch=z9hG4bKq{n}",
        "From": f"<sip:cas@x.test>;tag=q{n}",
        "To": "<sip:um@x.test>",
        "Call-ID": f"q{n}",
        "CSeq": f"1 {method}",
        "Max-Forwards": "70",
    }
    fields = tuple(Field.of(name, value) for name, value in names.items())
    return Message.request(method, "sip:um@x.test", fields)


def _response(request: Message, status: int) -> Message:
    kept = [f for f in request.fields if f.name in ("from", "call-id", "cseq")]
    via = Field.of("Via", f"{request.first('via')};received={HERE.host}")
    to = Field.of("To", request.first("to") + ";tag=um")
    able = (Field.of("Allow", "INVITE"), Field.of("Accept", "application/sdp"))
    return Message.response(status, "Text", (via, to, *kept, *able))


def _back(request: SipFrame, told: Message) -> SipFrame:
    return replace(
        request,
        number=request.number + 1,
        sip=told,
        source=request.target,
        target=request.source,
        sender=request.receiver,
        receiver=request.sender,
    )
