"""Where a SIP URI leads, and where a 3xx sends its caller.

RFC 3261 §8.1.3.4, §19.1.1 (maddr, transport), RFC 3263 §4.1, §4.2 (default ports).
"""

import msgspec

from ringback.faults import Malformed
from ringback.values import Address
from ringback.wire.headers import NameAddr, contacts
from ringback.wire.message import Message
from ringback.wire.uri import SipUri, Uri

SIP_PORT = 5060
SIPS_PORT = 5061
REDIRECTS_FOLLOWED = 5
ELSEHOW = (305, 380)  # by way of a proxy, or of another service: not to a Contact


class Target(msgspec.Struct, frozen=True):
    """A next hop: where to connect, whether over TLS, and whom TLS must prove."""

    address: Address
    secured: bool
    name: str

    @classmethod
    def of(cls, host: str, port: int = 0, *, secured: bool = False) -> "Target":
        """The host itself on that port, or on the default port of its transport."""
        return cls(
            Address(host, port or (SIPS_PORT if secured else SIP_PORT)), secured, host
        )


def target_of(uri: Uri, default_secured: bool = False) -> Target:
    """The next hop for a SIP URI; Malformed for any other.

    ``sips`` and ``transport=tls`` mean TLS, ``transport=tcp`` means none (case does
    not matter); without either ``default_secured`` holds. ``maddr`` overrides the
    address, but the host stays the name that the other side must prove.
    """
    if not isinstance(uri, SipUri):
        raise Malformed("only a sip or sips URI leads anywhere", str(uri).encode(), 0)
    secured = uri.scheme == "sips" or uri.transport == "tls"
    if uri.scheme == "sip" and not uri.transport:
        secured = default_secured
    if uri.transport not in ("", "tcp", "tls"):
        why = f"no SIP over {uri.transport} here"
        raise Malformed(why, str(uri).encode(), 0)
    port = uri.port or (SIPS_PORT if secured else SIP_PORT)
    host = uri.host.strip("[]").lower()  # RFC 3261 §19.1.4: case does not matter
    address = Address((uri.maddr or host).strip("[]").lower(), port)
    return Target(address, secured, host)


def targets_of(response: Message) -> tuple[Uri, ...]:
    """The Contacts of a 3xx, best q first, those of equal q in their order; none of
    one that does not say where the callee is (RFC 3261 §21.3.4, §21.3.5)."""
    if response.status in ELSEHOW:
        return ()
    found = [c for c in contacts(response) if isinstance(c, NameAddr)]
    return tuple(c.uri for c in sorted(found, key=_q, reverse=True))


def keeps_security(was: str, will: Uri, *, secured: bool) -> bool:
    """Whether a redirect from URI ``was`` to ``will`` keeps what the caller had.

    A sips URI is never followed to a sip one (RFC 3261 §8.1.3.4), and a caller who
    speaks TLS is never led to plain TCP.
    """
    if was.lower().startswith("sips:") and not str(will).lower().startswith("sips:"):
        return False
    try:
        return target_of(will, secured).secured or not secured
    except Malformed:
        return False


def _q(contact: NameAddr) -> float:
    for name, value in contact.params:
        if name.lower() == "q" and value is not None:
            try:
                return float(value)
            except ValueError:
                return 0.0
    return 1.0
