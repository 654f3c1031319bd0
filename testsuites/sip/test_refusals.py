"""What nobody can understand, sent for real; and what becomes of a phone's refusal."""

import pytest
from msgspec.structs import replace

from ringback.suite import (
    DESK,
    Client,
    Field,
    Message,
    Probing,
    Role,
    Security,
    Testbed,
    scenario,
)

NOBODY = "nobody-knows"
CLEAR = [Security.UNSECURED]
PLACES = {
    "um-service": (Role.CAS, Role.UM, False),
    "um-worker": (Role.CAS, Role.UM, True),
    "gateway": (Role.UM, Role.GATEWAY, True),
    "cas": (Role.UM, Role.CAS, True),
}  # who asks whom; of the UM its workers or not
everywhere = pytest.mark.parametrize("where", list(PLACES))


def _alone(testbed: Testbed, role: Role) -> Probing:
    """A probe that nobody is to make a call for: no phone is reached."""
    testbed.phone.never_answers()
    return testbed.probe(role)


@everywhere
@scenario(settles=["SIP-REFUSE-001", "SIP-RESP-003"], security=CLEAR)
def test_a_method_that_nobody_knows(testbed: Testbed, where: str) -> None:
    by, of, worker = PLACES[where]
    probe = _alone(testbed, by)

    asked = probe.asks(NOBODY.upper(), of, worker=worker)

    testbed.until(asked.is_answered, within=5.0)


@everywhere
@scenario(settles=["SIP-RESP-005", "SIP-RESP-003"], security=CLEAR)
def test_a_method_that_is_not_taken(testbed: Testbed, where: str) -> None:
    by, of, worker = PLACES[where]
    probe = _alone(testbed, by)

    asked = probe.asks("PUBLISH", of, worker=worker, fields=(_event(),))

    testbed.until(asked.is_answered, within=5.0)


def _event() -> Field:
    return Field.of("Event", "presence")


@everywhere
@scenario(settles=["SIP-REFUSE-002", "SIP-ACK-001"], security=CLEAR)
def test_a_body_of_a_type_that_nobody_knows(testbed: Testbed, where: str) -> None:
    by, of, worker = PLACES[where]
    probe = _alone(testbed, by)
    testbed.aside("SIP-REDIR")  # it goes nowhere else with that
    kind = (Field.of("Content-Type", f"application/{NOBODY}"),)

    asked = probe.asks("INVITE", of, fields=kind, body=b"?", worker=worker)

    testbed.until(asked.is_answered, within=5.0)


@everywhere
@scenario(settles=["SIP-REFUSE-003", "SIP-ACK-001"], security=CLEAR)
def test_a_body_in_an_encoding_that_nobody_knows(testbed: Testbed, where: str) -> None:
    by, of, worker = PLACES[where]
    testbed.knowingly(by)
    probe = _alone(testbed, by)
    packed = (Field.of("Content-Encoding", NOBODY),)

    asked = probe.asks("INVITE", of, fields=packed, body=b"?", worker=worker)

    testbed.until(asked.is_answered, within=5.0)


@everywhere
@scenario(settles=["SIP-REFUSE-004"], security=CLEAR)
def test_a_uri_of_a_scheme_that_nobody_knows(testbed: Testbed, where: str) -> None:
    by, of, worker = PLACES[where]
    probe = _alone(testbed, by)

    asked = probe.asks("OPTIONS", of, worker=worker, change=_to_a_foreign_uri)

    testbed.until(asked.is_answered, within=5.0)


def _to_a_foreign_uri(message: Message) -> Message:
    return replace(message, start=f"OPTIONS {NOBODY}:somewhere SIP/2.0".encode())


@everywhere
@scenario(settles=["SIP-REFUSE-005", "SIP-RESP-006"], security=CLEAR)
def test_an_extension_that_nobody_knows(testbed: Testbed, where: str) -> None:
    testbed.aside("SIP-EXT-001")
    by, of, worker = PLACES[where]
    probe = _alone(testbed, by)
    required = Field.of("Require", NOBODY)

    asked = probe.asks("OPTIONS", of, worker=worker, fields=(required,))

    testbed.until(asked.is_answered, within=5.0)


@scenario(settles=["SIP-RESP-007"], security=CLEAR, needs=["um"])
def test_a_body_that_the_worker_does_not_take(testbed: Testbed) -> None:
    probe = testbed.probe(Role.CAS)
    text = Field.of("Content-Type", "text/plain")

    asked = probe.asks("INVITE", Role.UM, user=DESK, fields=(text,), body=b"play")

    testbed.until(asked.is_answered, within=5.0)


@pytest.mark.parametrize("where", ["um-worker", "gateway"])
@scenario(settles=["SIP-REFUSE-006"], security=CLEAR)
def test_a_call_that_comes_by_two_ways(testbed: Testbed, where: str) -> None:
    by, of, _ = PLACES[where]
    testbed.knowingly(by)
    testbed.phone.never_answers()
    probe = testbed.probe(by)
    first = probe.invites(of)
    testbed.until(first.is_ringing, within=5.0)

    second = probe.asks("INVITE", of, change=lambda _: _by_another_way(first.request))
    testbed.until(second.is_answered, within=5.0)

    probe.cancels(first)
    testbed.until(first.is_answered, within=5.0)


