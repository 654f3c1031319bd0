"""SRTP packets that nobody has sealed, or that came before, are not played."""

from ringback.suite import Role, Security, Testbed, scenario

LOUD = bytes([0x80, 0x00]) * 80
SPOKEN = bytes(range(0x20, 0xC0))  # a sound that is like no other


@scenario(settles=["SIP-OFFER-019"], security=[Security.SECURED])
def test_forged_packets(testbed: Testbed) -> None:
    testbed.knowingly(Role.UM)
    testbed.phone.answers(after=0.0)
    testbed.phone.stays()
    um = testbed.probe(Role.UM)
    key = um.peer.crypto()
    asking = um.invites(Role.GATEWAY, body=um.peer.describes(**um.keyed_by(key)))
    testbed.until(asking.is_answered, within=5.0)

    voice = um.speaks(asking.final, key.key_salt)
    for _ in range(3):
        voice.says()
        voice.forges(LOUD)
    voice.says()
    testbed.lingers(0.1)
    _, bye = um.asks_within(asking.dialog(), "BYE")

    testbed.until(bye.is_answered, within=5.0)


@scenario(settles=["SIP-OFFER-020"], security=[Security.SECURED])
def test_replayed_packets(testbed: Testbed) -> None:
    testbed.knowingly(Role.UM)
    testbed.phone.answers(after=0.0)
    testbed.phone.stays()
    um = testbed.probe(Role.UM)
    key = um.peer.crypto()
    asking = um.invites(Role.GATEWAY, body=um.peer.describes(**um.keyed_by(key)))
    testbed.until(asking.is_answered, within=5.0)

    voice = um.speaks(asking.final, key.key_salt)
    voice.says()
    spoken = voice.says(SPOKEN)
    voice.says()
    voice.again(spoken)
    testbed.lingers(0.1)
    _, bye = um.asks_within(asking.dialog(), "BYE")

    testbed.until(bye.is_answered, within=5.0)
