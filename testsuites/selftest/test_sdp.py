"""A session description forgets no octet: RFC 8866 §5, RFC 4568 §9.1."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringback.faults import Malformed
from ringback.wire import sdp
from ringback.wire.sdes import AES_80, Crypto
from ringback.wire.sdp import Sdp

# What a UM server of version 15.1 answers on a secured dial plan (facts §4.4).
UM_ANSWER = b"""\
v=0\r
o=- 0 0 IN IP4 192.0.2.10\r
s=session\r
c=IN IP4 192.0.2.10\r
b=CT:10000000\r
t=0 0\r
m=audio 18462 RTP/SAVP 0 101\r
a=label:main-audio\r
a=sendrecv\r
a=crypto:1 AES_CM_128_HMAC_SHA1_80 \
inline:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwd|2^31|1:1\r
a=rtpmap:0 PCMU/8000\r
a=rtpmap:101 telephone-event/8000\r
a=fmtp:101 0-16,36\r
a=ptime:20\r
"""
KEY_SALT = bytes(range(30))
LINES = st.lists(
    st.sampled_from(
        [b"v=0", b"a=", b"a=sendonly", b"m=audio 1 RTP/AVP 0", b"Q", b"x=?", b"", b"m="]
    )
    | st.binary(max_size=12)
)


@given(LINES, st.sampled_from([b"\r\n", b"\n", b"\n\n", b"\r"]), st.booleans())
def test_no_octet_is_forgotten(lines: list[bytes], end: bytes, closed: bool) -> None:
    octets = end.join(lines) + (end if closed else b"")

    assert bytes(Sdp.parse(octets)) == octets


def test_a_real_answer_is_understood() -> None:
    answer = Sdp.parse(UM_ANSWER)
    audio = sdp.audio(answer)

    assert bytes(answer) == UM_ANSWER
    assert answer.version == 0
    assert answer.origin.host == "192.0.2.10"
    assert answer.connection(audio) == answer.connection() == "192.0.2.10"
    assert (audio.port, audio.port_count, audio.protocol) == (18462, 1, "RTP/SAVP")
    assert audio.formats == ("0", "101")
    assert audio.rtpmap("101") == ("telephone-event", 8000, 1)
    assert audio.fmtp("101") == "0-16,36"
    assert audio.format_of("Telephone-Event") == "101"
    assert (audio.ptime, audio.direction, audio.rtcp_mux) == (20, "sendrecv", False)
    assert audio.attributes("label") == ("main-audio",)


def test_its_key_is_read_with_lifetime_and_identifier() -> None:
    (crypto,) = sdp.audio(Sdp.parse(UM_ANSWER)).crypto

    assert (crypto.tag, crypto.suite, crypto.key_salt) == (1, AES_80, KEY_SALT)
    assert (crypto.lifetime, crypto.mki) == (2**31, b"\x01")
    assert f"a=crypto:{crypto}\r\n".encode() in UM_ANSWER


def test_bare_line_feeds_and_blank_values_are_understood() -> None:
    odd = Sdp.parse(UM_ANSWER.replace(b"\r\n", b"\n").replace(b"s=session", b"s="))

    assert sdp.audio(odd).port == 18462
    assert odd.values("s") == ("",)


def test_a_static_format_needs_no_map() -> None:
    plain = sdp.audio(Sdp.parse(b"v=0\r\nm=audio 4000/2 RTP/AVP 8 13 96\r\n"))

    assert plain.port_count == 2
    assert plain.rtpmap(8) == ("PCMA", 8000, 1)
    assert plain.rtpmap("13") == ("CN", 8000, 1)
    assert plain.rtpmap("96") == ("", 0, 0)
    assert plain.host == ""


def test_a_stream_speaks_before_the_session() -> None:
    both = (
        b"v=0\r\nc=IN IP4 192.0.2.1\r\na=sendonly\r\na=ptime:30\r\n"
        b"m=video 0 RTP/AVP 31\r\n"
        b"m=audio 9 RTP/AVP 0\r\nc=IN IP4 224.2.1.1/127\r\na=inactive\r\na=rtcp-mux\r\n"
    )
    video, audio = Sdp.parse(both).media

    assert (video.host, video.direction, video.ptime) == ("192.0.2.1", "sendonly", 30)
    assert (audio.host, audio.direction, audio.ptime) == ("224.2.1.1", "inactive", 30)
    assert audio.rtcp_mux
    assert not video.rtcp_mux


@pytest.mark.parametrize(
    ("octets", "reading"),
    [
        (b"s=x\r\n", "version"),
        (b"v=0\r\no=- 1 1 IN IP4\r\n", "origin"),
        (b"v=0\r\nm=audio RTP/AVP 0\r\n", "media"),
        (b"v=0\r\nm=audio 65536 RTP/AVP 0\r\n", "media"),
    ],
)
def test_a_broken_line_is_malformed_when_asked_for(octets: bytes, reading: str) -> None:
    broken = Sdp.parse(octets)

    with pytest.raises(Malformed):
        getattr(broken, reading)


@pytest.mark.parametrize(
    ("line", "reading"),
    [
        (b"c=IN IP4", "host"),
        (b"a=ptime:soon", "ptime"),
        (b"a=ptime:inf", "ptime"),
        (b"a=crypto:1", "crypto"),
    ],
)
def test_a_broken_attribute_is_malformed_when_asked_for(
    line: bytes, reading: str
) -> None:
    broken = sdp.audio(Sdp.parse(b"v=0\r\nm=audio 9 RTP/AVP 0\r\n" + line + b"\r\n"))

    with pytest.raises(Malformed):
        getattr(broken, reading)


def test_a_description_without_audio_is_malformed_when_audio_is_asked_for() -> None:
    with pytest.raises(Malformed):
        sdp.audio(Sdp.parse(b"v=0\r\nm=image 9 udptl t38\r\n"))


def test_what_is_offered_is_what_is_read() -> None:
    key = Crypto.of(1, KEY_SALT)
    made = sdp.offer("127.0.1.3", 20000, 7, 1, protocol="RTP/SAVP", crypto=[key])
    audio = sdp.audio(Sdp.parse(bytes(made)))

    assert made.origin == sdp.Origin("-", "7", "1", "127.0.1.3")
    assert (audio.host, audio.port, audio.protocol) == ("127.0.1.3", 20000, "RTP/SAVP")
    assert [audio.rtpmap(f)[0] for f in audio.formats] == [
        "PCMU",
        "PCMA",
        "telephone-event",
    ]
    assert audio.fmtp(101) == "0-16"
    assert (audio.ptime, audio.direction) == (20, "sendrecv")
    assert [Crypto.parse(str(c)).key_salt for c in audio.crypto] == [KEY_SALT]


def test_an_answer_keeps_the_number_of_the_offer_for_events() -> None:
    made = sdp.offer("::1", 0, 7, 1, (8, 96), events=96, direction="inactive", ptime=0)
    audio = sdp.audio(made)

    assert audio.rtpmap(96) == ("telephone-event", 8000, 1)
    assert (audio.host, audio.direction, audio.ptime) == ("::1", "inactive", 0)
    assert b"c=IN IP6 ::1\r\n" in bytes(made)


@given(st.text(max_size=60))
def test_any_crypto_value_comes_back_or_is_refused(text: str) -> None:
    for value in (text, f"1 {AES_80} inline:{text}"):
        try:
            crypto = Crypto.parse(value)
        except Malformed:
            continue
        assert str(crypto) == value


@pytest.mark.parametrize(
    "value",
    [
        "x AES_CM_128_HMAC_SHA1_80 inline:AAAA",
        "1 AES_CM_128_HMAC_SHA1_80 prefix:AAAA",
        "1 AES_CM_128_HMAC_SHA1_80 inline:not base64!",
        "1 AES_CM_128_HMAC_SHA1_80 inline:AAAA",
        f"1 UNKNOWN inline:{'A' * 40}|2^31|300:1",
        f"1 UNKNOWN inline:{'A' * 40}|for-ever",
    ],
)
def test_a_broken_key_is_malformed(value: str) -> None:
    with pytest.raises(Malformed):
        Crypto.parse(value)


def test_session_parameters_of_a_key_are_kept() -> None:
    value = f"2 {AES_80} inline:{'A' * 40} UNENCRYPTED_SRTCP WSH=64"

    assert Crypto.parse(value).params == ("UNENCRYPTED_SRTCP", "WSH=64")
