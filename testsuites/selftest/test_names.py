"""The giver of names: unlike each other, alike for the same seed."""

import uuid

import pytest

from ringback.protocol.names import Names


def test_the_same_seed_gives_the_same_names() -> None:
    one, other = Names("x"), Names("x")
    assert [one.tag(), one.branch()] == [other.tag(), other.branch()]
    assert Names("y").tag() != Names("x").tag()


def test_no_two_names_are_alike() -> None:
    names = Names(1)
    given = [names.tag() for _ in range(1000)]
    assert len(set(given)) == 1000


def test_each_name_has_the_form_of_its_kind() -> None:
    names = Names(1)
    assert names.branch().startswith("z9hG4bK")
    assert names.call_id("a.example").endswith("@a.example")
    assert uuid.UUID(names.guid()).version == 4


@pytest.mark.parametrize("n", [0, 1, 31, 32, 33, 100])
def test_octets_come_in_any_length(n: int) -> None:
    assert len(Names(1).octets(n)) == n


@pytest.mark.parametrize("bits", [1, 7, 8, 16, 31, 64])
def test_a_number_stays_below_its_limit(bits: int) -> None:
    names = Names(1)
    numbers = [names.number(bits) for _ in range(200)]
    assert all(0 <= n < 2**bits for n in numbers)
    assert max(numbers) >= 2 ** (bits - 1)
