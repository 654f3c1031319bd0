"""Sound that is sent, numbered or told wrongly. RFC 3550 §5.1, RFC 4733 §2.5."""

from collections.abc import Iterable

from msgspec.structs import replace

from ringback.faults import Malformed
from ringback.peers.bent.declared import Fault
from ringback.peers.bent.packets import events, lagging, outliving, packets
from ringback.peers.bent.way import Passing, Told, Way
from ringback.peers.bent.ways import casts
from ringback.protocol.world import Arrived, Cast, Wish
from ringback.values import Address, Role
from ringback.wire.rtp import RtpPacket
from ringback.wire.sdp import Sdp, audio
from ringback.wire.telephone_event import TelephoneEvent

CLEAR = ("unsecured", "sip-secured")  # where a bend can read the sound
UNHEARD = ("MED-HEARD", "RTP-PACE", "POP-GREET")
LOUD = bytes([0x80, 0x00]) * 80
NTH = 10  # the packet that differs


def _skips_a_number(n: int, packet: RtpPacket) -> Iterable[RtpPacket] | None:
    if n < NTH:
        return None
    return [replace(packet, sequence=packet.sequence + 1 & 0xFFFF)]


def _in_milliseconds(n: int, packet: RtpPacket) -> Iterable[RtpPacket]:
    return [replace(packet, timestamp=20 * n)]


def _stands_still(n: int, packet: RtpPacket) -> Iterable[RtpPacket] | None:
    if n != NTH:
        return None
    return [replace(packet, timestamp=packet.timestamp - 160 & 0xFFFFFFFF)]


def _halves(n: int, packet: RtpPacket) -> Iterable[RtpPacket]:
    first, second = packet.payload[:80], packet.payload[80:]
    at = packet.timestamp
    return [
        replace(packet, sequence=2 * n & 0xFFFF, payload=first),
        replace(
            packet,
            sequence=2 * n + 1 & 0xFFFF,
            timestamp=at + 80 & 0xFFFFFFFF,
            payload=second,
        ),
    ]


def _undescribed(n: int, packet: RtpPacket) -> Iterable[RtpPacket] | None:
    return [replace(packet, payload_type=99)] if n == NTH else None


def _with_the_wrong_law(n: int, packet: RtpPacket) -> Iterable[RtpPacket] | None:
    if packet.payload_type:
        return None
    return [replace(packet, payload=bytes(o ^ 0x2A for o in packet.payload))]


def _every_other(n: int, packet: RtpPacket) -> Iterable[RtpPacket] | None:
    if packet.payload_type or not n % 2:
        return None
    return [replace(packet, payload=b"\xff" * len(packet.payload))]


def _another_key(told: TelephoneEvent) -> TelephoneEvent:
    return replace(told, event=(told.event + 1) % 10)


def _endless(told: TelephoneEvent) -> TelephoneEvent:
    return replace(told, end=False)


def _shrinking(told: TelephoneEvent) -> TelephoneEvent:
    return replace(told, duration=1) if told.duration > 320 else told


def _to_the_cas(number: int, wish: Cast) -> Iterable[Wish] | None:
    """A copy to where the CAS said that nothing shall come."""
    if number != NTH:
        return None
    ends = wish.target.host.rsplit(".", 1)
    return [wish, replace(wish, target=Address(f"{ends[0]}.20", 9))]


def _before_the_answer() -> Way:
    """Sound to where a provisional answer says that the phone is."""
    ports: list[int] = []

    def said(p: Passing) -> None:
        if p.message.method == "INVITE" and p.neighbour is Role.GATEWAY:
            ports.extend(_ports(p.message.body))

    def heard(p: Passing) -> Told | None:
        if p.message.status != 183 or not p.message.body or not ports:
            return None
        media = audio(Sdp.parse(p.message.body))
        packet = bytes(RtpPacket(0, 1, 1, 7, LOUD))
        cast = Cast(ports[0], Address(media.host, media.port), packet)
        return (Arrived(p.link, bytes(p.message)),), (cast,)

    return Way(said=said, heard=heard)


def _ports(body: bytes) -> list[int]:
    try:
        return [audio(Sdp.parse(body)).port] if body else []
    except Malformed:
        return []


