"""RFC 4475 before the judge: messages known by their octets, outcomes by a table."""

from pathlib import Path

import pytest
from testsuites.selftest.tribunal import accused, acquitted, left_open

from ringback.evidence.evidence import Evidence
from ringback.evidence.frame import BrokenFrame, Connection, SipFrame
from ringback.faults import Malformed
from ringback.judge.case import Case
from ringback.judge.torments import Kind, name_of, outcomes
from ringback.values import Address, Leg, Role
from ringback.wire.framing import Framer
from ringback.wire.message import Field, Message

MESSAGES = Path(__file__).parents[2] / "fixtures" / "rfc4475"
NAMES = sorted(path.stem for path in MESSAGES.glob("*.dat"))
NEAR, FENCE = Address("127.0.9.30", 41000), Address("127.0.9.30", 41001)
FAR = Address("127.0.9.40", 5060)
RULE = {
    Kind.UNDERSTOOD: "SIP-TORT-001",
    Kind.UNREADABLE: "SIP-TORT-002",
    Kind.UNFRAMED: "SIP-TORT-003",
    Kind.SCHEME: "SIP-TORT-004",
    Kind.VERSION: "SIP-TORT-005",
    Kind.EXTENSION: "SIP-TORT-006",
    Kind.STRAY: "SIP-TORT-007",
}
SILENCE = 0


def frame(octets: bytes, number: int = 1) -> SipFrame | BrokenFrame:
    """As a reader of streams sees it."""
    ends = {"source": NEAR, "target": FAR, "flow": 0, "leg": Leg.UM_GATEWAY}
    roles = {"sender": Role.UM, "receiver": Role.GATEWAY}
    found = Framer(lenient=True).feed(octets)
    first = next((i for i in found if isinstance(i, Message | Malformed)), None)
    common = {"number": number, "time": 0.1, **ends, **roles}
    if isinstance(first, Message):
        return SipFrame(**common, sip=first)  # type: ignore[arg-type]  # of many kinds
    return BrokenFrame(**common, octets=octets, why="")  # type: ignore[arg-type]  # same


def answered(name: str, *statuses: int, fence: int = 200, more: str = "") -> Evidence:
    """One message, what came back on its connection, and an OPTIONS beside it."""
    shot = frame((MESSAGES / f"{name}.dat").read_bytes())
    mark = outcomes()[name].mark
    unsupported = (Field.of("Unsupported", more),) if more else ()
    said = [
        response(status, mark, "1 INVITE", 2 + at, 0, unsupported)
        for at, status in enumerate(statuses)
        if status
    ]
    ask = Message.request("OPTIONS", "sip:gw", (*dialog("fence", "1 OPTIONS"),))
    asked = SipFrame(
        number=10, time=0.2, source=FENCE, target=FAR, flow=1, sip=ask,
        leg=Leg.UM_GATEWAY, sender=Role.UM, receiver=Role.GATEWAY,
    )  # fmt: skip
    said += [asked]
    said += [response(fence, "fence", "1 OPTIONS", 11, 1)] if fence else []
    whole = isinstance(shot, SipFrame)
    return Evidence(
        circumstances=None,
        sip=(*((shot,) if isinstance(shot, SipFrame) else ()), *said),
        broken=() if whole else (shot,) if isinstance(shot, BrokenFrame) else (),
        connections=(connection(0, NEAR), connection(1, FENCE)),
        packets=12,
    )


def connection(flow: int, client: Address) -> Connection:
    return Connection(
        flow=flow, client=client, server=FAR, leg=Leg.UM_GATEWAY, opener=Role.UM,
        acceptor=Role.GATEWAY, opened=1,
    )  # fmt: skip


def dialog(call: str, cseq: str) -> tuple[Field, ...]:
    via = Field.of("Via", "SIP/2.0/TCP um;branch=z9hG4bKf")
    named = (Field.of("Call-ID", call), Field.of("CSeq", cseq))
    return (via, *named, Field.of("From", "<sip:a>;tag=1"), Field.of("To", "<sip:b>"))


