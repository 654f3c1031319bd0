"""What the parts of a system under test say to each other is none of our evidence.

On one machine the recorder sees it nevertheless, and in the clear it could be read: a
product would be judged by a language that is its own affair.
"""

import socket
from collections.abc import Iterable, Sequence

from ringback.evidence.circumstances import Seat
from ringback.evidence.packets import ETHERNET, CapturedPacket

_IPV4 = b"\x08\x00"
_SOURCE, _TARGET = slice(26, 30), slice(30, 34)  # behind Ethernet's 14 octets


def without(
    packets: Sequence[CapturedPacket], outer: Iterable[Seat], ours: Iterable[Seat]
) -> Sequence[CapturedPacket]:
    """The packets but for those between hosts where nobody of ours sits, when several
    roles are under test."""
    theirs = tuple(outer)
    if len({seat.role for seat in theirs}) < 2:
        return packets
    hosts = {seat.host for seat in theirs} - {seat.host for seat in ours}
    inner = {socket.inet_aton(host) for host in hosts if ":" not in host}
    return [p for p in packets if not _is_between(p, inner)]


def _is_between(packet: CapturedPacket, inner: set[bytes]) -> bool:
    octets = packet.octets
    known = packet.link == ETHERNET and octets[12:14] == _IPV4
    return known and octets[_SOURCE] in inner and octets[_TARGET] in inner
