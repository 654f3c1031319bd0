"""Session descriptions: their form, and whether offer and answer fit."""

from functools import cache

import pytest
from testsuites.selftest.evidence_builder import Plan, changed, on, swapped
from testsuites.selftest.played_call import call
from testsuites.selftest.tribunal import Table, accused, acquitted, left_open

from ringback.evidence.evidence import Evidence
from ringback.values import Leg, Role, Security
from ringback.wire.message import Field, Message

GW = Leg.UM_GATEWAY
INVITE, OK = on(GW, "INVITE"), on(GW, "200", "INVITE")
plain = cache(call)
secured = cache(lambda: call(Plan(security=Security.SECURED)))


def answer(*swaps: tuple[str, str], of: Evidence | None = None) -> Evidence:
    evidence = of or plain()
    for old, new in swaps:
        evidence = changed(evidence, OK, swapped(old, new))
    return evidence


def offer(*swaps: tuple[str, str], of: Evidence | None = None) -> Evidence:
    evidence = of or plain()
    for old, new in swaps:
        evidence = changed(evidence, INVITE, swapped(old, new))
    return evidence


VIDEO = "m=video 0 RTP/AVP 31\r\n"
GUILTY: Table = {
    "MED-SDP-001": lambda: offer(("v=0", "v=1")),
    "MED-SDP-002": lambda: answer(("c: application/sdp", "c: text/plain")),
    "MED-SDP-003": lambda: answer(("t=0 0\r\n", "t=0 0\r\n" + VIDEO)),
    "MED-SDP-004": lambda: answer(
        ("RTP/AVP 0 8 101", "RTP/AVP 18"),
        ("a=rtpmap:0 PCMU/8000\r\na=rtpmap:8 PCMA/8000\r\n", ""),
    ),
    "MED-SDP-005": lambda: answer(("0 8 101", "0 8 96"), (":101 tel", ":96 tel")),
    "MED-SDP-006": lambda: offer(("a=sendrecv", "a=sendonly")),
    "MED-SDP-007": lambda: offer(
        ("RTP/AVP 0 8 101", "RTP/AVP 18 101"),
        ("a=rtpmap:0 PCMU/8000\r\na=rtpmap:8 PCMA/8000\r\n", ""),
    ),
    "MED-SDP-008": lambda: offer(("telephone-event", "other-event")),
    "MED-SRTP-001": lambda: answer(("RTP/SAVP", "RTP/AVP"), of=secured()),
    "MED-SRTP-002": lambda: offer(("AES_CM_128_HMAC_SHA1_80", "ROT_13"), of=secured()),
    "MED-SRTP-003": lambda: answer(("crypto:1", "crypto:2"), of=secured()),
}
ODD: Table = {
    "MED-SDP-001": lambda: offer(("t=0 0", "b=CT:10000000\r\nx=odd\r\nt=0 0")),
    "MED-SDP-002": plain,
    "MED-SDP-003": lambda: answer(("0 8 101", "8 0 101")),
    "MED-SDP-004": lambda: answer(("RTP/AVP 0 8 101", "RTP/AVP 18 8 101")),
    "MED-SDP-005": lambda: answer(("RTP/AVP 0 8 101", "RTP/AVP 8 96")),
    "MED-SDP-006": lambda: answer(("a=sendrecv", "a=inactive")),
    "MED-SDP-007": lambda: offer(("RTP/AVP 0 8 101", "RTP/AVP 4 101")),
    "MED-SDP-008": lambda: offer(("telephone-event", "TELEPHONE-EVENT")),
    "MED-SRTP-001": lambda: answer(("RTP/SAVP", "RTP/SAVPF"), of=secured()),
    "MED-SRTP-002": lambda: offer(("a=crypto:1 ", "a=crypto:1  "), of=secured()),
    "MED-SRTP-003": secured,
}


@pytest.mark.parametrize("requirement", sorted(GUILTY))
def test_who_breaks_it_is_accused(requirement: str) -> None:
    accused(requirement, GUILTY[requirement]())


@pytest.mark.parametrize("requirement", sorted(ODD))
def test_who_is_only_odd_is_not(requirement: str) -> None:
    acquitted(requirement, ODD[requirement]())


def test_who_answered_is_guilty_of_the_answer() -> None:
    assert accused("MED-SDP-004", GUILTY["MED-SDP-004"]()).guilty is Role.GATEWAY


@pytest.mark.parametrize("reliable", [True, False])
def test_an_answer_before_the_200_will_do_if_it_is_reliable(reliable: bool) -> None:
    evidence = answer(("c: application/sdp", "c: text/plain"))
    ring = on(GW, "180")
    body = next(f.sip.body for f in plain().sip if OK(f))
    with_body = swapped("Content-Length: 0\r\n\r\n", "c: application/sdp\r\n\r\n")

    def early(said: Message) -> Message:
        head = with_body(said)
        fields = (*head.fields, Field.of("RSeq", "1")) if reliable else head.fields
        return Message(head.start, fields, body)

    judged = acquitted if reliable else accused
    judged("MED-SDP-002", changed(evidence, ring, early))


def test_a_refused_stream_need_not_share_a_format() -> None:
    evidence = answer(("m=audio 7002 RTP/AVP 0 8 101", "m=audio 0 RTP/AVP 19"))
    acquitted("MED-SDP-004", evidence)


def test_without_keys_there_is_nothing_to_say_about_them() -> None:
    left_open("MED-SRTP-002", plain())
    left_open("MED-SRTP-003", plain())
