"""What a configuration can and cannot do here: names, ports, lab, mailbox, SUT."""

import errno
import os
import shutil
import socket
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec

from ringback.config import Cas, Config, Place
from ringback.faults import Malformed, Misuse
from ringback.judge.catalogue import catalogue
from ringback.net.lab import Kept, Lab, kept_in, read_roots
from ringback.net.occupied import holder_of
from ringback.net.resolver import Resolver
from ringback.testbed.layout import names_and_hosts
from ringback.testbed.outside import EXEC, Outside, check, parse_sut
from ringback.values import Address, Role
from ringback.verbs.lasting import role_names
from ringback.verbs.remarks import Remark, lack, note, ok, stop
from ringback.wire.certificates import names_for_sip
from ringback.wire.uri import SipUri
from ringback.wire.uri import parse as parse_uri

SOON = timedelta(days=30)
_PHONES = {
    "answers": "a phone that answers",
    "busy": "a busy phone",
    "silent": "a phone that rings and is never answered",
    "unknown": "a number that nobody has",
    "redirects": "a number that is redirected",
}


class Port(msgspec.Struct, frozen=True):
    """A TCP port that a reference role listens on when it is served."""

    table: str  # as the file spells it
    key: str
    role: Role
    host: str
    port: int


def config_remarks(config: Config) -> Iterator[Remark]:
    """Everything that can be seen without speaking to a system under test."""
    yield from _names(config)
    yield from _ports(config)
    yield from _certificates(config)
    yield from _accounts(config)
    yield from _statement(config)


def sut_remarks(config: Config) -> Iterator[Remark]:
    """Whether each system under test is there; Misuse for a word that is none."""
    from ringback.verbs.probe import unreachable

    company = parse_sut(config.sut)
    check(company, config.statement)
    for role, one in company.items():
        where = config.sut[role]
        if one.way == EXEC:
            yield _program(one, where)
        elif trouble := unreachable({str(role): where}, None, config.resolve):
            yield stop(trouble, f"start it, or correct sut.{role} = {where!r}")
        else:
            yield ok(f"sut.{role}: {where} accepts connections")


def _program(one: Outside, where: str) -> Remark:
    if shutil.which(one.command[0]):
        return ok(f"sut.{one.role}: {where} can be started")
    remedy = "an absolute path, or one that is relative to where you start ringback"
    return stop(f"sut.{one.role}: no program {one.command[0]}", remedy)


def _names(config: Config) -> Iterator[Remark]:
    """Every host that the file names must lead to an address."""
    resolver = Resolver(names_and_hosts(config))
    unknown: dict[str, list[str]] = {}
    for key, host in _hosts(config):
        try:
            resolver.address(host)
        except LookupError:
            unknown.setdefault(host, []).append(key)
    for host, keys in unknown.items():
        yield stop(
            f"{host} is no address and has none ({', '.join(keys)})",
            f'[resolve] "{host}" = "ADDRESS", or --resolve {host}=ADDRESS',
        )
    if not unknown:
        yield ok("every name leads to an address")


def _hosts(config: Config) -> Iterator[tuple[str, str]]:
    yield "um.host", config.um.host
    yield "cas.host", config.cas.host
    yield "gateway.host", config.gateway.host
    yield "phone.host", config.phone.host
    for worker in config.um.crew:
        yield f"um.workers: {worker.name}", worker.host
    for gateway in config.um.gateways:
        yield f"um.gateways: {gateway.name}", gateway.host
    for number, uri in config.gateway.phones.items():
        with suppress(Malformed):  # told elsewhere
            read = parse_uri(uri)
            if isinstance(read, SipUri):
                yield f"gateway.phones: {number}", read.maddr or read.host
    for name, host in config.resolve.items():
        yield f"resolve: {name}", host
    for role, one in parse_sut(config.sut).items():
        if one.address.host:
            yield f"sut.{role}", one.address.host


def served_ports(config: Config) -> tuple[Port, ...]:
    """What `ringback serve` listens on; a role under test is not served."""
    um, cas, gateway, phone = config.um, config.cas, config.gateway, config.phone
    places: list[tuple[Role, str, Cas | Place, tuple[str, ...]]] = [
        (Role.CAS, "cas", cas, ("https_port", "sip_port", "sip_secured_port")),
        (Role.UM, "um", um, ("port", "secured_port")),
        *(
            (Role.UM, f"um.workers ({one.name})", one, ("port", "secured_port"))
            for one in um.crew
        ),
        (Role.GATEWAY, "gateway", gateway, ("port", "secured_port", "phone_port")),
        (Role.PHONE, "phone", phone, ("port", "secured_port")),
    ]
    return tuple(
        Port(table, key, role, place.host, getattr(place, key))
        for role, table, place, keys in places
        for key in keys
        if role not in config.sut
    )


def _ports(config: Config) -> Iterator[Remark]:
    ports = served_ports(config)
    troubles = [*_collisions(ports), *_unusable(ports)]
    yield from troubles
    if ports and not troubles:
        yield ok(f"the {len(ports)} TCP ports of `ringback serve` are free")


