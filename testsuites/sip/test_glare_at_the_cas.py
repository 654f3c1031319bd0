"""Requests of the UM that meet requests of the CAS, in the dialog that is the order."""

from ringback.suite import (
    DESK,
    Client,
    Field,
    Message,
    Role,
    Security,
    Testbed,
    scenario,
)
from ringback.wire.headers import to_tag

SOME = [Security.UNSECURED, Security.SECURED]
PLAIN = [Security.UNSECURED]
WITHIN = 5.0
HURRIED = {"timer_scale": 0.02}
CHANGES = "re-INVITE"  # what a probe agrees to by itself, unless told otherwise
SILENT = "inactive"  # no media ever runs over the CAS


def is_a_change(request: Message) -> bool:
    return bool(to_tag(request))


@scenario(
    settles=["SIP-GLARE-002", "SIP-UPDATE-003", "SIP-ACK-002", "SIP-ACK-003"],
    security=SOME,
)
def test_changes_that_meet_an_order(testbed: Testbed, client: Client) -> None:
    """The INVITE of the CAS is under way, and its offer with it."""
    testbed.knowingly(Role.UM)
    testbed.phone.stays()
    um = testbed.stands_in(Role.UM)

    call = client.plays("hello", on=DESK)
    invite = um.awaits("INVITE")
    um.says(invite, 180)
    dialog = invite.dialog()
    for method in ("INVITE", "UPDATE"):
        offer = um.offers(direction=SILENT)
        dialog, asked = um.asks_within(dialog, method, body=offer)
        testbed.until(asked.is_answered, WITHIN)
    um.accepts(invite)
    testbed.until(call.is_connected, WITHIN)
    client.hangs_up(call)

    testbed.until(call.is_over, WITHIN)


@scenario(settles=["SIP-BYE-001", "SIP-RESP-003"], security=SOME)
def test_cas_and_um_hang_up_at_once(testbed: Testbed, client: Client) -> None:
    testbed.knowingly(Role.UM)
    testbed.phone.stays()
    um = testbed.stands_in(Role.UM)
    um.peer.alone.discard("BYE")

    call = client.plays("hello", on=DESK)
    invite = um.awaits("INVITE")
    um.accepts(invite)
    testbed.until(call.is_connected, WITHIN)
    client.hangs_up(call)
    theirs = um.awaits("BYE")
    _, ours = um.asks_within(invite.dialog(), "BYE")
    testbed.until(ours.is_answered, WITHIN)

    um.says(theirs, 200)


@scenario(
    settles=["SIP-GLARE-002", "SIP-GLARE-003", "SIP-UPDATE-003", "SIP-DIALOG-006"],
    security=PLAIN,
    config=HURRIED,
)
def test_changes_that_meet_a_refresh(testbed: Testbed, client: Client) -> None:
    """The CAS changes nothing, but it refreshes the session where it is asked to."""
    testbed.knowingly(Role.UM)
    testbed.phone.stays()
    um = testbed.stands_in(Role.UM)
    um.peer.alone.discard(CHANGES)
    expires = Field.of("Session-Expires", "90;refresher=uac")
    needed = Field.of("Require", "timer")

    call = client.plays("hello", on=DESK)
    invite = um.awaits("INVITE")
    um.says(invite, 200, fields=(expires, needed), body=um.answer(invite))
    theirs = um.awaits("INVITE", such=is_a_change)
    dialog = invite.dialog()
    for method in ("INVITE", "UPDATE"):
        offer = um.offers(direction=SILENT)
        dialog, asked = um.asks_within(dialog, method, body=offer)
        testbed.until(asked.is_answered, WITHIN)
    um.says(theirs, 491)
    um.says(um.awaits("INVITE", such=is_a_change), 481)

    testbed.until(call.is_over, WITHIN)
