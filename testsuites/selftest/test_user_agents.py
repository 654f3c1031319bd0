"""Two user agents and a pipe: calls, and everything that can get in their way."""

import pytest
from testsuites.selftest.pair import SDP, SDP_TYPE, pair, quiet, strange, talking

from ringback.protocol.happenings import (
    Answered,
    HungUp,
    Invited,
    Refused,
    Replied,
)
from ringback.protocol.redirect import Target
from ringback.wire.headers import branch, to_tag, vias
from ringback.wire.message import Field, Message

# -- the plain call


def test_a_plain_call_from_the_first_octet_to_the_last() -> None:
    pipe, a, b = pair()
    key = a.agent.call(b.uri, target=b.target, body=SDP, content_type=SDP_TYPE)
    pipe.run()
    there = b.latest(Invited).call
    b.agent.ring(there)
    b.agent.answer(there, SDP, SDP_TYPE)
    pipe.run()
    b.agent.hang_up(there)
    pipe.run()

    assert pipe.words() == [
        *("a INVITE", "b 100", "b 180", "b 200", "a ACK"),
        *("b BYE", "a 200"),
    ]
    assert a.kinds() == ["Progressed", "Answered", "HungUp", "Idle"]
    assert b.kinds() == ["Invited", "Acked", "Replied", "Idle"]
    assert a.latest(Answered).call == a.latest(HungUp).call == key
    assert quiet(a, b)


def test_the_same_seed_says_the_same_octets() -> None:
    first, second = talking()[0], talking()[0]
    assert [bytes(m) for _, m in first.said] == [bytes(m) for _, m in second.said]


def test_a_bye_comes_on_a_new_connection_to_the_contact() -> None:
    pipe, a, b, _, there = talking()
    before = len(a.seat.far)
    b.agent.hang_up(there)
    pipe.run()
    assert len(a.seat.far) == before + 1
    assert a.latest(HungUp).why == "BYE"


def test_requests_to_one_target_share_a_link() -> None:
    pipe, a, b, key, _ = talking()
    a.agent.ask(key, "INFO")
    a.agent.call(b.uri, target=b.target)
    a.agent.probe(b.uri, b.target)
    pipe.run()
    assert len(a.seat.far) == 1


def test_a_callee_behind_no_listener_still_hears_the_bye() -> None:
    """SIPp as a caller does not listen where its Contact says."""
    pipe, a, b, _, there = talking()
    a.seat.ports = ()
    b.agent.hang_up(there)
    pipe.run()
    assert a.latest(HungUp).why == "BYE"
    assert quiet(a, b)


def test_media_types_and_fields_of_the_peer_go_out_as_given() -> None:
    pipe, a, b = pair()
    own = (Field.of("Supported", "nothing"), Field.of("X-Own", "1"))
    a.agent.call(b.uri, target=b.target, fields=own, from_user="someone")
    pipe.run()
    invite = b.latest(Invited).request
    assert invite.all("supported") == ("nothing",)
    assert invite.first("x-own") == "1"
    assert invite.first("from").startswith("<sip:someone@a>;tag=")


def test_via_asks_for_rport_and_each_request_has_a_branch_of_its_own() -> None:
    pipe, a, _, key, _ = talking()
    a.agent.hang_up(key)
    pipe.run()
    asked = [m for who, m in pipe.said if who == "a" and not m.status]
    assert all(vias(m)[0].rport == 0 for m in asked)
    assert len({branch(m) for m in asked}) == len(asked)
    assert vias(pipe.last("b 200"))[0].received == "a"


# -- answers that take their time


def test_a_2xx_is_repeated_until_its_ack_comes() -> None:
    pipe, a, b = pair()
    a.agent.call(b.uri, target=b.target)
    pipe.run()
    pipe.stop = lambda seat, octets: octets.startswith(b"ACK")
    b.agent.answer(b.latest(Invited).call)
    pipe.advance(1.6)  # 0.5 and 1.5 s after the first
    assert pipe.words().count("b 200") == 3
    acks = [m for who, m in pipe.said if m.method == "ACK" and not m.status]
    assert len(acks) == 3
    assert len(set(map(bytes, acks))) == 1
    pipe.stop = None
    pipe.advance(40)
    assert pipe.words().count("b 200") == 4
    assert b.kinds() == ["Invited", "Acked"]


