"""TLS links: who is let in, who is told what, and what the wire shows of it."""

import select
import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace
from testsuites.selftest.scribe import Scribe, echo

from ringback.faults import Misuse
from ringback.net import loopback
from ringback.net.authority import Authority
from ringback.net.identity import Identity
from ringback.net.memory import MemoryNetwork
from ringback.net.network import Network
from ringback.net.sockets import SocketNetwork
from ringback.protocol.world import (
    Arrived,
    Close,
    Connect,
    Listener,
    Lost,
    Opened,
    Started,
    Write,
)
from ringback.values import Address, Role

PORT, CLEAR, WEB = 5061, 5060, 443
UM, CAS = "um.ringback.test", "cas.ringback.test"
PAST = datetime.now(UTC) - timedelta(days=1)
FUTURE = datetime.now(UTC) + timedelta(days=1)


def um_echo() -> Scribe:
    return echo(Listener(PORT, True, True), Listener(CLEAR), Listener(WEB, True))


@dataclass
class Scene:
    """A server and a client on one network; ``number`` is its loopback /24."""

    network: Network
    number: int
    authority: Authority
    server: Scribe = field(default_factory=um_echo)
    client: Scribe = field(default_factory=Scribe)

    @property
    def um(self) -> Address:
        return Address(loopback.host(self.number, Role.UM), PORT)

    def plays(
        self, *, um: Identity, cas: Identity | None, port: int = PORT, name: str = UM
    ) -> None:
        """The client connects and says hello; both are heard out."""
        connect = Connect("a", replace(self.um, port=port), port != CLEAR, name)
        hello = Write("a", b"INVITE")
        self.client.answers = lambda f: (connect, hello) if f == Started() else ()
        self.network.seat(self.server, role=Role.UM, host=self.um.host, identity=um)
        host = loopback.host(self.number, Role.CAS)
        seat = self.network.seat(
            self.client, role=Role.CAS, host=host, identity=cas, label="cas"
        )
        self.network.until(
            lambda: self.client.heard == b"INVITE" or self.client.saw(Lost), 5
        )
        self.network.give(seat, (Close("a"),))
        self.network.settle(5)

    @property
    def trouble(self) -> str:
        """What the server had against it."""
        lines = [t for _, role, t in self.network.trace if role is Role.UM]
        return next(iter(lines), "")


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority()


@pytest.fixture(scope="module")
def number() -> Iterator[int]:
    claimed = loopback.claim()
    yield claimed
    loopback.give_back(claimed)


@pytest.fixture(params=[MemoryNetwork, SocketNetwork], ids=["memory", "sockets"])
def scene(
    request: pytest.FixtureRequest, number: int, authority: Authority
) -> Iterator[Scene]:
    network: Network = request.param()
    yield Scene(network, number, authority)
    network.close()


@pytest.fixture(scope="module")
def um(authority: Authority) -> Identity:
    return authority.identity_for(UM, trusted=[CAS])


@pytest.fixture(scope="module")
def cas(authority: Authority) -> Identity:
    return authority.identity_for(CAS, trusted=[UM])


@pytest.mark.parametrize("newest", ["TLSv1.2", "TLSv1.3"])
def test_peers_that_prove_their_names_speak(
    scene: Scene, um: Identity, cas: Identity, newest: str
) -> None:
    scene.plays(um=replace(um, newest=newest), cas=cas)

    opened = next(f for f in scene.server.told if isinstance(f, Opened))
    assert opened.secured
    assert opened.names == (CAS,)
    assert scene.client.heard == b"INVITE"


def test_the_key_log_holds_each_secret_of_these_handshakes_once(
    scene: Scene, um: Identity, cas: Identity
) -> None:
    scene.plays(um=um, cas=cas)

    lines = scene.network.secrets().splitlines()
    assert len(lines) == len(set(lines)) == 5
    assert len({line.split()[1] for line in lines}) == 1
    assert scene.network.secrets() == b""


def refused(scene: Scene, server_says: str, client_hears: str) -> None:
    assert server_says in scene.trouble
    assert client_hears in scene.client.reason
    assert scene.server.heard == b""
    assert not scene.server.saw(Opened)


