"""The raw octets of every stream and datagram, once each, ready to become packets.

Where both ends of a stream are ours, what one sent is what the other receives: only
the sending is taken down.
"""

from dataclasses import dataclass

from ringback.evidence.packets import CapturedPacket
from ringback.evidence.synthesis import Synthesis
from ringback.values import Address


@dataclass(slots=True, eq=False)
class Flow:
    """One TCP connection; ``ends`` counts those of its two ends that we hold."""

    id: int
    client: Address
    server: Address
    ends: int = 1
    shared: bool = False  # both ends are ours, or were


Entry = tuple[int, Flow, bool, bytes | None, bool]
Thrown = tuple[int, Address, Address, bytes | None]  # None: a refused connection


class Tape:
    """Taking down is a list's append; packets are made when they are asked for."""

    __slots__ = ("_entries", "_flows", "_next")

    def __init__(self) -> None:
        self._entries: list[Entry | Thrown] = []
        self._flows: dict[tuple[Address, Address], Flow] = {}
        self._next = 0

    def rewind(self) -> None:
        """Forget what was taken down; open flows stay open."""
        self._entries = []

    def opened(self, client: Address, server: Address, ns: int) -> Flow:
        """Called by each of our ends; the second gets the flow of the first."""
        if known := self._flows.get((client, server)):
            known.ends += 1
            known.shared = True
            return known
        flow = Flow(self._next, client, server)
        self._next += 1
        self._flows[client, server] = flow
        self._entries.append((ns, flow, True, None, False))
        return flow

    def octets(self, flow: Flow, from_client: bool, octets: bytes, ns: int) -> None:
        self._entries.append((ns, flow, from_client, octets, False))

    def closed(self, flow: Flow, from_client: bool, reset: bool, ns: int) -> None:
        self._entries.append((ns, flow, from_client, b"", reset))

    def left(self, flow: Flow) -> None:
        """One of our ends is gone for good."""
        flow.ends -= 1
        if not flow.ends:
            self._flows.pop((flow.client, flow.server), None)

    def datagram(
        self, source: Address, target: Address, octets: bytes, ns: int
    ) -> None:
        self._entries.append((ns, source, target, octets))

    def refused(self, client: Address, server: Address, ns: int) -> None:
        """Nobody listened there."""
        self._entries.append((ns, client, server, None))

    def packets(self) -> list[CapturedPacket]:
        """Everything as packets, in order; a flow older than the tape is opened by
        its first octets."""
        made = Synthesis()
        begun: set[int] = set()
        for entry in self._entries:
            if len(entry) == 4:
                ns, source, target, thrown = entry
                if thrown is None:
                    made.refused(source, target, ns)
                else:
                    made.datagram(source, target, thrown, ns)
            else:
                _replay(made, begun, entry)
        return made.packets()


def _replay(made: Synthesis, begun: set[int], entry: Entry) -> None:
    ns, flow, from_client, octets, reset = entry
    if flow.id not in begun:
        begun.add(flow.id)
        made.opened(flow.id, flow.client, flow.server, ns)
    if octets:
        made.octets(flow.id, from_client, octets, ns)
    elif octets is not None:
        made.closed(flow.id, from_client, reset, ns)
