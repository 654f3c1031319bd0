"""How a reference CAS is set up."""

import msgspec

from ringback.peers.web import WebLimits
from ringback.protocol.redirect import Target
from ringback.protocol.timing import Timing
from ringback.values import Security


class CasSettings(msgspec.Struct, frozen=True, kw_only=True):
    """``host`` is the CAS's FQDN; it names the CAS to web clients and in SIP.

    ``um`` is the UM service to call; ``known`` are FQDNs of further UM servers (its
    workers): only known servers may stand in a call id or call the CAS. ``seed`` must
    be a secret where call ids must not be guessed. The waits are unscaled seconds:
    ``answer_within`` for the UM's first word, ``remembers`` for calls that are over.
    ``sip_port`` 0 is 5060, or 5061 on a secured plan.
    """

    host: str
    um: Target
    known: tuple[str, ...] = ()
    security: Security = Security.UNSECURED
    https_port: int = 443
    sip_host: str = ""  # what Via and Contact say instead of ``host``
    contact: str = ""  # what Contact alone says instead of ``host``
    sip_port: int = 0
    seed: int | str = "cas"
    timing: Timing = msgspec.field(default_factory=Timing)
    product: str = "ringback-cas"
    realm: str = "ringback"
    answer_within: float = 30.0  # facts §5.5
    remembers: float = 600.0  # facts §11 item 11
    limits: WebLimits = msgspec.field(default_factory=WebLimits)

    @property
    def port(self) -> int:
        """Where it listens for SIP."""
        return self.sip_port or (5061 if self.security.tls else 5060)

    def knows(self, names: tuple[str, ...]) -> bool:
        """Whether one of these names is that of a known UM server."""
        known = {name.lower() for name in (self.um.name, *self.known)}
        return any(name.lower() in known for name in names)