def _collisions(ports: tuple[Port, ...]) -> Iterator[Remark]:
    taken: dict[tuple[str, int], Port] = {}
    for port in ports:
        before = taken.setdefault((port.host, port.port), port)
        if before is not port:
            both = f"{before.table}.{before.key} and {port.table}.{port.key}"
            where = Address(port.host, port.port)
            yield stop(f"{both} are both {where}", "change one of them")


def _unusable(ports: tuple[Port, ...]) -> Iterator[Remark]:
    """A port that somebody holds; an address that is not ours, once for all ports."""
    strange: set[tuple[str, str]] = set()
    for port in ports:
        trouble = _trouble_of(port)
        if trouble is None or (port.table, port.host) in strange:
            continue
        blocks = f"(only `ringback serve {port.role}` needs it)"
        if trouble.errno == errno.EADDRINUSE:
            who = holder_of(Address(port.host, port.port), "tcp")
            where = f"{port.table}.{port.key} = {port.port}"
            remedy = f"stop it, or change {port.table}.{port.key}"
            yield lack(f"{where} is held by {who} {blocks}", remedy)
        else:
            strange.add((port.table, port.host))
            yield lack(
                f"{port.table}.host: cannot listen on {port.host}: "
                f"{trouble.strerror} {blocks}",
                f"an address of this machine; or [sut] {port.role} = ..., if it is "
                "not to be ours",
            )


def _trouble_of(port: Port) -> OSError | None:
    family = socket.AF_INET6 if ":" in port.host else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((port.host, port.port))
    except OSError as trouble:
        return trouble
    return None


def _certificates(config: Config) -> Iterator[Remark]:
    try:
        read_roots(map(Path, config.trust.roots))
    except Misuse as trouble:
        yield stop(f"trust.roots: {trouble}", "name a PEM file that holds certificates")
    if not config.lab:
        yield note(
            "no lab: certificates are born with each session",
            "ringback lab init DIR, when a product must trust the same root tomorrow",
        )
        return
    folder = Path(config.lab)
    try:
        Lab.open(folder)
        kept = kept_in(folder)
    except Misuse as trouble:
        yield stop(f"lab: {trouble}", "ringback lab init DIR, and lab = 'DIR'")
        return
    if (folder / "root.key").stat().st_mode & 0o077:
        path = folder / "root.key"
        yield lack(f"lab: others may read {path}", f"chmod 600 {path}")
    by_stem = {one.stem: one for one in kept}
    for role, names in role_names(config).items():
        yield _certificate(folder, role, names, by_stem.get(role))


def _certificate(
    folder: Path, role: Role, names: tuple[str, ...], kept: Kept | None
) -> Remark:
    issued = "the lab's root issues one for each session"
    if kept is None:
        return note(f"lab: no {role}.pem; {issued}")
    proved = set(names_for_sip(kept.facts))
    missing = [name for name in names if name.lower() not in proved]
    if missing:
        return lack(
            f"lab: {role}.pem does not name {', '.join(missing)}; {issued}",
            "make a new lab, or use the names that the certificate has",
        )
    now, until = datetime.now(UTC), kept.facts.not_after
    if not kept.is_valid(now):
        began = "is over since" if until < now else "begins not before"
        when = until if until < now else kept.facts.not_before
        return stop(
            f"lab: the time of {role}.pem {began} {when:%Y-%m-%d}",
            f"ringback lab init DIR for a new one, or delete {folder / role}.pem "
            "and .key",
        )
    if until - now < SOON:
        return lack(
            f"lab: {role}.pem ends on {until:%Y-%m-%d}", "ringback lab init DIR"
        )
    return ok(f"lab: {role}.pem names {', '.join(names)}, until {until:%Y-%m-%d}")


def _accounts(config: Config) -> Iterator[Remark]:
    known: set[str] | None = None
    if config.mailbox and Path(config.mailbox).exists():
        from ringback.stores.mailbox import Mailbox

        try:
            mailbox = Mailbox(config.mailbox)
        except Misuse as trouble:
            yield stop(f"mailbox: {trouble}", "name a file made by `ringback mailbox`")
        else:
            known = {user.name.lower() for user in mailbox.users()}
            yield ok(f"mailbox: {config.mailbox} has {len(known)} users")
            mailbox.close()
    elif config.mailbox:
        yield note(f"mailbox: {config.mailbox} is not there; `ringback serve` makes it")
    for user in config.users:
        if known is not None and user.name.lower() not in known:
            yield stop(f"users: the mailbox has no {user.name}", "correct the name")
        if user.password_env and not os.environ.get(user.password_env):
            what = f"users: {user.password_env} is not set, the password of {user.name}"
            yield lack(what, f"export {user.password_env}=...")


def _statement(config: Config) -> Iterator[Remark]:
    """Only a system under test has a statement."""
    if not config.sut:
        return
    statement = config.statement
    if {Role.GATEWAY, Role.PHONE} & set(config.sut):
        for key, words in _PHONES.items():
            if not getattr(statement, key):
                remedy = f'[statement] {key} = "THE NUMBER", if there is one'
                yield note(f"statement.{key} is empty", remedy, f"cases with {words}")
    for key in statement.__struct_fields__:
        asks = [
            r.id
            for r in catalogue().values()
            if f"statement.{key}" in r.entry.applies
            and getattr(statement, key) is False
        ]
        if asks:
            yield note(f"statement.{key} is false: not applicable: {', '.join(asks)}")
