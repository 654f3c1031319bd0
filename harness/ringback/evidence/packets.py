"""What a captured packet carries: a TCP segment, a UDP datagram, or nothing of ours.

RFC 791 §3.1, RFC 8200 §3 and §4, RFC 9293 §3.1, RFC 768; link types as registered for
pcapng (Ethernet, BSD loopback, raw IP, Linux cooked v1 and v2).
"""

from ipaddress import ip_address
from struct import Struct
from typing import Final

import msgspec

from ringback.values import Address

ETHERNET: Final = 1
NULL: Final = 0
RAW_BSD: Final = 12
RAW: Final = 101
LOOP: Final = 108
COOKED: Final = 113
IPV4: Final = 228
IPV6: Final = 229
COOKED2: Final = 276

FIN: Final = 0x01
SYN: Final = 0x02
RST: Final = 0x04
PSH: Final = 0x08
ACK: Final = 0x10

TCP: Final = 6
UDP: Final = 17

_IP_TYPES = (0x0800, 0x86DD)
_VLAN_TYPES = (0x8100, 0x88A8)
_EXTENSIONS = (0, 43, 60, 51)  # hop-by-hop, routing, destination, authentication
_FRAGMENT = 44
_TCP = Struct("!4xIIBB").unpack_from
_IP4 = Struct("!BxHxxHxB").unpack_from
_USUAL = Struct("!12xHBxHxxHxBxx12sH").unpack_from  # to the length of a datagram
_PLAIN_LINKS = (RAW, RAW_BSD, IPV4, IPV6)


class CapturedPacket(msgspec.Struct, frozen=True):
    """One packet of a capture; ``time_ns`` counts from the epoch of its clock.

    ``length`` is the packet's length on the wire when the capture cut it short, else 0.
    """

    time_ns: int
    interface: int
    octets: bytes
    comment: str = ""
    link: int = ETHERNET
    length: int = 0


class Segment(msgspec.Struct, frozen=True):
    """A TCP segment. ``length`` counts the data octets that were on the wire; it is
    more than ``len(data)`` when the capture cut the packet short. ``path`` is hosts and
    ports as the packet has them: quick to look up."""

    path: bytes
    source: Address
    target: Address
    sequence: int
    acknowledged: int
    flags: int
    data: bytes
    length: int


class Datagram(msgspec.Struct, frozen=True):
    path: bytes
    source: Address
    target: Address
    data: bytes
    length: int


class Fragment(msgspec.Struct, frozen=True):
    """A piece of an IP packet: joined by :class:`Dissector`, never seen outside."""

    key: tuple[bytes, int]
    protocol: int
    offset: int
    more: bool
    octets: bytes