def test_a_client_without_a_certificate_is_told_so(scene: Scene, um: Identity) -> None:
    scene.plays(um=um, cas=scene.authority.nobody())

    refused(
        scene,
        "UntrustedRemoteCertificate: the other side presented no certificate",
        "LocalCertificateNotFound: the other side sent the alert certificate required",
    )


def test_a_client_of_another_root_is_told_so(scene: Scene, um: Identity) -> None:
    stranger = Authority().issue(CAS)

    scene.plays(um=um, cas=replace(stranger, roots=scene.authority.root))

    refused(scene, "UntrustedRemoteCertificate", "sent the alert unknown ca")


def test_an_expired_client_is_told_so(scene: Scene, um: Identity) -> None:
    scene.plays(um=um, cas=scene.authority.issue(CAS, ends=PAST))

    refused(scene, "CertificateExpired", "sent the alert certificate expired")


def test_a_client_for_other_purposes_is_told_so(scene: Scene, um: Identity) -> None:
    odd = scene.authority.issue(CAS, purposes=("serverAuth",))

    scene.plays(um=um, cas=odd)

    refused(scene, "RemoteCertificateInvalidUsage", "TlsNegotiationFailure")


def test_a_client_with_a_name_that_is_not_trusted_says_nothing_in(
    scene: Scene, um: Identity
) -> None:
    scene.plays(um=um, cas=scene.authority.issue("other.ringback.test"))

    refused(scene, "IncorrectNameInRemoteCertificate", "closed by the other side")


def test_a_revoked_client_says_nothing_in(
    scene: Scene, um: Identity, cas: Identity
) -> None:
    revoked = scene.authority.revoking(cas)

    scene.plays(um=replace(um, revoked=revoked), cas=cas)

    refused(scene, "RemoteCertificateRevoked", "closed by the other side")


ODD_SERVERS = {
    "IncorrectNameInRemoteCertificate": {"alternatives": ("um2.ringback.test",)},
    "CertificateExpired: certificate has expired": {"ends": PAST},
    "CertificateExpired: certificate is not yet valid": {"starts": FUTURE},
    "RemoteCertificateInvalidUsage": {"purposes": ("clientAuth",)},
    "UntrustedRemoteCertificate: self-signed": {"self_signed": True},
}


@pytest.mark.parametrize("reason", ODD_SERVERS)
def test_a_server_with_an_odd_certificate_hears_nothing(
    scene: Scene, cas: Identity, reason: str
) -> None:
    odd = scene.authority.issue(UM, **ODD_SERVERS[reason])  # type: ignore[arg-type]

    scene.plays(um=replace(odd, trusted=frozenset([CAS])), cas=cas)

    assert scene.client.reason.startswith(reason)
    assert scene.server.heard == b""


def test_a_common_name_does_not_stand_in_for_an_alternative_name(
    scene: Scene, cas: Identity
) -> None:
    odd = scene.authority.issue(UM, alternatives=("x.ringback.test",), common_name=UM)

    scene.plays(um=replace(odd, trusted=frozenset([CAS])), cas=cas)

    assert scene.client.reason.startswith("IncorrectName")


def test_a_chain_needs_its_middle(scene: Scene, um: Identity) -> None:
    middle = scene.authority.intermediate()
    whole = scene.authority.issue(CAS, through=middle)
    scene.plays(um=um, cas=whole)

    assert scene.client.heard == b"INVITE"


def test_a_chain_without_its_middle_is_refused(scene: Scene, um: Identity) -> None:
    middle = scene.authority.intermediate()

    scene.plays(um=um, cas=scene.authority.issue(CAS, through=middle, complete=False))

    refused(scene, "UntrustedRemoteCertificate", "sent the alert unknown ca")


def test_the_web_asks_no_certificate_of_its_client(scene: Scene, um: Identity) -> None:
    scene.plays(um=um, cas=scene.authority.nobody(), port=WEB)

    assert scene.client.heard == b"INVITE"


def test_who_has_no_identity_at_all_cannot_speak_tls(
    scene: Scene, um: Identity
) -> None:
    scene.plays(um=um, cas=None)

    assert scene.client.reason.startswith("LocalCertificateNotFound")


