"""``run`` and ``demo``: pytest with our own face."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from ringback.faults import Misuse
from ringback.places import testsuites
from ringback.report.folder import fresh_name
from ringback.report.status import Exit
from ringback.running.face import Face

Say = Callable[[str], object]
PLAIN = "playonphone.the-plain-call"


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What the command line said."""

    select: tuple[str, ...] = ()
    sut: dict[str, str] = field(default_factory=dict)
    security: str | None = None
    net: str = "sockets"
    resolve: dict[str, str] = field(default_factory=dict)
    config_file: Path | None = None
    out: Path = Path()
    level: str = "may"
    workers: int = 1
    only_list: bool = False
    fail_fast: bool = False
    slow: bool = False


def demo(out: Path, say: Say) -> int:
    """The plain call in all three modes on real sockets, captured."""
    return run(Order(select=(PLAIN,), security="all", out=out), say=say, finale=True)


def run(order: Order, *, say: Say, finale: bool = False) -> int:
    """Play, judge, report; the exit status of the command."""
    from ringback.verbs.probe import unreachable

    if order.only_list:
        from ringback.verbs.listing import scenarios

        for one in scenarios(order):
            say(one)
        return Exit.GREEN
    if trouble := unreachable(order.sut, order.config_file, order.resolve):
        say(f"ringback: {trouble}")
        return Exit.UNREACHABLE
    face = Face(finale=finale)
    code = pytest.main([*arguments(order), *map(str, areas())], plugins=[face])
    if face.trouble:
        raise Misuse(face.trouble)
    if code == pytest.ExitCode.INTERRUPTED:
        return 130
    if code == pytest.ExitCode.INTERNAL_ERROR:
        return Exit.OUR_FAULT
    return face.status()


def arguments(order: Order) -> list[str]:
    """The same words as pytest options."""
    words = [
        "-c",
        str(Path(__file__).parents[1] / "running" / "pytest.ini"),
        f"--rootdir={testsuites()}",
        "-p",
        "no:cacheprovider",
        f"--net={order.net}",
        f"--out={order.out}",
        f"--level={order.level}",
        f"--run={fresh_name(order.out)}",
    ]
    words += [f"--select={word}" for word in order.select]
    words += [f"--sut={role}={where}" for role, where in order.sut.items()]
    words += [f"--resolve={name}={host}" for name, host in order.resolve.items()]
    words += [f"--security={order.security}"] if order.security else []
    words += [f"--config={order.config_file}"] if order.config_file else []
    words += ["-x"] if order.fail_fast else []
    words += ["--slow"] if order.slow else []
    return [*words, "-n", str(order.workers)] if order.workers > 1 else words


def areas() -> list[Path]:
    """Every folder of suites but ringback's test of itself; found, never listed."""
    return sorted(
        folder
        for folder in testsuites().iterdir()
        if folder.is_dir()
        and folder.name != "selftest"
        and any(folder.glob("test_*.py"))
    )
