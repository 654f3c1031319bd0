"""The memory network: deterministic order, virtual time, streams, datagrams, TLS."""

from typing import get_args

import pytest
from testsuites.selftest.scribe import Scribe, dials, echo

from ringback.faults import Misuse
from ringback.net.memory import MemoryNetwork
from ringback.net.resolver import Resolver
from ringback.protocol.world import (
    Alarm,
    Arrived,
    Bind,
    Cast,
    Close,
    Connect,
    Fetch,
    Fetched,
    Heard,
    Hush,
    Lost,
    Opened,
    Rang,
    Release,
    Started,
    Store,
    Trace,
    Wish,
    Write,
)
from ringback.values import Address, Role

SERVER = Address("127.0.9.30", 5060)


def played(server: Scribe, client: Scribe, **knobs: float) -> MemoryNetwork:
    network = MemoryNetwork(epoch=0, **knobs)  # type: ignore[arg-type]
    network.seat(server, role=Role.UM, host=SERVER.host)
    network.seat(client, role=Role.CAS, host="127.0.9.20")
    assert network.settle(within=60)
    return network


def test_what_is_written_before_the_link_stands_waits_for_it() -> None:
    client = dials(SERVER, Write("a", b"early"))

    played(echo(), client)

    assert isinstance(client.told[1], Opened)
    assert client.heard == b"early"


def test_octets_arrive_in_order_one_hop_later() -> None:
    client = dials(SERVER, *(Write("a", bytes([n])) for n in range(5)))

    network = played(echo(), client)

    assert client.heard == bytes(range(5))
    assert network.now == pytest.approx(0.004)  # SYN, SYN-ACK, there and back


def test_the_reading_knob_cuts_what_arrives() -> None:
    client = dials(SERVER, Write("a", b"abcdefg"))

    played(echo(), client, cut=3)

    assert [f.octets for f in client.told if isinstance(f, Arrived)] == [
        b"abc",
        b"def",
        b"g",
    ]


def test_where_nobody_listens_the_connection_is_refused() -> None:
    client = dials(Address(SERVER.host, 9))

    network = played(echo(), client)

    assert client.told[1:] == [Lost("a", "connection refused")]
    assert [(role, text) for _, role, text in network.trace] == [
        (Role.CAS, "a: connection refused")
    ]


def test_an_unknown_name_is_lost_and_a_given_one_is_found() -> None:
    client = Scribe(
        lambda f: (
            (
                Connect("a", Address("um.ringback.test", 5060)),
                Connect("b", Address("x.test", 1)),
            )
            if f == Started()
            else ()
        )
    )
    network = MemoryNetwork(Resolver({"UM.ringback.test": SERVER.host}))
    network.seat(echo(), role=Role.UM, host=SERVER.host)
    network.seat(client, role=Role.CAS, host="127.0.9.20")

    network.settle(within=1)

    assert Lost("b", "cannot resolve x.test: nobody said where it is") in client.told
    assert any(isinstance(f, Opened) and f.link == "a" for f in client.told)


def test_who_closes_hears_no_more_and_the_other_hears_that_it_is_lost() -> None:
    server = echo()
    client = dials(SERVER, Write("a", b"x"))
    client.answers = lambda f: (
        (Connect("a", SERVER), Write("a", b"x"))
        if f == Started()
        else (Close("a"),)
        if isinstance(f, Opened)
        else ()
    )

    played(server, client)

    assert server.heard == b"x"
    assert isinstance(server.told[-1], Lost)
    assert server.told[-1].reason == "closed by the other side"
    assert [type(f) for f in client.told] == [Started, Opened]


def test_an_alarm_rings_when_due_and_moves_when_set_again() -> None:
    peer = Scribe()
    network = MemoryNetwork()
    seat = network.seat(peer, role=Role.UM, host=SERVER.host)

    network.give(seat, (Alarm("a", 1.0), Alarm("b", 2.0), Alarm("a", 3.0), Hush("c")))
    assert network.until(lambda: len(peer.told) == 3, within=5)

    assert peer.told[1:] == [Rang("b", 2.0), Rang("a", 3.0)]


