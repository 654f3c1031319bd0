"""``lab init`` and ``mailbox``: what outlives a session, on disk."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from ringback.config import Config
from ringback.faults import Misuse
from ringback.values import Role

Say = Callable[[str], object]
LIFE = timedelta(days=825)  # what strict clients accept of a server's certificate

README = """\
A ringback lab: a root of its own, and a certificate and key for each role
==========================================================================

root.pem       install this in your product as a trusted root
root.key       signs the certificates of sessions; whoever has it can be anybody here
revoked.crl    install this too, if your product looks up revocation, and say so
               in ringback.toml: [statement] revocation = true
ROLE.pem       a role's certificate; ROLE.key is its key
ringback.toml  names this lab: `ringback run --config {folder}/ringback.toml`

The roles that ringback plays present these certificates. Each names, as DNS names:

{names}

A role of yours needs a certificate that leads to a root our roles trust and has the
role's name among its DNS names; a common name counts only in the profile era-2007,
and where there are no others; a wildcard proves nothing (RFC 5922 section 7). Either
install the pair of files that is here, or use your own and name its root under [trust]
in ringback.toml, and its name where ringback.toml has the role's.

Your product must let these names in too, if it has a list of trusted peers. A
certificate here is good until {until}. Keep the keys to yourself, and this folder
out of every repository.
"""


def role_names(config: Config) -> dict[Role, tuple[str, ...]]:
    """The names that each role's certificate must have."""
    workers = (worker.name for worker in config.um.workers)
    return {
        Role.CAS: (config.cas.name,),
        Role.UM: (config.um.name, *workers),
        Role.GATEWAY: (config.gateway.name,),
        Role.PHONE: (config.phone.name,),
    }


def init(directory: Path, say: Say) -> int:
    """Make a lab in a new or empty folder; Misuse says why it cannot be there."""
    from ringback.explained import template
    from ringback.net.authority import save_identity
    from ringback.net.lab import Lab

    lab, names = Lab(), role_names(Config())
    until = datetime.now(UTC) + LIFE
    try:
        _refuse(directory)
        lab.save(directory)
        for role, own in names.items():
            save_identity(lab.issue(*own, ends=until), directory, role)
        (directory / "ringback.toml").write_text(template("."))
        readme = README.format(
            folder=directory, names=_named(names), until=f"{until:%Y-%m-%d}"
        )
        (directory / "README.txt").write_text(readme)
    except OSError as trouble:
        raise Misuse(f"{trouble.filename}: {trouble.strerror}") from trouble
    say(f"{directory} is a lab, good until {until:%Y-%m-%d}:")
    say(f"  install    {directory / 'root.pem'} in your product")
    say(f"  edit       {directory / 'ringback.toml'}")
    say(f"  check      ringback doctor --config {directory / 'ringback.toml'}")
    return 0


def mailbox_list(file: Path, say: Say) -> int:
    """Users, and their messages with the newest first."""
    from ringback.stores.mailbox import Mailbox

    if not file.exists():
        raise Misuse(f"{file}: no such file; `ringback mailbox import` makes one")
    mailbox = Mailbox(file)
    for user in mailbox.users():
        say(f"{user.name}  {user.display}  extension {user.extension}")
        for one in mailbox.messages(user.name):
            when = one.received.partition(".")[0].rstrip("Z").replace("T", " ")
            say(f"  {one.id:<12} {when}  {one.seconds:6.2f} s  {one.subject}")
    mailbox.close()
    return 0


def mailbox_import(file: Path, user: str, audio: Path, subject: str, say: Say) -> int:
    """Put a sound into a mailbox; the file is made when there is none."""
    from ringback.stores.audio import read
    from ringback.stores.mailbox import Mailbox

    read(audio)  # before a mailbox is made for it
    is_new = not file.exists()
    mailbox = Mailbox.lab(file) if is_new else Mailbox(file)
    names = [known.name for known in mailbox.users()]
    if is_new:
        told = "users have no passwords yet, `serve` gives them some"
        say(f"{file}: made, with the sample users {', '.join(names)}; {told}")
    _check_user(file, user, names)
    message = mailbox.import_audio(user, audio, subject)
    mailbox.close()
    say(f"{user}/{message.id}  {message.seconds:.2f} s  {message.subject}")
    return 0


def mailbox_export(file: Path, user: str, message: str, audio: Path, say: Say) -> int:
    """Write a message's sound to a file."""
    from ringback.stores.mailbox import Mailbox

    if not file.exists():
        raise Misuse(f"{file}: no such file")
    mailbox = Mailbox(file)
    _check_user(file, user, [known.name for known in mailbox.users()])
    found = mailbox.messages(user)
    wanted = {"latest": found[:1]}.get(message, found)
    ids = {i for one in wanted for i in ("latest", one.id, one.entry_id, one.item_id)}
    if message not in ids:
        there = ", ".join(one.id for one in found) or "none"
        raise Misuse(f"{user} has no message {message}; there: {there}")
    mailbox.export(user, message, audio)
    mailbox.close()
    say(f"{user}/{message} is in {audio}")
    return 0


def _refuse(directory: Path) -> None:
    if (directory / "root.pem").exists():
        raise Misuse(f"{directory} holds a lab already")
    if directory.exists() and not directory.is_dir():
        raise Misuse(f"{directory} is a file, not a folder")
    if directory.is_dir() and any(directory.iterdir()):
        raise Misuse(f"{directory} is not empty: name a folder of its own")


def _named(names: dict[Role, tuple[str, ...]]) -> str:
    return "\n".join(f"    {role}.pem: {', '.join(own)}" for role, own in names.items())


def _check_user(file: Path, user: str, names: Iterable[str]) -> None:
    names = list(names)
    if user.lower() not in {name.lower() for name in names}:
        there = ", ".join(names) or "nobody"
        raise Misuse(f"{file} has no user {user}; there: {there}")
