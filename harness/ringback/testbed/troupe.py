"""Roles that programs of others play: what they are told, started, asked, ended.

``docs/peers-of-your-own.md`` describes the environment; its names are a contract.
"""

import secrets
import tempfile
from collections.abc import Container, Iterable, Mapping
from pathlib import Path

import msgspec

from ringback.config import Config
from ringback.faults import Unreachable, Untestable
from ringback.net.role_process import RoleProcess, UnknownScenario
from ringback.testbed import layout
from ringback.testbed.outside import (
    EXEC,
    Company,
    Outside,
    ours,
    who_stays,
    with_company,
)
from ringback.testbed.seating import Issuer
from ringback.values import Address, Role, Security

INWARDS = (Role.PHONE, Role.GATEWAY, Role.UM, Role.CAS)  # each knows those before it
_NEIGHBOURS = {
    Role.CLIENT: (Role.CAS,),
    Role.CAS: (Role.UM,),
    Role.UM: (Role.CAS, Role.GATEWAY),
    Role.GATEWAY: (Role.UM, Role.PHONE),
    Role.PHONE: (Role.GATEWAY,),
}


class Script(msgspec.Struct, frozen=True, kw_only=True):
    """What every program of one scenario is told alike."""

    scenario: str
    security: Security
    config: Config  # where everybody of ours is
    issuer: Issuer
    passwords: Mapping[str, str]
    network: int


class Troupe:
    """The roles of one scenario that are not ours; ``company`` says where they are."""

    def __init__(self, wanted: Company, script: Script, complaints: Path) -> None:
        """Start every process but a client, whose deed comes later. ``complaints`` is
        the path, without ending, of the files that get what they complain of.

        Untestable when one does not know the scenario; Unreachable when one fails.
        """
        self.company = dict(wanted)
        self.script = script
        self.processes: list[RoleProcess] = []
        self._visitors: list[RoleProcess] = []
        self._complaints = complaints
        self._folders: list[tempfile.TemporaryDirectory[str]] = []
        try:
            for role in INWARDS:
                if role in wanted and wanted[role].way == EXEC:
                    self.company[role] = self._seated(wanted[role])
        except BaseException:
            self.end()
            raise

    @property
    def config(self) -> Config:
        """With everybody where he is, as far as it is known yet."""
        known = {r: one for r, one in self.company.items() if one.way != EXEC}
        return with_company(self.script.config, known)

    def start(self, one: Outside, more: Mapping[str, str], suffix: str) -> RoleProcess:
        """A process with what it must know; Misuse when there is no such program."""
        folder = tempfile.TemporaryDirectory(prefix="ringback-")
        self._folders.append(folder)
        around = ours(self.company) | self.company.keys()
        told = {**environment(one.role, around, self.script, self.config), **more}
        told |= _files(one.role, self.script, self.config, Path(folder.name))
        process = RoleProcess(
            f"the {one.role} under test",
            one.command,
            told,
            self._complaints.with_name(f"{self._complaints.name}.{suffix}.log"),
        )
        self.processes.append(process)
        return process

    def visitor(self, more: Mapping[str, str]) -> RoleProcess:
        """A client, for one order. It says nothing of itself, and ends by itself."""
        number = len(self._visitors) + 1
        process = self.start(self.company[Role.CLIENT], more, f"client-{number}")
        self._visitors.append(process)
        return process

    def deaths(self) -> tuple[str, ...]:
        """Who came to an end by himself while the scenario went on, and how."""
        ended = (p for p in self.processes if p not in self._visitors or p.status != 0)
        return tuple(filter(None, (process.died() for process in ended)))

    def end(self) -> None:
        """End them all, the last one first; their private files are deleted."""
        for process in reversed(self.processes):
            process.end()
        self.processes.clear()
        self._visitors.clear()
        for folder in self._folders:
            folder.cleanup()
        self._folders.clear()

    def _seated(self, one: Outside) -> Outside:
        process = self.start(one, {}, str(one.role))
        try:
            place = process.ready()
        except UnknownScenario as told:
            raise Untestable(unknown(one.role, str(told))) from told
        if place is None:
            raise Unreachable(f"{process.what} said ready, but not where: HOST:PORT")
        return one.at(place, secured=self.script.security.tls)


def unknown(role: Role, complaint: str) -> str:
    """Why the cases of a scenario are not tested."""
    why = f"the {role} under test does not know this scenario (it ended with 127)"
    return f"{why}: {complaint}" if complaint else why