def test_hushed_alarms_do_not_move_the_clock() -> None:
    network = MemoryNetwork()
    seat = network.seat(Scribe(), role=Role.UM, host=SERVER.host)
    network.give(seat, (Alarm("a", 32.0), Alarm("b", 1.0), Hush("a")))

    assert network.settle(within=100)

    assert network.now == 1.0


def test_waiting_in_vain_ends_with_the_time_and_moves_the_clock() -> None:
    network = MemoryNetwork()

    assert not network.until(lambda: False, within=7)

    assert network.now == 7.0


def test_datagrams_reach_bound_ports_and_vanish_elsewhere() -> None:
    near, far = Scribe(), Scribe()
    network = MemoryNetwork()
    a = network.seat(near, role=Role.UM, host="127.0.9.30")
    b = network.seat(far, role=Role.PHONE, host="127.0.9.50")
    network.give(b, (Bind(7000),))
    to_far = Address("127.0.9.50", 7000)

    network.give(a, (Bind(6000), Cast(6000, to_far, b"1")))
    network.settle(within=1)
    network.give(b, (Release(7000),))
    network.give(a, (Cast(6000, to_far, b"2"), Release(6000)))
    network.settle(within=1)

    assert far.told[1:] == [Heard(7000, Address("127.0.9.30", 6000), b"1")]
    assert len(network.end_scenario()) == 2


class Drawer:
    """A store that gives a question back and keeps what it is handed."""

    def __init__(self, kept: list[object]) -> None:
        self._kept = kept

    def answer(self, question: object) -> object:
        return question, 1

    def keep(self, record: object) -> None:
        self._kept.append(record)


def test_a_question_to_the_store_is_answered_and_a_record_kept() -> None:
    kept: list[object] = []
    peer = Scribe(
        lambda f: (Fetch("k", 20), Store("r"), Trace("t")) if f == Started() else ()
    )
    network = MemoryNetwork()
    network.seat(
        peer,
        role=Role.UM,
        host=SERVER.host,
        store=Drawer(kept),
    )

    network.settle(within=1)

    assert peer.told[1:] == [Fetched("k", (20, 1))]
    assert kept == ["r"]
    assert network.trace == [(0.0, Role.UM, "t")]


def test_a_port_is_taken_once() -> None:
    network = MemoryNetwork()
    network.seat(echo(), role=Role.UM, host=SERVER.host, label="um.ringback.test")

    with pytest.raises(Misuse, match=r"127\.0\.9\.30:5060 is taken by um"):
        network.seat(echo(), role=Role.UM, host=SERVER.host)


def test_who_left_the_table_is_told_no_more_and_leaves_the_port() -> None:
    server, client = echo(), dials(SERVER)
    network = played(server, client)

    network.unseat(next(s for s in network._seated if s.role is Role.UM))
    network.settle(within=1)

    assert isinstance(client.told[-1], Lost)
    assert [type(f) for f in server.told] == [Started, Opened]
    assert [s.role for s in network.seats()] == [Role.UM, Role.CAS]
    network.seat(echo(), role=Role.UM, host=SERVER.host)


def test_the_same_play_gives_the_same_packets() -> None:
    captures = []
    for _ in range(2):
        client = dials(SERVER, Write("a", b"hello"))
        captures.append(played(echo(), client).end_scenario())

    assert captures[0] == captures[1]
    assert len(captures[0]) == 5  # three of the handshake, there, back


def test_what_is_left_open_is_reported_at_the_end() -> None:
    network = MemoryNetwork()
    seat = network.seat(Scribe(), role=Role.UM, host=SERVER.host, what="worker")
    network.give(seat, (Bind(6000),))

    assert network.close() == ("um worker: port 6000 still bound",)


def test_every_kind_of_wish_is_fulfilled() -> None:
    assert set(MemoryNetwork(epoch=0)._deeds) == set(get_args(Wish))
