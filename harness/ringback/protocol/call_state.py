"""What the user is told of the call to the phone: strictly forward, never back.

Facts §1.6 maps SIP on the um-gateway leg to call states, facts §3.2 names the causes.
"""

import msgspec
from msgspec.structs import replace

from ringback.values import CallState, Cause

BUSY = frozenset({486, 600})
NOBODY = frozenset({408, 480})
UNREACHED = frozenset({404, 410, 484, 503})
ORDER = (
    CallState.IDLE,
    CallState.CONNECTING,
    CallState.ALERTED,
    CallState.CONNECTED,
    CallState.DISCONNECTED,
)


class CallProgress(msgspec.Struct, frozen=True):
    """``code`` and ``text`` are the final SIP answer as it came, 0 and empty before.

    A hang-up after the answer leaves them standing: they tell of the INVITE.
    """

    state: CallState = CallState.IDLE
    cause: Cause = Cause.NONE
    code: int = 0
    text: str = ""

    @property
    def over(self) -> bool:
        return self.state is CallState.DISCONNECTED


class Dialled(msgspec.Struct, frozen=True):
    """The INVITE has left."""


class Responded(msgspec.Struct, frozen=True):
    """An answer to the INVITE; ``alerting`` marks a 183 that means ringing."""

    status: int
    text: str = ""
    alerting: bool = False


class NobodyAnswered(msgspec.Struct, frozen=True):
    """Our own patience ended: the INVITE is being cancelled."""


class HungUp(msgspec.Struct, frozen=True):
    """One side, or the user before any answer, ended the call on purpose."""


class Broke(msgspec.Struct, frozen=True):
    """The transport failed, or nothing at all answered."""


Event = Dialled | Responded | NobodyAnswered | HungUp | Broke


def step(progress: CallProgress, event: Event) -> CallProgress:
    """The next progress; the same one when the event would lead back or stand still."""
    match event:
        case Dialled():
            return _onward(progress, CallState.CONNECTING)
        case Responded(status, text, alerting):
            return _responded(progress, status, text, alerting)
        case NobodyAnswered():
            return _failed(progress, Cause.NO_ANSWER)
        case HungUp():
            return _onward(progress, CallState.DISCONNECTED)
        case Broke():
            return _failed(progress, Cause.OTHER)


def cause_of(status: int) -> Cause:
    """What a final failure means to the user; OTHER catches all."""
    if status in BUSY:
        return Cause.USER_BUSY
    if status in NOBODY:
        return Cause.NO_ANSWER
    return Cause.UNAVAILABLE if status in UNREACHED else Cause.OTHER


def umws_cause(cause: Cause) -> Cause:
    """The 2007 dialect has no Unavailable (facts §1.6)."""
    return Cause.OTHER if cause is Cause.UNAVAILABLE else cause


def _responded(
    progress: CallProgress, status: int, text: str, alerting: bool
) -> CallProgress:
    if status < 200:
        rings = status == 180 or alerting
        return _onward(progress, CallState.ALERTED if rings else CallState.CONNECTING)
    if progress.state in (CallState.CONNECTED, CallState.DISCONNECTED):
        return progress
    if status < 300:
        said = replace(progress, code=status, text=text)
        return _onward(said, CallState.CONNECTED)
    cause = cause_of(status)
    return CallProgress(CallState.DISCONNECTED, cause, status, text)


def _failed(progress: CallProgress, cause: Cause) -> CallProgress:
    """A cause belongs to calls that were never answered."""
    if progress.over:
        return progress
    if progress.state is CallState.CONNECTED:
        return _onward(progress, CallState.DISCONNECTED)
    return replace(progress, state=CallState.DISCONNECTED, cause=cause)


def _onward(progress: CallProgress, state: CallState) -> CallProgress:
    if ORDER.index(state) <= ORDER.index(progress.state):
        return progress
    return replace(progress, state=state)
