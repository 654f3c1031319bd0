"""The circumstances of a scenario, as its testbed knows them when it is over."""

from typing import TYPE_CHECKING

from ringback.evidence.circumstances import Circumstances, Expected
from ringback.testbed import closing

if TYPE_CHECKING:
    from ringback.testbed.testbed import Testbed


def account(bed: "Testbed") -> Circumstances:
    """What a judge must know of the scenario that was played on it."""
    orders = tuple(one for client in bed.clients for one in client.ordered())
    return bed.session.circumstances(
        bed.declared,
        bed.security,
        captured=bed.network.captured,
        started=closing.started_at(bed.started),
        timer_scale=bed.config.timer_scale,
        seats=(*bed.network.seats(), *bed.outsiders()),
        ordered=orders,
        dialled=bed.dialled or next((o.dial_string for o in orders), ""),
        stored=tuple(bed.stored.values()),
        expected=Expected(
            phone=bed.phone.behaviour,
            refusal=bed.phone.refusal,
            permitted=bed.permitted,
            denied=bed.denied,
            keys=bed.phone.keys,
            ends=bed.phone.ends,
        ),
        trusted=bed.session.lab.roots_der(),
        revoked=bed.session.lab.revocations if bed.security.tls else b"",
        also_trusted=bed.config.trust.names,
        tls_profile=bed.config.statement.tls_profile,
        notes=tuple(bed.notes),
        stood_still=round(bed.network.stood_still(), 3),
    )
