"""Odd certificates for a scenario's own people, and renewed ones."""

from typing import TYPE_CHECKING

from msgspec.structs import replace

from ringback.net.identity import Identity
from ringback.net.ill_certificates import careless, ill
from ringback.net.network import Seated
from ringback.values import Role

if TYPE_CHECKING:
    from ringback.testbed.testbed import Testbed


def certificate(bed: "Testbed", kind: str, role: Role) -> Identity:
    """A role's; whoever shows it trusts every seat's name. Made once a session."""
    name = bed.seat_of(role).name
    made = bed.session.odd
    if (kind, name) not in made:
        made[kind, name] = ill(kind, bed.session.lab, name)
    trusted = frozenset(seat.name for seat in bed.network.seats())
    return replace(made[kind, name], trusted=trusted)


def careless_of(bed: "Testbed", role: Role) -> Identity:
    """A sound one for that role, of somebody who believes whatever others show."""
    return careless(certificate(bed, "sound", role))


def renew(bed: "Testbed", seat: Seated) -> None:
    """Another certificate for the same name, from now on."""
    assert seat.identity is not None
    fresh = bed.session.lab.issue(*seat.identity.names)
    seat.identity = replace(seat.identity, chain=fresh.chain, key=fresh.key)
