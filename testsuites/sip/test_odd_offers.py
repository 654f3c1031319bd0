"""Offers that are odd, impossible or absent: taken as they are meant, or refused."""

import pytest

from ringback.suite import Probing, Role, Security, Testbed, scenario

BOTH = [Security.UNSECURED, Security.SECURED]
SECURED = [Security.SECURED]
VIDEO = "m=video 40002 RTP/AVP 31\r\na=rtpmap:31 H261/90000\r\n"
CHANGES = {  # what becomes of a plain offer; the last word of each is what is new
    "reordered": (("0 8 101", "101 8 0"),),
    "a-subset": (("0 8 101", "8 101"),),
    "ptime-10": (("ptime:20", "ptime:10"),),
    "ptime-30": (("ptime:20", "ptime:30"),),
    "no-telephone-event": (("0 8 101", "0 8"),),
    "unknown-formats-too": (("0 8 101", "117 0 101\r\na=rtpmap:117 X-NONE/8000"),),
    "sendonly": (("sendrecv", "sendonly"),),
    "recvonly": (("sendrecv", "recvonly"),),
    "inactive": (("sendrecv", "inactive"),),
    "another-time": (("t=0 0", "t=2873397496 0"),),
    "ice": (
        (
            "a=sendrecv",
            "a=sendrecv\r\na=ice-ufrag:8hhY\r\na=ice-pwd:asd88fgpdd777uzjYhagZg\r\n"
            "a=candidate:1 1 UDP 2130706431 127.0.0.9 40000 typ host\r\na=rtcp-mux",
        ),
    ),
    "video-too": (("a=sendrecv\r\n", f"a=sendrecv\r\n{VIDEO}"),),
    "video-first": (("m=audio", f"{VIDEO}m=audio"),),
}
QUESTIONABLE = {  # what may be refused
    "pcmu-by-a-dynamic-number": (
        ("0 8 101", "96 101"),
        ("a=rtpmap:0 PCMU", "a=rtpmap:96 PCMU"),
    ),
    "ipv6": (("IN IP4 {host}", "IN IP6 ::1"),),
    "held-by-address": (("c=IN IP4 {host}", "c=IN IP4 0.0.0.0"),),
    "no-connection-line": (("c=IN IP4 {host}\r\n", "c=IN IP4 {host}\r\ni=odd\r\n"),),
    "avpf": (("VP 0", "VPF 0"),),
    "srtp-where-none-is-wanted": (("RTP/AVP", "RTP/SAVP"),),
}
KEYLESS = {
    "in-the-clear": (("RTP/SAVP", "RTP/AVP"),),
    "an-unknown-suite": (("AES_CM_128_HMAC_SHA1_80", "ROT_13_HMAC_MD5_8"),),
    "a-key-too-short": (("inline:", "inline:AAAA|"),),
}
ANSWERED = [
    "MED-SDP-002",
    "MED-SDP-003",
    "MED-SDP-004",
    "MED-SDP-006",
    "SIP-OFFER-002",
    "SIP-OFFER-014",
    "SIP-OFFER-015",
    "SIP-OFFER-023",
]
Swaps = tuple[tuple[str, str], ...]


def offered(probe: Probing, swaps: Swaps) -> bytes:
    """A plain offer with other words in it."""
    text = probe.peer.describes(**probe.keyed()).decode()
    for old, new in swaps:
        host = probe.seat.host
        text = text.replace(old.format(host=host), new.format(host=host))
    return text.encode()


def ask(testbed: Testbed, swaps: Swaps) -> None:
    """Make that offer to the gateway; hang up at once when it is taken."""
    testbed.knowingly(Role.UM)
    testbed.phone.answers(after=0.0)
    um = testbed.probe(Role.UM)
    asking = um.invites(Role.GATEWAY, body=offered(um, swaps))
    testbed.until(asking.is_answered, within=5.0)
    if asking.final and asking.final.status < 300:
        _, bye = um.asks_within(asking.dialog(), "BYE")
        testbed.until(bye.is_answered, within=5.0)


