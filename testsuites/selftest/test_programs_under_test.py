"""``--sut ROLE=exec:COMMAND``: programs that are started, told, asked and ended."""

import shlex
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from testsuites.selftest.outside import serve_role, sipp_gateway
from testsuites.selftest.outside.commands import RINGBACK, run
from testsuites.selftest.outside.program import installed

from ringback.config import Config
from ringback.faults import Misuse, Unreachable
from ringback.net.lab import Lab
from ringback.net.role_process import RoleProcess, UnknownScenario
from ringback.report.status import Exit
from ringback.testbed.layout import on_loopback
from ringback.testbed.outside import Outside, parse_sut
from ringback.testbed.troupe import Script, Troupe, ask_nonsense
from ringback.values import Address, Role, Security

PLAIN = "playonphone.the-plain-call"
BUSY = "playonphone.a-busy-phone"
STRANGE = "webservice.a-wrong-password"  # an area that ``serve_role`` does not know
HERE = Path(__file__).parents[2]


def program(module: object, *words: str) -> str:
    path = str(vars(module)["__file__"])
    return "exec:" + shlex.join([sys.executable, path, *words])


def shell(text: str, folder: Path, **told: str) -> RoleProcess:
    """A process of a few words."""
    command = ["sh", "-c", text]
    return RoleProcess("the gateway under test", command, told, folder / "said.log")


@pytest.fixture(autouse=True)
def importable(monkeypatch: pytest.MonkeyPatch) -> None:
    """A program that we start finds its own modules."""
    monkeypatch.setenv("PYTHONPATH", str(HERE))


# A process by itself.


def test_it_says_where_it_is(tmp_path: Path) -> None:
    process = shell(
        "echo hello; echo ready $WHERE; exec sleep 60", tmp_path, WHERE="127.0.0.9:5060"
    )
    assert process.ready() == Address("127.0.0.9", 5060)
    assert process.status is None
    process.end()
    assert process.status == -15
    assert not process.died()
    assert not process.complaints.exists()


def test_who_does_not_know_the_scenario_says_so(tmp_path: Path) -> None:
    process = shell("echo no such thing >&2; exit 127", tmp_path)
    with pytest.raises(UnknownScenario, match="no such thing"):
        process.ready()
    process.end()
    assert process.complaints.read_text() == "no such thing\n"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("echo licence expired >&2; exit 3", "ended with status 3: licence expired"),
        ("kill -9 $$", "was ended by signal 9: it said nothing"),
        ("echo readyish; exit 0", "ended with status 0"),
        ("echo ready nowhere:at:all; sleep 60", "no HOST:PORT"),
    ],
)
def test_who_fails_is_quoted(tmp_path: Path, text: str, why: str) -> None:
    process = shell(text, tmp_path)
    with pytest.raises(Unreachable, match=why):
        process.ready()
    process.end()


def test_who_is_never_ready_is_given_up(tmp_path: Path) -> None:
    process = shell("echo still at it >&2; exec sleep 60", tmp_path)
    with pytest.raises(Unreachable, match=r"not ready in 0\.2 s"):
        process.ready(0.2)
    process.end()


