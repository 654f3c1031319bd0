"""Typed readings of header fields, and the rules that a message breaks by itself."""

from collections.abc import Callable
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringback.faults import Malformed
from ringback.wire import extensions, headers, parameters
from ringback.wire.grammar import PARAGRAPHS, faults_of
from ringback.wire.message import Message
from ringback.wire.uri import SipUri, TelUri

TOKENS = st.from_regex(r"[A-Za-z0-9\-.!%*_+`'~]{1,8}", fullmatch=True)
GAPS = st.sampled_from(["", " ", "\t", "  "])
QUOTABLE = st.text(st.characters(codec="utf-8", exclude_characters="\r\n"))


def message(*lines: str, start: str = "INVITE sip:a@b.test SIP/2.0") -> Message:
    return Message.parse("\r\n".join([start, *lines, "", ""]).encode())


@pytest.mark.parametrize(
    ("text", "elements"),
    [
        ("", ()),
        ("a", ("a",)),
        ("a, b ,c", ("a", "b", "c")),
        ("a,,b,", ("a", "", "b", "")),
        ('"x, y" <sip:a@b>, <sip:c,d@e>;q=1', ('"x, y" <sip:a@b>', "<sip:c,d@e>;q=1")),
        (r'"\", " <a>, b', (r'"\", " <a>', "b")),
        ('a, "open, b', ("a", '"open, b')),
    ],
)
def test_commas_in_quotes_and_brackets_divide_nothing(
    text: str, elements: tuple[str, ...]
) -> None:
    assert headers.split_list(text) == elements


@given(QUOTABLE, TOKENS, TOKENS, GAPS)
def test_an_address_gives_back_its_octets(
    display: str, name: str, value: str, gap: str
) -> None:
    escaped = display.replace("\\", "\\\\").replace('"', '\\"')
    text = f'"{escaped}"{gap}<sip:a@b.test;lr>{gap};{gap}{name}{gap}={gap}{value}'
    address = headers.name_addr(text)
    assert str(address) == text
    assert address.display == display
    assert address.param(name.upper()) == value


@given(TOKENS, TOKENS, GAPS)
def test_a_via_gives_back_its_octets(transport: str, value: str, gap: str) -> None:
    text = f"SIP{gap}/2.0/{gap}{transport} \t[::1]{gap}:{gap}5060;branch{gap}={value}"
    via = headers.Via.parse(text)
    assert str(via) == text
    assert (via.transport, via.host, via.port) == (transport, "::1", 5060)
    assert via.branch == value


READERS: list[Callable[[str], object]] = [
    headers.Via.parse,
    headers.name_addr,
    headers.CSeq.parse,
    headers.media_type,
    headers.disposition,
    headers.split_list,
]


@given(st.text(st.sampled_from('aZ1/."\\<>;=,:@ \té[]%*'), max_size=30))
def test_no_text_breaks_a_reading(text: str) -> None:
    for read in READERS:
        with suppress(Malformed):
            value = read(text)
            assert isinstance(value, tuple) or str(value) == text


@pytest.mark.parametrize(
    "piece", ['"', '"\\', "<", "<>,", ";", "a ", " ", ",", '"a" ', "sip:", "a;", "%41"]
)
def test_a_hostile_text_costs_no_more_than_its_length(piece: str) -> None:
    text = piece * 20000  # a quadratic reading would need minutes
    for read in READERS:
        with suppress(Malformed):
            read(text)
    assert parameters.with_param(text, "tag", "1").endswith(";tag=1")


def test_the_hops_of_all_lines_are_one_list() -> None:
    two = message(
        "Via: SIP/2.0/TCP a.test;branch=z9hG4bK1, SIP/2.0/TLS b.test",
        "v: SIP/2.0/UDP c.test",
    )
    assert [via.host for via in headers.vias(two)] == ["a.test", "b.test", "c.test"]
    assert headers.branch(two) == "z9hG4bK1"
    assert headers.branch(message()) == ""


def test_rport_is_absent_or_asked_for_or_filled() -> None:
    via = headers.Via.of("TCP", "2001:db8::1", 5070, branch="z9hG4bK1")
    assert str(via) == "SIP/2.0/TCP [2001:db8::1]:5070;branch=z9hG4bK1"
    assert via.rport is None
    asked = via.with_param("rport", "")
    assert asked.rport == 0
    filled = asked.with_param("rport", "5071").with_param("received", "192.0.2.1")
    assert (filled.rport, filled.received) == (5071, "192.0.2.1")
    assert str(filled) == str(via) + ";rport=5071;received=192.0.2.1"


def test_setting_a_parameter_touches_neither_the_uri_nor_the_name() -> None:
    address = headers.name_addr('"a;tag=1" <sip:a@b.test;tag=2> ; x=";tag=3"')
    assert address.tag == ""
    tagged = address.with_param("tag", "4")
    assert str(tagged) == str(address) + ";tag=4"
    assert tagged.with_param("TAG", "5").tag == "5"
    assert tagged.with_param("x", "y").param("x") == "y"


