"""The mailbox answers what peers ask, keeps what they tell it, and tells no secrets."""

import base64
import stat
from pathlib import Path

import pytest
from msgspec.structs import replace

from ringback import places
from ringback.faults import Misuse
from ringback.protocol.mailbox import (
    LATEST,
    DeleteMessage,
    DropRecord,
    FindGreeting,
    FindMessage,
    FindPrompt,
    FindRecords,
    FindUser,
    Greeting,
    KeepGreeting,
    KeepRecord,
    ListMessages,
    LogIn,
    Prompt,
    ResetPin,
    SetProperty,
    User,
    VoiceMessage,
)
from ringback.stores.mailbox import Mailbox

AUDIO = places.fixtures() / "audio"
PASSWORD = "correct horse"


@pytest.fixture
def mailbox() -> Mailbox:
    return Mailbox.lab(passwords={"alice": PASSWORD})


def _message(mailbox: Mailbox, user: str, wanted: str) -> VoiceMessage:
    found = mailbox.answer(FindMessage(user, wanted))
    assert isinstance(found, VoiceMessage)
    return found


def _user(mailbox: Mailbox, name: str) -> User:
    found = mailbox.answer(FindUser(name))
    assert isinstance(found, User)
    return found


def test_the_lab_has_its_four_users(mailbox: Mailbox) -> None:
    alice, bob, carol, dave = mailbox.users()

    assert (alice.name, alice.extension, alice.policy) == ("alice", "50123", "default")
    assert (bob.extension, bob.policy) == ("50124", "extensions-only")
    assert alice.um_enabled
    assert not carol.um_enabled
    assert not dave.play_on_phone_enabled
    assert mailbox.answer(FindUser("ALICE")) == alice
    assert mailbox.answer(FindUser("eve")) is None


def test_a_listing_is_newest_first_and_has_no_sound(mailbox: Mailbox) -> None:
    listed = mailbox.messages("alice")

    assert [m.id for m in listed] == [
        "hello",
        "meeting",
        "reminder",
        "parcel",
        "balance",
    ]
    assert mailbox.answer(ListMessages("alice")) == listed
    assert not any(m.ulaw for m in listed)
    assert mailbox.answer(ListMessages("eve")) == ()


def test_a_message_is_found_by_any_of_its_ids(mailbox: Mailbox) -> None:
    found = _message(mailbox, "alice", "meeting")

    assert _message(mailbox, "Alice", found.entry_id) == found
    assert _message(mailbox, "alice", found.item_id) == found
    assert _message(mailbox, "alice", LATEST).id == "hello"


def test_the_lab_tells_how_long_each_sound_is(mailbox: Mailbox) -> None:
    for user in mailbox.users():
        for listed in mailbox.messages(user.name):
            found = _message(mailbox, user.name, listed.id)
            assert abs(len(found.ulaw) / 8000 - found.seconds) < 0.01
            assert replace(found, ulaw=b"") == listed


def test_another_users_message_is_not_found(mailbox: Mailbox) -> None:
    for message in mailbox.messages("alice"):
        for wanted in (message.entry_id, message.item_id):
            assert mailbox.answer(FindMessage("bob", wanted)) is None
    assert mailbox.answer(FindMessage("alice", "lunch")) is None
    assert mailbox.answer(FindMessage("carol", LATEST)) is None


def test_entry_ids_are_laid_out_like_the_published_ones(mailbox: Mailbox) -> None:
    entry = base64.b64decode(mailbox.messages("alice")[0].entry_id, validate=True)
    folder = base64.b64decode(_user(mailbox, "alice").telephone_access_folder)

    assert (len(entry), entry[:4], entry[20:22]) == (70, bytes(4), b"\x07\0")
    assert (len(folder), folder[:4], folder[20:22]) == (46, bytes(4), b"\x01\0")
    assert entry[4:20] == folder[4:20]  # one store
    assert entry[22:46] == folder[22:46]  # in that folder


