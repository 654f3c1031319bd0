"""Sound requests beyond their receiver: of another version of SIP, or too long."""

import pytest
from msgspec.structs import replace

from ringback.suite import Field, Message, Probing, Role, Security, Testbed, scenario

CLEAR = [Security.UNSECURED]
PLACES = {
    "um-service": (Role.CAS, Role.UM, False),
    "um-worker": (Role.CAS, Role.UM, True),
    "gateway": (Role.UM, Role.GATEWAY, True),
    "cas": (Role.UM, Role.CAS, True),
}  # who asks whom; of the UM its workers or not
everywhere = pytest.mark.parametrize("where", list(PLACES))
BODY = 300_000  # octets, and a little more
OPTIONAL = (
    Field.of("Content-Type", "text/plain"),
    Field.of("Content-Disposition", "render;handling=optional"),
)  # so that who has room for it need not understand it


@everywhere
@scenario(settles=["SIP-REFUSE-007"], security=CLEAR)
def test_a_version_that_nobody_speaks(testbed: Testbed, where: str) -> None:
    by, of, worker = PLACES[where]
    testbed.knowingly(by)
    testbed.phone.never_answers()
    probe = testbed.probe(by)

    line = probe.opens(of, worker=worker)
    asked = probe.asks("OPTIONS", of, line=line, worker=worker, change=_of_seven)
    testbed.until(asked.is_answered, within=2.0)

    _and_then(testbed, probe, of, worker)


def _of_seven(message: Message) -> Message:
    return replace(message, start=message.start.replace(b" SIP/2.0", b" SIP/7.0"))


@everywhere
@scenario(settles=["SIP-REFUSE-008", "SIP-REFUSE-009"], security=CLEAR)
def test_a_message_that_is_too_long(testbed: Testbed, where: str) -> None:
    """Its body is one and the same request, over and over: wherever it is cut, a whole
    one follows."""
    by, of, worker = PLACES[where]
    testbed.knowingly(by)
    testbed.phone.never_answers()
    probe = testbed.probe(by)
    within = b"\r\n\r\n" + bytes(probe.composed("OPTIONS", of, worker=worker))
    body = within * (BODY // len(within) + 1)

    line = probe.opens(of, worker=worker)
    asked = probe.asks(
        "OPTIONS", of, line=line, worker=worker, fields=OPTIONAL, body=body
    )
    testbed.until(asked.is_answered, within=5.0)

    _and_then(testbed, probe, of, worker)


def _and_then(testbed: Testbed, probe: Probing, of: Role, worker: bool) -> None:
    """A sound one on a connection of its own, as a fence."""
    line = probe.opens(of, worker=worker)
    sound = probe.asks("OPTIONS", of, line=line, worker=worker)

    testbed.until(sound.is_answered, within=5.0)
