"""WAV files of telephone sound: 8 kHz, mono, linear or mu-law.

RIFF: "Multimedia Programming Interface and Data Specifications 1.0", chapter 3.
"""

from struct import Struct

from ringback.wire.g711 import RATE, ulaw_to_pcm

PCM, ALAW, ULAW, GSM610 = 1, 6, 7, 49  # format tags

_LINEAR = Struct("<4sI8sIHHIIHH4sI")
_ULAW = Struct("<4sI8sIHHIIHHH4sII4sI")


def wav_of(ulaw: bytes) -> bytes:
    """Mu-law octets as a WAV file of 16-bit linear samples."""
    pcm = ulaw_to_pcm(ulaw)
    size = _LINEAR.size - 8 + len(pcm)
    shape = (16, PCM, 1, RATE, 2 * RATE, 2, 16)
    head = _LINEAR.pack(b"RIFF", size, b"WAVEfmt ", *shape, b"data", len(pcm))
    return head + pcm


def ulaw_wav_of(ulaw: bytes) -> bytes:
    """Mu-law octets as a WAV file that holds those very octets."""
    odd = len(ulaw) % 2
    size = _ULAW.size - 8 + len(ulaw) + odd
    shape = (18, ULAW, 1, RATE, RATE, 1, 8, 0)
    fact = (b"fact", 4, len(ulaw))
    head = _ULAW.pack(b"RIFF", size, b"WAVEfmt ", *shape, *fact, b"data", len(ulaw))
    return head + ulaw + bytes(odd)
