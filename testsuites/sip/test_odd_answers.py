"""The UM server offers, and the other side answers oddly or changes its mind."""

import pytest

from ringback.suite import DESK, Client, Role, Security, Testbed, scenario

BOTH = [Security.UNSECURED, Security.SECURED]
SECURED = [Security.SECURED]
USELESS = {
    "in-the-clear": (("RTP/SAVP", "RTP/AVP"),),
    "without-a-key": (("a=crypto:", "a=x-crypto:"),),
    "an-unknown-suite": (("AES_CM_128_HMAC_SHA1_80", "ROT_13_HMAC_MD5_8"),),
    "another-tag": (("a=crypto:1 ", "a=crypto:2 "),),
}
FITTING = {
    "pcma-alone": {"formats": (8, 101)},
    "no-telephone-event": {"formats": (0,)},
    "ptime-10": {"ptime": 10},
    "ptime-30": {"ptime": 30},
}
Swaps = tuple[tuple[str, str], ...]


def worded(body: bytes, swaps: Swaps) -> bytes:
    for old, new in swaps:
        body = body.replace(old.encode(), new.encode())
    return body


@pytest.mark.parametrize("swaps", USELESS.values(), ids=USELESS)
@scenario(settles=["SIP-OFFER-016"], security=SECURED)
def test_an_answer_without_a_useful_key(
    testbed: Testbed, client: Client, swaps: Swaps
) -> None:
    testbed.knowingly(Role.GATEWAY)
    gateway = testbed.stands_in(Role.GATEWAY)
    call = client.plays("hello", on=DESK)
    invite = gateway.awaits("INVITE")

    gateway.accepts(invite, body=worded(gateway.answer(invite), swaps))

    testbed.until(call.is_over, within=5.0)


@pytest.mark.parametrize("stream", FITTING.values(), ids=FITTING)
@scenario(settles=["RTP-PT-001", "RTP-SIZE-001", "MED-SDP-004"], security=BOTH)
def test_an_answer_that_takes_its_choice(
    testbed: Testbed, client: Client, stream: dict[str, object]
) -> None:
    testbed.knowingly(Role.GATEWAY)
    gateway = testbed.stands_in(Role.GATEWAY)
    call = client.plays("meeting", on=DESK)
    invite = gateway.awaits("INVITE")

    gateway.accepts(invite, body=gateway.answer(invite, **stream))
    testbed.until(lambda: len(gateway.peer.datagrams) > 5, within=5.0)
    gateway.asks_within(invite.dialog(), "BYE")

    testbed.until(call.is_over, within=5.0)


@scenario(settles=["SIP-OFFER-018", "SIP-OFFER-010"], security=SECURED)
def test_two_calls_have_two_keys(testbed: Testbed, client: Client) -> None:
    testbed.knowingly(Role.GATEWAY)
    gateway = testbed.stands_in(Role.GATEWAY)
    for _ in range(2):
        call = client.plays("hello", on=DESK)
        invite = gateway.awaits("INVITE")
        gateway.accepts(invite)
        testbed.until(call.is_connected, within=5.0)
        gateway.asks_within(invite.dialog(), "BYE")
        testbed.until(call.is_over, within=5.0)


@scenario(settles=["SIP-OFFER-004"], security=BOTH)
def test_an_answer_that_refuses_the_stream(testbed: Testbed, client: Client) -> None:
    testbed.knowingly(Role.GATEWAY)
    gateway = testbed.stands_in(Role.GATEWAY)
    call = client.plays("hello", on=DESK)
    invite = gateway.awaits("INVITE")

    closed = worded(gateway.answer(invite), (("m=audio 30000", "m=audio 0"),))
    gateway.accepts(invite, body=closed)

    testbed.until(call.is_over, within=5.0)


@scenario(
    settles=["SIP-OFFER-007", "SIP-OFFER-012", "SIP-OFFER-013", "MED-SDP-002"],
    security=BOTH,
)
def test_a_hold_by_address(testbed: Testbed, client: Client) -> None:
    testbed.knowingly(Role.GATEWAY)
    gateway = testbed.stands_in(Role.GATEWAY)
    call = client.plays("meeting", on=DESK)
    invite = gateway.awaits("INVITE")
    plain = gateway.answer(invite)
    gateway.accepts(invite, body=plain)
    testbed.until(call.is_connected, within=5.0)

    held = f"c=IN IP4 {gateway.seat.host}", "c=IN IP4 0.0.0.0"
    dialog, hold = gateway.asks_within(
        invite.dialog(), "INVITE", body=renewed(worded(plain, (held,)), 1)
    )
    testbed.until(hold.is_answered, within=5.0)
    testbed.lingers(0.4)
    dialog, resumed = gateway.asks_within(dialog, "INVITE", body=renewed(plain, 2))
    testbed.until(resumed.is_answered, within=5.0)
    testbed.lingers(0.4)
    gateway.asks_within(dialog, "BYE")

    testbed.until(call.is_over, within=5.0)


@scenario(settles=["SIP-OFFER-022", "SIP-OFFER-001", "SIP-ACK-001"], security=BOTH)
def test_a_change_to_nothing_known(testbed: Testbed, client: Client) -> None:
    testbed.knowingly(Role.GATEWAY)
    gateway = testbed.stands_in(Role.GATEWAY)
    call = client.plays("meeting", on=DESK)
    invite = gateway.awaits("INVITE")
    plain = gateway.answer(invite, formats=(0,))
    gateway.accepts(invite, body=plain)
    testbed.until(lambda: len(gateway.peer.datagrams) > 3, within=5.0)

    unknown = (
        ("VP 0\r\n", "VP 117\r\na=rtpmap:117 X-NONE/8000\r\n"),
        ("a=rtpmap:0", "a=x:0"),
    )
    dialog, change = gateway.asks_within(
        invite.dialog(), "INVITE", body=renewed(worded(plain, unknown), 1)
    )
    testbed.until(change.is_answered, within=5.0)
    testbed.lingers(0.4)
    gateway.asks_within(dialog, "BYE")

    testbed.until(call.is_over, within=5.0)


def renewed(body: bytes, by: int) -> bytes:
    """The same description as a later edition."""
    lines = body.split(b"\r\n")
    for at, line in enumerate(lines):
        if line.startswith(b"o="):
            words = line.split()
            words[2] = str(int(words[2]) + by).encode()
            lines[at] = b" ".join(words)
    return b"\r\n".join(lines)
