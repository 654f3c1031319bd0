"""Media between two sides of a gateway: packets go through as they came.

RFC 3550 §7.1, §7.2: a translator may leave RTP and RTCP untouched, SSRC and all; where
the two sides number a format differently only that number changes. SRTP (RFC 3711) ends
here: each side has its own keys, or none.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from ringback.faults import Malformed
from ringback.protocol.offer_answer import HOLD_HOSTS, MediaPlan
from ringback.protocol.world import Bind, Cast, Heard, Release, Wish
from ringback.values import Address
from ringback.wire.srtp import Srtp


@dataclass(slots=True)
class Side:
    """One end of the relay, and what was agreed there; ``rtcp`` is None where none can
    be sent. ``other`` is the side its packets leave by."""

    port: int
    plan: MediaPlan | None = None
    rtcp: Address | None = None
    locks: tuple[Srtp | None, Srtp | None] = (None, None)
    other: "Side | None" = None
    renumbered: dict[int, int] = field(default_factory=dict)

    def agree(self, plan: MediaPlan) -> None:
        """Take a plan; keys that stay go on counting."""
        before, self.plan = self.plan, plan
        keys = (plan.send_key, plan.receive_key)
        if before is None or keys != (before.send_key, before.receive_key):
            self.locks = (
                Srtp(plan.send_key, plan.suite) if plan.send_key else None,
                Srtp(plan.receive_key, plan.suite, plan.receive_mki)
                if plan.receive_key
                else None,
            )
        port = plan.remote.port + 1
        reachable = plan.remote.host not in HOLD_HOSTS and port <= 65535
        self.rtcp = Address(plan.remote.host, port) if reachable else None


class Relay:
    """Binds both sides' ports until ``close``; ``dropped`` counts what is not RTP, not
    authentic, or came before both sides had agreed."""

    def __init__(self, near: int, far: int, out: Callable[[Wish], None]) -> None:
        self.near, self.far = Side(near), Side(far)
        self.near.other, self.far.other = self.far, self.near
        self.relayed = self.dropped = 0
        self._closed = False
        self._out = out
        self._sides = {
            port: side
            for side in (self.near, self.far)
            for port in (side.port, side.port + 1)
        }
        for port in self._sides:
            out(Bind(port))

    def agree(self, near: MediaPlan | None, far: MediaPlan | None) -> None:
        """Take the plan of either side, or of both."""
        if near:
            self.near.agree(near)
        if far:
            self.far.agree(far)
        for side, leaves in ((self.near, self.far), (self.far, self.near)):
            side.renumbered = _renumbered(side.plan, leaves.plan)

    def take(self, fact: Heard) -> None:
        """A datagram on one of our ports, onward to the other side."""
        side = self._sides[fact.port]
        leaves = side.other
        if leaves is None or leaves.plan is None or side.plan is None:
            self.dropped += 1
            return
        try:
            if fact.port != side.port:
                self._report(side, leaves, fact.octets)
                return
            octets = _cleared(side, fact.octets)
        except Malformed:
            self.dropped += 1
            return
        if not (leaves.plan.sends and side.plan.receives):
            self.dropped += 1
            return
        if side.renumbered:
            octets = _with_number(octets, side.renumbered)
        lock = leaves.locks[0]
        octets = lock.protect(octets) if lock else octets
        self.relayed += 1
        self._out(Cast(leaves.port, leaves.plan.remote, octets))

    def close(self) -> None:
        if self._closed:
            return
        self._closed = True
        for port in self._sides:
            self._out(Release(port))

    def _report(self, side: Side, leaves: Side, octets: bytes) -> None:
        unlock, lock = side.locks[1], leaves.locks[0]
        octets = unlock.unprotect_rtcp(octets) if unlock else octets
        octets = lock.protect_rtcp(octets) if lock else octets
        if leaves.rtcp:
            self._out(Cast(leaves.port + 1, leaves.rtcp, octets))


def _cleared(side: Side, octets: bytes) -> bytes:
    """The RTP inside; anything that is not RTP goes no further."""
    if len(octets) < 12 or octets[0] >> 6 != 2:
        raise Malformed("no RTP", octets, 0)
    unlock = side.locks[1]
    return unlock.unprotect(octets) if unlock else octets


def _renumbered(comes: MediaPlan | None, leaves: MediaPlan | None) -> dict[int, int]:
    """Formats that the two sides number differently: in practice, the events."""
    if comes is None or leaves is None:
        return {}
    ours, theirs = comes.receive_event_format, leaves.event_format
    return {ours: theirs} if ours and theirs and ours != theirs else {}


def _with_number(octets: bytes, renumbered: dict[int, int]) -> bytes:
    second = octets[1]
    number = renumbered.get(second & 0x7F)
    if number is None:
        return octets
    return octets[:1] + bytes([second & 0x80 | number]) + octets[2:]
