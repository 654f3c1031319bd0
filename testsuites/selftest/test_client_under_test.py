"""``--sut client=exec:COMMAND``: our servers, somebody else's mail client."""

from pathlib import Path

import pytest
from testsuites.selftest.outside import play_order, zeep_order
from testsuites.selftest.outside.commands import run
from testsuites.selftest.test_programs_under_test import program

from ringback.report.status import Exit

HERE = Path(__file__).parents[2]
PLAIN = "playonphone.the-plain-call"
OLDER = "playonphone.a-call-by-the-older-service"
RINGING = "playonphone.the-user-hangs-up-while-it-rings"
PLAYING = "playonphone.the-user-hangs-up-while-it-plays"
STRANGE = "webservice.a-message-that-does-not-exist"  # an area that neither knows
GREETING = "playonphone.a-greeting-recorded-and-heard-again"
HERS = ("WS-ECHO-001", "WS-ORDER-001", "WS-AUTH-003")


@pytest.fixture(autouse=True)
def importable(monkeypatch: pytest.MonkeyPatch) -> None:
    """A program that we start finds its own modules."""
    monkeypatch.setenv("PYTHONPATH", str(HERE))


@pytest.mark.parametrize("client", [play_order, zeep_order], ids=["ours", "zeep"])
def test_a_client_orders_follows_and_hangs_up(client: object, tmp_path: Path) -> None:
    select = [PLAIN, OLDER, RINGING, PLAYING, STRANGE, GREETING]
    words = ("--security", "secured")
    judged = run(f"client={program(client)}", select, tmp_path, "", *words)
    assert judged.status == Exit.GREEN, judged.said
    assert not judged.cases("fail", "error", "inconclusive"), judged.said
    outcomes = {r: judged.outcome(f"the-plain-call:{r}") for r in HERS}
    assert outcomes == dict.fromkeys(HERS, "pass")
    for scenario in (OLDER, RINGING, PLAYING):
        name = scenario.partition(".")[2]
        assert judged.outcome(f"{name}:WS-ECHO-001") == "pass"
    assert "binds cas" in judged.because("the-plain-call:WS-HTTP-001")
    assert "ended with 127" in judged.because(
        "a-message-that-does-not-exist:WS-ITEM-001"
    )
    greeting = judged.because("a-greeting-recorded-and-heard-again:POP-GREET-001")
    assert "cannot be told to order a greeting" in greeting
    assert not judged.untold


def test_a_client_that_changes_the_call_id_is_caught(tmp_path: Path) -> None:
    sut = f"client={program(zeep_order, 'forgets-case')}"
    judged = run(sut, [PLAIN], tmp_path, "", "--security", "unsecured")
    assert judged.status == Exit.FAILED
    assert judged.cases("fail") == {"WS-ECHO-001"}


def test_a_client_that_calls_another_number_is_caught(tmp_path: Path) -> None:
    sut = f"client={program(play_order, 'another-number')}"
    judged = run(sut, [PLAIN], tmp_path, "", "--security", "unsecured")
    assert judged.cases("fail") == {"WS-ORDER-001"}, judged.said
    assert "+12065550199" in judged.because("the-plain-call:WS-ORDER-001")


def test_what_a_client_complained_of_is_kept(tmp_path: Path) -> None:
    sut = f"client={program(zeep_order, 'forgets-case')}"
    run(sut, [PLAIN], tmp_path, "", "--security", "unsecured")
    (kept,) = tmp_path.glob("captures/*/*.client-1.log")
    assert "TypeError" in kept.read_text() or "Fault" in kept.read_text()
