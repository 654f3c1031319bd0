"""Where URIs lead, and how a 3xx is followed: RFC 3261 §8.1.3.4, facts §4.2."""

import pytest
from testsuites.selftest.pair import Phone, Pipe, pair

from ringback.faults import Malformed
from ringback.protocol.happenings import Answered, Invited, Redirected, Refused
from ringback.protocol.redirect import Target, keeps_security, target_of, targets_of
from ringback.values import Address
from ringback.wire.headers import cseq, from_tag, to_tag
from ringback.wire.message import Field, Message
from ringback.wire.uri import parse


@pytest.mark.parametrize(
    ("uri", "secured", "target"),
    [
        ("sip:host", False, Target(Address("host", 5060), False, "host")),
        ("sip:host", True, Target(Address("host", 5061), True, "host")),
        ("sips:u@host", False, Target(Address("host", 5061), True, "host")),
        ("sip:host;transport=tls", False, Target(Address("host", 5061), True, "host")),
        ("sip:host;transport=Tcp", True, Target(Address("host", 5060), False, "host")),
        ("sip:host:5065", False, Target(Address("host", 5065), False, "host")),
        (
            "sip:101@um:5065;user=phone;transport=Tcp;maddr=192.0.2.7",
            False,
            Target(Address("192.0.2.7", 5065), False, "um"),
        ),
        (
            "sip:u@[2001:db8::1]:5070",
            False,
            Target(Address("2001:db8::1", 5070), False, "2001:db8::1"),
        ),
    ],
)
def test_where_a_uri_leads(uri: str, secured: bool, target: Target) -> None:
    assert target_of(parse(uri), secured) == target


@pytest.mark.parametrize("uri", ["tel:+1206", "sip:host;transport=udp", "mailto:a@b"])
def test_what_leads_nowhere(uri: str) -> None:
    with pytest.raises(Malformed):
        target_of(parse(uri))


def test_contacts_are_tried_by_q_then_by_order() -> None:
    fields = (
        Field.of("Contact", "<sip:third>;q=0.1, <sip:first>, <sip:second>;q=0.5"),
        Field.of("Contact", "<sip:also-first>;q=1.0"),
    )
    moved = Message.response(302, "Moved", fields)
    assert [str(u) for u in targets_of(moved)] == [
        *("sip:first", "sip:also-first", "sip:second", "sip:third"),
    ]


@pytest.mark.parametrize("status", [305, 380])
def test_a_proxy_or_another_service_is_no_place_to_go(status: int) -> None:
    fields = (Field.of("Contact", "<sip:elsewhere>"),)
    assert targets_of(Message.response(status, "Elsewhere", fields)) == ()


@pytest.mark.parametrize(
    ("was", "will", "secured", "kept"),
    [
        ("sip:a", "sip:b", False, True),
        ("sips:a", "sip:b;transport=tls", True, False),
        ("sips:a", "sips:b", True, True),
        ("sip:a", "sip:b;transport=TCP", True, False),
        ("sip:a", "sip:b;transport=TLS", True, True),
        ("sip:a", "sips:b", False, True),
        ("sip:a", "tel:1", False, False),
    ],
)
def test_a_redirect_never_loses_security(
    was: str, will: str, secured: bool, kept: bool
) -> None:
    assert keeps_security(was, parse(will), secured=secured) is kept


def moved(b: Phone, *contacts: str, status: int = 302) -> None:
    fields = tuple(Field.of("Contact", c) for c in contacts)
    b.agent.refuse(b.latest(Invited).call, status, "Moved Temporarily", fields)


def test_a_302_leads_to_the_worker() -> None:
    pipe, a, b = pair()
    worker = Phone(pipe, "worker", 5065)
    key = a.agent.call("sip:b@b", target=b.target)
    pipe.run()
    moved(b, "<sip:101@um.example:5065;user=phone;transport=Tcp;maddr=worker>")
    pipe.run()
    redirected = a.latest(Redirected)
    assert redirected.target == Target(Address("worker", 5065), False, "um.example")
    first, second = b.latest(Invited).request, worker.latest(Invited).request
    assert second.uri == "sip:101@um.example:5065;user=phone;transport=Tcp;maddr=worker"
    assert second.first("call-id") == first.first("call-id") == key
    assert second.first("to") == "<sip:b@b>"
    assert from_tag(second) == from_tag(first)
    assert cseq(second).number == 2
    assert not to_tag(second)
    worker.agent.answer(worker.latest(Invited).call)
    pipe.run()
    assert a.latest(Answered).call == key


def test_the_next_contact_is_tried_when_the_first_fails() -> None:
    pipe, a, b = pair()
    Phone(pipe, "worker", 5065)
    a.agent.call("sip:b@b", target=b.target)
    pipe.run()
    moved(b, "<sip:dead:5065>;q=0.9, <sip:worker:5065>;q=0.1")
    pipe.run()
    assert a.kinds() == ["Redirected", "Progressed"][:1] * len(a.kinds())
    assert pipe.words()[-2:] == ["a INVITE", "worker 100"]


def test_no_contact_is_tried_twice() -> None:
    pipe, a, b = pair()
    a.agent.call("sip:b@b:5060", target=b.target)
    pipe.run()
    moved(b, "<sip:b@b:5060>")
    pipe.run()
    assert a.latest(Refused).response.status == 302
    assert pipe.words().count("a INVITE") == 1


def test_five_redirects_are_enough() -> None:
    pipe, a, b = pair()

    def onward(happening: object) -> None:
        if isinstance(happening, Invited):
            moved(b, f"<sip:b{len(b.happened)}@b:5060>")

    b.reacts = onward
    a.agent.call("sip:b@b", target=b.target)
    pipe.run()
    assert pipe.words().count("a INVITE") == 6
    assert a.latest(Refused).response.status == 302


def test_a_redirect_from_tls_to_tcp_is_not_followed() -> None:
    pipe = Pipe()
    a, b = Phone(pipe, "a", secured=True), Phone(pipe, "b", secured=True)
    Phone(pipe, "clear", 5060)
    a.agent.call("sip:b@b", target=b.target)
    pipe.run()
    moved(b, "<sip:x@clear:5060;transport=tcp>")
    pipe.run()
    assert a.latest(Refused).response.status == 302
    assert any("security" in t for t in a.seat.traces)


def test_a_redirect_after_cancel_is_not_followed() -> None:
    pipe, a, b = pair()
    key = a.agent.call("sip:b@b", target=b.target)
    pipe.run()
    pipe.hold()
    moved(b, "<sip:b@b:5060>")
    a.agent.hang_up(key)
    pipe.release()
    assert a.latest(Refused).response.status == 302
    assert pipe.words().count("a INVITE") == 1
    assert not a.agent.leftovers()
