"""What a stream has to say next: keys before octets, octets before a source.

RFC 4733 §2.5.1.2: while a key is sent, no sound is; it goes on afterwards.
"""

from collections.abc import Callable

from ringback.protocol.digits import Pressed, step
from ringback.protocol.offer_answer import PCMU, MediaPlan
from ringback.protocol.playout import SAMPLES, Playout
from ringback.wire.g711 import ULAW_SILENCE, ulaw_to_alaw

SILENCE = bytes([ULAW_SILENCE]) * SAMPLES
KEY_GAP_TICKS = 3  # between two keys

Source = Callable[[], bytes]


class Speech:
    """``source`` is asked for 160 mu-law octets a tick; ``played`` turns true with the
    last of the octets given to ``add``."""

    __slots__ = (
        "_at",
        "_down_at",
        "_gap",
        "_octets",
        "_pressed",
        "keys",
        "played",
        "source",
    )

    def __init__(self) -> None:
        self.source: Source | None = None
        self.keys: list[Pressed] = []
        self.played = False
        self._octets = b""
        self._at = 0
        self._pressed: Pressed | None = None
        self._down_at = self._gap = 0

    @property
    def pending(self) -> bool:
        return bool(self.source or self._octets or self.keys or self._pressed)

    def add(self, octets: bytes) -> None:
        self._octets, self._at = self._octets[self._at :] + octets, 0

    def packet(self, playout: Playout, plan: MediaPlan, silence: bool) -> bytes:
        """The packet of this tick, empty for none; the playout moves on by one."""
        if (self._pressed or self.keys) and (packet := self._key(playout, plan)):
            return packet
        chunk = self._chunk()
        if not chunk and not silence:
            playout.wait()
            return b""
        chunk = chunk or SILENCE
        law = plan.send_format
        return playout.voice(law, chunk if law == PCMU else ulaw_to_alaw(chunk))

    def _key(self, playout: Playout, plan: MediaPlan) -> bytes:
        if not self._pressed:
            if self._gap:
                self._gap -= 1
                return b""
            self._pressed, self._down_at = self.keys.pop(0), playout.timestamp
        self._pressed, update = step(self._pressed)
        if not self._pressed:
            self._gap = KEY_GAP_TICKS
        number = plan.event_format
        if number is None:
            return b""
        return playout.event(number, update.payload, self._down_at, update.marked)

    def _chunk(self) -> bytes:
        if not self._octets:
            return self.source() if self.source else b""
        chunk = self._octets[self._at : self._at + SAMPLES]
        self._at += SAMPLES
        if self._at >= len(self._octets):
            self._octets, self._at, self.played = b"", 0, True
        return chunk.ljust(SAMPLES, SILENCE[:1])