def test_who_does_not_listen_is_ended_with_all_it_started(tmp_path: Path) -> None:
    process = shell(
        "trap '' TERM; sleep 60 & echo ready 127.0.0.9:$!; wait; wait", tmp_path
    )
    child = process.ready()
    assert child is not None
    process.end(0.2)
    assert process.status == -9
    gone = subprocess.run(
        ["ps", "-o", "stat=", "-p", str(child.port)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert gone.stdout.strip()[:1] in ("", "Z")  # in a container nobody may reap it


def test_who_dies_by_himself_is_told(tmp_path: Path) -> None:
    process = shell("echo ready 127.0.0.9:1; echo oops >&2; exit 5", tmp_path)
    process.ready()
    assert process.ended(5.0)
    assert process.died() == "the gateway under test ended with status 5: oops"
    process.end()
    assert process.died()


def test_a_program_that_is_not_there_is_a_mistake(tmp_path: Path) -> None:
    with pytest.raises(Misuse, match=r"cannot start \./nothing: No such file"):
        RoleProcess("the phone under test", ["./nothing"], {}, tmp_path / "said.log")


# What it is told.


def script(network: int = 9) -> Script:
    return Script(
        scenario=PLAIN,
        security=Security.SECURED,
        config=on_loopback(Config(), network),
        issuer=Lab(),
        passwords={"alice": "for this test alone"},
        network=network,
    )


def told(role: Role, folder: Path) -> dict[str, str]:
    """Its environment, and the mode of its files, as the process itself sees them."""
    words = f"env | grep ^RINGBACK_ > {folder}/told; stat -c '%a %n' $RINGBACK_DIR/* "
    words += f"> {folder}/modes; echo ready 127.0.9.1:1; exec sleep 60"
    one = Outside.parse(role, f"exec:sh -c {shlex.quote(words)}")
    troupe = Troupe({role: one}, script(), folder / "said")
    secret = (folder / "modes").read_text().split()
    assert set(secret[::2]) == {"600"}
    assert stat.S_IMODE(Path(secret[1]).parent.stat().st_mode) == 0o700
    troupe.end()
    assert not Path(secret[1]).exists()
    lines = (folder / "told").read_text().splitlines()
    return {
        k.removeprefix("RINGBACK_"): v for k, _, v in (x.partition("=") for x in lines)
    }


def test_a_gateway_is_told_its_part_and_its_neighbour(tmp_path: Path) -> None:
    environment = told(Role.GATEWAY, tmp_path)
    um = ("um.ringback.test", "um-1.ringback.test", "um-2.ringback.test")
    hosts = ("127.0.9.30", "127.0.9.31", "127.0.9.32")
    expected = {
        "ROLE": "gateway",
        "SCENARIO": PLAIN,
        "SECURITY": "secured",
        "HOST": "127.0.9.40",
        "NAME": "gateway.ringback.test",
        "NAMES": "gateway.ringback.test",
        "UM": "tls:127.0.9.30:5061",
        "UM_NAME": um[0],
        "TRUSTED": " ".join(um),
        "RESOLVE": " ".join(f"{n}={h}" for n, h in zip(um, hosts, strict=True)),
    }
    files = {"DIR", "CA", "CERTIFICATE", "KEY"}
    assert {k: v for k, v in environment.items() if k not in files} == expected
    assert files <= set(environment)


def test_a_cas_is_told_the_passwords_of_its_users(tmp_path: Path) -> None:
    environment = told(Role.CAS, tmp_path)
    assert environment["PASSWORD_ALICE"] == "for this test alone"
    assert environment["UM"] == "tls:127.0.9.30:5061"


def test_who_does_not_know_nonsense_is_seated() -> None:
    company = parse_sut({Role.GATEWAY: "exec:sh -c 'exit 127'"})
    assert not ask_nonsense(company, script())


def test_who_knows_everything_is_not_seated() -> None:
    liar = parse_sut({Role.GATEWAY: "exec:sh -c 'echo ready 127.0.9.1:1; sleep 60'"})
    assert "claims to know a scenario that does not exist" in ask_nonsense(
        liar, script()
    )


def test_who_fails_at_nonsense_is_not_seated() -> None:
    broken = parse_sut({Role.PHONE: "exec:sh -c 'echo tilt >&2; exit 1'"})
    assert "must end with status 127" in (why := ask_nonsense(broken, script()))
    assert "tilt" in why


@pytest.mark.parametrize(
    "where", ["exec:", "exec:'unclosed", "https://x/y", "tcp:here", "udp:here:5060"]
)
def test_another_form_is_refused(where: str) -> None:
    with pytest.raises(Misuse, match="--sut gateway="):
        parse_sut({Role.GATEWAY: where})


# Whole runs.


@pytest.mark.parametrize("security", ["unsecured", "secured"])
def test_a_gateway_of_ours_in_a_process_of_its_own(
    tmp_path: Path, security: str
) -> None:
    sut = f"gateway={program(serve_role)}"
    judged = run(sut, [PLAIN, STRANGE], tmp_path, "", "--security", security)
    assert judged.status == Exit.GREEN, judged.said
    assert judged.outcome("the-plain-call:POP-CHECK-004") == "pass"
    assert not judged.cases("fail", "error", "inconclusive")
    assert "ended with 127" in judged.because("a-wrong-password:WS-AUTH-001")
    assert not list(tmp_path.rglob("*.log"))


def test_sipp_is_started_for_each_scenario_that_it_knows(tmp_path: Path) -> None:
    installed("sipp")
    config = '[statement]\nanswers = "+12065550123"\nbusy = "+12065550486"\n'
    sut = f"gateway={program(sipp_gateway)}"
    judged = run(sut, [PLAIN, BUSY, STRANGE], tmp_path, config)
    assert judged.cases("fail", "error") == {"SIP-VIA-004"}, judged.said  # as ever
    assert judged.outcome("the-plain-call:POP-CHECK-004") == "pass"
    assert judged.outcome("a-busy-phone:SIP-ACK-001") == "pass"
    assert judged.outcome("a-wrong-password:WS-AUTH-001") == "not-tested"


def test_a_program_that_dies_leaves_its_words(tmp_path: Path) -> None:
    sut = f"gateway={program(serve_role, 'dies-at-once')}"
    judged = run(sut, [PLAIN], tmp_path, "", "--security", "unsecured")
    assert judged.status == Exit.OUR_FAULT
    assert "licence expired" in judged.because("the-plain-call:RB-BED-001")
    kept = tmp_path.glob("captures/*/playonphone.the-plain-call@unsecured.gateway.log")
    assert [path.read_text() for path in kept] == ["licence expired\n"]


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["one", "two"])
def test_a_program_that_knows_everything_stops_the_run(
    tmp_path: Path, workers: tuple[str, ...]
) -> None:
    sut = f"gateway={program(serve_role, 'knows-everything')}"
    done = subprocess.run(
        [RINGBACK, "run", PLAIN, "--sut", sut, "--out", str(tmp_path), *workers],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == Exit.USAGE
    assert "claims to know a scenario that does not exist" in done.stderr
    assert not (tmp_path / "reports").exists()