def test_without_brackets_the_parameters_are_the_fields() -> None:
    address = headers.name_addr("sip:a@b.test;tag=1")
    assert isinstance(address.uri, SipUri)
    assert address.uri.params == ()
    assert address.tag == "1"


def test_odd_contacts_of_real_servers_are_read() -> None:
    redirect = message(
        "Contact: <sip:101@um.test:5065;user=phone;transport=Tcp;maddr=um.test>",
        "CONTACT: <sip:192.0.2.1:5061;transport=tls>;automata;text;audio;video;image",
        'm: "x" <tel:+12065550123>;+sip.instance="<urn:uuid:1>";q=0.5, <sip:c.test>',
    )
    first, second, third, fourth = headers.contacts(redirect)
    assert isinstance(first.uri, SipUri)
    assert first.uri.transport == "tcp"
    assert second.param("automata") == ""
    assert isinstance(third.uri, TelUri)
    assert third.param("+sip.instance") == "<urn:uuid:1>"
    assert str(fourth.uri) == "sip:c.test"


def test_a_star_is_no_contact() -> None:
    assert headers.contacts(message("Contact: *")) == ()


def test_words_are_gathered_from_all_lines() -> None:
    answer = message("SUPPORTED: Replaces", "Supported: timer,", "k: 100rel", "Allow:")
    assert headers.tokens(answer, "supported") == ("Replaces", "timer", "100rel")
    assert headers.tokens(answer, "allow") == ()


def test_routes_keep_their_order() -> None:
    asked = message("Route: <sip:a.test;lr>, <sip:b.test>", "Route: <sip:c.test;lr>")
    found = [str(route.uri) for route in headers.routes(asked, "route")]
    assert found == ["sip:a.test;lr", "sip:b.test", "sip:c.test;lr"]


def test_absent_fields_are_empty_where_absence_is_legal() -> None:
    bare = message()
    assert headers.from_tag(bare) == headers.to_tag(bare) == headers.call_id(bare) == ""
    assert headers.max_forwards(bare) is None
    assert headers.content_length(bare) is None
    assert headers.content_type(bare) == ("", {})
    assert headers.content_disposition(bare) == ("", {})
    for read in (headers.from_, headers.to, headers.cseq):
        with pytest.raises(Malformed):
            read(bare)


def test_media_types_lose_case_and_quotes() -> None:
    typed = message(
        'c: Multipart/Mixed ; Boundary="a b" ; x',
        "Content-Disposition: Render;handling=required",
    )
    assert headers.content_type(typed) == (
        "multipart/mixed",
        {"boundary": "a b", "x": ""},
    )
    assert headers.content_disposition(typed) == ("render", {"handling": "required"})


def test_reasons_give_cause_and_text() -> None:
    ended = message(
        'Reason: SIP ;cause=486 ;text="Busy \\"now\\"", Q.850;cause=17', "Reason: x"
    )
    assert extensions.reasons(ended) == (
        extensions.Reason("SIP", 486, 'Busy "now"'),
        extensions.Reason("Q.850", 17),
        extensions.Reason("x"),
    )
    text = 'SIP;cause=486;text="Busy \\"now\\""'
    assert str(extensions.reasons(ended)[0]) == text


def test_session_timers_and_reliable_responses_are_read() -> None:
    odd = message(
        "x: 1800 ; Refresher=UAC;y", "Min-SE: 90;z", "RSeq: 7", "RAck: 7 1 INVITE"
    )
    assert extensions.session_expires(odd) == extensions.SessionExpires(1800, "uac")
    assert str(extensions.SessionExpires(1800, "uac")) == "1800;refresher=uac"
    assert extensions.min_se(odd) == 90
    assert extensions.rseq(odd) == 7
    assert extensions.rack(odd) == extensions.RAck(7, 1, "INVITE")
    assert str(extensions.RAck(7, 1, "INVITE")) == "7 1 INVITE"
    bare = message()
    assert (extensions.session_expires(bare), extensions.min_se(bare)) == (None, None)
    assert (extensions.rseq(bare), extensions.rack(bare)) == (None, None)
    for line in ("x: soon", "x: -1", "x: 1;;", "x: 99999999999"):
        with pytest.raises(Malformed):
            extensions.session_expires(message(line))


CALM = (
    "Via: SIP/2.0/TCP a.test;branch=z9hG4bK1",
    "From: <sip:a@b.test>;tag=1",
    "To: <sip:c@d.test>",
    "Call-ID: 1@a.test",
    "CSeq: 1 INVITE",
    "Max-Forwards: 70",
    "Contact: <sip:a@a.test>",
    "Content-Length: 0",
)


def changed(old: str, new: str) -> Message:
    return message(*(new if line.startswith(old) else line for line in CALM))


def test_a_calm_message_breaks_no_rule() -> None:
    assert faults_of(message(*CALM)) == ()


