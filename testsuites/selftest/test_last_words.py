"""Whoever is asked at the very end of a scenario is given the time to answer."""

from pathlib import Path

from testsuites.selftest.commanded import PLAIN

from ringback.config import Config
from ringback.evidence.reader import study
from ringback.judge.finding import Outcome
from ringback.judge.judge import judge
from ringback.testbed import Testbed
from ringback.testbed.asked import Asked
from ringback.testbed.closing import Declared
from ringback.testbed.session import Session
from ringback.values import Role, Security

MODE = Security.UNSECURED
ANSWERED = "SIP-BYE-001"


def opened(tmp_path: Path) -> Testbed:
    asked = Asked(Config(), {}, (MODE,), "memory", tmp_path, "may", (), True)
    session = Session(asked, "run")
    wanted: dict[str, object] = {"needs": (), "config": {}}
    return session.open(Declared(PLAIN, PLAIN, "", (ANSWERED,), ""), MODE, wanted)


def test_a_second_bye_that_is_said_last_of_all_is_answered(tmp_path: Path) -> None:
    """Nobody has anything left to do then but to answer it."""
    bed = opened(tmp_path)
    cas = bed.stands_in(Role.CAS)
    dialog, _ = cas.talks_with(Role.UM)
    dialog, first = cas.asks_within(dialog, "BYE")
    bed.until(first.is_answered, 1.0)
    bed.until(lambda: not bed.theatre.leftovers(), 1.0)

    _, second = cas.asks_within(dialog, "BYE")
    bed.finish()

    assert second.has_final()
    evidence = study(bytes(bed.captured())).evidence
    told = {f.requirement: f.outcome for f in judge(evidence)}
    assert told[ANSWERED] is Outcome.PASS
