"""Where the roles sit in a test: one address each, SIP on 5060 and 5061.

Every worker of a run has a loopback /24 of its own, so that captures read like a
network and workers do not see each other.
"""

from collections.abc import Container, Mapping
from itertools import zip_longest
from typing import Any

import msgspec

from ringback.config import Config, Peering, Worker
from ringback.values import Role

CLIENT, CAS, UM, STRANGER = 10, 20, 30, 99
GATEWAY, SECOND_GATEWAY, PHONE, SECOND_PHONE = 40, 41, 50, 51
WORKERS = (31, 32)
PRODUCT_PORTS = ((5065, 5066), (5067, 5068))  # of workers, clear and TLS (facts §4.1)
SEAT = {
    Role.CLIENT: CLIENT,
    Role.CAS: CAS,
    Role.UM: UM,
    Role.GATEWAY: GATEWAY,
    Role.PHONE: PHONE,
}
SECOND_NAME = "gateway-2.ringback.test"  # known to the UM; scenarios turn it on


def host(network: int, suffix: int) -> str:
    return f"127.0.{network}.{suffix}"


def on_loopback(
    config: Config,
    network: int,
    stay: Container[Role] = frozenset(),
    outer: Container[Role] = frozenset(),
) -> Config:
    """The lab of one worker: the configuration, its roles moved but for those that
    ``stay`` where it has them. The workers of a UM that is ``outer`` go with it."""

    def at(suffix: int) -> dict[str, Any]:
        return {"host": host(network, suffix), "port": 5060, "secured_port": 5061}

    replace = msgspec.structs.replace
    gateway, um, cas = config.gateway, config.um, config.cas
    if Role.GATEWAY not in stay:
        gateway = replace(gateway, **at(GATEWAY), phone_port=5070)
    if Role.UM not in stay:
        um = replace(um, **at(UM))
    if Role.UM not in stay and Role.UM not in outer:
        workers = tuple(
            replace(worker, **at(suffix))
            for worker, suffix in zip(um.workers, WORKERS, strict=False)
        )
        um = replace(um, workers=workers)
    if Role.CAS not in stay:
        ports = {"sip_port": 5060, "sip_secured_port": 5061}
        cas = replace(cas, host=host(network, CAS), **ports)
    phones = {"*": f"sip:{config.phone.name}:5060;transport=tcp"}
    peerings = (
        Peering(
            name=gateway.name,
            host=gateway.host,
            port=gateway.port,
            secured_port=gateway.secured_port,
        ),
        Peering(name=SECOND_NAME, **at(SECOND_GATEWAY), outcalls_allowed=False),
    )
    return replace(
        config,
        um=replace(um, gateways=peerings),
        cas=cas,
        gateway=replace(gateway, phones=phones),
        phone=replace(config.phone, **at(PHONE)),
    )


def facing(config: Config, addresses: Mapping[Role, str]) -> Config:
    """The roles that speak with another machine sit at an address of ours. A UM's
    workers share it, on the product's ports: they are who calls gateways."""
    replace = msgspec.structs.replace
    gateway, um, cas = config.gateway, config.um, config.cas
    if host := addresses.get(Role.GATEWAY):
        gateway = replace(gateway, host=host)
        first = replace(um.gateways[0], host=host)
        um = replace(um, gateways=(first, *um.gateways[1:]))
    if host := addresses.get(Role.UM):
        ports = zip(um.workers, PRODUCT_PORTS, strict=False)
        workers = (
            replace(worker, host=host, port=port, secured_port=secured)
            for worker, (port, secured) in ports
        )
        um = replace(um, host=host, workers=tuple(workers))
    if host := addresses.get(Role.CAS):
        cas = replace(cas, host=host)
    return replace(config, gateway=gateway, um=um, cas=cas)


def overlaid(config: Config, changes: Mapping[str, Any]) -> Config:
    """The configuration with some values changed, table by table; of an array the
    first table over the first, and so on.

    msgspec.ValidationError when the outcome is no configuration.
    """
    plain = msgspec.to_builtins(config)
    return msgspec.convert(_merged(plain, changes), Config)


def _merged(old: Any, new: Any) -> Any:
    if isinstance(old, dict) and isinstance(new, Mapping):
        return old | {key: _merged(old.get(key), value) for key, value in new.items()}
    if isinstance(old, list | tuple) and _are_tables(new):
        return [
            _merged(before, after) if after is not None else before
            for before, after in zip_longest(old, new)
        ]
    return new


def _are_tables(new: Any) -> bool:
    return bool(new) and all(isinstance(one, Mapping) for one in new)


def names_and_hosts(config: Config) -> dict[str, str]:
    """What stands in for DNS: the reference roles' names, then ``[resolve]``."""
    um: tuple[Worker, ...] = config.um.crew
    return {
        config.um.name: config.um.host,
        **{worker.name: worker.host for worker in um},
        config.cas.name: config.cas.host,
        config.gateway.name: config.gateway.host,
        **{g.name: g.host for g in config.um.gateways if g.host},  # maybe outside
        config.phone.name: config.phone.host,
        **config.resolve,
    }
