"""Words in, a verdict as exit status out: what scripts and newcomers rely on."""

import json
import shlex
import socket
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from testsuites.selftest.commanded import (
    PLAIN,
    Played,
    in_memory,
    program,
    ringback,
    run,
    shared,
)

from ringback import cli

MEMORY = ("--net", "memory", "--security", "unsecured")
NOBODY_MAY = '[[policies]]\nname = "default"\nplay_on_phone = false\n'
HEAVY = {"scapy", "pyshark", "numpy", "lxml", "pytest", "cryptography", "msgspec"}


@pytest.fixture(scope="module")
def memory(tmp_path_factory: pytest.TempPathFactory) -> Played:
    return in_memory(tmp_path_factory)


@pytest.fixture(scope="module")
def refused(tmp_path_factory: pytest.TempPathFactory) -> Played:
    """A lab whose policy lets nobody play anything on a phone, in all modes."""
    config = tmp_path_factory.mktemp("refused") / "nobody may.toml"
    config.write_text(NOBODY_MAY)
    words = (PLAIN, "--net", "memory", "--security", "all", "--fail-fast")
    return shared(tmp_path_factory, "refused", *words, "--config", str(config))


def commands() -> list[tuple[str, ...]]:
    """Every verb, those of groups too."""
    found: list[tuple[str, ...]] = [()]
    for name, verb in cli.ringback.commands.items():
        found.append((name,))
        if isinstance(verb, click.Group):
            found += [(name, below) for below in verb.commands]
    return found


@pytest.mark.parametrize("words", commands(), ids=" ".join)
def test_every_verb_explains_itself(words: tuple[str, ...]) -> None:
    told = CliRunner().invoke(cli.ringback, [*words, "--help"])

    assert told.exit_code == 0
    assert told.output.startswith("Usage: ringback")
    assert max(map(len, told.output.splitlines())) <= 100


def test_help_imports_nothing_heavy() -> None:
    script = (
        "import sys; from ringback.cli import main; sys.argv[1:] = ['--help']\n"
        "try: main()\n"
        "except SystemExit: print('loaded', *sys.modules)"
    )

    told = run(sys.executable, "-c", script)

    loaded = {name.partition(".")[0] for name in told.out.split("loaded")[1].split()}
    assert "click" in loaded
    assert not loaded & HEAVY


def test_a_run_in_which_all_is_well_ends_with_0(memory: Played) -> None:
    assert memory.outcome.status == 0
    assert memory.run.footer is not None
    assert memory.run.footer.exit_status == 0
    assert {f.outcome for f in memory.run.findings} == {
        "pass",
        "deviation",
        "not-applicable",
    }


def test_a_must_that_failed_ends_with_1(refused: Played) -> None:
    assert refused.outcome.status == 1
    assert "x POP-CHECK-001" in refused.outcome.out
    assert "ErrorUserNotUnifiedMessagingEnabled   frame" in refused.outcome.out


def test_much_that_is_undecided_is_told_in_one_block(refused: Played) -> None:
    assert refused.outcome.out.count("\n? ") == 1
    assert "nobody sent BYE, or none that had to be taken" in refused.outcome.out


def test_fail_fast_stops_at_the_first_scenario_that_fails(refused: Played) -> None:
    assert [s.security for s in refused.run.scenarios] == ["unsecured"]
    assert refused.run.footer is not None


def test_the_command_that_plays_it_again_does(refused: Played, tmp_path: Path) -> None:
    (finding,) = [f for f in refused.run.findings if f.requirement == "POP-CHECK-001"]
    told, *words = shlex.split(finding.again)
    assert told == "ringback"
    assert f"    again     {finding.again}\n" in refused.outcome.out

    again = Played(tmp_path, ringback(*words, "--out", tmp_path))

    assert again.outcome.status == 1
    (once,) = again.judged("unsecured")
    assert (once.case, once.outcome) == (finding.case, "fail")


USAGE = {
    "an unknown option": (["run", "--sutt", "x"], "No such option"),
    "a requirement": (["run", "TLS-NAM-003", *MEMORY], "near: TLS-NAME-003"),
    "a scenario": (["run", f"{PLAIN}-2", *MEMORY], f"near: {PLAIN}"),
    "a case": (["run", f"{PLAIN}:SIP-AKC-001", *MEMORY], "near: SIP-ACK-001"),
    "an area": (["run", "playonfone", *MEMORY], "near: playonphone"),
    "a worker's word": (["run", "SIPP", *MEMORY, "-n", "2"], "nothing is called"),
    "a listed word": (["list", "TLS-NAM-003"], "near: TLS-NAME-003"),
    "a role": (["run", "--sut", "gatway=tcp:h:1"], "the roles are client, cas, um"),
    "a way": (["run", "--sut", "gateway=udp:h:1"], "write tcp:HOST:PORT"),
    "a SUT in memory": (
        ["run", "--sut", "phone=tcp:h:1", *MEMORY],
        "memory has no SUT",
    ),
    "a mode": (["run", "--security", "secret"], "'sip-secured', 'secured', 'all'"),
    "a pair": (["run", "--resolve", "name"], "is not NAME=ADDR"),
    "no such config": (["run", "--config", "none.toml"], "none.toml: No such file"),
    "no such capture": (["judge", "none.pcapng"], "none.pcapng: No such file"),
    "no such run": (["show", "yesterday", PLAIN], "no run yesterday in reports"),
    "nobody serves": (["serve", "operator"], "serve knows cas, gateway, phone, um"),
}


@pytest.mark.parametrize(("words", "why"), USAGE.values(), ids=USAGE)
def test_misuse_ends_with_2_and_says_what_is_wrong(
    words: list[str], why: str, tmp_path: Path
) -> None:
    told = ringback(*words, cwd=tmp_path)

    assert told.status == 2
    assert why in told.err
    assert not told.out
    assert "Traceback" not in told.err
    assert not list(tmp_path.iterdir())


