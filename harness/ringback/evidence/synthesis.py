"""Packets made from what endpoints did, as a recorder on the loopback would see them.

RFC 791 §3.1, RFC 8200 §3, RFC 9293 §3.1 and §3.5 (three-way handshake), RFC 768; RFC
1071 for the checksums. The memory network has no wire: this is its wire.
"""

from dataclasses import dataclass
from ipaddress import ip_address
from struct import Struct
from typing import Final

from ringback.evidence.packets import (
    ACK,
    FIN,
    PSH,
    RST,
    SYN,
    TCP,
    UDP,
    CapturedPacket,
)
from ringback.values import Address

LARGEST_SEGMENT: Final = 16000
_ACKNOWLEDGE_AT: Final = 60000  # data octets that may wait for a pure ACK
_ETHERNET_4 = bytes(12) + b"\x08\x00"
_ETHERNET_6 = bytes(12) + b"\x86\xdd"
_SYN_OPTIONS = b"\x02\x04\x3f\x00\x01\x03\x03\x07"  # segment size 16128, window scale 7
_IP4 = Struct("!BBHHHBBH").pack
_IP6 = Struct("!IHBB").pack
_UDP = Struct("!HHHH").pack
_TCP = Struct("!HHIIBBHHH").pack


class _Path:
    """One direction between two addresses: everything about it that stays the same."""

    __slots__ = ("_hosts", "_ident", "_six", "_sum", "source", "target")

    def __init__(
        self, source: Address, target: Address, near: bytes, far: bytes
    ) -> None:
        """``near`` and ``far`` are the hosts as packets have them."""
        self.source, self.target = source.port, target.port
        self._six = len(near) == 16
        self._hosts = near + far
        self._sum = int.from_bytes(near + far, "big") % 0xFFFF
        self._ident = 0

    def _packet(self, protocol: int, size: int, *transport: bytes) -> bytes:
        """``size`` octets of transport, in pieces."""
        if self._six:
            head = _IP6(0x60000000, size, protocol, 64)
            return b"".join((_ETHERNET_6, head, self._hosts, *transport))
        total = size + 20
        self._ident = ident = (self._ident + 1) & 0xFFFF
        words = 0x4500 + total + ident + 0x4000 + 0x4000 + protocol + self._sum
        check = -words % 0xFFFF
        head = _IP4(0x45, 0, total, ident, 0x4000, 64, protocol, check)
        return b"".join((_ETHERNET_4, head, self._hosts, *transport))

    def _remainder(self, protocol: int, size: int, octets: bytes) -> int:
        """The one's complement sum of pseudo-header and data: 2**16 is 1 mod 65535."""
        number = int.from_bytes(octets, "big")
        if len(octets) & 1:
            number <<= 8
        return self._sum + protocol + size + number % 0xFFFF

    def datagram(self, octets: bytes) -> bytes:
        size = len(octets) + 8
        words = self._remainder(UDP, size, octets) + self.source + self.target + size
        check = -words % 0xFFFF or 0xFFFF  # zero would say that there is none
        head = _UDP(self.source, self.target, size, check)
        return self._packet(UDP, size, head, octets)

    def segment(
        self, sequence: int, acknowledged: int, flags: int, octets: bytes
    ) -> bytes:
        options = _SYN_OPTIONS if flags & SYN else b""
        offset = (20 + len(options)) << 2
        bare = _TCP(
            self.source, self.target, sequence, acknowledged, offset, flags, 65535, 0, 0
        )
        whole = b"".join((bare, options, octets))
        check = -self._remainder(TCP, len(whole), whole) % 0xFFFF
        sealed = check.to_bytes(2, "big")
        return self._packet(TCP, len(whole), whole[:16], sealed, whole[18:])


@dataclass(slots=True)
class _Side:
    path: _Path
    sequence: int
    acknowledged: int = 0  # the last that this side has told the other
    closed: bool = False


