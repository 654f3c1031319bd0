"""Two user agents and a pipe: calls, and everything that can get in their way."""

from collections.abc import Callable

import pytest

from ringback.protocol.happenings import (
    Acked,
    Answered,
    Asked,
    Cancelled,
    Disturbed,
    Happening,
    HungUp,
    Invited,
    Modified,
    Progressed,
    Refused,
    Replied,
)
from ringback.protocol.names import Names
from ringback.protocol.redirect import Target
from ringback.protocol.world import Alarm, Heard, Rang
from ringback.values import Address
from ringback.wire.headers import branch, cseq, to_tag, tokens, vias
from ringback.wire.message import Field, Message
from testsuites.selftest.pair import SDP, SDP_TYPE, Phone, Pipe, Seat, pair, talking

RELIABLE = Field.of("Require", "100rel")


def quiet(*phones: Phone) -> bool:
    return not any(p.agent.leftovers() for p in phones)


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
    pipe, a, b, _, _ = talking()
    invite = pipe.last("a INVITE")
    kept = [f for f in invite.fields if not f.name.startswith(("cseq", "content"))]
    fields = (*kept, Field.of("CSeq", "1 CANCEL"))
    pipe.inject("b", bytes(Message.request("CANCEL", invite.uri, fields)))
    assert pipe.words()[-1] == "b 200"
    assert "Cancelled" not in b.kinds()
    assert len(b.agent.leftovers()) == 1


def test_a_cancel_of_nothing_gets_481() -> None:
    pipe, a, b, _, _ = talking()
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
    pipe, a, b, key, _ = talking()
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


# -- changing a call


def test_a_reinvite_is_answered_and_acknowledged() -> None:
    pipe, a, b, key, there = talking()
    held = SDP + b"a=sendonly\r\n"
    a.agent.modify(key, held, SDP_TYPE)
    pipe.run()
    modified = b.latest(Modified)
    assert modified.call == there
    assert modified.request.body == held
    b.agent.reply(modified.asked, 200, "OK", body=SDP, content_type=SDP_TYPE)
    pipe.run()
    assert pipe.words()[-4:] == ["a INVITE", "b 100", "b 200", "a ACK"]
    assert a.latest(Replied).method == "INVITE"
    assert a.latest(Replied).response.body == SDP
    assert b.latest(Acked).call == there
    assert cseq(pipe.last("a ACK")).number == 2


def test_a_refused_reinvite_leaves_the_call_up() -> None:
    pipe, a, b, key, there = talking()
    b.agent.modify(there, SDP, SDP_TYPE)
    pipe.run()
    a.agent.reply(a.latest(Modified).asked, 488, "Not Acceptable Here")
    pipe.run()
    assert b.latest(Replied).response.status == 488
    a.agent.hang_up(key)
    pipe.run()
    assert b.latest(HungUp).why == "BYE"
    assert quiet(a, b)


def test_reinvites_that_cross_get_491_and_one_is_tried_again() -> None:
    pipe, a, b, key, there = talking()
    b.reacts = replying(b)
    a.reacts = replying(a)
    pipe.hold()
    a.agent.modify(key, SDP, SDP_TYPE)
    b.agent.modify(there, SDP, SDP_TYPE)
    pipe.release()
    assert {"a 491", "b 491"} <= set(pipe.words())
    pipe.advance(2.05)
    assert b.latest(Replied).response.status == 200
    pipe.advance(2.0)
    assert a.latest(Replied).response.status == 200
    assert pipe.words().count("a INVITE") == 3


def test_a_second_reinvite_before_the_answer_gets_500() -> None:
    pipe, a, b, key, _ = talking()
    a.agent.modify(key, SDP, SDP_TYPE)
    pipe.run()
    a.agent._core.calls[key].modifying = ""
    a.agent.modify(key, SDP, SDP_TYPE)
    pipe.run()
    refusal = pipe.last("b 500")
    assert 0 <= int(refusal.first("retry-after")) <= 10


