"""Descriptions whose lines or formats contradict themselves.

RFC 8866 §5.14, §6.6, §6.15 and §9, RFC 3551 §6, RFC 3264 §5, RFC 4733 §2.1; and RTP
numbers, RFC 3550 §5.1.
"""

import re
from collections.abc import Iterable

from msgspec.structs import replace

from ringback.peers.bent.changes import body, worded
from ringback.peers.bent.declared import Fault
from ringback.peers.bent.packets import packets
from ringback.peers.bent.ways import request, response, says
from ringback.values import Role
from ringback.wire.rtp import RtpPacket

ANSWER = response(200, of="INVITE", to=Role.UM)
EVENTS = "a=rtpmap:101 telephone-event/8000\r\n"
CLEAR = ("unsecured", "sip-secured")  # where a bend can read the sound
NTH = 10  # the packet that differs


def _skipping(n: int, packet: RtpPacket) -> Iterable[RtpPacket] | None:
    if n < NTH:
        return None
    return [replace(packet, sequence=packet.sequence + 1 & 0xFFFF)]


def _as_before(n: int, packet: RtpPacket) -> Iterable[RtpPacket] | None:
    return (
        [replace(packet, sequence=packet.sequence - 1 & 0xFFFF)] if n == NTH else None
    )


def _far_below(n: int, packet: RtpPacket) -> Iterable[RtpPacket] | None:
    """A number that no other packet of the stream has."""
    return (
        [replace(packet, sequence=packet.sequence - 4096 & 0xFFFF)]
        if n == NTH
        else None
    )


FAULTS = (
    Fault(
        name="gateway-names-its-session-twice",
        role=Role.GATEWAY,
        says="The gateway's description has two s lines.",
        breaks="MED-SDP-001",
        also=("SIP-OFFER-007",),
        way=says(ANSWER, worded("s=session\r\n", "s=session\r\ns=session\r\n")),
    ),
    Fault(
        name="gateway-lines-out-of-order",
        role=Role.GATEWAY,
        says="The c line of the gateway's description stands above its s line.",
        breaks="MED-SDP-001",
        also=("SIP-OFFER-007",),
        way=says(ANSWER, body(lambda o: re.sub(rb"(s=.*\r\n)(c=.*\r\n)", rb"\2\1", o))),
    ),
    Fault(
        name="um-offers-for-a-time",
        role=Role.UM,
        says="The UM's offer ends at a time of its own.",
        breaks="MED-SDP-009",
        what="worker",
        way=says(request("INVITE", to=Role.GATEWAY), worded("t=0 0", "t=0 4000000000")),
    ),
    Fault(
        name="gateway-leaves-events-nameless",
        role=Role.GATEWAY,
        says="The gateway's answer takes 101 and does not say what it is.",
        breaks="MED-SDP-010",
        also=("MED-KEYS", "SIP-OFFER-007"),
        way=says(ANSWER, worded(EVENTS, "")),
    ),
    Fault(
        name="gateway-redefines-mu-law",
        role=Role.GATEWAY,
        says="The gateway's answer says that 0 is PCMU at 16 kHz.",
        breaks="MED-SDP-011",
        also=("MED-SDP-004", "MED-SDP-013", "MED-HEARD", "POP", "SIP-OFFER"),
        way=says(ANSWER, worded("PCMU/8000", "PCMU/16000")),
    ),
    Fault(
        name="gateway-maps-events-twice",
        role=Role.GATEWAY,
        says="The gateway's answer maps 101 two times.",
        breaks="MED-SDP-012",
        also=("SIP-OFFER-007",),
        way=says(ANSWER, worded(EVENTS, EVENTS + EVENTS)),
    ),
    Fault(
        name="gateway-goes-two-ways",
        role=Role.GATEWAY,
        says="The gateway's answer is sendrecv and sendonly.",
        breaks="MED-SDP-012",
        also=("SIP-OFFER-007",),
        way=says(ANSWER, worded("a=sendrecv", "a=sendrecv\r\na=sendonly")),
    ),
    Fault(
        name="gateway-events-by-another-clock",
        role=Role.GATEWAY,
        says="Telephone events of the gateway's answer run at 16 kHz beside G.711.",
        breaks="MED-SDP-013",
        also=("MED-KEYS", "SIP-OFFER-021", "SIP-OFFER-007"),
        way=says(ANSWER, worded("telephone-event/8000", "telephone-event/16000")),
    ),
    Fault(
        name="phone-skips-a-sequence-number",
        role=Role.PHONE,
        says="The phone's RTP leaves out a sequence number.",
        breaks="RTP-SEQ-002",
        modes=CLEAR,
        way=packets(_skipping),
    ),
    Fault(
        name="gateway-gives-a-number-twice",
        role=Role.GATEWAY,
        says="Two packets of the gateway that differ have the same sequence number.",
        breaks="RTP-SEQ-003",
        modes=CLEAR,
        way=packets(_as_before, to=Role.UM),
    ),
    Fault(
        name="gateway-numbers-out-of-turn",
        role=Role.GATEWAY,
        says="One packet of the gateway has a number far below its neighbours'.",
        breaks="RTP-SEQ-004",
        modes=CLEAR,
        way=packets(_far_below, to=Role.UM),
    ),
)
