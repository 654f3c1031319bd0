"""Real sockets: the same peers, the wall's time, and guests who misbehave."""

import os
import signal
import socket
import time
from collections.abc import Iterator
from itertools import pairwise

import pytest
from testsuites.selftest.scribe import Scribe, dials, echo

from ringback.faults import Misuse, TestbedFault
from ringback.net import loopback
from ringback.net.memory import MemoryNetwork
from ringback.net.network import Network
from ringback.net.sockets import SocketNetwork
from ringback.protocol.world import (
    Alarm,
    Arrived,
    Bind,
    Cast,
    Close,
    Fact,
    Heard,
    Listener,
    Lost,
    Opened,
    Rang,
    Release,
    Started,
    Wish,
    Write,
)
from ringback.values import Address, Role

PORT = 5060
SYN = 2


@pytest.fixture(scope="module")
def number() -> Iterator[int]:
    claimed = loopback.claim()
    yield claimed
    loopback.give_back(claimed)


@pytest.fixture
def um(number: int) -> str:
    return loopback.host(number, Role.UM)


@pytest.fixture
def cas(number: int) -> str:
    return loopback.host(number, Role.CAS)


@pytest.fixture
def network() -> Iterator[SocketNetwork]:
    network = SocketNetwork()
    yield network
    network.close()


@pytest.fixture
def guest(network: SocketNetwork, um: str) -> Iterator[socket.socket]:
    """A plain socket that has connected to an echo."""
    network.seat(echo(), role=Role.UM, host=um)
    with socket.create_connection((um, PORT), timeout=5) as guest:
        yield guest


def test_a_stream_goes_from_the_caller_s_own_address_and_back(
    network: SocketNetwork, um: str, cas: str
) -> None:
    client = dials(Address(um, PORT), Write("a", b"hello"))
    server = echo()

    network.seat(server, role=Role.UM, host=um)
    network.seat(client, role=Role.CAS, host=cas)
    assert network.until(lambda: client.heard == b"hello", within=5)

    opened = next(f for f in server.told if isinstance(f, Opened))
    assert opened.remote.host == cas
    assert opened.accepted


def test_both_networks_show_the_peers_the_same(
    network: SocketNetwork, um: str, cas: str
) -> None:
    memory = MemoryNetwork()

    assert played_on(network, um, cas) == played_on(memory, um, cas)


def played_on(network: Network, um: str, cas: str) -> tuple[bytes, bytes]:
    """What the server heard, and what octets the capture shows."""
    client = dials(Address(um, PORT), Write("a", b"1"), Write("a", b"2"))
    server = echo()
    network.seat(server, role=Role.UM, host=um)
    seat = network.seat(client, role=Role.CAS, host=cas)
    assert network.until(lambda: client.heard == b"12", within=5)
    network.give(seat, (Close("a"),))
    assert network.settle(within=5)
    segments = [p.octets for p in network.end_scenario() if not p.octets[47] & SYN]
    kinds = [type(f) for f in server.told if not isinstance(f, Arrived)]
    assert kinds == [Started, Opened, Lost]
    return server.heard, bytes(sorted(b"".join(s[54:] for s in segments)))


def test_megabytes_cross_whole(network: SocketNetwork, um: str, cas: str) -> None:
    much = bytes(range(256)) * 8000
    client = dials(Address(um, PORT), Write("a", much))
    server = Scribe(listeners=(Listener(PORT),))

    network.seat(server, role=Role.UM, host=um)
    seat = network.seat(client, role=Role.CAS, host=cas)
    assert network.until(lambda: client.saw(Opened), within=5)
    network.give(seat, (Close("a"),))
    assert network.until(lambda: server.saw(Lost), within=5)

    assert server.heard == much


def test_where_nobody_listens_the_connection_is_refused(
    network: SocketNetwork, um: str, cas: str
) -> None:
    client = dials(Address(um, 9))

    network.seat(client, role=Role.CAS, host=cas)
    assert network.settle(within=5)

    assert client.told[1:] == [Lost("a", "connection refused")]


def test_a_port_in_use_is_named_with_its_holder(
    network: SocketNetwork, um: str
) -> None:
    with socket.create_server((um, PORT)), pytest.raises(Misuse) as caught:
        network.seat(echo(), role=Role.UM, host=um)

    assert f"{um}:5060 (tcp)" in str(caught.value)
    assert f"process {os.getpid()}" in str(caught.value)


def test_alarms_do_not_drift(network: SocketNetwork, um: str) -> None:
    peer = Scribe(lambda f: (Alarm("t", 0.02),) if isinstance(f, Rang) else ())
    seat = network.seat(peer, role=Role.UM, host=um)

    network.give(seat, (Alarm("t", 0.02),))
    assert network.until(lambda: len(peer.told) > 6, within=5)

    rang = [f.now for f in peer.told if isinstance(f, Rang)]
    gaps = [b - a for a, b in pairwise(rang)]
    assert gaps == pytest.approx([0.02] * len(gaps), abs=1e-9)


