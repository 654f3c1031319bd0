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
