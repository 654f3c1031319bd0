"""Servers that choose an old version, or a cipher that is broken; who asks, leaves."""

from ringback.judge.defects import Direction, connections
from ringback.suite import DESK, Role, Security, Testbed, scenario

MODES = [Security.SIP_SECURED, Security.SECURED]
FACETS = ("version", "cipher", "short", "hello")
AT_ONCE = 0.05  # seconds between two questions of the mail client


def _orders(testbed: Testbed, server: Role, kinds: list[str]) -> None:
    """One order for each kind of server."""
    testbed.knowingly(server)
    testbed.aside("POP-CHECK")  # no call can come of it
    client = testbed.client_of("alice", polls_every=AT_ONCE)
    old = testbed.stranger().takes_the_place_of(server)

    for kind in kinds:
        old.turns(kind)
        testbed.until(client.plays("hello", on=DESK).is_over, within=5.0)


@scenario(
    settles=["TLS-VERSION-004", "TLS-CIPHER-005", "TLS-CIPHER-007", "TLS-FALL-001"],
    security=MODES,
)
def test_a_cas_meets_an_old_server(testbed: Testbed) -> None:
    _orders(testbed, Role.UM, connections(Direction.CAS_JUDGES_UM, *FACETS))


@scenario(
    settles=["TLS-VERSION-005", "TLS-CIPHER-006", "TLS-CIPHER-008", "TLS-FALL-002"],
    security=MODES,
)
def test_a_um_client_meets_an_old_server(testbed: Testbed) -> None:
    _orders(testbed, Role.GATEWAY, connections(Direction.UM_JUDGES_GATEWAY, *FACETS))