class Synthesis:
    """Stream and datagram events in, packets out, in the order of the events.

    Addresses are IP literals. A flow is named by whoever tells the events; KeyError
    for octets on a flow that was not opened.
    """

    def __init__(self, interface: int = 0) -> None:
        self._interface = interface
        self._packets: list[CapturedPacket] = []
        self._flows: dict[object, tuple[_Side, _Side]] = {}
        self._paths: dict[tuple[str, int, str, int], _Path] = {}
        self._hosts: dict[str, bytes] = {}  # few hosts, many connections
        self._opened = 0

    def packets(self) -> list[CapturedPacket]:
        return list(self._packets)

    def opened(
        self, flow_id: object, client: Address, server: Address, ns: int
    ) -> None:
        """The three-way handshake, at one instant."""
        near, far = self._sides(client, server)
        self._flows[flow_id] = (near, far)
        self._segment(near, far, SYN, b"", ns)
        self._segment(far, near, SYN | ACK, b"", ns)
        self._segment(near, far, ACK, b"", ns)

    def refused(self, client: Address, server: Address, ns: int) -> None:
        """A connection that nobody accepts: SYN, and RST in answer."""
        near, far = self._sides(client, server)
        self._segment(near, far, SYN, b"", ns)
        far.sequence = 0
        self._segment(far, near, RST | ACK, b"", ns)

    def octets(
        self, flow_id: object, from_client: bool, octets: bytes, ns: int
    ) -> None:
        """What one side wrote, in segments; nothing after its own FIN or a RST."""
        near, far = self._ends(flow_id, from_client)
        if near.closed:
            return
        for at in range(0, len(octets), LARGEST_SEGMENT):
            piece = octets[at : at + LARGEST_SEGMENT]
            self._segment(near, far, PSH | ACK, piece, ns)
            if near.sequence - far.acknowledged > _ACKNOWLEDGE_AT:
                self._segment(far, near, ACK, b"", ns)

    def closed(self, flow_id: object, from_client: bool, reset: bool, ns: int) -> None:
        """FIN and its ACK, or RST; a second closing by the same side is nothing."""
        near, far = self._ends(flow_id, from_client)
        if near.closed:
            return
        near.closed = True
        if reset:
            far.closed = True
            self._segment(near, far, RST | ACK, b"", ns)
            return
        self._segment(near, far, FIN | ACK, b"", ns)
        self._segment(far, near, ACK, b"", ns)

    def datagram(
        self, source: Address, target: Address, octets: bytes, ns: int
    ) -> None:
        ends = (source.host, source.port, target.host, target.port)
        path = self._paths.get(ends)
        if path is None:
            path = self._paths[ends] = self._path(source, target)
        self._packets.append(CapturedPacket(ns, self._interface, path.datagram(octets)))

    def _ends(self, flow_id: object, from_client: bool) -> tuple[_Side, _Side]:
        client, server = self._flows[flow_id]
        return (client, server) if from_client else (server, client)

    def _sides(self, client: Address, server: Address) -> tuple[_Side, _Side]:
        self._opened += 1
        start = (self._opened * 0x9E3779B1) & 0x3FFFFFFF  # spread, and the same always
        near = _Side(self._path(client, server), start)
        return near, _Side(self._path(server, client), start ^ 0x2AAAAAAA)

    def _path(self, source: Address, target: Address) -> _Path:
        near, far = self._packed(source.host), self._packed(target.host)
        return _Path(source, target, near, far)

    def _packed(self, host: str) -> bytes:
        known = self._hosts.get(host)
        if known is None:
            known = self._hosts[host] = ip_address(host).packed
        return known

    def _segment(
        self, near: _Side, far: _Side, flags: int, octets: bytes, ns: int
    ) -> None:
        if flags & ACK:
            near.acknowledged = far.sequence
        packet = near.path.segment(
            near.sequence & 0xFFFFFFFF,
            near.acknowledged & 0xFFFFFFFF,
            flags,
            octets,
        )
        near.sequence += len(octets) + bool(flags & (SYN | FIN))
        self._packets.append(CapturedPacket(ns, self._interface, packet))
