"""What a user agent refuses, answers or survives by itself: RFC 3261 §8.2, §18.3."""

from collections.abc import Callable

import pytest
from testsuites.selftest.pair import (
    Phone,
    Pipe,
    Seat,
    pair,
    quiet,
    strange,
    talking,
)

from ringback.protocol.happenings import (
    Asked,
    Cancelled,
    Disturbed,
    HungUp,
    Invited,
    Refused,
    Replied,
)
from ringback.protocol.names import Names
from ringback.protocol.redirect import Target
from ringback.protocol.world import Alarm, Heard, Rang
from ringback.values import Address
from ringback.wire.headers import tokens, vias

# -- requests that are refused by themselves


@pytest.mark.parametrize(
    ("octets", "status", "field"),
    [
        (strange(to="<sip:b@b>;tag=nobody"), 481, ""),
        (strange("BYE"), 481, ""),
        (strange("INFO"), 481, ""),
        (strange("SUBSCRIBE"), 405, "allow"),
        (strange("NONSENSE"), 501, "allow"),
        (strange("INVITE", "Require: 100rel, teleport"), 420, "unsupported"),
        (strange(uri="nobody:knows"), 416, ""),
        (strange("INVITE", "Max-Forwards: 0"), 483, ""),
        (strange("INVITE", "CSeq: 1 BYE"), 400, ""),
        (strange("INVITE", "CSeq: nine INVITE"), 400, ""),
        (strange("INVITE", "To: <sip:b@b"), 400, ""),
        (strange("INVITE", "Contact: <<<"), 400, ""),
        (
            strange().replace(b"INVITE sip:b@b SIP/2.0", b"INVITE sip:b@b SIP/7.0"),
            505,
            "",
        ),
        (strange("INVITE", "Session-Expires: 30", "Supported: timer"), 422, "min-se"),
    ],
)
def test_what_is_wrong_with_a_request_is_said(
    octets: bytes, status: int, field: str
) -> None:
    pipe, a, b, key, _ = talking()
    pipe.inject("b", octets)
    assert pipe.words()[-1] == f"b {status}"
    refusal = pipe.said[-1][1]
    assert refusal.first("call-id") == "strange"
    assert refusal.first("to").count("tag=") == 1 or "tag=" in refusal.first("to")
    assert not field or refusal.first(field)
    a.agent.hang_up(key)
    pipe.run()
    assert b.latest(HungUp).why == "BYE"


def test_an_end_point_takes_a_call_on_its_last_hop() -> None:
    pipe, a, b = pair(relays=False)
    a.agent.probe(b.uri, b.target)
    pipe.run()
    pipe.inject("b", strange("INVITE", "Max-Forwards: 0"))
    assert b.kinds()[-1] == "Invited"


def test_a_request_that_came_two_ways_gets_482() -> None:
    pipe, _a, b, _, _ = talking()
    pipe.inject("b", strange())
    pipe.inject("b", strange().replace(b"z9hG4bKstrange", b"z9hG4bKdetour"))
    assert pipe.words()[-1] == "b 482"
    assert b.kinds().count("Invited") == 2


def test_a_repeated_invite_is_one_call() -> None:
    pipe, _a, b, _, _ = talking()
    pipe.inject("b", strange())
    pipe.inject("b", strange())
    assert pipe.words()[-2:] == ["b 100", "b 100"]
    assert b.kinds().count("Invited") == 2


def test_an_ack_for_nobody_vanishes_with_a_trace() -> None:
    pipe, _a, b, _, _ = talking()
    said = len(pipe.said)
    pipe.inject("b", strange("ACK", to="<sip:b@b>;tag=nobody"))
    assert len(pipe.said) == said
    assert "ACK" in b.seat.traces[-1]


def test_a_response_nobody_waits_for_vanishes_with_a_trace() -> None:
    pipe, a, _b, _, _ = talking()
    kinds = a.kinds()
    lost = bytes(pipe.last("b 200")).replace(b"z9hG4bK", b"z9hG4bKx")
    pipe.inject("a", lost)
    assert a.kinds() == kinds
    assert "no transaction" in a.seat.traces[-1]


def test_a_response_with_a_foreign_topmost_via_vanishes() -> None:
    pipe, a, b = pair()
    a.agent.call(b.uri, target=b.target)
    pipe.run()
    b.agent.ring(b.latest(Invited).call)
    pipe.hold()
    pipe.run()
    foreign = bytes(pipe.last("b 180")).replace(b"TCP a:5060", b"TCP c:5060")
    pipe.inject("a", foreign)
    assert "Progressed" not in a.kinds()[1:]


# -- trouble on a link


def test_octets_that_are_no_sip_close_their_link_and_nothing_else() -> None:
    pipe, a, b, key, there = talking()
    c = Phone(pipe, "c")
    c.agent.probe(b.uri, b.target)
    pipe.run()
    pipe.inject("b", b"\x16\x03\x01 what is this\r\n\r\n")
    assert b.latest(Disturbed).octets
    assert not c.seat.far
    a.agent.ask(key, "INFO")
    pipe.run()
    assert b.latest(Asked).call == there


