"""What peers ask of a store and tell it to keep: the words of Fetch and Store.

Users, messages and greetings as in MS-OXWUMS §3.1.4; identifiers as in facts §2.4.
Each question says what answers it. A store that does not know the user or the thing
answers None (or nothing to list): whose fault that is, the asking peer knows.
"""

from enum import StrEnum

from ringback.values import frozen

LATEST = "latest"  # stands for the id of the user's newest message


class Greeting(StrEnum):
    """UMGreetingType (facts §2.3)."""

    NORMAL = "NormalCustom"
    OOF = "OofCustom"


class Prompt(StrEnum):
    """What the player says beside the message."""

    MENU = "menu"
    GOODBYE = "goodbye"
    DELETED = "deleted"
    RECORD_GREETING = "record-greeting"
    BEEP = "beep"


@frozen()
class User:
    """A mailbox owner and the UM properties of facts §2.2.

    ``policy`` names a mailbox policy. ``telephone_access_folder`` is a Base64 folder
    id. ``pin_resets`` counts ResetPIN orders; the store keeps no PIN.
    """

    name: str
    display: str = ""
    extension: str = ""
    policy: str = "default"
    um_enabled: bool = True
    play_on_phone_enabled: bool = True
    dial_string: str = ""
    oof_status: bool = False
    missed_call_notification: bool = True
    telephone_access_numbers: str = ""
    telephone_access_folder: str = ""
    pin_resets: int = 0


@frozen()
class VoiceMessage:
    """A message, found by any of its three ids.

    ``received`` is ISO 8601 in UTC; ``ulaw`` is 8 kHz mono, empty in a listing.
    """

    id: str
    entry_id: str
    item_id: str
    subject: str
    received: str
    seconds: float
    ulaw: bytes = b""


@frozen()
class FindUser:
    """Answered by User, or None. Names match in any case."""

    name: str


@frozen()
class LogIn:
    """Answered by User; None for a user nobody knows, or another's password."""

    name: str
    password: str


@frozen()
class FindMessage:
    """Answered by VoiceMessage with its sound; None for another user's message."""

    user: str
    id: str


@frozen()
class ListMessages:
    """Answered by tuple[VoiceMessage, ...], newest first, without sound."""

    user: str


@frozen()
class FindGreeting:
    """Answered by mu-law octets, or None when the user has none of that kind."""

    user: str
    kind: str


@frozen()
class FindPrompt:
    """Answered by mu-law octets, or None for a prompt that does not exist."""

    name: str


@frozen()
class FindRecords:
    """Answered by dict[str, bytes]: everything that owner had kept."""

    owner: str


Question = (
    FindUser
    | LogIn
    | FindMessage
    | ListMessages
    | FindGreeting
    | FindPrompt
    | FindRecords
)


@frozen()
class KeepGreeting:
    user: str
    kind: str
    ulaw: bytes


@frozen()
class DeleteMessage:
    user: str
    id: str


@frozen()
class SetProperty:
    """``name`` is one of SETTABLE, ``value`` of that field's type."""

    user: str
    name: str
    value: str | bool


@frozen()
class ResetPin:
    user: str


@frozen()
class KeepRecord:
    """Keep octets under the owner's key; a later one replaces an earlier."""

    owner: str
    key: str
    octets: bytes


@frozen()
class DropRecord:
    owner: str
    key: str


Record = KeepGreeting | DeleteMessage | SetProperty | ResetPin | KeepRecord | DropRecord

SETTABLE = (
    "dial_string",
    "missed_call_notification",
    "oof_status",
    "telephone_access_folder",
)