def test_what_real_servers_send_breaks_no_rule() -> None:
    answer = message(
        "VIA: SIP/2.0/TLS 192.0.2.1:5061;branch=z9hG4bK1;ms-received-port=5061",
        'FROM: "Doe, J." <sip:+12065550123@b.test;user=phone>;tag=1;epid=0123',
        "TO: <sip:c@d.test>;tag=a1;epid=9876",
        "CALL-ID: 0f6ab5d2-1c2b",
        "CSEQ: 1 INVITE",
        "CONTACT: <sip:192.0.2.1:5061;transport=tls>;automata;text;audio;video;image",
        "CONTENT-LENGTH: 0",
        "SUPPORTED: Replaces",
        "SUPPORTED: timer",
        "ALLOW: ACK",
        "ALLOW: CANCEL,BYE,INVITE,MESSAGE,INFO,SERVICE,OPTIONS,BENOTIFY,NOTIFY",
        "P-Asserted-Identity: <sip:101@um.test>",
        "Session-Expires: 1800;refresher=uac",
        "Min-SE: 1800",
        "Server: RTCC/5.0.0.0 MSExchangeUM/15.01.0231.021",
        "Retry-After: 5 (busy) ;duration=3",
        'Warning: 399 um.test "a", 370 um.test:5061 "b, c"',
        start="SIP/2.0 200 OK",
    )
    assert faults_of(answer) == ()


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("Via", "Via: SIP/2.0/TCP", "via-malformed"),
        ("Via", "Via: SIP/2.0/TCP a.test;branch=z9hG4bK", "branch-without-id"),
        ("Via", "X: y", "via-missing"),
        ("From", "From: <sip:a@b.test>", "from-tag-missing"),
        ("Call-ID", "Call-ID: a b", "call-id-malformed"),
        ("CSeq", "CSeq: INVITE", "cseq-malformed"),
        ("CSeq", "CSeq: 2147483648 INVITE", "cseq-overflow"),
        ("CSeq", "CSeq: 1 invite", "cseq-method"),
        ("CSeq", "X: y", "cseq-missing"),
        ("Max-Forwards", "X: y", "max-forwards-missing"),
        ("Max-Forwards", "Max-Forwards: 256", "max-forwards-malformed"),
        ("Contact", "X: y", "contact-missing"),
        ("Contact", "Contact: <sip:a@b.test>;q=1.1", "contact-q-malformed"),
        ("Contact", "Contact: *, <sip:a@b.test>", "contact-malformed"),
        ("To", "To: <sip:c@d.test", "to-malformed"),
        ("Max-Forwards", "Max-Forwards: 7\r\nRoute: sip:a.test;lr?", "route-malformed"),
        ("Max-Forwards", "Max-Forwards: 7\r\nno colon", "field-name-malformed"),
        ("Max-Forwards", "Max-Forwards: 7\r\nbad name: x", "field-name-malformed"),
        ("Max-Forwards", "Max-Forwards: 7\r\nDate: today", "date-malformed"),
        ("Max-Forwards", "Max-Forwards: 7\r\nRetry-After: x", "retry-after-malformed"),
        ("Content-Length", "Content-Length: 1", "content-length-beyond-body"),
        ("Content-Length", "c: sdp", "content-type-malformed"),
    ],
)
def test_one_broken_field_is_one_accusation(old: str, new: str, fault: str) -> None:
    assert faults_of(changed(old, new)) == (fault,)


@pytest.mark.parametrize(
    ("start", "fault"),
    [
        ("SIP/2.0 700 x", "status-out-of-range"),
        ("SIP/2.0 99 x", "status-out-of-range"),
        ("SIP/2.0 200", "status-line-malformed"),
        ("SIP/3.0 200 OK", "version-unknown"),
        ("INVITE sip:a@b.test", "request-line-incomplete"),
        ("INVITE sip:a@b.test HTTP/1.1", "version-unknown"),
        ("INVITE sip:a@ SIP/2.0", "request-uri-malformed"),
        ("INVITE nothing SIP/2.0", "request-uri-malformed"),
        ("INVITE\tsip:a SIP/2.0", "request-line-incomplete"),
    ],
)
def test_a_broken_start_line_is_said_plainly(start: str, fault: str) -> None:
    assert fault in faults_of(message(*CALM, start=start))


def test_a_body_needs_a_type_but_what_follows_the_body_does_not() -> None:
    body = Message.request("MESSAGE", "sip:a@b.test", [], b"hello")
    assert "content-type-missing" in faults_of(body)
    trailing = Message.parse(bytes(message(*CALM)) + b"trailing")
    assert faults_of(trailing) == ()


@given(st.binary(max_size=80))
def test_no_octets_break_the_judgement(octets: bytes) -> None:
    accused = faults_of(Message.parse(octets + b"\r\n\r\n"))
    assert set(accused) <= PARAGRAPHS.keys()
