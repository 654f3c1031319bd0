"""Dialogs between two ends: where requests go, in what order, and when it is over."""

import pytest
from msgspec.structs import replace

from ringback.suite import DESK, Client, Role, Security, Testbed, scenario
from ringback.wire.message import Field

SOME = [Security.UNSECURED, Security.SECURED]
PLAIN = [Security.UNSECURED]
WITHIN = 5.0
PAIRS = [  # who asks whom
    (Role.CAS, Role.UM),
    (Role.UM, Role.GATEWAY),
    (Role.GATEWAY, Role.PHONE),
]
NAMES = ["um", "gateway", "phone"]


def called_through(testbed: Testbed, *kind: str) -> None:
    """The gateway is called from behind two proxies, the first of that kind."""
    testbed.phone.answers(after=0.1)
    testbed.knowingly(Role.UM)
    um = testbed.probe(Role.UM)
    recorded = f"{um.place('outer', *kind)}, {um.place('inner', 'lr')}"

    um.talks_with(Role.GATEWAY, fields=(Field.of("Record-Route", recorded),))
    testbed.phone.hangs_up()

    testbed.until(um.is_asked("BYE"), WITHIN)


def calling_through(testbed: Testbed, client: Client, *kind: str) -> None:
    """The UM calls somebody behind two proxies, the nearer of that kind."""
    testbed.phone.stays()
    gateway = testbed.stands_in(Role.GATEWAY)
    recorded = f"{gateway.place('outer', 'lr')}, {gateway.place('inner', *kind)}"

    call = client.plays("hello", on=DESK)
    invite = gateway.awaits("INVITE")
    fields = (Field.of("Record-Route", recorded),)
    gateway.says(invite, 200, fields=fields, body=gateway.answer(invite))
    testbed.until(call.is_connected, WITHIN)
    client.hangs_up(call)

    testbed.until(call.is_over, WITHIN)


@scenario(settles=["SIP-ROUTE-001", "SIP-ROUTE-002", "SIP-ROUTE-004"], security=SOME)
def test_called_through_loose_routers(testbed: Testbed) -> None:
    called_through(testbed, "lr")


@scenario(settles=["SIP-ROUTE-001", "SIP-ROUTE-005"], security=PLAIN)
def test_called_through_a_strict_router(testbed: Testbed) -> None:
    called_through(testbed)


@scenario(settles=["SIP-ROUTE-003", "SIP-ROUTE-004"], security=SOME)
def test_calling_through_loose_routers(testbed: Testbed, client: Client) -> None:
    calling_through(testbed, client, "lr")


@scenario(settles=["SIP-ROUTE-005"], security=PLAIN)
def test_calling_through_a_strict_router(testbed: Testbed, client: Client) -> None:
    calling_through(testbed, client)


@scenario(
    settles=["SIP-TARGET-001", "SIP-ROUTE-006", "SIP-ACK-002", "MED-SDP-002"],
    security=SOME,
)
def test_a_caller_who_moves(testbed: Testbed) -> None:
    testbed.phone.answers(after=0.1)
    testbed.knowingly(Role.UM)
    um = testbed.probe(Role.UM)
    moved = Field.of("Contact", um.place("moved"))
    tempting = Field.of("Record-Route", um.place("late", "lr"))

    dialog, _ = um.talks_with(Role.GATEWAY)
    fields, body = (moved, tempting), um.offers()
    _, change = um.asks_within(dialog, "INVITE", fields=fields, body=body)
    testbed.until(change.is_answered, WITHIN)
    testbed.phone.hangs_up()

    testbed.until(um.is_asked("BYE"), WITHIN)


