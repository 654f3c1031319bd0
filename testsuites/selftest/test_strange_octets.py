"""Whatever arrives, a user agent neither falls over nor forgets its other calls."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from testsuites.selftest.pair import SDP, SDP_TYPE, Phone, Pipe, pair, strange

from ringback.protocol.happenings import HungUp, Invited
from ringback.wire.message import Field

QUICK = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
SPICE = st.sampled_from(
    [
        *(b"", b" ", b"\r\n ", b"\xff", b"\x00", b"<", b">", b'"', b";", b",", b"@"),
        *(b":", b"999999999999999999999", b"-1", b"INVITE", b"SIP/2.0", b"\xc3\xa9"),
        *(b"sips:", b";tag=", b";branch=", b"z9hG4bK", b"*", b"100rel", b"0"),
    ]
)


def dialogue() -> list[tuple[str, bytes]]:
    """Every message of a call with all extensions: who said it, its octets."""
    pipe, a, b = pair(session_expires=200)
    require = (Field.of("Require", "100rel"),)
    key = a.agent.call(b.uri, target=b.target, fields=require, body=SDP)
    pipe.run()
    there = b.latest(Invited).call
    b.agent.ring(there)
    b.agent.answer(there, SDP, SDP_TYPE)
    pipe.run()
    a.agent.modify(key, SDP, SDP_TYPE)
    a.agent.ask(key, "UPDATE")
    a.agent.ask(key, "OPTIONS")
    pipe.run()
    a.agent.hang_up(key)
    pipe.run()
    return [(who, bytes(message)) for who, message in pipe.said]


SPOKEN = dialogue()


@QUICK
@given(st.binary(max_size=300))
def test_any_octets(octets: bytes) -> None:
    pipe, b = seated()
    pipe.inject("b", octets)
    still_well(pipe, b)


@QUICK
@given(st.data())
def test_any_message_of_a_call_with_one_place_changed(data: st.DataObject) -> None:
    octets = data.draw(st.sampled_from(SPOKEN))[1]
    at = data.draw(st.integers(0, len(octets)))
    cut = data.draw(st.integers(0, 12))
    spiced = octets[:at] + data.draw(SPICE) + octets[at + cut :]
    pipe, b = seated()
    pipe.inject("b", spiced)
    still_well(pipe, b)


@QUICK
@given(st.data())
def test_a_call_in_which_one_message_is_spoilt_on_the_way(data: st.DataObject) -> None:
    pipe, a, b = pair(session_expires=200)
    which = data.draw(st.integers(0, 12))
    field = data.draw(st.integers(0, 14))
    spice = data.draw(SPICE)
    pipe.spoil = lambda n, octets: (
        spoilt(octets, field, spice) if n == which else octets
    )
    key = a.agent.call(b.uri, target=b.target, body=SDP, content_type=SDP_TYPE)
    pipe.run()
    for happening in b.happened:
        if isinstance(happening, Invited):
            b.agent.ring(happening.call, fields=(Field.of("Require", "100rel"),))
            b.agent.answer(happening.call, SDP, SDP_TYPE)
    pipe.run()
    a.agent.modify(key, SDP, SDP_TYPE)
    a.agent.ask(key, "INFO")
    pipe.run()
    a.agent.hang_up(key)
    pipe.advance(300)
    still_well(pipe, b)


def spoilt(octets: bytes, field: int, spice: bytes) -> bytes:
    """Something odd behind the colon of one field."""
    lines = octets.split(b"\r\n")
    at = field % len(lines)
    name, colon, value = lines[at].partition(b":")
    lines[at] = name + colon + spice + value[1:]
    return b"\r\n".join(lines)


def seated() -> tuple[Pipe, Phone]:
    """A user agent with a call up, and a link from a stranger."""
    pipe, a, b = pair()
    a.agent.call(b.uri, target=b.target)
    pipe.run()
    b.agent.answer(b.latest(Invited).call)
    pipe.run()
    stranger = Phone(pipe, "stranger")
    stranger.agent.probe(b.uri, b.target)
    pipe.run()
    return pipe, b


def still_well(pipe: Pipe, b: Phone) -> None:
    """Another caller is served as ever."""
    c = Phone(pipe, "c")
    before = b.kinds().count("Invited")
    key = c.agent.call(b.uri, target=b.target)
    pipe.run()
    assert b.kinds().count("Invited") == before + 1
    b.agent.answer(b.latest(Invited).call)
    pipe.run()
    c.agent.hang_up(key)
    pipe.run()
    assert b.latest(HungUp).call == key


def test_octets_that_are_no_text_come_back_as_they_were() -> None:
    pipe, b = seated()
    pipe.inject("b", strange("INVITE", "Require: x").replace(b": x", b": \xff"))
    assert b"Unsupported: \xff\r\n" in bytes(pipe.last("b 420"))

    sender = b'From: "Ren\xe9" <sip:z@stranger>;tag=z'
    contact = b"Contact: <sip:stranger@stranger>"
    octets = strange().replace(b"From: <sip:z@a>;tag=z", sender)
    octets = octets.replace(b"Contact: <sip:z@a>", contact)
    octets = octets.replace(b": strange", b": stranger")
    pipe.inject("b", octets.replace(b"z9hG4bKstrange", b"z9hG4bKstranger"))
    call = b.latest(Invited).call
    b.agent.answer(call)
    b.agent.hang_up(call)
    pipe.advance(33)  # the stranger knows nothing of it and never sends an ACK
    assert b"To" + sender[4:] in bytes(pipe.last("b BYE"))


def test_an_invite_of_the_stranger_is_a_call_like_any() -> None:
    pipe, b = seated()
    pipe.inject("b", strange())
    assert b.latest(Invited).request.first("call-id") == "strange"