class Dissector:
    """Takes packets apart; remembers addresses and the fragments of IP packets."""

    def __init__(self) -> None:
        self._ends: dict[bytes, tuple[Address, Address]] = {}
        self._hosts: dict[bytes, str] = {}  # few hosts, many connections
        self._fragments: dict[tuple[bytes, int], list[Fragment]] = {}

    @property
    def unjoined(self) -> int:
        """How many IP packets are still waiting for a fragment."""
        return len(self._fragments)

    def take(self, packet: CapturedPacket) -> Segment | Datagram | None:
        """None for what is neither TCP nor UDP, or is cut short inside its headers."""
        octets = packet.octets
        if packet.link == ETHERNET and len(octets) >= 42:
            kind, first, total, fragment, protocol, path, length = _USUAL(octets)
            whole = kind == 0x0800 and first == 0x45 and not fragment & 0x3FFF
            if whole and protocol == UDP and total and length:
                return self._datagram(path, octets, 34, min(14 + total, 34 + length))
        at = _network_layer(packet.link, octets)
        if at < 0 or len(octets) < at + 20:
            return None
        match octets[at] >> 4:
            case 4:
                return self._ipv4(octets, at)
            case 6:
                return self._ipv6(octets, at)
            case _:
                return None

    def _ipv4(self, octets: bytes, at: int) -> Segment | Datagram | None:
        first, total, fragment, protocol = _IP4(octets, at)
        start = at + ((first & 0x0F) << 2)
        end = at + total if total else len(octets)  # 0: left to the network card
        hosts = octets[at + 12 : at + 20]
        if fragment & 0x3FFF:
            return self._join(
                Fragment(
                    (hosts, int.from_bytes(octets[at + 4 : at + 6], "big")),
                    protocol,
                    (fragment & 0x1FFF) * 8,
                    bool(fragment & 0x2000),
                    octets[start:end],
                ),
                hosts,
            )
        return self._transport(protocol, octets, start, end, hosts)

    def _ipv6(self, octets: bytes, at: int) -> Segment | Datagram | None:
        if len(octets) < at + 40:
            return None
        total = int.from_bytes(octets[at + 4 : at + 6], "big")
        end = at + 40 + total if total else len(octets)
        hosts = octets[at + 8 : at + 40]
        protocol, start = octets[at + 6], at + 40
        while protocol in _EXTENSIONS and start + 8 <= len(octets):
            unit = 4 if protocol == 51 else 8
            skip = (octets[start + 1] + (2 if unit == 4 else 1)) * unit
            protocol, start = octets[start], start + skip
        if protocol != _FRAGMENT or start + 8 > len(octets):
            return self._transport(protocol, octets, start, end, hosts)
        place = int.from_bytes(octets[start + 2 : start + 4], "big")
        ident = int.from_bytes(octets[start + 4 : start + 8], "big")
        piece = octets[start + 8 : end]
        return self._join(
            Fragment(
                (hosts, ident), octets[start], place & 0xFFF8, bool(place & 1), piece
            ),
            hosts,
        )

    def _join(self, fragment: Fragment, hosts: bytes) -> Segment | Datagram | None:
        pieces = self._fragments.setdefault(fragment.key, [])
        pieces.append(fragment)
        pieces.sort(key=lambda f: f.offset)
        whole = bytearray()
        for piece in pieces:
            if piece.offset > len(whole):
                return None
            whole[piece.offset :] = piece.octets
        if pieces[-1].more:
            return None
        del self._fragments[fragment.key]
        return self._transport(fragment.protocol, bytes(whole), 0, len(whole), hosts)

    def _transport(
        self, protocol: int, octets: bytes, start: int, end: int, hosts: bytes
    ) -> Segment | Datagram | None:
        if protocol == UDP and len(octets) >= start + 8:
            path = hosts + octets[start : start + 4]
            length = int.from_bytes(octets[start + 4 : start + 6], "big")
            end = min(end, start + length) if length else end
            return self._datagram(path, octets, start, end)
        if protocol == TCP and len(octets) >= start + 20:
            path = hosts + octets[start : start + 4]
            source, target = self._ends.get(path) or self._learn(path)
            sequence, acknowledged, offset, flags = _TCP(octets, start)
            begin = start + (offset >> 4 << 2)
            data = octets[begin:end]
            length = max(end - begin, 0)
            return Segment(
                path, source, target, sequence, acknowledged, flags, data, length
            )
        return None

    def _datagram(self, path: bytes, octets: bytes, start: int, end: int) -> Datagram:
        source, target = self._ends.get(path) or self._learn(path)
        begin = start + 8
        return Datagram(path, source, target, octets[begin:end], end - begin)

    def _learn(self, path: bytes) -> tuple[Address, Address]:
        half = (len(path) - 4) >> 1
        ports = int.from_bytes(path[-4:-2], "big"), int.from_bytes(path[-2:], "big")
        near, far = path[:half], path[half:-4]
        source = Address(self._text(near), ports[0])
        target = Address(self._text(far), ports[1])
        self._ends[path] = (source, target)
        return source, target

    def _text(self, packed: bytes) -> str:
        known = self._hosts.get(packed)
        if known is None:
            known = self._hosts[packed] = str(ip_address(packed))
        return known


def reverse(path: bytes) -> bytes:
    """The path of what is answered."""
    half = (len(path) - 4) >> 1
    return path[half:-4] + path[:half] + path[-2:] + path[-4:-2]


def _network_layer(link: int, octets: bytes) -> int:
    """Where the IP header starts; -1 when this is not IP."""
    if link == ETHERNET:
        return 14 if octets[12:14] == b"\x08\x00" else _behind_type(octets, 12)
    if link in _PLAIN_LINKS:
        return 0
    if link in (NULL, LOOP):  # the family is in the octet order of whoever captured
        return 4
    if link == COOKED:
        return _behind_type(octets, 14)
    if link == COOKED2:
        kind = int.from_bytes(octets[:2], "big")
        return 20 if kind in _IP_TYPES else -1
    return -1


def _behind_type(octets: bytes, at: int) -> int:
    kind = int.from_bytes(octets[at : at + 2], "big")
    while kind in _VLAN_TYPES:
        at += 4
        kind = int.from_bytes(octets[at : at + 2], "big")
    return at + 2 if kind in _IP_TYPES else -1