def _by_another_way(invite: Message) -> Message:
    fields = [Field(f.octets + b"2") if f.name == "via" else f for f in invite.fields]
    return replace(invite, fields=tuple(fields))


@pytest.mark.parametrize("where", ["um-worker", "gateway"])
@scenario(settles=["SIP-HOPS-001"], security=CLEAR)
def test_a_call_without_hops(testbed: Testbed, where: str) -> None:
    by, of, _ = PLACES[where]
    probe = _alone(testbed, by)

    spent = (Field.of("Max-Forwards", "0"),)
    asked = probe.invites(of, fields=spent)

    testbed.until(asked.is_answered, within=5.0)


REFUSED = [
    "SIP-ACK-001",
    "SIP-ACK-003",
    "SIP-HOPS-002",
    "SIP-TAG-003",
    "SIP-RESP-004",
    "SIP-EXT-001",
    "SIP-EXT-002",
    "SIP-EXT-003",
    "SIP-RELAY-001",
    "POP-STATE-001",
    "POP-STATE-005",
]
FOR_GOOD = [*REFUSED, "SIP-RETRY-001"]


@pytest.mark.parametrize("status", [486, 600])
@scenario(settles=[*FOR_GOOD, "POP-CAUSE-001"], security=CLEAR)
def test_a_phone_that_is_busy(testbed: Testbed, client: Client, status: int) -> None:
    _order(testbed, client, status)


@pytest.mark.parametrize("status", [480])
@scenario(settles=[*FOR_GOOD, "POP-CAUSE-002"], security=CLEAR)
def test_a_phone_that_is_away(testbed: Testbed, client: Client, status: int) -> None:
    _order(testbed, client, status)


@pytest.mark.parametrize("status", [404, 410])
@scenario(settles=[*FOR_GOOD, "POP-CAUSE-003"], security=CLEAR)
def test_a_phone_that_is_not_there(
    testbed: Testbed, client: Client, status: int
) -> None:
    _order(testbed, client, status)


@pytest.mark.parametrize("status", [400, 403, 481, 482, 483, 485, 603, 604, 606])
@scenario(settles=FOR_GOOD, security=CLEAR)
def test_a_phone_that_refuses(testbed: Testbed, client: Client, status: int) -> None:
    _order(testbed, client, status)


@pytest.mark.parametrize("status", [488, 491, 500, 501, 504, 505, 513])
@scenario(settles=[*REFUSED, "POP-CAUSE-004"], security=CLEAR)
def test_a_phone_that_might_take_another_call(
    testbed: Testbed, client: Client, status: int
) -> None:
    _order(testbed, client, status)


@pytest.mark.parametrize("status", [415, 420])
@scenario(settles=[*REFUSED, "POP-CAUSE-004"], security=CLEAR)
def test_a_phone_that_does_not_say_what_would_do(
    testbed: Testbed, client: Client, status: int
) -> None:
    testbed.aside("SIP-RESP-006", "SIP-RESP-007")
    _order(testbed, client, status)


@scenario(settles=["SIP-ACK-001", "SIP-ACK-003", "POP-STATE-005"], security=CLEAR)
def test_a_phone_that_says_it_was_cancelled(testbed: Testbed, client: Client) -> None:
    _order(testbed, client, 487)


@pytest.mark.parametrize("status", [408, 484, 503])
@scenario(settles=REFUSED, security=CLEAR)
def test_a_phone_that_is_out_of_reach(
    testbed: Testbed, client: Client, status: int
) -> None:
    _order(testbed, client, status)


def _order(testbed: Testbed, client: Client, status: int) -> None:
    testbed.phone.refuses_with(status)

    call = client.plays("hello", on=DESK)

    testbed.until(call.is_over, within=5.0)


@scenario(
    settles=["SIP-RETRY-002", "SIP-ACK-001", "POP-CHECK-004"],
    security=CLEAR,
    config={"um": {"gateways": [{}, {"outcalls_allowed": True}]}},
    needs=["um", "gateway"],
)
def test_a_gateway_that_wants_to_be_left_alone(
    testbed: Testbed, client: Client
) -> None:
    """The second gateway takes this call and the next one."""
    testbed.phone.hangs_up(after=0.3)
    tired = testbed.stands_in(Role.GATEWAY)
    testbed.second_gateway_opens()

    first = client.plays("hello", on=DESK)
    later = Field.of("Retry-After", "120 (too many calls);duration=60")
    tired.says(tired.awaits("INVITE"), 503, fields=(later,))
    tired.declines(503)
    testbed.until(first.is_over, within=20.0)
    second = client.plays("hello", on=DESK)

    testbed.until(second.is_over, within=20.0)
