"""Which message belongs to which transaction: RFC 3261 §17.1.3, §17.2.3, §18.2."""

from testsuites.selftest.pair import Phone, pair, talking

from ringback.protocol.happenings import Answered, Invited
from ringback.protocol.matching import request_key
from ringback.protocol.replies import response_to, stamped
from ringback.values import Address
from ringback.wire.headers import vias
from ringback.wire.message import Field, Message

VIA = "SIP/2.0/TCP a.example:5060;branch=z9hG4bKx"


def request(
    method: str, via: str, *, uri: str = "sip:b", to: str = "<sip:b>"
) -> Message:
    fields = (
        Field.of("Via", via),
        Field.of("From", "<sip:a>;tag=1"),
        Field.of("To", to),
        Field.of("Call-ID", "c"),
        Field.of("CSeq", f"1 {method}"),
    )
    return Message.request(method, uri, fields)


def test_an_ack_has_the_key_of_its_invite_and_a_cancel_does_not() -> None:
    invite = request_key(request("INVITE", VIA))
    assert request_key(request("ACK", VIA)) == invite
    assert request_key(request("CANCEL", VIA)) != invite


def test_the_same_branch_from_another_sender_is_another_transaction() -> None:
    here = request_key(request("INVITE", VIA))
    assert here != request_key(request("INVITE", VIA.replace("a.e", "z.e")))
    assert here == request_key(request("INVITE", VIA.replace("a.e", "A.E")))


def test_without_the_cookie_the_older_rule_holds() -> None:
    old = "SIP/2.0/TCP a.example;branch=1"
    invite = request_key(request("INVITE", old))
    ack = request("ACK", old, to="<sip:b>;tag=2")
    assert request_key(ack) == invite
    assert request_key(request("INVITE", old, uri="sip:other")) != invite


def test_received_is_added_where_the_sender_says_otherwise() -> None:
    source = Address("192.0.2.1", 4000)
    assert stamped(VIA, source) == f"{VIA};received=192.0.2.1"
    assert stamped(VIA.replace("a.example", "192.0.2.1"), source).count("received") == 0


def test_rport_is_filled_in_where_asked_for() -> None:
    via = stamped(f"{VIA};rport, SIP/2.0/TCP z", Address("192.0.2.1", 4000))
    top = vias(Message(b"", (Field.of("Via", via),)))
    assert (top[0].rport, top[0].received) == (4000, "192.0.2.1")
    assert top[1].host == "z"


def test_an_ipv6_source_can_be_written_down() -> None:
    via = stamped(f"{VIA};rport", Address("2001:db8::1", 4000))
    assert vias(Message(b"", (Field.of("Via", via),)))[0].received == "2001:db8::1"


def test_a_response_copies_what_identifies_the_request_and_nothing_else() -> None:
    asked = request("OPTIONS", VIA).under(Field.of("v", "SIP/2.0/TCP front"))
    said = response_to(asked, 200, "OK", tag="t", fields=(Field.of("X-Own", "1"),))
    assert said.all("via") == asked.all("via")
    assert said.first("to") == "<sip:b>;tag=t"
    assert [f.name for f in said.fields] == [
        *("via", "via", "from", "to", "call-id", "cseq", "x-own", "content-length"),
    ]


def test_a_tag_that_is_there_stays() -> None:
    asked = request("BYE", VIA, to="<sip:b>;tag=old")
    assert response_to(asked, 200, "OK", tag="new").first("to") == "<sip:b>;tag=old"


def test_a_response_finds_a_new_link_when_its_own_is_gone() -> None:
    pipe, a, b = pair()
    a.agent.call(b.uri, target=b.target)
    pipe.run()
    pipe.cut("b")
    pipe.run()
    b.agent.ring(b.latest(Invited).call)
    pipe.run()
    assert "Progressed" in a.kinds()
    assert next(iter(b.seat.far)).startswith("sip:b")


def test_a_repeated_request_gets_the_same_answer_again() -> None:
    pipe, a, b = pair()
    a.agent.call(b.uri, target=b.target)
    pipe.run()
    invite = bytes(pipe.last("a INVITE"))
    b.agent.ring(b.latest(Invited).call)
    pipe.inject("b", invite)
    assert pipe.words()[-2:] == ["b 180", "b 180"]
    assert b.kinds() == ["Invited"]


def test_an_ack_on_another_link_still_matches() -> None:
    pipe, a, b = pair()
    a.agent.call(b.uri, target=b.target)
    pipe.run()
    pipe.stop = lambda seat, octets: octets.startswith(b"ACK")
    b.agent.refuse(b.latest(Invited).call, 486, "Busy Here")
    pipe.run()
    c = Phone(pipe, "c")
    c.agent.probe(b.uri, b.target)
    pipe.run()
    pipe.inject("b", bytes(pipe.last("a ACK")))
    assert b.kinds()[-2:] == ["Idle", "Asked"] or b.kinds()[-1] == "Idle"


def test_links_to_one_host_are_told_apart_by_security_and_port() -> None:
    pipe, a, _b, _, _ = talking()
    other = Phone(pipe, "other", 5070)
    a.agent.call(other.uri, target=other.target)
    pipe.run()
    assert len(a.seat.far) == 2


def test_a_link_to_the_proven_name_serves_for_its_contact() -> None:
    _pipe, a, _b, _, _ = talking(secured=True)
    assert a.latest(Answered)
    assert len(a.seat.far) == 1
