"""The user ends what an outside phone will not end."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from ringback.peers.client import ClientCall
from ringback.protocol.mailbox import FindMessage, VoiceMessage
from ringback.testbed.actors import Client

if TYPE_CHECKING:
    from ringback.testbed.testbed import Testbed

EARSHOT = 1.5  # seconds around the message: ringing, connecting, an announcement


def hang_up_for_it(bed: "Testbed", met: Callable[[], bool], within: float) -> None:
    """Once the message can have been heard."""
    bed.network.until(lambda: met() or bool(_endless(bed)), within)
    for client, call, seconds in () if met() else _endless(bed):
        bed.network.until(met, seconds + EARSHOT)
        client.hangs_up(call)


def _endless(bed: "Testbed") -> tuple[tuple[Client, ClientCall, float], ...]:
    """Calls that stand and that nobody will end, with the message's seconds."""
    return tuple(
        (client, call, _seconds(bed, client.user, message))
        for client in bed.clients
        for message, call in zip(client.messages, client.calls, strict=True)
        if call.is_connected()
    )


def _seconds(bed: "Testbed", user: str, message: str) -> float:
    found = bed.theatre.mailbox.answer(FindMessage(user, message))
    return len(found.ulaw) / 8000 if isinstance(found, VoiceMessage) else 0.0
