"""Faults and who catches them: a kill counts when the declared requirement fails and
its verdict names a frame that the fault touched."""

import random
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from ringback.evidence.evidence import Evidence
from ringback.evidence.frame import Frame, HttpFrame, RtcpFrame, RtpFrame, SipFrame
from ringback.faults import Malformed
from ringback.judge.finding import Outcome
from ringback.peers.bent.declared import Fault, Quirk, possible_in
from ringback.peers.bent.way import Mark
from ringback.proof.plays import PLAIN, Play, Played
from ringback.values import Role
from ringback.wire.message import Message

RED = {Outcome.FAIL, Outcome.DEVIATION, Outcome.ERROR}
SAME = {Outcome.PASS, Outcome.NOT_APPLICABLE}
EXHIBITS = ("SEC-LEAK-001", "SEC-LEAK-002")  # what a dial plan shows, whoever speaks


class Tried(msgspec.Struct, frozen=True):
    """One fault in one scenario. ``turned`` are the requirements that became red, each
    with its reason; ``named`` is whether the verdict that must name the guilty does;
    ``innocents`` are those of ``turned`` that accuse a role other than the bent one."""

    odd: str
    play: str
    fired: bool
    killed: bool
    named: bool
    turned: Mapping[str, str] = msgspec.field(default_factory=dict)
    undeclared: tuple[str, ...] = ()
    innocents: tuple[str, ...] = ()
    trouble: str = ""

    @property
    def is_kill(self) -> bool:
        return self.killed and self.named


class Noticed(msgspec.Struct, frozen=True):
    """A mutant, the last play it was in, and what noticed it: requirements that became
    red or can no longer be decided, or that it fell over, or that a call or transaction
    outlived the scenario; empty for a survivor. ``innocents`` are the requirements that
    accuse a role other than the bent one, each with its reason."""

    mutant: str
    play: str
    by: tuple[str, ...] = ()
    fired: bool = True
    innocents: Mapping[str, str] = msgspec.field(default_factory=dict)

    @property
    def title(self) -> str:
        """Plays have mutants of the same name; an arm is missing in all of them."""
        arm = self.mutant.startswith("arm:")
        return self.mutant if arm else f"{self.mutant} in {self.play.partition('@')[0]}"


def noticed(
    mutant: str, play: Play, base: Played, bent: Played, role: Role | None = None
) -> Noticed:
    """``role`` is the bent one; None where all of them are, and nobody is innocent."""
    worse = [
        name
        for name, finding in bent.findings.items()
        if finding.outcome in {*RED, Outcome.INCONCLUSIVE}
        and not _was(base, name, finding.outcome)
    ]
    fell = ("fell over",) if bent.fell_over else ()
    if len(bent.outlived) > len(base.outlived):
        fell = (*fell, "something outlived the scenario")
    fired = bool(bent.marks) or mutant.startswith("arm:")
    accused = {
        name: f"{bent.findings[name].guilty}: {bent.findings[name].because}"
        for name in worse
        if role and _accuses_others(role, bent, name)
    }
    return Noticed(mutant, play.id, (*worse, *fell), fired, accused)


def plays_for(
    fault: Fault, plays: Sequence[Play], share: float, seed: int
) -> list[Play]:
    """Where it must be caught, the plain call, and a seeded share of all others."""
    chance = random.Random(f"{seed} {fault.name}")
    return [
        p
        for p in _possible(fault, plays)
        if _concerns(fault, p) or chance.random() < share
    ]


def _possible(fault: Fault | Quirk, plays: Iterable[Play]) -> list[Play]:
    """Of what needs a role of ours to be as it is, nothing changes."""
    return [p for p in plays if possible_in(fault, p.mode)]


def _concerns(fault: Fault, play: Play) -> bool:
    if play.scenario == PLAIN:
        return True
    if fault.scenarios:
        return play.scenario.startswith(fault.scenarios)
    return fault.breaks in play.settles


def tried(fault: Fault, play: Play, base: Played, bent: Played) -> Tried:
    """What the fault changed; red before is not its doing."""
    turned = {
        name: finding.because
        for name, finding in bent.findings.items()
        if finding.outcome in RED and not _was(base, name, finding.outcome)
    }
    allowed = (fault.breaks, *fault.also, *EXHIBITS)
    return Tried(
        odd=fault.name,
        play=play.id,
        fired=bool(bent.marks) or bool(fault.credentials or fault.shows),
        killed=fault.breaks in turned,
        named=fault.breaks in turned and _names(fault, bent),
        turned=turned,
        undeclared=tuple(n for n in turned if not n.startswith(allowed)),
        innocents=tuple(n for n in turned if _accuses_others(fault.role, bent, n)),
        trouble=bent.fell_over,
    )


