"""Session timers: what is asked, what is granted, and when to refresh or give up.

RFC 4028 §4 (Session-Expires), §5 (Min-SE), §7 (caller), §9 (callee), §10 (BYE).
"""

from collections.abc import Callable
from functools import partial

import msgspec

from ringback.faults import Malformed
from ringback.protocol.alarms import Alarms
from ringback.protocol.calls import Call
from ringback.protocol.timing import Timing
from ringback.wire.extensions import SessionExpires, min_se, session_expires
from ringback.wire.headers import tokens
from ringback.wire.message import Field, Message

LEAST = 90  # seconds, the floor of RFC 4028 §5
NOTICE = 32.0  # seconds, how early at most the BYE goes out, RFC 4028 §10


class Grant(msgspec.Struct, frozen=True):
    """What a callee lets a session last, and who has to refresh it."""

    seconds: int
    refresher: str
    supported: bool

    @property
    def fields(self) -> tuple[Field, ...]:
        """RFC 4028 §9: Require tells a caller who knows timers that one runs."""
        says = str(SessionExpires(self.seconds, self.refresher))
        expires = Field.of("Session-Expires", says)
        return (expires, Field.of("Require", "timer")) if self.supported else (expires,)


def asked_fields(seconds: int, least: int = 0) -> tuple[Field, ...]:
    """What an INVITE says that wants a session timer; nothing for no seconds."""
    if not seconds:
        return ()
    expires = Field.of("Session-Expires", str(seconds))
    return (expires, Field.of("Min-SE", str(least))) if least else (expires,)


def too_brief(request: Message) -> bool:
    """Whether to answer 422: the caller knows timers and asks for less than LEAST."""
    asked = session_expires(request)
    return asked is not None and asked.seconds < LEAST and _knows_timers(request)


def grant(request: Message, own: int) -> Grant | None:
    """The answer to a request that asks, or (``own`` seconds) to one that does not."""
    asked, supported = session_expires(request), _knows_timers(request)
    if asked is None and not own:
        return None
    least = max(min_se(request) or 0, LEAST)
    wanted = own if asked is None else min(own or asked.seconds, asked.seconds)
    refresher = (asked.refresher if asked else "") or "uac"
    return Grant(max(wanted, least), refresher if supported else "uas", supported)


class SessionKeeper:
    """Keeps the alarm of each call: refresh at half time, or hang up near the end."""

    def __init__(self, alarms: Alarms, timing: Timing) -> None:
        self._alarms = alarms
        self._timing = timing
        self.refresh: Callable[[Call], None] = _unset
        self.expire: Callable[[Call], None] = _unset

    def agree(self, call: Call, response: Message, *, ours: bool) -> None:
        """A 2xx ends a negotiation; ``ours`` says that the request was."""
        try:
            agreed = session_expires(response)
        except Malformed:
            agreed = None  # an answer is not lost for a timer that nobody can read
        if agreed is None:
            self._alarms.drop(f"session:{call.key}")
            call.session = 0
            return
        refresher = agreed.refresher or "uac"
        self._keep(call, agreed.seconds, (refresher == "uac") == ours)

    def _keep(self, call: Call, seconds: int, we_refresh: bool) -> None:
        call.session = seconds
        after = seconds / 2 if we_refresh else seconds - min(NOTICE, seconds / 3)
        then = partial(self.refresh if we_refresh else self.expire, call)
        self._alarms.set(f"session:{call.key}", self._timing.scaled(after), then)


def _knows_timers(request: Message) -> bool:
    return "timer" in (*tokens(request, "supported"), *tokens(request, "require"))


def _unset(call: Call) -> None:
    raise NotImplementedError(call.key)