def test_datagrams_travel_between_bound_ports(
    network: SocketNetwork, um: str, cas: str
) -> None:
    far = Scribe()
    a = network.seat(Scribe(), role=Role.UM, host=um)
    b = network.seat(far, role=Role.CAS, host=cas)

    network.give(b, (Bind(7000),))
    network.give(a, (Bind(6000), Cast(6000, Address(cas, 7000), b"rtp")))
    assert network.until(lambda: far.saw(Heard), within=5)

    assert far.told[-1] == Heard(7000, Address(um, 6000), b"rtp")
    assert len(network.end_scenario()) == 1


def test_a_datagram_from_outside_is_in_the_capture(
    network: SocketNetwork, um: str, cas: str
) -> None:
    peer = Scribe()
    seat = network.seat(peer, role=Role.UM, host=um)
    network.give(seat, (Bind(6000),))

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as outside:
        outside.bind((cas, 0))
        outside.sendto(b"x", (um, 6000))
        assert network.until(lambda: peer.saw(Heard), within=5)

    assert len(network.end_scenario()) == 1


def test_a_guest_gets_both_directions_taken_down(
    network: SocketNetwork, guest: socket.socket
) -> None:
    guest.sendall(b"ping")
    network.until(lambda: b"ping" in repr(network.tap).encode(), within=5)
    assert guest.recv(9) == b"ping"

    carried = [p.octets for p in network.end_scenario() if p.octets.endswith(b"ping")]
    assert len(carried) == 2


def test_a_guest_who_resets_costs_only_its_connection(
    network: SocketNetwork, guest: socket.socket, um: str, cas: str
) -> None:
    network.until(lambda: bool(network._wires), within=5)
    guest.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    guest.close()
    client = dials(Address(um, PORT), Write("a", b"still here"))

    network.seat(client, role=Role.CAS, host=cas)

    assert network.until(lambda: client.heard == b"still here", within=5)


def test_a_listener_turns_away_who_is_too_many(um: str) -> None:
    network = SocketNetwork(most=1)
    network.seat(echo(), role=Role.UM, host=um)
    with (
        socket.create_connection((um, PORT), timeout=5),
        socket.create_connection((um, PORT), timeout=5) as second,
    ):
        assert network.until(lambda: bool(network.trace), within=5)
        assert second.recv(1) == b""
    network.close()

    assert "turned away" in network.trace[0][2]


def test_what_a_peer_raises_comes_out_where_one_waits(
    network: SocketNetwork, guest: socket.socket
) -> None:
    def stumbles(fact: Fact) -> tuple[Wish, ...]:
        raise ZeroDivisionError(str(fact))

    network._seated[0].peer.answers = stumbles  # type: ignore[attr-defined]
    guest.sendall(b"x")

    with pytest.raises(TestbedFault, match="ZeroDivisionError"):
        network.until(lambda: False, within=5)


def test_who_serves_goes_on_until_the_signal(network: SocketNetwork, um: str) -> None:
    def answers(fact: Fact) -> tuple[Wish, ...]:
        if isinstance(fact, Rang):
            signal.raise_signal(signal.SIGTERM)
        if isinstance(fact, Started):
            return (Alarm("end", 0.05),)
        return ()

    network.seat(Scribe(answers), role=Role.UM, host=um)

    assert network.run(signal.SIGTERM, signal.SIGINT) is signal.SIGTERM


def test_networks_are_claimed_once(number: int) -> None:
    other = loopback.claim()
    loopback.give_back(other)

    assert other != number


def test_without_a_recorder_no_datagram_is_taken_down_twice(
    network: SocketNetwork, um: str, cas: str
) -> None:
    speaker, listener = Scribe(), Scribe()
    speaking = network.seat(speaker, role=Role.UM, host=um)
    listening = network.seat(listener, role=Role.CAS, host=cas)
    network.begin_scenario("last words")
    network.give(listening, [Bind(40000)])

    words = Cast(20000, Address(cas, 40000), b"x")
    last_words: list[Wish] = [Bind(20000), words, Release(20000)]
    network.give(speaking, last_words)

    assert network.until(lambda: listener.saw(Heard), within=5.0)
    assert len(network.end_scenario()) == 1


def test_it_is_told_for_how_long_the_machine_stood_still(
    network: SocketNetwork,
) -> None:
    """Whoever holds up the loop holds up all peers."""
    network.begin_scenario("much to do")
    work = iter([0.0, 0.06])

    def met() -> bool:
        end = time.monotonic() + next(work, 0.0)
        while time.monotonic() < end:
            pass
        return False

    assert not network.until(met, within=0.15)
    assert network.stood_still() > 0.02

    network.begin_scenario("another")
    assert network.stood_still() == 0.0
    assert MemoryNetwork().stood_still() == 0.0
