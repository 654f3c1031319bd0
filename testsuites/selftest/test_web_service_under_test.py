"""CAS and UM together as the system under test: ours, served by another process."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from testsuites.selftest.outside import serve_role
from testsuites.selftest.outside.commands import Served, Verdicts, run
from testsuites.selftest.test_programs_under_test import program

from ringback.config import Account, Config, Dialled, Statement, Stored
from ringback.evidence.circumstances import Seat
from ringback.evidence.packets import CapturedPacket
from ringback.faults import Misuse, Untestable
from ringback.net import loopback
from ringback.report.status import Exit
from ringback.stores.identifiers import entry_id, item_id
from ringback.stores.lab import Lab as Samples
from ringback.testbed.inner import without
from ringback.testbed.outside import Outside, check, parse_sut
from ringback.testbed.terms import Terms
from ringback.values import Address, Role
from ringback.verbs.lasting import init

PASSWORD = "for this test alone"
CALL = {
    *("POP-CHECK-001", "POP-CHECK-003", "POP-CHECK-004", "POP-DIAL-001"),
    *("POP-STATE-001", "POP-STATE-003", "POP-END-003", "MED-HEARD-001"),
    *("WS-HTTP-001", "WS-AUTH-003", "RTP-PACE-001", "SIP-VIA-001"),
}
SHORT = [
    "playonphone.the-plain-call",
    "playonphone.a-busy-phone",
    "playonphone.a-number-that-policy-denies",
    "playonphone.no-gateway-is-there",
]
NUMBERS = (
    *("+12065550123", "50123", "50124", "+44 20 7946 0123", "+1 (206) 555-0123"),
    *("+1 900 555 0199", "+33 1 99 00 12 34", "12065550123@evil.example"),
)
OURS = """
lab = "{folder}/lab"
[um]
no_answer = 2.0
[gateway]
host = "{gateway}"
port = 5060
secured_port = 5061
phone_port = 5070
"""
THEIRS = """
lab = "{folder}/lab"
{more}
[um]
host = "{um}"
no_answer = 2.0
[[um.gateways]]
name = "gateway.ringback.test"
host = "{gateway}"
port = 5060
secured_port = 5061
[cas]
host = "{cas}"
[gateway]
host = "{gateway}"
"""


@pytest.fixture(scope="module")
def hosts() -> Iterator[dict[str, str]]:
    """Addresses of roles that nobody else uses."""
    number = loopback.claim()
    yield {str(r): loopback.host(number, r) for r in Role}
    loopback.give_back(number)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a lasting lab in it."""
    place = tmp_path_factory.mktemp("outside")
    init(place / "lab", lambda line: None)
    return place


@pytest.fixture(autouse=True)
def password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RINGBACK_PASSWORD", PASSWORD)


def ours(folder: Path, hosts: dict[str, str]) -> str:
    """Whom we are to ask for what, in the words of their mailboxes."""
    lines = [OURS.format(folder=folder, **hosts)]
    for user in Samples.fixture().users:
        lines.append(f'[[users]]\nname = "{user.name}"')
        lines.append('password_env = "RINGBACK_PASSWORD"')
        for one in user.messages:
            ids = item_id(user.name, one.id), entry_id(user.name, one.id)
            lines.append(f'[[users.messages]]\nname = "{one.id}"')
            lines.append('id = "{}"\nentry_id = "{}"'.format(*ids))
    lines += [f'[[numbers]]\nnumber = "{number}"' for number in NUMBERS]
    return "\n".join(lines)


def played(
    folder: Path,
    hosts: dict[str, str],
    base: Path,
    *select: str,
    security: str = "unsecured",
    theirs: str = "",
    config: str = "",
) -> Verdicts:
    """A run against CAS and UM in another process."""
    served = Served(
        THEIRS.format(folder=folder, more=theirs, **hosts),
        *("cas", "um", "--security", security),
        environment={"RINGBACK_PASSWORD": PASSWORD},
    )
    um = f"tcp:{hosts['um']}:5060"
    if security != "unsecured":
        um = f"tls:{hosts['um']}:5061"
    cas = f"cas=https://{hosts['cas']}:8443/EWS/Exchange.asmx"
    text = config or ours(folder, hosts)
    with served:
        words = ("--sut", f"um={um}", "--security", security)
        return run(cas, select, base, text, *words, patience=300.0)


