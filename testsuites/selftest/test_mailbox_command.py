"""ringback mailbox: messages in, messages out, and mistakes that are named."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from ringback.cli import ringback
from ringback.faults import Misuse
from ringback.places import fixtures

AUDIO = fixtures() / "audio"


def command(*words: object) -> list[str]:
    """The lines that the command said; its fault comes out."""
    line = ["mailbox", *map(str, words)]
    done = CliRunner().invoke(ringback, line, standalone_mode=False)
    if done.exception:
        raise done.exception
    assert done.return_value == 0
    return done.output.splitlines()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "mailbox.sqlite"
    command("import", path, "alice", AUDIO / "beep.wav", "--subject", "A beep")
    return path


def test_importing_makes_the_file_and_says_so(tmp_path: Path) -> None:
    path = tmp_path / "new.sqlite"
    made, told = command("import", path, "Bob", AUDIO / "hello.wav")
    assert made.startswith(f"{path}: made, with the sample users alice, bob")
    assert "no passwords" in made
    assert told.startswith("Bob/hello ")
    assert path.stat().st_mode & 0o077 == 0


def test_a_second_import_adds_to_what_is_there(file: Path) -> None:
    (told,) = command("import", file, "alice", AUDIO / "reminder.mp3")
    assert told.startswith("alice/reminder-2 ")


def test_a_listing_has_users_and_messages_newest_first(file: Path) -> None:
    lines = command("list", file)
    assert lines[0] == "alice  Alice Archer  extension 50123"
    assert lines[1].split()[0] == "beep"
    assert lines[1].endswith("A beep")
    assert lines[2].split()[0] == "hello"
    assert [line.split()[0] for line in lines if line[0] != " "][-1] == "dave"


def test_what_comes_out_is_what_went_in(file: Path, tmp_path: Path) -> None:
    for message in ("latest", "beep"):
        command("export", file, "alice", message, tmp_path / "out.wav")
        assert (tmp_path / "out.wav").read_bytes() == (AUDIO / "beep.wav").read_bytes()


def test_a_compressed_message_comes_out_as_wav_when_asked(
    file: Path, tmp_path: Path
) -> None:
    command("export", file, "alice", "reminder", tmp_path / "out.wav")
    command("export", file, "alice", "reminder", tmp_path / "out.mp3")
    assert (tmp_path / "out.wav").read_bytes()[:4] == b"RIFF"
    stored = (AUDIO / "reminder.mp3").read_bytes()
    assert (tmp_path / "out.mp3").read_bytes() == stored


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("import", "F", "zoe", AUDIO / "beep.wav"), "no user zoe; there: alice, bob"),
        (("import", "F", "alice", "nowhere.wav"), "nowhere.wav: No such file"),
        (("import", "F", "alice", __file__), "neither WAV nor MP3"),
        (("export", "F", "zoe", "latest", "x.wav"), "no user zoe; there: alice"),
        (("export", "F", "carol", "latest", "x.wav"), "no message latest; there: none"),
        (("export", "F", "alice", "bye", "x.wav"), "no message bye; there: beep"),
        (("export", "F", "alice", "beep", "no/where/x.wav"), "x.wav: No such file"),
        (("list", "nowhere.sqlite"), "nowhere.sqlite: no such file"),
        (("list", __file__), "not a mailbox"),
        (("export", "nowhere.sqlite", "alice", "beep", "x.wav"), "nowhere.sqlite: no"),
        (("import", __file__, "alice", AUDIO / "beep.wav"), "not a mailbox"),
    ],
)
def test_a_mistake_names_the_thing(
    file: Path, words: tuple[object, ...], said: str
) -> None:
    before = command("list", file)
    with pytest.raises(Misuse) as refused:
        command(*(file if word == "F" else word for word in words))
    assert said in str(refused.value)
    assert command("list", file) == before


def test_a_missing_sound_makes_no_mailbox(tmp_path: Path) -> None:
    with pytest.raises(Misuse):
        command("import", tmp_path / "new.sqlite", "alice", tmp_path / "no.wav")
    assert not list(tmp_path.iterdir())
