"""What the reference lab starts with: ``fixtures/mailbox.toml`` and its sounds."""

from functools import lru_cache
from typing import Self

import msgspec

from ringback import places
from ringback.protocol.mailbox import User


class LabMessage(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``file`` is a name in ``fixtures/audio``; ``received`` is ISO 8601 in UTC."""

    id: str
    subject: str
    received: str
    seconds: float
    file: str


class LabUser(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``greetings`` maps a greeting type to a file."""

    name: str
    display: str
    extension: str
    policy: str = "default"
    um_enabled: bool = True
    play_on_phone_enabled: bool = True
    dial_string: str = ""
    telephone_access_numbers: str = ""
    greetings: dict[str, str] = {}
    messages: tuple[LabMessage, ...] = ()

    def user(self, folder: str) -> User:
        """The user proper; ``folder`` is the Base64 id of the inbox."""
        return User(
            self.name,
            self.display,
            self.extension,
            self.policy,
            um_enabled=self.um_enabled,
            play_on_phone_enabled=self.play_on_phone_enabled,
            dial_string=self.dial_string,
            telephone_access_numbers=self.telephone_access_numbers,
            telephone_access_folder=folder,
        )


class Lab(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``prompts`` maps a prompt's name to a file."""

    prompts: dict[str, str]
    users: tuple[LabUser, ...]

    @classmethod
    @lru_cache(maxsize=1)
    def fixture(cls) -> Self:
        """Read once in the life of the process."""
        octets = (places.fixtures() / "mailbox.toml").read_bytes()
        return msgspec.toml.decode(octets, type=cls)


@lru_cache(maxsize=64)
def sound(file: str) -> bytes:
    """The octets of a file in ``fixtures/audio``."""
    return (places.fixtures() / "audio" / file).read_bytes()