@pytest.mark.parametrize("security", ["sip-secured", "unsecured", "secured"])
def test_nothing_accuses_a_cas_and_um_that_do_all_right(
    folder: Path, hosts: dict[str, str], tmp_path: Path, security: str
) -> None:
    """The whole area once; with less security or more the short of it."""
    select = ["playonphone"] if security == "sip-secured" else SHORT
    judged = played(folder, hosts, tmp_path, *select, security=security)
    assert not judged.cases("fail", "error", "inconclusive"), judged.said
    assert judged.status == Exit.GREEN
    outcomes = {r: judged.outcome(f"the-plain-call:{r}") for r in CALL}
    assert outcomes == dict.fromkeys(CALL, "pass")
    assert judged.outcome("a-busy-phone:POP-CAUSE-001") == "pass"
    assert judged.outcome("a-number-that-policy-denies:POP-DIAL-002") == "pass"
    assert "nothing of ours could see cas-um" in judged.because(
        "the-plain-call:POP-CHECK-002"
    )
    assert "only a um of ours" in judged.because("no-gateway-is-there:POP-CHECK-001")
    assert not judged.untold


def test_other_people_s_messages_stay_theirs(
    folder: Path, hosts: dict[str, str], tmp_path: Path
) -> None:
    select = [
        "webservice.another-user-s",
        "webservice.a-message-that",
        "media.a-deleted",
    ]
    judged = played(folder, hosts, tmp_path, *select)
    assert not judged.cases("fail", "error", "inconclusive"), judged.said
    assert judged.outcome("another-user-s-message:WS-ITEM-001") == "pass"
    assert judged.outcome("a-message-that-does-not-exist:WS-ITEM-001") == "pass"
    gone = judged.finding("a-deleted-message-is-gone:WS-ITEM-001")
    assert gone.outcome == "not-tested"
    assert "deletes a message for good" in gone.because


def test_a_policy_that_lets_everything_pass_is_caught(
    folder: Path, hosts: dict[str, str], tmp_path: Path
) -> None:
    loose = (
        '[[dial_plan.in_country]]\nname = "anywhere"\nmask = "*"\ndialed = "*"\n'
        '[[dial_plan.international]]\nname = "overseas"\nmask = "*"\ndialed = "*"\n'
    )
    denied = "playonphone.a-number-that-policy-denies"
    judged = played(folder, hosts, tmp_path, denied, theirs=loose)
    assert judged.status == Exit.FAILED
    assert judged.outcome("a-number-that-policy-denies:POP-DIAL-002") == "fail"
    assert judged.outcome("a-number-that-policy-denies:POP-DIAL-004") == "fail"


def test_another_sound_than_the_stored_one_is_caught(
    folder: Path, hosts: dict[str, str], tmp_path: Path
) -> None:
    """They hold one message; by our file they hold another."""
    config = ours(folder, hosts)
    hello = f'entry_id = "{entry_id("alice", "hello")}"'
    assert hello in config
    sound = Path(__file__).parents[2] / "fixtures" / "audio" / "meeting.wav"
    config = config.replace(hello, f'{hello}\nsound = "{sound}"', 1)
    plain = "playonphone.the-plain-call"
    judged = played(folder, hosts, tmp_path, plain, config=config)
    assert judged.status == Exit.FAILED
    assert judged.cases("fail", "error") == {"MED-HEARD-001", "MED-HEARD-002"}


def test_what_the_configuration_does_not_say_is_not_ordered(
    folder: Path, hosts: dict[str, str], tmp_path: Path
) -> None:
    silent = OURS.format(folder=folder, **hosts)
    judged = played(folder, hosts, tmp_path, "playonphone.a-busy-phone", config=silent)
    assert judged.status == Exit.NOTHING_RAN
    assert "who alice is on the CAS" in judged.because("a-busy-phone:POP-CAUSE-001")


