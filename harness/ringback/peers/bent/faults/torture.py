"""Receivers that RFC 4475 was written against. RFC 3261 §8.2, §18.1.2, §18.3."""

from ringback.peers.bent.changes import lacking, refused
from ringback.peers.bent.declared import Fault
from ringback.peers.bent.way import Passing, Told, Way
from ringback.peers.bent.ways import mishears, replies
from ringback.protocol.world import Arrived, Write
from ringback.values import Role
from ringback.wire.message import Message

TORTURE = ("sip.torture",)
OK = refused(200, "OK")


def _folded(p: Passing) -> bool:
    return not p.message.status and any(b"\r\n" in f.octets for f in p.message.fields)


def _without_from(p: Passing) -> bool:
    return not p.message.status and not p.message.first("from")


def _of_another_scheme(p: Passing) -> bool:
    known = ("sip:", "sips:", "tel:")
    asks = not p.message.status and p.message.method in ("OPTIONS", "INVITE")
    return asks and not p.message.uri.lower().startswith(known)


def _requires_something(p: Passing) -> bool:
    return bool(p.message.first("require"))


def _for_another(p: Passing) -> bool:
    return bool(p.message.status) and "ringback.test" not in p.message.first("via")


def _ignoring_the_length() -> Way:
    def raw(fact: Arrived) -> Told | None:
        if b"Content-Length: -" not in fact.octets:
            return None
        accepted = bytes(OK(Message.parse(fact.octets)))
        return (), (Write(fact.link, accepted),)

    return Way(raw=raw)


def ignoring_the_version() -> Way:
    def raw(fact: Arrived) -> Told | None:
        if b" SIP/7.0\r\n" not in fact.octets:
            return None
        read = fact.octets.replace(b" SIP/7.0\r\n", b" SIP/2.0\r\n", 1)
        return (Arrived(fact.link, read),), ()

    return Way(raw=raw)


def _dying() -> Way:
    dead: list[Passing] = []

    def heard(p: Passing) -> Told | None:
        if _without_from(p):
            dead.append(p)
        return ((), ()) if dead else None

    return Way(heard=heard)


FAULTS = (
    Fault(
        name="gateway-knows-no-folding",
        role=Role.GATEWAY,
        says="The gateway answers 400 to a request with a folded line.",
        breaks="SIP-TORT-001",
        also=("SIP-TAKES-003",),
        scenarios=TORTURE,
        way=replies(_folded, refused(400, "Bad Request")),
    ),
    Fault(
        name="gateway-accepts-what-has-no-from",
        role=Role.GATEWAY,
        says="The gateway accepts an INVITE without From, To and Call-ID.",
        breaks="SIP-TORT-002",
        scenarios=TORTURE,
        way=replies(_without_from, OK),
    ),
    Fault(
        name="gateway-ignores-a-negative-length",
        role=Role.GATEWAY,
        says="The gateway accepts an INVITE whose Content-Length is -999.",
        breaks="SIP-TORT-003",
        scenarios=TORTURE,
        way=_ignoring_the_length,
    ),
    Fault(
        name="gateway-ignores-the-scheme",
        role=Role.GATEWAY,
        says="The gateway answers 200 to an OPTIONS for a URI of an unknown scheme.",
        breaks="SIP-TORT-004",
        also=("SIP-OPT-001", "SIP-REFUSE-004"),
        scenarios=TORTURE,
        way=replies(_of_another_scheme, OK),
    ),
    Fault(
        name="um-ignores-the-version",
        role=Role.UM,
        says="The UM answers 200 to an OPTIONS of SIP/7.0.",
        breaks="SIP-TORT-005",
        also=("SIP-REFUSE-007",),
        scenarios=TORTURE,
        way=ignoring_the_version,
    ),
    Fault(
        name="um-ignores-require",
        role=Role.UM,
        says="The UM takes a request that requires what nobody supports.",
        breaks="SIP-TORT-006",
        also=("SIP-PRACK-006", "SIP-REFUSE-005"),
        scenarios=TORTURE,
        way=mishears(_requires_something, lacking("require")),
    ),
    Fault(
        name="cas-answers-responses",
        role=Role.CAS,
        says="The CAS answers 400 to a response that was never for it.",
        breaks="SIP-TORT-007",
        scenarios=TORTURE,
        way=replies(_for_another, refused(400, "Bad Request")),
    ),
    Fault(
        name="gateway-dies-of-a-missing-from",
        role=Role.GATEWAY,
        says="The gateway serves nobody any more once a request without From came.",
        breaks="SIP-TORT-008",
        also=("SIP-RESP-003",),
        scenarios=TORTURE,
        way=_dying,
    ),
)