def test_an_answer_without_contact_is_acknowledged_where_the_invite_went() -> None:
    pipe, a, b = pair()
    pipe.spoil = lambda _number, octets: (
        bytes(Message.parse(octets).without("contact"))
        if octets.startswith(b"SIP/2.0 200")
        else octets
    )
    a.agent.call("sip:b@nobody.invalid", target=b.target)
    pipe.run()
    b.agent.answer(b.latest(Invited).call)
    pipe.run()
    assert pipe.words()[-1] == "a ACK"
    assert b.kinds()[-1] == "Acked"


def test_without_any_ack_the_callee_hangs_up_after_64_t1() -> None:
    pipe, a, b = pair()
    a.agent.call(b.uri, target=b.target)
    pipe.run()
    pipe.stop = lambda seat, octets: octets.startswith(b"ACK")
    b.agent.answer(b.latest(Invited).call)
    pipe.advance(31.9)
    assert "b BYE" not in pipe.words()
    pipe.advance(0.2)
    assert b.latest(HungUp).why == "no ACK came"
    assert a.latest(HungUp).why == "BYE"
    assert quiet(a, b)


def test_a_bye_of_the_callee_waits_for_the_ack() -> None:
    pipe, a, b = pair()
    a.agent.call(b.uri, target=b.target)
    pipe.run()
    pipe.hold()
    there = b.latest(Invited).call
    b.agent.answer(there)
    b.agent.hang_up(there)
    assert "b BYE" not in pipe.words()
    pipe.release()
    assert pipe.words()[-3:] == ["a ACK", "b BYE", "a 200"]
    assert quiet(a, b)


# -- refusals and failures


@pytest.mark.parametrize("status", [302, 404, 486, 503, 603])
def test_a_refusal_ends_the_call_on_both_sides(status: int) -> None:
    pipe, a, b = pair(follows_redirects=False)
    a.agent.call(b.uri, target=b.target)
    pipe.run()
    b.agent.refuse(b.latest(Invited).call, status, "No")
    pipe.run()
    refused = a.latest(Refused)
    assert refused.response.status == status
    assert pipe.words()[-1] == "a ACK"
    assert a.kinds()[-1] == b.kinds()[-1] == "Idle"
    assert quiet(a, b)


def test_nobody_answering_is_a_refusal_without_response() -> None:
    pipe, a, b = pair()
    pipe.stop = lambda seat, octets: True
    a.agent.call(b.uri, target=b.target)
    pipe.advance(33)
    assert a.latest(Refused).response is None
    assert "Timer B" in a.latest(Refused).why
    assert quiet(a)


def test_no_way_there_is_a_refusal_without_response() -> None:
    pipe, a, _ = pair()
    a.agent.call("sip:x@nowhere", target=Target.of("nowhere"))
    pipe.run()
    assert a.latest(Refused).why == "connection refused"
    assert a.kinds() == ["Refused", "Idle"]


def test_a_link_lost_after_the_100_does_not_lose_the_call() -> None:
    pipe, a, b = pair()
    a.agent.call(b.uri, target=b.target)
    pipe.run()
    pipe.cut("a")
    pipe.run()
    b.agent.answer(b.latest(Invited).call)
    pipe.run()
    assert a.kinds() == ["Answered"]
    assert b.kinds() == ["Invited", "Acked"]


# -- CANCEL


def test_cancel_waits_for_a_provisional_answer() -> None:
    pipe, a, b = pair()
    key = a.agent.call(b.uri, target=b.target)
    a.agent.hang_up(key)
    assert pipe.words() == ["a INVITE"]
    pipe.run()
    assert pipe.words() == [
        *("a INVITE", "b 100", "a CANCEL", "b 200", "b 487", "a ACK"),
    ]
    assert a.latest(Refused).response.status == 487
    assert b.kinds() == ["Invited", "Cancelled", "Idle"]
    assert branch(pipe.last("a CANCEL")) == branch(pipe.last("a INVITE"))
    assert to_tag(pipe.last("b 200")) == to_tag(pipe.last("b 487"))
    assert quiet(a, b)