def test_an_unknown_key_is_named_with_file_and_line(tmp_path: Path) -> None:
    config = tmp_path / "lab.toml"
    config.write_text('security = "secured"\n\n[um]\nmax_cals = 3\n')

    told = ringback("run", "--config", config, "--out", tmp_path)

    assert told.status == 2
    assert told.err == f"ringback: {config}:4: unknown key `max_cals` in [um]\n"


def test_a_port_in_use_is_named(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        config = tmp_path / "lab.toml"
        config.write_text(f"[gateway]\nport = {port}\n")

        told = ringback("serve", "gateway", "--config", config)

    assert told.status == 2
    assert str(port) in told.err
    assert len(told.err.splitlines()) == 1


def test_undecided_alone_ends_with_3(tmp_path: Path) -> None:
    config = tmp_path / "lab.toml"
    config.write_text(NOBODY_MAY)
    case = f"{PLAIN}:SIP-BYE-001"

    told = ringback("run", case, *MEMORY, "--config", config, "--out", tmp_path)

    assert told.status == 3
    assert "? SIP-BYE-001" in told.out


def test_our_own_trouble_ends_with_4(tmp_path: Path) -> None:
    """A dissector that dies: the verdict stands, and it is told that nobody agreed."""
    fake = tmp_path / "bin" / "tshark"
    fake.parent.mkdir()
    fake.write_text("#!/bin/sh\n[ $1 = --version ] && echo 'TShark 4.0' || exit 3\n")
    fake.chmod(0o755)
    path = f"{fake.parent}:/usr/bin:/bin"
    words = ("run", f"{PLAIN}:SIP-ACK-001", *MEMORY, "--out", str(tmp_path))

    told = run(program("ringback"), *words, env={"PATH": path})

    assert told.status == 4, told.out + told.err
    assert "! RB-DIS-001" in told.out
    assert "1 error, 1 pass" in told.out


def test_a_run_in_which_nothing_ran_ends_with_5(tmp_path: Path) -> None:
    """POP-STATE-001 is ringback's own rule, and only MUSTs were asked for."""
    case = f"{PLAIN}:POP-STATE-001"

    told = ringback("run", case, *MEMORY, "--level", "must", "--out", tmp_path)

    assert told.status == 5


def test_a_sut_that_is_not_there_ends_with_6(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        port = nobody.getsockname()[1]

    told = ringback("run", "--sut", f"gateway=tcp:127.0.0.1:{port}", cwd=tmp_path)

    assert told.status == 6
    assert f"the gateway under test does not answer at 127.0.0.1:{port}" in told.err
    assert not told.out


def test_two_workers_find_what_one_finds(
    memory: Played, tmp_path_factory: pytest.TempPathFactory
) -> None:
    words = (PLAIN, "--net", "memory", "--security", "all", "-n", "2")

    two = shared(tmp_path_factory, "two-workers", *words)

    assert two.outcome.status == 0
    assert verdicts(two) == verdicts(memory)


def verdicts(played: Played) -> set[tuple[str, str, str]]:
    return {(f.case, f.outcome, f.level) for f in played.run.findings}


def test_the_weakest_level_is_chosen(tmp_path: Path) -> None:
    words = ("run", PLAIN, *MEMORY, "--level", "must", "--out", tmp_path)

    played = Played(tmp_path, ringback(*words))

    levels = {f.level for f in played.judged("unsecured")}
    assert played.outcome.status == 0
    assert levels == {"MUST"}


SELECTED = {
    "a scenario": ([PLAIN], {PLAIN}, set()),
    "a requirement": (
        ["TLS-NAME-003"],
        set(),
        {PLAIN, "playonphone.a-busy-phone", "security.keys-of-a-secured-call"},
    ),
    "an area": (["webservice"], {PLAIN}, {"playonphone.a-busy-phone"}),
    "a suite's folder": (
        ["security"],
        {"security.keys-of-a-secured-call"},
        {PLAIN, "playonphone.a-busy-phone"},
    ),
    "a section": (["RFC 3261 §17"], {PLAIN, "playonphone.a-busy-phone"}, set()),
    "a case": ([f"{PLAIN}:SIP-ACK-001"], {PLAIN}, {"playonphone.a-busy-phone"}),
}


@pytest.mark.parametrize(("words", "there", "gone"), SELECTED.values(), ids=SELECTED)
def test_list_says_what_would_be_played(
    words: list[str], there: set[str], gone: set[str], tmp_path: Path
) -> None:
    told = ringback("run", *words, "--list", "--net", "memory", cwd=tmp_path)

    listed = {line.split()[0] for line in told.out.splitlines()}
    assert told.status == 0
    assert there <= listed
    assert listed
    assert not gone & listed
    assert not list(tmp_path.iterdir())


def test_the_list_is_there_for_machines() -> None:
    told = ringback("list", "--format", "json")

    listed = json.loads(told.out)
    assert set(listed) == {"requirements", "scenarios"}
    names = {one["id"] for one in listed["scenarios"]}
    assert PLAIN in names
    assert len(listed["requirements"]) >= 40
    assert all(set(one["settled_by"]) <= names for one in listed["requirements"])


def test_a_case_can_be_looked_at(memory: Played) -> None:
    case = f"{PLAIN}@secured:SIP-ACK-001"

    told = ringback("show", "latest", case, "--out", memory.base)

    assert told.status == 0
    assert "INVITE +sdp" in told.out
    assert told.out.rstrip().splitlines()[-1].startswith("+ SIP-ACK-001")
