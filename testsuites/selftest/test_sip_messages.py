"""A SIP message forgets no octet, whatever the octets are."""

import pytest
import sipmessage
from hypothesis import given
from hypothesis import strategies as st

from ringback.faults import Malformed
from ringback.wire import headers
from ringback.wire.message import Field, Message

WORDS = st.from_regex(r"[A-Za-z0-9\-.!%*_+`'~]{1,12}", fullmatch=True)
HOSTS = st.from_regex(r"[a-z][a-z0-9]{0,8}\.example", fullmatch=True)
DISPLAYS = st.text(st.characters(categories=["L", "P", "S"], exclude_characters='"\\'))
TRANSPORTS = st.sampled_from(["UDP", "TCP", "TLS"])


@given(head=st.binary(), body=st.binary())
def test_octets_come_back_as_they_were(head: bytes, body: bytes) -> None:
    octets = head + b"\r\n\r\n" + body
    assert bytes(Message.parse(octets)) == octets


@given(
    lines=st.lists(st.sampled_from([b"A", b":", b" ", b"\t", b"\r\n", b"\n", b"\r"]))
)
def test_folds_and_stray_line_ends_come_back_too(lines: list[bytes]) -> None:
    octets = b"".join(lines) + b"\r\n\r\n"
    message = Message.parse(octets)
    assert bytes(message) == octets
    for field in message.fields:
        assert isinstance(field.name + field.value, str)


@pytest.mark.parametrize(
    "octets", [b"", b"\r\n", b"OPTIONS sip:a SIP/2.0\r\nTo: b\r\n"]
)
def test_a_header_without_its_empty_line_is_malformed(octets: bytes) -> None:
    with pytest.raises(Malformed, match="no blank line") as caught:
        Message.parse(octets)
    assert caught.value.at == len(octets)


def test_a_folded_line_belongs_to_the_field_above_it() -> None:
    message = Message.parse(
        b"A sip:b SIP/2.0\r\nTo:\r\n <sip:b>\r\n\t;x\r\nv: 1\r\n\r\n"
    )
    assert message.all("to") == ("<sip:b> ;x",)
    assert len(message.fields) == 2


def test_a_fold_reads_as_one_space() -> None:
    assert Field(b"Subject: one\r\n \t two \r\n\tthree").value == "one two three"


@pytest.mark.parametrize("name", ["f", "F ", "From", "FROM\t", "from"])
def test_a_name_is_the_same_however_it_is_spelled(name: str) -> None:
    assert Field(name.encode() + b": x").name == "from"


def test_octets_that_are_no_utf_8_survive_a_reading() -> None:
    value = Field(b"Subject: \xff\xfe").value
    assert value.encode("utf-8", "surrogateescape") == b"\xff\xfe"


def test_every_line_of_a_field_is_seen_and_the_topmost_is_first() -> None:
    message = Message.parse(b"A sip:b SIP/2.0\r\nv: 1\r\nVIA: 2\r\nTo: x\r\n\r\n")
    assert message.all("Via") == ("1", "2")
    assert message.first("Via") == "1"
    assert message.first("from") == ""


def test_a_response_has_the_method_of_its_cseq() -> None:
    octets = b"SIP/2.0 486 Busy Here\r\nCSeq: 7\t INVITE\r\n\r\n"
    message = Message.parse(octets)
    assert (message.status, message.reason, message.method) == (
        486,
        "Busy Here",
        "INVITE",
    )
    assert Message.parse(b"SIP/2.0 486 \r\n\r\n").method == ""


def test_composed_messages_declare_their_true_length() -> None:
    request = Message.request("INFO", "sip:a@b.test", [Field.of("To", "x")], b"12345")
    response = Message.response(200, "OK", [], "žluť".encode())
    assert headers.content_length(request) == 5
    assert headers.content_length(response) == len(response.body)
    assert request.uri == "sip:a@b.test"


def test_laying_a_field_on_top_moves_no_other_octet() -> None:
    octets = b"A sip:b SIP/2.0\r\nv :  1\r\n\r\nbody"
    message = Message.parse(octets)
    laid = message.under(Field.of("Via", "0"))
    assert bytes(laid) == octets.replace(b"\r\n", b"\r\nVia: 0\r\n", 1)
    assert bytes(laid.without("via")) == b"A sip:b SIP/2.0\r\n\r\nbody"


@given(
    method=WORDS,
    display=DISPLAYS,
    tag=WORDS,
    hosts=st.lists(st.tuples(TRANSPORTS, HOSTS, st.integers(1, 65535)), min_size=1),
    number=st.integers(0, (1 << 31) - 1),
    body=st.binary(),
)
def test_the_oracle_reads_what_we_read(
    method: str,
    display: str,
    tag: str,
    hosts: list[tuple[str, str, int]],
    number: int,
    body: bytes,
) -> None:
    fields = [
        *(
            Field.of("Via", str(headers.Via.of(*hop, branch="z9hG4bKx")))
            for hop in hosts
        ),
        Field.of("From", str(headers.NameAddr.of("sip:a@b.test", display, tag=tag))),
        Field.of("To", "<sip:b@c.test>"),
        Field.of("Call-ID", "1@c.test"),
        Field.of("CSeq", f"{number} {method}"),
    ]
    ours = Message.parse(bytes(Message.request(method, "sip:b@c.test", fields, body)))

    theirs = sipmessage.Message.parse(bytes(ours))

    assert [(v.transport, v.host, v.port) for v in headers.vias(ours)] == hosts
    assert [(v.transport, v.host, v.port) for v in theirs.via] == hosts
    assert headers.from_(ours).display == theirs.from_address.name == display
    assert (theirs.cseq.sequence, theirs.cseq.method) == (number, method)
    assert (headers.cseq(ours).number, headers.cseq(ours).method) == (number, method)
    assert ours.body == theirs.body == body