@scenario(settles=["SIP-TARGET-002", "SIP-UPDATE-001"], security=SOME)
def test_a_caller_who_moves_by_update(testbed: Testbed) -> None:
    testbed.phone.answers(after=0.1)
    testbed.knowingly(Role.UM)
    um = testbed.probe(Role.UM)
    moved = Field.of("Contact", um.place("moved"))

    dialog, _ = um.talks_with(Role.GATEWAY)
    _, change = um.asks_within(dialog, "UPDATE", fields=(moved,), body=um.offers())
    testbed.until(change.is_answered, WITHIN)
    testbed.phone.hangs_up()

    testbed.until(um.is_asked("BYE"), WITHIN)


@pytest.mark.parametrize("pair", PAIRS, ids=NAMES)
@scenario(
    settles=["SIP-DIALOG-003", "SIP-DIALOG-004", "SIP-CANCEL-005", "SIP-RESP-003"],
    security=SOME,
)
def test_requests_for_nothing(testbed: Testbed, pair: tuple[Role, Role]) -> None:
    asker, asked = pair
    testbed.knowingly(asker)
    probe = testbed.probe(asker, facing=asked)
    nobody = (Field.of("To", "<sip:somebody@ringback.test>;tag=nobody"),)

    for method in ("BYE", "INVITE", "UPDATE"):
        body = probe.offers() if method == "INVITE" else b""
        asking = probe.asks(method, asked, user=DESK, fields=nobody, body=body)
        testbed.until(asking.is_answered, WITHIN)
    cancel = probe.asks("CANCEL", asked, user=DESK)

    testbed.until(cancel.is_answered, WITHIN)


@pytest.mark.parametrize("pair", PAIRS, ids=NAMES)
@scenario(
    settles=["SIP-ORDER-001", "SIP-ORDER-002", "SIP-DIALOG-005", "SIP-BYE-001"],
    security=SOME,
)
def test_requests_out_of_order(testbed: Testbed, pair: tuple[Role, Role]) -> None:
    asker, asked = pair
    testbed.knowingly(asker)
    testbed.phone.answers(after=0.1)
    probe = testbed.probe(asker, facing=asked)

    dialog, _ = probe.talks_with(asked)
    leaping = replace(dialog, local_seq=dialog.local_seq + 100)
    for one, method in ((leaping, "OPTIONS"), (dialog, "OPTIONS"), (leaping, "BYE")):
        later = replace(one, local_seq=one.local_seq + (method == "BYE"))
        _, asking = probe.asks_within(later, method)
        testbed.until(asking.is_answered, WITHIN)
    over = replace(leaping, local_seq=leaping.local_seq + 2)
    _, late = probe.asks_within(over, "OPTIONS")

    testbed.until(late.is_answered, WITHIN)


@scenario(settles=["SIP-CANCEL-006", "SIP-BYE-001", "SIP-ACK-002"], security=SOME)
def test_a_cancel_that_comes_too_late(testbed: Testbed) -> None:
    testbed.phone.answers(after=0.1)
    testbed.knowingly(Role.UM)
    um = testbed.probe(Role.UM)

    dialog, call = um.talks_with(Role.GATEWAY)
    testbed.until(um.cancels(call).is_answered, WITHIN)
    dialog, still = um.asks_within(dialog, "OPTIONS")
    testbed.until(still.is_answered, WITHIN)
    _, bye = um.asks_within(dialog, "BYE")

    testbed.until(bye.is_answered, WITHIN)


@scenario(
    settles=["SIP-CANCEL-007", "SIP-CANCEL-001", "SIP-ACK-002"],
    security=SOME,
)
def test_an_answer_that_crosses_the_cancel(testbed: Testbed, client: Client) -> None:
    testbed.phone.stays()
    gateway = testbed.stands_in(Role.GATEWAY)
    gateway.peer.alone.discard("CANCEL")

    call = client.plays("hello", on=DESK)
    invite = gateway.awaits("INVITE")
    gateway.says(invite, 180)
    client.hangs_up(call)
    gateway.says(gateway.awaits("CANCEL"), 200)
    gateway.accepts(invite)

    testbed.until(gateway.is_asked("BYE"), WITHIN)


