"""Hellos that no honest stack sends: old versions, broken ciphers, broken records."""

from ringback.suite import Role, Security, Testbed, scenario

MODES = [Security.SIP_SECURED, Security.SECURED]


@scenario(settles=["TLS-VERSION-002", "SIP-RESP-003"], security=MODES)
def test_nothing_newer_than_tls_1_1(testbed: Testbed) -> None:
    honest = testbed.impostor(Role.CAS)

    old = testbed.stranger().crafts("tls-1.0", "tls-1.1")
    testbed.until(old.is_over, within=15.0)

    testbed.until(honest.asks(honest.options()), within=5.0)


@scenario(settles=["TLS-CIPHER-001", "SIP-RESP-003"], security=MODES)
def test_only_ciphers_that_are_broken(testbed: Testbed) -> None:
    honest = testbed.impostor(Role.CAS)

    weak = testbed.stranger().crafts("null", "rc4", "export")
    testbed.until(weak.is_over, within=20.0)

    testbed.until(honest.asks(honest.options()), within=5.0)


@scenario(settles=["TLS-CIPHER-002", "SIP-RESP-003"], security=MODES)
def test_nothing_stronger_than_3des(testbed: Testbed) -> None:
    honest = testbed.impostor(Role.CAS)

    weak = testbed.stranger().crafts("3des")
    testbed.until(weak.is_over, within=10.0)

    testbed.until(honest.asks(honest.options()), within=5.0)


@scenario(settles=["TLS-ROBUST-001", "SIP-RESP-003"], security=MODES)
def test_hellos_that_are_broken(testbed: Testbed) -> None:
    testbed.aside("SIP-FORM")
    honest = testbed.impostor(Role.CAS)

    broken = testbed.stranger().crafts("oversized", "garbled", "cut")
    testbed.until(broken.is_over, within=20.0)

    testbed.until(honest.asks(honest.options()), within=5.0)
