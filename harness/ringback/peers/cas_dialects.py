"""What each operation of each dialect does at the CAS.

MS-OXWUMS §3.1.4 for the service of 2007, facts §3 for Exchange Web Services. Each
function is a generator that yields what it must know (a question to the store, or
Placed) and returns the response.
"""

import base64
import binascii
from collections.abc import Callable, Generator

import msgspec

from ringback.peers.cas_calls import Call, Calls, Decided
from ringback.peers.cas_troubles import Trouble
from ringback.protocol.call_state import umws_cause
from ringback.protocol.mailbox import FindMessage, ResetPin, SetProperty, User
from ringback.wire import ews, umws
from ringback.wire.order import Order
from ringback.wire.soap import SoapFault


class Placed(msgspec.Struct, frozen=True):
    """Wait for what comes of this order; answered by Decided."""

    guid: str


Record = SetProperty | ResetPin
Steps = Generator[object, object, umws.Response | ews.Response | SoapFault]
Ordered = Generator[object, object, Call | Trouble]


class Service:
    """The operations over a CAS's calls; ``keep`` takes records for the store."""

    def __init__(self, calls: Calls, keep: Callable[[Record], None]) -> None:
        self._calls = calls
        self._keep = keep

    def serve(self, user: User, asked: umws.Request | ews.Request) -> Steps:
        match asked:
            case umws.PlayOnPhone(item, dialled) | ews.PlayOnPhone(item, dialled):
                told = yield from self._order(user, "message", item, dialled)
                return _ordered(asked, told)
            case umws.PlayOnPhoneGreeting(kind, dialled):
                told = yield from self._order(user, "greeting", kind, dialled)
                return _ordered(asked, told)
            case umws.GetCallInfo() | umws.Disconnect():
                return self._about_a_call(user, asked)
            case ews.GetServiceConfiguration(names):
                return _configuration(user, names)
            case ews.GetPhoneCallInformation() | ews.DisconnectPhoneCall():
                return self._about_a_phone_call(user, asked)
            case _:
                return self._about_the_user(user, asked)

    def _order(self, user: User, kind: str, item: str, dialled: str) -> Ordered:
        """Facts §1.2 items 4 to 10: the call once the UM has taken the order."""
        if not (user.um_enabled and user.play_on_phone_enabled):
            return Trouble.NOT_ENABLED
        if kind == "message":
            found = yield FindMessage(user.name, item)
            if found is None:
                return Trouble.NO_ITEM if _is_base64(item) else Trouble.MALFORMED_ITEM
        if self._calls.is_busy(user.name):
            return Trouble.ONE_CALL
        guid = self._calls.place(Order(user.name, kind, item, dialled))
        decided = yield Placed(guid)
        if not isinstance(decided, Decided):
            raise TypeError(decided)
        return decided.trouble or self._calls.call(guid)

    def _about_a_phone_call(
        self, user: User, asked: ews.GetPhoneCallInformation | ews.DisconnectPhoneCall
    ) -> ews.Response:
        call = self._calls.find(asked.call_id, user.name)
        code, text = Trouble.CALL_ID.code, Trouble.CALL_ID.text
        if isinstance(asked, ews.DisconnectPhoneCall):
            if call is None:
                return ews.DisconnectPhoneCallResponse(code=code, text=text)
            self._calls.hang_up(call)
            return ews.DisconnectPhoneCallResponse()
        if call is None:
            return ews.GetPhoneCallInformationResponse(code=code, text=text)
        self._calls.look_after(call)
        told = call.progress
        sip = (told.text, told.code) if told.code else (None, None)
        return ews.GetPhoneCallInformationResponse(told.state, told.cause, *sip)

    def _about_a_call(
        self, user: User, asked: umws.GetCallInfo | umws.Disconnect
    ) -> umws.Response | SoapFault:
        call = self._calls.find(asked.call_id, user.name)
        if call is None:
            return Trouble.CALL_ID.fault
        if isinstance(asked, umws.Disconnect):
            self._calls.hang_up(call)
            return umws.DisconnectResponse()
        self._calls.look_after(call)
        told = call.progress
        return umws.GetCallInfoResponse(told.state, umws_cause(told.cause))

    def _about_the_user(
        self, user: User, asked: umws.Request
    ) -> umws.Response | SoapFault:
        if isinstance(asked, umws.IsUMEnabled):
            return umws.IsUMEnabledResponse(user.um_enabled)
        if not user.um_enabled:
            return Trouble.NOT_ENABLED.fault
        match asked:
            case umws.GetUMProperties():
                return umws.GetUMPropertiesResponse(
                    user.oof_status,
                    user.missed_call_notification,
                    user.dial_string,
                    user.telephone_access_numbers,
                    user.telephone_access_folder,
                )
            case umws.ResetPIN():
                self._keep(ResetPin(user.name))
                return umws.ResetPINResponse()
            case _:
                return self._set(user, asked)

    def _set(self, user: User, asked: umws.Request) -> umws.Response | SoapFault:
        match asked:
            case umws.SetOofStatus(status):
                self._keep(SetProperty(user.name, "oof_status", status))
                return umws.SetOofStatusResponse()
            case umws.SetMissedCallNotificationEnabled(status):
                self._keep(SetProperty(user.name, "missed_call_notification", status))
                return umws.SetMissedCallNotificationEnabledResponse()
            case umws.SetPlayOnPhoneDialString(dialled):
                self._keep(SetProperty(user.name, "dial_string", dialled))
                return umws.SetPlayOnPhoneDialStringResponse()
            case umws.SetTelephoneAccessFolderEmail(folder):
                self._keep(SetProperty(user.name, "telephone_access_folder", folder))
                return umws.SetTelephoneAccessFolderEmailResponse()
            case _:
                return Trouble.FAILED.fault


def _ordered(
    asked: umws.PlayOnPhone | umws.PlayOnPhoneGreeting | ews.PlayOnPhone,
    told: Call | Trouble,
) -> umws.Response | ews.Response | SoapFault:
    if isinstance(asked, ews.PlayOnPhone):
        if isinstance(told, Trouble):
            return ews.PlayOnPhoneResponse(code=told.code, text=told.text)
        return ews.PlayOnPhoneResponse(told.id)
    if isinstance(told, Trouble):
        return told.fault
    if isinstance(asked, umws.PlayOnPhone):
        return umws.PlayOnPhoneResponse(told.id)
    return umws.PlayOnPhoneGreetingResponse(told.id)


def _configuration(
    user: User, names: tuple[str, ...]
) -> ews.GetServiceConfigurationResponse:
    if ews.UM_CONFIGURATION not in names:
        return ews.GetServiceConfigurationResponse()
    return ews.GetServiceConfigurationResponse(
        user.um_enabled, user.dial_string, user.play_on_phone_enabled
    )


def _is_base64(item: str) -> bool:
    try:
        return bool(base64.b64decode(item, validate=True))
    except (binascii.Error, ValueError):
        return False
