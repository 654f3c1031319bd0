"""Odd certificates for a scenario's own people, by their names in the table."""

from dataclasses import replace
from typing import TYPE_CHECKING

from ringback.net.identity import Identity
from ringback.net.ill_certificates import ill
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
