"""Within a call: changes that meet, reliable provisional answers, session timers."""

import pytest

from ringback.suite import DESK, Client, Role, Security, Testbed, scenario
from ringback.wire.headers import to_tag
from ringback.wire.message import Field, Message

SOME = [Security.UNSECURED, Security.SECURED]
PLAIN = [Security.UNSECURED]
WITHIN = 5.0
G729 = (18,)  # what no reference role speaks
RELIABLE = Field.of("Require", "100rel")
HURRIED = {"timer_scale": 0.02}
CHANGES = "re-INVITE"  # what a probe agrees to by itself, unless told otherwise


def is_a_change(request: Message) -> bool:
    """A re-INVITE."""
    return bool(to_tag(request))


@scenario(
    settles=["SIP-GLARE-002", "SIP-UPDATE-003", "SIP-TARGET-003", "SIP-ACK-002"],
    security=SOME,
)
def test_changes_that_meet(testbed: Testbed) -> None:
    testbed.knowingly(Role.UM)
    testbed.phone.answers(after=0.1)
    um = testbed.probe(Role.UM)
    um.peer.alone.discard(CHANGES)
    moved = Field.of("Contact", um.place("moved"))

    dialog, _ = um.talks_with(Role.GATEWAY)
    testbed.phone.holds()
    theirs = um.awaits("INVITE", such=is_a_change)
    for method in ("INVITE", "UPDATE"):
        dialog, ours = um.asks_within(dialog, method, body=um.offers())
        testbed.until(ours.is_answered, WITHIN)
    held = um.answer(theirs, direction="recvonly")
    um.says(theirs, 200, fields=(moved,), body=held)
    um.peer.alone.add(CHANGES)
    testbed.until(um.is_asked("ACK"), WITHIN)
    testbed.phone.hangs_up()

    testbed.until(um.is_asked("BYE"), WITHIN)


@pytest.mark.parametrize(
    "pair",
    [(Role.UM, Role.GATEWAY), (Role.GATEWAY, Role.PHONE)],
    ids=["gateway", "phone"],
)
@scenario(settles=["SIP-REINV-001", "SIP-BYE-001", "SIP-ACK-003"], security=SOME)
def test_a_change_that_is_refused(testbed: Testbed, pair: tuple[Role, Role]) -> None:
    asker, asked = pair
    testbed.knowingly(asker)
    testbed.phone.answers(after=0.1)
    probe = testbed.probe(asker, facing=asked)

    dialog, _ = probe.talks_with(asked)
    useless = probe.offers(formats=G729)
    for method, body in (("INVITE", useless), ("OPTIONS", b""), ("BYE", b"")):
        dialog, asking = probe.asks_within(dialog, method, body=body)
        testbed.until(asking.is_answered, WITHIN)


@scenario(
    settles=[
        *("SIP-PRACK-001", "SIP-PRACK-002", "SIP-PRACK-003", "SIP-PRACK-004"),
        *("SIP-PRACK-005", "SIP-PRACK-008", "SIP-PRACK-009"),
    ],
    security=SOME,
)
def test_a_caller_who_requires_reliable_answers(testbed: Testbed) -> None:
    testbed.knowingly(Role.UM)
    um, phone = testbed.probe(Role.UM), testbed.stands_in(Role.PHONE)

    call = um.invites(Role.GATEWAY, fields=(RELIABLE,))
    invite = phone.awaits("INVITE")
    phone.says(invite, 180)
    testbed.until(call.is_ringing, WITHIN)
    phone.says(invite, 183)
    dialog, number = call.dialog(), int(call.responses[-1].first("rseq") or 0)
    dialog, foreign = um.pracks(dialog, call, number + 7)
    testbed.until(foreign.is_answered, WITHIN)
    dialog, _ = um.pracks(dialog, call, number)
    testbed.until(lambda: 183 in call.statuses, WITHIN)
    dialog, second = um.pracks(dialog, call, number + 1)
    testbed.until(second.is_answered, WITHIN)
    phone.accepts(invite)
    testbed.until(call.is_answered, WITHIN)
    _, bye = um.asks_within(dialog, "BYE")

    testbed.until(bye.is_answered, WITHIN)


