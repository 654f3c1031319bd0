"""Calls that meet more than one thing at once."""

from testsuites.selftest.pair import (
    SDP,
    SDP_TYPE,
    Phone,
    Pipe,
    pair,
    quiet,
    strange,
    talking,
)
from testsuites.selftest.um_world import World

from ringback.protocol.happenings import (
    Disturbed,
    HungUp,
    Invited,
    Modified,
    Refused,
    Replied,
)
from ringback.protocol.redirect import Target
from ringback.values import Address
from ringback.wire.message import Field

RELIABLE = Field.of("Require", "100rel")


def redirected(*contacts: str) -> tuple[Pipe, Phone, Phone, str]:
    """A call from a that b has redirected to c: the pipe, a, c, the key."""
    pipe, a, b = pair()
    c = Phone(pipe, "c")
    key = a.agent.call(b.uri, target=b.target)
    pipe.run()
    fields = tuple(Field.of("Contact", contact) for contact in contacts)
    b.agent.refuse(b.latest(Invited).call, 302, "Moved", fields)
    pipe.run()
    return pipe, a, c, key


def test_a_contact_named_twice_is_tried_once() -> None:
    pipe, a, c, _ = redirected("<sip:x@c>, <sip:x@c>")
    c.agent.refuse(c.latest(Invited).call, 404, "Not Found")
    pipe.run()
    assert c.kinds().count("Invited") == 1
    assert a.latest(Refused).response.status == 404


def test_a_cancel_ends_the_search_too() -> None:
    pipe, a, c, key = redirected("<sip:x@c>, <sip:y@c>")
    a.agent.hang_up(key)
    pipe.run()
    assert c.kinds() == ["Invited", "Cancelled", "Idle"]
    assert a.latest(Refused).response.status == 487


def test_a_6xx_ends_the_search() -> None:
    pipe, a, c, _ = redirected("<sip:x@c>, <sip:y@c>")
    c.agent.refuse(c.latest(Invited).call, 603, "Decline")
    pipe.run()
    assert c.kinds().count("Invited") == 1
    assert a.latest(Refused).response.status == 603


def test_a_2xx_is_never_further_apart_than_t2() -> None:
    pipe, a, b = pair()
    a.agent.call(b.uri, target=b.target)
    pipe.run()
    pipe.stop = lambda seat, octets: octets.startswith(b"ACK")
    b.agent.answer(b.latest(Invited).call)
    pipe.advance(31.9)
    assert pipe.words().count("b 200") == 11  # 0, 0.5, 1.5, 3.5, then every 4 s


def test_a_refusal_ends_the_repetition_of_a_reliable_ringing() -> None:
    pipe, a, b = pair()
    a.agent.call(b.uri, target=b.target, fields=(RELIABLE,))
    pipe.run()
    pipe.stop = lambda seat, octets: octets.startswith(b"PRACK")
    b.agent.ring(b.latest(Invited).call)
    b.agent.refuse(b.latest(Invited).call, 486, "Busy Here")
    pipe.run()
    assert not any("reliable" in alarm for alarm in b.seat.alarms)


def test_a_bye_before_the_ack_leaves_nothing_behind() -> None:
    pipe, a, b = pair()
    key = a.agent.call(b.uri, target=b.target)
    pipe.run()
    pipe.stop = lambda seat, octets: octets.startswith(b"ACK")
    b.agent.answer(b.latest(Invited).call)
    pipe.run()
    a.agent.hang_up(key)
    pipe.run()
    assert b.latest(HungUp).why == "BYE"
    assert quiet(a, b)


def test_the_answer_to_a_reinvite_moves_the_target() -> None:
    pipe, a, b, key, _ = talking()
    Phone(pipe, "moved")
    a.agent.modify(key, SDP, SDP_TYPE)
    pipe.run()
    contact = (Field.of("Contact", "<sip:b@moved>"),)
    b.agent.reply(b.latest(Modified).asked, 200, "OK", contact, SDP, SDP_TYPE)
    pipe.run()
    assert pipe.last("a ACK").uri == "sip:b@moved"
    assert "moved" in {seat.host for seat, _ in a.seat.far.values()}


def test_a_callee_may_not_hang_up_an_early_dialog() -> None:
    pipe, a, b = pair()
    a.agent.call(b.uri, target=b.target)
    pipe.run()
    b.agent.ring(b.latest(Invited).call)
    pipe.run()
    dialog = b.agent.dialog(b.latest(Invited).call)
    assert dialog
    bye = dialog.request("BYE")[1]
    via = Field.of("Via", "SIP/2.0/TCP b:5060;branch=z9hG4bKearly")
    pipe.inject("a", bytes(bye.under(via)))
    assert pipe.words()[-1] == "a 481"
    assert "HungUp" not in a.kinds()


