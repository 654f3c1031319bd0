"""The command line: words in, one line per finding out, a verdict as exit status.

Each verb is short and imports what it needs when it runs, so that ``--help`` is quick.
"""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from ringback import __version__
from ringback.cli_stores import lab, mailbox
from ringback.faults import Fault, Misuse, TestbedFault, Unreachable

MODES = ["unsecured", "sip-secured", "secured"]
SHOW = {"max_content_width": 100, "help_option_names": ["-h", "--help"]}
F = TypeVar("F", bound=Callable[..., Any])


@click.group(context_settings=SHOW)
@click.version_option(__version__, prog_name="ringback")
def ringback() -> None:
    """Conformance and interop tests for Play on Phone, with evidence.

    \b
    Start here:   ringback demo
    Your gateway: ringback run --sut gateway=tcp:192.0.2.1:5060
    Then:         open reports/latest/index.html
    """


def main() -> None:
    """Entry point: a Fault becomes one line, never a traceback."""
    try:
        status = ringback(standalone_mode=False)
    except click.exceptions.Abort:
        status = 130
    except click.ClickException as trouble:
        trouble.show()
        status = 2
    except Misuse as trouble:
        click.echo(f"ringback: {trouble}", err=True)
        status = 2
    except Unreachable as trouble:
        click.echo(f"ringback: {trouble}", err=True)
        status = 6
    except TestbedFault as trouble:
        click.echo(f"ringback: {trouble}", err=True)
        status = 4
    except Fault as trouble:
        click.echo(f"ringback: {trouble}", err=True)
        status = 1
    except BrokenPipeError:
        status = 141
    sys.exit(status if isinstance(status, int) else 0)


def _pairs(
    _ctx: click.Context, param: click.Parameter, words: tuple[str, ...]
) -> dict[str, str]:
    found = {}
    for word in words:
        key, equals, value = word.partition("=")
        if not (key and equals and value):
            raise click.BadParameter(f"{word!r} is not {param.metavar}", param=param)
        found[key] = value
    return found


def _config_option(function: F) -> F:
    return click.option(
        "--config",
        "config_file",
        type=click.Path(path_type=Path),
        help="A ringback.toml: addresses, names, trust, dial plan, users, statement.",
    )(function)


def _resolve_option(function: F) -> F:
    return click.option(
        "--resolve",
        multiple=True,
        metavar="NAME=ADDR",
        callback=_pairs,
        help="Instead of DNS; repeatable.",
    )(function)


def _oddness_options(function: F) -> F:
    fault = click.option(
        "--fault",
        default="",
        metavar="NAME",
        help="One reference role breaks a rule: see serve --list-faults.",
    )
    quirk = click.option(
        "--quirk",
        default="",
        metavar="NAME",
        help="One reference role is odd and in its right: see serve --list-quirks.",
    )
    return fault(quirk(function))


@ringback.command()
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=Path(),
    help="Where reports/ and captures/ go; here by default.",
)
@click.option("--name", default="", help="What the run is called; default: the time.")
def demo(out: Path, name: str) -> int:
    """Play one voice message on a phone in all three security modes, and judge it."""
    from ringback.verbs import runner

    return runner.demo(out, name, say=click.echo)


@ringback.command()
@click.argument("select", nargs=-1)
@click.option(
    "--sut",
    multiple=True,
    metavar="ROLE=WHERE",
    callback=_pairs,
    help="What is under test: tcp:HOST:PORT, tls:HOST:PORT, https://HOST/PATH (cas) or "
    "exec:COMMAND; repeatable.",
)
@click.option(
    "--security",
    type=click.Choice([*MODES, "all"]),
    default=None,
    help="Dial plan security; default: what the config or the SUT's address says.",
)
@click.option(
    "--net",
    type=click.Choice(["memory", "sockets"]),
    default="sockets",
    show_default=True,
    help="memory has no SUT and takes milliseconds.",
)
@_resolve_option
@_config_option
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=Path(),
    help="Where reports/ and captures/ go; here by default.",
)
@click.option(
    "--level",
    type=click.Choice(["must", "should", "may"]),
    default="may",
    show_default=True,
    help="The weakest level that is judged.",
)
@click.option(
    "-n",
    "workers",
    type=click.IntRange(1, 64),
    default=1,
    metavar="WORKERS",
    help="Scenarios at a time.",
)
@click.option(
    "--list",
    "only_list",
    is_flag=True,
    help="Say what would be played, and play nothing.",
)
@click.option(
    "--fail-fast", is_flag=True, help="Stop at the first scenario that fails."
)
@click.option("--slow", is_flag=True, help="Also play scenarios that need real time.")
@_oddness_options
@click.option("--name", default="", help="What the run is called; default: the time.")
def run(**words: Any) -> int:
    """Run suites. SELECT: case id, id prefix, requirement, area, "RFC 3261 §17"."""
    from ringback.verbs import runner

    return runner.run(runner.Order(**words), say=click.echo)