def response(
    status: int,
    call: str,
    cseq: str,
    number: int,
    flow: int,
    more: tuple[Field, ...] = (),
) -> SipFrame:
    return SipFrame(
        number=number, time=0.3, source=FAR, target=FENCE if flow else NEAR, flow=flow,
        sip=Message.response(status, "So", (*dialog(call, cseq), *more)),
        leg=Leg.UM_GATEWAY, sender=Role.GATEWAY, receiver=Role.UM,
    )  # fmt: skip


def test_the_table_has_every_message() -> None:
    assert sorted(outcomes()) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_each_message_is_known_whatever_its_transport(name: str) -> None:
    octets = (MESSAGES / f"{name}.dat").read_bytes()
    assert name_of(frame(octets)) == name
    assert name_of(frame(octets.replace(b"/UDP", b"/TLS", 1))) == name


def test_no_rule_about_sound_messages_sees_them() -> None:
    case = Case(answered("insuf", 400))
    assert [s.method for s in case.requests] == ["OPTIONS"]


@pytest.mark.parametrize(
    ("name", "status"),
    [
        *[("esc01", 400), ("wsinv", SILENCE), ("esc02", 200), ("invut", 200)],
        *[("insuf", 200), ("badinv01", 180), ("mismatch02", 302)],
        *[("ncl", 200), ("clerr", 180), ("mcl01", 200)],
        *[("unkscm", 200), ("novelsc", 400), ("unkscm", SILENCE)],
        *[("badvers", 200), ("badvers", 404), ("bext01", 200)],
        *[("bcast", 400), ("noreason", 481), ("unreason", 200), ("bigcode", 400)],
    ],
)
def test_what_is_accused(name: str, status: int) -> None:
    found = accused(RULE[outcomes()[name].kind], answered(name, status))
    assert found.guilty is Role.GATEWAY


@pytest.mark.parametrize(
    ("name", "statuses"),
    [
        *[("esc01", (100,)), ("esc01", (100, 486)), ("wsinv", (481,))],
        *[("longreq", (513,)), ("zeromf", (483,)), ("esc02", (501,))],
        *[("insuf", (400,)), ("insuf", (SILENCE,)), ("mismatch02", (501,))],
        *[("scalar02", (405,)), ("clerr", (SILENCE,)), ("ncl", (400,))],
        *[("unkscm", (416,)), ("unkscm", (501,)), ("novelsc", (403,))],
        *[("badvers", (505,)), ("badvers", (400,)), ("badvers", (SILENCE,))],
        *[("bext01", (405,)), ("bcast", (SILENCE,)), ("scalarlg", (SILENCE,))],
    ],
)
def test_what_is_in_its_right(name: str, statuses: tuple[int, ...]) -> None:
    acquitted(RULE[outcomes()[name].kind], answered(name, *statuses))


def test_for_whom_it_is_may_be_looked_at_before_what_it_requires() -> None:
    acquitted("SIP-TORT-006", answered("bext01", 404))


def test_420_names_what_it_does_not_know() -> None:
    both = "NothingSupportsThis, nothingSupportsThisEither"
    acquitted("SIP-TORT-006", answered("bext01", 420, more=both))
    accused("SIP-TORT-006", answered("bext01", 420, more="nothingSupportsThis"))


def test_silence_counts_when_the_neighbour_was_answered() -> None:
    left_open("SIP-TORT-001", answered("esc01", SILENCE, fence=SILENCE))
    found = accused("SIP-TORT-008", answered("esc01", 486, fence=SILENCE))
    assert found.guilty is Role.GATEWAY
    acquitted("SIP-TORT-008", answered("esc01", 486))


@pytest.mark.parametrize("name", ["lwsruri", "trws", "escruri", "inv2543", "baddn"])
@pytest.mark.parametrize("status", [SILENCE, 200, 400])
def test_what_may_be_guessed_is_nobody_s_fault(name: str, status: int) -> None:
    evidence = answered(name, status)
    acquitted("SIP-TORT-008", evidence)
    for requirement in RULE.values():
        left_open(requirement, evidence)
