"""The selftest itself: it finds a judge that sleeps, and one that accuses innocents."""

import re
from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace

from ringback.faults import Misuse
from ringback.judge import judge as judging
from ringback.judge.case import Case, Rule
from ringback.judge.catalogue import catalogue
from ringback.judge.finding import Outcome
from ringback.judge.table import RULES
from ringback.judge.verdict import Verdict, fails, passes
from ringback.peers.bent.declared import Fault
from ringback.peers.bent.known import fault, faults, quirks
from ringback.places import fixtures
from ringback.proof import arms, survivors, trial
from ringback.proof.kills import left_alone, noticed, tried
from ringback.proof.matrix import Matrix, mutant_rows
from ringback.proof.mutants import mutants_of
from ringback.proof.page import BEGIN, END, numbers, page, write_numbers
from ringback.proof.plays import PLAIN, Play, Stage, collect
from ringback.report.status import Exit
from ringback.values import Role
from ringback.verbs.proving import Order, selftest

CAUGHT = "um-invite-without-max-forwards"
CITED = re.compile(r"§\d|\[D\]")  # a paragraph, or a documented source
README = fixtures().parent / "README.md"

WRONGED = {
    PLAIN: (
        "header: cas to um #3 ACK: via removed",
        "header: um worker to cas #3 200 to INVITE: to changed",
    ),
    "playonphone.a-greeting-recorded-and-heard-again": (
        "rtp: phone packet 20 dropped",
        "message: phone to gateway #2 200 to INVITE: delayed",
    ),
    "playonphone.two-users-at-once": (
        "header: phone to gateway #1 180 to INVITE: content-length changed",
        "header: um worker to cas #8 BYE: content-length removed",
        "message: gateway to phone #1 INVITE: dropped",
        "message: um worker to cas #8 BYE: dropped",
    ),
}


@pytest.fixture(scope="module")
def plain() -> Play:
    return next(p for p in collect([PLAIN]) if p.scenario == PLAIN and not p.mode.tls)


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path)


@pytest.fixture
def rules(monkeypatch: pytest.MonkeyPatch) -> dict[str, Rule]:
    """The judge's table, to be spoilt."""
    table = dict(RULES)
    monkeypatch.setattr(judging, "RULES", table)
    return table


@pytest.mark.parametrize("one", faults().values(), ids=faults())
def test_a_fault_says_beforehand_who_must_notice(one: Fault) -> None:
    known = catalogue()
    assert one.breaks in known
    assert one.says.endswith(".")
    assert one.way or one.credentials or one.shows or one.config
    for word in one.also:
        assert any(name.startswith(word) for name in known), word


def test_a_quirk_names_the_paragraph_that_allows_it() -> None:
    for one in quirks().values():
        assert CITED.search(one.source), one.name
        assert one.says.endswith(".")
        for word in one.misses:
            assert any(name.startswith(word) for name in catalogue()), word


def test_what_a_quirk_misses_may_be_left_open_and_never_red(
    plain: Play, stage: Stage
) -> None:
    base = stage.play(plain)
    name = "SIP-ACK-002"
    quirk = replace(quirks()["pings"], misses={"SIP-ACK": "nobody says ACK"})
    others = {k: f for k, f in base.findings.items() if k != name}
    red = msgspec.structs.replace(base.findings[name], outcome=Outcome.FAIL)

    missing = replace(base, findings=others)
    assert not left_alone(quirk, plain, base, missing).turned
    assert left_alone(quirks()["pings"], plain, base, missing).turned
    accused = replace(base, findings={**others, name: red})
    assert left_alone(quirk, plain, base, accused).turned


def test_a_role_is_bent_in_the_modes_it_is_for_only(plain: Play, stage: Stage) -> None:
    elsewhere = replace(quirks()["pings"], modes=("secured",))
    assert stage.play(plain, quirks()["pings"]).marks
    assert not stage.play(plain, elsewhere).marks


