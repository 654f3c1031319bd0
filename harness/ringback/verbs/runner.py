"""``run`` and ``demo``: pytest with our own face."""

import sys
from argparse import Namespace
from collections.abc import Callable
from contextlib import redirect_stderr
from dataclasses import dataclass, field
from io import StringIO
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

    def options(self) -> Namespace:
        """As pytest would spell them."""
        return Namespace(
            ringback_select=self.select,
            ringback_sut=[f"{role}={where}" for role, where in self.sut.items()],
            ringback_security=self.security,
            ringback_net=self.net,
            ringback_resolve=[f"{n}={host}" for n, host in self.resolve.items()],
            ringback_config=str(self.config_file) if self.config_file else None,
            ringback_out=str(self.out),
            ringback_level=self.level,
            ringback_slow=self.slow,
        )


def demo(out: Path, say: Say) -> int:
    """The plain call in all three modes on real sockets, captured."""
    return run(Order(select=(PLAIN,), security="all", out=out), say=say, finale=True)


def run(order: Order, *, say: Say, finale: bool = False) -> int:
    """Play, judge, report; the exit status of the command."""
    from ringback.testbed.asked import Asked
    from ringback.verbs.probe import unreachable

    Asked.of(order.options())  # a mistake in it is told before anything is done
    if order.only_list:
        from ringback.verbs.listing import scenarios

        for one in scenarios(order):
            say(one)
        return Exit.GREEN
    if trouble := unreachable(order.sut, order.config_file, order.resolve):
        say(f"ringback: {trouble}")
        return Exit.UNREACHABLE
    face = Face(finale=finale)
    with redirect_stderr(StringIO()) as said:  # pytest's own way to speak of misuse
        code = pytest.main([*arguments(order), *map(str, areas())], plugins=[face])
    told = said.getvalue().removeprefix("ERROR: ").strip()
    if face.trouble or code == pytest.ExitCode.USAGE_ERROR:
        raise Misuse(face.trouble or told)
    sys.stderr.write(told + "\n" if told else "")
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
