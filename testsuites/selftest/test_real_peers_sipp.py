"""SIPp, which nobody here wrote: as the gateway under test, and as our UM's caller."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from testsuites.selftest.outside.commands import Served, Verdicts, run
from testsuites.selftest.outside.program import installed
from testsuites.selftest.outside.sipp import Sipp

from ringback.net import loopback
from ringback.report.status import Exit
from ringback.values import Role

PORT = 5060
PLAIN = "playonphone.the-plain-call"
SHORT = "playonphone.the-user-hangs-up-while-it-plays"
STATEMENT = """
[statement]
answers = "+12065550123"
busy = "+12065550486"
silent = "+12065550180"
"""
ELSEWHERE = '[statement]\nanswers = "+12065550302"\n'
WORKERS = """
[um]
host = "{um}"
port = 5060
[[um.workers]]
name = "um-1.ringback.test"
host = "{worker}"
port = 5060
"""
CALL = {
    *("POP-CHECK-004", "POP-END-003", "SIP-CONTACT-002", "SIP-RESP-001"),
    *("SIP-TAG-002", "SIP-VIA-003", "SIP-BYE-001", "SIP-DIALOG-001"),
    *("MED-SDP-001", "MED-SDP-002", "MED-SDP-003", "MED-SDP-004", "MED-SDP-005"),
    *("RTP-PT-001", "RTP-TS-001", "RTP-END-001"),
}


@pytest.fixture(scope="module", autouse=True)
def sipp() -> None:
    installed("sipp")


@pytest.fixture(scope="module")
def number() -> Iterator[int]:
    """N of a 127.0.N.0/24 that nobody else uses."""
    claimed = loopback.claim()
    yield claimed
    loopback.give_back(claimed)


@pytest.fixture(scope="module")
def here(number: int) -> str:
    """Where the gateway sits."""
    return loopback.host(number, Role.GATEWAY)


@pytest.fixture(scope="module")
def judged(here: str, tmp_path_factory: pytest.TempPathFactory) -> Verdicts:
    """One run against a gateway whose phones behave by their number."""
    folder = tmp_path_factory.mktemp("sipp")
    selection = [
        PLAIN,
        "playonphone.a-busy-phone",
        "playonphone.a-phone-that-nobody-answers",
        "playonphone.a-number-that-nobody-has",
        "playonphone.the-phone-hangs-up-in-the-middle",
    ]
    with Sipp("gateway", here, PORT, keys={"elsewhere": "nowhere.invalid"}) as gateway:
        found = run(f"gateway=tcp:{here}:{PORT}", selection, folder, STATEMENT)
    assert not gateway.trouble
    return found


def test_nothing_but_its_vias_accuses_a_gateway(judged: Verdicts) -> None:
    """SIPp gives Vias back as they came, without ``received`` (docs/peers.md)."""
    wrong = judged.cases("fail", "error", "inconclusive")
    assert wrong == {"SIP-VIA-004"}, judged.said
    assert judged.status == Exit.FAILED


def test_a_gateway_that_answers_passes_what_a_call_needs(judged: Verdicts) -> None:
    outcomes = {r: judged.outcome(f"the-plain-call:{r}") for r in CALL}
    assert outcomes == dict.fromkeys(CALL, "pass")


def test_a_busy_number_is_refused_and_the_refusal_acknowledged(
    judged: Verdicts,
) -> None:
    assert judged.outcome("a-busy-phone:SIP-ACK-001") == "pass"


def test_a_number_that_is_not_answered_is_cancelled(judged: Verdicts) -> None:
    assert judged.outcome("a-phone-that-nobody-answers:SIP-CANCEL-003") == "pass"
    assert judged.outcome("a-phone-that-nobody-answers:SIP-CANCEL-004") == "pass"


def test_what_the_statement_does_not_offer_is_not_tested(judged: Verdicts) -> None:
    nobody = judged.finding("a-number-that-nobody-has:POP-CAUSE-003")
    assert nobody.outcome == "not-tested"
    assert "unknown in [statement]" in nobody.because
    hangs_up = judged.finding("the-phone-hangs-up-in-the-middle:SIP-BYE-001")
    assert hangs_up.outcome == "not-tested"
    assert "behind an outside gateway" in hangs_up.because


def test_what_nobody_of_ours_can_hear_is_not_tested(judged: Verdicts) -> None:
    assert judged.outcome("the-plain-call:MED-HEARD-002") == "not-tested"


def test_every_case_that_was_not_judged_says_why(judged: Verdicts) -> None:
    assert judged.cases("not-applicable")
    assert not judged.untold


def test_a_gateway_that_sends_its_caller_elsewhere(
    number: int, here: str, tmp_path: Path
) -> None:
    there = loopback.host(number, Role.GATEWAY, 1)
    with ExitStack() as stack:
        keys = {"elsewhere": f"{there}:{PORT}"}
        sends = stack.enter_context(Sipp("gateway", here, PORT, keys=keys))
        answers = stack.enter_context(Sipp("gateway", there, PORT, keys=keys))
        judged = run(f"gateway=tcp:{here}:{PORT}", [SHORT], tmp_path, ELSEWHERE)

    wrong = judged.cases("fail", "error", "inconclusive")
    assert wrong == {"SIP-VIA-004"}, judged.said
    assert "302 Moved Temporarily" in sends.messages
    assert "BYE sip:gateway@" in answers.messages
    assert not sends.trouble
    assert not answers.trouble


def test_a_gateway_that_is_wrong_on_purpose_is_caught(
    here: str, tmp_path: Path
) -> None:
    with Sipp("gateway_that_answers_wrongly", here, PORT):
        judged = run(f"gateway=tcp:{here}:{PORT}", [SHORT], tmp_path, STATEMENT)

    assert judged.cases("fail", "error") == {
        "SIP-CONTACT-002",
        "SIP-RESP-001",
        "SIP-VIA-004",
    }
    assert judged.status == Exit.FAILED


@pytest.fixture(scope="module")
def um(number: int) -> Iterator[str]:
    """Our UM service, one worker behind it."""
    place = loopback.host(number, Role.UM)
    worker = loopback.host(number, Role.UM, 1)
    config = WORKERS.format(um=place, worker=worker)
    with Served(config, "um", "--security", "unsecured"):
        yield place


@pytest.mark.parametrize(
    ("scenario", "seat"),
    [("options", 0), ("options", 1), ("invite_redirected", 0), ("invite_refused", 1)],
    ids=[
        "the-service-says-what-it-can-do",
        "the-worker-says-what-it-can-do",
        "the-service-redirects",
        "the-worker-takes-no-order-that-it-cannot-read",
    ],
)
def test_sipp_calls_our_um(number: int, um: str, scenario: str, seat: int) -> None:
    caller = loopback.host(number, Role.CAS)
    target = loopback.host(number, Role.UM, seat)

    keys = {"number": "+12065550123"}
    with Sipp(
        scenario, caller, PORT, target=f"{target}:{PORT}", keys=keys, calls=1
    ) as sipp:
        assert sipp.finishes() == 0, sipp.said
    assert not sipp.trouble
