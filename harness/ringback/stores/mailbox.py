"""The mailbox: users, voice messages, greetings, prompts, and peers' own records.

Answers the questions of ``protocol.mailbox`` (facts §2.2, §2.4). Kept in SQLite, in a
file or in memory; sounds are kept as they came and decoded when asked for.
"""

import sqlite3
import weakref
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, Self, assert_never

import msgspec
from msgspec.structs import replace

from ringback.faults import Misuse, TestbedFault
from ringback.protocol.mailbox import (
    LATEST,
    SETTABLE,
    DeleteMessage,
    DropRecord,
    FindGreeting,
    FindMessage,
    FindPrompt,
    FindRecords,
    FindUser,
    KeepGreeting,
    KeepRecord,
    ListMessages,
    LogIn,
    Question,
    Record,
    ResetPin,
    SetProperty,
    User,
    VoiceMessage,
)
from ringback.stores import audio, schema
from ringback.stores.identifiers import entry_id, folder_id, item_id
from ringback.stores.lab import Lab, LabUser, sound
from ringback.stores.passwords import Passwords
from ringback.stores.schema import IN_MEMORY
from ringback.wire.g711 import RATE
from ringback.wire.wav import ulaw_wav_of, wav_of

_USER = ", ".join(User.__struct_fields__)
_HEADS = "id, entry_id, item_id, subject, received, seconds"
_MINE = "user = ? AND ? IN (id, entry_id, item_id)"
_NEWEST = "ORDER BY received DESC, rowid DESC"


class Mould(msgspec.Struct, frozen=True):
    """All that a mailbox held, to make others like it: that takes a tenth of the time
    that the making of the mould takes."""

    image: bytes
    passwords: Passwords