def test_an_update_with_a_body_changes_the_call_too() -> None:
    pipe, a, b, key, there = talking()
    a.agent.ask(key, "UPDATE", body=SDP, content_type=SDP_TYPE)
    pipe.run()
    modified = b.latest(Modified)
    assert modified.request.method == "UPDATE"
    b.agent.reply(modified.asked, 200, "OK", body=SDP, content_type=SDP_TYPE)
    pipe.run()
    assert a.latest(Replied).response.body == SDP
    assert not b.agent._core.calls[there].asked


def test_an_update_without_a_body_is_answered_by_itself() -> None:
    pipe, a, b, key, _ = talking()
    a.agent.ask(key, "UPDATE")
    pipe.run()
    assert a.latest(Replied).response.status == 200
    assert "Modified" not in b.kinds()


def test_a_bye_during_a_reinvite_ends_both() -> None:
    pipe, a, b, key, there = talking()
    a.agent.modify(key, SDP, SDP_TYPE)
    pipe.run()
    a.agent.hang_up(key)
    pipe.run()
    assert "b 487" in pipe.words()
    assert quiet(a, b)


def replying(phone: Phone) -> Callable[[Happening], None]:
    def reacts(happening: Happening) -> None:
        if isinstance(happening, Modified):
            phone.agent.reply(happening.asked, 200, "OK", (), SDP, SDP_TYPE)

    return reacts


# -- reliable provisional answers


def test_a_required_reliable_ringing_is_acknowledged_with_prack() -> None:
    pipe, a, b = pair()
    a.agent.call(b.uri, target=b.target, fields=(RELIABLE,))
    pipe.run()
    there = b.latest(Invited).call
    b.agent.ring(there)
    b.agent.answer(there)
    pipe.run()
    assert pipe.words() == [
        *("a INVITE", "b 100", "b 180", "a PRACK", "b 200", "b 200", "a ACK"),
    ]
    ringing = pipe.last("b 180")
    assert tokens(ringing, "require") == ("100rel",)
    rack = pipe.last("a PRACK").first("rack")
    assert rack == f"{ringing.first('rseq')} 1 INVITE"
    assert [m.method for w, m in pipe.said if m.status == 200] == ["PRACK", "INVITE"]
    assert a.kinds() == ["Progressed", "Answered"]


def test_reliable_answers_go_out_one_after_the_other() -> None:
    pipe, a, b = pair()
    a.agent.call(b.uri, target=b.target)
    pipe.run()
    there = b.latest(Invited).call
    b.agent.ring(there, 183, "Session Progress", (RELIABLE,))
    b.agent.ring(there, 180, "Ringing", (RELIABLE,))
    pipe.run()
    assert [w for w in pipe.words() if w in ("b 183", "b 180", "a PRACK")] == [
        *("b 183", "a PRACK", "b 180", "a PRACK"),
    ]
    first, second = pipe.last("b 183"), pipe.last("b 180")
    assert int(second.first("rseq")) == int(first.first("rseq")) + 1
    a.agent.hang_up(a.latest(Progressed).call)
    pipe.run()
    assert quiet(a, b)


def test_a_reliable_answer_is_repeated_and_told_once() -> None:
    pipe, a, b = pair()
    a.agent.call(b.uri, target=b.target, fields=(RELIABLE,))
    pipe.run()
    pipe.stop = lambda seat, octets: octets.startswith(b"PRACK")
    b.agent.ring(b.latest(Invited).call)
    pipe.advance(1.6)
    assert pipe.words().count("b 180") == 3
    assert a.kinds() == ["Progressed"]


def test_a_reliable_answer_without_prack_fails_the_call() -> None:
    pipe, a, b = pair()
    a.agent.call(b.uri, target=b.target, fields=(RELIABLE,))
    pipe.run()
    pipe.stop = lambda seat, octets: octets.startswith(b"PRACK")
    b.agent.ring(b.latest(Invited).call)
    pipe.advance(70)
    assert b.latest(HungUp).why == "no PRACK came"
    assert a.latest(Refused).response.status == 504


def test_a_prack_for_nothing_gets_481() -> None:
    pipe, a, b, key, _ = talking()
    a.agent.ask(key, "PRACK", (Field.of("RAck", "1 1 INVITE"),))
    pipe.run()
    assert "b 481" in pipe.words()


# -- forks


