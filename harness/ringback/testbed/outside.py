"""The system under test: where it is, and what it can be asked for."""

import re
import shlex
from collections.abc import Mapping
from typing import Any, TypeVar
from urllib.parse import urlsplit

import msgspec
from msgspec.structs import replace

from ringback.config import Config, Peering, Place, Statement
from ringback.faults import Misuse, Untestable
from ringback.net.route import is_elsewhere, towards
from ringback.testbed import layout
from ringback.values import Address, Role, Security
from ringback.wire.certificates import in_a_labels

SIP_FORMS = "tcp:HOST:PORT, tls:HOST:PORT or exec:COMMAND"
FORMS = {
    Role.CLIENT: "exec:COMMAND",
    Role.CAS: "https://HOST[:PORT][/PATH] or exec:COMMAND",
    Role.UM: SIP_FORMS,
    Role.GATEWAY: SIP_FORMS,
    Role.PHONE: SIP_FORMS,
}
EXEC = "exec"
_NOWHERE = Address("", 0)
Kind = TypeVar("Kind", bound=Place)
_UMWS_ENDS = ("service.asmx", "um2007legacy.asmx")  # facts §2.1


class Outside(msgspec.Struct, frozen=True):
    """One role that is not ours; ``way`` is "tcp", "tls", "https" or "exec".

    A process has a ``command`` and, as long as it has not said where it is, no
    address. ``path`` is that of a web service; empty: the usual ones.
    """

    role: Role
    way: str
    address: Address = _NOWHERE
    path: str = ""
    command: tuple[str, ...] = ()

    @classmethod
    def parse(cls, role: Role, where: str) -> "Outside":
        """Misuse names what is wrong and which forms there are."""
        forms = FORMS[role]
        if where.startswith("exec:"):
            return cls(role, EXEC, command=_words(role, where))
        if "https" in forms and where.startswith("https://"):
            return _web(role, where)
        found = re.fullmatch(r"(tcp|tls):(.+:\d+)", where)
        if found and "tcp" in forms:
            return cls(role, found[1], Address.parse(found[2]))
        raise Misuse(f"--sut {role}={where}: write {forms}")

    def at(self, address: Address, *, secured: bool) -> "Outside":
        """The process, now that it has said where it is."""
        way = "https" if self.role is Role.CAS else "tls" if secured else "tcp"
        return replace(self, way=way, address=address)

    def paths(self) -> dict[str, str]:
        """Which dialect is served under ``path``; that of the other is the usual."""
        if not self.path.strip("/"):
            return {}
        old = self.path.lower().endswith(_UMWS_ENDS)
        return {"umws" if old else "ews": self.path}


Company = Mapping[Role, Outside]


def parse_sut(words: Mapping[Role, str]) -> dict[Role, Outside]:
    """All of them. Misuse for a form that a role cannot have."""
    return {role: Outside.parse(role, where) for role, where in words.items()}


def _words(role: Role, where: str) -> tuple[str, ...]:
    try:
        words = shlex.split(where.removeprefix("exec:"))
    except ValueError as trouble:
        raise Misuse(f"--sut {role}={where}: {trouble}") from trouble
    if not words:
        raise Misuse(f"--sut {role}={where}: write exec:COMMAND")
    return tuple(words)


def _web(role: Role, where: str) -> Outside:
    try:
        url = urlsplit(where)
        host, port = url.hostname or "", url.port or 443
    except ValueError as trouble:
        raise Misuse(f"--sut {role}={where}: {trouble}") from trouble
    if not host or url.query or url.fragment or url.username:
        raise Misuse(f"--sut {role}={where}: write {FORMS[role]}")
    return Outside(role, "https", Address(host, port), url.path)


def check(company: Company, statement: Statement) -> None:
    """Misuse for a system that cannot be under test, or not without a word more."""
    alone = {Role.CAS, Role.UM} & set(company)
    if len(alone) == 1 and not statement.ringback_binding:
        role = next(iter(alone))
        other = Role.UM if role is Role.CAS else Role.CAS
        raise Misuse(
            f"--sut {role}: between CAS and UM every product speaks a language of its "
            f"own. Name --sut {other} too, and the two are tested together; or set "
            "ringback_binding = true in [statement], if this one speaks "
            "docs/cas-um-binding.md"
        )
    if set(company) | ({Role.PHONE} if Role.GATEWAY in company else set()) >= set(Role):
        raise Misuse("--sut: with every role under test, nobody of ours sees anything")


def ours(company: Company) -> frozenset[Role]:
    """An outside gateway brings the phone behind it along."""
    outer = set(company)
    if Role.GATEWAY in outer:
        outer.add(Role.PHONE)
    return frozenset(set(Role) - outer)


def elsewhere(config: Config, company: Company) -> dict[Role, str]:
    """IPv4 addresses of the roles that are on another machine."""
    hosts = {
        role: _host(config, one.address.host)
        for role, one in company.items()
        if one.address.host
    }
    return {role: host for role, host in hosts.items() if is_elsewhere(host)}


def facing(config: Config, company: Company) -> dict[Role, str]:
    """Roles of ours that speak with another machine, and our address towards it. A
    gateway or UM that the SUT was set up to call has its address from the file, unless
    that is the loopback's."""
    neighbours = {
        Role.CAS: (Role.CLIENT, Role.UM),
        Role.UM: (Role.CAS, Role.GATEWAY),
        Role.GATEWAY: (Role.UM,),
        Role.PHONE: (Role.GATEWAY,),
    }
    told = {
        Role.GATEWAY: config.gateway.host,
        Role.UM: config.um.host,
        Role.CAS: config.cas.host,
    }
    found = {}
    stays = who_stays(company)
    for role, host in elsewhere(config, company).items():
        for ours_ in (r for r in neighbours[role] if r in ours(company)):
            own = told.get(ours_, "") if ours_ in stays else ""
            kept = bool(own) and not own.startswith("127.")
            found[ours_] = own if kept else towards(host)
    return found


