"""The evidence as lines of JSON: who said what to whom, one line for each thing.

For people and for scripts. Credentials, media keys, dial strings and the digits that
were pressed are hidden (facts §10); verdicts never read this.
"""

import re
from collections.abc import Iterator

import msgspec

from ringback.evidence.evidence import Evidence
from ringback.evidence.frame import (
    BrokenFrame,
    Frame,
    HttpFrame,
    RtcpFrame,
    RtpFrame,
    SipFrame,
    TlsFrame,
)
from ringback.evidence.masking import masked
from ringback.values import Leg, Role
from ringback.wire.rtp import RtpPacket

_OPERATION = re.compile(rb"Body\b[^>]*>\s*<(?:\w+:)?(\w+)")
_FORMATS = {0: "PCMU", 8: "PCMA", 13: "comfort noise"}
_SHOWN = 80  # octets of what could not be read


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One line; ``number`` is Wireshark's, ``time`` in seconds from the start."""

    number: int
    time: float
    leg: Leg | None
    sender: Role | None
    receiver: Role | None
    source: str
    target: str
    secured: bool
    what: str


def timeline(evidence: Evidence) -> bytes:
    """Every frame and every TLS event, in order; each line ends in a line feed."""
    encode = msgspec.json.Encoder().encode
    return b"".join(encode(line) + b"\n" for line in lines(evidence))


def lines(evidence: Evidence) -> Iterator[Line]:
    """The same as values."""
    handshakes = [frame for c in evidence.connections for frame in c.tls]
    for frame in sorted((*handshakes, *evidence.frames()), key=lambda f: f.number):
        yield Line(
            number=frame.number,
            time=round(frame.time, 6),
            leg=frame.leg,
            sender=frame.sender,
            receiver=frame.receiver,
            source=str(frame.source),
            target=str(frame.target),
            secured=frame.secured,
            what=_one_line(_what(frame)),
        )


def _what(frame: Frame) -> str:
    match frame:
        case SipFrame() | HttpFrame():
            return _message(frame)
        case RtpFrame():
            return _rtp(frame.rtp)
        case RtcpFrame():
            return f"RTCP, {len(frame.octets)} octets"
        case TlsFrame():
            return _tls(frame)
        case BrokenFrame():
            return f"unreadable ({frame.why}): {_shown(frame.octets)}"
        case _:
            return "a datagram"


def _message(frame: SipFrame | HttpFrame) -> str:
    if isinstance(frame, HttpFrame):
        operation = _OPERATION.search(frame.body)
        said = f", {operation[1].decode()}" if operation else ""
        return masked(frame.start) + said
    start = frame.sip.start.decode("utf-8", "replace")
    cseq = f" ({frame.sip.first('cseq')})" if frame.sip.status else ""
    return masked(start) + cseq


def _rtp(packet: RtpPacket | None) -> str:
    """Never a payload: a telephone event's is the key that was pressed."""
    if packet is None:
        return "SRTP that no known key opens"
    kind = _FORMATS.get(packet.payload_type, f"payload type {packet.payload_type}")
    marker = ", marker" if packet.marker else ""
    return f"RTP {kind}, sequence {packet.sequence}, at {packet.timestamp}{marker}"


def _tls(frame: TlsFrame) -> str:
    words = [f"TLS {frame.event}"]
    if frame.alert is not None:
        words.append(f"level {frame.alert[0]}, description {frame.alert[1]}")
    if frame.certificates:
        words.append(f"{len(frame.certificates)} certificates")
    if frame.detail:
        words.append(frame.detail)
    return ", ".join(words)


def _shown(octets: bytes) -> str:
    """Masked before it is cut, while lines still are lines."""
    text = masked(octets[:4096].decode("utf-8", "replace"))
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]} ..."


def _one_line(text: str) -> str:
    return "".join(c if c.isprintable() else " " for c in text)