def test_a_secured_listener_needs_a_certificate(scene: Scene) -> None:
    with pytest.raises(Misuse, match="needs a certificate"):
        scene.network.seat(um_echo(), role=Role.UM, host=scene.um.host)


def test_tls_to_the_clear_port_is_just_octets_there(
    scene: Scene, um: Identity, cas: Identity
) -> None:
    hello = Connect("a", replace(scene.um, port=CLEAR), True, UM)
    scene.server.answers = lambda f: (Close(f.link),) if isinstance(f, Arrived) else ()
    scene.network.seat(scene.server, role=Role.UM, host=scene.um.host, identity=um)
    seat = scene.network.seat(
        scene.client,
        role=Role.CAS,
        host=loopback.host(scene.number, Role.CAS),
        identity=cas,
    )
    scene.network.give(seat, (hello,))

    assert scene.network.until(lambda: scene.client.saw(Lost), 5)
    assert scene.server.heard[:1] == b"\x16"
    assert scene.client.reason.startswith("RemoteDisconnected")


@pytest.fixture
def guarded(number: int, um: Identity) -> Iterator[tuple[SocketNetwork, Address]]:
    """A secured echo on sockets that gives a handshake a moment."""
    network = SocketNetwork(handshake=0.3)
    host = loopback.host(number, Role.UM)
    network.seat(um_echo(), role=Role.UM, host=host, identity=um)
    yield network, Address(host, PORT)
    network.close()


Guarded = tuple[SocketNetwork, Address]


def visit(guarded: Guarded, octets: bytes) -> bytes:
    """All that comes back until the server closes."""
    network, address = guarded
    with socket.create_connection((address.host, address.port), timeout=5) as guest:
        guest.sendall(octets)
        network.until(lambda: bool(network.trace), within=5)
        back = b""
        while octets := guest.recv(65536):
            back += octets
        return back


def test_clear_octets_to_the_tls_port_get_no_answer_but_an_alert(
    guarded: Guarded,
) -> None:
    back = visit(guarded, b"OPTIONS sip:um.ringback.test SIP/2.0\r\n\r\n")

    assert back[:1] in (b"", b"\x15")
    assert "TlsNegotiationFailure" in guarded[0].trace[0][2]


def test_who_does_not_finish_the_handshake_is_dropped(guarded: Guarded) -> None:
    assert visit(guarded, b"") == b""
    assert "no handshake within 0.3 s" in guarded[0].trace[0][2]


def test_the_alert_is_on_the_wire(guarded: Guarded, authority: Authority) -> None:
    """A client that is not ours reads why it is refused (RFC 8446 §6.2: alert 116)."""
    network, address = guarded
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(cadata=authority.root.decode())
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = context.wrap_bio(incoming, outgoing, server_hostname=UM)
    with socket.create_connection((address.host, address.port), timeout=5) as guest:
        with pytest.raises(ssl.SSLWantReadError):
            client.do_handshake()
        guest.sendall(outgoing.read())
        network.until(lambda: readable(guest), within=5)
        incoming.write(guest.recv(65536))
        client.do_handshake()  # over for a client, before the server has judged
        guest.sendall(outgoing.read())
        network.until(lambda: bool(network.trace), within=5)
        incoming.write(guest.recv(65536))

    with pytest.raises(ssl.SSLError, match="CERTIFICATE_REQUIRED"):
        client.read()


def readable(guest: socket.socket) -> bool:
    return bool(select.select([guest], [], [], 0)[0])


def test_the_environment_has_no_say(
    scene: Scene, um: Identity, monkeypatch: pytest.MonkeyPatch, tmp_path: object
) -> None:
    stranger = Authority()
    monkeypatch.setenv("SSLKEYLOGFILE", f"{tmp_path}/keys")
    monkeypatch.setenv("SSL_CERT_FILE", "/nonexistent")

    scene.plays(um=um, cas=replace(stranger.issue(CAS), roots=scene.authority.root))

    assert "UntrustedRemoteCertificate" in scene.trouble
