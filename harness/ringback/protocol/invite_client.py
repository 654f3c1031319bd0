"""INVITE client transaction: RFC 3261 §17.1.1 as amended by RFC 6026 §7.2.

RFC 3261 §17.1.1.2, §17.1.1.3 (the ACK of a refusal).
"""

from enum import StrEnum, auto

import msgspec
from msgspec.structs import replace

from ringback.protocol.effects import (
    Arm,
    Deliver,
    Disarm,
    Effect,
    Ended,
    Event,
    Fired,
    Ignored,
    LinkLost,
    Received,
    Send,
    Timer,
)
from ringback.protocol.timing import STANDARD, Timing
from ringback.wire.message import Field, Message

UNRELIABLE_WAIT = 32.0  # seconds, Timer D, RFC 3261 §17.1.1.2
_SAME_IN_ACK = ("from", "call-id", "route", "max-forwards")


class State(StrEnum):
    """The figure's states, RFC 6026 §8.4."""

    CALLING = auto()
    PROCEEDING = auto()
    ACCEPTED = auto()
    COMPLETED = auto()
    TERMINATED = auto()


class InviteClient(msgspec.Struct, frozen=True):
    """One INVITE on its way; ``gap`` is the last Timer A."""

    invite: Message
    reliable: bool
    timing: Timing = STANDARD
    state: State = State.CALLING
    gap: float = 0.0


Step = tuple[InviteClient, tuple[Effect, ...]]
QUIET = (Disarm(Timer.A), Disarm(Timer.B))


def begin(tx: InviteClient) -> Step:
    """§17.1.1.2: B bounds the wait always; A repeats only where packets get lost."""
    gap = tx.timing.first_gap
    repeat = () if tx.reliable else (Arm(Timer.A, gap),)
    waiting = replace(tx, gap=gap)
    return waiting, (Send(tx.invite), Arm(Timer.B, tx.timing.patience), *repeat)


def step(tx: InviteClient, event: Event) -> Step:
    """One row per arrow of the figure in RFC 6026 §8.4, in its order."""
    match tx.state:
        case State.CALLING | State.PROCEEDING:
            return _waiting(tx, event)
        case State.ACCEPTED | State.COMPLETED:
            return _answered_already(tx, event)
        case _:
            return tx, (Ignored(event),)


def _waiting(tx: InviteClient, event: Event) -> Step:
    match tx.state, event:
        case State.CALLING, Fired(Timer.A):
            gap = 2 * tx.gap  # doubles without the T2 ceiling that Timer E has
            return replace(tx, gap=gap), (Send(tx.invite), Arm(Timer.A, gap))
        case State.CALLING, Fired(Timer.B):
            return _end(tx, "no response before Timer B")
        case State.CALLING, LinkLost(reason):
            return _end(tx, reason)
        case _, Received(answer):
            return _answered(tx, answer)
        case _:
            return tx, (Ignored(event),)


def _answered_already(tx: InviteClient, event: Event) -> Step:
    match tx.state, event:
        case State.ACCEPTED, Received(again) if again.status // 100 == 2:
            return tx, (Deliver(again),)
        case State.COMPLETED, Received(again) if again.status >= 300:
            return tx, (Send(ack_of_refusal(tx.invite, again)),)
        case (State.ACCEPTED, Fired(Timer.M)) | (State.COMPLETED, Fired(Timer.D)):
            return _end(tx)
        case State.COMPLETED, LinkLost(reason):
            return _end(tx, reason)
        case _:
            return tx, (Ignored(event),)


def ack_of_refusal(invite: Message, refusal: Message) -> Message:
    """The ACK for a 300-699: the INVITE's own branch, the refusal's To (§17.1.1.3)."""
    same = [f for f in invite.fields if f.name in _SAME_IN_ACK]
    via = next(f for f in invite.fields if f.name == "via")
    number = invite.first("cseq").split()[0]
    to = Field.of("To", refusal.first("to") or invite.first("to"))
    cseq = Field.of("CSeq", f"{number} ACK")
    return Message.request("ACK", invite.uri, (via, *same, to, cseq))


def _answered(tx: InviteClient, answer: Message) -> Step:
    match answer.status // 100:
        case 1:
            return _become(tx, State.PROCEEDING, *QUIET, Deliver(answer))
        case 2:
            stay = Arm(Timer.M, tx.timing.patience)
            return _become(tx, State.ACCEPTED, *QUIET, Deliver(answer), stay)
        case 3 | 4 | 5 | 6:
            wait = 0.0 if tx.reliable else tx.timing.scaled(UNRELIABLE_WAIT)
            ack = Send(ack_of_refusal(tx.invite, answer))
            settle = (ack, Deliver(answer), Arm(Timer.D, wait))
            return _become(tx, State.COMPLETED, *QUIET, *settle)
        case _:
            return tx, (Ignored(Received(answer)),)


def _become(tx: InviteClient, state: State, *effects: Effect) -> Step:
    return replace(tx, state=state), effects


def _end(tx: InviteClient, failure: str = "") -> Step:
    return _become(tx, State.TERMINATED, *QUIET, Ended(failure))
