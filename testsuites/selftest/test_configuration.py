"""ringback.toml: what it may say, and how a mistake in it is told."""

from pathlib import Path

import pytest

from ringback.config import Config, load
from ringback.faults import Misuse
from ringback.values import Security


def written(folder: Path, text: str) -> Path:
    path = folder / "ringback.toml"
    path.write_text(text)
    return path


def test_an_empty_file_is_the_lab(tmp_path: Path) -> None:
    assert load(written(tmp_path, "")) == Config()


def test_a_file_says_only_what_differs(tmp_path: Path) -> None:
    config = load(written(tmp_path, 'security = "secured"\n[um]\nhost = "127.0.0.9"\n'))
    assert (config.security, config.um.host) == (Security.SECURED, "127.0.0.9")
    assert config.um.port == 5060


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[um]\nhost = 'a'\nprot = 5060\n", ":3: unknown key `prot`"),
        ("\n\nsecurty = 'secured'\n", ":3: unknown key `securty`"),
        ("[um]\nport = 70000\n", ":2: "),
        ("security = 'tls'\n", ":1: Invalid enum value 'tls'"),
        ("[um\n", "line 1"),
        ("[[um.gateways]]\nname = 'g'\nprot = 1\n", ":3: unknown key `prot`"),
    ],
)
def test_a_mistake_is_named_with_its_line(tmp_path: Path, text: str, said: str) -> None:
    path = written(tmp_path, text)
    with pytest.raises(Misuse) as refused:
        load(path)
    assert str(path) in str(refused.value)
    assert said in str(refused.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(Misuse, match=r"nowhere\.toml"):
        load(tmp_path / "nowhere.toml")
