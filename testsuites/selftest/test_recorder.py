"""The recorder: everything between two fences, nothing else, and no false blame."""

import os
import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from testsuites.selftest.scribe import Scribe, dials, echo

from ringback.evidence.packets import CapturedPacket
from ringback.faults import Misuse, TestbedFault
from ringback.net import loopback, recorder
from ringback.net.recorder import Recorder
from ringback.net.sockets import SocketNetwork
from ringback.protocol.world import Bind, Cast, Listener, Write
from ringback.values import Address, Role

pytestmark = pytest.mark.skipif(
    bool(recorder.rights()), reason="recording needs: " + recorder.rights()
)


@pytest.fixture(scope="module")
def number() -> Iterator[int]:
    claimed = loopback.claim()
    yield claimed
    loopback.give_back(claimed)


@pytest.fixture
def recording(number: int) -> Iterator[Recorder]:
    running = Recorder(number)
    yield running
    running.close()


def throws(number: int, *datagrams: bytes, to: str = "") -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
        out.bind((f"127.0.{number}.5", 0))
        for octets in datagrams:
            out.sendto(octets, (to or f"127.0.{number}.6", 7000))


def said(packets: list[CapturedPacket]) -> list[bytes]:
    return [packet.octets[42:] for packet in packets]


def test_a_cut_gives_all_that_was_sent_before_it_and_once(
    recording: Recorder, number: int
) -> None:
    throws(number, b"1", b"2")
    first = said(recording.cut())
    throws(number, b"3")

    assert first == [b"1", b"2"]
    assert said(recording.cut()) == [b"3"]
    assert said(recording.cut()) == []


def test_thousands_of_packets_are_all_there(recording: Recorder, number: int) -> None:
    datagrams = [b"%6d" % n + bytes(166) for n in range(3000)]

    throws(number, *datagrams)

    assert said(recording.cut()) == datagrams
    assert recording.close() == 0


def test_a_fence_costs_no_quarter_of_a_second(recording: Recorder) -> None:
    took = []
    for _ in range(5):
        began = time.monotonic()
        recording.cut()
        took.append(time.monotonic() - began)

    assert min(took) < 0.1


def test_other_networks_are_not_seen(recording: Recorder, number: int) -> None:
    other = loopback.claim()
    throws(other, b"theirs")
    loopback.give_back(other)

    assert recording.cut() == []


def test_the_host_of_an_outside_peer_is_seen(number: int) -> None:
    recording = Recorder(number, ["127.200.0.1"])
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
        out.bind(("127.0.0.1", 0))
        out.sendto(b"outside", ("127.200.0.1", 7000))
    found = said(recording.cut())
    recording.close()

    assert found == [b"outside"]


def test_a_dead_recorder_is_our_own_fault(recording: Recorder) -> None:
    os.kill(recording._process.pid, signal.SIGKILL)
    recording._process.wait()

    with pytest.raises(TestbedFault, match="the recorder died"):
        recording.cut()


def test_what_is_missing_is_said_with_the_remedy(tmp_path: Path, number: int) -> None:
    assert recorder.rights("no-such-dumpcap") == "apt-get install tshark"
    forbidden = tmp_path / "dumpcap"
    forbidden.write_text("#!/bin/sh\nexit 2\n")
    forbidden.chmod(0o755)

    assert recorder.rights(str(forbidden)).startswith("setcap cap_net_raw")
    with pytest.raises(Misuse, match="cannot record: setcap"):
        Recorder(number, program=str(forbidden))


def test_the_network_s_capture_is_what_the_wire_carried(
    recording: Recorder, number: int
) -> None:
    network = SocketNetwork(recorder=recording)
    um, cas = loopback.host(number, Role.UM), loopback.host(number, Role.CAS)
    network.begin_scenario("x")
    client = dials(Address(um, 5060), Write("a", b"hello"))
    network.seat(echo(Listener(5060)), role=Role.UM, host=um)
    seat = network.seat(client, role=Role.CAS, host=cas)
    network.give(seat, (Bind(6000), Cast(6000, Address(um, 6000), b"rtp")))
    network.until(lambda: client.heard == b"hello", within=5)

    packets = network.end_scenario()
    network.close()

    octets = [packet.octets for packet in packets]
    assert network.captured == "wire"
    assert sum(o.endswith(b"hello") for o in octets) == 2
    assert sum(o.endswith(b"rtp") for o in octets) == 1


def test_a_recorder_that_dies_stops_the_wait(recording: Recorder, number: int) -> None:
    network = SocketNetwork(recorder=recording)
    network.seat(Scribe(), role=Role.UM, host=loopback.host(number, Role.UM))
    os.kill(recording._process.pid, signal.SIGKILL)

    with pytest.raises(TestbedFault, match="the recorder died"):
        network.until(lambda: False, within=5)
    network.close()