def test_a_second_2xx_of_a_fork_is_acknowledged_and_hung_up() -> None:
    pipe, a, b, key, _ = talking()
    first = pipe.last("b 200")
    other = bytes(first).replace(to_tag(first).encode(), b"other")
    pipe.inject("a", other)
    assert pipe.words()[-3:-1] == ["a ACK", "a BYE"]
    assert to_tag(pipe.last("a BYE")) == "other"
    assert a.kinds() == ["Answered"]
    dialog = a.agent.dialog(key)
    assert dialog
    assert dialog.remote_tag == to_tag(first)


def test_each_early_dialog_is_told_apart() -> None:
    pipe, a, b = pair()
    key = a.agent.call(b.uri, target=b.target)
    pipe.run()
    b.agent.ring(b.latest(Invited).call)
    pipe.run()
    ringing = pipe.last("b 180")
    other = bytes(ringing).replace(to_tag(ringing).encode(), b"other")
    pipe.inject("a", other)
    assert set(a.agent._core.calls[key].outgoing.early) == {to_tag(ringing), "other"}
    assert len([k for k in a.kinds() if k == "Progressed"]) == 2


# -- requests that are refused by themselves


def strange(
    method: str = "INVITE", *extra: str, uri: str = "sip:b@b", to: str = "<sip:b@b>"
) -> bytes:
    lines = [
        "Via: SIP/2.0/TCP a:5060;branch=z9hG4bKstrange",
        "Max-Forwards: 70",
        "From: <sip:z@a>;tag=z",
        f"To: {to}",
        "Call-ID: strange",
        f"CSeq: 1 {method}",
        "Contact: <sip:z@a>",
    ]
    said = {line.partition(":")[0] for line in extra}
    kept = [line for line in lines if line.partition(":")[0] not in said]
    text = "\r\n".join([f"{method} {uri} SIP/2.0", *kept, *extra])
    return f"{text}\r\nContent-Length: 0\r\n\r\n".encode()


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
        (strange().replace(b"INVITE sip:b@b SIP/2.0", b"INVITE sip:b@b SIP/7.0"), 505, ""),
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
    pipe, a, b, _, _ = talking()
    pipe.inject("b", strange())
    pipe.inject("b", strange().replace(b"z9hG4bKstrange", b"z9hG4bKdetour"))
    assert pipe.words()[-1] == "b 482"
    assert b.kinds().count("Invited") == 2


def test_a_repeated_invite_is_one_call() -> None:
    pipe, a, b, _, _ = talking()
    pipe.inject("b", strange())
    pipe.inject("b", strange())
    assert pipe.words()[-2:] == ["b 100", "b 100"]
    assert b.kinds().count("Invited") == 2


def test_an_ack_for_nobody_vanishes_with_a_trace() -> None:
    pipe, a, b, _, _ = talking()
    said = len(pipe.said)
    pipe.inject("b", strange("ACK", to="<sip:b@b>;tag=nobody"))
    assert len(pipe.said) == said
    assert "ACK" in b.seat.traces[-1]


def test_a_response_nobody_waits_for_vanishes_with_a_trace() -> None:
    pipe, a, b, _, _ = talking()
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
    pipe, a, b, _, _ = talking()
    pipe.inject("b", strange().replace(b"Content-Length: 0\r\n", b""))
    assert pipe.words()[-1] == "b 400"
    assert not b.seat.far
    assert "Content-Length" in b.latest(Disturbed).why


def test_pings_are_answered_with_pongs() -> None:
    pipe, a, b, _, _ = talking()
    heard: list[bytes] = []

    def stop(seat: Seat, octets: bytes) -> bool:
        heard.append(octets)
        return False

    pipe.stop = stop
    pipe.inject("b", b"\r\n\r\n")
    assert heard == [b"\r\n"]


def test_a_message_may_come_in_any_pieces() -> None:
    pipe, a, b, _, _ = talking()
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
    for command in (
        lambda: a.agent.ring("gone"),
        lambda: a.agent.answer("gone"),
        lambda: a.agent.refuse("gone", 486, "Busy Here"),
        lambda: a.agent.hang_up("gone"),
        lambda: a.agent.ask("gone", "INFO"),
        lambda: a.agent.modify("gone", b"", ""),
        lambda: a.agent.reply("gone", 200, "OK"),
    ):
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
