"""ringback play, against the reference CAS on real sockets and a UM on a script."""

import os
import signal
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from msgspec.structs import replace
from testsuites.selftest.little_world import ScriptedUm

from ringback.cli import ringback
from ringback.faults import Misuse
from ringback.net import loopback
from ringback.net.authority import Authority
from ringback.net.resolver import Resolver
from ringback.net.sockets import SocketNetwork
from ringback.peers.cas import Cas
from ringback.peers.cas_settings import CasSettings
from ringback.protocol.redirect import Target
from ringback.protocol.world import Alarm, Fact, Rang, Wish
from ringback.stores.mailbox import Mailbox
from ringback.values import Address, Cause, Role
from ringback.verbs import player
from ringback.wire.message import Field, Message
from ringback.wire.order import OUTCOME_TYPE, Outcome

NAME = "cas.ringback.test"
PASSWORD = "correct horse"
STEP = 0.08  # seconds between two words of the UM; the client asks more often


class DrivenUm(ScriptedUm):
    """Says its words one after the other once it has an INVITE; then hangs up."""

    def __init__(self, host: str) -> None:
        super().__init__(5060, host)
        self.words: list[tuple[int, str]] = []
        self.outcome: Outcome | None = None
        self.ends = True
        self._said = 0

    def on(self, fact: Fact) -> tuple[Wish, ...]:
        invited = len(self.got("INVITE"))
        wishes = super().on(fact)
        begins = len(self.got("INVITE")) > invited
        if not begins and fact != Rang("next", getattr(fact, "now", 0.0)):
            return wishes
        return (*wishes, *self._next())

    def _next(self) -> tuple[Wish, ...]:
        if self._said < len(self.words):
            status, reason = self.words[self._said]
            self._said += 1
            self._answer(status, reason)
        elif self.ends:
            self.hangs_up()
            return self.wishes()
        else:
            return ()
        return (*self.wishes(), Alarm("next", STEP))

    def _answer(self, status: int, reason: str) -> None:
        if status < 300 or self.outcome is None:
            self.says(status, reason)
            return
        self.ends = False
        kind = Field.of("Content-Type", OUTCOME_TYPE)
        self.says(status, reason, kind, body=bytes(self.outcome))


@dataclass
class Scene:
    order: player.Order
    um: DrivenUm
    said: list[str] = field(default_factory=list)
    deeds: list[tuple[str, Callable[[], None]]] = field(default_factory=list)

    def plays(self, **changes: Any) -> int:
        return player.play(replace(self.order, **changes), self._hear)

    def _hear(self, line: str) -> None:
        self.said.append(line)
        for wanted, deed in self.deeds:
            if line == wanted:
                deed()


