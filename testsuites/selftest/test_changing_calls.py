"""Re-INVITE, UPDATE, reliable answers and forks: RFC 3261 §14, RFC 3311, RFC 3262."""

from collections.abc import Callable

from testsuites.selftest.pair import (
    SDP,
    SDP_TYPE,
    Phone,
    pair,
    quiet,
    talking,
)

from ringback.protocol.happenings import (
    Acked,
    Asked,
    Happening,
    HungUp,
    Invited,
    Modified,
    Progressed,
    Refused,
    Replied,
)
from ringback.wire.headers import cseq, to_tag, tokens
from ringback.wire.message import Field, Message

RELIABLE = Field.of("Require", "100rel")


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
    pipe, a, _b, key, _ = talking()
    a.agent.modify(key, SDP, SDP_TYPE)
    pipe.run()
    a.agent._core.calls[key].modifying = ""
    a.agent.modify(key, SDP, SDP_TYPE)
    pipe.run()
    refusal = pipe.last("b 500")
    assert 0 <= int(refusal.first("retry-after")) <= 10


def test_a_cancelled_reinvite_leaves_the_call_up() -> None:
    pipe, a, b, key, there = talking()
    a.agent.modify(key, SDP, SDP_TYPE)
    pipe.run()
    invite = pipe.last("a INVITE")
    kept = [f for f in invite.fields if not f.name.startswith(("cseq", "content"))]
    cancel = (*kept, Field.of("CSeq", "2 CANCEL"))
    pipe.inject("b", bytes(Message.request("CANCEL", invite.uri, cancel)))
    assert a.latest(Replied).response.status == 487
    b.agent.reply(b.latest(Modified).asked, 200, "OK")
    b.agent.ask(there, "INFO")
    pipe.run()
    assert "Cancelled" not in b.kinds()
    assert a.latest(Asked).call == key


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


def test_an_update_before_the_answer_is_told_to_wait() -> None:
    pipe, a, b = pair()
    key = a.agent.call("sip:b@b", target=b.target, body=SDP, content_type=SDP_TYPE)
    pipe.run()
    b.agent.ring(b.latest(Invited).call)
    pipe.run()
    a.agent.ask(key, "UPDATE", body=SDP, content_type=SDP_TYPE)
    pipe.run()
    refused = a.latest(Replied).response
    assert refused.status == 500
    assert refused.first("retry-after")
    a.agent.ask(key, "UPDATE")
    pipe.run()
    assert a.latest(Replied).response.status == 200


def test_a_bye_during_a_reinvite_ends_both() -> None:
    pipe, a, b, key, _there = talking()
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


def test_an_update_that_meets_the_first_offer_is_refused() -> None:
    pipe, a, b = pair()
    a.agent.call("sip:b@b", target=b.target, body=SDP, content_type=SDP_TYPE)
    pipe.run()
    there = b.latest(Invited).call
    b.agent.ring(there)
    b.agent.ask(there, "UPDATE", body=SDP, content_type=SDP_TYPE)
    pipe.run()
    assert b.latest(Replied).response.status == 491


def test_an_update_may_offer_once_the_first_offer_was_answered_reliably() -> None:
    pipe, a, b = pair()
    a.agent.call(
        "sip:b@b",
        target=b.target,
        fields=(RELIABLE,),
        body=SDP,
        content_type=SDP_TYPE,
    )
    pipe.run()
    there = b.latest(Invited).call
    b.agent.ring(there, 183, "Session Progress", body=SDP, content_type=SDP_TYPE)
    pipe.run()
    b.agent.ask(there, "UPDATE", body=SDP, content_type=SDP_TYPE)
    pipe.run()
    assert a.latest(Modified).request.body == SDP


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
    pipe, a, _b, key, _ = talking()
    a.agent.ask(key, "PRACK", (Field.of("RAck", "1 1 INVITE"),))
    pipe.run()
    assert "b 481" in pipe.words()


# -- forks


def test_a_second_2xx_of_a_fork_is_acknowledged_and_hung_up() -> None:
    pipe, a, _b, key, _ = talking()
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
    ours = a.agent._core.calls[key].outgoing
    assert ours
    assert set(ours.early) == {to_tag(ringing), "other"}
    assert len([k for k in a.kinds() if k == "Progressed"]) == 2
