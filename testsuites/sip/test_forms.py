"""Requests in every spelling that is right, and one that asks to be stamped."""

from collections.abc import Callable

import pytest
from msgspec.structs import replace

from ringback.suite import Field, Message, Role, Security, Testbed, scenario

CLEAR = [Security.UNSECURED]
BY = {Role.UM: Role.CAS, Role.GATEWAY: Role.UM}  # who asks whom
FORM = [*(f"SIP-FORM-{n:03}" for n in range(6, 13)), "SIP-VIA-006"]
Spelling = Callable[[Message], Message]


def spelled(change: Callable[[bytes], bytes]) -> Spelling:
    """Every field with other octets."""
    return lambda m: replace(m, fields=tuple(Field(change(f.octets)) for f in m.fields))


def compact(octets: bytes) -> bytes:
    for long, short in ((b"Via", b"v"), (b"From", b"f"), (b"To", b"t")):
        octets = octets.replace(long + b":", short + b":", 1)
    return octets.replace(b"Call-ID:", b"i:", 1)


def folded(octets: bytes) -> bytes:
    return octets.replace(b": ", b":\r\n   ", 1)


def shouted(octets: bytes) -> bytes:
    name, colon, value = octets.partition(b":")
    return name.upper() + colon + value


def spaced(octets: bytes) -> bytes:
    """Wireshark does not know fields with space before the colon: it must not miss
    those by which it is asked for a second opinion."""
    if octets.startswith((b"Via", b"C")):
        return octets.replace(b": ", b":  \t", 1)
    return octets.replace(b": ", b" \t:", 1)


def parameters(message: Message) -> Message:
    fields = [
        Field(f.octets + b";x-kind=odd") if f.name in ("via", "from", "contact") else f
        for f in message.fields
    ]
    start = message.start.replace(b" SIP/", b";x-kind=odd SIP/")
    return replace(message, start=start, fields=tuple(fields))


def added(*fields: Field) -> Spelling:
    return lambda m: replace(m, fields=(*m.fields, *fields))


SPELLINGS: tuple[Spelling, ...] = (
    spelled(compact),
    spelled(shouted),
    spelled(folded),
    spelled(spaced),
    lambda m: replace(m, fields=m.fields[::-1]),
    added(Field.of("Supported", "timer"), Field.of("Supported", "100rel")),
    added(Field.of("X-Mood", "odd; but=right, <and> so on")),
    parameters,
)


@pytest.mark.parametrize("of", [Role.UM, Role.GATEWAY])
@scenario(
    settles=[*(f"SIP-TAKES-00{n}" for n in range(1, 9)), "SIP-OPT-001"], security=CLEAR
)
def test_one_request_in_every_spelling(testbed: Testbed, of: Role) -> None:
    probe = testbed.probe(BY[of])

    asked = [probe.asks("OPTIONS", of)]
    for (
        spelling
    ) in SPELLINGS:  # who stumbles over one can still show how he takes others
        line = probe.opens(of)
        asked.append(probe.asks("OPTIONS", of, change=spelling, line=line))

    testbed.until(lambda: all(a.is_answered() for a in asked), within=5.0)


@pytest.mark.parametrize("of", [Role.UM, Role.GATEWAY])
@scenario(settles=["SIP-VIA-004", "SIP-VIA-005", *FORM])
def test_a_request_that_asks_for_rport(testbed: Testbed, of: Role) -> None:
    probe = testbed.probe(BY[of])

    asked = probe.asks("OPTIONS", of, change=_with_rport)

    testbed.until(asked.is_answered, within=5.0)


def _with_rport(message: Message) -> Message:
    fields = [
        Field(f.octets + b";rport") if f.name == "via" else f for f in message.fields
    ]
    return replace(message, fields=tuple(fields))