def test_a_fault_is_caught_and_its_frame_named(plain: Play, stage: Stage) -> None:
    guilty = fault(CAUGHT)

    found = tried(guilty, plain, stage.play(plain), stage.play(plain, guilty))

    assert found.is_kill
    assert not found.undeclared
    assert not found.innocents


def test_a_rule_that_sleeps_is_found_out(
    plain: Play, stage: Stage, rules: dict[str, Rule]
) -> None:
    guilty = fault(CAUGHT)
    rules[guilty.breaks] = _sleeps

    found = tried(guilty, plain, stage.play(plain), stage.play(plain, guilty))

    assert not found.killed


def test_a_rule_that_accuses_the_wrong_one_is_found_out(
    plain: Play, stage: Stage, rules: dict[str, Rule]
) -> None:
    guilty = fault(CAUGHT)
    base = stage.play(plain)
    rules["SIP-FORM-002"] = _accuses_the_phone

    found = tried(guilty, plain, base, stage.play(plain, guilty))

    assert found.innocents == ("SIP-FORM-002",)
    assert found.undeclared == ("SIP-FORM-002",)


def test_a_verdict_that_names_another_frame_is_no_kill(
    plain: Play, stage: Stage, rules: dict[str, Rule]
) -> None:
    guilty = fault(CAUGHT)
    base = stage.play(plain)
    rules[guilty.breaks] = _points_elsewhere

    found = tried(guilty, plain, base, stage.play(plain, guilty))

    assert found.killed
    assert not found.named


def test_mutants_are_made_of_what_was_said(plain: Play, stage: Stage) -> None:
    evidence = stage.play(plain).evidence
    assert evidence
    made = list(mutants_of(plain.id, evidence))
    names = [m.name for m in made]

    assert len(set(names)) == len(names) > 1000
    assert {m.kind for m in made} == {"message", "header", "sdp", "rtp", "http", "soap"}
    dropped = next(
        m for m in made if m.name == "message: gateway to um #2 200 to INVITE: dropped"
    )
    assert stage.play(plain, dropped).marks


def test_a_machine_lacks_an_arm_for_one_play_only(plain: Play, stage: Stage) -> None:
    every = list(arms.arms())
    one = next(a for a in every if a.name.startswith("arm: invite_client.step"))
    whole = one.function.__code__

    with arms.without(one):
        assert one.function.__code__ != whole

    assert one.function.__code__ is whole
    assert len({a.name for a in every}) == len(every) > 20
    assert stage.play(plain).findings


def test_a_machine_that_falls_over_in_its_last_words_is_noticed(stage: Stage) -> None:
    """Who lacks an arm leaves in mid-step; the others are judged all the same."""
    name = "sip.a-session-that-the-callee-refreshes"
    play = next(p for p in collect([name]) if not p.mode.tls)
    lost = "arm: invite_server.step: State.ACCEPTED"
    arm = next(a for a in arms.arms() if a.name == lost)

    with arms.without(arm):
        played = stage.play(play)

    assert "TypeError" in played.fell_over
    assert played.findings
    assert not stage.play(play).fell_over


def test_a_mutant_must_not_have_an_innocent_accused(plain: Play, stage: Stage) -> None:
    base = stage.play(plain)
    cut = next(
        m
        for m in trial.mutants([plain])
        if m.name == "message: um worker to cas #3 200 to INVITE: cut"
    )
    bent = stage.play(plain, cut)
    own = noticed(cut.name, plain, base, bent, Role.UM)
    assert own.by
    assert not own.innocents

    others = noticed(cut.name, plain, base, bent, Role.PHONE)
    assert any(why.startswith("um: ") for why in others.innocents.values())
    row = mutant_rows([others])[0]
    assert own.title in row.innocents
    assert not replace(_empty(), mutants=(row,)).is_proof
    assert replace(_empty(), mutants=mutant_rows([own])).is_proof


