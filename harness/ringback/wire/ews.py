"""The Play on Phone operations of Exchange Web Services as values.

EWS (Exchange 2010 and later), facts §3.1 and §3.2: ``ResponseClass`` sits on the
response element itself, errors are responses with a ``ResponseCode``, and only a
request that breaks the schema earns a SOAP fault.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

import msgspec

from ringback.faults import Malformed
from ringback.values import CallState, Cause
from ringback.wire import soap
from ringback.wire.readings import remembered
from ringback.wire.soap import MESSAGES, TYPES, Envelope, SoapFault

if TYPE_CHECKING:
    from lxml.etree import _Element

SCHEMA: Final = "ews-messages"
PATHS: Final = ("/EWS/Exchange.asmx",)
NO_ERROR: Final = "NoError"
UM_CONFIGURATION: Final = "UnifiedMessagingConfiguration"
_ASKS = '<t:RequestServerVersion Version="Exchange2010"/>'
_SERVES = (
    f'<h:ServerVersionInfo xmlns:h="{TYPES}" MajorVersion="14" MinorVersion="0"'
    ' MajorBuildNumber="639" MinorBuildNumber="21" Version="Exchange2010"/>'
)


class PlayOnPhone(msgspec.Struct, frozen=True):
    """``item_id`` is the Id of a t:ItemId."""

    item_id: str
    dial_string: str


class GetPhoneCallInformation(msgspec.Struct, frozen=True):
    call_id: str


class DisconnectPhoneCall(msgspec.Struct, frozen=True):
    call_id: str


class GetServiceConfiguration(msgspec.Struct, frozen=True):
    names: tuple[str, ...] = (UM_CONFIGURATION,)


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What every response tells; ``text`` is MessageText."""

    code: str = NO_ERROR
    text: str = ""

    @property
    def succeeded(self) -> bool:
        return self.code == NO_ERROR


class PlayOnPhoneResponse(Outcome, frozen=True):
    """``call_id`` is empty when the response has none."""

    call_id: str = ""


class GetPhoneCallInformationResponse(Outcome, frozen=True):
    """All None when the response carries no PhoneCallInformation."""

    state: CallState | None = None
    cause: Cause | None = None
    sip_text: str | None = None
    sip_code: int | None = None


class DisconnectPhoneCallResponse(Outcome, frozen=True):
    pass


class GetServiceConfigurationResponse(Outcome, frozen=True):
    """All None when the response carries no UnifiedMessagingConfiguration."""

    enabled: bool | None = None
    dial_string: str | None = None
    play_on_phone_enabled: bool | None = None


Request = (
    PlayOnPhone
    | GetPhoneCallInformation
    | DisconnectPhoneCall
    | GetServiceConfiguration
)
Response = (
    PlayOnPhoneResponse
    | GetPhoneCallInformationResponse
    | DisconnectPhoneCallResponse
    | GetServiceConfigurationResponse
)


def action(request: Request) -> str:
    """What SOAPAction names, without the quotes around it."""
    return f"{MESSAGES}/{type(request).__name__}"


@remembered(64)
def request_of(envelope: Envelope) -> Request:
    """The order read; Malformed for an unknown operation or a missing part."""
    reader = _REQUESTS.get(envelope.operation)
    if reader is None:
        why = f"{envelope.operation} is no operation of this service"
        raise Malformed(why, envelope.octets, 0)
    try:
        return reader(envelope.body)
    except LookupError as error:
        why = f"{envelope.operation} lacks {error.args[0]}"
        raise Malformed(why, envelope.octets, 0) from error


@remembered(64)
def response_of(envelope: Envelope) -> Response | SoapFault:
    """The answer read, or the fault in its place; Malformed for anything else."""
    fault = soap.fault_of(envelope)
    if fault is not None:
        return fault
    reader = _RESPONSES.get(envelope.operation)
    if reader is None:
        why = f"{envelope.operation} is no response of this service"
        raise Malformed(why, envelope.octets, 0)
    try:
        return reader(envelope.body)
    except ValueError as error:
        raise Malformed(f"{envelope.operation}: {error}", envelope.octets, 0) from error


def _part(element: "_Element", name: str) -> "_Element":
    found = soap.child(element, name)
    if found is None:
        raise LookupError(name)
    return found


def _id(element: "_Element", name: str) -> str:
    found = _part(element, name).get("Id")
    if found is None:
        raise LookupError(f"the Id of {name}")
    return str(found)


def _play(body: "_Element") -> PlayOnPhone:
    _part(body, "DialString")
    return PlayOnPhone(_id(body, "ItemId"), soap.text_of(body, "DialString") or "")


def _configuration(body: "_Element") -> GetServiceConfiguration:
    asked = _part(body, "RequestedConfiguration")
    return GetServiceConfiguration(tuple(soap.content(e) for e in asked))


_REQUESTS: dict[str, Callable[["_Element"], Request]] = {
    "PlayOnPhone": _play,
    "GetPhoneCallInformation": lambda b: GetPhoneCallInformation(_id(b, "PhoneCallId")),
    "DisconnectPhoneCall": lambda b: DisconnectPhoneCall(_id(b, "PhoneCallId")),
    "GetServiceConfiguration": _configuration,
}


def _code(element: "_Element") -> str:
    """ResponseCode is optional; ResponseClass then has to do."""
    code = soap.text_of(element, "ResponseCode")
    if code is None:
        fine = element.get("ResponseClass") == "Success"
        return NO_ERROR if fine else str(element.get("ResponseClass") or "Error")
    return code.strip()


def _words(element: "_Element") -> str:
    return soap.text_of(element, "MessageText") or ""


