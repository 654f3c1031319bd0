"""What a probe says on a stream: packet by packet, true or forged.

RFC 3550 §5.1, RFC 3711 §3.3; RFC 3264 §7: in a format that the far end has described.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from ringback.faults import Unseen
from ringback.protocol.names import Names
from ringback.protocol.offer_answer import PCMA, PCMU, sdp_of
from ringback.protocol.playout import Playout
from ringback.values import Address
from ringback.wire.g711 import ulaw_to_alaw
from ringback.wire.message import Message
from ringback.wire.sdp import audio
from ringback.wire.srtp import Srtp

SILENCE = b"\xff" * 160
Casts = Callable[[Address, bytes], None]


@dataclass(slots=True)
class Voice:
    """Sends at once what it is told to; ``answered`` is their message with the SDP
    that says where to. With ``key`` (key and salt, 30 octets) it is SRTP. Unseen when
    the message describes no stream."""

    casts: Casts
    answered: Message
    key: bytes
    names: Names
    target: Address = field(init=False)
    _law: int = field(init=False)
    _playout: Playout = field(init=False)
    _lock: Srtp | None = field(init=False)

    def __post_init__(self) -> None:
        described = sdp_of(self.answered)
        if described is None:
            raise Unseen("nobody says where the sound shall go")
        media = audio(described)
        self.target = Address(media.host, media.port)
        known = {str(law): law for law in (PCMU, PCMA)}
        laws = [known[f] for f in media.formats if f in known]
        self._law = (*laws, PCMU)[0]
        self._playout = Playout(self.names)
        self._lock = Srtp(self.key) if self.key else None

    def says(self, ulaw: bytes = SILENCE) -> bytes:
        """One packet of 20 ms; gives the octets that were sent."""
        octets = self._sealed(ulaw)
        self.casts(self.target, octets)
        return octets

    def forges(self, ulaw: bytes) -> bytes:
        """One whose tag is broken."""
        octets = self._sealed(ulaw)
        forged = octets[:-1] + bytes([octets[-1] ^ 0x55])
        self.casts(self.target, forged)
        return forged

    def again(self, octets: bytes) -> None:
        """The same octets once more."""
        self.casts(self.target, octets)

    def _sealed(self, ulaw: bytes) -> bytes:
        said = ulaw if self._law == PCMU else ulaw_to_alaw(ulaw)
        packet = self._playout.voice(self._law, said)
        return self._lock.protect(packet) if self._lock else packet
