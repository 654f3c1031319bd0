"""The circumstances of a scenario, as its testbed knows them when it is over."""

from typing import TYPE_CHECKING

from ringback.evidence.circumstances import Circumstances, Expected, Ordered
from ringback.testbed import closing
from ringback.testbed.seating import outsiders

if TYPE_CHECKING:
    from ringback.testbed.testbed import Testbed


def account(bed: "Testbed") -> Circumstances:
    """What a judge must know of the scenario that was played on it."""
    orders = tuple(
        Ordered(
            user=client.peer.settings.user,
            kind=kind,
            item=item,
            dial_string=number,
            dialect=client.peer.settings.dialect,
            missing=missing,
        )
        for client in bed.clients
        for (kind, item, number), missing in zip(
            client.orders, client.missing, strict=True
        )
    )
    return bed.session.circumstances(
        bed.declared,
        bed.security,
        captured=bed.network.captured,
        started=closing.started_at(bed.started),
        timer_scale=bed.config.timer_scale,
        seats=(*bed.network.seats(), *outsiders(bed.config)),
        ordered=orders,
        dialled=bed.dialled
        or next((bed.phone.number(o.dial_string) for o in orders), ""),
        stored=tuple(bed.stored.values()),
        expected=Expected(
            phone=bed.phone.behaviour,
            refusal=bed.phone.refusal,
            permitted=bed.permitted,
            keys=bed.phone.keys,
            ends=bed.phone.ends,
        ),
        trusted=bed.session.lab.roots_der(),
        revoked=bed.session.lab.revocations if bed.security.tls else b"",
        also_trusted=bed.config.trust.names,
        tls_profile=bed.config.statement.tls_profile,
        notes=tuple(bed.notes),
    )