def test_a_request_without_length_gets_400_and_its_link_ends() -> None:
    pipe, _a, b, _, _ = talking()
    pipe.inject("b", strange().replace(b"Content-Length: 0\r\n", b""))
    assert pipe.words()[-1] == "b 400"
    assert not b.seat.far
    assert "Content-Length" in b.latest(Disturbed).why


def test_pings_are_answered_with_pongs() -> None:
    pipe, _a, _b, _, _ = talking()
    heard: list[bytes] = []

    def stop(seat: Seat, octets: bytes) -> bool:
        heard.append(octets)
        return False

    pipe.stop = stop
    pipe.inject("b", b"\r\n\r\n")
    assert heard == [b"\r\n"]


def test_a_message_may_come_in_any_pieces() -> None:
    pipe, _a, b, _, _ = talking()
    for octet in strange():
        pipe.inject("b", bytes([octet]))
    assert b.kinds().count("Invited") == 2


# -- OPTIONS, trust, and what is not its own


def test_a_probe_is_asked_and_replied_to() -> None:
    pipe, a, b = pair()
    key = a.agent.probe(b.uri, b.target)
    pipe.run()
    asked = b.latest(Asked)
    assert asked.call == ""
    b.agent.reply(asked.asked, 200, "OK")
    pipe.run()
    replied = a.latest(Replied)
    assert (replied.call, replied.method) == (key, "OPTIONS")
    assert "INVITE" in tokens(replied.response, "allow")
    assert replied.response.first("accept") == "application/sdp"
    assert quiet(a, b)


def test_a_probe_that_nobody_answers_says_so() -> None:
    pipe, a, _ = pair()
    a.agent.probe("sip:nowhere", Target.of("nowhere"))
    pipe.run()
    assert a.latest(Replied).response is None


def test_a_peer_whose_names_are_not_trusted_gets_403() -> None:
    pipe = Pipe()
    a = Phone(pipe, "a", secured=True)
    b = Phone(pipe, "b", secured=True, trusts=lambda names: "friend" in names)
    a.agent.call(b.uri, target=b.target)
    pipe.run()
    assert a.latest(Refused).response.status == 403
    assert b.kinds() == []


def test_over_tls_via_and_contact_say_so() -> None:
    pipe, _, _, _, _ = talking(secured=True)
    invite = pipe.last("a INVITE")
    assert vias(invite)[0].transport == "TLS"
    assert invite.first("contact") == "<sip:a@a:5061;transport=tls>"


def test_a_sips_uri_is_answered_with_a_sips_contact() -> None:
    pipe, a, b = pair(secured=True)
    a.agent.call("sips:b@b", target=b.target)
    pipe.run()
    b.agent.answer(b.latest(Invited).call)
    pipe.run()
    assert pipe.last("a INVITE").first("contact").startswith("<sips:")
    assert pipe.last("b 200").first("contact").startswith("<sips:")


def test_what_is_not_its_own_yields_nothing() -> None:
    _, a, _, _, _ = talking()
    foreign = (Heard(9, Address("x", 1), b""), Rang("rtp:1", 0.0))
    assert [a.agent.take(f) for f in foreign] == [(), ()]
    assert not any(a.agent.owns(f) for f in foreign)


def test_two_agents_of_one_peer_do_not_share_alarms() -> None:
    pipe = Pipe()
    wishes: list[object] = []
    one = Phone(pipe, "one", giver=Names(1))
    two = Phone(pipe, "two", giver=Names(1))
    one.agent._core.out = wishes.append
    one.agent._core.alarms._out = wishes.append
    one.agent.call(two.uri, target=two.target)
    alarm = next(w for w in wishes if isinstance(w, Alarm)).alarm
    assert one.agent.owns(Rang(alarm, 0.0))
    assert not two.agent.owns(Rang(alarm, 0.0))


def test_commands_for_a_call_that_is_gone_leave_a_trace() -> None:
    _, a, _ = pair()
    commands: tuple[Callable[[], None], ...] = (
        lambda: a.agent.ring("gone"),
        lambda: a.agent.answer("gone"),
        lambda: a.agent.refuse("gone", 486, "Busy Here"),
        lambda: a.agent.hang_up("gone"),
        lambda: a.agent.ask("gone", "INFO"),
        lambda: a.agent.modify("gone", b"", ""),
        lambda: a.agent.reply("gone", 200, "OK"),
    )
    for command in commands:
        command()
    assert len(a.seat.traces) == 7


def test_cancelled_is_told_once() -> None:
    pipe, a, b = pair()
    key = a.agent.call(b.uri, target=b.target)
    pipe.run()
    a.agent.hang_up(key)
    a.agent.hang_up(key)
    pipe.run()
    b.agent.answer(b.latest(Cancelled).call)
    pipe.run()
    assert b.kinds().count("Cancelled") == 1
    assert pipe.words().count("a CANCEL") == 1