@ringback.command()
@click.argument("roles", nargs=-1, metavar="[ROLE]...")
@click.option(
    "--security",
    type=click.Choice(MODES),
    default=None,
    help="Dial plan security; default: the config's.",
)
@_config_option
@_resolve_option
@click.option(
    "--ready",
    type=click.Path(path_type=Path),
    help="A file that appears when all roles are ready; holds their addresses as JSON.",
)
@_oddness_options
@click.option("--list-faults", is_flag=True, help="Their names, one a line.")
@click.option("--list-quirks", is_flag=True, help="Their names, one a line.")
def serve(list_faults: bool, list_quirks: bool, **words: Any) -> int:
    """Reference roles as servers: cas, um, gateway, phone; all by default."""
    from ringback.verbs import server

    if list_faults or list_quirks:
        return server.names(list_faults, list_quirks, say=click.echo)
    return server.serve(server.Order(**words), say=click.echo)


@ringback.command()
@click.option(
    "--cas",
    required=True,
    metavar="URL",
    help="https://HOST[:PORT][/PATH] of the web service.",
)
@click.option("--user", required=True, help="The mailbox owner.")
@click.option(
    "--password-env",
    required=True,
    metavar="VAR",
    help="The environment variable that holds the password.",
)
@click.option(
    "--message",
    default="latest",
    show_default=True,
    metavar="latest|ID",
    help="Which voice message.",
)
@click.option(
    "--to",
    "dial_string",
    required=True,
    metavar="DIALSTRING",
    help="The number to ring.",
)
@click.option(
    "--ca",
    type=click.Path(path_type=Path),
    help="PEM file with the root that signed the CAS certificate.",
)
@click.option(
    "--name",
    default="",
    help="The name the CAS certificate must prove; default: the URL's host.",
)
@click.option(
    "--dialect", type=click.Choice(["ews", "umws"]), default="ews", show_default=True
)
@_resolve_option
def play(**words: Any) -> int:
    """Order one message to a phone as a mail client would; follow the call."""
    from ringback.verbs import player

    return player.play(player.Order(**words), say=click.echo)


@ringback.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--keylog",
    type=click.Path(path_type=Path),
    help="TLS secrets, when the capture has none in it.",
)
def judge(file: Path, keylog: Path | None) -> int:
    """Verdicts from a stored capture; no network, nothing but the file."""
    from ringback.verbs import rejudge

    return rejudge.judge_file(file, keylog, say=click.echo)


@ringback.command(name="list")
@click.argument("select", nargs=-1)
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "json", "markdown"]),
    default="table",
    show_default=True,
)
def list_(select: tuple[str, ...], form: str) -> int:
    """Requirements, scenarios, and which settles which."""
    from ringback.verbs import listing

    click.echo(listing.listing(select, form))
    return 0


@ringback.command()
@click.argument("run_id", metavar="RUN")
@click.argument("case")
@click.option(
    "--out", type=click.Path(path_type=Path), default=Path(), help="Where reports/ is."
)
def show(run_id: str, case: str, out: Path) -> int:
    """One case: ladder, verdicts, guilty frames. RUN may be "latest"."""
    from ringback.verbs import listing

    click.echo(listing.show(out, run_id, case))
    return 0


@ringback.command()
@_config_option
def doctor(config_file: Path | None) -> int:
    """What this machine and this config can and cannot do, and what that blocks."""
    from ringback.verbs import examination

    return examination.examine(config_file, say=click.echo)


@ringback.command()
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option(
    "-n",
    "workers",
    type=click.IntRange(1, 64),
    default=None,
    metavar="WORKERS",
    help="Processes; default: one a core.",
)
@click.option(
    "--share",
    type=click.FloatRange(0, 1),
    default=0.05,
    show_default=True,
    help="How much is played of what need not be; 1 plays everything.",
)
@click.option("--seed", type=int, default=1, show_default=True, help="Which share.")
@click.option(
    "--mutants",
    type=click.IntRange(0),
    default=None,
    metavar="N",
    help="So many of the mechanical mutants, as the seed has it; default: all.",
)
@click.option("--json", type=click.Path(path_type=Path), help="The matrix as JSON.")
@click.option("--html", type=click.Path(path_type=Path), help="The matrix as a page.")
@click.option(
    "--readme",
    type=click.Path(path_type=Path),
    help="Put the numbers into a Markdown file, between its two marks.",
)
def selftest(workers: int | None, **words: Any) -> int:
    """Prove the judge: every faulty role is caught, no quirky one is accused.

    NAME: a fault, a quirk, the beginning of its name, or a requirement it breaks.
    """
    from ringback.verbs import proving

    return proving.selftest(
        proving.Order(workers=workers or 0, **words), say=click.echo
    )


ringback.add_command(lab)
ringback.add_command(mailbox)
