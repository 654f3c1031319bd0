"""Bends: what passes a bent seat is changed as declared, and nothing else is."""

from collections.abc import Iterable

import pytest

from ringback.faults import Misuse
from ringback.peers.bent import known, ways
from ringback.peers.bent.changes import adding, field, lacking, refused, worded
from ringback.peers.bent.way import Bent, Mark
from ringback.protocol.world import (
    Arrived,
    Bind,
    Cast,
    Close,
    Connect,
    Fact,
    Heard,
    Lost,
    Opened,
    Rang,
    Started,
    Wish,
    Write,
)
from ringback.values import Address, Role
from ringback.wire.message import Field, Message

GATEWAY = Address("127.0.9.40", 5060)
PLACES = {GATEWAY.host: Role.GATEWAY}
VIA = Field.of("Via", "SIP/2.0/TCP x;branch=z9hG4bK1")
HEADS = (
    VIA,
    Field.of("From", "<sip:a@x>;tag=1"),
    Field.of("To", "<sip:b@y>"),
    Field.of("Call-ID", "one"),
    Field.of("CSeq", "1 INVITE"),
    Field.of("Contact", "<sip:a@x>"),
)
INVITE = Message.request("INVITE", "sip:b@y", HEADS, b"v=0\r\n")
RINGING = Message.response(180, "Ringing", HEADS)


def bent(maker: ways.Maker) -> Bent:
    """On a link to the gateway that stands."""
    made = Bent(maker(), PLACES)
    made.says((Connect("l", GATEWAY),))
    made.hears(Opened("l", Address("127.0.9.30", 1), GATEWAY, False, False))
    return made


def octets(wishes: Iterable[Wish]) -> list[bytes]:
    return [w.octets for w in wishes if isinstance(w, Write | Cast)]


def told(made: Bent, *facts: Fact) -> list[Fact]:
    return [one for fact in facts for one in made.hears(fact)[0]]


def test_what_does_not_meet_the_condition_passes_as_it_is() -> None:
    made = bent(ways.says(ways.request("BYE"), lacking("contact")))
    wishes = (Write("l", bytes(INVITE)), Write("l", b"\r\n\r\n"), Close("l"))

    assert made.says(wishes) == wishes
    assert made.hears(Arrived("l", b"half a mess")) == (
        (Arrived("l", b"half a mess"),),
        (),
    )
    assert made.marks == []


def test_what_is_said_otherwise_is_marked() -> None:
    made = bent(ways.says(ways.request("INVITE"), lacking("contact"), worded("0", "1")))

    (said,) = octets(made.says((Write("l", bytes(INVITE)),)))

    message = Message.parse(said)
    assert (message.first("contact"), message.body) == ("", b"v=1\r\n")
    assert made.marks == [Mark(said)]


def test_only_the_nth_towards_a_neighbour() -> None:
    when = ways.request(to=Role.GATEWAY)
    made = bent(ways.omits(when, nth=1))
    elsewhere = Write("other", bytes(INVITE))
    there = Write("l", bytes(INVITE))

    assert made.says((elsewhere, there, there, there)) == (elsewhere, there, there)
    assert made.marks == [Mark(bytes(INVITE), unsaid=True)]


@pytest.mark.parametrize(
    ("maker", "expected"),
    [
        (ways.repeats(ways.anything), [INVITE, INVITE]),
        (ways.adds(ways.request(), refused(500, "No")), [INVITE, None]),
        (ways.adds(ways.request(), refused(500, "No"), before=True), [None, INVITE]),
    ],
)
def test_more_is_said(maker: ways.Maker, expected: list[Message | None]) -> None:
    said = octets(bent(maker).says((Write("l", bytes(INVITE)),)))

    assert len(said) == len(expected)
    for found, wanted in zip(said, expected, strict=True):
        assert found == bytes(wanted) if wanted else found.startswith(b"SIP/2.0 500")


def test_delayed_is_said_when_its_alarm_rings() -> None:
    made = bent(ways.delays(ways.request(), 0.7))
    (alarm,) = made.says((Write("l", bytes(INVITE)),))

    facts, wishes = made.hears(Rang(alarm.alarm, 0.7))  # type: ignore[union-attr]  # an Alarm

    assert facts == ()
    assert octets(wishes) == [bytes(INVITE)]


def test_one_is_kept_back_until_the_other_was_said() -> None:
    made = bent(ways.swaps(ways.response(180), ways.request("INVITE")))

    assert made.says((Write("l", bytes(RINGING)),)) == ()
    assert octets(made.says((Write("l", bytes(INVITE)),))) == [
        bytes(INVITE),
        bytes(RINGING),
    ]


def test_deaf_to_one_message_of_two_in_a_segment() -> None:
    made = bent(ways.ignores(ways.request("INVITE")))
    both = bytes(INVITE) + bytes(RINGING)

    heard = told(made, Arrived("l", both[:9]), Arrived("l", both[9:]))

    assert heard == [Arrived("l", bytes(RINGING))]


def test_answered_in_the_role_s_place() -> None:
    made = bent(ways.replies(ways.request("INVITE"), refused(500, "No")))

    facts, wishes = made.hears(Arrived("l", bytes(INVITE)))

    assert facts == ()
    (said,) = octets(wishes)
    answer = Message.parse(said)
    assert (answer.status, answer.first("to")) == (500, "<sip:b@y>;tag=bent")


def test_misheard_and_hung_up_on() -> None:
    misheard = bent(ways.mishears(ways.request(), field("CSeq", "9 INVITE")))
    ((heard,), _) = misheard.hears(Arrived("l", bytes(INVITE)))
    assert b"CSeq: 9 INVITE" in heard.octets  # type: ignore[union-attr]  # Arrived

    rude = bent(ways.hangs_up_on(ways.request()))
    assert rude.hears(Arrived("l", bytes(INVITE))) == (
        (Lost("l", "closed"),),
        (Close("l"),),
    )


def test_speaks_where_it_should_be_silent() -> None:
    made = bent(ways.speaks_udp(5060, lambda asked: b"SIP/2.0 200 OK\r\n\r\n"))
    whence = Address("127.0.9.99", 5062)

    assert made.hears(Started()) == ((Started(),), (Bind(5060),))
    _, wishes = made.hears(Heard(5060, whence, b"OPTIONS"))
    assert wishes == (Cast(5060, whence, b"SIP/2.0 200 OK\r\n\r\n"),)
    assert told(made, Heard(7000, whence, b"x")) == [Heard(7000, whence, b"x")]


def test_fields_are_changed_at_their_place() -> None:
    changed = adding("Via", "two")(field("To", "<sip:c@z>")(INVITE))

    assert changed.all("via") == (VIA.value, "two")
    assert changed.fields[2] == Field.of("To", "<sip:c@z>")
    assert field("Date", "now")(INVITE).first("date") == "now"


def test_nobody_can_be_bent_twice_or_by_an_unknown_name() -> None:
    some_fault, some_quirk = next(iter(known.faults())), next(iter(known.quirks()))
    assert known.oddness(some_fault, "") is known.faults()[some_fault]
    assert known.oddness("", some_quirk) is known.quirks()[some_quirk]
    assert known.oddness("", "") is None
    with pytest.raises(Misuse, match="one way at a time"):
        known.oddness(some_fault, some_quirk)
    with pytest.raises(Misuse, match="--list-faults"):
        known.fault("nobody-knows-it")
