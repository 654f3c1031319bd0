"""The system under test: where it is, and what it can be asked for."""

import re
from dataclasses import dataclass

import msgspec

from ringback.config import Config, Peering, Statement
from ringback.faults import Misuse, Untestable
from ringback.values import Address, Role, Security

FORMS = "tcp:HOST:PORT or tls:HOST:PORT"
TESTABLE = (Role.GATEWAY, Role.PHONE)


@dataclass(frozen=True, slots=True)
class Outside:
    """One role that is not ours; ``way`` is "tcp" or "tls"."""

    role: Role
    way: str
    address: Address

    @classmethod
    def parse(cls, role: Role, where: str) -> "Outside":
        """Misuse names what is wrong and which forms there are."""
        if found := re.fullmatch(r"(tcp|tls):(.+:\d+)", where):
            return cls(role, found[1], Address.parse(found[2]))
        raise Misuse(f"--sut {role}={where}: write {FORMS}")


def parse_sut(words: dict[Role, str]) -> dict[Role, Outside]:
    """All of them. Misuse for a role that cannot be under test."""
    for role, where in words.items():
        if role not in TESTABLE:
            raise Misuse(
                f"--sut {role}={where}: so far a gateway or a phone can be under test; "
                "between CAS and UM no product speaks what ringback speaks"
            )
    return {role: Outside.parse(role, where) for role, where in words.items()}


def with_gateway(config: Config, gateway: Outside) -> Config:
    """The UM's only gateway is the one outside."""
    name = gateway.address.host
    if re.fullmatch(r"[\d.]+|.*:.*", name):
        name = config.gateway.name
    peering = Peering(
        name=name,
        host=config.resolve.get(gateway.address.host, gateway.address.host),
        port=gateway.address.port,
        secured_port=gateway.address.port,
    )
    um = msgspec.structs.replace(config.um, gateways=(peering,))
    return msgspec.structs.replace(config, um=um)


def with_phone(config: Config, phone: Outside) -> Config:
    """Our gateway knows no other phone; it is called by the number that was dialled."""
    name = phone.address.host
    if re.fullmatch(r"[\d.]+|.*:.*", name):
        name = config.phone.name
    place = msgspec.structs.replace(
        config.phone,
        name=name,
        host=config.resolve.get(phone.address.host, phone.address.host),
        port=phone.address.port,
        secured_port=phone.address.port,
    )
    said = config.statement
    numbers = (said.answers, said.busy, said.silent, said.unknown, said.redirects)
    where = f"{name}:{phone.address.port};transport={phone.way}"
    phones = {number: f"sip:{number}@{where}" for number in numbers if number}
    gateway = msgspec.structs.replace(config.gateway, phones=phones)
    return msgspec.structs.replace(config, phone=place, gateway=gateway)


def why_not(outside: dict[Role, Outside], security: Security) -> str:
    """Why a mode cannot be tried with this SUT; empty when it can."""
    gateway = outside.get(Role.GATEWAY)
    if gateway and gateway.way == "tcp" and security.tls:
        return f"the gateway was named at a clear port ({gateway.address})"
    if gateway and gateway.way == "tls" and not security.tls:
        return f"the gateway was named at a TLS port ({gateway.address})"
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
