"""TLS read with nothing but the key log: versions, suites, handshakes, alerts."""

import ssl
from itertools import pairwise

import pytest
from testsuites.selftest.staged import (
    AUTHORITY,
    CLIENT,
    UM,
    Secured,
    Stage,
    tls_contexts,
)

from ringback.evidence.frame import Connection, TlsEvent
from ringback.evidence.reader import Study, study

PING = (
    b"OPTIONS sip:um.ringback.test SIP/2.0\r\nCall-ID: 1\r\nContent-Length: 0\r\n\r\n"
)
PONG = b"SIP/2.0 200 OK\r\nCall-ID: 1\r\nContent-Length: 0\r\n\r\n"
ENDS = (CLIENT, UM)
TWELVE = [
    "ECDHE-ECDSA-AES128-GCM-SHA256",
    "ECDHE-ECDSA-AES256-GCM-SHA384",
    "ECDHE-ECDSA-CHACHA20-POLY1305",
    "ECDHE-ECDSA-AES128-CCM",
    "ECDHE-ECDSA-AES256-CCM8",
    "ECDHE-ECDSA-AES128-SHA",
    "ECDHE-ECDSA-AES256-SHA",
    "ECDHE-ECDSA-AES128-SHA256",
    "ECDHE-ECDSA-AES256-SHA384",
]


def connection_of(seen: Study) -> Connection:
    (connection,) = seen.evidence.connections
    return connection


def events(connection: Connection) -> list[TlsEvent]:
    return [frame.event for frame in connection.tls]


def talked(secured: Secured) -> Study:
    secured.says(PING)
    secured.says(PONG, client=False)
    return study(secured.stage.capture())


def assert_read(seen: Study) -> None:
    assert [bytes(f.sip) for f in seen.evidence.sip] == [PING, PONG]
    assert all(f.secured for f in seen.evidence.sip)
    assert connection_of(seen).readable
    assert connection_of(seen).established
    assert connection_of(seen).clear_octets == 0
    assert not seen.evidence.complaints
    assert not seen.evidence.broken


@pytest.mark.parametrize("mutual", [True, False])
def test_tls_1_3_is_read(mutual: bool) -> None:
    secured = Secured(Stage(), 1, ENDS, mutual=mutual)
    seen = talked(secured)

    assert_read(seen)
    connection = connection_of(seen)
    assert connection.version == "TLSv1.3"
    assert connection.cipher == "TLS_AES_256_GCM_SHA384"
    shown = [f for f in connection.tls if f.event is TlsEvent.CERTIFICATE]
    assert [f.source for f in shown] == ([UM, CLIENT] if mutual else [UM])
    ends = [secured.client, secured.server][: len(shown)]
    leaves = [end.getpeercert(binary_form=True) for end in ends]
    assert [f.certificates[0] for f in shown] == leaves
    assert (TlsEvent.CERTIFICATE_REQUEST in events(connection)) is mutual


@pytest.mark.parametrize("suite", TWELVE)
def test_tls_1_2_is_read_in_every_suite(suite: str) -> None:
    seen = talked(Secured(Stage(), 1, ENDS, version="TLSv1_2", ciphers=suite))

    assert_read(seen)
    assert connection_of(seen).version == "TLSv1.2"
    assert connection_of(seen).cipher.startswith("TLS_ECDHE_ECDSA_WITH_AES") or (
        "CHACHA20" in connection_of(seen).cipher
    )


def test_the_names_of_the_handshake_come_in_order() -> None:
    connection = connection_of(talked(Secured(Stage(), 1, ENDS, version="TLSv1_2")))

    assert [e for e in events(connection) if e is not TlsEvent.OTHER] == [
        TlsEvent.CLIENT_HELLO,
        TlsEvent.SERVER_HELLO,
        TlsEvent.CERTIFICATE,
        TlsEvent.CERTIFICATE_REQUEST,
        TlsEvent.CERTIFICATE,
        TlsEvent.CERTIFICATE_VERIFY,
        TlsEvent.FINISHED,
        TlsEvent.FINISHED,
        TlsEvent.APPLICATION_DATA,
        TlsEvent.APPLICATION_DATA,
    ]
    assert all(a.number <= b.number for a, b in pairwise(connection.tls))
    assert "um.ringback.test" in connection.tls[0].detail


