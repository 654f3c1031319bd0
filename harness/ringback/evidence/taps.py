"""What our own endpoints saw in the clear, to be held against what the wire showed.

A capture that lost packets, or a reader that lost octets, must not acquit or accuse
anybody: whatever our endpoints touched has to be found on the wire octet by octet.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

import msgspec

from ringback.values import Address

MARKER: Final = b"ringback-marker "

Direction = tuple[Address, Address]  # from, to


class Plaintext(msgspec.Struct, frozen=True, kw_only=True):
    """What a reader recovered. ``finished`` are directions whose sender ended them
    with a FIN; ``killed`` are those of connections that a RST ended."""

    streams: Mapping[Direction, bytes]
    datagrams: Mapping[Direction, tuple[bytes, ...]]
    finished: frozenset[Direction] = frozenset()
    killed: frozenset[Direction] = frozenset()


@dataclass(slots=True)
class Tap:
    """Octets by direction; several endpoints may share one tap."""

    _sent: dict[Direction, bytearray] = field(default_factory=dict)
    _received: dict[Direction, bytearray] = field(default_factory=dict)
    _cast: dict[tuple[str, int, str, int], list[bytes]] = field(default_factory=dict)

    def sent(self, local: Address, remote: Address, octets: bytes) -> None:
        """Plaintext that an endpoint of ours handed to its connection."""
        _append(self._sent, (local, remote), octets)

    def received(self, local: Address, remote: Address, octets: bytes) -> None:
        """Plaintext that an endpoint of ours took from its connection."""
        _append(self._received, (remote, local), octets)

    def cast(self, source: Address, target: Address, octets: bytes) -> None:
        """A datagram that an endpoint of ours sent."""
        if not octets.startswith(MARKER):
            ends = (source.host, source.port, target.host, target.port)
            self._cast.setdefault(ends, []).append(octets)

    def complaints(self, wire: Plaintext) -> Iterable[str]:
        """Where the wire tells something else than our endpoints do."""
        for direction, said in self._sent.items():
            yield from _sent_differs(direction, bytes(said), wire)
        for direction, heard in self._received.items():
            yield from _received_differs(direction, bytes(heard), wire)
        for (host, port, far, far_port), datagrams in self._cast.items():
            direction = Address(host, port), Address(far, far_port)
            shown = wire.datagrams.get(direction, ())
            yield from _datagrams_differ(direction, datagrams, shown)


def agrees(tap: Tap, wire: Plaintext) -> tuple[str, ...]:
    """Complaints that name flow, direction and offset; empty when all is as it was.

    On a connection that was killed, the wire may hold less than was handed over, and
    an endpoint may have taken less than the wire held.
    """
    return tuple(tap.complaints(wire))


def _append(
    store: dict[Direction, bytearray], direction: Direction, octets: bytes
) -> None:
    known = store.get(direction)
    if known is None:
        store[direction] = bytearray(octets)
    else:
        known += octets


def _sent_differs(direction: Direction, said: bytes, wire: Plaintext) -> Iterable[str]:
    shown = wire.streams.get(direction, b"")
    if said == shown or (direction in wire.killed and said.startswith(shown)):
        return
    if _by_hand(said, shown):
        return
    yield _difference("sent", direction, said, shown)


def _received_differs(
    direction: Direction, heard: bytes, wire: Plaintext
) -> Iterable[str]:
    """Who closes its own direction need not read what still arrives."""
    shown = wire.streams.get(direction, b"")
    gone = direction in wire.killed or direction[::-1] in wire.finished
    if _by_hand(heard, shown):
        return
    if heard == shown or (gone and shown.startswith(heard)):
        return
    yield _difference("received", direction, heard, shown)


def _by_hand(ours: bytes, shown: bytes) -> bool:
    """Who speaks TLS by hand has records for words; the wire was read for what is in
    them, which is nothing before a handshake is done (RFC 8446 §5.1)."""
    return not shown and ours[:1] in (b"\x15", b"\x16") and ours[1:2] == b"\x03"


def _difference(deed: str, direction: Direction, ours: bytes, shown: bytes) -> str:
    source, target = direction
    return (
        f"{source} -> {target}: {deed} {len(ours)} octets, the wire shows "
        f"{len(shown)}; they differ from offset {_first_difference(ours, shown)}"
    )


def _first_difference(ours: bytes, shown: bytes) -> int:
    shorter = min(len(ours), len(shown))
    if ours[:shorter] == shown[:shorter]:
        return shorter
    return next(at for at in range(shorter) if ours[at] != shown[at])


def _datagrams_differ(
    direction: Direction, ours: list[bytes], shown: tuple[bytes, ...]
) -> Iterable[str]:
    if tuple(ours) == shown:
        return
    pairs = enumerate(zip(ours, shown, strict=False))
    shorter = min(len(ours), len(shown))
    at = next((n for n, (a, b) in pairs if a != b), shorter)
    source, target = direction
    yield (
        f"{source} -> {target}: cast {len(ours)} datagrams, the wire shows "
        f"{len(shown)}; they differ from datagram {at}"
    )
