"""The evidence of one scenario, indexed once for all rules: calls, exchanges, streams.

RFC 3261 §17.1.3 says which response belongs to which request. Nothing is judged here:
what cannot be read counts as absent, and a rule of its own accuses it.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar

import msgspec

from ringback.evidence.circumstances import Circumstances, Seat
from ringback.evidence.evidence import Evidence
from ringback.evidence.frame import Connection, Frame, HttpFrame, RtpFrame, SipFrame
from ringback.faults import Malformed
from ringback.judge.torments import Torment, torments_in
from ringback.judge.verdict import Verdict
from ringback.values import Address, Leg, Role
from ringback.wire.grammar import faults_of
from ringback.wire.headers import CSeq, NameAddr, Via, split_list
from ringback.wire.readings import read_once
from ringback.wire.rtp import RtpPacket

Read = TypeVar("Read")

G711 = (0, 8)  # RFC 3551 §6: one octet a sample, 8000 samples a second
Heard = tuple[RtpFrame, RtpPacket]

SIP_LEGS = (Leg.CAS_UM, Leg.UM_GATEWAY, Leg.GATEWAY_PHONE)


class Said(msgspec.Struct, frozen=True, eq=False, dict=True):
    """One SIP message as said on a leg, with the readings that most rules ask for.

    ``method`` is what a request asks or what a response answers. A field that is
    absent or unreadable reads as an empty text or -1.
    """

    frame: SipFrame
    headers: Mapping[str, tuple[str, ...]]
    status: int
    method: str
    call_id: str
    sequence: int
    branch: str
    from_tag: str
    to_tag: str

    @classmethod
    def of(cls, frame: SipFrame) -> "Said":
        message = frame.sip
        headers = message.headers
        status = message.status
        cseq = readable(CSeq.parse, _first(headers, "cseq"))
        line = message.start.partition(b" ")[0].decode("latin-1")
        via = _first(headers, "via")
        topmost = readable(Via.parse, split_list(via)[0] if "," in via else via)
        return cls(
            frame,
            headers,
            status,
            (cseq.method if cseq else "") if status else line,
            _first(headers, "call-id"),
            cseq.number if cseq else -1,
            topmost.branch if topmost else "",
            _tag(headers, "from"),
            _tag(headers, "to"),
        )

    def first(self, name: str) -> str:
        """The topmost value of a field (lower-case long name), or an empty text."""
        return _first(self.headers, name)

    def listed(self, name: str) -> list[str]:
        """Every element of a list field over all its lines."""
        values = self.headers.get(name, ())
        return [word for text in values for word in split_list(text)]

    @read_once
    def ills(self) -> tuple[str, ...]:
        """The keys (of ``wire.grammar.PARAGRAPHS``) of what it breaks by itself."""
        return faults_of(self.frame.sip)

    @read_once
    def vias(self) -> tuple[Via, ...]:
        read = (readable(Via.parse, text) for text in self.listed("via"))
        return tuple(via for via in read if via)

    @property
    def sender(self) -> Role | None:
        return self.frame.sender

    @property
    def receiver(self) -> Role | None:
        return self.frame.receiver

    @property
    def number(self) -> int:
        return self.frame.number

    @read_once
    def ends(self) -> tuple[Role | str, Role | str]:
        """Who says it to whom: by role, by host in a capture that knows no roles."""
        frame = self.frame
        return frame.sender or frame.source.host, frame.receiver or frame.target.host


class Exchange(msgspec.Struct, frozen=True, eq=False, dict=True):
    """A request with its responses; for INVITE, the ACKs to them as well."""

    request: Said
    responses: tuple[Said, ...]
    acks: tuple[Said, ...] = ()

    @property
    def frame(self) -> SipFrame:
        return self.request.frame

    @read_once
    def final(self) -> Said | None:
        return next((r for r in self.responses if r.status >= 200), None)

    @read_once
    def accepted(self) -> Said | None:
        return next((r for r in self.responses if r.status // 100 == 2), None)


class Call(msgspec.Struct, frozen=True, eq=False, dict=True):
    """Everything that carries one Call-ID on one leg."""

    call_id: str
    leg: Leg | None
    exchanges: tuple[Exchange, ...]

    @property
    def frame(self) -> SipFrame:
        return self.exchanges[0].frame

    def of(self, method: str) -> tuple[Exchange, ...]:
        return tuple(x for x in self.exchanges if x.request.method == method)

    @read_once
    def invites(self) -> tuple[Exchange, ...]:
        """The attempts to begin: INVITEs that carry no To tag."""
        return tuple(x for x in self.of("INVITE") if not x.request.to_tag)

    @read_once
    def accepted(self) -> Said | None:
        """The 2xx that confirmed the dialog."""
        return next((x.accepted for x in self.invites if x.accepted), None)


class Stream(msgspec.Struct, frozen=True, eq=False):
    """RTP packets of one source (SSRC) from one address to another, as captured."""

    leg: Leg | None
    sender: Role | None
    source: Address
    target: Address
    frames: tuple[RtpFrame, ...]
    packets: tuple[Heard, ...]  # the readable ones
    sound: tuple[Heard, ...]  # those of G.711, by the static payload types

    @property
    def frame(self) -> RtpFrame:
        return self.frames[0]

    @classmethod
    def of(cls, frames: tuple[RtpFrame, ...]) -> "Stream":
        first = frames[0]
        packets = tuple([(f, f.rtp) for f in frames if f.rtp is not None])
        sound = tuple([heard for heard in packets if heard[1].payload_type in G711])
        heads = (first.leg, first.sender, first.source, first.target)
        return cls(*heads, frames, packets, sound)


class Asked(msgspec.Struct, frozen=True, eq=False):
    """One HTTP request with its response, if one came."""

    request: HttpFrame
    response: HttpFrame | None

    @property
    def frame(self) -> HttpFrame:
        return self.request


Rule = Callable[["Case"], Verdict]


class Case:
    """What rules look at. Everything is computed once, when first asked for."""

    def __init__(self, evidence: Evidence) -> None:
        self.evidence = evidence
        self.circumstances: Circumstances | None = evidence.circumstances
        self.memory: dict[str, object] = {}  # readings that other modules keep

    @read_once
    def known(self) -> Circumstances:
        """The circumstances, for rules that are asked only when there are any."""
        if self.circumstances is None:
            raise LookupError("the capture says nothing about its circumstances")
        return self.circumstances

    @read_once
    def torments(self) -> Mapping[int, Torment]:
        """Connections that a message of RFC 4475 opens: rules of their own judge them,
        for here no message need be sound."""
        return torments_in(self.evidence)

    @read_once
    def said(self) -> tuple[Said, ...]:
        sound = [f for f in self.evidence.sip if f.flow not in self.torments]
        return tuple(map(Said.of, sound))

    @read_once
    def words(self) -> frozenset[str]:
        """What was said at all: methods, codes (``486``, ``4xx``), names of fields, and
        ``re-INVITE``; that also where nobody can tell, for want of a From tag."""
        found = {said.method for said in self.said}
        found.update(name for said in self.said for name in said.headers)
        for code in {said.status for said in self.responses}:
            found |= {f"{code}", f"{code // 100}xx"}
        invites = (said for said in self.requests if said.method == "INVITE")
        if any(said.to_tag or not said.from_tag for said in invites):
            found.add("re-INVITE")
        return frozenset(found)

    @read_once
    def requests(self) -> tuple[Said, ...]:
        return tuple(s for s in self.said if not s.status)

    @read_once
    def responses(self) -> tuple[Said, ...]:
        return tuple(s for s in self.said if s.status)

    @read_once
    def exchanges(self) -> tuple[Exchange, ...]:
        """Every request but ACK, in order, with what it got."""
        answers: dict[_Key, list[Said]] = defaultdict(list)
        for response in self.responses:
            answers[_key(response)].append(response)
        acks: dict[tuple[str, int], list[Said]] = defaultdict(list)
        for request in self.requests:
            if request.method == "ACK":
                acks[request.call_id, request.sequence].append(request)
        found: dict[_Key, Exchange] = {}
        for request in self.requests:
            key = _key(request)
            if request.method != "ACK" and key not in found:
                own = acks[key[0], key[1]] if request.method == "INVITE" else ()
                mine = tuple(ack for ack in own if not _from_the_far_end(ack, request))
                own_place = request.frame.source  # no answer comes from there
                told = [a for a in answers[key] if a.frame.source != own_place]
                found[key] = Exchange(request, tuple(told), mine)
        return tuple(found.values())

    @read_once
    def all_calls(self) -> tuple[Call, ...]:
        """Calls of every leg, and of no known leg, in the order they began."""
        groups: dict[tuple[str, Leg | None], list[Exchange]] = defaultdict(list)
        for exchange in self.exchanges:
            request = exchange.request
            groups[request.call_id, request.frame.leg].append(exchange)
        calls = [Call(*key, tuple(group)) for key, group in groups.items()]
        return tuple(c for c in calls if c.of("INVITE"))

    @read_once
    def calls_by_leg(self) -> dict[Leg | None, tuple[Call, ...]]:
        known = {call.leg for call in self.all_calls}
        return {g: tuple(c for c in self.all_calls if c.leg is g) for g in known}

    def calls(self, leg: Leg) -> tuple[Call, ...]:
        return self.calls_by_leg.get(leg, ())

    @read_once
    def invites_by_leg(self) -> dict[Leg | None, tuple[Exchange, ...]]:
        return {
            leg: tuple(x for call in calls for x in call.invites)
            for leg, calls in self.calls_by_leg.items()
        }

    def invites(self, leg: Leg) -> tuple[Exchange, ...]:
        """Every attempt to begin a call on that leg."""
        return self.invites_by_leg.get(leg, ())

    @read_once
    def streams(self) -> tuple[Stream, ...]:
        """RTP by leg, source, target and SSRC; unreadable packets by address alone."""
        groups: dict[tuple[object, ...], list[RtpFrame]] = defaultdict(list)
        for f in self.evidence.rtp:
            source, ssrc = f.source, f.rtp.ssrc if f.rtp else None
            groups[f.flow, source.host, source.port, f.target.port, ssrc].append(f)
        return tuple(Stream.of(tuple(group)) for group in groups.values())

    def streams_of(self, leg: Leg, sender: Role) -> tuple[Stream, ...]:
        """Also from an address that nobody sits at, when it goes to the other role."""
        roles = set(leg.roles) - {sender}
        return tuple(
            s
            for s in self.streams
            if s.leg is leg
            and (s.sender or sender) is sender
            and (s.sender or s.frame.receiver in roles)
        )

    @read_once
    def connections(self) -> dict[int, Connection]:
        return {c.flow: c for c in self.evidence.connections}

    @read_once
    def asked(self) -> tuple[Asked, ...]:
        """HTTP requests with their responses: first come, first served per flow."""
        flows: dict[int, list[HttpFrame]] = defaultdict(list)
        for frame in self.evidence.http:
            if frame.status // 100 != 1:
                flows[frame.flow].append(frame)
        pairs = [asked for frames in flows.values() for asked in _in_turn(frames)]
        return tuple(sorted(pairs, key=lambda a: a.request.number))

    @read_once
    def over_datagrams(self) -> tuple[Said, ...]:
        """SIP that came on no TCP connection."""
        return tuple(s for s in self.said if s.frame.flow not in self.connections)

    def seats(self, role: Role) -> tuple[Seat, ...]:
        known = self.circumstances.seats if self.circumstances else ()
        return tuple(seat for seat in known if seat.role is role)

    def is_bare(self, frame: Frame) -> bool:
        """In the clear, on a leg where the dial plan wants TLS."""
        wanted = self.circumstances is not None and self.circumstances.security.tls
        return wanted and frame.leg in SIP_LEGS[:2] and not frame.secured

    @property
    def complete(self) -> bool:
        """Recorded to its end, so that what is missing did not happen."""
        return self.circumstances is not None

    @read_once
    def last_time(self) -> float:
        times = (f.time for frames in self.evidence.kinds() for f in frames)
        return max(times, default=0.0)


_Key = tuple[str, int, str, str]


def readable(parse: Callable[[str], Read], text: str) -> Read | None:
    """A reading, or None where the text is empty or not to be read."""
    if not text:
        return None
    try:
        return parse(text)
    except Malformed:
        return None


def before(things: Iterable[Said], number: int) -> list[Said]:
    return [s for s in things if s.number < number]


def after(things: Iterable[Said], number: int) -> list[Said]:
    return [s for s in things if s.number > number]


def _from_the_far_end(ack: Said, invite: Said) -> bool:
    """Both sides of a dialog count for themselves (RFC 3261 §12.2.1.1): the same number
    may stand for an INVITE of either."""
    return ack.to_tag == invite.from_tag != ack.from_tag


def _key(said: Said) -> _Key:
    """RFC 3261 §17.1.3, with the Call-ID for those who reuse a branch. The method is
    that of CSeq, which is all that a response has of it."""
    method = said.first("cseq").rpartition(" ")[2]
    return said.call_id, said.sequence, method, said.branch


def _first(headers: Mapping[str, tuple[str, ...]], name: str) -> str:
    values = headers.get(name)
    return values[0] if values else ""


def _tag(headers: Mapping[str, tuple[str, ...]], name: str) -> str:
    read = readable(NameAddr.parse, _first(headers, name))
    return read.tag if read else ""


def _in_turn(frames: list[HttpFrame]) -> list[Asked]:
    requests = [f for f in frames if not f.status]
    responses = [f for f in frames if f.status]
    padded: list[HttpFrame | None] = [*responses, *([None] * len(requests))]
    return [Asked(q, a) for q, a in zip(requests, padded, strict=False)]
