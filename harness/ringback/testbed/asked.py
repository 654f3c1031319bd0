"""What a run was asked for, from command line and configuration."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from ringback.config import Config, load
from ringback.faults import Misuse
from ringback.peers.bent.declared import Bending
from ringback.peers.bent.known import oddness
from ringback.testbed.outside import Outside, check, parse_sut
from ringback.values import Role, Security


class Asked(msgspec.Struct, frozen=True):
    """``modes`` is empty when nobody chose: then the SUT's address decides."""

    config: Config
    outside: dict[Role, Outside]
    modes: tuple[Security, ...]
    net: str
    base: Path
    level: str
    select: tuple[str, ...]
    slow: bool
    config_file: str = ""  # as it was named
    # beside the config's
    resolve: Mapping[str, str] = msgspec.field(default_factory=dict)
    oddness: Bending | None = None  # of one of our roles, on purpose

    @classmethod
    def of(cls, option: Any) -> "Asked":
        """From pytest's options; Misuse says which word is wrong."""
        path = option.ringback_config
        config = load(Path(path)) if path else Config()
        sut = {**config.sut, **_roles(list(option.ringback_sut or ()))}
        resolve = _pairs("--resolve", option.ringback_resolve)
        names = {**config.resolve, **resolve}
        config = msgspec.structs.replace(config, sut=sut, resolve=names)
        outside = parse_sut(sut)
        check(outside, config.statement)
        if outside and option.ringback_net == "memory":
            raise Misuse("--net memory has no SUT: leave out --sut, or use sockets")
        base = Path(option.ringback_out)
        for name in ("reports", "captures"):
            _check_room(base / name)
        return cls(
            config=config,
            outside=outside,
            modes=_modes(option.ringback_security, config, outside, bool(path)),
            net=option.ringback_net,
            base=base,
            level=option.ringback_level,
            select=tuple(option.ringback_select or ()),
            slow=option.ringback_slow,
            config_file=path or "",
            resolve=resolve,
            oddness=oddness(option.ringback_fault, option.ringback_quirk),
        )


def _check_room(folder: Path) -> None:
    """Nothing is made yet; what is there already must be a folder to write to."""
    there = next(p for p in (folder, *folder.absolute().parents) if p.exists())
    if not there.is_dir():
        raise Misuse(f"--out: {there} is a file, and should be a folder")
    if not os.access(there, os.W_OK | os.X_OK):
        raise Misuse(f"--out: {there} cannot be written to: name another folder")


def _pairs(option: str, words: list[str] | None) -> dict[str, str]:
    found = {}
    for word in words or ():
        key, equals, value = word.partition("=")
        if not (key and equals and value):
            raise Misuse(f"{option} {word}: write NAME=VALUE")
        found[key] = value
    return found


def _roles(words: list[str]) -> dict[Role, str]:
    found = {}
    for name, where in _pairs("--sut", list(words)).items():
        if name not in set(Role):
            raise Misuse(f"--sut {name}={where}: the roles are {', '.join(Role)}")
        found[Role(name)] = where
    return found


def _modes(
    word: str | None, config: Config, outside: dict[Role, Outside], from_file: bool
) -> tuple[Security, ...]:
    if word == "all":
        return tuple(Security)
    if word:
        try:
            return (Security(word),)
        except ValueError:
            modes = ", ".join(Security)
            raise Misuse(f"--security {word}: one of {modes}, all") from None
    ways = {outside[r].way for r in (Role.UM, Role.GATEWAY) if r in outside}
    if "tcp" in ways:
        return (Security.UNSECURED,)
    if "tls" in ways and not config.security.tls:
        return (Security.SIP_SECURED,)
    return (config.security,) if from_file or outside else tuple(Security)
