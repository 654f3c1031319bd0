"""How the reference gateway is set up."""

from collections.abc import Mapping

import msgspec

from ringback.protocol.timing import Timing
from ringback.values import Security


class GatewaySettings(msgspec.Struct, frozen=True, kw_only=True):
    """``host`` is its FQDN, ``media_host`` the IP address in its SDP.

    ``phones`` maps a number to the SIP URI of a phone; "*" stands for every other
    number. ``trusted`` are the names that may call it over TLS, all when empty.
    ``contact`` is what Contact says to the UM instead of ``host``; to phones it is
    ``phone_contact``. ``channels`` is how many calls fit. Towards the UM it listens on
    ``sip_port`` (0 is 5060, or 5061 on a secured plan), towards phones on
    ``phone_port``, in the clear.
    """

    host: str
    media_host: str
    phones: Mapping[str, str]
    sip_port: int = 0
    phone_port: int = 5070
    media_ports: tuple[int, int] = (30000, 39999)
    security: Security = Security.UNSECURED
    trusted: tuple[str, ...] = ()
    channels: int = 100
    timing: Timing = msgspec.field(default_factory=Timing)
    seed: int | str = "gateway"
    product: str = "ringback-gateway"
    contact: str = ""
    phone_contact: str = ""

    @property
    def port(self) -> int:
        """Where the UM finds it."""
        return self.sip_port or (5061 if self.security.tls else 5060)

    def phone_for(self, number: str) -> str:
        """The URI of the phone behind that number; empty for an unknown one."""
        return self.phones.get(number, self.phones.get("*", ""))
