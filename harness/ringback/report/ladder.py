"""The ladder of a scenario: who said what to whom, as arrows, from its evidence."""

import re
from collections.abc import Iterable, Iterator
from itertools import groupby

from msgspec.structs import replace

from ringback.evidence.evidence import Evidence
from ringback.evidence.frame import Connection, HttpFrame, RtpFrame, SipFrame
from ringback.evidence.masking import masked
from ringback.report.records import Arrow
from ringback.values import Address, Role
from ringback.wire.headers import content_type

RATE = 8000  # the clock of G.711, RFC 3551 §4.5.14
_BODY = re.compile(rb"Body[^>]*>\s*<(?:\w+:)?(\w+)")
_STATE = re.compile(rb"(?:PhoneCallState|CallState)>(\w+)<")
_TROUBLE = re.compile(rb"(?:ResponseCode|faultcode|ExceptionType)[^>]*>([^<]+)<")
_CODEC = {0: "PCMU", 8: "PCMA", 13: "comfort noise", 101: "telephone-event"}


def ladder(evidence: Evidence) -> tuple[Arrow, ...]:
    """All arrows in the order of the capture; a run of RTP is one arrow."""
    arrows = [
        *map(_handshake, (c for c in evidence.connections if c.version)),
        *map(_signal, evidence.sip),
        *_folded([_request(frame) for frame in evidence.http]),
        *_sounds(evidence.rtp),
    ]
    return tuple(sorted(arrows, key=lambda a: (a.frame, a.time)))


def _folded(arrows: list[Arrow]) -> Iterator[Arrow]:
    """A client polls: question and answer that say nothing new fold into one pair."""
    pairs = list(zip(arrows[::2], arrows[1::2], strict=False))
    said = [(q.source, q.text, a.target, a.text) for q, a in pairs]
    for same, run in groupby(range(len(pairs)), key=said.__getitem__):
        numbers = list(run)
        first, last = pairs[numbers[0]], pairs[numbers[-1]]
        times = f", {len(numbers)} times" if len(numbers) > 1 else ""
        if times and not same[1].startswith("POST Get"):
            yield from (arrow for n in numbers for arrow in pairs[n])
            continue
        until = f" (until {last[1].time:.1f} s)" if times else ""
        yield replace(first[0], text=first[0].text + times, count=len(numbers))
        yield replace(first[1], text=first[1].text + until, count=len(numbers))
    yield from arrows[2 * len(pairs) :]


def roles(evidence: Evidence, arrows: Iterable[Arrow]) -> tuple[str, ...]:
    """The columns: the five roles in the order of the call, then strangers."""
    seen = {end for a in arrows for end in (a.source, a.target)}
    known = [role.value for role in Role if role.value in seen]
    return (*known, *sorted(seen - set(known)))


def _signal(frame: SipFrame) -> Arrow:
    sip = frame.sip
    said = f"{sip.status} {sip.reason}" if sip.status else sip.method
    about = f" ({sip.method})" if sip.status else ""
    kind = content_type(sip)[0] if sip.body else ""
    body = {"application/sdp": " +sdp", "multipart/mixed": " +order +sdp"}.get(kind, "")
    return Arrow(
        frame=frame.number,
        time=frame.time,
        source=frame.sender or str(frame.source),
        target=frame.receiver or str(frame.target),
        text=f"{said}{about}{body}",
        protocol="sip",
        secured=frame.secured,
        detail=masked(bytes(sip).decode("utf-8", "replace")),
    )


def _request(frame: HttpFrame) -> Arrow:
    operation = _BODY.search(frame.body)
    name = operation[1].decode() if operation else ""
    if frame.status:
        name = name.removesuffix("Response")
    extra = _STATE.search(frame.body) or _TROUBLE.search(frame.body)
    state = extra[1].decode("utf-8", "replace") if extra and frame.status else ""
    head = str(frame.status) if frame.status else frame.start.partition(" ")[0]
    state = "" if state == "NoError" else state
    text = " ".join(filter(None, (head, state or name)))
    headers = "\n".join(f"{k}: {v}" for k, v in frame.headers)
    body = frame.body.decode("utf-8", "replace")
    return Arrow(
        frame=frame.number,
        time=frame.time,
        source=frame.sender or str(frame.source),
        target=frame.receiver or str(frame.target),
        text=text,
        protocol="http",
        secured=frame.secured,
        detail=masked(f"{frame.start}\n{headers}\n\n{body}"),
    )


def _handshake(connection: Connection) -> Arrow:
    first = connection.tls[0] if connection.tls else None
    certificates = sum(bool(f.certificates) for f in connection.tls)
    mutual = ", mutual" if certificates > 1 else ""
    how = "" if connection.established else " not completed"
    return Arrow(
        frame=first.number if first else connection.opened,
        time=first.time if first else 0.0,
        source=connection.opener or str(connection.client),
        target=connection.acceptor or str(connection.server),
        text=f"{connection.version} handshake{mutual}{how}",
        protocol="tls",
        secured=True,
        detail=connection.cipher,
    )


def _sounds(frames: Iterable[RtpFrame]) -> Iterator[Arrow]:
    """One arrow per stream and kind of payload, at its first packet."""
    streams: dict[tuple[Address, Address, int], list[RtpFrame]] = {}
    for frame in frames:
        kind = frame.rtp.payload_type if frame.rtp else -1
        key = (frame.source, frame.target, kind)
        streams.setdefault(key, []).append(frame)
    for (_source, _target, kind), packets in streams.items():
        yield _sound(packets, kind)


def _sound(packets: list[RtpFrame], kind: int) -> Arrow:
    first = packets[0]
    seconds = packets[-1].time - first.time
    name = _CODEC.get(kind, f"payload type {kind}") if kind >= 0 else "unreadable"
    return Arrow(
        frame=first.number,
        time=first.time,
        source=first.sender or str(first.source),
        target=first.receiver or str(first.target),
        text=f"{'SRTP' if first.secured else 'RTP'} {name}, {len(packets)} packets",
        protocol="rtp",
        secured=first.secured,
        count=len(packets),
        detail=f"{seconds:.2f} s on the wire, frames {first.number} "
        f"to {packets[-1].number}",
    )