@pytest.mark.parametrize(("scenario", "titles"), WRONGED.items())
def test_whom_only_mutants_have_wronged(
    scenario: str, titles: tuple[str, ...], stage: Stage
) -> None:
    """Each had somebody else accused once, and no other test would see it again."""
    play = next(p for p in collect([scenario]) if not p.mode.tls)
    base = stage.play(play)
    known = {mutant.name: mutant for mutant in trial.mutants([play])}
    for title in titles:
        bent = stage.play(play, known[title])
        found = noticed(title, play, base, bent, known[title].role)
        assert found.fired, title
        assert not found.innocents, title


def test_a_scenario_is_at_a_loss_over_no_broken_request(stage: Stage) -> None:
    """A probe stands in for the gateway and is asked what it cannot read."""
    name = "sip.a-hold-by-address"
    play = next(p for p in collect([name]) if not p.mode.tls)
    for broken in ("via removed", "cseq removed", "from removed"):
        title = f"header: um worker to gateway #0 INVITE: {broken}"
        mutant = next(m for m in trial.mutants([play]) if m.name == title)
        bent = stage.play(play, mutant)
        assert not bent.fell_over, broken
        assert bent.findings["SIP-FORM-002"].outcome is Outcome.FAIL


def test_every_survivor_has_a_pattern_a_reason_and_a_source() -> None:
    for one in survivors.reasons():
        re.compile(one.pattern)
        assert one.why
        assert CITED.search(one.source), one.pattern


def test_the_command_writes_what_it_found(tmp_path: Path) -> None:
    told: list[str] = []
    files = {name: tmp_path / name for name in ("json", "html", "readme")}
    files["readme"].write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n")
    order = Order(names=(CAUGHT,), workers=1, share=0.0, **files)  # type: ignore[arg-type]

    assert selftest(order, say=told.append) is Exit.GREEN

    assert any(line.startswith(f"+ {CAUGHT}") for line in told)
    matrix = msgspec.json.decode(files["json"].read_bytes(), type=Matrix)
    assert matrix.killers == {"SIP-FORM-003": (CAUGHT,)}
    assert CAUGHT in files["html"].read_text()
    assert "old" not in files["readme"].read_text()
    assert files["readme"].read_text().startswith("before\n")


def test_a_name_that_nobody_has_is_refused() -> None:
    with pytest.raises(Misuse, match="--list-faults"):
        selftest(Order(names=("nobody-has-it",)), say=lambda line: None)


def test_numbers_need_a_place(tmp_path: Path) -> None:
    page_without = tmp_path / "README.md"
    page_without.write_text("nothing here")
    with pytest.raises(Misuse, match="no place for numbers"):
        write_numbers(_empty(), page_without)
    assert "ringback selftest" in page(_empty())


def test_the_readme_has_the_numbers_of_today() -> None:
    """Mutants need a whole selftest: ``make numbers``."""
    told = README.read_text(encoding="utf-8").partition(BEGIN)[2].partition(END)[0]
    for line in numbers(_empty()).splitlines()[2:]:
        what = line.split("|")[1].strip()
        assert what in told, "run make numbers"
    assert f"| {len(catalogue())}, of which" in told, "run make numbers"
    assert f"role | {len(faults())}, " in told, "run make numbers"
    assert f"legal | {len(quirks())}, " in told, "run make numbers"


def test_plays_are_shared_out_whole(plain: Play) -> None:
    whole: list[int] = []
    found = trial.baselines([plain], 1, lambda done, of: whole.append(done))
    assert list(found) == [plain.id]
    assert whole == [1]


def _sleeps(case: Case) -> Verdict:
    return passes("all is well")


def _accuses_the_phone(case: Case) -> Verdict:
    return fails("it was you", case.said[0].frame, by=Role.PHONE)


def _points_elsewhere(case: Case) -> Verdict:
    return fails("somebody did something", case.said[-1].frame, by=Role.UM)


def _empty() -> Matrix:
    return Matrix(
        seed=1,
        share=0.0,
        plays=0,
        requirements=len(catalogue()),
        faults=(),
        quirks=(),
        killers={},
        toothless=(),
    )