@pytest.fixture
def scene(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    monkeypatch.setattr(player, "POLL_EVERY", 0.02)
    monkeypatch.setenv("PLAY_PASSWORD", PASSWORD)
    number = loopback.claim()
    here = loopback.host(number, Role.CAS)
    there = loopback.host(number, Role.UM)
    authority = Authority()
    (tmp_path / "root.pem").write_bytes(authority.root)
    network = SocketNetwork(Resolver({"um.ringback.test": there}))
    mailbox = Mailbox.lab(passwords={"alice": PASSWORD})
    um = DrivenUm("um.ringback.test")
    service = Target(Address("um.ringback.test", 5060), False, "um.ringback.test")
    cas = Cas(CasSettings(host=NAME, um=service, https_port=8443, sip_port=5060))
    network.seat(um, role=Role.UM, host=there)
    network.seat(
        cas,
        role=Role.CAS,
        host=here,
        identity=authority.issue(NAME),
        store=mailbox,
    )
    serving = threading.Thread(target=network.run)
    serving.start()
    order = player.Order(
        cas=f"https://{NAME}:8443",
        user="alice",
        password_env="PLAY_PASSWORD",
        message="hello",
        dial_string="+12065550123",
        ca=tmp_path / "root.pem",
        resolve={NAME: here},
    )
    yield Scene(order, um)
    network.stop()
    serving.join()
    network.close()
    mailbox.close()
    loopback.give_back(number)


PROGRESS = [(183, "Session Progress"), (180, "Ringing")]
ANSWERED = [*PROGRESS, (200, "OK")]


@pytest.mark.parametrize("dialect", ["ews", "umws"])
def test_a_call_is_followed_state_by_state(scene: Scene, dialect: str) -> None:
    scene.um.words = ANSWERED
    assert scene.plays(dialect=dialect) == 0
    assert scene.said == ["Connecting", "Alerted", "Connected", "Disconnected"]


def test_a_phone_that_is_not_answered(scene: Scene) -> None:
    scene.um.words = [*PROGRESS, (480, "Temporarily Unavailable")]
    scene.um.outcome = Outcome(Cause.NO_ANSWER, 480, "Temporarily Unavailable")
    assert scene.plays() == 1
    assert scene.said[-1] == "Disconnected: NoAnswer (480 Temporarily Unavailable)"


def test_an_order_that_is_refused(scene: Scene) -> None:
    scene.um.words = [(403, "Forbidden")]
    scene.um.outcome = Outcome(Cause.OTHER, trouble="policy")
    assert scene.plays() == 1
    assert scene.said == ["refused: ErrorPhoneNumberNotDialable"]


def test_a_wrong_password_is_told_and_not_shown(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PLAY_PASSWORD", "a wrong guess")
    assert scene.plays() == 1
    assert scene.said == ["refused: HTTP 401: wrong user or password"]


@pytest.mark.parametrize(("at", "status"), [("Connected", 0), ("Alerted", 130)])
def test_an_interrupt_hangs_up_first(scene: Scene, at: str, status: int) -> None:
    scene.um.words = ANSWERED if at == "Connected" else PROGRESS
    scene.um.ends = False
    scene.deeds = [(at, lambda: os.kill(os.getpid(), signal.SIGINT))]
    assert scene.plays() == status
    assert scene.said[-2:] == ["hanging up", "Disconnected"]
    assert scene.um.got("BYE" if at == "Connected" else "CANCEL")


def test_a_name_may_differ_from_where_it_is(scene: Scene) -> None:
    scene.um.words = ANSWERED
    literal = f"https://{scene.order.resolve[NAME]}:8443/EWS/Exchange.asmx"
    assert scene.plays(cas=literal, name=NAME, resolve={}) == 0


def test_a_certificate_that_proves_another_name(scene: Scene) -> None:
    assert scene.plays(name="mail.vendor.example") == 1
    assert "IncorrectName" in scene.said[0]
    assert not scene.um.got("INVITE")


def test_a_root_that_did_not_sign_it(scene: Scene, tmp_path: Path) -> None:
    (tmp_path / "other.pem").write_bytes(Authority().root)
    assert scene.plays(ca=tmp_path / "other.pem") == 1
    assert "UntrustedRemoteCertificate" in scene.said[0]
    assert "--ca" in scene.said[1]


@pytest.mark.parametrize("kind", ["file", "folder"])
def test_without_a_root_the_systems_are_trusted(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, kind: str
) -> None:
    root = scene.order.ca
    assert root is not None
    (tmp_path / "0badcafe.0").write_bytes(root.read_bytes())
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path))
    file = root if kind == "file" else tmp_path / "nowhere.pem"
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    scene.um.words = [(403, "Forbidden")]
    scene.um.outcome = Outcome(Cause.OTHER, trouble="policy")
    scene.plays(ca=None)
    assert scene.said == ["refused: ErrorPhoneNumberNotDialable"]


def test_a_machine_without_roots_is_told_so(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("SSL_CERT_FILE", "SSL_CERT_DIR"):
        monkeypatch.setenv(name, str(tmp_path / "nowhere"))
    with pytest.raises(Misuse, match="--ca"):
        scene.plays(ca=None)


def test_nobody_listens(scene: Scene) -> None:
    assert scene.plays(cas=f"https://{NAME}:8444") == 6
    assert scene.said == [
        f"https://{NAME}:8444 cannot be reached: connection refused",
    ]


def test_a_name_that_nobody_knows(scene: Scene) -> None:
    assert scene.plays(resolve={}) == 6
    assert "--resolve" in scene.said[-1]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"password_env": "NOT_SET_AT_ALL"}, "NOT_SET_AT_ALL is not set"),
        ({"cas": "http://cas.ringback.test"}, "write https://HOST"),
        ({"cas": "https://"}, "write https://HOST"),
        ({"cas": "https://h:99999"}, "Port out of range"),
        ({"cas": "https://alice:secret@h"}, "no user, password"),
        ({"cas": "https://127.0.0.1"}, "say with --name"),
        ({"ca": Path("nowhere.pem")}, "nowhere.pem: No such file"),
        ({"ca": Path(__file__)}, "no certificate in PEM form"),
    ],
)
def test_wrong_usage_names_the_word(
    scene: Scene, changes: dict[str, Any], said: str
) -> None:
    with pytest.raises(Misuse) as refused:
        scene.plays(**changes)
    assert said in str(refused.value)
    assert "secret" not in str(refused.value)


def test_the_command_line_reaches_it(scene: Scene) -> None:
    scene.um.words = ANSWERED
    words = ["play", "--cas", scene.order.cas, "--user", "alice", "--message", "latest"]
    words += ["--password-env", "PLAY_PASSWORD", "--to", "+12065550123"]
    words += ["--ca", str(scene.order.ca)]
    words += ["--resolve", f"{NAME}={scene.order.resolve[NAME]}"]
    done = CliRunner().invoke(ringback, words, standalone_mode=False)
    assert done.return_value == 0, done.output
    assert done.output.splitlines()[0] == "Connecting"
    assert PASSWORD not in done.output


def test_the_um_was_asked_for_the_message(scene: Scene) -> None:
    scene.um.words = ANSWERED
    scene.plays()
    invite: Message = scene.um.got("INVITE")[0]
    assert b"<item>hello</item>" in invite.body.replace(b"rb:", b"")
