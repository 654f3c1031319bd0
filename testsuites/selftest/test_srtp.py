"""SRTP and SRTCP agree with libsrtp: RFC 3711 §3.3, RFC 3711 §3.4, RFC 4568 §6.2."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pylibsrtp import Error, Policy, Session

from ringback.faults import Malformed, Misuse
from ringback.wire.rtcp import ReceiverReport, Rtcp, SourceDescription
from ringback.wire.rtp import RtpPacket
from ringback.wire.sdes import AES_32, AES_80
from ringback.wire.srtp import Srtp

KEY_SALT = bytes(range(7, 37))
SSRC = 0x1234ABCD
PROFILES = {
    AES_80: Policy.SRTP_PROFILE_AES128_CM_SHA1_80,
    AES_32: Policy.SRTP_PROFILE_AES128_CM_SHA1_32,
}
REPORT = bytes(Rtcp((ReceiverReport(SSRC), SourceDescription.of(SSRC, "um@example"))))
suites = pytest.mark.parametrize("suite", [AES_80, AES_32])


def _libsrtp(suite: str, *, inbound: bool) -> Session:
    way = Policy.SSRC_ANY_INBOUND if inbound else Policy.SSRC_ANY_OUTBOUND
    return Session(Policy(KEY_SALT, ssrc_type=way, srtp_profile=PROFILES[suite]))


def _packet(sequence: int, payload: bytes = b"\xff" * 160) -> bytes:
    return bytes(
        RtpPacket(0, sequence & 0xFFFF, 160 * sequence & 0xFFFF, SSRC, payload)
    )


def _two_roll_overs() -> list[bytes]:
    return [_packet(n, n.to_bytes(4)) for n in range(65500, 65536 * 3, 97)]


@suites
def test_libsrtp_reads_what_is_protected_here_over_roll_overs(suite: str) -> None:
    ours, theirs = Srtp(KEY_SALT, suite), _libsrtp(suite, inbound=True)

    for packet in _two_roll_overs():
        assert theirs.unprotect(ours.protect(packet)) == packet


@suites
def test_what_libsrtp_protects_is_read_here_over_roll_overs(suite: str) -> None:
    ours, theirs = Srtp(KEY_SALT, suite), _libsrtp(suite, inbound=False)

    for packet in _two_roll_overs():
        assert ours.unprotect(theirs.protect(packet)) == packet


@suites
def test_control_packets_are_libsrtps_both_ways(suite: str) -> None:
    here, there = Srtp(KEY_SALT, suite), _libsrtp(suite, inbound=True)
    back, from_there = Srtp(KEY_SALT, suite), _libsrtp(suite, inbound=False)

    for _ in range(3):
        assert there.unprotect_rtcp(here.protect_rtcp(REPORT)) == REPORT
        assert back.unprotect_rtcp(from_there.protect_rtcp(REPORT)) == REPORT


@given(st.binary(max_size=200), st.lists(st.integers(0, 9), max_size=3).map(tuple))
def test_headers_with_extension_and_sources_stay_clear(
    payload: bytes, csrcs: tuple[int, ...]
) -> None:
    extended = RtpPacket(0, 1, 2, SSRC, payload, csrcs=csrcs, extension=(7, b"word"))
    packet = bytes(extended)

    sealed = Srtp(KEY_SALT).protect(packet)

    start = len(packet) - len(payload)
    assert sealed[:start] == packet[:start]
    assert Srtp(KEY_SALT).unprotect(sealed) == packet
    assert _libsrtp(AES_80, inbound=True).unprotect(sealed) == packet


@suites
def test_a_changed_octet_is_malformed_and_spoils_nothing(suite: str) -> None:
    sealed, reader = Srtp(KEY_SALT, suite).protect(_packet(7)), Srtp(KEY_SALT, suite)

    for at in range(1, len(sealed)):
        changed = bytearray(sealed)
        changed[at] ^= 0x01
        with pytest.raises(Malformed):
            reader.unprotect(bytes(changed))

    assert reader.unprotect(sealed) == _packet(7)


def test_packets_out_of_order_are_read_once_each() -> None:
    writer, reader = Srtp(KEY_SALT), Srtp(KEY_SALT)
    sealed = {n: writer.protect(_packet(n)) for n in range(65530, 65545)}
    order = [65530, 65538, 65531, 65544, 65535, 65536, 65533]

    for n in order:
        assert reader.unprotect(sealed[n]) == _packet(n)
    for n in order:
        with pytest.raises(Malformed, match="replayed"):
            reader.unprotect(sealed[n])


def test_a_packet_older_than_the_window_is_malformed() -> None:
    writer, reader = Srtp(KEY_SALT), Srtp(KEY_SALT)
    old, *_, new = [writer.protect(_packet(n)) for n in range(1, 200)]
    reader.unprotect(new)

    with pytest.raises(Malformed, match="replayed"):
        reader.unprotect(old)


def test_a_control_packet_is_read_once() -> None:
    sealed, reader = Srtp(KEY_SALT).protect_rtcp(REPORT), Srtp(KEY_SALT)
    reader.unprotect_rtcp(sealed)

    with pytest.raises(Malformed, match="replayed"):
        reader.unprotect_rtcp(sealed)


def test_a_changed_control_packet_is_malformed() -> None:
    sealed = bytearray(Srtp(KEY_SALT).protect_rtcp(REPORT))
    sealed[9] ^= 0x80

    with pytest.raises(Malformed, match="tag"):
        Srtp(KEY_SALT).unprotect_rtcp(bytes(sealed))


def test_an_identifier_of_the_key_travels_before_the_tag() -> None:
    plain, marked = Srtp(KEY_SALT), Srtp(KEY_SALT, mki=b"\x2a")
    sealed, report = marked.protect(_packet(1)), marked.protect_rtcp(REPORT)

    assert sealed[-11:-10] == b"\x2a"
    assert sealed[:-11] + sealed[-10:] == plain.protect(_packet(1))
    assert Srtp(KEY_SALT, mki=b"\x2a").unprotect(sealed) == _packet(1)
    assert Srtp(KEY_SALT, mki=b"\x2a").unprotect_rtcp(report) == REPORT
    with pytest.raises(Malformed, match="identifier"):
        Srtp(KEY_SALT, mki=b"\x2b").unprotect(sealed)


def test_another_key_reads_nothing() -> None:
    sealed = Srtp(KEY_SALT).protect(_packet(1))

    with pytest.raises(Malformed):
        Srtp(bytes(30)).unprotect(sealed)
    with pytest.raises(Error):
        _libsrtp(AES_80, inbound=True).unprotect(Srtp(bytes(30)).protect(_packet(1)))


@given(st.binary(max_size=60))
def test_any_octets_are_malformed(octets: bytes) -> None:
    reader = Srtp(KEY_SALT)

    with pytest.raises(Malformed):
        reader.unprotect(octets)
    with pytest.raises(Malformed):
        reader.unprotect_rtcp(octets)


@pytest.mark.parametrize(
    ("key_salt", "suite"), [(bytes(29), AES_80), (bytes(30), "F8_128_HMAC_SHA1_80")]
)
def test_a_key_that_cannot_be_used_is_misuse(key_salt: bytes, suite: str) -> None:
    with pytest.raises(Misuse):
        Srtp(key_salt, suite)
