"""G.711 agrees, value by value, with tables that are not ours."""

import hashlib
import warnings
from array import array
from importlib import import_module
from types import ModuleType

import pytest

from ringback.faults import Malformed
from ringback.wire import g711
from ringback.wire.wav import ulaw_wav_of, wav_of

OCTETS = bytes(range(256))
SAMPLES = b"".join(sample.to_bytes(2, "little") for sample in range(65536))

# SHA-256 of what audioop of Python 3.11 makes of all octets, and of all samples.
EXPECTED = {
    "ulaw_to_pcm": "3dab54339e520bb2c924826e3b72a917a2b612e9fd12fc867500f1d983a75827",
    "alaw_to_pcm": "e04788d110e58ff8c70c93b8480190d973e3b67876b6119abbaec766cc75c174",
    "pcm_to_ulaw": "617fa4850d68d3906597e949f7625fb2fc46db479e29707f33159b3d131721cb",
    "pcm_to_alaw": "f77c76aa923ee25617453f87514828a12896227f82ff383bf3bb53d6ac7c2a0f",
}


def _audioop() -> ModuleType | None:
    """The oracle itself, which Python had until 3.12."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        try:
            return import_module("audioop")
        except ModuleNotFoundError:
            return None


@pytest.mark.parametrize("name", EXPECTED)
def test_each_table_is_the_known_one(name: str) -> None:
    given = OCTETS if name.endswith("pcm") else SAMPLES

    made = getattr(g711, name)(given)

    assert hashlib.sha256(made).hexdigest() == EXPECTED[name]


if ORACLE := _audioop():
    CALLS = {
        "ulaw_to_pcm": ORACLE.ulaw2lin,
        "alaw_to_pcm": ORACLE.alaw2lin,
        "pcm_to_ulaw": ORACLE.lin2ulaw,
        "pcm_to_alaw": ORACLE.lin2alaw,
    }

    @pytest.mark.parametrize("name", EXPECTED)
    def test_each_table_is_audioops(name: str) -> None:
        given = OCTETS if name.endswith("pcm") else SAMPLES

        assert getattr(g711, name)(given) == CALLS[name](given, 2)


def test_silence_decodes_to_the_smallest_samples() -> None:
    assert g711.ulaw_to_pcm(bytes([g711.ULAW_SILENCE])) == b"\0\0"
    assert g711.alaw_to_pcm(bytes([g711.ALAW_SILENCE])) == b"\x08\0"


def test_from_law_to_law_goes_by_way_of_samples() -> None:
    assert g711.ulaw_to_alaw(OCTETS) == g711.pcm_to_alaw(g711.ulaw_to_pcm(OCTETS))
    assert g711.alaw_to_ulaw(OCTETS) == g711.pcm_to_ulaw(g711.alaw_to_pcm(OCTETS))


def test_an_octet_survives_decoding_and_encoding() -> None:
    again = g711.pcm_to_ulaw(g711.ulaw_to_pcm(OCTETS))

    assert again == OCTETS.replace(b"\x7f", b"\xff")  # there are two zeros in mu-law
    assert g711.pcm_to_alaw(g711.alaw_to_pcm(OCTETS)) == OCTETS


def test_half_a_sample_is_malformed() -> None:
    with pytest.raises(Malformed):
        g711.pcm_to_ulaw(b"\0\0\0")


def test_a_wav_file_says_how_long_it_is() -> None:
    for made in (wav_of(b"\xff" * 161), ulaw_wav_of(b"\xff" * 161)):
        assert int.from_bytes(made[4:8], "little") == len(made) - 8
        assert made[8:16] == b"WAVEfmt "


def test_a_linear_wav_file_holds_the_decoded_samples() -> None:
    made = wav_of(OCTETS)

    assert made[44:] == g711.ulaw_to_pcm(OCTETS)
    assert array("H", made[20:24]).tolist() == [1, 1]  # linear, one channel
