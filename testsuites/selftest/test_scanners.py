"""sipvicious finds who can be found, through a bridge too; so its silence counts."""

from collections.abc import Iterator

import pytest
from testsuites.selftest.scribe import Scribe

from ringback.net import loopback, scan
from ringback.net.scan import Found, Scan, rows
from ringback.net.sockets import SocketNetwork
from ringback.peers.bridge import Bridge
from ringback.protocol.world import (
    Arrived,
    Bind,
    Cast,
    Connect,
    Fact,
    Heard,
    Listener,
    Lost,
    Started,
    Wish,
    Write,
)
from ringback.values import Address, Role
from ringback.wire.headers import name_addr
from ringback.wire.message import Field, Message

PORT = 5060
KNOWN = "50123"
TABLE = """
+-----------+----------------+
| Extension | Authentication |
+===========+================+
| 50123     | reqauth        |
+-----------+----------------+
"""
ASKED = (
    b"OPTIONS sip:50121@x SIP/2.0\r\nVia: SIP/2.0/UDP x:5080;branch=z9hG4bK-1;rport\r\n"
    b"Content-Length: 0\r\n\r\n"
)


@pytest.fixture
def number() -> Iterator[int]:
    claimed = loopback.claim()
    yield claimed
    loopback.give_back(claimed)


@pytest.fixture
def network() -> Iterator[SocketNetwork]:
    network = SocketNetwork()
    yield network
    network.close()


def answer(octets: bytes) -> bytes:
    """As a server that tells extensions apart."""
    asked = Message.parse(octets)
    known = f"sip:{KNOWN}@" in str(name_addr(asked.first("to")).uri)
    start = b"SIP/2.0 401 Unauthorized" if known else b"SIP/2.0 404 Not Found"
    kept = ("via", "from", "to", "call-id", "cseq")
    fields = tuple(f for f in asked.fields if f.name in kept)
    more = (
        Field.of("WWW-Authenticate", 'Digest realm="x", nonce="1"'),
        Field.of("User-Agent", "talkative"),
        Field.of("Content-Length", "0"),
    )
    return bytes(Message(start, (*fields, *more)))


def talkative() -> Scribe:
    """Answers whoever asks, by UDP and by TCP."""

    def answers(fact: Fact) -> tuple[Wish, ...]:
        match fact:
            case Started():
                return (Bind(PORT),)
            case Heard(port, source, octets):
                return (Cast(port, source, answer(octets)),)
            case Arrived(link, octets):
                return (Write(link, answer(octets)),)
        return ()

    return Scribe(answers, (Listener(PORT),))


def ended(network: SocketNetwork, running: Scan) -> tuple[Found, ...]:
    assert network.until(running.is_over, within=20)
    return running.found()


def test_a_table_is_read_without_its_head() -> None:
    assert rows(TABLE) == (Found("50123", "reqauth"),)
    assert rows("") == ()


def test_svmap_finds_a_server_on_udp(network: SocketNetwork, number: int) -> None:
    um = loopback.host(number, Role.UM)
    server = talkative()
    network.seat(server, role=Role.UM, host=um)

    found = ended(network, scan.for_servers(f"127.0.{number}.99", [um], [PORT]))

    assert [one.what for one in found] == [f"{um}:{PORT}"]
    heard = next(f for f in server.told if isinstance(f, Heard))
    assert heard.source.host == f"127.0.{number}.99"


@pytest.mark.parametrize("method", ["REGISTER", "OPTIONS"])
def test_svwar_finds_an_extension_through_the_bridge(
    network: SocketNetwork, number: int, method: str
) -> None:
    um, here = loopback.host(number, Role.UM), f"127.0.{number}.99"
    server = talkative()
    network.seat(server, role=Role.UM, host=um)
    bridge = Bridge(5090, Address(um, PORT))
    network.seat(bridge, role=None, host=here, label="bridge")

    place = Address(here, 5090)
    found = ended(network, scan.for_extensions(here, place, "50122-50124", method))

    assert [one.what for one in found] == [KNOWN]
    assert b"SIP/2.0/TCP" in server.heard
    assert not any(isinstance(fact, Heard) for fact in server.told)


def test_each_visitor_crosses_on_a_stream_of_his_own() -> None:
    bridge = Bridge(5090, Address("um", 5061), name="um.ringback.test")
    one, other = Address("127.0.9.99", 5080), Address("127.0.9.98", 5080)

    opened = bridge.on(Heard(5090, one, ASKED))
    again = bridge.on(Heard(5090, one, ASKED))
    elsewhere = bridge.on(Heard(5090, other, ASKED))

    assert isinstance(opened[0], Connect)
    assert opened[0].secured
    assert [type(w) for w in (*again, *elsewhere)] == [Write, Connect, Write]
    said = next(w for w in opened if isinstance(w, Write))
    assert b"Via: SIP/2.0/TLS x:5080;branch=z9hG4bK-bridged-1;rport" in said.octets


def test_what_comes_back_is_as_if_there_were_no_bridge() -> None:
    bridge = Bridge(5090, Address("um", 5060))
    visitor = Address("127.0.9.99", 5080)
    first, said = bridge.on(Heard(5090, visitor, ASKED))
    assert isinstance(first, Connect)
    assert isinstance(said, Write)

    octets = said.octets.replace(b"OPTIONS sip:50121@x SIP/2.0", b"SIP/2.0 200 OK", 1)
    early = bridge.on(Arrived(first.link, octets[:30]))
    (back,) = bridge.on(Arrived(first.link, octets[30:]))

    assert early == ()
    assert isinstance(back, Cast)
    assert back.target == visitor
    assert b"Via: SIP/2.0/UDP x:5080;branch=z9hG4bK-1;rport" in back.octets


def test_a_stream_that_was_lost_is_opened_anew() -> None:
    bridge = Bridge(5090, Address("um", 5060))
    visitor = Address("127.0.9.99", 5080)
    first = bridge.on(Heard(5090, visitor, ASKED))[0]
    assert isinstance(first, Connect)

    assert bridge.on(Lost(first.link, "closed")) == ()

    assert isinstance(bridge.on(Heard(5090, visitor, ASKED))[0], Connect)
    assert bridge.on(Arrived(first.link, b"late")) == ()