def test_a_200_that_crosses_the_cancel_is_acknowledged_and_hung_up() -> None:
    pipe, a, b = pair()
    key = a.agent.call(b.uri, target=b.target)
    pipe.run()
    pipe.hold()
    b.agent.answer(b.latest(Invited).call)
    a.agent.hang_up(key)
    pipe.release()
    assert pipe.words()[2:] == [
        *("b 200", "a CANCEL", "a ACK", "a BYE", "b 200", "b 200"),
    ]
    assert a.latest(HungUp).why == "the answer crossed our CANCEL"
    assert b.kinds() == ["Invited", "Acked", "HungUp", "Idle"]
    assert quiet(a, b)


def test_a_cancel_after_the_final_answer_has_no_effect() -> None:
    pipe, _a, b, _, _ = talking()
    invite = pipe.last("a INVITE")
    kept = [f for f in invite.fields if not f.name.startswith(("cseq", "content"))]
    fields = (*kept, Field.of("CSeq", "1 CANCEL"))
    pipe.inject("b", bytes(Message.request("CANCEL", invite.uri, fields)))
    assert pipe.words()[-1] == "b 200"
    assert "Cancelled" not in b.kinds()
    assert len(b.agent.leftovers()) == 1


def test_a_cancel_of_nothing_gets_481() -> None:
    pipe, _a, _b, _, _ = talking()
    pipe.inject("b", strange("CANCEL"))
    assert pipe.words()[-1] == "b 481"


def test_a_cancel_that_nobody_heeds_gives_up_after_64_t1() -> None:
    pipe, a, b = pair()
    key = a.agent.call(b.uri, target=b.target)
    pipe.run()
    pipe.stop = lambda seat, octets: octets.startswith(b"SIP/2.0 487")
    a.agent.hang_up(key)
    pipe.advance(31)
    assert "Refused" not in a.kinds()
    pipe.advance(2)
    assert a.latest(Refused).response is None
    assert quiet(a)


def test_a_callee_that_gives_up_says_480() -> None:
    pipe, a, b = pair()
    a.agent.call(b.uri, target=b.target)
    pipe.run()
    b.agent.hang_up(b.latest(Invited).call)
    pipe.run()
    assert a.latest(Refused).response.status == 480


# -- the end of a call


def test_both_hang_up_at_once() -> None:
    pipe, a, b, key, there = talking()
    pipe.hold()
    a.agent.hang_up(key)
    b.agent.hang_up(there)
    pipe.release()
    assert sorted(pipe.words()[-4:]) == ["a 200", "a BYE", "b 200", "b BYE"]
    assert a.kinds()[-2:] == b.kinds()[-2:] == ["Replied", "Idle"]
    assert quiet(a, b)


def test_a_481_inside_the_dialog_ends_it() -> None:
    pipe, a, b, key, there = talking()
    forgotten = b.agent._core.calls.pop(there)
    a.agent.ask(key, "OPTIONS")
    pipe.run()
    assert forgotten
    assert a.latest(Replied).response.status == 481
    assert a.latest(HungUp).why == "481 in the dialog"
    assert quiet(a)


def test_a_silent_dialog_is_hung_up() -> None:
    pipe, a, b, key, _ = talking()
    pipe.stop = lambda seat, octets: seat is b.seat
    a.agent.ask(key, "INFO")
    pipe.advance(33)
    assert a.latest(Replied).response is None
    assert "a BYE" in pipe.words()
    pipe.advance(33)
    assert quiet(a)


def test_requests_out_of_order_get_500() -> None:
    pipe, a, _b, key, _ = talking()
    a.agent.ask(key, "INFO")
    pipe.run()
    info = pipe.last("a INFO")
    fields = [
        Field.of("CSeq", "1 INFO") if f.name == "cseq" else f for f in info.fields[1:]
    ]
    via = Field.of("Via", "SIP/2.0/TCP a:5060;branch=z9hG4bKother")
    fields = [f for f in fields if f.name != "content-length"]
    pipe.inject("b", bytes(Message.request("INFO", info.uri, (via, *fields))))
    assert pipe.words()[-1] == "b 500"
