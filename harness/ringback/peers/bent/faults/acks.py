"""ACKs that are missing or wrong, and SIP over UDP. RFC 3261 §13.2.2.4, §17.1.1.3."""

from collections.abc import Callable

from ringback.faults import Malformed
from ringback.peers.bent.changes import adding, refused
from ringback.peers.bent.declared import Fault
from ringback.peers.bent.way import Passing, Way
from ringback.peers.bent.ways import Change, Maker, speaks_udp
from ringback.protocol.world import Wish, Write
from ringback.values import Role
from ringback.wire.headers import Via
from ringback.wire.message import Message


def _acks(*, of_refusals: bool, change: Change | None = None) -> Maker:
    """ACKs of refusals (they have the INVITE's branch), or those of 2xx: unsaid, or
    said otherwise."""

    def make() -> Way:
        branches: set[str] = set()

        def said(p: Passing) -> tuple[Wish, ...] | None:
            branch = _branch(p.message)
            if p.message.method == "INVITE":
                branches.add(branch)
            if p.message.method != "ACK" or (branch in branches) is not of_refusals:
                return None
            return (Write(p.link, bytes(change(p.message))),) if change else ()

        return Way(said=lambda p: None if p.message.status else said(p))

    return make


def _branch(message: Message) -> str:
    return Via.parse(message.first("via")).branch


def _over_udp(octets: bytes) -> bytes:
    make: Callable[[Message], Message] = refused(404, "Not Found")
    try:
        return bytes(make(Message.parse(octets)))
    except Malformed:
        return octets


FAULTS = (
    Fault(
        name="um-refusal-without-ack",
        role=Role.UM,
        says="The UM does not acknowledge that the gateway refuses its INVITE.",
        breaks="SIP-ACK-001",
        what="worker",
        scenarios=("playonphone.a-busy-phone",),
        way=_acks(of_refusals=True),
    ),
    Fault(
        name="um-answer-without-ack",
        role=Role.UM,
        says="The UM does not acknowledge the gateway's 200.",
        breaks="SIP-ACK-002",
        # The gateway keeps its BYE for 32 seconds: nobody may say it before the ACK.
        also=("POP-END-003", "SIP-FORK-001"),
        what="worker",
        scenarios=("playonphone.the-plain-call",),
        way=_acks(of_refusals=False),
    ),
    Fault(
        name="um-ack-with-two-vias",
        role=Role.UM,
        says="The UM's ACK of a refusal has a second Via.",
        breaks="SIP-ACK-003",
        what="worker",
        scenarios=("playonphone.a-busy-phone", "sip.a-phone-that-is-forwarded"),
        way=_acks(
            of_refusals=True,
            change=adding("Via", "SIP/2.0/TCP elsewhere.invalid;branch=z9hG4bKbelow"),
        ),
    ),
    Fault(
        name="um-speaks-udp",
        role=Role.UM,
        says="The UM service listens for SIP by UDP too, and answers.",
        breaks="SIP-UDP-001",
        what="service",
        modes=("unsecured",),
        way=speaks_udp(5060, _over_udp),
    ),
)
