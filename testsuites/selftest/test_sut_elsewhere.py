"""A system under test on another machine, which a network namespace stands for."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from testsuites.selftest.outside.commands import Served, Verdicts, run
from testsuites.selftest.outside.namespace import Namespace, possible
from testsuites.selftest.outside.program import installed
from testsuites.selftest.outside.sipp import Sipp

from ringback.evidence.frame import SipFrame
from ringback.evidence.reader import read
from ringback.net import loopback
from ringback.net.route import interface_to, is_elsewhere, towards
from ringback.report.status import Exit
from ringback.stores.identifiers import item_id
from ringback.values import Leg
from ringback.verbs.lasting import init

PLAIN = "playonphone.the-plain-call"
HANGS_UP = "playonphone.the-user-hangs-up-while-it-plays"
PASSWORD = "for this test alone"
GATEWAY = """
lab = "{lab}"
timer_scale = 0.2
[gateway]
host = "{there}"
[phone]
host = "{there}"
[resolve]
"um.ringback.test" = "{here}"
"um-1.ringback.test" = "{here}"
"um-2.ringback.test" = "{here}"
"""
SERVICE = """
lab = "{lab}"
[um]
host = "{there}"
[[um.gateways]]
name = "gateway.ringback.test"
host = "{here}"
port = 5080
secured_port = 5081
[cas]
host = "{there}"
[resolve]
"gateway.ringback.test" = "{here}"
"""
ALICE = """
lab = "{lab}"
[[users]]
name = "alice"
password_env = "RINGBACK_PASSWORD"
[[users.messages]]
name = "hello"
id = "{hello}"
[[numbers]]
number = "+12065550123"
"""


@pytest.fixture(scope="module", autouse=True)
def namespaces() -> None:
    possible()


@pytest.fixture(scope="module")
def elsewhere(namespaces: None) -> Iterator[Namespace]:
    """Its number is that of a loopback network: nobody else uses it meanwhile."""
    number = loopback.claim()
    with Namespace(number) as found:
        yield found
    loopback.give_back(number)


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("elsewhere") / "lab"
    init(place, lambda line: None)
    return place


class There(Served):
    """``ringback serve`` on the other machine."""

    def __init__(self, where: Namespace, config: str, *words: str) -> None:
        told = {"RINGBACK_PASSWORD": PASSWORD}
        super().__init__(config, *words, environment=told)
        self.where = where

    def command(self) -> Sequence[str]:
        return self.where.inside(super().command())


class SippThere(Sipp):
    def __init__(self, where: Namespace) -> None:
        keys = {"elsewhere": "nowhere.invalid"}
        super().__init__("gateway", where.there, 5060, keys=keys)
        self.where = where

    def command(self) -> Sequence[str]:
        return self.where.inside(super().command())


def seen(judged: Verdicts, base: Path, leg: Leg) -> set[str]:
    """The hosts between which the plain call's SIP went on that leg."""
    (scenario,) = (s for s in judged.run.scenarios if s.id.startswith(PLAIN))
    found = (base / "reports" / "latest").resolve() / scenario.capture
    frames = read(found.read_bytes()).sip
    return {a.host for f in frames if on(f, leg) for a in (f.source, f.target)}


def on(frame: SipFrame, leg: Leg) -> bool:
    return frame.leg is leg


def captured(judged: Verdicts) -> set[str]:
    return {scenario.captured for scenario in judged.run.scenarios}


def test_the_kernel_knows_the_way(elsewhere: Namespace) -> None:
    assert towards(elsewhere.there) == elsewhere.here
    assert interface_to(elsewhere.there) == elsewhere._near
    assert is_elsewhere(elsewhere.there)
    assert not is_elsewhere(elsewhere.here)
    assert not is_elsewhere("127.0.9.40")


def test_sipp_on_another_machine_takes_the_call(
    elsewhere: Namespace, tmp_path: Path
) -> None:
    installed("sipp")
    sut = f"gateway=tcp:{elsewhere.there}:5060"
    with SippThere(elsewhere) as sipp:
        judged = run(sut, [PLAIN, HANGS_UP], tmp_path, "")
    wrong = judged.cases("fail", "error", "inconclusive")
    assert wrong == {"SIP-VIA-004"}, judged.said  # as on this machine: docs/peers.md
    assert judged.outcome("the-plain-call:POP-CHECK-004") == "pass"
    assert judged.outcome("the-plain-call:RTP-PT-001") == "pass"
    assert captured(judged) == {"wire"}
    wanted = {elsewhere.here, elsewhere.there}
    assert seen(judged, tmp_path, Leg.UM_GATEWAY) == wanted
    assert not sipp.trouble


@pytest.mark.parametrize("security", ["unsecured", "secured"])
def test_a_gateway_of_ours_on_another_machine(
    elsewhere: Namespace, lab: Path, tmp_path: Path, security: str
) -> None:
    words = {"lab": lab, "here": elsewhere.here, "there": elsewhere.there}
    way, port = ("tcp", 5080) if security == "unsecured" else ("tls", 5081)
    sut = f"gateway={way}:{elsewhere.there}:{port}"
    mode = ("--security", security)
    with There(elsewhere, GATEWAY.format(**words), "gateway", "phone", *mode):
        judged = run(sut, [PLAIN], tmp_path, f'lab = "{lab}"', *mode)
    assert judged.status == Exit.GREEN, judged.said
    assert not judged.cases("fail", "error", "inconclusive"), judged.said
    assert judged.outcome("the-plain-call:POP-CHECK-004") == "pass"
    assert judged.outcome("the-plain-call:POP-END-003") == "pass"
    assert captured(judged) == {"wire"}


@pytest.mark.parametrize("security", ["unsecured", "secured"])
def test_a_cas_and_um_on_another_machine_call_our_gateway(
    elsewhere: Namespace,
    lab: Path,
    tmp_path: Path,
    security: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("RINGBACK_PASSWORD", PASSWORD)
    words = {"lab": lab, "here": elsewhere.here, "there": elsewhere.there}
    way, port = ("tcp", 5060) if security == "unsecured" else ("tls", 5061)
    mode = ("--security", security)
    more = ("--sut", f"um={way}:{elsewhere.there}:{port}", *mode)
    config = ALICE.format(lab=lab, hello=item_id("alice", "hello"))
    with There(elsewhere, SERVICE.format(**words), "cas", "um", *mode):
        cas = f"cas=https://{elsewhere.there}:8443"
        judged = run(cas, [PLAIN], tmp_path, config, *more)
    assert judged.status == Exit.GREEN, judged.said
    assert not judged.cases("fail", "error", "inconclusive"), judged.said
    assert judged.outcome("the-plain-call:POP-CHECK-004") == "pass"
    assert judged.outcome("the-plain-call:MED-HEARD-001") == "pass"
    assert seen(judged, tmp_path, Leg.UM_GATEWAY) == {elsewhere.here, elsewhere.there}
    assert captured(judged) == {"wire"}


def test_many_workers_have_one_address(elsewhere: Namespace, tmp_path: Path) -> None:
    installed("sipp")
    sut = f"gateway=tcp:{elsewhere.there}:5060"
    with (
        SippThere(elsewhere),
        pytest.raises(AssertionError, match="-n 2: our own um must be where"),
    ):
        run(sut, [PLAIN], tmp_path, "", "-n", "2")
