"""``serve``: reference roles as long-running servers on real sockets."""

import json
import os
import secrets
import signal
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec

from ringback.config import Config, load
from ringback.faults import Misuse
from ringback.net.lab import Lab
from ringback.net.resolver import Resolver
from ringback.net.sockets import SocketNetwork
from ringback.peers.bent.declared import Oddness
from ringback.peers.bent.known import faults, oddness, quirks
from ringback.stores.mailbox import Mailbox
from ringback.stores.schema import IN_MEMORY
from ringback.testbed import layout
from ringback.testbed.seating import Theatre
from ringback.testbed.session import LAB_USERS, passwords_of
from ringback.values import Role, Security

Say = Callable[[str], object]
SERVED = (Role.PHONE, Role.GATEWAY, Role.UM, Role.CAS)  # from the phone inwards
RINGS = 2.0  # seconds before the phone is picked up
SHARED = "RINGBACK_PASSWORD"  # one password for every user of the lab


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """What the command line said."""

    roles: Sequence[str] = ()
    security: str | None = None
    config_file: Path | None = None
    resolve: Mapping[str, str] = msgspec.field(default_factory=dict)
    ready: Path | None = None
    fault: str = ""
    quirk: str = ""


def names(faults_too: bool, quirks_too: bool, say: Say) -> int:
    """The names that ``--fault`` and ``--quirk`` take, one a line."""
    for known in (*(faults() if faults_too else ()), *(quirks() if quirks_too else ())):
        say(known)
    return 0


def serve(order: Order, say: Say) -> int:
    """Until SIGTERM or SIGINT; then links are closed and the ready file is removed."""
    odd = oddness(order.fault, order.quirk)
    config = _configured(order, odd)
    lab = Lab.of(config.lab, config.trust.roots)
    network = SocketNetwork(Resolver(layout.names_and_hosts(config)))
    passwords = _passwords(config)
    theatre = Theatre(
        config=config,
        security=Security(order.security) if order.security else config.security,
        network=network,
        issuer=lab,
        mailbox=Mailbox.lab(config.mailbox or IN_MEMORY, passwords),
        passwords=passwords,
        seed=secrets.token_hex(16),
        oddness=odd,
    )
    try:
        _seat(theatre, order.roles)
        with _announced(theatre, lab, order.ready, say):
            network.run(signal.SIGTERM, signal.SIGINT)
            say("ringback: ending")
    finally:
        network.close()
        theatre.mailbox.close()
    return 0


def _configured(order: Order, odd: Oddness | None) -> Config:
    config = load(order.config_file) if order.config_file else Config()
    names_too = {**config.resolve, **order.resolve}
    config = msgspec.structs.replace(config, resolve=names_too)
    return layout.overlaid(config, odd.config) if odd else config


def _seat(theatre: Theatre, roles: Sequence[str]) -> None:
    """Those asked for, all by default. Misuse names a role that cannot be served."""
    wanted = set(roles) or {role.value for role in SERVED}
    if unknown := wanted - {role.value for role in SERVED}:
        served = ", ".join(sorted(SERVED))
        raise Misuse(f"{', '.join(sorted(unknown))}: serve knows {served}")
    for role in SERVED:
        if role is Role.PHONE and role.value in wanted:
            theatre.phone()[1].answers(after=RINGS)
        elif role.value in wanted:
            getattr(theatre, role.value)()


def _passwords(config: Config) -> dict[str, str]:
    """One for all from the environment, or made now; a config file may name others.

    A mailbox file keeps what it has unless the environment says something else.
    """
    shared = os.environ.get(SHARED, "")
    named = passwords_of(config, made=not (shared or config.mailbox))
    return {**dict.fromkeys(LAB_USERS, shared), **named} if shared else named


@contextmanager
def _announced(
    theatre: Theatre, lab: Lab, ready: Path | None, say: Say
) -> Iterator[None]:
    """Tell the shell, and whoever waits for the ready file, where everything is."""
    with tempfile.TemporaryDirectory(prefix="ringback-") as folder:
        root = (ready.parent if ready else Path(folder)) / "ringback-root.pem"
        root.write_bytes(lab.root)
        try:
            if ready is not None:
                _write_ready(ready, theatre, root)
            _say_where(theatre, root, say)
            yield
        finally:
            if ready is not None:
                ready.unlink(missing_ok=True)
                root.unlink(missing_ok=True)


def _say_where(theatre: Theatre, root: Path, say: Say) -> None:
    say(f"ringback serves; dial plan security {theatre.security}; Ctrl-C ends it")
    for seat in theatre.network.seats():
        ports = [f"tcp {port}" for port in seat.ports]
        ports += [f"tls {port}" for port in seat.secured_ports]
        what = f" {seat.what}" if seat.what else ""
        say(f"  {seat.role + what:<12} {seat.name:<24} {seat.host}  {', '.join(ports)}")
    say(f"  root of all certificates: {root}")
    if any(seat.role is Role.CAS for seat in theatre.network.seats()):
        say(_how_to_play(theatre, root))


def _how_to_play(theatre: Theatre, root: Path) -> str:
    """A command that works as it stands, but for the password, which is not printed."""
    cas = theatre.config.cas
    words = (
        f"ringback play --cas https://{cas.name}:{cas.https_port}",
        f"--resolve {cas.name}={cas.host}",
        f"--ca {root} --user alice --password-env {SHARED} --to +12065550123",
    )
    hint = "" if os.environ.get(SHARED) else f"  (set {SHARED} for both)"
    return "  to order a call" + hint + ":\n    " + " ".join(words)


def _write_ready(ready: Path, theatre: Theatre, root: Path) -> None:
    """Whole or not at all; for its owner only, because it holds passwords."""
    told = {
        "pid": os.getpid(),
        "security": theatre.security,
        "roles": [msgspec.to_builtins(seat) for seat in theatre.network.seats()],
        "ca": str(root),
        "users": {n: {"password": p} for n, p in theatre.passwords.items()},
    }
    partial = ready.with_name(ready.name + ".partial")
    partial.touch(mode=0o600)
    partial.write_text(json.dumps(told, indent=2) + "\n")
    partial.replace(ready)
