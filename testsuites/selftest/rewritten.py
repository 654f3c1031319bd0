"""A capture taken apart into what was done, changed in one place, and written again.

RFC 8446 §5.2 and §7.3 for what stands inside TLS. Streams are made anew, so that a
change of length leaves no hole that would give it away.
"""

import hmac
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import msgspec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from ringback.evidence.evidence import Evidence
from ringback.evidence.frame import HttpFrame, RtpFrame, SipFrame
from ringback.evidence.packets import FIN, RST, SYN, Datagram, Dissector, Segment
from ringback.evidence.reader import read
from ringback.evidence.synthesis import Synthesis
from ringback.evidence.writer import Capture
from ringback.values import Address, Leg, Role
from ringback.wire.message import Field, Message
from ringback.wire.rtp import RtpPacket

Kind = Literal["opens", "says", "closes", "resets", "casts"]
MILLISECOND = 1_000_000


@dataclass(frozen=True, slots=True)
class Deed:
    """Something an end did. ``number`` is its packet in the capture it was read from;
    ``flow`` numbers the connections, -1 for datagrams."""

    number: int
    ns: int
    kind: Kind
    flow: int
    source: Address
    target: Address
    octets: bytes = b""


@dataclass(frozen=True, slots=True)
class Story:
    """All that was done, in order, with what the evidence makes of it."""

    deeds: tuple[Deed, ...]
    secrets: bytes
    capture: Capture
    evidence: Evidence

    @classmethod
    def read(cls, path: Path) -> "Story":
        octets = path.read_bytes()
        capture = Capture.parse(octets)
        evidence = read(octets)
        return cls(tuple(_deeds(capture)), capture.secrets, capture, evidence)

    def written(self) -> tuple[bytes, dict[int, int]]:
        """A capture file; and for each deed's number the number of its packet there."""
        synthesis, numbers, clients = Synthesis(), {}, {}
        for deed in self.deeds:
            at = len(synthesis.packets()) + 1 if deed.kind != "casts" else 0
            match deed.kind:
                case "opens":
                    clients[deed.flow] = deed.source
                    synthesis.opened(deed.flow, deed.source, deed.target, deed.ns)
                case "says":
                    mine = clients[deed.flow] == deed.source
                    synthesis.octets(deed.flow, mine, deed.octets, deed.ns)
                case "closes" | "resets":
                    mine = clients[deed.flow] == deed.source
                    reset = deed.kind == "resets"
                    synthesis.closed(deed.flow, mine, reset, deed.ns)
                case "casts":
                    at = len(synthesis.packets()) + 1
                    ends = deed.source, deed.target
                    synthesis.datagram(*ends, deed.octets, deed.ns)
            numbers[deed.number] = at
        known = self.capture.circumstances
        whole = Capture(synthesis.packets(), self.secrets, known)
        return bytes(whole), numbers