def test_ids_are_the_same_in_each_lab_and_different_within() -> None:
    first, second = Mailbox.lab(), Mailbox.lab()
    ids = [i for u in first.users() for m in first.messages(u.name) for i in _ids(m)]

    assert len(set(ids)) == len(ids)
    assert first.messages("alice") == second.messages("alice")


def _ids(message: VoiceMessage) -> tuple[str, str]:
    return message.entry_id, message.item_id


def test_only_the_right_password_is_right(mailbox: Mailbox) -> None:
    alice = mailbox.answer(FindUser("alice"))
    for _ in range(2):  # the second time from memory
        assert mailbox.answer(LogIn("alice", PASSWORD)) == alice
        assert mailbox.answer(LogIn("alice", "wrong")) is None
        assert mailbox.answer(LogIn("alice", "")) is None
        assert mailbox.answer(LogIn("bob", PASSWORD)) is None
        assert mailbox.answer(LogIn("bob", "")) is None
        assert mailbox.answer(LogIn("eve", PASSWORD)) is None


def test_a_replaced_password_is_forgotten(mailbox: Mailbox) -> None:
    mailbox.answer(LogIn("alice", PASSWORD))
    mailbox.set_password("alice", "another")

    assert mailbox.answer(LogIn("alice", PASSWORD)) is None
    assert mailbox.answer(LogIn("alice", "another")) is not None


def test_no_password_stands_in_the_file(tmp_path: Path) -> None:
    path = tmp_path / "mailbox.sqlite"
    mailbox = Mailbox.lab(path, {"alice": PASSWORD})

    assert mailbox.answer(LogIn("alice", PASSWORD)) is not None
    for file in tmp_path.iterdir():
        assert PASSWORD.encode() not in file.read_bytes()
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    mailbox.close()


def test_each_prompt_and_greeting_is_there(mailbox: Mailbox) -> None:
    prompts = [mailbox.answer(FindPrompt(prompt)) for prompt in Prompt]

    assert all(isinstance(prompt, bytes) and prompt for prompt in prompts)
    assert mailbox.answer(FindPrompt("song")) is None
    assert mailbox.answer(FindGreeting("alice", Greeting.NORMAL))
    assert mailbox.answer(FindGreeting("bob", Greeting.NORMAL)) is None


def test_a_recorded_greeting_is_kept_octet_by_octet(mailbox: Mailbox) -> None:
    ulaw = bytes(range(256))
    mailbox.keep(KeepGreeting("alice", Greeting.OOF, ulaw))

    assert mailbox.answer(FindGreeting("alice", Greeting.OOF)) == ulaw

    mailbox.keep(KeepGreeting("alice", Greeting.OOF, b""))
    assert mailbox.answer(FindGreeting("alice", Greeting.OOF)) is None


def test_a_user_deletes_only_what_is_theirs(mailbox: Mailbox) -> None:
    hello = _message(mailbox, "alice", "hello")
    mailbox.keep(DeleteMessage("bob", hello.entry_id))
    assert _message(mailbox, "alice", "hello") == hello

    mailbox.keep(DeleteMessage("alice", hello.entry_id))
    mailbox.keep(DeleteMessage("alice", hello.entry_id))
    assert mailbox.answer(FindMessage("alice", "hello")) is None
    assert _message(mailbox, "alice", LATEST).id == "meeting"


def test_properties_are_set_one_by_one(mailbox: Mailbox) -> None:
    before = _user(mailbox, "alice")
    mailbox.keep(SetProperty("alice", "oof_status", True))
    mailbox.keep(SetProperty("alice", "dial_string", "+12065550123"))
    mailbox.keep(ResetPin("alice"))

    expected = replace(before, oof_status=True, dial_string="+12065550123")
    assert _user(mailbox, "alice") == replace(expected, pin_resets=1)


def test_what_cannot_be_kept_is_misuse(mailbox: Mailbox) -> None:
    for record in (
        SetProperty("alice", "um_enabled", True),
        SetProperty("alice", "password", "x"),
        SetProperty("eve", "oof_status", True),
        KeepGreeting("eve", Greeting.OOF, b"\xff"),
        ResetPin("eve"),
    ):
        with pytest.raises(Misuse):
            mailbox.keep(record)
    with pytest.raises(Misuse):
        mailbox.set_password("alice", "")
    with pytest.raises(Misuse):
        mailbox.add_user(User("Alice"))


