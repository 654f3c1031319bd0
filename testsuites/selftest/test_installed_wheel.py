"""What `pip install` leaves on a machine works without the checkout."""

import sys
import sysconfig
import tomllib
import zipfile
from pathlib import Path

import pytest
from testsuites.selftest.commanded import PLAIN, Outcome, Played, once, run

import ringback
from ringback.places import fixtures
from ringback.places import testsuites as suites

PIP = (sys.executable, "-m", "pip", "--disable-pip-version-check")
CHECKOUT = Path(ringback.__file__).parents[2]
pytestmark = pytest.mark.skipif(
    not (CHECKOUT / "pyproject.toml").is_file(), reason="this is no checkout"
)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    words = ("wheel", "-q", "--no-deps", "--no-build-isolation", CHECKOUT, "-w")
    built = once(tmp_path_factory, "wheel", lambda base: run(*PIP, *words, base))
    assert built.outcome.status == 0, built.outcome.err
    (found,) = built.base.glob("ringback-*.whl")
    return found


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder to import from, before the editable install of this environment."""
    words = ("install", "-q", "--no-deps", "--no-index", wheel, "--target")
    done = once(tmp_path_factory, "installed", lambda base: run(*PIP, *words, base))
    assert done.outcome.status == 0, done.outcome.err
    return done.base


def outside(installed: Path, cwd: Path, *words: str | Path) -> Outcome:
    """The installed command, where no checkout is near: the dependencies come from
    this environment, whose own editable ringback is not followed (-S)."""
    script = (
        "import sys; sys.argv[0] = 'ringback'\nfrom ringback.cli import main; main()"
    )
    path = f"{installed}:{sysconfig.get_path('purelib')}"
    env = {"PYTHONPATH": path}
    return run(sys.executable, "-S", "-c", script, *words, cwd=cwd, env=env)


def test_the_wheel_carries_suites_and_fixtures(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    carried = "ringback/_data"

    for path in (*suites().rglob("test_*.py"), *fixtures().rglob("*.*")):
        root = suites() if path.is_relative_to(suites()) else fixtures()
        name = f"{carried}/{root.name}/{path.relative_to(root).as_posix()}"
        assert (name in names) is ("selftest" not in path.parts), name


def test_the_wheel_carries_data_beside_its_modules(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())

    for path in (CHECKOUT / "harness" / "ringback").rglob("*"):
        if path.is_file() and path.suffix not in {".pyc"} and "_data" not in path.parts:
            inside = path.relative_to(CHECKOUT / "harness").as_posix()
            assert inside in names


def test_the_wheel_carries_nothing_else(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    tops = {name.partition("/")[0] for name in names}

    assert tops == {"ringback", f"ringback-{ringback.__version__}.dist-info"}
    assert not [n for n in names if n.endswith((".pyc", ".pem", ".key", ".pcapng"))]


def test_the_wheel_needs_what_the_project_says(wheel: Path) -> None:
    archive = zipfile.ZipFile(wheel)
    (name,) = [n for n in archive.namelist() if n.endswith("dist-info/METADATA")]
    told = archive.read(name).decode()
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["project"]

    for word in project["dependencies"]:
        assert f"Requires-Dist: {word}" in told


def test_the_installed_command_runs_outside_the_checkout(
    installed: Path, tmp_path: Path
) -> None:
    words = ("run", PLAIN, "--net", "memory", "--security", "secured")

    played = Played(tmp_path, outside(installed, tmp_path, *words))

    assert played.outcome.status == 0, played.outcome.out + played.outcome.err
    assert str(CHECKOUT) not in played.outcome.out + played.outcome.err
    assert played.capture("secured").is_file()
    assert len(played.judged("secured")) > 60


def test_the_installed_command_lists_what_it_carries(
    installed: Path, tmp_path: Path
) -> None:
    told = outside(installed, tmp_path, "list", "--format", "json")

    assert told.status == 0, told.err
    assert PLAIN in told.out
    assert "selftest" not in told.out
