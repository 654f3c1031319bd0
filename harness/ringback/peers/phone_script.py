"""How the reference phone is set up, and what its owner will do when it rings."""

from enum import StrEnum, auto

import msgspec

from ringback.protocol.timing import Timing
from ringback.values import Security


class PhoneSettings(msgspec.Struct, frozen=True, kw_only=True):
    """``host`` is what SIP names it by, ``media_host`` the IP address in its SDP,
    ``contact`` what Contact says instead of ``host``.

    ``media_ports`` are the first and last it may use. ``trusted`` are the names that
    may call it over TLS, all when empty. ``lines`` calls fit at once.
    """

    host: str
    media_host: str
    sip_port: int = 5060
    media_ports: tuple[int, int] = (40000, 49999)
    security: Security = Security.UNSECURED
    trusted: tuple[str, ...] = ()
    timing: Timing = msgspec.field(default_factory=Timing)
    seed: int | str = "phone"
    product: str = "ringback-phone"
    contact: str = ""
    lines: int = 100


class Way(StrEnum):
    ANSWERS = auto()
    REFUSES = auto()
    RINGS = auto()


class Press(msgspec.Struct, frozen=True):
    keys: str
    seconds: float = 0.1


class Say(msgspec.Struct, frozen=True):
    ulaw: bytes


class Turn(msgspec.Struct, frozen=True):
    """Hold or resume: offer the stream again with this direction."""

    direction: str


class HangUp(msgspec.Struct, frozen=True):
    """Put the receiver down."""


Deed = Press | Say | Turn | HangUp


class Script(msgspec.Struct, frozen=True):
    """What calls meet.

    ``after`` counts from the INVITE, the times of ``deeds`` from the answer; seconds.
    ``ring`` is the provisional answer, ``early`` sound sent with it before the answer
    (the provisional answer then has the SDP). ``when_quiet`` is the silence after which
    it hangs up, once it heard something; None leaves that to others. ``enough`` is how
    many seconds of sound it hears before it hangs up, quiet or not. ``contact`` is
    where a 3xx points.
    """

    way: Way = Way.ANSWERS
    after: float = 0.1
    ring: tuple[int, str] = (180, "Ringing")
    status: int = 0
    reason: str = ""
    contact: str = ""
    early: bytes = b""
    deeds: tuple[tuple[float, Deed], ...] = ()
    when_quiet: float | None = 0.5
    enough: float | None = None


REASONS = {
    302: "Moved Temporarily",
    403: "Forbidden",
    404: "Not Found",
    408: "Request Timeout",
    480: "Temporarily Unavailable",
    484: "Address Incomplete",
    486: "Busy Here",
    488: "Not Acceptable Here",
    500: "Server Internal Error",
    503: "Service Unavailable",
    600: "Busy Everywhere",
    603: "Decline",
}
