"""RTP with everything that RFC 3550 allows and few send. What is encrypted already
cannot be changed any more, so most of these need a plan without SRTP."""

from collections.abc import Callable, Iterable
from itertools import count

from msgspec.structs import replace

from ringback.peers.bent.declared import Quirk
from ringback.peers.bent.packets import EVENTS, packets
from ringback.peers.bent.quirks.descriptions import SOUND_ROLES
from ringback.peers.bent.way import Told, Way
from ringback.peers.bent.ways import Maker, casts
from ringback.protocol.world import Bind, Cast, Fact, Heard, Release, Wish
from ringback.values import Role
from ringback.wire.rtcp import SenderReport
from ringback.wire.rtp import RtpPacket
from ringback.wire.telephone_event import TelephoneEvent

CLEAR = ("unsecured", "sip-secured")
PHONES = (Role.GATEWAY, Role.PHONE)
APART = 10_000  # from the usual port to the one that sound is sent from
SILENCE = {0: b"\xff" * 160, 8: b"\xd5" * 160}
Packets = Callable[[int, RtpPacket], Iterable[RtpPacket] | None]
APPLICATION = bytes((0x80, 204, 0, 3)) + b"\0\0\0\1RINGmore"  # RFC 3550 §6.7


def _dressed(**fields: object) -> Maker:
    return packets(lambda _, packet: [replace(packet, **fields)])


def _per_stream(make: Callable[[], Packets]) -> Maker:
    """A change that remembers, each stream of a seat with a memory of its own."""

    def maker() -> Way:
        streams: dict[int, Packets] = {}

        def change(_: int, packet: RtpPacket) -> Iterable[RtpPacket] | None:
            known = streams.setdefault(packet.ssrc, make())
            return known(0, packet)

        return packets(change)()

    return maker


def _another_source() -> Packets:
    """From the 30th packet on with another SSRC, and so with other numbers
    (RFC 3550 §8.2)."""
    numbers = count()

    def change(_: int, packet: RtpPacket) -> Iterable[RtpPacket]:
        if next(numbers) < 30:
            return [packet]
        return [
            replace(
                packet,
                ssrc=packet.ssrc ^ 0x5A5A5A5A,
                sequence=(packet.sequence + 7000) & 0xFFFF,
                timestamp=(packet.timestamp + 90_000) & 0xFFFFFFFF,
            )
        ]

    return change


def _counts_anew() -> Packets:
    """From the 30th packet on other numbers and timestamps, of the same SSRC."""
    numbers = count()

    def change(_: int, packet: RtpPacket) -> Iterable[RtpPacket]:
        if next(numbers) < 30:
            return [packet]
        return [
            replace(
                packet,
                sequence=(packet.sequence - 7000) & 0xFFFF,
                timestamp=(packet.timestamp - 0x40000000) & 0xFFFFFFFF,
            )
        ]

    return change


def _late_and_twice() -> Packets:
    """Each tenth packet comes behind the next one, and once more behind that."""
    numbers = count(1)
    kept: list[RtpPacket] = []

    def change(_: int, packet: RtpPacket) -> Iterable[RtpPacket]:
        nth = next(numbers)
        if kept:
            late = kept.pop()
            return [packet, late, late]
        if nth % 10 or packet.payload_type == EVENTS:
            return [packet]
        kept.append(packet)
        return []

    return change


def _keys_beside_sound() -> Packets:
    """A packet of silence beside each one that tells of a key."""
    kind, extra = [0], [0]
    began: list[tuple[int, int]] = []

    def change(_: int, packet: RtpPacket) -> Iterable[RtpPacket]:
        moved = replace(packet, sequence=(packet.sequence + extra[0]) & 0xFFFF)
        if packet.payload_type != EVENTS:
            kind[0] = packet.payload_type
            return [moved]
        if not began or began[-1][0] != packet.timestamp:
            began.append((packet.timestamp, packet.sequence))
        ticks = (packet.sequence - began[-1][1]) & 0xFFFF
        sound = replace(
            moved,
            payload_type=kind[0],
            payload=SILENCE.get(kind[0], SILENCE[0]),
            timestamp=(packet.timestamp + 160 * ticks) & 0xFFFFFFFF,
            marker=False,
        )
        extra[0] += 1
        return [sound, replace(moved, sequence=(moved.sequence + 1) & 0xFFFF)]

    return change


def _equal_ends() -> Packets:
    """The packets that end a key are one and the same, as a network may repeat it."""
    fewer = [0]
    last: list[RtpPacket] = []

    def change(_: int, packet: RtpPacket) -> Iterable[RtpPacket]:
        moved = replace(packet, sequence=(packet.sequence - fewer[0]) & 0xFFFF)
        if packet.payload_type != EVENTS:
            return [moved]
        if not TelephoneEvent.parse(packet.payload).end:
            return [moved]
        if last and last[-1].timestamp == packet.timestamp:
            fewer[0] += 1
            return [last[-1]]
        last.append(moved)
        return [moved]

    return change


