"""URIs keep their spelling, give their parts, and compare as the RFC says."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringback.faults import Malformed
from ringback.wire.uri import OtherUri, SipUri, TelUri, parse, same

USERS = st.from_regex(
    r"([A-Za-z0-9&=+$,;?/\-_.!~*'()]|%[0-9A-F]{2}){1,10}", fullmatch=True
)
HOSTS = st.sampled_from(["b.test", "192.0.2.1", "[2001:db8::1]", "a-b.c.test."])
PORTS = st.sampled_from(["", ":1", ":5060", ":65535"])
TAILS = st.sampled_from(["", ";lr", ";transport=TCP;maddr=[::1]", "?a=b&c=", ";x?y=z"])


def sip(text: str) -> SipUri:
    uri = parse(text)
    assert isinstance(uri, SipUri)
    return uri


@given(USERS, HOSTS, PORTS, TAILS)
def test_a_uri_gives_back_its_octets(
    user: str, host: str, port: str, tail: str
) -> None:
    text = f"sip:{user}@{host}{port}{tail}"
    uri = sip(text)
    assert str(uri) == text
    assert uri.octets == text.encode()
    assert uri.host == host.strip("[]")


@given(st.text(max_size=20))
def test_any_text_is_a_uri_or_malformed(text: str) -> None:
    for scheme in ("", "sip:", "tel:"):
        with suppress(Malformed):
            assert str(parse(scheme + text)) == scheme + text


def test_the_contact_of_a_real_redirect_gives_its_parts() -> None:
    uri = sip("sip:101@um.test:5065;user=phone;transport=Tcp;maddr=192.0.2.7")
    assert (uri.user, uri.host, uri.port) == ("101", "um.test", 5065)
    assert (uri.transport, uri.maddr) == ("tcp", "192.0.2.7")
    assert uri.param("USER") == "phone"
    assert not uri.lr


def test_a_parameter_without_a_value_is_not_an_absent_one() -> None:
    uri = sip("SIPS:b.test;lr;a=1")
    assert uri.scheme == "sips"
    assert (uri.param("lr"), uri.param("a"), uri.param("b")) == ("", "1", None)
    assert uri.lr
    assert sip("sip:b.test;lr=on").lr


def test_a_composed_uri_reads_back() -> None:
    uri = SipUri.of("7", "2001:db8::1", 5061, secured=True, transport="tls", lr="")
    assert str(uri) == "sips:7@[2001:db8::1]:5061;transport=tls;lr"
    assert uri == parse(str(uri))
    assert str(SipUri.of("", "b.test")) == "sip:b.test"


def test_composing_cannot_smuggle() -> None:
    with pytest.raises(Malformed):
        SipUri.of("a b", "b.test")
    with pytest.raises(Malformed):
        SipUri.of("a", "b.test\r\nX: y")


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("sip:", 0),
        ("", 0),
        ("sip", 0),
        ("sip:a@b.test; lr", 13),
        ("sip: a@b.test", 4),
        ("<sip:a@b.test>", 0),
        ("sip:a@b@c.test", 0),
        ("sip:a@b.test:99999", 13),
        ("sip:a@b.test:" + "9" * 5000, 13),
        ("sip:a@b.test:", 0),
        ("sip:a@[::g]", 0),
        ("sip:a@[1::2::3]", 6),
        ("sip:a%4@b.test", 5),
        ("sip:a@b.test;", 13),
        ("sip:a@b.test;lr;;x", 16),
        ("sip:a@b.test?x", 13),
        ("sip:ž@b.test", 4),
        ("tel:", 4),
        ("tel:+", 4),
        ("tel:hello", 4),
        ("x y:z", 1),
    ],
)
def test_what_no_grammar_takes_is_malformed_and_says_where(text: str, at: int) -> None:
    with pytest.raises(Malformed) as caught:
        parse(text)
    assert caught.value.at == at
    assert caught.value.octets == text.encode()


def test_a_telephone_number_keeps_its_separators_and_parameters() -> None:
    uri = parse("tel:+1-(206)-555.0123;ext=9;phone-context=b.test")
    assert isinstance(uri, TelUri)
    assert uri.number == "+1-(206)-555.0123"
    assert (uri.param("ext"), uri.param("isub")) == ("9", None)


def test_other_schemes_are_kept_whole() -> None:
    uri = parse("URN:uuid:f81d4fae?x#y")
    assert uri == OtherUri("URN:uuid:f81d4fae?x#y", "urn", "uuid:f81d4fae?x#y")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (
            "sip:%61lice@atlanta.test;transport=TCP",
            "sip:alice@AtLanTa.test;Transport=tcp",
        ),
        ("sip:carol@chicago.test", "sip:carol@chicago.test;newparam=5"),
        ("sip:carol@chicago.test;security=on", "sip:carol@chicago.test;newparam=5"),
        (
            "sip:biloxi.test;transport=tcp;method=REGISTER?to=sip:bob%40biloxi.test",
            "sip:biloxi.test;method=REGISTER;transport=tcp?to=sip:bob%40biloxi.test",
        ),
        ("sip:a@b.test?x=1&y=2", "sip:a@b.test?y=2&x=1"),
        ("tel:+1-206-555-0123", "tel:+12065550123"),
        ("urn:a:b", "URN:a:b"),
    ],
)
def test_these_are_the_same(one: str, other: str) -> None:
    assert same(parse(one), parse(other))
    assert same(parse(other), parse(one))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("SIP:ALICE@b.test", "sip:alice@b.test"),
        ("sip:bob@b.test", "sip:bob@b.test:5060"),
        ("sip:bob@b.test", "sip:bob@b.test;transport=udp"),
        ("sip:bob@b.test", "sips:bob@b.test"),
        ("sip:bob@b.test", "sip:bob@b.test;maddr=192.0.2.1"),
        ("sip:bob@b.test;x=1", "sip:bob@b.test;x=2"),
        ("sip:bob@b.test", "sip:bob@b.test?Subject=x"),
        ("sip:bob@phone21.test", "sip:bob@192.0.2.4"),
        ("tel:123;phone-context=a.test", "tel:123;phone-context=b.test"),
        ("tel:123", "sip:123@b.test"),
    ],
)
def test_these_are_not(one: str, other: str) -> None:
    assert not same(parse(one), parse(other))
    assert not same(parse(other), parse(one))
