"""Both SOAP dialects: every octet kept, harm refused, and zeep understands us."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from types import ModuleType
from typing import Any

import pytest
import zeep
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from ringback.faults import Malformed, Misuse
from ringback.places import fixtures
from ringback.values import CallState, Cause
from ringback.wire import ews, soap, umws
from ringback.wire.soap import Envelope, SoapFault

ZEEP: Any = zeep  # it has types for less than we use
SAMPLES = sorted((fixtures() / "soap").glob("*.xml"))
CALL = "ZjQ1@um="
SPEAKABLE = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff")
)
UMWS: tuple[tuple[umws.Request, umws.Response], ...] = (
    (umws.IsUMEnabled(), umws.IsUMEnabledResponse(True)),
    (
        umws.GetUMProperties(),
        umws.GetUMPropertiesResponse(False, True, "+1206", "+1207", "AAAA"),
    ),
    (umws.SetOofStatus(True), umws.SetOofStatusResponse()),
    (
        umws.SetPlayOnPhoneDialString("1 <2> & 3"),
        umws.SetPlayOnPhoneDialStringResponse(),
    ),
    (
        umws.SetTelephoneAccessFolderEmail("AAAA"),
        umws.SetTelephoneAccessFolderEmailResponse(),
    ),
    (
        umws.SetMissedCallNotificationEnabled(False),
        umws.SetMissedCallNotificationEnabledResponse(),
    ),
    (umws.ResetPIN(), umws.ResetPINResponse()),
    (umws.PlayOnPhone("AAAA", "+1206"), umws.PlayOnPhoneResponse(CALL)),
    (
        umws.PlayOnPhoneGreeting("OofCustom", "+1206"),
        umws.PlayOnPhoneGreetingResponse(CALL),
    ),
    (
        umws.GetCallInfo(CALL),
        umws.GetCallInfoResponse(CallState.DISCONNECTED, Cause.USER_BUSY),
    ),
    (umws.Disconnect(CALL), umws.DisconnectResponse()),
)
EWS: tuple[tuple[ews.Request, ews.Response], ...] = (
    (ews.PlayOnPhone("AAMk", "+1206"), ews.PlayOnPhoneResponse(CALL)),
    (
        ews.GetPhoneCallInformation(CALL),
        ews.GetPhoneCallInformationResponse(
            CallState.DISCONNECTED, Cause.UNAVAILABLE, "Not Found", 404
        ),
    ),
    (
        ews.DisconnectPhoneCall(CALL),
        ews.DisconnectPhoneCallResponse(code="ErrorInvalidPhoneCallId", text="No."),
    ),
    (
        ews.GetServiceConfiguration(),
        ews.GetServiceConfigurationResponse(True, "alice@ringback.test", False),
    ),
)
PAIRS = [(umws, *pair) for pair in UMWS] + [(ews, *pair) for pair in EWS]
NAMES = [f"{d.SCHEMA}-{type(q).__name__}" for d, q, _ in PAIRS]
EXAMPLES = pytest.mark.parametrize(
    ("dialect", "request_", "response"), PAIRS, ids=NAMES
)


@cache
def client_of(dialect: ModuleType) -> Any:
    name = "um2007" if dialect is umws else "ews"
    return ZEEP.Client(str(fixtures() / "soap" / f"{name}.wsdl"))


def dialect_of(name: str) -> ModuleType:
    return umws if name.startswith("um2007") else ews


@contextmanager
def malformed(words: str) -> Iterator[None]:
    with pytest.raises(Malformed, match=words):
        yield


@pytest.mark.parametrize("path", SAMPLES, ids=lambda p: p.stem)
def test_a_sample_keeps_its_octets_and_can_be_read(path: Any) -> None:
    octets = path.read_bytes()
    envelope = Envelope.parse(octets)
    dialect = dialect_of(path.stem)
    read = (
        dialect.request_of
        if path.stem.endswith("-request") and "fault" not in path.stem
        else dialect.response_of
    )
    assert bytes(envelope) == octets
    value = read(envelope)
    again = read(Envelope.parse(dialect.octets_of(value)))
    assert again == value or isinstance(value, SoapFault)


@pytest.mark.parametrize(
    "path", [p for p in SAMPLES if "-fault-" not in p.stem], ids=lambda p: p.stem
)
def test_a_sample_obeys_our_schema(path: Any) -> None:
    body = Envelope.parse(path.read_bytes()).body
    assert soap.violation(dialect_of(path.stem).SCHEMA, body) == ""


@EXAMPLES
def test_what_is_written_is_read_back_and_obeys_the_schema(
    dialect: Any, request_: object, response: object
) -> None:
    asked = Envelope.parse(dialect.octets_of(request_))
    told = Envelope.parse(dialect.octets_of(response))
    assert dialect.request_of(asked) == request_
    assert dialect.response_of(told) == response
    assert soap.violation(dialect.SCHEMA, asked.body) == ""
    assert soap.violation(dialect.SCHEMA, told.body) == ""


@EXAMPLES
def test_zeep_reads_what_we_answer(
    dialect: Any, request_: object, response: object
) -> None:
    client = client_of(dialect)
    operation = client.service._binding._operations[type(request_).__name__]
    root = etree.fromstring(dialect.octets_of(response))
    result = operation.process_reply(root)
    body = Envelope.parse(dialect.octets_of(response)).body
    texts = [e.text for e in body.iter() if e.text]
    spoken = str(ZEEP.helpers.serialize_object(result)).lower()
    assert all(text.lower() in spoken for text in texts)


def asked_by_zeep(dialect: ModuleType, name: str, **values: object) -> Envelope:
    client = client_of(dialect)
    message = client.create_message(client.service, name, **values)
    return Envelope.parse(etree.tostring(message))


@pytest.mark.parametrize(
    ("dialect", "name", "values", "meant"),
    [
        (umws, "ResetPIN", {}, umws.ResetPIN()),
        (umws, "SetOofStatus", {"status": True}, umws.SetOofStatus(True)),
        (
            umws,
            "PlayOnPhone",
            {"entryId": "AAAA", "DialString": "a&b"},
            umws.PlayOnPhone("AAAA", "a&b"),
        ),
        (
            umws,
            "SetTelephoneAccessFolderEmail",
            {"base64FolderId": "AAAA"},
            umws.SetTelephoneAccessFolderEmail("AAAA"),
        ),
        (
            ews,
            "PlayOnPhone",
            {"ItemId": {"Id": "AAMk"}, "DialString": "a<b"},
            ews.PlayOnPhone("AAMk", "a<b"),
        ),
        (
            ews,
            "GetServiceConfiguration",
            {"RequestedConfiguration": {"ConfigurationName": [ews.UM_CONFIGURATION]}},
            ews.GetServiceConfiguration(),
        ),
    ],
)
def test_we_read_what_zeep_asks(
    dialect: Any, name: str, values: dict[str, object], meant: object
) -> None:
    assert dialect.request_of(asked_by_zeep(dialect, name, **values)) == meant


@EXAMPLES
def test_zeep_would_ask_the_same(dialect: Any, request_: Any, response: object) -> None:
    body = Envelope.parse(dialect.octets_of(request_)).body
    element = client_of(dialect).wsdl.types.get_element(body.tag)
    read = element.parse(body, client_of(dialect).wsdl.types) or element()
    parent = etree.Element("parent")
    element.render(parent, read)
    written = soap.envelope_octets(etree.tostring(parent[0]).decode())
    assert dialect.request_of(Envelope.parse(written)) == request_


@pytest.mark.parametrize(
    ("octets", "words"),
    [
        (
            b'<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/passwd">]><a>&e;</a>',
            "DOCTYPE",
        ),
        (b"<?xml version='1.0'?>\n<!-- x --><!DOCTYPE a><a/>", "DOCTYPE"),
        ("\ufeff<!DOCTYPE a><a/>".encode("utf-16-le"), "DOCTYPE"),
        (
            b'<?xml version="1.0" encoding="utf-7"?>' + b"+ADwAIQ-DOCTYPE a><a/>",
            ".",
        ),
        (b"<a>&undeclared;</a>", "not XML"),
        (b"<a>" * 100_000 + b"</a>" * 100_000, "not XML"),
        (b"<a>" + b"x" * (1 << 20) + b"</a>", "octets of XML"),
        (b"", "not XML"),
        (b"<a", "not XML"),
        (b"\x00\xff\xfe", "not XML"),
    ],
    ids=range(10),
)
def test_harm_is_refused(octets: bytes, words: str) -> None:
    with malformed(words):
        Envelope.parse(octets)


def test_billion_laughs_are_refused_for_their_doctype() -> None:
    levels = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    octets = f'<!DOCTYPE a [<!ENTITY l0 "ha">{levels}]><a>&l9;</a>'.encode()
    with malformed("DOCTYPE"):
        Envelope.parse(octets)


def test_comments_and_instructions_are_harmless() -> None:
    octets = umws.octets_of(umws.PlayOnPhone("AA", "12"))
    noted = octets.replace(b"<s:Body>", b"<?pi <!DOCTYPE?><s:Body><!-- <!DOCTYPE -->")
    split = noted.replace(b">12<", b">1<!-- and -->2<")
    assert umws.request_of(Envelope.parse(split)) == umws.PlayOnPhone("AA", "12")
    assert bytes(Envelope.parse(split)) == split


@pytest.mark.parametrize(
    ("octets", "words"),
    [
        (b"<a/>", "not a SOAP 1.1 Envelope"),
        (f'<s:Envelope xmlns:s="{soap.SOAP}"/>'.encode(), "no Body"),
        (soap.envelope_octets(""), "holds 0"),
        (soap.envelope_octets("<a/><b/>"), "holds 2"),
        (soap.envelope_octets("<Fly/>"), "no operation"),
        (soap.envelope_octets("<PlayOnPhone/>"), "lacks"),
        (
            soap.envelope_octets("<SetOofStatus><status>x</status></SetOofStatus>"),
            "boolean|status",
        ),
    ],
    ids=range(7),
)
def test_what_means_nothing_is_malformed_when_asked(octets: bytes, words: str) -> None:
    envelope = Envelope.parse(octets)
    with malformed(words):
        umws.request_of(envelope)


def test_a_missing_call_id_is_no_schema_violation_in_the_old_dialect() -> None:
    envelope = Envelope.parse(
        soap.envelope_octets(f'<Disconnect xmlns="{soap.MESSAGES}"/>')
    )
    assert soap.violation(umws.SCHEMA, envelope.body) == ""
    assert umws.request_of(envelope) == umws.Disconnect("")


@pytest.mark.parametrize(
    ("dialect", "body"),
    [
        (umws, "<SetOofStatus><status>True</status></SetOofStatus>"),
        (
            umws,
            "<PlayOnPhone><DialString>1</DialString><entryId>A</entryId></PlayOnPhone>",
        ),
        (umws, "<PlayOnPhone><entryId>A</entryId></PlayOnPhone>"),
        (umws, "<playonphone/>"),
        (ews, "<PlayOnPhone><ItemId/><DialString>1</DialString></PlayOnPhone>"),
        (ews, "<GetPhoneCallInformation/>"),
    ],
)
def test_the_schema_sees_what_reading_forgives(dialect: Any, body: str) -> None:
    named = body.replace(">", f' xmlns="{soap.MESSAGES}">', 1)
    if body.endswith("/>") and body.count("<") == 1:
        named = body.replace("/>", f' xmlns="{soap.MESSAGES}"/>')
    envelope = Envelope.parse(soap.envelope_octets(named))
    assert soap.violation(dialect.SCHEMA, envelope.body)


@pytest.mark.parametrize(
    "written", ["InvalidCallIdException", "a:InvalidCallIdException"]
)
def test_a_fault_names_its_exception_with_or_without_prefix(written: str) -> None:
    fault = SoapFault("InvalidCallIdException", "No such call.", written)
    read = soap.fault_of(Envelope.parse(soap.fault_octets(fault)))
    assert read is not None
    assert read.name == "InvalidCallIdException"
    assert read == fault


def test_zeep_sees_our_fault() -> None:
    octets = soap.fault_octets(
        SoapFault("ErrorInvalidRequest", "The request is <bad>.")
    )
    client = client_of(umws)
    operation = client.service._binding._operations["ResetPIN"]
    with pytest.raises(ZEEP.exceptions.Fault, match="<bad>") as caught:
        client.service._binding.process_error(etree.fromstring(octets), operation)
    assert caught.value.code == "a:ErrorInvalidRequest"


def test_what_xml_cannot_carry_is_refused_when_written() -> None:
    with pytest.raises(Misuse, match=r"U\+0000"):
        umws.octets_of(umws.PlayOnPhone("AA", "\0"))
    with pytest.raises(Misuse, match=r"U\+D800"):
        ews.octets_of(ews.PlayOnPhone("\ud800", ""))


def test_headers_that_demand_understanding_are_listed() -> None:
    header = '<x:A xmlns:x="urn:x" s:mustUnderstand="1"/><x:B xmlns:x="urn:x"/>'
    envelope = Envelope.parse(soap.envelope_octets("<a/>", header))
    assert envelope.demands == ("A",)


@given(
    dialled=SPEAKABLE, item=SPEAKABLE, noise=st.sampled_from(["", "\r\n", "\t", "\n"])
)
def test_any_dial_string_arrives_as_it_was_typed(
    dialled: str, item: str, noise: str
) -> None:
    old = umws.PlayOnPhone(item + noise, dialled + noise)
    new = ews.PlayOnPhone(item + noise, dialled + noise)
    assert umws.request_of(Envelope.parse(umws.octets_of(old))) == old
    assert ews.request_of(Envelope.parse(ews.octets_of(new))) == new


@given(octets=st.binary(max_size=200))
def test_noise_is_malformed_or_kept(octets: bytes) -> None:
    with suppress(Malformed):
        assert bytes(Envelope.parse(octets)) == octets
