"""Who described what in a call, in order, and whether it was an offer or an answer.

RFC 3261 §13.2.1 and RFC 3311 §5.1: which message carries which half.
"""

from collections import defaultdict
from collections.abc import Iterator

import msgspec

from ringback.evidence.frame import SipFrame
from ringback.judge.case import Case, Exchange, Said
from ringback.judge.descriptions import description
from ringback.values import Leg, Role
from ringback.wire.sdp import Sdp

OFFERING = ("INVITE", "UPDATE")
Party = tuple[str, Leg | None, Role | str, str]  # Call-ID, leg, who, own tag


class Half(msgspec.Struct, frozen=True, eq=False):
    """A description, as one party of one call said it. ``stands`` is false for an
    offer that was not accepted."""

    said: Said
    sdp: Sdp
    is_offer: bool
    stands: bool = True

    @property
    def frame(self) -> SipFrame:
        return self.said.frame


def halves(case: Case) -> dict[Party, list[Half]]:
    """By party, in the order they were said; strangers are nobody's party, and those
    who answer the branches of a fork are as many as their tags."""
    found = case.memory.get("halves")
    if not isinstance(found, dict):
        found = _gathered(case)
        case.memory["halves"] = found
    return found


def _gathered(case: Case) -> dict[Party, list[Half]]:
    found: dict[Party, list[Half]] = defaultdict(list)
    for exchange in case.exchanges:
        if exchange.request.method in OFFERING and exchange.frame.leg:
            for half in _of(exchange):
                said = half.said
                tag = said.to_tag if said.status else said.from_tag
                found[said.call_id, said.frame.leg, said.ends[0], tag].append(half)
    for own in found.values():
        own.sort(key=lambda half: half.frame.number)
    return found


def _of(exchange: Exchange) -> Iterator[Half]:
    offered = description(exchange.request)
    if offered:
        accepted = exchange.accepted is not None
        yield Half(exchange.request, offered, True, accepted)
    for response in exchange.responses:
        if response.status < 300 and (told := description(response)):
            yield Half(response, told, not offered)
    for ack in exchange.acks:
        if told := description(ack):
            yield Half(ack, told, False)
