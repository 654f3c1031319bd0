"""The door for pytest: options, fixtures, and findings on their way to the report.

Installing ringback registers it, so ``pytest testsuites --sut ...`` is the same as
``ringback run``. It is idle until a test carries the ``scenario`` marker.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from ringback.faults import Fault

if TYPE_CHECKING:
    from ringback.testbed import Client, Testbed
    from ringback.testbed.asked import Asked
    from ringback.testbed.session import Session
    from ringback.values import Security

OPTIONS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("--sut", {"action": "append", "metavar": "ROLE=WHERE", "help": "under test"}),
    ("--security", {"metavar": "MODE", "help": "unsecured, sip-secured, secured, all"}),
    (
        "--net",
        {
            "choices": ["memory", "sockets"],
            "default": "sockets",
            "help": "memory has no SUT and takes milliseconds",
        },
    ),
    ("--resolve", {"action": "append", "metavar": "NAME=ADDR", "help": "not DNS"}),
    ("--config", {"metavar": "FILE", "help": "a ringback.toml"}),
    ("--out", {"metavar": "DIR", "default": ".", "help": "for reports/, captures/"}),
    (
        "--level",
        {
            "choices": ["must", "should", "may"],
            "default": "may",
            "help": "the weakest level that is judged",
        },
    ),
    (
        "--select",
        {"action": "append", "metavar": "WORD", "help": "case, requirement, area"},
    ),
    ("--slow", {"action": "store_true", "help": "also what needs real time"}),
    (
        "--fault",
        {"metavar": "NAME", "default": "", "help": "one of our roles breaks a rule"},
    ),
    (
        "--quirk",
        {
            "metavar": "NAME",
            "default": "",
            "help": "one of our roles is odd, and right",
        },
    ),
    ("--run", {"metavar": "NAME", "help": "the run's folder name"}),
)
ASKED = pytest.StashKey["Asked"]()
LATE = pytest.StashKey[list[str]]()  # findings that only the end of a session knows


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("ringback", "ringback: Play on Phone conformance")
    for name, words in OPTIONS:
        group.addoption(name, dest="ringback_" + name.lstrip("-"), **words)


def pytest_addhooks(pluginmanager: pytest.PytestPluginManager) -> None:
    from ringback.running import hooks

    pluginmanager.add_hookspecs(hooks)


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers", "scenario(settles, security, config, needs, slow): judged by rules"
    )
    if not hasattr(config, "workerinput"):
        from ringback.running.collector import Collector

        config.pluginmanager.register(Collector(config), "ringback-collector")


def asked(config: pytest.Config) -> "Asked":
    """What this run was asked for, read once; a mistake in it ends the run."""
    from ringback.testbed.asked import Asked

    if ASKED not in config.stash:
        try:
            config.stash[ASKED] = Asked.of(config.option)
        except Fault as trouble:
            raise pytest.UsageError(str(trouble)) from trouble
    return config.stash[ASKED]


def pytest_sessionstart(session: pytest.Session) -> None:
    """Programs under test are asked for something that they cannot know, once."""
    config = session.config
    alone = not hasattr(config, "workerinput")
    named = config.option.ringback_sut or config.option.ringback_config
    if alone and named and not config.option.collectonly:
        from ringback.running.choice import seatable

        seatable(asked(config), getattr(config.option, "numprocesses", None) or 1)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    marker = metafunc.definition.get_closest_marker("scenario")
    if marker and "security" in metafunc.fixturenames:
        from ringback.running import choice

        modes = choice.modes(asked(metafunc.config), marker)
        metafunc.parametrize("security", modes, ids=str, indirect=True)


def pytest_collection_modifyitems(
    config: pytest.Config, items: list[pytest.Item]
) -> None:
    if not any(item.get_closest_marker("scenario") for item in items):
        return
    from ringback.running import choice

    try:
        kept, dropped = choice.selected(asked(config), items)
    except Fault as trouble:
        raise pytest.UsageError(str(trouble)) from trouble
    if dropped:
        config.hook.pytest_deselected(items=dropped)
    items[:] = kept


@pytest.fixture(scope="session")
def ringback_session(request: pytest.FixtureRequest) -> Iterator["Session"]:
    """This worker's share of the run: network, recorder, certificates."""
    from ringback.running import choice, ending
    from ringback.testbed.session import Session

    session = Session(
        asked(request.config),
        ending.run_name(request.config),
        choice.requirements(asked(request.config)),
    )
    yield session
    request.config.stash[LATE] = ending.last_words(session)


@pytest.fixture
def security(request: pytest.FixtureRequest) -> "Security":
    """The dial plan security of this scenario; parametrised by --security."""
    mode: Security = request.param
    return mode


@pytest.fixture
def testbed(
    ringback_session: "Session", security: "Security", request: pytest.FixtureRequest
) -> Iterator["Testbed"]:
    """Reference peers seated, legs joined and tapped; the SUT in its role."""
    from ringback.running import choice, ending

    item = request.node
    declared = choice.declared(item, asked(item.config))
    with ending.scenario_of(ringback_session, declared, security, item) as bed:
        yield bed


@pytest.fixture
def client(testbed: "Testbed") -> "Client":
    """The mail client of the testbed."""
    return testbed.client


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Any:
    """Close and judge within the call, so that the test itself passes or fails."""
    if pyfuncitem.get_closest_marker("scenario") is None:
        return (yield)
    from ringback.running import ending
    from ringback.testbed import Testbed

    bed = pyfuncitem.funcargs["testbed"]
    assert isinstance(bed, Testbed)

    with ending.judged(pyfuncitem, bed):
        return (yield)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """A worker of pytest-xdist hands over what only its end could tell."""
    output = getattr(session.config, "workeroutput", None)
    if output is not None:
        output["ringback"] = session.config.stash.get(LATE, [])
