"""The topmost Via: what it says of the way, and what whoever answers adds to it.

RFC 3261 §18.1.1 and §18.2.1, RFC 3581 §4.
"""

from collections.abc import Iterator
from functools import lru_cache
from ipaddress import ip_address

import msgspec

from ringback.evidence.frame import SipFrame
from ringback.judge.case import Case, Said
from ringback.judge.repeats import copies_of
from ringback.judge.soundness import is_sound
from ringback.judge.verdict import Verdict, each
from ringback.wire.headers import Via


def vias_name_the_transport(case: Case) -> Verdict:
    """§18.1.1 and §20.42: the topmost Via of a request says how it was sent."""
    streamed = [s for s in case.requests if s.frame.flow in case.connections and s.vias]
    return each(streamed, _transport, "requests on TCP")


def _transport(said: Said) -> str:
    told = said.vias[0].transport.upper()
    used = "TLS" if said.frame.secured else "TCP"
    return "" if told == used else f"{said.method} by {used} has {told} in its Via"


class _Stamp(msgspec.Struct, frozen=True, eq=False):
    """A response with its topmost Via, and the request's."""

    asked: Said
    told: Said
    theirs: Via
    ours: Via

    @property
    def frame(self) -> SipFrame:
        return self.told.frame

    @property
    def name(self) -> str:
        return f"{self.told.status} to {self.asked.method}"


def _stamps(case: Case) -> tuple[_Stamp, ...]:
    found = case.memory.get("stamps")
    if not isinstance(found, tuple):
        found = case.memory["stamps"] = tuple(_stamped(case))
    return found


def _stamped(case: Case) -> Iterator[_Stamp]:
    """Of responses whose Via is the request's own (another rule wants that); not of
    those to requests that cannot be understood."""
    pairs = ((x.request, r) for x in case.exchanges for r in x.responses)
    for first, told in pairs:
        asked = _asked_there(case, first, told)
        theirs, ours = asked.vias[:1], told.vias[:1]
        copied = theirs and ours and theirs[0].branch == ours[0].branch
        if copied and is_sound(asked):
            yield _Stamp(asked, told, theirs[0], ours[0])


def _asked_there(case: Case, first: Said, told: Said) -> Said:
    """A request that was said again on another connection is answered as it came."""
    if told.frame.flow == first.frame.flow:
        return first
    here = [c for c in copies_of(case, first) if c.frame.flow == told.frame.flow]
    return next(iter(here), first)


def senders_are_stamped(case: Case) -> Verdict:
    """§18.2.1: where sent-by is a name, or is not where the request came from."""
    due = [s for s in _stamps(case) if s.theirs.host != s.asked.frame.source.host]
    return each(due, _received, "responses to requests that name their host")


def _received(stamp: _Stamp) -> str:
    """Only on loopback is it sure that no NAT changed the address on its way."""
    source, told = stamp.asked.frame.source.host, stamp.ours.received
    if not told:
        return f"{stamp.name} has no received in its Via"
    if _is_loopback(source) and told != source:
        return f"{stamp.name} says received={told}, it came from {source}"
    return ""


@lru_cache(maxsize=256)
def _is_loopback(host: str) -> bool:
    return ip_address(host).is_loopback


def ports_are_stamped(case: Case) -> Verdict:
    """RFC 3581 §4: who is asked by an empty rport fills in port and address."""
    due = [s for s in _stamps(case) if s.theirs.param("rport") == ""]
    return each(due, _rport, "responses to requests with rport")


def _rport(stamp: _Stamp) -> str:
    source, told = stamp.asked.frame.source, stamp.ours.param("rport")
    if not told:
        return f"{stamp.name} leaves rport empty"
    if _is_loopback(source.host) and told != str(source.port):
        return f"{stamp.name} says rport={told}, it came from port {source.port}"
    return "" if stamp.ours.received else f"{stamp.name} has rport without received"
