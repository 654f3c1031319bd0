"""The words that every floor shares: roles, legs, modes, addresses, call states."""

from enum import StrEnum
from typing import Self

import msgspec


class Role(StrEnum):
    """The five parts of one Play on Phone call, in the order of the call."""

    CLIENT = "client"
    CAS = "cas"
    UM = "um"
    GATEWAY = "gateway"
    PHONE = "phone"


class Leg(StrEnum):
    """The connection between two neighbouring roles."""

    CLIENT_CAS = "client-cas"
    CAS_UM = "cas-um"
    UM_GATEWAY = "um-gateway"
    GATEWAY_PHONE = "gateway-phone"

    @property
    def roles(self) -> tuple[Role, Role]:
        """The caller's side first."""
        near, far = self.value.split("-")
        return Role(near), Role(far)


class Security(StrEnum):
    """Dial plan security: what SIP and media travel in (facts §5.1)."""

    UNSECURED = "unsecured"  # SIP over TCP, RTP
    SIP_SECURED = "sip-secured"  # SIP over mutual TLS, RTP
    SECURED = "secured"  # SIP over mutual TLS, SRTP

    @property
    def tls(self) -> bool:
        return self is not Security.UNSECURED

    @property
    def srtp(self) -> bool:
        return self is Security.SECURED


class Contact(StrEnum):
    """What the reference roles' Contacts say of where they are."""

    AUTO = "auto"  # an address in the clear; over TLS the name, which TLS must prove
    ADDRESS = "address"
    NAME = "name"


PROBE_PORT = 5062  # where a probe listens beside the role whose address it shares


class Address(msgspec.Struct, frozen=True, order=True):
    """A transport address; ``host`` is a name or an IP literal without brackets."""

    host: str
    port: int

    @classmethod
    def parse(cls, text: str, default_port: int = 0) -> Self:
        """Read ``host:port``, ``[v6]:port`` or ``host``; ValueError otherwise."""
        host, _, port = text.rpartition(":")
        if not host or "]" in port:
            host, port = text, str(default_port)
        if ":" in host and not host.startswith("["):
            host, port = text, str(default_port)
        return cls(host.strip("[]"), int(port))

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


class CallState(StrEnum):
    """What the user is shown of the call: UMCallState (facts §2.3)."""

    IDLE = "Idle"
    CONNECTING = "Connecting"
    ALERTED = "Alerted"
    CONNECTED = "Connected"
    DISCONNECTED = "Disconnected"
    INCOMING = "Incoming"
    TRANSFERRING = "Transferring"
    FORWARDING = "Forwarding"


class Cause(StrEnum):
    """Why a call failed: ConnectionFailureCauseType (facts §3.2)."""

    NONE = "None"
    USER_BUSY = "UserBusy"
    NO_ANSWER = "NoAnswer"
    UNAVAILABLE = "Unavailable"  # EWS only; the 2007 dialect says Other
    OTHER = "Other"