@pytest.mark.parametrize("security", ["unsecured", "secured"])
def test_programs_that_are_started_as_cas_and_um(
    tmp_path: Path, security: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
    stored = f'name = "hello"\nid = "{item_id("alice", "hello")}"\n'
    config = f'[[users]]\nname = "alice"\n[[users.messages]]\n{stored}'
    config += '[[numbers]]\nnumber = "+12065550123"\n'
    words = ("--sut", f"um={program(serve_role)}", "--security", security)
    plain = "playonphone.the-plain-call"
    cas = f"cas={program(serve_role)}"
    judged = run(cas, [plain], tmp_path, config, *words)
    assert judged.status == Exit.GREEN, judged.said
    assert judged.outcome("the-plain-call:MED-HEARD-001") == "pass"
    hidden = "nothing of ours could see cas-um"
    assert hidden in judged.because("the-plain-call:SIP-REDIR-001")


ALONE = """
[statement]
ringback_binding = true
[cas]
host = "{client}"
[um]
host = "{phone}"
no_answer = 2.0
"""


@pytest.mark.parametrize("security", ["unsecured", "secured"])
@pytest.mark.parametrize("role", ["um", "cas"])
def test_alone_by_the_binding(
    folder: Path, hosts: dict[str, str], tmp_path: Path, role: str, security: str
) -> None:
    """Our own roles sit where the one under test was set up to call them: our UM where
    no phone is, our CAS where no client is."""
    config = ours(folder, hosts).replace(
        "[um]\nno_answer = 2.0\n", ALONE.format(**hosts)
    )
    where = hosts if role == "um" else {**hosts, "um": hosts["phone"]}
    theirs = THEIRS.format(folder=folder, more="", **where)
    told = {"RINGBACK_PASSWORD": PASSWORD}
    um = f"tcp:{hosts['um']}:5060" if security == "unsecured" else ""
    sut = {
        "um": "um=" + (um or f"tls:{hosts['um']}:5061"),
        "cas": f"cas=https://{hosts['cas']}:8443",
    }[role]
    select = ["playonphone.the-plain-call", "playonphone.a-busy-phone"]
    with Served(theirs, role, "--security", security, environment=told):
        judged = run(sut, select, tmp_path, config, "--security", security)
    assert judged.status == Exit.GREEN, judged.said
    assert not judged.cases("fail", "error", "inconclusive"), judged.said
    binds = {"um": "POP-CHECK-003", "cas": "POP-CHECK-002"}[role]
    assert judged.outcome(f"the-plain-call:{binds}") == "pass"


def packet(source: str, target: str) -> CapturedPacket:
    hosts = socket.inet_aton(source) + socket.inet_aton(target)
    return CapturedPacket(0, 0, bytes(12) + b"\x08\x00" + bytes(12) + hosts)


def test_what_they_say_to_each_other_is_no_evidence() -> None:
    outer = [
        Seat(role=Role.CAS, name="cas", host="192.0.2.20", ours=False),
        Seat(role=Role.UM, name="um", host="192.0.2.30", ours=False),
    ]
    mine = [Seat(role=Role.GATEWAY, name="gateway", host="192.0.2.40")]
    within = packet("192.0.2.20", "192.0.2.30")
    call = packet("192.0.2.30", "192.0.2.40")
    assert without([within, call], outer, mine) == [call]
    assert without([within], outer[1:], mine) == [within]


# What is asked for, in whose words.


def terms(**said: object) -> Terms:
    config = Config(**said)  # type: ignore[arg-type]
    company = parse_sut({Role.CAS: "https://cas.test", Role.UM: "tcp:um.test:5060"})
    return Terms.of(config, company, {"alice": PASSWORD})


def test_their_names_are_used() -> None:
    stored = Stored(name="hello", id="AAMk", entry_id="0000")
    anna = Account(
        name="alice",
        login="CONTOSO\\anna",
        password_env="RINGBACK_PASSWORD",
        messages=(stored,),
    )
    number = Dialled(number="50124", typed="4711", dialled="+49304711")
    told = terms(users=(anna,), numbers=(number,))
    assert told.login("alice") == ("CONTOSO\\anna", PASSWORD)
    assert told.item("alice", "hello", "ews") == "AAMk"
    assert told.item("alice", "hello", "umws") == "0000"
    assert told.item("alice", "nobody-has-it", "ews") == "nobody-has-it"
    assert (told.typed("50124"), told.dialled("50124")) == ("4711", "+49304711")


@pytest.mark.parametrize(
    ("asks", "why"),
    [
        (lambda t: t.login("bob"), "who bob is"),
        (lambda t: t.item("alice", "lunch", "ews"), "which message of bob"),
        (lambda t: t.typed("50123"), "what to dial for '50123'"),
    ],
)
def test_what_nobody_translated_cannot_be_said(asks: object, why: str) -> None:
    assert callable(asks)
    with pytest.raises(Untestable, match=why):
        asks(terms())


def test_alone_they_need_the_binding() -> None:
    um = parse_sut({Role.UM: "tls:um.test:5061"})
    with pytest.raises(Misuse, match="Name --sut cas too"):
        check(um, Statement())
    check(um, Statement(ringback_binding=True))
    check({**um, **parse_sut({Role.CAS: "https://cas.test"})}, Statement())


@pytest.mark.parametrize(
    ("where", "port", "paths"),
    [
        ("https://cas.test", 443, {}),
        ("https://cas.test:8443/", 8443, {}),
        ("https://c.test/EWS/Exchange.asmx", 443, {"ews": "/EWS/Exchange.asmx"}),
        ("https://c.test/UM/Service.asmx", 443, {"umws": "/UM/Service.asmx"}),
    ],
)
def test_a_path_belongs_to_one_dialect(
    where: str, port: int, paths: dict[str, str]
) -> None:
    one = Outside.parse(Role.CAS, where)
    assert one.paths() == paths
    assert one.address == Address(one.address.host, port)
