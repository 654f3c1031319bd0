"""ringback lab init, and what a session makes of a lab: certificates that last."""

import stat
import tomllib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from ringback import explained
from ringback.cli import ringback
from ringback.config import Config, load
from ringback.faults import Misuse
from ringback.net.authority import Authority, save_identity
from ringback.net.identity import Identity
from ringback.net.lab import Lab, kept_in, read_roots
from ringback.net.tls import Tls
from ringback.verbs.lasting import init

UM = ("um.ringback.test", "um-1.ringback.test", "um-2.ringback.test")
DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "lab"
    assert init(place, print) == 0
    return place


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def shaken(server: Identity, client: Identity, name: str) -> str:
    """What a mutual handshake came to: the failure, or nothing."""
    theirs, ours = Tls(server, server=True), Tls(client, server=False, name=name)
    turn, failures = ours.begin(), []
    for _ in range(4):
        answer = theirs.take(turn.out)
        turn = ours.take(answer.out)
        failures += [t.failure for t in (answer, turn) if t.failure]
    return next(iter(failures), "")


def test_a_lab_has_a_pair_of_files_for_each_role(folder: Path) -> None:
    stems = ("root", "cas", "um", "gateway", "phone")
    pairs = {f"{stem}.{end}" for stem in stems for end in ("pem", "key")}
    assert {p.name for p in folder.iterdir()} == {
        *pairs,
        "ringback.toml",
        "README.txt",
        "revoked.crl",
    }
    assert mode(folder) == 0o700
    assert {mode(path) for path in folder.glob("*.key")} == {0o600}


def test_certificates_have_the_names_of_their_roles(folder: Path) -> None:
    kept = {one.stem: one for one in kept_in(folder)}
    assert kept["um"].identity.names == UM
    assert kept["cas"].identity.names == ("cas.ringback.test",)
    later = datetime.now(UTC) + timedelta(days=800)
    assert all(one.is_valid(later) for one in kept.values())


def test_the_readme_tells_what_to_install_and_which_names(folder: Path) -> None:
    text = (folder / "README.txt").read_text()
    assert "root.pem       install this" in text
    assert all(name in text for name in (*UM, "gateway.ringback.test"))


def test_a_session_presents_what_is_kept(folder: Path) -> None:
    lab = Lab.open(folder)
    presented = lab.identity_for("um-1.ringback.test", trusted=["a.test"])
    assert presented.chain == (folder / "um.pem").read_bytes()
    assert presented.names == ("um-1.ringback.test", UM[0], UM[2])
    assert presented.trusted == {"a.test"}


def test_names_that_nothing_kept_has_are_issued_for_the_session(folder: Path) -> None:
    lab = Lab.open(folder)
    fresh = lab.identity_for("um9.vendor.test")
    assert fresh == lab.identity_for("um9.vendor.test")
    cas = lab.identity_for("cas.ringback.test", trusted=["um9.vendor.test"])
    assert not shaken(cas, fresh, "cas.ringback.test")


def test_a_second_session_is_believed_by_the_first(folder: Path) -> None:
    first, second = Lab.open(folder), Lab.open(folder)
    server = first.identity_for("cas.ringback.test", trusted=[UM[0]])
    assert not shaken(server, second.identity_for(UM[0]), "cas.ringback.test")


def test_another_root_is_trusted_when_the_configuration_names_it(
    folder: Path, tmp_path: Path
) -> None:
    vendor = Authority()
    (tmp_path / "vendor.pem").write_bytes(vendor.root.rstrip())
    gateway = vendor.issue("gw.vendor.test", ends=datetime.now(UTC) + timedelta(1))

    def met(lab: Lab) -> str:
        server = lab.identity_for("um.ringback.test", trusted=["gw.vendor.test"])
        theirs = Identity(
            gateway.names, gateway.chain, gateway.key, vendor.root + lab.root
        )
        return shaken(server, theirs, "um.ringback.test")

    assert "UntrustedRemoteCertificate" in met(Lab.of(str(folder)))
    for place in (str(folder), ""):
        lab = Lab.of(place, [str(tmp_path / "vendor.pem")])
        assert not met(lab)
        assert lab.roots_der() == (lab.root_der, vendor.root_der)
        assert lab.nobody().roots == lab.root + lab.others


def test_without_a_lab_every_session_has_its_own_root() -> None:
    assert Lab.of("").root != Lab.of("").root


def test_a_certificate_whose_time_is_over_is_not_presented(folder: Path) -> None:
    over = datetime.now(UTC) - timedelta(days=1)
    expired = Lab.open(folder).issue("cas.ringback.test", ends=over)
    save_identity(expired, folder, "cas")
    with pytest.raises(Misuse, match=r"cas.pem is valid from .* make a new lab"):
        Lab.open(folder).identity_for("cas.ringback.test")


@pytest.mark.parametrize("broken", ["root.pem", "root.key", "cas.pem"])
def test_a_broken_lab_names_the_file(folder: Path, broken: str) -> None:
    (folder / broken).write_text("nonsense")
    with pytest.raises(Misuse, match=str(folder)):
        Lab.open(folder)
    with pytest.raises(Misuse, match=r"nonsense\.pem"):
        read_roots([folder / "nonsense.pem"])


def test_a_lab_is_refused_where_it_would_do_harm(tmp_path: Path) -> None:
    (tmp_path / "repository" / ".git").mkdir(parents=True)
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.txt").touch()
    (tmp_path / "file").touch()
    init(tmp_path / "lab", print)
    for place, why in {
        "repository/deep/lab": "keys stay out of it",
        "full": "is not empty",
        "file": "is a file",
        "lab": "holds a lab already",
        "file/below": "Not a directory",
    }.items():
        with pytest.raises(Misuse, match=why):
            init(tmp_path / place, print)
    assert not (tmp_path / "repository" / "deep").exists()
    assert mode(tmp_path / "full") != 0o700


def test_the_file_to_edit_names_the_lab_beside_it(folder: Path) -> None:
    assert load(folder / "ringback.toml") == Config(lab=str(folder))


def test_every_line_of_it_can_be_had_by_taking_the_mark_away(tmp_path: Path) -> None:
    text = explained.template(".").replace("\n# ", "\n").replace("# Every", "# # Every")
    body = text[text.index("lab = ") :]
    path = tmp_path / "ringback.toml"
    path.write_text(body)
    read = load(path)
    examples = {"users", "numbers", "resolve", "sut"}
    assert examples <= set(tomllib.loads(body))
    for name in set(Config.__struct_fields__) - examples - {"lab"}:
        assert getattr(read, name) == getattr(Config(), name), name


def test_every_key_is_explained_and_nothing_else_is() -> None:
    there = {f"{key.table}.{key.name}".lstrip(".") for key in explained.every_key()}
    arrays = {key.table for key in explained.every_key() if key.many}
    assert set(explained.MEANING) == there | (arrays & set(explained.MEANING))
    assert arrays <= set(explained.MEANING)


@pytest.mark.skipif(not DOCS.is_dir(), reason="a wheel carries no docs")
def test_the_reference_is_what_the_types_say() -> None:
    told = (DOCS / "configuration.md").read_text()
    assert told.endswith("\n" + explained.page()), (
        "write it anew: python -m ringback.explained"
    )


def test_the_command_line_reaches_it(tmp_path: Path) -> None:
    words = ["lab", "init", str(tmp_path / "lab")]
    done = CliRunner().invoke(ringback, words, standalone_mode=False)
    assert done.return_value == 0
    assert f"ringback doctor --config {tmp_path / 'lab' / 'ringback.toml'}" in (
        done.output
    )