@pytest.mark.parametrize("swaps", CHANGES.values(), ids=CHANGES)
@scenario(settles=ANSWERED, security=BOTH)
def test_an_odd_offer(testbed: Testbed, swaps: Swaps) -> None:
    ask(testbed, swaps)


@pytest.mark.parametrize("swaps", QUESTIONABLE.values(), ids=QUESTIONABLE)
@scenario(settles=["SIP-OFFER-002"], security=BOTH)
def test_a_questionable_offer(testbed: Testbed, swaps: Swaps) -> None:
    ask(testbed, swaps)


@scenario(settles=["SIP-OFFER-001", "SIP-OFFER-002", "SIP-ACK-001"], security=BOTH)
def test_an_offer_of_nothing_known(testbed: Testbed) -> None:
    ask(testbed, (("0 8 101", "117\r\na=rtpmap:117 X-NONE/8000"),))


@scenario(settles=["SIP-OFFER-002"], security=BOTH)
def test_an_offer_of_a_refused_stream(testbed: Testbed) -> None:
    ask(testbed, (("m=audio 30000", "m=audio 0"),))


@scenario(settles=[*ANSWERED, "SIP-OFFER-003"], security=BOTH)
def test_an_offer_with_a_refused_stream_too(testbed: Testbed) -> None:
    ask(testbed, (("m=audio", "m=audio 0 RTP/AVP 0\r\nm=audio"),))


@pytest.mark.parametrize("swaps", KEYLESS.values(), ids=KEYLESS)
@scenario(settles=["SIP-OFFER-017", "SIP-ACK-001"], security=SECURED)
def test_an_offer_without_a_useful_key(testbed: Testbed, swaps: Swaps) -> None:
    ask(testbed, swaps)


@scenario(settles=[*ANSWERED, "MED-SRTP-003"], security=SECURED)
def test_an_offer_with_two_keys_and_a_lifetime(testbed: Testbed) -> None:
    unknown = "a=crypto:9 ROT_13_HMAC_MD5_8 inline:AAAA|2^20|1:4\r\n"
    swaps = (("a=crypto", f"{unknown}a=crypto"), ("\r\na=ptime", "|2^31\r\na=ptime"))
    ask(testbed, swaps)


@scenario(settles=["SIP-OFFER-002"], security=SECURED)
def test_an_offer_with_a_key_identifier(testbed: Testbed) -> None:
    ask(testbed, (("\r\na=ptime", "|2^20|1:4\r\na=ptime"),))


@scenario(settles=["RTP-PT-001", "SIP-OFFER-002"], security=[Security.UNSECURED])
def test_a_key_that_nobody_can_be_told(testbed: Testbed) -> None:
    testbed.aside("MED-KEYS")
    testbed.knowingly(Role.UM)
    testbed.phone.answers(after=0.0)
    testbed.phone.stays()
    testbed.phone.presses("1", after=0.1)
    um = testbed.probe(Role.UM)
    asking = um.invites(Role.GATEWAY, body=um.peer.describes(formats=(0, 8)))
    testbed.until(asking.is_answered, within=5.0)

    testbed.lingers(0.4)
    _, bye = um.asks_within(asking.dialog(), "BYE")

    testbed.until(bye.is_answered, within=5.0)


@scenario(settles=["SIP-OFFER-005", "SIP-OFFER-006"], security=BOTH)
def test_an_invitation_without_an_offer(testbed: Testbed) -> None:
    testbed.phone.answers(after=0.0)
    um = testbed.probe(Role.UM)
    um.peer.acknowledges = False
    asking = um.invites(Role.GATEWAY, body=b"")
    testbed.until(asking.is_answered, within=5.0)

    um.acks(asking, um.answer(asking))
    _, bye = um.asks_within(asking.dialog(), "BYE")

    testbed.until(bye.is_answered, within=5.0)
