"""Sound files become what a telephone hears, and the committed ones are fit for it."""

import io
from pathlib import Path

import numpy as np
import pytest
import soundfile

from ringback import places
from ringback.faults import Misuse
from ringback.stores import audio
from ringback.wire import g711
from ringback.wire.wav import ulaw_wav_of, wav_of

FOLDER = places.fixtures() / "audio"
SOUNDS = sorted(path for path in FOLDER.iterdir() if path.suffix in {".wav", ".mp3"})
FORMS = {
    "balance-ulaw.wav": "wav/ulaw",
    "parcel-gsm.wav": "wav/gsm610",
    "reminder.mp3": "mp3",
}


def _tone(hertz: float, rate: int, seconds: float = 0.5) -> np.ndarray:
    return 0.5 * np.sin(2 * np.pi * hertz * np.arange(int(rate * seconds)) / rate)


def _file(samples: np.ndarray, rate: int, form: str, subtype: str) -> bytes:
    written = io.BytesIO()
    soundfile.write(written, samples, rate, format=form, subtype=subtype)
    return written.getvalue()


def _heard(octets: bytes) -> np.ndarray:
    linear = np.frombuffer(g711.ulaw_to_pcm(audio.ulaw_of(octets, "a test")), "<i2")
    return linear / 32768


def _level(samples: np.ndarray) -> float:
    """Decibels below full scale, without the ends."""
    middle = samples[400:-400]
    return float(20 * np.log10(np.sqrt(np.mean(middle**2)) + 1e-9))


@pytest.mark.parametrize("path", SOUNDS, ids=lambda path: path.name)
def test_a_committed_sound_is_loud_short_and_starts_at_once(path: Path) -> None:
    octets, form = audio.read(path)
    heard = np.abs(_heard(octets))

    assert form == FORMS.get(path.name, "wav/pcm")
    assert 0.25 < len(heard) / 8000 < 3.0
    assert heard.max() > 10 ** (-5 / 20)
    assert np.argmax(heard > 0.01) < 800  # a tenth of a second


@pytest.mark.parametrize("rate", [8000, 11025, 16000, 22050, 44100, 48000, 6000])
def test_a_tone_keeps_pitch_level_and_length_at_any_rate(rate: int) -> None:
    heard = _heard(_file(_tone(1000, rate), rate, "WAV", "PCM_16"))
    spectrum = np.abs(np.fft.rfft(heard * np.hanning(len(heard))))

    assert abs(len(heard) - 4000) <= 1
    assert abs(np.argmax(spectrum) * 8000 / len(heard) - 1000) < 4
    assert abs(_level(heard) - _level(_tone(1000, 8000))) < 0.2


@pytest.mark.parametrize("hertz", [4100, 5000, 7000, 9000])
def test_a_tone_too_high_for_a_telephone_does_not_come_back_as_another(
    hertz: float,
) -> None:
    heard = audio.resampled(_tone(hertz, 22050), 22050)

    assert _level(heard) < -70


def test_two_channels_are_mixed() -> None:
    both = np.stack([_tone(1000, 8000), np.zeros(4000)], axis=1)

    heard = _heard(_file(both, 8000, "WAV", "PCM_16"))

    assert abs(_level(heard) - (_level(_tone(1000, 8000)) - 6)) < 0.2


@pytest.mark.parametrize(
    ("form", "subtype", "found"),
    [
        ("WAV", "PCM_24", "wav/pcm"),
        ("WAVEX", "PCM_16", "wav/pcm"),
        ("WAV", "ALAW", "wav/alaw"),
        ("WAV", "ULAW", "wav/ulaw"),
        ("WAV", "GSM610", "wav/gsm610"),
        ("MP3", "MPEG_LAYER_III", "mp3"),
    ],
)
def test_each_form_of_storage_is_heard_alike(
    form: str, subtype: str, found: str
) -> None:
    octets = _file(_tone(1000, 8000), 8000, form, subtype)

    assert audio.format_of(octets, "a test") == found
    assert abs(_level(_heard(octets)) - _level(_tone(1000, 8000))) < 1.5


def test_telephone_octets_come_back_unchanged() -> None:
    octets = bytes(range(256))

    assert audio.ulaw_of(ulaw_wav_of(octets), "a test") == octets
    assert audio.ulaw_of(wav_of(octets), "a test") == octets.replace(b"\x7f", b"\xff")


def test_our_wav_files_are_read_by_libsndfile() -> None:
    octets = bytes(range(255))

    for made in (wav_of(octets), ulaw_wav_of(octets)):
        samples, rate = soundfile.read(io.BytesIO(made), dtype="int16")
        assert rate == 8000
        assert samples.astype("<i2").tobytes() == g711.ulaw_to_pcm(octets)


@pytest.mark.parametrize(
    ("octets", "why"),
    [
        (b"", "neither WAV nor MP3"),
        (b"#!/bin/sh\n", "neither WAV nor MP3"),
        (b"RIFF\x04\0\0\0WAVE", "WAV format 0"),
        (_file(_tone(9, 8000), 8000, "WAV", "IMA_ADPCM"), "WAV format 17"),
        (b"ID3" + bytes(50), "cannot be read"),
        (wav_of(b""), "no sound"),
    ],
)
def test_what_is_no_sound_is_misuse_and_says_why(
    tmp_path: Path, octets: bytes, why: str
) -> None:
    path = tmp_path / "strange.wav"
    path.write_bytes(octets)

    with pytest.raises(Misuse, match=rf"strange\.wav: .*{why}"):
        audio.read(path)


def test_a_missing_file_is_misuse_and_named(tmp_path: Path) -> None:
    with pytest.raises(Misuse, match=r"gone\.wav: No such file"):
        audio.read(tmp_path / "gone.wav")
