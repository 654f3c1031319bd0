"""Non-INVITE client transaction: RFC 3261 §17.1.2."""

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
from ringback.wire.message import Message


class State(StrEnum):
    """RFC 3261 figure 6."""

    TRYING = auto()
    PROCEEDING = auto()
    COMPLETED = auto()
    TERMINATED = auto()


class Client(msgspec.Struct, frozen=True):
    """One request on its way; ``gap`` is the last Timer E."""

    request: Message
    reliable: bool
    timing: Timing = STANDARD
    state: State = State.TRYING
    gap: float = 0.0


Step = tuple[Client, tuple[Effect, ...]]
QUIET = (Disarm(Timer.E), Disarm(Timer.F))


def begin(tx: Client) -> Step:
    """§17.1.2.2: F bounds the wait always; E repeats only where packets get lost."""
    gap = tx.timing.first_gap
    repeat = () if tx.reliable else (Arm(Timer.E, gap),)
    waiting = replace(tx, gap=gap)
    return waiting, (Send(tx.request), Arm(Timer.F, tx.timing.patience), *repeat)


def step(tx: Client, event: Event) -> Step:
    """One row per arrow of RFC 3261 figure 6, in its order."""
    match tx.state, event:
        case ((State.TRYING | State.PROCEEDING), Received(answer)):
            return _answered(tx, answer)
        case ((State.TRYING | State.PROCEEDING), LinkLost(reason)):
            return _end(tx, reason)
        case _, Fired(timer):
            return _due(tx, timer)
        case _:
            return tx, (Ignored(event),)


def _due(tx: Client, timer: Timer) -> Step:
    match tx.state, timer:
        case State.TRYING, Timer.E:
            return _again(tx, min(2 * tx.gap, tx.timing.longest_gap))
        case State.PROCEEDING, Timer.E:
            return _again(tx, tx.timing.longest_gap)
        case ((State.TRYING | State.PROCEEDING), Timer.F):
            return _end(tx, "no final response before Timer F")
        case State.COMPLETED, Timer.K:
            return _end(tx)
        case _:
            return tx, (Ignored(Fired(timer)),)


def _again(tx: Client, gap: float) -> Step:
    return replace(tx, gap=gap), (Send(tx.request), Arm(Timer.E, gap))


def _answered(tx: Client, answer: Message) -> Step:
    if not answer.status:
        return tx, (Ignored(Received(answer)),)
    if answer.status < 200:
        return _become(tx, State.PROCEEDING, Deliver(answer))
    stay = Arm(Timer.K, 0.0 if tx.reliable else tx.timing.linger)
    return _become(tx, State.COMPLETED, *QUIET, Deliver(answer), stay)


def _become(tx: Client, state: State, *effects: Effect) -> Step:
    return replace(tx, state=state), effects


def _end(tx: Client, failure: str = "") -> Step:
    return _become(tx, State.TERMINATED, *QUIET, Ended(failure))
