"""Requests against the direction of a connection, where its opener lends it.

RFC 5923 §8 (alias), §9.3 (only for names that were proven).
"""

from typing import Any

import pytest
from testsuites.selftest.pair import SDP, SDP_TYPE, Phone, pair, quiet, talking

from ringback.protocol.happenings import HungUp, Invited
from ringback.protocol.redirect import Target
from ringback.values import Address
from ringback.wire.headers import vias


def links_after_a_bye(**manner: Any) -> int:
    """How many more there are at the caller when the callee has hung up."""
    pipe, a, b, _, there = talking(**manner)
    before = len(a.seat.far)
    b.agent.hang_up(there)
    pipe.run()
    assert a.latest(HungUp).why == "BYE"
    assert quiet(a, b)
    return len(a.seat.far) - before


def test_a_bye_takes_the_connection_of_the_call() -> None:
    assert links_after_a_bye(secured=True) == 0


def test_in_the_clear_nothing_is_lent() -> None:
    """§8.2: without a proven name anybody could claim anybody's address."""
    _, _, b, _, _ = talking()
    assert vias(b.latest(Invited).request)[0].param("alias") is None
    assert links_after_a_bye() == 1


def test_who_does_not_say_alias_is_called_back() -> None:
    pipe, a, b = pair(secured=True)
    pipe.spoil = lambda _, octets: octets.replace(b";alias", b"")
    a.agent.call(b.uri, target=b.target, body=SDP, content_type=SDP_TYPE)
    pipe.run()
    b.agent.answer(b.latest(Invited).call, SDP, SDP_TYPE)
    pipe.run()
    b.agent.hang_up(b.latest(Invited).call)
    pipe.run()
    assert a.latest(HungUp).why == "BYE"
    assert len(a.seat.far) == 2


@pytest.mark.parametrize("proven", [("somebody.else",), ()])
def test_who_has_not_proven_its_name_is_called_back(proven: tuple[str, ...]) -> None:
    pipe, a, b = pair(secured=True)
    a.seat.names = proven
    a.agent.probe(b.uri, b.target)
    pipe.run()
    b.agent.probe(a.uri, a.target)
    pipe.run()
    assert len(a.seat.far) == 2


def test_who_is_not_trusted_lends_nothing() -> None:
    pipe, a, b = pair(secured=True, trusts=lambda _: False)
    a.agent.probe(b.uri, b.target)
    pipe.run()
    assert pipe.words() == ["a OPTIONS", "b 403"]
    b.agent.probe(a.uri, a.target)
    assert len(b.seat.far) == 2


@pytest.mark.parametrize(
    "elsewhere",
    [
        Target(Address("a", 5071), True, "a"),  # another port
        Target(Address("c", 5061), True, "a"),  # maddr
        Target(Address("a", 5061), True, "c"),  # another name at that address
        Target(Address("a", 5061), False, "a"),  # in the clear
    ],
)
def test_only_the_address_in_the_via_is_lent(elsewhere: Target) -> None:
    pipe, a, b = pair(secured=True)
    Phone(pipe, "c", secured=True)
    a.seat.ports = (5061, 5071)
    a.agent.probe(b.uri, b.target)
    pipe.run()
    b.agent.probe(a.uri, elsewhere)
    pipe.run()
    assert len(b.seat.far) == 2


def test_a_new_call_takes_a_lent_connection_too_while_it_stands() -> None:
    pipe, a, b = pair(secured=True)
    a.agent.probe(b.uri, b.target)
    pipe.run()
    b.agent.call(a.uri, target=a.target, body=SDP, content_type=SDP_TYPE)
    pipe.run()
    assert len(b.seat.far) == 1
    pipe.cut("a")
    pipe.run()
    b.agent.probe(a.uri, a.target)
    pipe.run()
    assert len(b.seat.far) == 1
    assert pipe.words()[-1] == "b OPTIONS"
