"""The UM server speaks SIP over TCP and TLS only; a datagram earns nothing."""

from ringback.suite import Role, Testbed, scenario


@scenario(settles=["SIP-UDP-001"], needs=["um"])
def test_options_over_udp(testbed: Testbed) -> None:
    stranger = testbed.stranger(passing_for=Role.CAS)

    stranger.casts(stranger.options("UDP"), to="um")

    answered = stranger.asks(
        stranger.options("TLS" if testbed.security.tls else "TCP"), of="um"
    )
    testbed.until(answered, within=5.0)


@scenario(settles=["SIP-UDP-001"], slow=True)
def test_a_scanner_over_udp_finds_nobody(testbed: Testbed) -> None:
    testbed.aside("SIP-FORM", "SIP-VIA", "SIP-TAG")
    scanner, honest = testbed.stranger(), testbed.impostor(Role.CAS)

    scan = scanner.scans()
    testbed.until(scan.is_over, within=25.0)

    testbed.until(honest.asks(honest.options()), within=5.0)
