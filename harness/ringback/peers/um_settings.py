"""How a reference UM server is set up: its service and its workers alike.

Facts §4.1 (ports), §4.8 (limits), §4.9 (trusted peers).
"""

import msgspec

from ringback.protocol.dial_plan import DialPlan, MailboxPolicy
from ringback.protocol.redirect import Target
from ringback.protocol.timing import STANDARD, Timing
from ringback.values import Security


class UmIpGateway(msgspec.Struct, frozen=True):
    """A gateway of the dial plan; ``outcalls`` is OutcallsAllowed (facts §4.8)."""

    target: Target
    enabled: bool = True
    outcalls: bool = True


class UmSettings(msgspec.Struct, frozen=True, kw_only=True):
    """``host`` is the FQDN of this service or this worker, ``media_host`` the IP
    address in a worker's SDP (``host`` when empty), ``contact`` what Contact says
    instead of ``host``.

    ``workers`` are where a service redirects to; the rest after ``trusted`` concerns
    workers alone. ``trusted`` are the names that may call over TLS, all when empty;
    those of the gateways and, for a worker, nobody else need not be named twice. Times
    are unscaled seconds. ``policies`` are found by the name that a user has.
    """

    host: str
    security: Security = Security.UNSECURED
    sip_port: int = 0
    timing: Timing = STANDARD
    seed: int | str = "um"
    product: str = "RTCC/3.0.0.0 ringback-um"  # facts §4.3
    trusted: tuple[str, ...] = ()
    workers: tuple[Target, ...] = ()
    media_host: str = ""
    contact: str = ""
    media_ports: tuple[int, int] = (20000, 29999)
    gateways: tuple[UmIpGateway, ...] = ()
    dial_plan: DialPlan = msgspec.field(default_factory=DialPlan)
    policies: tuple[MailboxPolicy, ...] = msgspec.field(
        default_factory=lambda: (MailboxPolicy(),)
    )
    version: str = "2007"
    max_calls: int = 100
    call_limit: float = 1800.0
    no_answer: float = 30.0
    recording_limit: float = 1200.0
    recording_silence: float = 5.0
    session_expires: int = 0

    @property
    def port(self) -> int:
        """Where it listens for SIP."""
        return self.sip_port or (5061 if self.security.tls else 5060)

    @property
    def outbound(self) -> tuple[Target, ...]:
        """The gateways that may be called, in their order."""
        return tuple(g.target for g in self.gateways if g.enabled and g.outcalls)

    def policy(self, name: str) -> MailboxPolicy | None:
        """The mailbox policy of that name."""
        return next((p for p in self.policies if p.name == name), None)

    def trusts(self, names: tuple[str, ...]) -> bool:
        """Whether one of these proven names is that of a trusted peer."""
        known = {n.lower() for n in self.trusted}
        known |= {g.target.name.lower() for g in self.gateways}
        return not self.trusted or any(n.lower() in known for n in names)
