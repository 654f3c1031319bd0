"""INVITE server transaction: RFC 3261 §17.2.1 as amended by RFC 6026 §7.1."""

from enum import StrEnum, auto

import msgspec
from msgspec.structs import replace

from ringback.protocol.effects import (
    Answer,
    Arm,
    Deliver,
    Disarm,
    Effect,
    Ended,
    Event,
    Fired,
    Ignored,
    Received,
    Send,
    Timer,
)
from ringback.protocol.timing import STANDARD, Timing
from ringback.wire.message import Message


class State(StrEnum):
    """The figure's states, RFC 6026 §8.5."""

    PROCEEDING = auto()
    ACCEPTED = auto()
    COMPLETED = auto()
    CONFIRMED = auto()
    TERMINATED = auto()


class InviteServer(msgspec.Struct, frozen=True):
    """One INVITE to answer; ``last`` is the response to repeat, ``gap`` Timer G."""

    invite: Message
    reliable: bool
    timing: Timing = STANDARD
    state: State = State.PROCEEDING
    last: Message | None = None
    gap: float = 0.0


Step = tuple[InviteServer, tuple[Effect, ...]]
QUIET = (Disarm(Timer.G), Disarm(Timer.H))


def begin(tx: InviteServer) -> Step:
    """The INVITE goes to the user, who sends the 100 as an Answer."""
    return tx, (Deliver(tx.invite),)


def step(tx: InviteServer, event: Event) -> Step:
    """One row per arrow of the figure in RFC 6026 §8.5.

    A lost link is no arrow: a response may take another (RFC 3261 §18.2.2).
    """
    match tx.state:
        case State.PROCEEDING:
            return _proceeding(tx, event)
        case State.ACCEPTED:
            return _accepted(tx, event)
        case State.COMPLETED:
            return _completed(tx, event)
        case State.CONFIRMED:
            return _confirmed(tx, event)
        case State.TERMINATED:
            return tx, (Ignored(event),)


def _proceeding(tx: InviteServer, event: Event) -> Step:
    match event:
        case Received(again) if again.method == "INVITE":
            return tx, () if tx.last is None else (Send(tx.last),)
        case Answer(response):
            return _answer(tx, response)
        case _:
            return tx, (Ignored(event),)


def _accepted(tx: InviteServer, event: Event) -> Step:
    match event:
        case Received(again) if again.method == "INVITE":
            return tx, ()
        case Received(ack) if ack.method == "ACK":
            return tx, (Deliver(ack),)
        case Answer(again) if again.status // 100 == 2:
            return tx, (Send(again),)
        case Fired(Timer.L):
            return _end(tx)
        case _:
            return tx, (Ignored(event),)


def _completed(tx: InviteServer, event: Event) -> Step:
    match event:
        case Received(again) if again.method == "INVITE" and tx.last:
            return tx, (Send(tx.last),)
        case Fired(Timer.G) if tx.last:
            gap = min(2 * tx.gap, tx.timing.longest_gap)
            return replace(tx, gap=gap), (Send(tx.last), Arm(Timer.G, gap))
        case Fired(Timer.H):
            return _end(tx, "no ACK before Timer H")
        case Received(ack) if ack.method == "ACK":
            stay = Arm(Timer.I, 0.0 if tx.reliable else tx.timing.linger)
            return _become(tx, State.CONFIRMED, *QUIET, stay)
        case _:
            return tx, (Ignored(event),)


def _confirmed(tx: InviteServer, event: Event) -> Step:
    match event:
        case Received(again) if again.method == "ACK":
            return tx, ()  # repeated ACKs are what Timer I is there to absorb
        case Fired(Timer.I):
            return _end(tx)
        case _:
            return tx, (Ignored(event),)


def _answer(tx: InviteServer, response: Message) -> Step:
    told = replace(tx, last=response)
    match response.status // 100:
        case 1:
            return told, (Send(response),)
        case 2:
            stay = Arm(Timer.L, tx.timing.patience)
            return _become(told, State.ACCEPTED, Send(response), stay)
        case 3 | 4 | 5 | 6:
            gap = tx.timing.first_gap
            repeat = () if tx.reliable else (Arm(Timer.G, gap),)
            wait = Arm(Timer.H, tx.timing.patience)
            told = replace(told, gap=gap)
            return _become(told, State.COMPLETED, Send(response), wait, *repeat)
        case _:
            return tx, (Ignored(Answer(response)),)


def _become(tx: InviteServer, state: State, *effects: Effect) -> Step:
    return replace(tx, state=state), effects


def _end(tx: InviteServer, failure: str = "") -> Step:
    return _become(tx, State.TERMINATED, *QUIET, Ended(failure))
