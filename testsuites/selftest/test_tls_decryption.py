"""TLS read with nothing but the key log: versions, suites, handshakes, alerts."""

import shutil
import socket
import ssl
import subprocess
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand
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
from ringback.evidence.tls_keys import Opener13, suite_of

PING = (
    b"OPTIONS sip:um.ringback.test SIP/2.0\r\nCall-ID: 1\r\nContent-Length: 0\r\n\r\n"
)
PONG = b"SIP/2.0 200 OK\r\nCall-ID: 1\r\nContent-Length: 0\r\n\r\n"
ENDS = (CLIENT, UM)
NO_ENCRYPT_THEN_MAC = 1 << 19  # of OpenSSL; Python has no name for it
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


@pytest.mark.parametrize("suite", [s for s in TWELVE if "-SHA" in s and "G" not in s])
def test_a_mac_inside_the_encryption_is_read_too(suite: str) -> None:
    contexts = tls_contexts("TLSv1_2", suite)
    contexts[0].options |= NO_ENCRYPT_THEN_MAC

    assert_read(talked(Secured(Stage(), 1, ENDS, contexts=contexts)))


@pytest.mark.skipif(not shutil.which("openssl"), reason="no openssl here")
def test_keys_that_are_updated_are_followed(tmp_path: Path) -> None:
    """Python cannot ask for new keys; OpenSSL's own client can, with a K."""
    stage, log = Stage(), tmp_path / "keys"
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        command = ["openssl", "s_client", "-connect", f"127.0.0.1:{port}"]
        options = ["-quiet", "-no_ign_eof", "-keylogfile", str(log)]
        client = subprocess.Popen(
            [*command, *options],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        with client, listener.accept()[0] as stream:
            _talks_with_updates(_Server(stage, stream), client)
    stage.secrets = log.read_bytes()

    seen = study(stage.capture())

    assert connection_of(seen).readable
    assert [f.detail for f in connection_of(seen).tls].count("KeyUpdate") == 4
    assert seen.plaintext.streams[ENDS] == b"one\ntwo\nthree\n"
    assert seen.plaintext.streams[ENDS[::-1]] == b"four\n"


def test_padding_behind_the_type_is_no_content() -> None:
    """RFC 8446 §5.4; the keys are derived here with another HKDF."""
    secret = bytes(range(32))

    def derived(label: bytes, size: int) -> bytes:
        info = bytes([0, size, 6 + len(label)]) + b"tls13 " + label + b"\0"
        return HKDFExpand(SHA256(), size, info).derive(secret)

    inner = b"hello\0" + b"\x17" + bytes(40)
    header = b"\x17\x03\x03" + (len(inner) + 16).to_bytes(2, "big")
    sealed = AESGCM(derived(b"key", 16)).encrypt(derived(b"iv", 12), inner, header)

    opener = Opener13(suite_of(0x1301), secret)

    assert opener.open(0x17, 0x0303, sealed) == (0x17, b"hello\0")


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


class _Server:
    """The server's end of a real stream, taken down on a stage."""

    def __init__(self, stage: Stage, stream: socket.socket) -> None:
        self.stage, self.stream = stage, stream
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        _, context = tls_contexts(mutual=False)
        self.tls = context.wrap_bio(self.incoming, self.outgoing, server_side=True)
        stage.opens(1, *ENDS)

    def until(self, deed: Callable[[], object]) -> None:
        """Carries octets until the deed is done."""
        while True:
            try:
                deed()
            except ssl.SSLWantReadError:
                self._carry()
                octets = self.stream.recv(1 << 16)
                self.stage.says(1, octets)
                self.incoming.write(octets)
            else:
                self._carry()
                return

    def _carry(self) -> None:
        octets = self.outgoing.read()
        if octets:
            self.stage.says(1, octets, client=False)
            self.stream.sendall(octets)


def _talks_with_updates(server: _Server, client: subprocess.Popen[bytes]) -> None:
    """Three lines; between them the client asks both sides for new keys."""
    assert client.stdin is not None
    assert client.stderr is not None
    server.until(server.tls.do_handshake)
    for word in (b"one\n", b"K\n", b"two\n", b"K\n", b"three\n"):
        client.stdin.write(word)
        client.stdin.flush()
        if word == b"K\n":
            while b"KEYUPDATE" not in client.stderr.readline():
                pass
        else:
            server.until(lambda: server.tls.read(100))
    server.until(lambda: server.tls.write(b"four\n"))
    client.stdin.close()


def _handshaken(client: ssl.SSLContext, server: ssl.SSLContext) -> Stage:
    stage = Stage()
    secured = Secured(stage, 1, ENDS, contexts=(client, server))
    with pytest.raises(ssl.SSLError):
        secured.client.read(1)
    return stage
