"""Sound that is all right packet by packet, and not what was to be heard."""

from ringback.peers.bent.declared import Fault
from ringback.peers.bent.packets import packets
from ringback.values import Role

MISSED = 30  # packets: more than half a second

FAULTS = (
    Fault(
        name="um-message-without-its-beginning",
        role=Role.UM,
        says="The UM begins to send when it has played for 0.6 s.",
        breaks="MED-HEARD-001",
        also=("MED-HEARD-002", "POP-CHECK-004"),
        what="worker",
        way=packets(lambda n, _: () if n < MISSED else None, to=Role.GATEWAY),
        scenarios=("playonphone.the-plain-call",),
        modes=("unsecured", "sip-secured"),
    ),
)
