"""What can go wrong with an order, and what each dialect calls it.

Facts §2.5, §3.3 and §3.5; MS-OXWUMS §2.2.3.1 names the three documented exceptions.
Where 2007 has no documented fault, ours bears the name of the EWS response code.
"""

from enum import Enum

import msgspec

from ringback.wire.soap import SoapFault


class _Words(msgspec.Struct, frozen=True):
    exception: str
    code: str
    text: str


class Trouble(Enum):
    """Every reason for which the web service says no."""

    MALFORMED_ITEM = _Words(
        "InvalidObjectIdException", "ErrorInvalidIdMalformed", "The Id is malformed."
    )
    NO_ITEM = _Words(
        "InvalidObjectIdException",
        "ErrorItemNotFound",
        "The specified object was not found in the store.",
    )
    CALL_ID = _Words(
        "InvalidCallIdException",
        "ErrorInvalidPhoneCallId",
        "The phone call ID isn't valid.",
    )
    NUMBER = _Words(
        "DialingRulesException",
        "ErrorInvalidPhoneNumber",
        "The phone number cannot be read or does not fit the dial plan.",
    )
    SIP_ADDRESS = _Words(
        "DialingRulesException", "ErrorInvalidSIPUri", "The SIP address is not valid."
    )
    NOT_DIALABLE = _Words(
        "DialingRulesException",
        "ErrorPhoneNumberNotDialable",
        "Dialing restrictions prevent a call to this number.",
    )
    NOT_ENABLED = _Words(
        "ErrorUserNotUnifiedMessagingEnabled",
        "ErrorUserNotUnifiedMessagingEnabled",
        "The user is not enabled for Unified Messaging.",
    )
    NO_SERVER = _Words(
        "ErrorUnifiedMessagingServerNotFound",
        "ErrorUnifiedMessagingServerNotFound",
        "Cannot connect to a Unified Messaging server.",
    )
    ONE_CALL = _Words(
        "ErrorUnifiedMessagingRequestFailed",
        "ErrorUnifiedMessagingRequestFailed",
        "Another Play on Phone call of this user is still running.",
    )
    FAILED = _Words(
        "ErrorUnifiedMessagingRequestFailed",
        "ErrorUnifiedMessagingRequestFailed",
        "The Unified Messaging server could not carry out the request.",
    )

    @property
    def code(self) -> str:
        """The ResponseCode of EWS."""
        return self.value.code

    @property
    def text(self) -> str:
        return self.value.text

    @property
    def fault(self) -> SoapFault:
        """The fault of the 2007 dialect."""
        return SoapFault(self.value.exception, self.text, self.value.exception)


_TOLD = {
    "policy": Trouble.NOT_DIALABLE,
    "bad-number": Trouble.NUMBER,
    "bad-address": Trouble.SIP_ADDRESS,
    "unknown-message": Trouble.NO_ITEM,
    "unknown-user": Trouble.NOT_ENABLED,
}


def trouble_of(told: str) -> Trouble:
    """What UM's own trouble (``wire.order.TROUBLES``) is to the user."""
    return _TOLD.get(told, Trouble.FAILED)
