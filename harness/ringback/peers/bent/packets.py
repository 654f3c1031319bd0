"""Ways to be wrong with sound: bends of RTP and SRTP packets on their way out.

RFC 3550 §5.1. What is encrypted already can only be bent as octets.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from itertools import count

from msgspec.structs import replace

from ringback.faults import Malformed
from ringback.peers.bent.way import Passing, Told, Way
from ringback.peers.bent.ways import ALARM, Maker, When
from ringback.protocol.world import Alarm, Cast, Fact, Rang, Release, Wish
from ringback.values import Role
from ringback.wire.rtp import RtpPacket
from ringback.wire.telephone_event import TelephoneEvent

EVENTS = 101
Packets = Callable[[int, RtpPacket], Iterable[RtpPacket] | None]


def packets(change: Packets, *, to: Role | None = None) -> Maker:
    """Each RTP packet in the clear that leaves (for that role), numbered from 0 in each
    stream; None lets it pass as it is."""

    def make() -> Way:
        numbers: dict[int, Iterator[int]] = defaultdict(count)

        def cast(wish: Cast, neighbour: Role | None) -> Iterable[Wish] | None:
            packet = _read(wish) if to in (None, neighbour) else None
            if packet is None:
                return None
            changed = change(next(numbers[packet.ssrc]), packet)
            if changed is None:
                return None
            return [replace(wish, octets=bytes(one)) for one in changed]

        return Way(cast=cast)

    return make


def sealed(
    change: Callable[[int, bytes], bytes | None], *, to: Role | None = None
) -> Maker:
    """The same of packets as octets, whatever they hold; reports do not count."""

    def make() -> Way:
        numbers = count()

        def cast(wish: Cast, neighbour: Role | None) -> Iterable[Wish] | None:
            if wish.port % 2 or to not in (None, neighbour):
                return None
            octets = change(next(numbers), wish.octets)
            return None if octets is None else [replace(wish, octets=octets)]

        return Way(cast=cast)

    return make


def events(
    change: Callable[[TelephoneEvent], TelephoneEvent], *, to: Role | None = None
) -> Maker:
    """Each packet that tells of a key (RFC 4733 §2.3), changed or the same."""

    def changed(number: int, packet: RtpPacket) -> Iterable[RtpPacket] | None:
        if packet.payload_type != EVENTS:
            return None
        told = TelephoneEvent.parse(packet.payload)
        now = change(told)
        return None if now == told else [replace(packet, payload=bytes(now))]

    return packets(changed, to=to)


def lagging(seconds: float, *, to: Role | None = None) -> Maker:
    """Each packet leaves later by so much than the one before it: a slow clock."""

    def make() -> Way:
        waiting: dict[str, Cast] = {}
        numbers = count()

        def wished(wish: Wish) -> None:
            """What has not left when its port is given back never will."""
            if isinstance(wish, Release):
                for alarm in [a for a, c in waiting.items() if c.port == wish.port]:
                    del waiting[alarm]

        def cast(wish: Cast, neighbour: Role | None) -> Iterable[Wish] | None:
            if wish.port % 2 or to not in (None, neighbour):
                return None
            number = next(numbers)
            alarm = f"{ALARM}slow:{number}"
            waiting[alarm] = wish
            return [Alarm(alarm, seconds * number)]

        def told(fact: Fact) -> Told | None:
            if isinstance(fact, Rang) and fact.alarm.startswith(f"{ALARM}slow:"):
                due = waiting.pop(fact.alarm, None)
                return (), (due,) if due else ()
            return None

        return Way(cast=cast, told=told, wished=wished)

    return make


def outliving(seconds: float, *, to: Role) -> Maker:
    """The last packet of each stream leaves once more, so long after its port should
    have been given back."""

    def make() -> Way:
        last: dict[int, Cast] = {}
        late: dict[str, Cast] = {}

        def cast(wish: Cast, neighbour: Role | None) -> None:
            if neighbour is to and wish.port % 2 == 0:
                last[wish.port] = wish

        def wished(wish: Wish) -> Iterable[Wish] | None:
            if not isinstance(wish, Release) or wish.port not in last:
                return None
            alarm = f"{ALARM}late:{wish.port}"
            late[alarm] = last.pop(wish.port)
            return [Alarm(alarm, seconds)]

        def told(fact: Fact) -> Told | None:
            if isinstance(fact, Rang) and fact.alarm in late:
                packet = late.pop(fact.alarm)
                return (), (packet, Release(packet.port))
            return None

        return Way(cast=cast, wished=wished, told=told)

    return make


def silenced(after: When, *, to: Role) -> Maker:
    """Nothing is sent any more once such a message was said."""

    def make() -> Way:
        over: list[bool] = []

        def said(p: Passing) -> Iterable[Wish] | None:
            if not after(p):
                return None
            over.append(True)
            return (p.as_it_is,)

        def cast(wish: Cast, neighbour: Role | None) -> Iterable[Wish] | None:
            return () if over and neighbour is to else None

        return Way(said=said, cast=cast)

    return make


def _read(wish: Cast) -> RtpPacket | None:
    if wish.port % 2:
        return None  # RTCP
    try:
        return RtpPacket.parse(wish.octets)
    except Malformed:
        return None
