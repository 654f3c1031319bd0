"""Hellos that no honest stack sends: old versions, broken ciphers, broken records."""

from functools import partial

from ringback.judge.defects import Direction, connections
from ringback.suite import Role, Security, Testbed, scenario

MODES = [Security.SIP_SECURED, Security.SECURED]
AT_THE_UM = partial(connections, Direction.UM_JUDGES_CAS)
AT_THE_GATEWAY = partial(connections, Direction.GATEWAY_JUDGES_UM)
OLD = ["TLS-VERSION-001", "SIP-RESP-003"]


def _asks(testbed: Testbed, server: Role, caller: Role) -> None:
    """The fence: somebody honest is answered after all that."""
    honest = testbed.impostor(caller)
    answered = honest.asks(honest.options(to=server), of=server)
    testbed.until(answered, within=5.0)


@scenario(settles=["TLS-VERSION-002", *OLD], security=MODES)
def test_nothing_newer_than_tls_1_1(testbed: Testbed) -> None:
    stranger = testbed.stranger()

    old = stranger.crafts(*AT_THE_UM("version"))
    testbed.until(old, within=15.0)

    _asks(testbed, Role.UM, Role.CAS)


@scenario(settles=["TLS-VERSION-003", *OLD], security=MODES)
def test_nothing_newer_than_tls_1_1_at_the_gateway(testbed: Testbed) -> None:
    stranger = testbed.stranger()

    old = stranger.greets(*AT_THE_GATEWAY("version"), to="gateway")
    testbed.until(old, within=15.0)

    _asks(testbed, Role.GATEWAY, Role.UM)


@scenario(settles=["TLS-CIPHER-001", "SIP-RESP-003"], security=MODES)
def test_only_ciphers_that_are_broken(testbed: Testbed) -> None:
    stranger = testbed.stranger()

    weak = stranger.crafts(*AT_THE_UM("cipher"))
    testbed.until(weak, within=20.0)

    _asks(testbed, Role.UM, Role.CAS)


@scenario(settles=["TLS-CIPHER-003", "TLS-CIPHER-004", "SIP-RESP-003"], security=MODES)
def test_only_ciphers_that_are_broken_at_the_gateway(testbed: Testbed) -> None:
    stranger = testbed.stranger()

    hellos = AT_THE_GATEWAY("cipher", "short", "hello")
    weak = stranger.greets(*hellos, to="gateway")
    testbed.until(weak, within=20.0)

    _asks(testbed, Role.GATEWAY, Role.UM)


@scenario(settles=["TLS-CIPHER-002", "SIP-RESP-003"], security=MODES)
def test_nothing_stronger_than_3des(testbed: Testbed) -> None:
    stranger = testbed.stranger()

    weak = stranger.crafts(*AT_THE_UM("short"))
    testbed.until(weak, within=10.0)

    _asks(testbed, Role.UM, Role.CAS)


@scenario(settles=["TLS-RENEG-001", "SIP-RESP-003"], security=MODES)
def test_a_hello_that_asks_about_renegotiation(testbed: Testbed) -> None:
    stranger = testbed.stranger()

    asked = stranger.greets(*AT_THE_UM("renegotiation"))
    testbed.until(asked, within=5.0)

    _asks(testbed, Role.UM, Role.CAS)


@scenario(settles=["TLS-RENEG-002", "SIP-RESP-003"], security=MODES)
def test_a_hello_that_asks_the_gateway_about_renegotiation(testbed: Testbed) -> None:
    stranger = testbed.stranger()

    asked = stranger.greets(*AT_THE_GATEWAY("renegotiation"), to="gateway")
    testbed.until(asked, within=5.0)

    _asks(testbed, Role.GATEWAY, Role.UM)


@scenario(settles=["TLS-ROBUST-001", "SIP-RESP-003"], security=MODES)
def test_hellos_that_are_broken(testbed: Testbed) -> None:
    testbed.aside("SIP-FORM")
    stranger = testbed.stranger()

    broken = stranger.crafts("oversized", "garbled", "cut")
    testbed.until(broken, within=20.0)

    _asks(testbed, Role.UM, Role.CAS)


@scenario(settles=["TLS-STALL-001", "SIP-RESP-003"], security=MODES)
def test_a_handshake_that_stalls(testbed: Testbed) -> None:
    testbed.aside("SIP-FORM")
    stranger = testbed.stranger()

    stranger.greets("stalled", "nobodys")

    _asks(testbed, Role.UM, Role.CAS)
