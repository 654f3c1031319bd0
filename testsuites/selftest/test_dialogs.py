"""Dialogs: route sets, targets, counters, and how they are kept: RFC 3261 §12."""

import msgspec
from testsuites.selftest.pair import Phone, talking

from ringback.protocol.dialog import Dialog, without_tag
from ringback.protocol.happenings import Asked, HungUp, Replied
from ringback.wire.headers import to_tag
from ringback.wire.message import Field, Message


def message(start: str, *lines: str) -> Message:
    return Message(start.encode(), tuple(Field(line.encode()) for line in lines))


INVITE = message(
    "INVITE sip:b@b.example SIP/2.0",
    "Record-Route: <sip:p2;lr>, <sip:p1;lr>",
    'From: "A, B" <sip:a@a.example;x=1>;tag=a1;y=2',
    "To: sip:b@b.example",
    "Call-ID: c",
    "CSeq: 7 INVITE",
    "Contact: <sip:a@192.0.2.1:5070>;expires=3",
)
OK = message(
    "SIP/2.0 200 OK",
    "Record-Route: <sip:p2;lr>",
    "Record-Route: <sip:p1;lr>",
    'From: "A, B" <sip:a@a.example;x=1>;tag=a1;y=2',
    "To: sip:b@b.example;tag=b1",
    "Call-ID: c",
    "CSeq: 7 INVITE",
    "Contact: <sip:b@192.0.2.2:5080;transport=Tcp>",
)


def test_the_caller_turns_the_route_round() -> None:
    dialog = Dialog.of_response(INVITE, OK)
    assert dialog.route == ("<sip:p1;lr>", "<sip:p2;lr>")
    assert dialog.target == "sip:b@192.0.2.2:5080;transport=Tcp"
    assert (dialog.local_tag, dialog.remote_tag) == ("a1", "b1")
    assert dialog.local_seq == 7
    assert dialog.next_hop == "sip:p1;lr"


def test_the_callee_keeps_the_route_as_it_came() -> None:
    dialog = Dialog.of_request(INVITE, OK)
    assert dialog.route == ("<sip:p2;lr>", "<sip:p1;lr>")
    assert dialog.target == "sip:a@192.0.2.1:5070"
    assert (dialog.local_tag, dialog.remote_tag) == ("b1", "a1")
    assert (dialog.local_seq, dialog.remote_seq) == (0, 7)


def test_a_request_inside_carries_route_tags_and_the_next_number() -> None:
    dialog, bye = Dialog.of_response(INVITE, OK).request("BYE")
    assert bye.uri == "sip:b@192.0.2.2:5080;transport=Tcp"
    assert bye.all("route") == ("<sip:p1;lr>", "<sip:p2;lr>")
    assert bye.first("from") == '"A, B" <sip:a@a.example;x=1>;y=2;tag=a1'
    assert to_tag(bye) == "b1"
    assert bye.first("cseq") == "8 BYE"
    assert dialog.request("INFO")[1].first("cseq") == "9 INFO"


def test_a_strict_router_gets_itself_as_request_uri() -> None:
    strict = Dialog(
        "c", "a", "b", "<sip:a>", "<sip:b>", "sip:t", ("<sip:p1>", "<sip:p2>")
    )
    bye = strict.request("BYE")[1]
    assert bye.uri == "sip:p1"
    assert bye.all("route") == ("<sip:p2>", "<sip:t>")


def test_the_ack_has_the_number_of_its_invite() -> None:
    dialog = Dialog.of_response(INVITE, OK)
    assert dialog.ack(7).first("cseq") == "7 ACK"


def test_a_reinvite_moves_the_target_and_an_info_does_not() -> None:
    dialog = Dialog.of_request(INVITE, OK)
    again = message("INVITE x SIP/2.0", "CSeq: 8 INVITE", "Contact: <sip:new>")
    info = message("INFO x SIP/2.0", "CSeq: 9 INFO", "Contact: <sip:newer>")
    assert dialog.heard(again).target == "sip:new"
    assert dialog.heard(again).heard(info).target == "sip:new"
    assert dialog.heard(again).heard(info).remote_seq == 9


def test_a_tag_is_cut_from_the_field_and_never_from_the_uri() -> None:
    assert without_tag("<sip:a;tag=in>;tag=out;x=1") == "<sip:a;tag=in>;x=1"
    assert without_tag("sip:a ; TAG=1") == "sip:a"
    assert without_tag("<sip:a>") == "<sip:a>"


def test_a_dialog_survives_a_store() -> None:
    dialog = Dialog.of_response(INVITE, OK)
    octets = msgspec.json.encode(dialog)
    assert msgspec.json.decode(octets, type=Dialog) == dialog


def test_an_adopted_dialog_goes_on_where_it_was() -> None:
    pipe, a, b, key, there = talking()
    dialog = a.agent.dialog(key)
    assert dialog
    again = Phone(pipe, "a")  # restarted: same place, no memory
    taken = again.agent.adopt(dialog, b.target)
    again.agent.ask(taken, "OPTIONS")
    pipe.run()
    asked = b.latest(Asked)
    assert asked.call == there
    b.agent.reply(asked.asked, 200, "OK")
    pipe.run()
    assert again.latest(Replied).response.status == 200
    b.agent.hang_up(there)
    pipe.run()
    assert again.latest(HungUp).call == taken
    assert not again.agent.leftovers()
