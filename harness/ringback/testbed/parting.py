"""Users and probes end what they began with somebody who is not ours, so that the next
scenario finds him as free as the first one did.

RFC 3261 §9.1 (CANCEL), §15 (BYE).
"""

from collections.abc import Iterable
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

from msgspec.structs import replace

from ringback.faults import Fault, Untestable
from ringback.peers.exchanges import Asking
from ringback.protocol.dialog import Dialog
from ringback.testbed.probing import Probing
from ringback.wire.message import Message

if TYPE_CHECKING:
    from ringback.testbed.testbed import Testbed

PATIENCE = 1.0  # seconds for the answers
ROUNDS = 2  # an INVITE may have been answered when its CANCEL comes


def parts(bed: "Testbed", probes: Iterable[Probing]) -> None:
    """Nothing where all roles are ours: they are gone with their seats."""
    if not bed.outsiders():
        return
    _users_hang_up(bed)
    everybody = tuple(probes)
    for _ in range(ROUNDS):
        said = [asking for probe in everybody for asking in _goodbyes(probe)]
        if not said:
            return
        bed.network.until(partial(_are_answered, said), PATIENCE)


def hear_out(bed: "Testbed", probes: Iterable[Probing]) -> None:
    """Who was asked a moment ago gets time to answer, or the capture would accuse him
    of silence."""
    said = [a for probe in probes for a in probe.peer.asked if a.request.method]
    bed.network.until(partial(_are_answered, said), PATIENCE)


def _users_hang_up(bed: "Testbed") -> None:
    """Calls still run where a scenario was left in the middle: it cannot be played."""
    for client in bed.clients:
        for call in client.calls:
            with suppress(Untestable):  # his client never knew the scenario
                if not call.is_over():
                    client.hangs_up(call)
    bed.network.until(lambda: not bed.theatre.leftovers(), PATIENCE)


def _goodbyes(probe: Probing) -> Iterable[Asking]:
    """A CANCEL for what still rings, a BYE for what stands; a call without its ACK ends
    by itself (§13.3.1.4)."""
    for asking in tuple(probe.peer.asked):
        if asking.request.method != "INVITE" or _is_over(probe, asking):
            continue
        with suppress(Fault, ValueError):  # an odd call that nobody could end
            if asking.acknowledged:
                line = None if asking.line.is_over() else asking.line
                yield probe.asks_within(_latest(probe, asking), "BYE", line=line)[1]
            elif (
                not asking.has_final()
                and asking.is_heard()
                and not asking.line.is_over()
            ):
                yield probe.cancels(asking)


def _is_over(probe: Probing, asking: Asking) -> bool:
    """Refused; or somebody has ended it, or tried to."""
    if asking.final and asking.final.status >= 300:
        return True
    ends = ("BYE",) if asking.has_final() else ("BYE", "CANCEL")
    theirs = [t.request for t in probe.peer.theirs if _same_call(t.request, asking)]
    return any(m.method in ends for m in (*_ours(probe, asking), *theirs))


def _latest(probe: Probing, asking: Asking) -> Dialog:
    """Its dialog, after all that we have said in it (RFC 3261 §12.2.1.1)."""
    numbers = [m.first("cseq").partition(" ")[0] for m in _ours(probe, asking)]
    return replace(asking.dialog(), local_seq=max(map(int, numbers)))


def _ours(probe: Probing, asking: Asking) -> list[Message]:
    return [a.request for a in probe.peer.asked if _same_call(a.request, asking)]


def _same_call(message: Message, asking: Asking) -> bool:
    return message.first("call-id") == asking.request.first("call-id")


def _are_answered(said: Iterable[Asking]) -> bool:
    return all(one.is_answered() for one in said)
