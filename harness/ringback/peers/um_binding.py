"""What a worker reads from the CAS's INVITE, and how it words its refusals.

The ringback binding; RFC 5621 §3 (several bodies), RFC 3326 (Reason), facts §1.6.
"""

import msgspec

from ringback.faults import Malformed
from ringback.protocol.call_state import cause_of
from ringback.protocol.offer_answer import SDP_TYPE
from ringback.values import Cause
from ringback.wire import multipart
from ringback.wire.extensions import Reason
from ringback.wire.headers import content_type, max_forwards
from ringback.wire.message import Field, Message
from ringback.wire.order import CONTENT_TYPE, OUTCOME_TYPE, Order, Outcome
from ringback.wire.sdp import Sdp

ACCEPTED = Field.of("Accept", f"multipart/mixed, {SDP_TYPE}, {CONTENT_TYPE}")
_OURS = {Cause.USER_BUSY: (486, "Busy Here"), Cause.OTHER: (500, "Call Failed")}
_ELSE = (480, "Temporarily Unavailable")
_FORBIDDEN = ("policy", "bad-number", "bad-address", "unknown-user", "unknown-message")


class Asking(msgspec.Struct, frozen=True):
    """A readable INVITE: what to play, the offer of an inactive stream, and how many
    hops the call may still take (RFC 7332 §5)."""

    order: Order
    offered: Sdp
    hops: int = 70


class Unfit(msgspec.Struct, frozen=True):
    """An INVITE that is none of the binding's, and what it is refused with."""

    status: int
    reason: str
    fields: tuple[Field, ...] = ()


def asking_of(invite: Message) -> Asking | Unfit:
    """415 for another type of body, 400 for a broken one, 488 for one that lacks the
    order or an inactive audio stream."""
    kind, _ = content_type(invite)
    if kind != "multipart/mixed":
        return Unfit(415, "Unsupported Media Type", (ACCEPTED,))
    try:
        body = multipart.parse(invite.first("content-type"), invite.body)
        order, session = body.part(CONTENT_TYPE), body.part(SDP_TYPE)
        if order is None or session is None:
            return Unfit(488, "Not Acceptable Here", (_warning("no order"),))
        offered = Sdp.parse(session.body)
        if any(m.direction != "inactive" for m in offered.media if m.port):
            return Unfit(488, "Not Acceptable Here", (_warning("no media here"),))
        hops = max_forwards(invite)
        return Asking(Order.parse(order.body), offered, 70 if hops is None else hops)
    except Malformed as fault:
        return Unfit(400, "Bad Body", (_warning(fault.why),))


class Refusal(msgspec.Struct, frozen=True):
    """A worker's own refusal: status line, Reason, and the outcome as its body."""

    status: int
    reason: str
    fields: tuple[Field, ...]
    outcome: Outcome

    @property
    def body(self) -> bytes:
        return bytes(self.outcome)

    content_type = OUTCOME_TYPE


def trouble(word: str, text: str) -> Refusal:
    """UM's own trouble, one of ``wire.order.TROUBLES``; no far end was involved."""
    status, reason = 500, "Call Failed"
    if word in _FORBIDDEN:
        status, reason = 403, "Forbidden"
    outcome = Outcome(Cause.OTHER, 0, text, word)
    return Refusal(status, reason, _reason(status, text), outcome)


def failure(status: int, text: str) -> Refusal:
    """The far end refused; its answer is told, never relayed as it came."""
    cause = cause_of(status)
    own = _OURS.get(cause, _ELSE)
    outcome = Outcome(cause, status, text)
    return Refusal(*own, _reason(status, text), outcome)


def silence() -> Refusal:
    """Nobody took the call in time."""
    outcome = Outcome(Cause.NO_ANSWER, 0, "nobody answered")
    return Refusal(*_ELSE, _reason(_ELSE[0], outcome.text), outcome)


def _reason(status: int, text: str) -> tuple[Field, ...]:
    return (Field.of("Reason", str(Reason("SIP", status, _printable(text)))),)


def _warning(text: str) -> Field:
    return Field.of("Warning", f'399 ringback "{_printable(text)}"')


def _printable(text: str) -> str:
    """A far end's words go into a header of ours: nothing that could break out."""
    plain = "".join(c if " " <= c <= "~" else "?" for c in text[:120])
    return plain.replace("\\", "?").replace('"', "'")