def ask_nonsense(wanted: Company, script: Script) -> str:
    """Ask every process for a scenario that nobody can know; who claims to know it
    would claim anything. Why one is not seated, empty when all are honest.

    Misuse when there is no such program.
    """
    for role, one in wanted.items():
        if one.way == EXEC:
            with tempfile.TemporaryDirectory(prefix="ringback-") as folder:
                troupe = Troupe({}, script, Path(folder, "asked"))
                try:
                    why = _nonsense(troupe, one)
                finally:
                    troupe.end()
            if why:
                return f"--sut {role}: {why}"
    return ""


def _nonsense(troupe: Troupe, one: Outside) -> str:
    more = {"RINGBACK_SCENARIO": f"nonsense.{secrets.token_hex(8)}"}
    process = troupe.start(one, more, str(one.role))
    try:
        process.ready()
    except UnknownScenario:
        return ""
    except Unreachable as trouble:
        return (
            f"asked for a scenario that does not exist, it must end with status 127: "
            f"{trouble}"
        )
    return (
        "it claims to know a scenario that does not exist; whoever does not know the "
        "scenario named in RINGBACK_SCENARIO must end with status 127"
    )


def environment(
    role: Role, around: Container[Role], script: Script, config: Config
) -> dict[str, str]:
    """What a program is told: who it is, where it may sit, and who is ``around`` it."""
    told = {
        "ROLE": str(role),
        "SCENARIO": script.scenario,
        "SECURITY": str(script.security),
        "HOST": layout.host(script.network, layout.SEAT[role]),
        "NAME": names(role, config)[0],
        "NAMES": " ".join(names(role, config)),
    }
    trusted: list[str] = []
    for other in (r for r in _NEIGHBOURS[role] if r in around):
        told[other.upper()] = place_of(other, config, script.security)
        told[f"{other.upper()}_NAME"] = names(other, config)[0]
        trusted += names(other, config)
    known = {**layout.names_and_hosts(config), **config.resolve}
    told["TRUSTED"] = " ".join(trusted)
    wanted = (*trusted, *config.resolve)
    told["RESOLVE"] = " ".join(f"{name}={known[name]}" for name in wanted)
    if role is Role.CAS:
        told |= {f"PASSWORD_{u.upper()}": p for u, p in script.passwords.items()}
    return {f"RINGBACK_{key}": value for key, value in told.items()}


def names(role: Role, config: Config) -> tuple[str, ...]:
    """What a role's certificate must prove; the UM's workers count."""
    match role:
        case Role.UM:
            return (config.um.name, *(worker.name for worker in config.um.workers))
        case Role.CAS:
            return (config.cas.name,)
        case Role.GATEWAY:
            return (config.gateway.name,)
        case Role.PHONE:
            return (config.phone.name,)
        case Role.CLIENT:
            return ("client",)


def place_of(role: Role, config: Config, security: Security) -> str:
    """``tcp:HOST:PORT``, ``tls:HOST:PORT`` or ``https://NAME:PORT``."""
    if role is Role.CAS:
        return f"https://{config.cas.name}:{config.cas.https_port}"
    place = {
        Role.UM: config.um,
        Role.GATEWAY: config.gateway,
        Role.PHONE: config.phone,
    }[role]
    if role is not Role.PHONE and security.tls:
        return f"tls:{Address(place.host, place.secured_port)}"
    return f"tcp:{Address(place.host, place.port)}"


def _files(role: Role, script: Script, config: Config, folder: Path) -> dict[str, str]:
    """Its certificate, its key and the root, for nobody else to read, and a folder
    that is gone after the scenario."""
    identity = script.issuer.nobody()
    written = {"CA": ("root.pem", identity.roots)}
    if role is not Role.CLIENT:
        identity = script.issuer.identity_for(*names(role, config))
        written["CERTIFICATE"] = ("certificate.pem", identity.chain)
        written["KEY"] = ("key.pem", identity.key)
    told = {"RINGBACK_DIR": str(folder)}
    for key, (name, octets) in written.items():
        path = folder / name
        path.touch(mode=0o600)
        path.write_bytes(octets)
        told[f"RINGBACK_{key}"] = str(path)
    return told


def bound_hosts(config: Config, company: Company) -> Iterable[str]:
    """IP addresses of ours beside our own network, because the SUT looks there."""
    bound = who_stays(company) - company.keys()
    if Role.UM in bound:
        yield from (config.um.host, *(worker.host for worker in config.um.crew))
    if Role.CAS in bound:
        yield config.cas.host
    if Role.GATEWAY in bound:
        yield config.gateway.host
