"""The timeline: one line for each thing, and no secret in any of them."""

import msgspec
from testsuites.selftest.staged import (
    CAS,
    CLIENT,
    GATEWAY_MEDIA,
    UM_MEDIA,
    Secured,
    circumstances,
    staged_call,
)

from ringback.evidence.reader import read
from ringback.evidence.timeline import Line, timeline
from ringback.values import Leg, Role
from ringback.wire.rtp import RtpPacket

KEYS = (bytes(range(30)), bytes(range(30, 60)))


def shown(capture: bytes) -> list[Line]:
    octets = timeline(read(capture))
    return [msgspec.json.decode(line, type=Line) for line in octets.splitlines()]


def test_every_frame_has_its_line() -> None:
    lines = shown(staged_call().capture(circumstances()))

    assert len(lines) == 25
    assert lines[0].what.startswith("INVITE sip:+12")
    assert (lines[0].number, lines[0].leg) == (4, Leg.UM_GATEWAY)
    assert (lines[0].sender, lines[0].receiver) == (Role.UM, Role.GATEWAY)
    assert lines[1].what == "SIP/2.0 200 Because (1 INVITE)"
    assert lines[3].what == "RTP PCMU, sequence 0, at 0"


def test_tls_and_soap_have_lines_too() -> None:
    stage = staged_call()
    web = Secured(stage, 2, (CLIENT, CAS))
    soap = b"<s:Body><m:PlayOnPhone/></s:Body>"
    length = b"Content-Length: %d\r\n\r\n" % len(soap)
    web.says(b"POST /EWS HTTP/1.1\r\nAuthorization: Basic c2Vj\r\n" + length + soap)

    said = [line.what for line in shown(stage.capture(circumstances()))]

    assert "POST /EWS HTTP/1.1, PlayOnPhone" in said
    assert any(what.startswith("TLS Certificate") for what in said)


def test_no_secret_is_shown() -> None:
    stage = staged_call(KEYS)
    stage.opens(5, CLIENT, CAS)
    broken = (
        b"nonsense\r\nAuthorization: Basic c2VjcmV0\r\na=crypto:1 X inline:c2VjcmV0"
    )
    stage.says(5, broken + b"\r\n\r\n")
    event = RtpPacket(101, 99, 1600, 8, b"\x05\x8a\x03\x20")
    stage.casts(GATEWAY_MEDIA, UM_MEDIA, bytes(event))

    text = timeline(read(stage.capture(circumstances()))).decode()

    assert "c2VjcmV0" not in text
    assert "2065550123" not in text
    assert "inline" not in text.replace("inline:•", "")
    assert "058a" not in text