def test_who_made_the_call_id_waits_longer_after_491() -> None:
    pipe, a, b, key, there = talking()
    pipe.hold()
    a.agent.modify(key, SDP, SDP_TYPE)
    b.agent.modify(there, SDP, SDP_TYPE)
    pipe.release()
    (mine,) = (due for alarm, due in a.seat.alarms.items() if "again" in alarm)
    (theirs,) = (due for alarm, due in b.seat.alarms.items() if "again" in alarm)
    assert 2.1 <= mine <= 4.0
    assert 0 <= theirs <= 2.0


def test_answers_follow_a_repeated_request_to_its_new_link() -> None:
    pipe, _a, b, _, _ = talking()
    c = Phone(pipe, "c")
    pipe.inject("b", strange())
    c.agent.probe(b.uri, b.target)
    pipe.run()
    pipe.inject("b", strange())
    newest = list(b.seat.far)[-1]
    incoming = b.agent._core.calls["strange"].incoming
    assert incoming
    theirs = b.agent._core.transactions.theirs(incoming.key)
    assert theirs
    assert theirs.link == newest


def test_a_link_serves_only_for_the_name_it_proved() -> None:
    pipe = Pipe()
    a, b = Phone(pipe, "a", secured=True), Phone(pipe, "b", secured=True)
    a.agent.call(b.uri, target=b.target)
    pipe.run()
    other = Target(Address("b", 5061), True, "other.example")
    a.agent.probe("sip:other.example", other)
    pipe.run()
    assert len(a.seat.far) == 2


def test_a_lost_link_is_replaced_by_one_to_where_the_request_came_from() -> None:
    pipe, a, b, _, _ = talking()
    via = b"Via: SIP/2.0/TCP behind-nat:5060;branch=z9hG4bKnat"
    octets = strange().replace(b"Via: SIP/2.0/TCP a:5060;branch=z9hG4bKstrange", via)
    pipe.inject("b", octets)
    pipe.cut("b")
    pipe.run()
    b.agent.ring("strange")
    pipe.run()
    assert {seat.host for seat, _ in b.seat.far.values()} == {"a"}
    assert a.seat.traces


def test_an_ended_call_keeps_no_session_alarm() -> None:
    pipe, a, b, key, _ = talking(session_expires=200)
    a.agent.hang_up(key)
    pipe.run()
    alarms = (*a.seat.alarms, *b.seat.alarms)
    assert not any("session" in alarm for alarm in alarms)


def test_a_field_that_is_read_late_and_cannot_be_read_gets_400() -> None:
    pipe, a, _, key, _ = talking()
    a.agent.ask(key, "PRACK", (Field.of("RAck", "what"),))
    pipe.run()
    assert pipe.words()[-1] == "b 400"


def test_an_invite_on_a_link_that_turns_out_to_be_no_sip_fails_at_once() -> None:
    pipe, a, b = pair()
    pipe.stop = lambda seat, octets: seat is b.seat
    a.agent.call(b.uri, target=b.target)
    pipe.run()
    pipe.inject("a", b"\x15\x03\x01 alert\r\n\r\n")
    assert a.latest(Disturbed)
    assert a.latest(Refused).response is None
    assert quiet(a)


def test_an_answered_call_of_the_um_is_not_waited_for_any_more() -> None:
    world = World()
    world.connected()
    assert not any("no-answer" in alarm for alarm in world.seats[0].seat.alarms)


def test_the_um_uses_its_media_ports_again() -> None:
    world = World(media_ports=(20000, 20001))
    for _ in range(2):
        key = world.connected()
        world.gateway.media = None
        world.cas.agent.hang_up(key)
        world.pipe.run()
    assert world.cas.kinds().count("Answered") == 2


def test_without_a_free_media_port_there_is_no_call() -> None:
    world = World(media_ports=(20000, 20001))
    world.connected()
    world.order()
    assert world.outcome()[1].trouble == "internal"


def test_a_second_final_answer_of_the_peer_changes_nothing() -> None:
    pipe, a, b = pair()
    a.agent.call(b.uri, target=b.target)
    pipe.run()
    there = b.latest(Invited).call
    b.agent.answer(there)
    b.agent.refuse(there, 486, "Busy Here")
    b.agent.answer(there)
    pipe.run()
    assert a.kinds() == ["Answered"]
    assert pipe.words().count("b 200") == 1


def test_a_method_that_nobody_takes_gets_405_in_a_dialog_too() -> None:
    pipe, a, _, key, _ = talking()
    a.agent.ask(key, "NOTIFY")
    pipe.run()
    assert a.latest(Replied).response.status == 405
    assert "HungUp" not in a.kinds()