def test_records_outlive_their_process(tmp_path: Path) -> None:
    path = tmp_path / "mailbox.sqlite"
    first = Mailbox.lab(path)
    first.keep(KeepRecord("cas", "call-1", b"old"))
    first.keep(KeepRecord("cas", "call-1", b"\0new"))
    first.keep(KeepRecord("cas", "call-2", b"two"))
    first.keep(KeepRecord("um", "call-1", b"other"))
    first.keep(DropRecord("cas", "call-2"))
    first.keep(DeleteMessage("alice", "hello"))

    second = Mailbox.lab(path, {"alice": PASSWORD})  # while the first is still open

    assert second.answer(FindRecords("cas")) == {"call-1": b"\0new"}
    assert second.answer(FindRecords("nobody")) == {}
    assert second.answer(FindMessage("alice", "hello")) is None
    assert first.answer(LogIn("alice", PASSWORD)) is not None


def test_an_imported_file_is_the_latest_message(mailbox: Mailbox) -> None:
    added = mailbox.import_audio("bob", AUDIO / "reminder.mp3", "the report")
    again = mailbox.import_audio("bob", AUDIO / "reminder.mp3")

    assert (added.id, added.subject) == ("reminder", "the report")
    assert (again.id, again.subject) == ("reminder-2", "reminder")
    latest = _message(mailbox, "bob", LATEST)
    assert replace(latest, ulaw=b"") == again
    assert latest.ulaw == _message(mailbox, "alice", "reminder").ulaw


def test_what_cannot_be_imported_is_misuse(mailbox: Mailbox, tmp_path: Path) -> None:
    with pytest.raises(Misuse, match="no user eve"):
        mailbox.import_audio("eve", AUDIO / "hello.wav")
    with pytest.raises(Misuse, match=r"gone\.wav"):
        mailbox.import_audio("bob", tmp_path / "gone.wav")
    with pytest.raises(Misuse, match=r"README\.md: neither"):
        mailbox.import_audio("bob", AUDIO / "README.md")


def test_an_exported_message_is_the_stored_file(
    mailbox: Mailbox, tmp_path: Path
) -> None:
    mailbox.export("alice", "parcel", tmp_path / "parcel.wav")
    mailbox.export("alice", "reminder", tmp_path / "reminder.mp3")
    mailbox.export("alice", "reminder", tmp_path / "reminder.wav")

    stored = AUDIO / "parcel-gsm.wav"
    assert (tmp_path / "parcel.wav").read_bytes() == stored.read_bytes()
    stored = AUDIO / "reminder.mp3"
    assert (tmp_path / "reminder.mp3").read_bytes() == stored.read_bytes()
    copy = mailbox.import_audio("bob", tmp_path / "reminder.wav")
    heard = _message(mailbox, "bob", copy.id).ulaw
    assert heard == _message(mailbox, "alice", "reminder").ulaw.replace(
        b"\x7f", b"\xff"
    )


def test_what_cannot_be_exported_is_misuse(mailbox: Mailbox, tmp_path: Path) -> None:
    with pytest.raises(Misuse, match="bob has no message hello"):
        mailbox.export("bob", "hello", tmp_path / "hello.wav")
    with pytest.raises(Misuse, match="No such file"):
        mailbox.export("alice", "hello", tmp_path / "nowhere" / "hello.wav")


def test_a_file_that_is_no_mailbox_is_misuse(tmp_path: Path) -> None:
    path = tmp_path / "letter.txt"
    path.write_text("Dear Alice, " * 100)

    with pytest.raises(Misuse, match="not a mailbox"):
        Mailbox(path)
    with pytest.raises(Misuse, match="No such file"):
        Mailbox(tmp_path / "nowhere" / "mailbox.sqlite")
