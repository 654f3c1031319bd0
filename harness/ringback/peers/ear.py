"""What a peer has heard of a call, put together by RTP timestamps."""

from ringback.protocol.media import Sound
from ringback.protocol.speech import SILENCE

LONGEST_GAP = 60 * 8000  # samples; a longer one is a new count, not a pause
_LOUD_FROM = 0x20  # of 127 steps of mu-law magnitude: -38 dB of full scale
_QUIET_OCTETS = bytes(o for o in range(256) if (o ^ 0xFF) & 0x7F < _LOUD_FROM)


def is_loud(ulaw: bytes) -> bool:
    """Whether anything in it is louder than line noise."""
    return bool(ulaw.translate(None, _QUIET_OCTETS))


class Ear:
    """Keeps packets as they come and sorts them out when asked."""

    def __init__(self) -> None:
        self._sounds: list[Sound] = []
        self.samples = 0  # that came, in whatever order

    def take(self, sound: Sound) -> None:
        self._sounds.append(sound)
        self.samples += len(sound.ulaw)

    @property
    def octets(self) -> bytes:
        """Mu-law from the first packet on; pauses and losses are silence.

        A new source, or a timestamp far away, goes on where the sound had ended.
        """
        heard = bytearray()
        base = origin = last = 0
        ssrc: int | None = None
        for sound in self._sounds:
            ahead = (sound.timestamp - last + 0x80000000) % 0x100000000 - 0x80000000
            if sound.ssrc != ssrc or abs(ahead) > LONGEST_GAP:
                ssrc, base, origin = sound.ssrc, len(heard), sound.timestamp
            last = sound.timestamp
            passed = (sound.timestamp - origin + 0x80000000) % 0x100000000 - 0x80000000
            at = base + passed
            if at < base:
                continue
            if at > len(heard):
                heard += SILENCE[:1] * (at - len(heard))
            heard[at : at + len(sound.ulaw)] = sound.ulaw
        return bytes(heard)