class Mailbox:
    """One store. Not for two threads at the same moment; two processes may share a
    file. Misuse when a file cannot be opened or is no mailbox."""

    def __init__(
        self, path: str | Path = IN_MEMORY, *, like: Mould | None = None
    ) -> None:
        """``like``: in memory, with all that was in that one, passwords included."""
        sql = schema.restored(like.image) if like else schema.opened(path)
        self._sql: sqlite3.Connection = sql
        weakref.finalize(self, self._sql.close)
        lasting = str(path) != IN_MEMORY
        mine = like.passwords if like else Passwords(lasting=lasting)
        self._passwords: Passwords = mine

    @classmethod
    def lab(
        cls, path: str | Path = IN_MEMORY, passwords: Mapping[str, str] | None = None
    ) -> Self:
        """The mailbox that the reference lab starts with, from ``fixtures``.

        A file that has users already keeps them as they are; ``passwords`` (by user
        name) are set in any case. A user without one cannot log in.
        """
        mailbox = cls(path)
        if not mailbox.users():
            mailbox._everybody_moves_in()
        for name, password in (passwords or {}).items():
            mailbox.set_password(name, password)
        return mailbox

    def mould(self) -> Mould:
        """What is here now."""
        return Mould(self._sql.serialize(), self._passwords)

    def close(self) -> None:
        self._sql.close()

    def answer(self, question: Question) -> object:
        """What the question's type says; None for what is not here."""
        found: object
        match question:
            case FindUser(name):
                found = self._user(name)
            case LogIn(name, password):
                found = self._logged_in(name, password)
            case FindMessage(user, wanted):
                found = self._message(user, wanted)
            case ListMessages(user):
                found = self.messages(user)
            case FindGreeting(user, kind):
                found = self._greeting(user, kind)
            case FindPrompt(name):
                found = self._prompt(name)
            case FindRecords(owner):
                found = self._records(owner)
            case _:
                assert_never(question)
        return found

    def keep(self, record: Record) -> None:
        """Misuse for a user nobody knows or a property that cannot be set."""
        match record:
            case KeepGreeting(user, kind, ulaw):
                self._keep_greeting(user, kind, ulaw)
            case DeleteMessage(user, wanted):
                self._do(f"DELETE FROM messages WHERE {_MINE}", user, wanted)
            case SetProperty(user, name, value):
                self._set_property(user, name, value)
            case ResetPin(user):
                known = self._known(user)
                again = "UPDATE users SET pin_resets = pin_resets + 1 WHERE name = ?"
                self._do(again, known.name)
            case KeepRecord(owner, key, octets):
                kept = "INSERT OR REPLACE INTO records VALUES (?, ?, ?)"
                self._do(kept, owner, key, octets)
            case DropRecord(owner, key):
                self._do("DELETE FROM records WHERE owner = ? AND key = ?", owner, key)
            case _:
                assert_never(record)

    def users(self) -> tuple[User, ...]:
        rows = self._do(f"SELECT {_USER} FROM users ORDER BY name")
        return tuple(map(_user_of, rows))

    def messages(self, user: str) -> tuple[VoiceMessage, ...]:
        """Newest first, without sound; nothing for a user nobody knows."""
        all_of = f"SELECT {_HEADS} FROM messages WHERE user = ?"
        rows = self._do(f"{all_of} {_NEWEST}", user)
        return tuple(VoiceMessage(*row) for row in rows)

    def add_user(self, user: User, password: str = "") -> None:
        """Misuse when the name is taken."""
        if self._user(user.name):
            raise Misuse(f"there is a user {user.name} already")
        values = msgspec.structs.astuple(user)
        marks = ", ".join("?" * len(values))
        self._do(f"INSERT INTO users ({_USER}) VALUES ({marks})", *values)
        if password:
            self.set_password(user.name, password)

    def set_password(self, name: str, password: str) -> None:
        """Misuse for an empty password or a user nobody knows."""
        if not password:
            raise Misuse(f"the password of {name} is empty")
        user, stored = self._known(name), self._passwords.hashed(password)
        self._do("UPDATE users SET password = ? WHERE name = ?", stored, user.name)

    def import_audio(self, user: str, path: Path, subject: str = "") -> VoiceMessage:
        """Put a sound file into the user's mailbox, as the newest message.

        Misuse, naming file and reason, for a file that is missing or holds no sound
        in a form that is read here.
        """
        known = self._known(user)
        octets, form = audio.read(path)
        received = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        taken = {message.id for message in self.messages(user)}
        names = (path.stem, *(f"{path.stem}-{n}" for n in range(2, len(taken) + 3)))
        name = next(n for n in names if n not in taken and n != LATEST)
        ids = (name, entry_id(known.name, name), item_id(known.name, name))
        heads = (*ids, subject or path.stem, received)
        seconds = len(audio.ulaw_of(octets, str(path))) / RATE
        self._add(known.name, VoiceMessage(*heads, seconds), form, octets)
        return VoiceMessage(*heads, seconds)

    def sounds_otherwise(self, user: str, wanted: str, path: Path) -> None:
        """Put another sound in place of a message's. Misuse as ``import_audio``."""
        octets, form = audio.read(path)
        changed = (
            f"UPDATE messages SET format = ?, audio = ?, seconds = ? WHERE {_MINE}"
        )
        seconds = len(audio.ulaw_of(octets, str(path))) / RATE
        self._do(changed, form, octets, seconds, user, wanted)

    def export(self, user: str, wanted: str, path: Path) -> None:
        """Write a message's sound: as stored, or as linear WAV when the name of the
        path ends in ``.wav`` and the stored sound is no WAV.

        Misuse when there is no such message or the path cannot be written.
        """
        found = self._stored(user, wanted)
        if not found:
            raise Misuse(f"{user} has no message {wanted}")
        _, form, octets = found
        if path.suffix.lower() == ".wav" and not form.startswith("wav/"):
            octets = wav_of(audio.ulaw_of(octets, wanted))
        try:
            path.write_bytes(octets)
        except OSError as e:
            raise Misuse(f"{path}: {e.strerror}") from e

    def _do(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        try:
            return self._sql.execute(statement, values).fetchall()
        except sqlite3.Error as e:
            raise TestbedFault(f"the mailbox: {e}") from e

    def _user(self, name: str) -> User | None:
        rows = self._do(f"SELECT {_USER} FROM users WHERE name = ?", name)
        return _user_of(rows[0]) if rows else None

    def _known(self, name: str) -> User:
        user = self._user(name)
        if user is None:
            raise Misuse(f"there is no user {name}")
        return user

    def _logged_in(self, name: str, password: str) -> User | None:
        rows = self._do(f"SELECT {_USER}, password FROM users WHERE name = ?", name)
        stored = rows[0][-1] if rows else ""
        return (
            _user_of(rows[0][:-1]) if self._passwords.match(password, stored) else None
        )

    def _stored(self, user: str, wanted: str) -> tuple[VoiceMessage, str, bytes] | None:
        """A message without sound, the sound's format and octets as stored."""
        from_user = f"SELECT {_HEADS}, format, audio FROM messages WHERE"
        if wanted == LATEST:
            rows = self._do(f"{from_user} user = ? {_NEWEST} LIMIT 1", user)
        else:
            rows = self._do(f"{from_user} {_MINE}", user, wanted)
        for *heads, form, octets in rows:
            return VoiceMessage(*heads), form, octets
        return None

    def _message(self, user: str, wanted: str) -> VoiceMessage | None:
        stored = self._stored(user, wanted)
        if stored is None:
            return None
        message, _, octets = stored
        return replace(message, ulaw=audio.ulaw_of(octets, f"{user}/{message.id}"))

    def _greeting(self, user: str, kind: str) -> bytes | None:
        found = "SELECT audio FROM greetings WHERE user = ? AND kind = ?"
        rows = self._do(found, user, kind)
        return audio.ulaw_of(rows[0][0], f"{user}/{kind}") if rows else None

    def _prompt(self, name: str) -> bytes | None:
        file = Lab.fixture().prompts.get(name)
        return audio.ulaw_of(sound(file), file) if file else None

    def _records(self, owner: str) -> dict[str, bytes]:
        rows = self._do("SELECT key, octets FROM records WHERE owner = ?", owner)
        return {key: octets for key, octets in rows}

    def _keep_greeting(self, user: str, kind: str, ulaw: bytes) -> None:
        known = self._known(user)
        self._do("DELETE FROM greetings WHERE user = ? AND kind = ?", known.name, kind)
        if ulaw:
            values = (known.name, kind, "wav/ulaw", ulaw_wav_of(ulaw))
            self._do("INSERT INTO greetings VALUES (?, ?, ?, ?)", *values)

    def _set_property(self, user: str, name: str, value: str | bool) -> None:
        if name not in SETTABLE:
            raise Misuse(f"{name} is not a property that can be set")
        known = self._known(user)
        self._do(f"UPDATE users SET {name} = ? WHERE name = ?", value, known.name)

    def _add(self, user: str, message: VoiceMessage, form: str, octets: bytes) -> None:
        ids = (message.id, message.entry_id, message.item_id)
        about = (message.subject, message.received, message.seconds)
        values = (user, *ids, *about, form, octets)
        self._do("INSERT INTO messages VALUES (?,?,?,?,?,?,?,?,?)", *values)

    def _everybody_moves_in(self) -> None:
        for resident in Lab.fixture().users:
            self._move_in(resident)

    def _move_in(self, resident: LabUser) -> None:
        """Put a user of the lab here with all belongings; sounds stay undecoded."""
        name = resident.name
        self.add_user(resident.user(folder_id(name)))
        for m in reversed(resident.messages):
            ids = (m.id, entry_id(name, m.id), item_id(name, m.id))
            message = VoiceMessage(*ids, m.subject, m.received, m.seconds)
            octets = sound(m.file)
            self._add(name, message, audio.format_of(octets, m.file), octets)
        for kind, file in resident.greetings.items():
            octets = sound(file)
            values = (name, kind, audio.format_of(octets, file), octets)
            self._do("INSERT INTO greetings VALUES (?, ?, ?, ?)", *values)


@lru_cache(maxsize=64)
def _user_of(row: tuple[Any, ...]) -> User:
    """SQLite keeps flags as numbers: not strict."""
    values = zip(User.__struct_fields__, row, strict=True)
    return msgspec.convert(dict(values), User, strict=False)
