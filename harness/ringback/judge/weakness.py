"""What no connection should run on: old versions of TLS, ciphers that are broken.

RFC 8996 §4 and §5, RFC 9325 §4.1. A server may choose it all the same: then who asked
has to leave, whatever the certificate is like (RFC 5246 §7.4.1.3).
"""

from typing import Final

from ringback.evidence.frame import Connection, TlsEvent, TlsFrame
from ringback.values import Leg

OLD: Final = {"SSLv3", "TLSv1", "TLSv1.1"}
SIGNAL: Final = 0x00FF  # RFC 5746 §3.3: of secure renegotiation
SIGNALS: Final = {SIGNAL, 0x5600}  # RFC 5746 §3.3, RFC 7507 §2: no ciphers
NULL: Final = {0x0000, 0x0001, 0x0002, 0x003B, 0xC001, 0xC006, 0xC00B, 0xC010, 0xC015}
RC4: Final = {0x0004, 0x0005, 0x0018, 0x0020, 0x0024, 0x008A, 0x008E, 0x0092} | {
    0xC002,
    0xC007,
    0xC00C,
    0xC011,
    0xC016,
    0xC033,
}
EXPORT: Final = {0x0003, 0x0006, 0x0008, 0x000B, 0x000E, 0x0011, 0x0014, 0x0017, 0x0019}
DES: Final = {0x0009, 0x000C, 0x000F, 0x0012, 0x0015, 0x001A, 0x001E, 0x0022}
BROKEN: Final = NULL | RC4 | EXPORT | DES
SHORT: Final = {0x000A, 0x000D, 0x0010, 0x0013, 0x0016, 0x001B, 0x0007} | {
    0xC003,  # all of these 3DES, but for IDEA above
    0xC008,
    0xC00D,
    0xC012,
    0xC017,
}


def chosen(connection: Connection) -> TlsFrame | None:
    """The ServerHello."""
    hellos = (t for t in connection.tls if t.event is TlsEvent.SERVER_HELLO)
    return next(hellos, None)


def offered(connection: Connection) -> set[int]:
    """The ciphers of the ClientHello."""
    hellos = (t for t in connection.tls if t.event is TlsEvent.CLIENT_HELLO)
    return {code for hello in hellos for code in hello.ciphers}


def is_foreign(connection: Connection, hello: TlsFrame) -> bool:
    """Chosen, and not offered, as far as anybody could read what was."""
    known = offered(connection)
    return bool(known) and not set(hello.ciphers) <= known


def is_old(hello: TlsFrame) -> bool:
    return bool(hello.versions) and set(hello.versions) <= OLD


def is_bad(connection: Connection) -> bool:
    """Whether its server chose what nobody should take, or what nobody offered."""
    hello = chosen(connection)
    if hello is None:
        return False
    weak = set(hello.ciphers) & (BROKEN | SHORT)
    return is_old(hello) or bool(weak) or is_foreign(connection, hello)


def was_left(connection: Connection) -> bool:
    """Whether its server spoke SIP's TLS so, and nothing came of it."""
    sip = connection.leg in (Leg.CAS_UM, Leg.UM_GATEWAY)
    return sip and not connection.established and is_bad(connection)