def _from_another_port() -> Way:
    """Sound leaves by a port that no description names (RFC 4961 §3 is a SHOULD)."""

    def wished(wish: Wish) -> Iterable[Wish] | None:
        if isinstance(wish, Bind | Release) and wish.port % 2 == 0:
            return (wish, replace(wish, port=wish.port + APART))
        return None

    def cast(wish: Cast, _: Role | None) -> Iterable[Wish] | None:
        if wish.port % 2:
            return None
        return (replace(wish, port=wish.port + APART),)

    def told(fact: Fact) -> Told | None:
        elsewhere = isinstance(fact, Heard) and fact.port >= 50_000
        return ((), ()) if elsewhere else None

    return Way(wished=wished, cast=cast, told=told)


def _begins_late() -> Way:
    numbers = count()

    def cast(wish: Cast, _: Role | None) -> Iterable[Wish] | None:
        early = wish.port % 2 == 0 and next(numbers) < 10
        return () if early else None

    return Way(cast=cast)


def _reports(number: int, wish: Cast) -> Iterable[Wish] | None:
    """RTCP with the third packet of sound: a report and something of our own."""
    if number != 2 or wish.port % 2:
        return None
    ssrc = int.from_bytes(wish.octets[8:12])
    report = bytes(SenderReport(ssrc, 1 << 32, 0, 2, 320)) + APPLICATION
    target = replace(wish.target, port=wish.target.port + 1)
    return (wish, Cast(wish.port + 1, target, report))


QUIRKS = (
    Quirk(
        name="rtp-header-extension",
        roles=SOUND_ROLES,
        says="Each RTP packet has a header extension.",
        source="RFC 3550 §5.3.1; RFC 8285 §4.2",
        way=_dressed(extension=(0xBEDE, b"\x10\xaa\x00\x00")),
        modes=CLEAR,
    ),
    Quirk(
        name="rtp-contributing-sources",
        roles=SOUND_ROLES,
        says="Each RTP packet names two contributing sources.",
        source="RFC 3550 §5.1",
        way=_dressed(csrcs=(1, 0xFFFFFFFF)),
        modes=CLEAR,
    ),
    Quirk(
        name="rtp-padding",
        roles=SOUND_ROLES,
        says="Each RTP packet is padded.",
        source="RFC 3550 §5.1",
        way=_dressed(padding=b"\0\0\0\4"),
        modes=CLEAR,
    ),
    Quirk(
        name="another-ssrc",
        roles=(Role.UM,),
        says="The SSRC changes while the message is played.",
        source="RFC 3550 §8.2: a source may have to choose another",
        way=_per_stream(_another_source),
        modes=CLEAR,
        what="worker",
    ),
    Quirk(
        name="counts-anew",
        roles=(Role.GATEWAY,),
        says="Numbers and timestamps begin anew in the middle of a stream.",
        source="RFC 3550 §7.1, §A.1: whom it relays may do so, and receivers bear it",
        way=_per_stream(_counts_anew),
        modes=CLEAR,
    ),
    Quirk(
        name="late-and-twice",
        roles=(Role.GATEWAY,),
        says="Some packets come late, and twice.",
        source="RFC 3550 §6.4.1: a network that it relays from may do both",
        way=_per_stream(_late_and_twice),
        modes=CLEAR,
    ),
    Quirk(
        name="late-first-packet",
        roles=(Role.PHONE,),
        says="The first sound comes 200 ms after the answer.",
        source="RFC 3264 §5.1: when to begin is nobody's rule",
        way=_begins_late,
        misses=dict.fromkeys(
            (
                "MED-CAS-001",
                "RTP-END-001",
                "RTP-PT-001",
                "RTP-SEQ-002",
                "RTP-SEQ-003",
                "RTP-SEQ-004",
                "RTP-TS-001",
                "SEC-SRTP-001",
                "SEC-SRTP-002",
            ),
            "a call that ends at once is over before the phone has said anything",
        ),
    ),
    Quirk(
        name="no-reports",
        roles=SOUND_ROLES,
        says="No RTCP at all.",
        source="RFC 3551 §2; RFC 3556 §2: b=RS:0; few gateways send it",
        way=casts(lambda _, wish: () if wish.port % 2 else None),
    ),
    Quirk(
        name="early-reports",
        roles=SOUND_ROLES,
        says="RTCP at once, with a packet of an application behind the report.",
        source="RFC 3550 §6.2 and §6.7",
        way=casts(_reports),
        modes=CLEAR,
    ),
    Quirk(
        name="sound-from-another-port",
        roles=SOUND_ROLES,
        says="RTP leaves by a port that the description does not name.",
        source="RFC 4961 §3: symmetric is recommended; seen with multi-homed gateways",
        way=_from_another_port,
    ),
    Quirk(
        name="keys-beside-sound",
        roles=(Role.PHONE,),
        says="Sound goes on while a key is pressed.",
        source="RFC 4733 §2.6; seen with baresip",
        way=_per_stream(_keys_beside_sound),
        modes=CLEAR,
    ),
    Quirk(
        name="equal-end-packets",
        roles=(Role.PHONE,),
        says="The three packets that end a key are octet for octet the same.",
        source="RFC 4733 §2.5.1.4; RFC 3550 §6.4.1: what a network repeats",
        way=_per_stream(_equal_ends),
        modes=CLEAR,
    ),
)