def is_lasting(company: Company) -> bool:
    """Whether the mailboxes are those of somebody who goes on after a scenario."""
    return any(r in company and company[r].way != EXEC for r in (Role.CAS, Role.UM))


def who_stays(company: Company) -> frozenset[Role]:
    """Roles that must be where the configuration has them: those that are there
    without our doing, and those of ours that they were set up to call."""
    there = {role for role, one in company.items() if one.way != EXEC}
    called = {Role.UM: {Role.GATEWAY, Role.CAS}, Role.CAS: {Role.UM}}
    for role in there & set(called):
        there = there | called[role]
    return frozenset(there - {r for r, one in company.items() if one.way == EXEC})


def is_otherwise(config: Config, company: Company, wanted: Mapping[str, Any]) -> str:
    """Why a scenario cannot have the world it wants: it is the SUT that would have to
    be so, and the configuration says it is not. Empty when it can."""
    for table, changes in wanted.items():
        owner = _OWNERS.get(table)
        if owner in company and layout.overlaid(config, {table: changes}) != config:
            return (
                f"the {owner} under test would have to have {table} = {changes}; "
                "it is not so by ringback.toml"
            )
    return ""


_OWNERS = {
    **{str(role): role for role in Role},
    "dial_plan": Role.UM,
    "policies": Role.UM,
}


# A configuration in which the roles that are not ours are where they are.


def with_company(config: Config, company: Company) -> Config:
    """Every role of ours knows where those are whom it calls."""
    if Role.UM in company:
        config = with_um(config, company[Role.UM])
    if Role.CAS in company:
        config = with_cas(config, company[Role.CAS])
    if Role.GATEWAY in company:
        return with_gateway(config, company[Role.GATEWAY])
    if Role.PHONE in company:
        return with_phone(config, company[Role.PHONE])
    return config


def with_um(config: Config, um: Outside) -> Config:
    """The service is where it is; workers whose host is not told are there too."""
    place = _placed(config, config.um, um)
    workers = tuple(
        msgspec.structs.replace(w, host=_host(config, w.host) if w.host else "")
        for w in config.um.workers
    )
    return msgspec.structs.replace(
        config, um=msgspec.structs.replace(place, workers=workers)
    )


def with_cas(config: Config, cas: Outside) -> Config:
    """Where the client asks."""
    place = msgspec.structs.replace(
        config.cas,
        name=name_of(config, cas),
        host=_host(config, cas.address.host),
        https_port=cas.address.port,
    )
    return msgspec.structs.replace(config, cas=place)


def with_gateway(config: Config, gateway: Outside) -> Config:
    """The UM's only gateway is the one outside."""
    peering = Peering(
        name=name_of(config, gateway),
        host=_host(config, gateway.address.host),
        port=gateway.address.port,
        secured_port=gateway.address.port,
    )
    um = msgspec.structs.replace(config.um, gateways=(peering,))
    return msgspec.structs.replace(config, um=um)


def with_phone(config: Config, phone: Outside) -> Config:
    """Our gateway knows no other phone; it is called by the number that was dialled."""
    place = _placed(config, config.phone, phone)
    said = config.statement
    numbers = (said.answers, said.busy, said.silent, said.unknown, said.redirects)
    where = f"{place.name}:{phone.address.port};transport={phone.way}"
    phones = {number: f"sip:{number}@{where}" for number in numbers if number}
    gateway = msgspec.structs.replace(config.gateway, phones=phones)
    return msgspec.structs.replace(config, phone=place, gateway=gateway)


def name_of(config: Config, one: Outside) -> str:
    """What its certificate must prove: the name it was given, else the config's."""
    host = one.address.host
    if host and not re.fullmatch(r"[\d.]+|.*:.*", host):
        return in_a_labels(host)
    return {
        Role.GATEWAY: config.gateway.name,
        Role.UM: config.um.name,
        Role.CAS: config.cas.name,
        Role.PHONE: config.phone.name,
    }.get(one.role, host)


def _placed(config: Config, place: Kind, one: Outside) -> Kind:
    return msgspec.structs.replace(
        place,
        name=name_of(config, one),
        host=_host(config, one.address.host),
        port=one.address.port,
        secured_port=one.address.port,
    )


def _host(config: Config, name: str) -> str:
    spelled = in_a_labels(name)
    return config.resolve.get(spelled, spelled)


def why_not(company: Company, security: Security) -> str:
    """Why a mode cannot be tried with this SUT; empty when it can."""
    for role in (Role.GATEWAY, Role.UM):
        one = company.get(role)
        if one and one.way == "tcp" and security.tls:
            return f"the {role} was named at a clear port ({one.address})"
        if one and one.way == "tls" and not security.tls:
            return f"the {role} was named at a TLS port ({one.address})"
    return ""


def number_for(statement: Statement, behaviour: str) -> str:
    """The number that reaches a phone of that behaviour behind an outside gateway."""
    number = str(getattr(statement, behaviour, "") or "")
    if not number:
        raise Untestable(
            f"the statement names no number that {_WORDS[behaviour]}: "
            f"set {behaviour} in [statement]"
        )
    return number


_WORDS = {
    "answers": "is answered",
    "busy": "is busy",
    "silent": "rings and is never answered",
    "unknown": "nobody has",
    "redirects": "is redirected",
}
