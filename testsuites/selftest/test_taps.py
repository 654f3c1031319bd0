"""What our endpoints saw must be what the wire showed, octet by octet."""

from testsuites.selftest.staged import CAS, CLIENT, GATEWAY, UM_CALLS, Secured, Stage

from ringback.evidence.reader import study
from ringback.evidence.taps import MARKER, Plaintext, Tap, agrees
from ringback.values import Address

ENDS = (UM_CALLS, GATEWAY)
MEDIA = (Address("127.0.9.3", 42000), Address("127.0.9.4", 43000))


def wire(stage: Stage) -> Plaintext:
    return study(stage.capture()).plaintext


def said(octets: bytes = b"OPTIONS sip:a SIP/2.0\r\n") -> Stage:
    stage = Stage()
    stage.opens(1, *ENDS)
    stage.says(1, octets)
    return stage


def both(sent: bytes, received: bytes) -> Tap:
    tap = Tap()
    tap.sent(UM_CALLS, GATEWAY, sent)
    tap.received(GATEWAY, UM_CALLS, received)
    return tap


def test_what_agrees_is_not_complained_about() -> None:
    stage = said(b"one two")
    stage.casts(*MEDIA, b"sound")
    stage.casts(*MEDIA, MARKER + b"end")
    tap = both(b"one two", b"one ")
    tap.received(GATEWAY, UM_CALLS, b"two")
    tap.cast(*MEDIA, b"sound")
    tap.cast(*MEDIA, MARKER + b"end")

    assert agrees(tap, wire(stage)) == ()


def test_plaintext_inside_tls_agrees() -> None:
    secured = Secured(Stage(), 1, (CLIENT, CAS))
    secured.says(b"GET / HTTP/1.1\r\n\r\n")
    tap = Tap()
    tap.sent(CLIENT, CAS, b"GET / HTTP/1.1\r\n\r\n")

    assert agrees(tap, wire(secured.stage)) == ()
    secured.stage.secrets = b""
    assert len(agrees(tap, wire(secured.stage))) == 1


def test_an_octet_that_differs_is_named() -> None:
    (complaint,) = agrees(both(b"one Two", b""), wire(said(b"one two")))[:1]

    assert f"{UM_CALLS} -> {GATEWAY}" in complaint
    assert "sent" in complaint
    assert "offset 4" in complaint


def test_octets_that_the_wire_lacks_are_named() -> None:
    complaints = agrees(both(b"one two three", b"one two"), wire(said(b"one two")))

    assert len(complaints) == 1
    assert "offset 7" in complaints[0]


def test_octets_that_nobody_took_are_named() -> None:
    (complaint,) = agrees(both(b"one two", b"one"), wire(said(b"one two")))

    assert "received" in complaint


def test_a_killed_connection_may_lose_its_end() -> None:
    stage = said(b"one two")
    stage.closes(1, client=False, reset=True)

    assert agrees(both(b"one two three", b"one"), wire(stage)) == ()
    assert len(agrees(both(b"one tWo three", b"0ne"), wire(stage))) == 2


def test_who_finished_need_not_read_on() -> None:
    stage = said(b"one")
    stage.closes(1, client=False)
    stage.says(1, b" two")

    assert agrees(both(b"one two", b"one"), wire(stage)) == ()


def test_a_datagram_that_is_missing_is_named() -> None:
    stage = Stage()
    stage.casts(*MEDIA, b"one")
    tap = Tap()
    for octets in (b"one", b"two"):
        tap.cast(*MEDIA, octets)

    (complaint,) = agrees(tap, wire(stage))

    assert "from datagram 1" in complaint
