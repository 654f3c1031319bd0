"""Sound files read as what a telephone hears: 8 kHz, mono, G.711 mu-law.

Reads what Unified Messaging stored (facts §4.7): WAV of linear, GSM 6.10, mu-law or
A-law samples, and MP3. Telephone WAV needs no library; the rest goes by libsndfile.
"""

from __future__ import annotations

import io
from functools import lru_cache
from struct import Struct
from typing import TYPE_CHECKING

from ringback.faults import Misuse
from ringback.wire.g711 import RATE, alaw_to_ulaw, pcm_to_ulaw
from ringback.wire.wav import ALAW, GSM610, PCM, ULAW

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

FORMATS = {PCM: "wav/pcm", ALAW: "wav/alaw", ULAW: "wav/ulaw", GSM610: "wav/gsm610"}

_CHUNK = Struct("<4sI")
_SHAPE = Struct("<HHIIHH")
_EXTENSIBLE = 0xFFFE  # the true tag stands in the sub-format


def format_of(octets: bytes, name: str) -> str:
    """``wav/pcm``, ``wav/alaw``, ``wav/ulaw``, ``wav/gsm610`` or ``mp3``.

    Misuse for anything else; ``name`` says in it whose sound that was.
    """
    if octets[:4] == b"RIFF" and octets[8:12] == b"WAVE":
        tag = _shape(octets)[0]
        if tag not in FORMATS:
            raise Misuse(f"{name}: WAV format {tag} is not read here")
        return FORMATS[tag]
    if octets[:3] == b"ID3" or _is_mpeg_frame(octets):
        return "mp3"
    raise Misuse(f"{name}: neither WAV nor MP3")


def ulaw_of(octets: bytes, name: str) -> bytes:
    """The sound of a file's octets; Misuse, naming the file, when it cannot be read."""
    format_of(octets, name)
    try:
        ulaw = _decoded(octets)
    except (RuntimeError, ValueError) as e:  # libsndfile's errors are RuntimeErrors
        raise Misuse(f"{name}: the sound cannot be read: {e}") from e
    if not ulaw:
        raise Misuse(f"{name}: there is no sound in it")
    return ulaw


def read(path: Path) -> tuple[bytes, str]:
    """A file's octets and format; Misuse when it is missing or holds no sound."""
    try:
        octets = path.read_bytes()
    except OSError as e:
        raise Misuse(f"{path}: {e.strerror}") from e
    ulaw_of(octets, str(path))
    return octets, format_of(octets, str(path))


def resampled(samples: NDArray[np.float64], rate: int) -> NDArray[np.float64]:
    """Samples at 8 kHz: a windowed sinc, flat to 3.5 kHz, 80 dB down from 4 kHz on."""
    import math

    import numpy as np

    shared = math.gcd(rate, RATE)
    up, down = RATE // shared, rate // shared
    if up == down:
        return samples
    narrow = min(rate, RATE)
    half = math.ceil(2.5 * rate / (narrow / 16))  # the slope is 500 Hz wide
    padded = np.concatenate([np.zeros(half), samples, np.zeros(half + 1)])
    windows = np.lib.stride_tricks.sliding_window_view(padded, 2 * half + 1)
    out = np.zeros(len(samples) * up // down)
    for phase in range(min(up, len(out))):
        whole, part = divmod(phase * down, up)
        count = len(range(phase, len(out), up))
        heard = windows[whole::down][:count]
        out[phase::up] = heard @ _taps(half, part / up, narrow * 0.9375 / rate)
    return out


def _taps(half: int, shift: float, cutoff: float) -> NDArray[np.float64]:
    """A low-pass, ``shift`` samples late; ``cutoff`` is 1 at half the rate."""
    import numpy as np

    at = np.arange(-half, half + 1) - shift
    shape = np.i0(8 * np.sqrt(np.clip(1 - (at / (half + 1)) ** 2, 0, 1)))
    taps: NDArray[np.float64] = np.sinc(cutoff * at) * shape
    taps /= taps.sum()
    return taps


@lru_cache(maxsize=64)
def _decoded(octets: bytes) -> bytes:
    """Mu-law octets; the same file is decoded once in the life of the process."""
    if octets[:4] == b"RIFF":
        tag, channels, rate, bits = _shape(octets)
        data = _chunk(octets, b"data")
        if (channels, rate) == (1, RATE):
            match tag, bits:
                case 7, 8:
                    return data
                case 6, 8:
                    return alaw_to_ulaw(data)
                case 1, 16:
                    return pcm_to_ulaw(data[: len(data) & ~1])
    return _decoded_by_libsndfile(octets)


def _decoded_by_libsndfile(octets: bytes) -> bytes:
    import numpy as np
    import soundfile

    samples, rate = soundfile.read(io.BytesIO(octets), always_2d=True)
    mono = resampled(samples.mean(axis=1), rate)
    linear = np.clip(np.rint(mono * 32768), -32768, 32767).astype("<i2")
    return pcm_to_ulaw(linear.tobytes())


def _shape(octets: bytes) -> tuple[int, int, int, int]:
    """Format tag, channels, rate, bits; zeros when the file does not say."""
    said = _chunk(octets, b"fmt ")
    if len(said) < _SHAPE.size:
        return 0, 0, 0, 0
    tag, channels, rate, _, _, bits = _SHAPE.unpack_from(said)
    if tag == _EXTENSIBLE:
        tag = int.from_bytes(said[24:26], "little")
    return tag, channels, rate, bits


def _chunk(octets: bytes, wanted: bytes) -> bytes:
    at = 12
    while at + 8 <= len(octets):
        name, length = _CHUNK.unpack_from(octets, at)
        if name == wanted:
            return octets[at + 8 : at + 8 + length]
        at += 8 + length + length % 2
    return b""


def _is_mpeg_frame(octets: bytes) -> bool:
    """The frame sync, then MPEG 1, 2 or 2.5 and layer III."""
    if len(octets) < 4 or octets[0] != 0xFF or octets[1] & 0xE0 != 0xE0:
        return False
    return octets[1] & 0x18 != 0x08 and octets[1] & 0x06 == 0x02