@scenario(
    settles=["SIP-PRACK-010", "SIP-PRACK-003", "SIP-PRACK-008", "SIP-ACK-002"],
    security=SOME,
)
def test_a_reliable_answer_with_a_description(testbed: Testbed) -> None:
    """The phone takes the call before the caller has acknowledged what came first."""
    testbed.knowingly(Role.UM)
    um, phone = testbed.probe(Role.UM), testbed.stands_in(Role.PHONE)

    call = um.invites(Role.GATEWAY, fields=(RELIABLE,))
    invite = phone.awaits("INVITE")
    phone.says(invite, 183, body=phone.answer(invite))
    testbed.until(call.is_ringing, WITHIN)
    phone.accepts(invite)
    testbed.lingers(0.3)
    first = next(r for r in call.responses if r.status > 100)
    dialog, number = call.dialog(first), int(first.first("rseq") or 0)
    dialog, _ = um.pracks(dialog, call, number)
    testbed.until(call.is_answered, WITHIN)
    _, bye = um.asks_within(dialog, "BYE")

    testbed.until(bye.is_answered, WITHIN)


@scenario(
    settles=["SIP-PRACK-006", "SIP-PRACK-007", "SIP-DIALOG-001"],
    security=SOME,
)
def test_a_callee_who_answers_reliably(testbed: Testbed, client: Client) -> None:
    testbed.knowingly(Role.GATEWAY)
    testbed.phone.stays()
    gateway = testbed.stands_in(Role.GATEWAY)

    call = client.plays("hello", on=DESK)
    invite = gateway.awaits("INVITE")
    for status, rseq, pracks in ((180, 1, 1), (183, 5, 1), (183, 2, 2)):
        numbered = Field.of("RSeq", str(rseq))
        gateway.says(invite, status, fields=(RELIABLE, numbered))
        testbed.until(gateway.is_asked("PRACK", times=pracks), WITHIN)
    gateway.accepts(invite)
    testbed.until(call.is_connected, WITHIN)
    client.hangs_up(call)

    testbed.until(call.is_over, WITHIN)


@scenario(
    settles=[
        "SIP-SESSION-001",
        "SIP-SESSION-002",
        "SIP-SESSION-003",
        "SIP-SESSION-004",
    ],
    security=SOME,
)
def test_a_session_that_is_too_short(testbed: Testbed) -> None:
    testbed.phone.answers(after=0.1)
    testbed.knowingly(Role.UM)
    um = testbed.probe(Role.UM)
    knows = Field.of("Supported", "timer")
    short, long = (
        Field.of("Session-Expires", f"{seconds};refresher=uac") for seconds in (60, 120)
    )

    refused = um.invites(Role.GATEWAY, fields=(knows, short))
    testbed.until(refused.is_answered, WITHIN)
    dialog, _ = um.talks_with(Role.GATEWAY, fields=(knows, long))
    _, bye = um.asks_within(dialog, "BYE")

    testbed.until(bye.is_answered, WITHIN)


@scenario(
    settles=["SIP-SESSION-006", "SIP-SESSION-003", "POP-END-003"],
    security=PLAIN,
    config=HURRIED,
)
def test_a_session_that_nobody_refreshes(testbed: Testbed) -> None:
    testbed.knowingly(Role.UM)
    testbed.phone.answers(after=0.1)
    um = testbed.probe(Role.UM)
    expires = Field.of("Session-Expires", "90;refresher=uac")

    um.talks_with(Role.GATEWAY, fields=(Field.of("Supported", "timer"), expires))

    testbed.until(um.is_asked("BYE"), WITHIN)


@scenario(
    settles=["SIP-SESSION-005", "SIP-GLARE-003", "SIP-DIALOG-006", "SIP-DIALOG-001"],
    security=PLAIN,
    config={**HURRIED, "um": {"session_expires": 90}},
)
def test_a_session_that_the_caller_refreshes(testbed: Testbed, client: Client) -> None:
    testbed.knowingly(Role.GATEWAY)
    testbed.phone.stays()
    gateway = testbed.stands_in(Role.GATEWAY)
    gateway.peer.alone.discard(CHANGES)
    expires = Field.of("Session-Expires", "90;refresher=uac")
    needed = Field.of("Require", "timer")

    call = client.plays("hello", on=DESK)
    invite = gateway.awaits("INVITE")
    body = gateway.answer(invite)
    gateway.says(invite, 200, fields=(expires, needed), body=body)
    gateway.says(gateway.awaits("INVITE", such=is_a_change), 491)
    gateway.says(gateway.awaits("INVITE", such=is_a_change), 481)

    testbed.until(call.is_over, WITHIN)
