"""What a user agent tells the peer that owns it.

Each names its call by the key that ``UserAgent.call`` returned or ``Invited`` brought;
``asked`` is the key that ``UserAgent.reply`` wants.
"""

import msgspec

from ringback.protocol.redirect import Target
from ringback.values import Address
from ringback.wire.message import Message


class Invited(msgspec.Struct, frozen=True):
    """A new call; 100 Trying has been sent. ``names`` are those TLS proved."""

    call: str
    request: Message
    names: tuple[str, ...]
    secured: bool
    remote: Address


class Progressed(msgspec.Struct, frozen=True):
    """A provisional answer 101-199 to our INVITE (PRACK already sent if reliable)."""

    call: str
    response: Message


class Answered(msgspec.Struct, frozen=True):
    """A 2xx to our INVITE; the ACK has been sent. Once per call."""

    call: str
    response: Message


class Refused(msgspec.Struct, frozen=True):
    """Our INVITE failed for good, after all redirects.

    ``response`` is None when nothing answered: timeout, no way there, given up.
    """

    call: str
    response: Message | None
    why: str


class Acked(msgspec.Struct, frozen=True):
    """The ACK to a 2xx of ours arrived (to a re-INVITE too: it may bring an answer)."""

    call: str
    request: Message


class Cancelled(msgspec.Struct, frozen=True):
    """The caller took the INVITE back; 487 has been sent."""

    call: str


class HungUp(msgspec.Struct, frozen=True):
    """The call ended from outside: a BYE (answered 200), or, with ``request`` None,
    an expired session, a 481, a missing ACK, an answer that crossed our CANCEL."""

    call: str
    request: Message | None
    why: str


class Modified(msgspec.Struct, frozen=True):
    """A re-INVITE, or an UPDATE with a body; the peer must ``reply(asked, ...)``."""

    call: str
    asked: str
    request: Message


class Asked(msgspec.Struct, frozen=True):
    """Another request, in a dialog or (``call`` empty) outside; must be replied to."""

    call: str
    asked: str
    request: Message


class Replied(msgspec.Struct, frozen=True):
    """The final answer to what ``ask``, ``modify``, ``hang_up`` (BYE) or ``probe``
    sent; None when nothing answered."""

    call: str
    method: str
    response: Message | None


class Redirected(msgspec.Struct, frozen=True):
    """A 3xx is being followed to ``target``."""

    call: str
    response: Message
    target: Target


class Disturbed(msgspec.Struct, frozen=True):
    """Octets no reading accepts came in on a link: answered 400 where enough could be
    read, then the link was closed. ``call`` is always empty."""

    call: str
    why: str
    octets: bytes


class Idle(msgspec.Struct, frozen=True):
    """Nothing of that call is left; its key may be forgotten."""

    call: str


Happening = (
    Invited
    | Progressed
    | Answered
    | Refused
    | Acked
    | Cancelled
    | HungUp
    | Modified
    | Asked
    | Replied
    | Redirected
    | Disturbed
    | Idle
)
