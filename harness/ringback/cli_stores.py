"""``lab`` and ``mailbox``: what outlives a session, certificates and messages."""

from pathlib import Path

import click


@click.group()
def lab() -> None:
    """A lasting lab: certificates that outlive a session."""


@lab.command()
@click.argument("directory", type=click.Path(path_type=Path))
def init(directory: Path) -> int:
    """Make DIRECTORY: a root, a certificate for each role, a ringback.toml."""
    from ringback.verbs import lasting

    return lasting.init(directory, say=click.echo)


@click.group()
def mailbox() -> None:
    """The store behind serve: an SQLite file."""


@mailbox.command(name="list")
@click.argument("file", type=click.Path(path_type=Path))
def mailbox_list(file: Path) -> int:
    """Users and their messages."""
    from ringback.verbs import lasting

    return lasting.mailbox_list(file, say=click.echo)


@mailbox.command(name="import")
@click.argument("file", type=click.Path(path_type=Path))
@click.argument("user")
@click.argument("audio", type=click.Path(path_type=Path))
@click.option("--subject", default="", help="What the message is called.")
def mailbox_import(file: Path, user: str, audio: Path, subject: str) -> int:
    """Put AUDIO (WAV, MP3, GSM) into USER's mailbox; FILE is made when missing."""
    from ringback.verbs import lasting

    return lasting.mailbox_import(file, user, audio, subject, say=click.echo)


@mailbox.command(name="export")
@click.argument("file", type=click.Path(path_type=Path))
@click.argument("user")
@click.argument("message")
@click.argument("audio", type=click.Path(path_type=Path))
def mailbox_export(file: Path, user: str, message: str, audio: Path) -> int:
    """Write one message's audio to a file."""
    from ringback.verbs import lasting

    return lasting.mailbox_export(file, user, message, audio, say=click.echo)
