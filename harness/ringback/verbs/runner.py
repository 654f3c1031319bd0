"""``run`` and ``demo``: pytest with our own face."""

import re
import sys
from argparse import Namespace
from collections.abc import Callable
from contextlib import redirect_stderr
from io import StringIO
from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace

from ringback.faults import Misuse, Unreachable
from ringback.places import testsuites
from ringback.report.folder import fresh_name
from ringback.report.status import INTERRUPTED, Exit
from ringback.running.face import Face

Say = Callable[[str], object]
PLAIN = "playonphone.the-plain-call"


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """What the command line said."""

    select: tuple[str, ...] = ()
    sut: dict[str, str] = msgspec.field(default_factory=dict)
    security: str | None = None
    net: str = "sockets"
    resolve: dict[str, str] = msgspec.field(default_factory=dict)
    config_file: Path | None = None
    out: Path = Path()
    level: str = "may"
    workers: int = 1
    only_list: bool = False
    fail_fast: bool = False
    slow: bool = False
    name: str = ""
    fault: str = ""
    quirk: str = ""

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
            ringback_fault=self.fault,
            ringback_quirk=self.quirk,
        )


def demo(out: Path, name: str, say: Say) -> int:
    """The plain call in all three modes on real sockets, captured."""
    order = Order(select=(PLAIN,), security="all", out=out, name=name)
    return run(order, say=say, finale=True)


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
        raise Unreachable(trouble)
    face = Face(finale=finale)
    if order.select and order.workers > 1:
        from ringback.verbs.listing import scenarios

        scenarios(replace(order, workers=1))  # a wrong word, before there are workers
    code = by_pytest(arguments(order), face)
    if face.trouble:
        raise Misuse(face.trouble)
    if face.interrupted:
        return INTERRUPTED
    if code == pytest.ExitCode.INTERNAL_ERROR:
        return Exit.OUR_FAULT
    status = face.status()
    return Exit.OUR_FAULT if face.fell_over and status is Exit.GREEN else status


def by_pytest(words: list[str], *plugins: object) -> int:
    """pytest's exit status; Misuse in place of its own way to speak of it."""
    with redirect_stderr(StringIO()) as said:
        code = pytest.main([*words, *map(str, areas())], plugins=plugins)
    told = said.getvalue().strip()
    if code == pytest.ExitCode.USAGE_ERROR:
        raise Misuse(told.removeprefix("ERROR: "))
    sys.stderr.write(told + "\n" if told else "")
    return code


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
        f"--run={_name(order)}",
    ]
    words += [f"--select={word}" for word in order.select]
    words += [f"--sut={role}={where}" for role, where in order.sut.items()]
    words += [f"--resolve={name}={host}" for name, host in order.resolve.items()]
    words += [f"--security={order.security}"] if order.security else []
    words += [f"--config={order.config_file}"] if order.config_file else []
    words += ["-x"] if order.fail_fast else []
    words += ["--slow"] if order.slow else []
    words += [f"--fault={order.fault}"] if order.fault else []
    words += [f"--quirk={order.quirk}"] if order.quirk else []
    return [*words, *_spread(order.workers)] if order.workers > 1 else words


def _spread(workers: int) -> list[str]:
    """Few at a time: all end together, and fences stay among what they fence."""
    return ["-n", str(workers), "--maxschedchunk=1"]


def _name(order: Order) -> str:
    """What was asked for, else the time. Misuse: a run has that name already."""
    if order.name and (order.out / "reports" / order.name).exists():
        raise Misuse(f"--name {order.name}: {order.out}/reports has such a run already")
    if order.name and not re.fullmatch(r"[A-Za-z0-9][\w.-]{0,63}", order.name):
        raise Misuse(f"--name {order.name}: letters, digits, dots and dashes only")
    return order.name or fresh_name(order.out)


def areas() -> list[Path]:
    """Every folder of suites but ringback's test of itself; found, never listed."""
    return sorted(
        folder
        for folder in testsuites().iterdir()
        if folder.is_dir()
        and folder.name != "selftest"
        and any(folder.glob("test_*.py"))
    )