def _accuses_others(role: Role, bent: Played, name: str) -> bool:
    guilty = bent.findings[name].guilty
    others = guilty is not None and guilty is not role
    return others and name not in EXHIBITS


def left_alone(quirk: Quirk, play: Play, base: Played, bent: Played) -> Tried:
    """What the quirk changed, which must be nothing."""
    changed = {
        name: f"{outcome} became {bent.outcomes.get(name, 'nothing')}"
        f"{_because(bent, name)}"
        for name, outcome in base.outcomes.items()
        if bent.outcomes.get(name) != outcome and not _may_miss(quirk, bent, name)
    }
    changed |= {
        name: f"{outcome}{_because(bent, name)}"
        for name, outcome in bent.outcomes.items()
        if name not in base.findings and outcome not in SAME
    }
    return Tried(
        odd=quirk.name,
        play=play.id,
        fired=bool(bent.marks)
        or bool(quirk.credentials or quirk.shows or quirk.config),
        killed=False,
        named=False,
        turned=changed,
        undeclared=tuple(changed),
        trouble=bent.fell_over,
    )


def _may_miss(quirk: Quirk, bent: Played, name: str) -> bool:
    left = bent.outcomes.get(name, Outcome.INCONCLUSIVE)
    return left is Outcome.INCONCLUSIVE and name.startswith(tuple(quirk.misses))


def _because(played: Played, name: str) -> str:
    found = played.findings.get(name)
    return f": {found.because}" if found else ""


def _was(base: Played, name: str, outcome: Outcome) -> bool:
    known = base.findings.get(name)
    return known is not None and known.outcome is outcome


def _names(fault: Fault, bent: Played) -> bool:
    """Whether a frame of the verdict is one that the fault touched."""
    told = set(bent.findings[fault.breaks].frames)
    if bent.evidence is None or not told:
        return False
    if fault.guilty == "connection" or not bent.marks:
        return bool(told & _of_connections(fault, bent.evidence))
    return bool(told & set(touched(bent.evidence, bent.marks)))


def touched(evidence: Evidence, marks: Iterable[Mark]) -> Iterable[int]:
    """Numbers of the frames that carry marked octets, or that belong to the exchange
    or the RTP source of what was left unsaid."""
    wanted = {mark.octets for mark in marks if not mark.unsaid}
    missing = {_whole_of(mark.octets) for mark in marks if mark.unsaid} - {None}
    for frame in evidence.frames():
        octets = _octets(frame)
        can_miss = isinstance(frame, SipFrame | RtpFrame)
        unsaid = can_miss and _whole_of(octets) in missing
        if unsaid or octets in wanted or _overlaps(octets, wanted):
            yield frame.number


def _overlaps(octets: bytes, wanted: Iterable[bytes]) -> bool:
    """Several messages may be written at once, and a broken one is read in pieces."""
    long = [one for one in wanted if len(one) > 40]
    return bool(octets) and any(octets in one or one in octets for one in long)


def _whole_of(octets: bytes) -> tuple[str, str] | bytes | None:
    """What is incomplete without it: Call-ID and CSeq number, or the SSRC."""
    if octets[:1] >= b"\x80":  # RFC 7983 §7: no text begins so
        return octets[8:12]
    try:
        message = Message.parse(octets)
    except Malformed:
        return None
    return message.first("call-id"), message.first("cseq").partition(" ")[0]


def _octets(frame: Frame) -> bytes:
    match frame:
        case SipFrame(sip=sip):
            return bytes(sip)
        case RtpFrame(octets=octets) | RtcpFrame(octets=octets):
            return octets
        case HttpFrame(start=start, body=body):
            return body or start.encode()  # a start line says enough of an empty one
        case _:
            octets = getattr(frame, "octets", b"")
            return octets if isinstance(octets, bytes) else b""


def _of_connections(fault: Fault, evidence: Evidence) -> set[int]:
    """Every frame of connections that the role had a part in."""
    flows = {
        c.flow for c in evidence.connections if fault.role in (c.opener, c.acceptor)
    }
    own = {f.number for f in evidence.frames() if f.flow in flows}
    tls = {f.number for c in evidence.connections if c.flow in flows for f in c.tls}
    return own | tls | {c.opened for c in evidence.connections if c.flow in flows}
