"""The eleven operations of the 2007 Unified Messaging web service as values.

MS-OXWUMS §3.1.4. Two spellings are in use for the folder id's element; both are
read, ``base64FolderID`` is written (facts §2.2). The structs' fields stand in the
order of their elements.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Final, TypeVar

import msgspec

from ringback.faults import Malformed
from ringback.values import CallState, Cause
from ringback.wire import soap
from ringback.wire.readings import remembered
from ringback.wire.soap import MESSAGES, Envelope, SoapFault

if TYPE_CHECKING:
    from lxml.etree import _Element

SCHEMA: Final = "um2007"
PATHS: Final = ("/UnifiedMessaging/Service.asmx", "/EWS/UM2007Legacy.asmx")
GREETINGS: Final = ("NormalCustom", "OofCustom")
_T = TypeVar("_T")


class IsUMEnabled(msgspec.Struct, frozen=True):
    pass


class IsUMEnabledResponse(msgspec.Struct, frozen=True):
    enabled: bool


class GetUMProperties(msgspec.Struct, frozen=True):
    pass


class GetUMPropertiesResponse(msgspec.Struct, frozen=True):
    """``telephone_access_folder`` is a Base64 folder entry id."""

    oof_status: bool
    missed_call_notification: bool
    dial_string: str
    telephone_access_numbers: str
    telephone_access_folder: str


class SetOofStatus(msgspec.Struct, frozen=True):
    status: bool


class SetOofStatusResponse(msgspec.Struct, frozen=True):
    pass


class SetPlayOnPhoneDialString(msgspec.Struct, frozen=True):
    dial_string: str


class SetPlayOnPhoneDialStringResponse(msgspec.Struct, frozen=True):
    pass


class SetTelephoneAccessFolderEmail(msgspec.Struct, frozen=True):
    folder_id: str


class SetTelephoneAccessFolderEmailResponse(msgspec.Struct, frozen=True):
    pass


class SetMissedCallNotificationEnabled(msgspec.Struct, frozen=True):
    status: bool


class SetMissedCallNotificationEnabledResponse(msgspec.Struct, frozen=True):
    pass


class ResetPIN(msgspec.Struct, frozen=True):
    pass


class ResetPINResponse(msgspec.Struct, frozen=True):
    pass


class PlayOnPhone(msgspec.Struct, frozen=True):
    """MS-OXWUMS §3.1.4.8. ``entry_id`` is a Base64 MAPI entry id."""

    entry_id: str
    dial_string: str


class PlayOnPhoneResponse(msgspec.Struct, frozen=True):
    call_id: str


class PlayOnPhoneGreeting(msgspec.Struct, frozen=True):
    """``greeting_type`` is one of GREETINGS."""

    greeting_type: str
    dial_string: str


class PlayOnPhoneGreetingResponse(msgspec.Struct, frozen=True):
    call_id: str


class GetCallInfo(msgspec.Struct, frozen=True):
    """MS-OXWUMS §3.1.4.3. A request that lacks the id is read as an empty id."""

    call_id: str


class GetCallInfoResponse(msgspec.Struct, frozen=True):
    state: CallState
    cause: Cause


class Disconnect(msgspec.Struct, frozen=True):
    """MS-OXWUMS §3.1.4.1."""

    call_id: str


class DisconnectResponse(msgspec.Struct, frozen=True):
    pass


Request = (
    IsUMEnabled
    | GetUMProperties
    | SetOofStatus
    | SetPlayOnPhoneDialString
    | SetTelephoneAccessFolderEmail
    | SetMissedCallNotificationEnabled
    | ResetPIN
    | PlayOnPhone
    | PlayOnPhoneGreeting
    | GetCallInfo
    | Disconnect
)
Response = (
    IsUMEnabledResponse
    | GetUMPropertiesResponse
    | SetOofStatusResponse
    | SetPlayOnPhoneDialStringResponse
    | SetTelephoneAccessFolderEmailResponse
    | SetMissedCallNotificationEnabledResponse
    | ResetPINResponse
    | PlayOnPhoneResponse
    | PlayOnPhoneGreetingResponse
    | GetCallInfoResponse
    | DisconnectResponse
)


class _Slot(msgspec.Struct, frozen=True):
    """One child element: its spellings, and how its text is read."""

    names: tuple[str, ...]
    read: Callable[[str], object] = str
    absent: str | None = None  # what a missing element stands for; None: it must be


_STATUS = _Slot(("status",), soap.truth)
_DIAL_STRING = _Slot(("DialString",))
_CALL_ID = _Slot(("CallId",), absent="")
_REQUESTS: dict[type[Request], tuple[_Slot, ...]] = {
    IsUMEnabled: (),
    GetUMProperties: (),
    SetOofStatus: (_STATUS,),
    SetPlayOnPhoneDialString: (_Slot(("dialString",)),),
    SetTelephoneAccessFolderEmail: (_Slot(("base64FolderID", "base64FolderId")),),
    SetMissedCallNotificationEnabled: (_STATUS,),
    ResetPIN: (),
    PlayOnPhone: (_Slot(("entryId",)), _DIAL_STRING),
    PlayOnPhoneGreeting: (_Slot(("GreetingType",)), _DIAL_STRING),
    GetCallInfo: (_CALL_ID,),
    Disconnect: (_CALL_ID,),
}
_ITSELF = ""  # the result element holds the value, no child does
_RESPONSES: dict[type[Response], tuple[_Slot, ...]] = {
    IsUMEnabledResponse: (_Slot((_ITSELF,), soap.truth),),
    GetUMPropertiesResponse: (
        _Slot(("OofStatus",), soap.truth),
        _Slot(("MissedCallNotificationEnabled",), soap.truth),
        _Slot(("PlayOnPhoneDialString",), absent=""),
        _Slot(("TelephoneAccessNumbers",), absent=""),
        _Slot(("TelephoneAccessFolderEmail",), absent=""),
    ),
    SetOofStatusResponse: (),
    SetPlayOnPhoneDialStringResponse: (),
    SetTelephoneAccessFolderEmailResponse: (),
    SetMissedCallNotificationEnabledResponse: (),
    ResetPINResponse: (),
    PlayOnPhoneResponse: (_Slot((_ITSELF,)),),
    PlayOnPhoneGreetingResponse: (_Slot((_ITSELF,)),),
    GetCallInfoResponse: (
        _Slot(("CallState",), CallState),
        _Slot(("EventCause",), Cause),
    ),
    DisconnectResponse: (),
}
_Makers = dict[str, tuple[Callable[..., _T], tuple[_Slot, ...]]]
_REQUEST_NAMED: _Makers[Request] = {k.__name__: (k, s) for k, s in _REQUESTS.items()}
_RESPONSE_NAMED: _Makers[Response] = {k.__name__: (k, s) for k, s in _RESPONSES.items()}


def action(request: Request) -> str:
    """What SOAPAction names, without the quotes around it."""
    return f"{MESSAGES}/{type(request).__name__}"


@remembered(64)
def request_of(envelope: Envelope) -> Request:
    """The order read; Malformed for an unknown operation or a missing element."""
    kind, slots = _maker(envelope, _REQUEST_NAMED, "operation")
    return kind(*_values(envelope, envelope.body, slots))


@remembered(64)
def response_of(envelope: Envelope) -> Response | SoapFault:
    """The answer read, or the fault in its place; Malformed for anything else."""
    fault = soap.fault_of(envelope)
    if fault is not None:
        return fault
    kind, slots = _maker(envelope, _RESPONSE_NAMED, "response")
    name = envelope.operation
    result = soap.child(envelope.body, name) if slots else envelope.body
    if result is None:
        raise Malformed(f"no {name} inside {name}", envelope.octets, 0)
    return kind(*_values(envelope, result, slots))


def _maker(
    envelope: Envelope, known: _Makers[_T], what: str
) -> tuple[Callable[..., _T], tuple[_Slot, ...]]:
    found = known.get(envelope.operation)
    if found is None:
        why = f"{envelope.operation} is no {what} of this service"
        raise Malformed(why, envelope.octets, 0)
    return found


def _values(
    envelope: Envelope, holder: "_Element", slots: tuple[_Slot, ...]
) -> tuple[object, ...]:
    return tuple(_value(envelope, holder, slot) for slot in slots)


def _value(envelope: Envelope, holder: "_Element", slot: _Slot) -> object:
    here = slot.names[0] == _ITSELF
    written = soap.content(holder) if here else soap.text_of(holder, *slot.names)
    if written is None:
        written = slot.absent
    if written is None:
        why = f"{soap.local(holder)} lacks {slot.names[0]}"
        raise Malformed(why, envelope.octets, 0)
    try:
        return slot.read(written)
    except ValueError as error:
        what = slot.names[0] or soap.local(holder)
        why = f"{written!r} is no value of {what}"
        raise Malformed(why, envelope.octets, 0) from error


def octets_of(message: Request | Response | SoapFault) -> bytes:
    """The message as SOAP; Misuse for text that XML cannot carry."""
    if isinstance(message, SoapFault):
        return soap.fault_octets(message)
    name = type(message).__name__
    answers = name in _RESPONSE_NAMED
    _, slots = _RESPONSE_NAMED[name] if answers else _REQUEST_NAMED[name]
    written = [_written(value) for value in msgspec.structs.astuple(message)]
    inside = "".join(
        soap.element(slot.names[0], value) if slot.names[0] else soap.text(value)
        for slot, value in zip(slots, written, strict=True)
    )
    if slots and answers:
        inside = f"<{name}>{inside}</{name}>"
    return soap.envelope_octets(f'<{name} xmlns="{MESSAGES}">{inside}</{name}>')


def _written(value: object) -> str:
    return soap.boolean(value) if isinstance(value, bool) else str(value)