@scenario(
    settles=["SIP-CANCEL-001", "SIP-CANCEL-002", "SIP-CANCEL-003", "SIP-CANCEL-008"],
    security=SOME,
)
def test_a_cancel_that_has_to_wait(testbed: Testbed, client: Client) -> None:
    testbed.knowingly(Role.GATEWAY)
    testbed.phone.never_answers()
    testbed.phone.ends = "client"
    gateway = testbed.stands_in(Role.GATEWAY)

    call = client.plays("hello", on=DESK)
    invite = gateway.awaits("INVITE")
    client.hangs_up(call)
    testbed.until(call.is_over, WITHIN)
    gateway.says(invite, 180)

    testbed.until(gateway.is_asked("CANCEL"), WITHIN)


@scenario(
    settles=["SIP-FORK-001", "SIP-FORK-002", "SIP-ACK-002", "RTP-EARLY-001"],
    security=SOME,
)
def test_two_phones_that_answer(testbed: Testbed, client: Client) -> None:
    testbed.phone.stays()
    gateway = testbed.stands_in(Role.GATEWAY)

    call = client.plays("hello", on=DESK)
    invite = gateway.awaits("INVITE")
    answers = {tag: gateway.answer(invite) for tag in ("one", "two")}
    for tag in ("one", "two"):
        gateway.says(invite, 183, tag=tag, body=answers[tag])
    for tag in ("two", "one"):
        gateway.accepts(invite, tag=tag, body=answers[tag])
    testbed.until(call.is_connected, WITHIN)
    client.hangs_up(call)

    testbed.until(gateway.is_asked("BYE", times=2), WITHIN)


@scenario(settles=["SIP-BYE-004", "SIP-ACK-002", "SIP-BYE-001"], security=SOME)
def test_a_callee_who_hangs_up_at_once(testbed: Testbed) -> None:
    testbed.knowingly(Role.UM)
    um, phone = testbed.probe(Role.UM), testbed.stands_in(Role.PHONE)
    um.peer.acknowledges = False

    call = um.invites(Role.GATEWAY)
    invite = phone.awaits("INVITE")
    phone.accepts(invite)
    testbed.until(call.is_answered, WITHIN)
    phone.asks_within(invite.dialog(), "BYE")
    testbed.until(lambda: call.statuses.count(200) > 1, WITHIN)
    um.acks(call)

    testbed.until(um.is_asked("BYE"), WITHIN)


@scenario(settles=["SIP-BYE-001", "SIP-RESP-003"], security=SOME)
def test_both_hang_up_at_once(testbed: Testbed) -> None:
    testbed.phone.answers(after=0.1)
    testbed.knowingly(Role.UM)
    um = testbed.probe(Role.UM)
    um.peer.alone.discard("BYE")

    dialog, _ = um.talks_with(Role.GATEWAY)
    testbed.phone.hangs_up()
    theirs = um.awaits("BYE")
    _, ours = um.asks_within(dialog, "BYE")
    testbed.until(ours.is_answered, WITHIN)

    um.says(theirs, 200)


@scenario(
    settles=[
        *("SIP-GLARE-001", "SIP-UPDATE-002", "SIP-BYE-002", "SIP-BYE-003"),
        *("SIP-BYE-001", "SIP-BYE-005", "SIP-ACK-001"),
    ],
    security=SOME,
)
def test_what_may_come_before_the_answer(testbed: Testbed) -> None:
    testbed.knowingly(Role.UM)
    testbed.phone.never_answers()
    um = testbed.probe(Role.UM)

    call = um.invites(Role.GATEWAY)
    testbed.until(call.is_ringing, WITHIN)
    dialog = call.dialog()
    for method in ("INVITE", "UPDATE", "BYE"):
        body = b"" if method == "BYE" else um.offers()
        dialog, asking = um.asks_within(dialog, method, body=body)
        testbed.until(asking.is_answered, WITHIN)

    testbed.until(call.is_answered, WITHIN)
