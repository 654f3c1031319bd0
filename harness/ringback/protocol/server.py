"""Non-INVITE server transaction: RFC 3261 §17.2.2."""

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
    LinkLost,
    Received,
    Send,
    Timer,
)
from ringback.protocol.timing import STANDARD, Timing
from ringback.wire.message import Message


class State(StrEnum):
    """RFC 3261 figure 8."""

    TRYING = auto()
    PROCEEDING = auto()
    COMPLETED = auto()
    TERMINATED = auto()


class Server(msgspec.Struct, frozen=True):
    """One request to answer; ``last`` is the response to repeat."""

    request: Message
    reliable: bool
    timing: Timing = STANDARD
    state: State = State.TRYING
    last: Message | None = None


Step = tuple[Server, tuple[Effect, ...]]


def begin(tx: Server) -> Step:
    """The request goes to the user."""
    return tx, (Deliver(tx.request),)


def step(tx: Server, event: Event) -> Step:
    """One row per arrow of RFC 3261 figure 8, in its order."""
    match tx.state, event:
        case ((State.TRYING | State.PROCEEDING), Answer(response)):
            return _answer(tx, response)
        case State.TRYING, Received(again) if not again.status:
            return tx, ()  # §17.2.2: repetitions are swallowed until an answer exists
        case ((State.PROCEEDING | State.COMPLETED), Received(again)) if (
            not again.status and tx.last
        ):
            return tx, (Send(tx.last),)
        case ((State.PROCEEDING | State.COMPLETED), LinkLost(reason)):
            return _become(tx, State.TERMINATED, Disarm(Timer.J), Ended(reason))
        case State.COMPLETED, Fired(Timer.J):
            return _become(tx, State.TERMINATED, Ended())
        case _:
            return tx, (Ignored(event),)


def _answer(tx: Server, response: Message) -> Step:
    told = replace(tx, last=response)
    if not response.status:
        return tx, (Ignored(Answer(response)),)
    if response.status < 200:
        return _become(told, State.PROCEEDING, Send(response))
    stay = Arm(Timer.J, 0.0 if tx.reliable else tx.timing.patience)
    return _become(told, State.COMPLETED, Send(response), stay)


def _become(tx: Server, state: State, *effects: Effect) -> Step:
    return replace(tx, state=state), effects
