"""What an eavesdropper may not learn, said aloud. Facts §5.1, RFC 4568 §8.3."""

import re
from collections.abc import Iterable

from msgspec.structs import replace

from ringback.peers.bent.changes import body, status
from ringback.peers.bent.declared import Fault
from ringback.peers.bent.packets import sealed
from ringback.peers.bent.way import Passing, Way
from ringback.peers.bent.ways import Maker, request, response, says
from ringback.protocol.world import Connect, Wish
from ringback.values import Role

TLS_ALONE = ("sip-secured", "secured")
# Nobody answers in the clear, and keys go with the rest.
UNMADE = ("POP", "MED-HEARD", "WS", "SIP", "TLS", "SEC-KEYS", "MED-KEYS")
KEY = b"a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:" + b"A" * 40 + b"\r\n"


def _in_the_clear(ports: tuple[int, ...]) -> Maker:
    """Connections to these ports are opened without TLS."""

    def wished(wish: Wish) -> Iterable[Wish] | None:
        if not isinstance(wish, Connect) or wish.target.port not in ports:
            return None
        return [replace(wish, secured=False)]

    return lambda: Way(wished=wished)


def _with_a_key(sdp: bytes) -> bytes:
    return sdp + KEY if b"m=audio" in sdp else sdp


def _as_speech(number: int, octets: bytes) -> bytes:
    """The header as it was, and silence that anybody can read."""
    return octets[:12] + b"\xff" * (len(octets) - 12)


def _with_a_broken_tag(number: int, octets: bytes) -> bytes | None:
    return octets[:-1] + bytes([octets[-1] ^ 1]) if number % 10 == 3 else None


def _about_nobody(p: Passing) -> bool:
    asked = response(200, of="OPTIONS")(p)
    return asked and bool(re.search(r"sip:50123@", p.message.first("to")))


FAULTS = (
    Fault(
        name="cas-speaks-in-the-clear",
        role=Role.CAS,
        says="On a secured plan the CAS opens a connection to the UM without TLS.",
        breaks="SEC-CLEAR-001",
        also=UNMADE,
        modes=TLS_ALONE,
        guilty="connection",
        way=_in_the_clear((5061, 5066, 5068)),
    ),
    Fault(
        name="um-speaks-in-the-clear",
        role=Role.UM,
        says="On a secured plan the UM opens a connection to the gateway without TLS.",
        breaks="SEC-CLEAR-002",
        also=(*UNMADE, "SEC-CLEAR-001"),
        what="worker",
        modes=TLS_ALONE,
        guilty="connection",
        way=_in_the_clear((5061,)),
    ),
    Fault(
        name="um-plays-in-the-clear",
        role=Role.UM,
        says="On a secured plan the UM sends RTP although it agreed to SRTP.",
        breaks="SEC-SRTP-001",
        also=("SEC-SRTP-002", "MED-HEARD", "POP-CHECK-004", "MED-KEYS"),
        what="worker",
        modes=("secured",),
        way=sealed(_as_speech, to=Role.GATEWAY),
    ),
    Fault(
        name="gateway-breaks-srtp-tags",
        role=Role.GATEWAY,
        says="Some of the gateway's SRTP packets have a broken tag.",
        breaks="SEC-SRTP-002",
        also=("MED-KEYS",),
        modes=("secured",),
        way=sealed(_with_a_broken_tag, to=Role.UM),
    ),
    Fault(
        name="um-tells-keys-in-the-clear",
        role=Role.UM,
        says="The UM's offer over TCP has a key for SRTP.",
        breaks="SEC-KEYS-001",
        modes=("unsecured",),
        what="worker",
        way=says(request("INVITE", to=Role.GATEWAY), body(_with_a_key)),
    ),
    Fault(
        name="um-knows-whom-it-knows",
        role=Role.UM,
        says="The UM tells a stranger which extensions nobody has.",
        breaks="SEC-SCAN-001",
        what="service",
        scenarios=("security.extensions-tried-by-hand",),
        way=says(_about_nobody, status(404, "Not Found")),
    ),
)
