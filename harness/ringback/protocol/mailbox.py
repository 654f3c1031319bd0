"""What peers ask of a store and tell it to keep: the words of Fetch and Store.

Users, messages and greetings as in MS-OXWUMS §3.1.4; identifiers as in facts §2.4.
Each question says what answers it. A store that does not know the user or the thing
answers None (or nothing to list): whose fault that is, the asking peer knows.
"""

from enum import StrEnum

import msgspec

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


class User(msgspec.Struct, frozen=True):
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


class VoiceMessage(msgspec.Struct, frozen=True):
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


class FindUser(msgspec.Struct, frozen=True):
    """Answered by User, or None. Names match in any case."""

    name: str


class LogIn(msgspec.Struct, frozen=True):
    """Answered by User; None for a user nobody knows, or another's password."""

    name: str
    password: str


class FindMessage(msgspec.Struct, frozen=True):
    """Answered by VoiceMessage with its sound; None for another user's message."""

    user: str
    id: str


class ListMessages(msgspec.Struct, frozen=True):
    """Answered by tuple[VoiceMessage, ...], newest first, without sound."""

    user: str


class FindGreeting(msgspec.Struct, frozen=True):
    """Answered by mu-law octets, or None when the user has none of that kind."""

    user: str
    kind: str


class FindPrompt(msgspec.Struct, frozen=True):
    """Answered by mu-law octets, or None for a prompt that does not exist."""

    name: str


class FindRecords(msgspec.Struct, frozen=True):
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


class KeepGreeting(msgspec.Struct, frozen=True):
    user: str
    kind: str
    ulaw: bytes


class DeleteMessage(msgspec.Struct, frozen=True):
    user: str
    id: str


class SetProperty(msgspec.Struct, frozen=True):
    """``name`` is one of SETTABLE, ``value`` of that field's type."""

    user: str
    name: str
    value: str | bool


class ResetPin(msgspec.Struct, frozen=True):
    user: str


class KeepRecord(msgspec.Struct, frozen=True):
    """Keep octets under the owner's key; a later one replaces an earlier."""

    owner: str
    key: str
    octets: bytes


class DropRecord(msgspec.Struct, frozen=True):
    owner: str
    key: str


Record = KeepGreeting | DeleteMessage | SetProperty | ResetPin | KeepRecord | DropRecord

SETTABLE = (
    "dial_string",
    "missed_call_notification",
    "oof_status",
    "telephone_access_folder",
)
