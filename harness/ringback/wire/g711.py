"""G.711: mu-law and A-law octets to 16-bit linear samples and back.

ITU-T G.711 §3 gives both laws. Linear samples are signed, 16 bits, little-endian.
Encoders cut off as the usual 14-bit (mu-law) and 13-bit (A-law) reference does.
"""

import sys
from array import array
from collections.abc import Iterable

from ringback.faults import Malformed

ULAW_SILENCE = 0xFF
ALAW_SILENCE = 0xD5
RATE = 8000  # samples per second

_BIAS = 33  # mu-law adds it to a 14-bit magnitude


def ulaw_to_pcm(octets: bytes) -> bytes:
    return _widened(octets, *_ULAW_BYTES)


def alaw_to_pcm(octets: bytes) -> bytes:
    return _widened(octets, *_ALAW_BYTES)


def pcm_to_ulaw(pcm: bytes) -> bytes:
    """Malformed when the octets are not whole samples."""
    return bytes(map(_TO_ULAW.__getitem__, _samples(pcm)))


def pcm_to_alaw(pcm: bytes) -> bytes:
    """Malformed when the octets are not whole samples."""
    return bytes(map(_TO_ALAW.__getitem__, _samples(pcm)))


def ulaw_to_alaw(octets: bytes) -> bytes:
    """By way of linear samples."""
    return octets.translate(_ULAW_TO_ALAW)


def alaw_to_ulaw(octets: bytes) -> bytes:
    """By way of linear samples."""
    return octets.translate(_ALAW_TO_ULAW)


def _samples(pcm: bytes) -> Iterable[int]:
    if len(pcm) % 2:
        raise Malformed("half a sample at the end", pcm, len(pcm) - 1)
    samples = array("H", pcm)
    if sys.byteorder == "big":
        samples.byteswap()
    return samples


def _widened(octets: bytes, low: bytes, high: bytes) -> bytes:
    pcm = bytearray(2 * len(octets))
    pcm[0::2] = octets.translate(low)
    pcm[1::2] = octets.translate(high)
    return bytes(pcm)


def _ulaw_sample(octet: int) -> int:
    code = ~octet & 0xFF
    segment, step = code >> 4 & 7, code & 0x0F
    magnitude = 4 * (((2 * step + _BIAS) << segment) - _BIAS)
    return -magnitude if code & 0x80 else magnitude


def _alaw_sample(octet: int) -> int:
    code = octet ^ 0x55
    segment, step = code >> 4 & 7, code & 0x0F
    magnitude = 16 * step + 8
    if segment:
        magnitude = (magnitude + 256) << (segment - 1)
    return magnitude if code & 0x80 else -magnitude


def _ulaw_table() -> bytes:
    """One mu-law octet for each sample, read as an unsigned number."""
    runs = [8 << segment for segment in range(8)]  # samples that share a code
    codes = _repeated(runs)[4:]  # the bias takes the first four
    codes = codes.ljust(32772, b"\x7f")  # the top is cut off
    return _flipped(codes[:32768], 0xFF) + _flipped(codes[:3:-1], 0x7F)


def _alaw_table() -> bytes:
    """One A-law octet for each sample, read as an unsigned number."""
    codes = _repeated([16, *(8 << segment for segment in range(1, 8))])
    return _flipped(codes, 0xD5) + _flipped(codes[::-1], 0x55)


def _repeated(runs: list[int]) -> bytes:
    """The codes of eight segments of sixteen steps, each as often as its run."""
    codes = ((s << 4 | step, run) for s, run in enumerate(runs) for step in range(16))
    return b"".join(bytes([code]) * run for code, run in codes)


def _flipped(codes: bytes, mask: int) -> bytes:
    return codes.translate(bytes(code ^ mask for code in range(256)))


_ULAW_SAMPLES = [_ulaw_sample(octet) for octet in range(256)]
_ALAW_SAMPLES = [_alaw_sample(octet) for octet in range(256)]
_ULAW_BYTES = (
    bytes(sample & 0xFF for sample in _ULAW_SAMPLES),
    bytes(sample >> 8 & 0xFF for sample in _ULAW_SAMPLES),
)
_ALAW_BYTES = (
    bytes(sample & 0xFF for sample in _ALAW_SAMPLES),
    bytes(sample >> 8 & 0xFF for sample in _ALAW_SAMPLES),
)
_TO_ULAW = _ulaw_table()
_TO_ALAW = _alaw_table()
_ULAW_TO_ALAW = bytes(_TO_ALAW[sample & 0xFFFF] for sample in _ULAW_SAMPLES)
_ALAW_TO_ULAW = bytes(_TO_ULAW[sample & 0xFFFF] for sample in _ALAW_SAMPLES)
