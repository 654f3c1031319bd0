"""The openssl program renegotiates a session of TLS 1.2, which no client of ours can.

RFC 5246 §7.2.2 (no_renegotiation), RFC 5746 §3.5 and §3.6 (how it would be secure).
"""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from testsuites.selftest.scribe import echo

from ringback.evidence.frame import Connection, TlsEvent
from ringback.evidence.reader import read
from ringback.evidence.writer import Capture
from ringback.net import loopback
from ringback.net.authority import Authority
from ringback.net.identity import Identity
from ringback.net.sockets import SocketNetwork
from ringback.protocol.world import Listener
from ringback.values import Role

PORT = 5061
NO_RENEGOTIATION = (1, 100)  # a warning: the session may go on as it is
AGREED = b"Verify return code"  # what s_client says at the end of a handshake

pytestmark = pytest.mark.skipif(
    shutil.which("openssl") is None, reason="needs openssl: apt-get install openssl"
)


@contextmanager
def renegotiating(target: str, identity: Identity) -> Iterator[subprocess.Popen[bytes]]:
    """s_client on its way to that server; its key goes by memory, not by a file."""
    files = [os.memfd_create(name) for name in ("chain", "key", "roots")]
    for file, octets in zip(
        files, (identity.chain, identity.key, identity.roots), strict=True
    ):
        os.write(file, octets)
    chain, key, roots = (f"/dev/fd/{file}" for file in files)
    words = ("openssl", "s_client", "-tls1_2", "-connect", target, "-msg")
    client = subprocess.Popen(
        (*words, "-cert", chain, "-key", key, "-CAfile", roots),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        pass_fds=files,
    )
    try:
        yield client
    finally:
        client.kill()
        client.communicate()
        for file in files:
            os.close(file)


def played(network: SocketNetwork, host: str) -> str:
    """What s_client said from the moment when it asked for a renegotiation."""
    authority = Authority()
    server = echo(Listener(PORT, secured=True))
    identity = authority.issue("um.ringback.test")
    network.seat(server, role=Role.UM, host=host, identity=identity)
    cas = authority.issue("cas.ringback.test")
    with renegotiating(f"{host}:{PORT}", cas) as client:
        assert client.stdin
        assert client.stdout
        os.set_blocking(client.stdout.fileno(), False)
        said = bytearray()

        def has_said(words: bytes) -> bool:
            assert client.stdout
            said.extend(client.stdout.read() or b"")
            return words in said

        assert network.until(lambda: has_said(AGREED), within=10)
        before = len(said)
        client.stdin.write(b"R\n")
        client.stdin.flush()
        assert network.until(lambda: client.poll() is not None, within=10)
        has_said(b"")
        return said[before:].decode()


def test_a_renegotiation_is_refused_and_said_to_be() -> None:
    number, network = loopback.claim(), SocketNetwork()
    try:
        told = played(network, loopback.host(number, Role.UM))
        packets, secrets = network.end_scenario(), network.secrets()
    finally:
        network.close()
        loopback.give_back(number)

    assert "warning no_renegotiation" in told
    (connection,) = read(bytes(Capture(packets, secrets, None))).connections
    assert alerts_of(connection) == [NO_RENEGOTIATION]
    hellos = [t for t in connection.tls if t.event is TlsEvent.CLIENT_HELLO]
    assert len(hellos) == 2
    assert 0xFF01 in hellos[1].extensions


def alerts_of(connection: Connection) -> list[tuple[int, int] | None]:
    """Those of the server, as our reader decrypts them."""
    alerts = [t for t in connection.tls if t.event is TlsEvent.ALERT]
    return [t.alert for t in alerts if t.source == connection.server]