def _played(body: "_Element") -> PlayOnPhoneResponse:
    named = soap.child(body, "PhoneCallId")
    call_id = "" if named is None else str(named.get("Id") or "")
    return PlayOnPhoneResponse(call_id, code=_code(body), text=_words(body))


def _information(body: "_Element") -> GetPhoneCallInformationResponse:
    code, words = _code(body), _words(body)
    info = soap.child(body, "PhoneCallInformation")
    if info is None:
        return GetPhoneCallInformationResponse(code=code, text=words)
    number = soap.text_of(info, "SIPResponseCode")
    return GetPhoneCallInformationResponse(
        CallState(soap.text_of(info, "PhoneCallState") or ""),
        Cause(soap.text_of(info, "ConnectionFailureCause") or ""),
        soap.text_of(info, "SIPResponseText"),
        None if number is None else int(number),
        code=code,
        text=words,
    )


def _configured(body: "_Element") -> GetServiceConfigurationResponse:
    messages = soap.child(body, "ResponseMessages")
    each = body if messages is None or not len(messages) else messages[0]
    code = _code(body) if _code(body) != NO_ERROR else _code(each)
    told = soap.child(each, UM_CONFIGURATION)
    if told is None:
        return GetServiceConfigurationResponse(code=code, text=_words(each))
    return GetServiceConfigurationResponse(
        soap.truth(soap.text_of(told, "UmEnabled") or ""),
        soap.text_of(told, "PlayOnPhoneDialString") or "",
        soap.truth(soap.text_of(told, "PlayOnPhoneEnabled") or ""),
        code=code,
        text=_words(each),
    )


_RESPONSES: dict[str, Callable[["_Element"], Response]] = {
    "PlayOnPhoneResponse": _played,
    "GetPhoneCallInformationResponse": _information,
    "DisconnectPhoneCallResponse": lambda b: DisconnectPhoneCallResponse(
        code=_code(b), text=_words(b)
    ),
    "GetServiceConfigurationResponse": _configured,
}


def octets_of(message: Request | Response | SoapFault) -> bytes:
    """The message as SOAP; Misuse for text that XML cannot carry."""
    if isinstance(message, SoapFault):
        return soap.fault_octets(message)
    name = type(message).__name__
    if isinstance(message, Outcome):
        body = _outcome(name, message, _inside_response(message))
        return soap.envelope_octets(body, _SERVES)
    return soap.envelope_octets(
        f'<m:{name} xmlns:m="{MESSAGES}">{_inside_request(message)}</m:{name}>',
        _ASKS.replace(" ", f' xmlns:t="{TYPES}" ', 1),
    )


def _outcome(name: str, outcome: Outcome, inside: str) -> str:
    """The children come in the order that the schema fixes."""
    grade = "Success" if outcome.succeeded else "Error"
    said = soap.element("MessageText", outcome.text, "m") if outcome.text else ""
    link = "" if outcome.succeeded else soap.element("DescriptiveLinkKey", "0", "m")
    return (
        f'<m:{name} xmlns:m="{MESSAGES}" ResponseClass="{grade}">{said}'
        f"{soap.element('ResponseCode', outcome.code, 'm')}{link}{inside}</m:{name}>"
    )


def _inside_request(request: Request) -> str:
    match request:
        case PlayOnPhone(item, dialled):
            named = f'<m:ItemId Id="{soap.attribute(item)}"/>'
            return named + soap.element("DialString", dialled, "m")
        case GetPhoneCallInformation(call) | DisconnectPhoneCall(call):
            return f'<m:PhoneCallId Id="{soap.attribute(call)}"/>'
        case GetServiceConfiguration(names):
            asked = "".join(soap.element("ConfigurationName", n, "m") for n in names)
            return f"<m:RequestedConfiguration>{asked}</m:RequestedConfiguration>"


def _inside_response(response: Response) -> str:
    match response:
        case PlayOnPhoneResponse(call_id=call) if call:
            return f'<m:PhoneCallId Id="{soap.attribute(call)}"/>'
        case GetPhoneCallInformationResponse(state=state) if state is not None:
            return _call_information(response)
        case GetServiceConfigurationResponse(enabled=told) if told is not None:
            return _um_configuration(response)
        case _:
            return ""


def _call_information(told: GetPhoneCallInformationResponse) -> str:
    inside = soap.element("PhoneCallState", str(told.state), "t")
    inside += soap.element("ConnectionFailureCause", str(told.cause), "t")
    if told.sip_text is not None:
        inside += soap.element("SIPResponseText", told.sip_text, "t")
    if told.sip_code is not None:
        inside += soap.element("SIPResponseCode", str(told.sip_code), "t")
    opened = f'<m:PhoneCallInformation xmlns:t="{TYPES}">'
    return f"{opened}{inside}</m:PhoneCallInformation>"


def _um_configuration(told: GetServiceConfigurationResponse) -> str:
    inside = soap.element("UmEnabled", soap.boolean(bool(told.enabled)), "t")
    inside += soap.element("PlayOnPhoneDialString", told.dial_string or "", "t")
    allowed = soap.boolean(bool(told.play_on_phone_enabled))
    inside += soap.element("PlayOnPhoneEnabled", allowed, "t")
    opened = f'<m:{UM_CONFIGURATION} xmlns:t="{TYPES}">'
    wrapped = _outcome(
        "ServiceConfigurationResponseMessageType",
        Outcome(),
        f"{opened}{inside}</m:{UM_CONFIGURATION}>",
    )
    return f"<m:ResponseMessages>{wrapped}</m:ResponseMessages>"