@pytest.mark.parametrize("version", ["TLSv1_2", "TLSv1_3"])
def test_a_resumed_session_is_read(version: str) -> None:
    stage = Stage()
    first = Secured(stage, 1, ENDS, version=version, mutual=False)
    first.says(PING)
    first.says(PONG, client=False)
    again = Secured(
        stage, 2, ENDS, contexts=first.contexts, session=first.client.session
    )
    assert again.client.session_reused
    again.says(PING)

    seen = study(stage.capture())

    assert len(seen.evidence.sip) == 3
    second = seen.evidence.connections[1]
    assert second.established
    assert TlsEvent.CERTIFICATE not in events(second)
    hello = next(f for f in second.tls if f.event is TlsEvent.SERVER_HELLO)
    assert hello.detail == "resumed"


def test_a_hello_retry_is_followed() -> None:
    contexts = tls_contexts()
    contexts[1].set_ecdh_curve("secp384r1")

    seen = talked(Secured(Stage(), 1, ENDS, contexts=contexts))

    assert_read(seen)
    assert "HelloRetryRequest" in [f.detail for f in connection_of(seen).tls]
    assert events(connection_of(seen)).count(TlsEvent.CLIENT_HELLO) == 2


@pytest.mark.parametrize("version", ["TLSv1_2", "TLSv1_3"])
def test_without_secrets_only_what_is_clear_is_told(version: str) -> None:
    secured = Secured(Stage(), 1, ENDS, version=version)
    secured.stage.secrets = b""
    for _ in range(20):
        secured.says(PING)

    seen = study(secured.stage.capture())

    connection = connection_of(seen)
    assert not connection.readable
    assert not seen.evidence.sip
    assert connection.version == version.replace("_", ".")
    assert events(connection).count(TlsEvent.UNREADABLE) <= 2
    unread = [f.detail for f in connection.tls if f.event is TlsEvent.UNREADABLE]
    assert any(int(text.split()[0]) >= 20 for text in unread)
    has_certificates = TlsEvent.CERTIFICATE in events(connection)
    assert has_certificates is (version == "TLSv1_2")


def test_a_key_log_may_lie_beside_the_capture() -> None:
    secured = Secured(Stage(), 1, ENDS)
    keylog, secured.stage.secrets = secured.stage.secrets, b""
    secured.says(PING)

    assert len(study(secured.stage.capture(), keylog).evidence.sip) == 1


@pytest.mark.parametrize("version", ["TLSv1_2", "TLSv1_3"])
def test_a_refused_certificate_shows_its_alert(version: str) -> None:
    contexts = tls_contexts(version, mutual=True)
    stranger = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    AUTHORITY.configure_trust(stranger)

    seen = study(_handshaken(stranger, contexts[1]).capture())

    alerts = [f for f in connection_of(seen).tls if f.event is TlsEvent.ALERT]
    expected = (2, 116) if version == "TLSv1_3" else (2, 40)
    assert [f.alert for f in alerts] == [expected]
    assert alerts[0].source == UM
    assert alerts[0].secured is (version == "TLSv1_3")


def test_goodbye_is_an_alert_too() -> None:
    secured = Secured(Stage(), 1, ENDS)
    secured.says(PING)
    with pytest.raises(ssl.SSLWantReadError):
        secured.client.unwrap()
    secured.pump()

    (alert,) = [
        f
        for f in connection_of(study(secured.stage.capture())).tls
        if f.event is TlsEvent.ALERT
    ]
    assert alert.alert == (1, 0)
    assert alert.secured


def test_large_messages_span_records_and_segments() -> None:
    body = b"x" * 100_000
    long = b"MESSAGE sip:a SIP/2.0\r\nContent-Length: 100000\r\n\r\n" + body
    secured = Secured(Stage(), 1, ENDS)
    secured.says(long)

    (frame,) = study(secured.stage.capture()).evidence.sip

    assert frame.sip.body == body


def test_clear_octets_on_a_tls_port_are_counted() -> None:
    stage = Stage()
    stage.opens(1, *ENDS)
    stage.says(1, PING)

    connection = connection_of(study(stage.capture()))

    assert connection.clear_octets == len(PING)
    assert connection.version == ""


def test_a_record_that_was_tampered_with_is_not_read() -> None:
    secured = Secured(Stage(), 1, ENDS)
    secured.stage.says(1, b"\x17\x03\x03\x00\x20" + bytes(32))
    secured.says(PING)

    seen = study(secured.stage.capture())

    assert not connection_of(seen).readable
    assert [bytes(f.sip) for f in seen.evidence.sip] == [PING]


def _handshaken(client: ssl.SSLContext, server: ssl.SSLContext) -> Stage:
    stage = Stage()
    secured = Secured(stage, 1, ENDS, contexts=(client, server))
    with pytest.raises(ssl.SSLError):
        secured.client.read(1)
    return stage
