"""Where probes sit: beside a role of ours, or in its place."""

from typing import TYPE_CHECKING

from ringback.faults import Untestable
from ringback.net.identity import Identity
from ringback.testbed.probing import Probing, sip_port
from ringback.values import PROBE_PORT, Role

if TYPE_CHECKING:
    from ringback.testbed.testbed import Testbed


def beside(
    bed: "Testbed", role: Role, identity: Identity | None, facing: Role | None
) -> Probing:
    """Beside a role of ours, at its address, with that role's own certificate unless
    one is given."""
    return _probing(bed, role, identity, PROBE_PORT, facing)


def in_place(bed: "Testbed", role: Role, identity: Identity | None) -> Probing:
    """In the place of a role of ours, which leaves its seat."""
    seated = [s for s in bed.theatre.seats if s.role is role and not s.gone]
    if not seated:
        raise Untestable(f"only a {role} of ours can make room for a probe")
    for seat in seated:
        bed.network.unseat(seat)
    return _probing(bed, role, identity, 0)


def _probing(
    bed: "Testbed",
    role: Role,
    identity: Identity | None,
    port: int,
    facing: Role | None = None,
) -> Probing:
    if role not in bed.session.ours:
        raise Untestable(f"only a {role} of ours can be passed for")
    seat = bed.seat_of(role)
    everybody = [s.name for s in bed.network.seats()]
    own = bed.session.lab.identity_for(seat.name, trusted=everybody)
    tls = bed.security.tls and role is not Role.PHONE
    ports = seat.secured_ports if tls else seat.ports
    port = port or sip_port(role, ports)
    return Probing(bed, role, identity or own, seat, port, facing)