FAULTS = (
    Fault(
        name="um-skips-a-sequence-number",
        role=Role.UM,
        says="The UM's RTP leaves out a sequence number.",
        breaks="RTP-SEQ-001",
        what="worker",
        modes=CLEAR,
        way=packets(_skips_a_number, to=Role.GATEWAY),
    ),
    Fault(
        name="um-timestamps-in-milliseconds",
        role=Role.UM,
        says="The UM's RTP timestamps count milliseconds.",
        breaks="RTP-TS-001",
        also=UNHEARD,
        what="worker",
        modes=CLEAR,
        way=packets(_in_milliseconds, to=Role.GATEWAY),
    ),
    Fault(
        name="gateway-timestamp-that-stands-still",
        role=Role.GATEWAY,
        says="Two packets of the gateway have the same RTP timestamp.",
        breaks="RTP-TS-001",
        also=("MED-KEYS",),  # the timestamp is also what tells two keys apart
        modes=CLEAR,
        way=packets(_stands_still, to=Role.UM),
    ),
    Fault(
        name="um-packets-of-10-ms",
        role=Role.UM,
        says="The UM's packets hold 10 ms, and nobody asked for that.",
        breaks="RTP-SIZE-001",
        what="worker",
        modes=CLEAR,
        way=packets(_halves, to=Role.GATEWAY),
    ),
    Fault(
        name="um-plays-too-slowly",
        role=Role.UM,
        says="The UM's packets leave a little later each time.",
        breaks="RTP-PACE-001",
        also=(*UNHEARD, "RTP-END-001", "SIP-OFFER"),
        what="worker",
        modes=CLEAR,
        way=lagging(0.003, to=Role.GATEWAY),
    ),
    Fault(
        name="um-payload-type-of-its-own",
        role=Role.UM,
        says="A packet of the UM has a payload type that nobody described.",
        breaks="RTP-PT-001",
        also=UNHEARD,
        what="worker",
        modes=CLEAR,
        way=packets(_undescribed, to=Role.GATEWAY),
    ),
    Fault(
        name="gateway-payload-type-of-its-own",
        role=Role.GATEWAY,
        says="A packet of the gateway has a payload type that the UM did not describe.",
        breaks="RTP-PT-001",
        modes=CLEAR,
        way=packets(_undescribed, to=Role.UM),
    ),
    Fault(
        name="phone-payload-type-of-its-own",
        role=Role.PHONE,
        says="A packet of the phone has a payload type that nobody described.",
        breaks="RTP-PT-001",
        modes=CLEAR,
        way=packets(_undescribed),
    ),
    Fault(
        name="um-plays-before-the-answer",
        role=Role.UM,
        says="The UM plays as soon as a provisional answer describes the phone.",
        breaks="RTP-EARLY-001",
        also=("RTP-SEQ-001",),
        what="worker",
        scenarios=("media.sound-before-the-answer",),
        modes=CLEAR,
        way=_before_the_answer,
    ),
    Fault(
        name="um-plays-on-after-the-end",
        role=Role.UM,
        says="The UM still sends RTP after the call has ended.",
        breaks="RTP-END-001",
        also=("RTP-SEQ-001", "RTP-TS-001", "RTP-PACE-001", "SEC-SRTP-002"),
        what="worker",
        way=outliving(0.6, to=Role.GATEWAY),
        scenarios=("media.no-sound-outlives-the-call",),
    ),
    Fault(
        name="gateway-sends-on-after-the-end",
        role=Role.GATEWAY,
        says="The gateway still sends RTP to the UM after the call has ended.",
        breaks="RTP-END-001",
        also=("RTP-TS-001", "SEC-SRTP-002"),
        way=outliving(0.6, to=Role.UM),
        scenarios=("media.no-sound-outlives-the-call",),
    ),
    Fault(
        name="um-sends-sound-to-the-cas",
        role=Role.UM,
        says="The UM sends a packet of the message to the CAS as well.",
        breaks="MED-CAS-001",
        also=("RTP-PT-001",),
        what="worker",
        way=casts(_to_the_cas, to=Role.GATEWAY),
    ),
    Fault(
        name="um-plays-with-the-wrong-law",
        role=Role.UM,
        says="The UM's octets are of another law than their payload type.",
        breaks="MED-HEARD-001",
        also=("MED-HEARD-002", "POP-GREET"),
        what="worker",
        modes=CLEAR,
        way=packets(_with_the_wrong_law, to=Role.GATEWAY),
    ),
    Fault(
        name="gateway-plays-every-other-packet",
        role=Role.GATEWAY,
        says="Every other packet for the phone is silence.",
        breaks="MED-HEARD-002",
        way=packets(_every_other, to=Role.PHONE),
    ),
    Fault(
        name="gateway-tells-another-key",
        role=Role.GATEWAY,
        says="The gateway tells the UM of another key than the one pressed.",
        breaks="MED-KEYS-001",
        also=("WS", "POP", "MED-HEARD"),
        modes=CLEAR,
        way=events(_another_key, to=Role.UM),
    ),
    Fault(
        name="phone-tells-another-key",
        role=Role.PHONE,
        says="The phone tells of another key than the one pressed.",
        breaks="MED-KEYS-001",
        also=("WS", "POP", "MED-HEARD"),
        way=events(_another_key),
    ),
    Fault(
        name="gateway-never-ends-a-key",
        role=Role.GATEWAY,
        says="The gateway does not tell that a key was let go.",
        breaks="MED-KEYS-002",
        modes=CLEAR,
        way=events(_endless, to=Role.UM),
    ),
    Fault(
        name="gateway-durations-that-shrink",
        role=Role.GATEWAY,
        says="The duration of a key falls back while it is pressed.",
        breaks="MED-KEYS-003",
        also=("MED-KEYS-001",),
        modes=CLEAR,
        way=events(_shrinking, to=Role.UM),
    ),
)
