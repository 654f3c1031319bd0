"""What scenarios say, in the words of the system under test: users, messages, numbers.

Scenarios speak of the sample mailboxes (``fixtures/mailbox.toml``) and of numbers from
the range set aside for fiction. A web service that is not ours knows neither: whatever
``ringback.toml`` does not translate is not ordered there, for a refusal would say
nothing about it.
"""

import os
from collections.abc import Mapping
from pathlib import Path

import msgspec

from ringback.config import Account, Config, Dialled, Stored
from ringback.faults import Untestable
from ringback.stores.lab import Lab
from ringback.testbed.outside import EXEC, Company
from ringback.values import Role


class Terms(msgspec.Struct, frozen=True):
    """``foreign`` is whether users, messages and numbers are those of another's web
    service; else everything is called what scenarios call it."""

    config: Config
    passwords: Mapping[str, str]
    foreign: bool = False
    started: bool = False  # by us, so that it knows the passwords that we made

    @classmethod
    def of(
        cls, config: Config, company: Company, passwords: Mapping[str, str]
    ) -> "Terms":
        cas = company.get(Role.CAS)
        return cls(config, passwords, cas is not None, bool(cas and cas.way == EXEC))

    def login(self, user: str) -> tuple[str, str]:
        """Name and password at the web service. Untestable when nobody told them."""
        account = self._account(user)
        if not self.foreign:
            return user, self.passwords.get(user, "")
        if not self.started and (account is None or not account.password_env):
            raise Untestable(
                f"ringback.toml does not say who {user} is on the CAS under test: "
                f'[[users]] name = "{user}" and password_env'
            )
        if account and account.password_env and account.password_env not in os.environ:
            variable = account.password_env
            raise Untestable(f"{variable} is not set: the password of {user}")
        name = account.login if account else ""
        return name or user, self.passwords.get(user, "")

    def item(self, user: str, message: str, dialect: str) -> str:
        """The id of a message; one that no sample mailbox has stays what it is."""
        owner = self._owner(user, message)
        if not self.foreign or not owner:
            return message
        stored = self._stored(owner, message)
        if stored is None:
            raise Untestable(
                f"ringback.toml does not say which message of {owner} stands for "
                f"{message!r} on the CAS under test: see [[users.messages]]"
            )
        return (stored.entry_id if dialect == "umws" else "") or stored.id

    def typed(self, number: str) -> str:
        """What a user types to have that number called."""
        found = self._dialled(number)
        return (found.typed or found.number) if found else number

    def dialled(self, number: str) -> str:
        """What the gateway is then asked for."""
        found = self._dialled(number)
        return (found.dialled or self.typed(number)) if found else number

    def sounds(self) -> tuple[tuple[str, str, Path], ...]:
        """User, message and file, where another sound is stored than the sample's."""
        return tuple(
            (account.name, stored.name, Path(stored.sound))
            for account in self.config.users
            for stored in account.messages
            if self.foreign and stored.sound
        )

    def _account(self, user: str) -> Account | None:
        return next((a for a in self.config.users if a.name == user), None)

    def _stored(self, user: str, message: str) -> Stored | None:
        account = self._account(user)
        known = account.messages if account else ()
        return next((m for m in known if m.name == message), None)

    def _dialled(self, number: str) -> Dialled | None:
        if not self.foreign:
            return None
        for one in self.config.numbers:
            if one.number == number:
                return one
        raise Untestable(
            f"ringback.toml does not say what to dial for {number!r} on the CAS under "
            f"test: [[numbers]] number = {number!r}"
        )

    def _owner(self, user: str, message: str) -> str:
        """Whose message it is: the user's, else that of the first who has it."""
        owners = [
            resident.name
            for resident in Lab.fixture().users
            if any(m.id == message for m in resident.messages)
        ]
        return user if user in owners else next(iter(owners), "")
