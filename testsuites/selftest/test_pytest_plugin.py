"""pytest with ringback installed: the same runs, and nothing where nobody asked."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from testsuites.selftest.commanded import (
    PLAIN,
    Outcome,
    Played,
    in_memory,
    once,
    program,
    run,
)

from ringback.evidence.reader import read
from ringback.places import testsuites as suites

MEMORY = ("--net", "memory", "--security", "unsecured", "-p", "no:cacheprovider")
OWN = """
from ringback.suite import DESK, Client, Testbed, scenario


@scenario(settles=["POP-CHECK-001", "SIP-ACK-002"])
def test_our_own_desk(testbed: Testbed, client: Client) -> None:
    call = client.plays("hello", on=DESK)

    testbed.until(call.is_over, within=20.0)


@scenario(settles=["POP-CHECK-001"])
def test_a_user_who_is_not_there(testbed: Testbed) -> None:
    client = testbed.client_of("alice", password="wrong")

    call = client.plays("hello", on=DESK)

    testbed.until(call.is_over, within=20.0)
"""
PLAIN_TEST = """
def test_sums():
    assert 1 + 1 == 2


def test_wrong_sums():
    assert 1 + 1 == 3
"""


def pytested(*words: str | Path, cwd: Path) -> Outcome:
    return run(program("pytest"), "-q", *words, cwd=cwd)


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Played:
    """`pytest testsuites` in two workers, for Allure too."""
    words = (*MEMORY, "--select", PLAIN, "-n", "2", "--ignore=testsuites/selftest")

    def make(base: Path) -> Outcome:
        out = ("--alluredir", base / "allure", "--out", base)
        return pytested("testsuites", *words, *out, cwd=suites().parent)

    return once(tmp_path_factory, "plugin", make)


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Played:
    """A QA engineer's own two tests, of which one cannot pass."""

    def make(base: Path) -> Outcome:
        (base / "office").mkdir()
        (base / "office" / "test_desk.py").write_text(OWN)
        return pytested(base / "office", *MEMORY, cwd=base)

    return once(tmp_path_factory, "own", make)


def test_pytest_finds_what_ringback_run_finds(
    played: Played, tmp_path_factory: pytest.TempPathFactory
) -> None:
    there = in_memory(tmp_path_factory)

    assert played.outcome.status == 0, played.outcome.out
    assert "1 passed" in played.outcome.out
    assert verdicts(played) == verdicts(there)
    assert played.run.footer is not None


def verdicts(played: Played) -> set[tuple[str, str]]:
    return {(f.case, f.outcome) for f in played.judged("unsecured")}


def test_the_reports_are_told_at_the_end(played: Played) -> None:
    assert "report: " in played.outcome.out
    assert (played.reports / "index.html").is_file()
    assert (played.reports / "junit.xml").is_file()


def test_allure_gets_the_evidence(played: Played) -> None:
    results = [json.loads(p.read_text()) for p in played.base.glob("allure/*result*")]
    (result,) = [r for r in results if r["name"].startswith("the plain call")]

    named = {a["name"]: a["source"] for a in attachments(result)}
    assert set(named) >= {"capture", "what the phone heard", "timeline"}
    octets = {n: (played.base / "allure" / s).read_bytes() for n, s in named.items()}
    assert read(octets["capture"]).circumstances is not None
    assert octets["what the phone heard"].startswith(b"RIFF")
    assert json.loads(octets["timeline"].splitlines()[0])
    steps = [step["name"] for step in result["steps"]]
    assert any(step.startswith("pass: SIP-ACK-001") for step in steps)
    assert result["status"] == "passed"


def attachments(result: dict[str, object]) -> Iterator[dict[str, str]]:
    found = result.get("attachments", [])
    assert isinstance(found, list)
    yield from found


def test_a_test_of_ones_own_passes_or_fails_by_its_verdicts(own: Played) -> None:
    outcome = own.outcome
    assert outcome.status == 1
    assert "1 failed, 1 passed" in outcome.out
    assert "FAILED office/test_desk.py::test_a_user_who_is_not_there" in outcome.out
    good = own.judged("unsecured", "office.our-own-desk")
    assert {f.outcome for f in good} <= {"pass", "deviation", "not-applicable"}
    assert len(good) > 60


def test_a_failing_test_shows_the_requirement(own: Played) -> None:
    bad = own.judged("unsecured", "office.a-user-who-is-not-there")

    (finding,) = [f for f in bad if f.requirement == "POP-CHECK-001"]
    assert finding.outcome == "inconclusive"
    assert "POP-CHECK-001" in own.outcome.out
    assert finding.because in own.outcome.out


@pytest.mark.parametrize("more", [(), ("-n", "2")], ids=["alone", "workers"])
def test_a_project_without_scenarios_is_left_alone(
    more: tuple[str, ...], tmp_path: Path
) -> None:
    (tmp_path / "test_sums.py").write_text(PLAIN_TEST)

    told = pytested("-p", "no:cacheprovider", *more, tmp_path, cwd=tmp_path)

    assert told.status == 1
    assert "1 failed, 1 passed" in told.out
    # xdist says which Python ran, and that may lie in a folder called ringback
    assert "ringback" not in told.out.replace(sys.executable, "")
    assert {p.name for p in tmp_path.iterdir()} <= {"test_sums.py", "__pycache__"}


def test_the_plugin_is_light_where_it_has_nothing_to_do(tmp_path: Path) -> None:
    (tmp_path / "test_modules.py").write_text(
        "import sys\n"
        "def test_modules():\n"
        "    heavy = {'numpy', 'scapy', 'pyshark', 'lxml', 'cryptography'}\n"
        "    assert not heavy & set(sys.modules)\n"
    )

    told = pytested("-p", "no:cacheprovider", tmp_path, cwd=tmp_path)

    assert told.status == 0, told.out


def test_a_wrong_word_is_told_and_nothing_is_played(tmp_path: Path) -> None:
    office = tmp_path / "office"
    office.mkdir()
    (office / "test_desk.py").write_text(OWN)

    told = pytested(office, *MEMORY, "--select", "SIP-AKC-001", cwd=tmp_path)

    assert told.status == 4
    assert "near: SIP-ACK-001" in told.err
    assert not (tmp_path / "reports").exists()
