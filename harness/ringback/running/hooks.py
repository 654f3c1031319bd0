"""Hooks of our own: whoever shows a run live implements them."""

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from ringback.report.folder import Folder
    from ringback.report.records import (
        FindingRecord,
        Footer,
        Header,
        Run,
        ScenarioRecord,
    )


@pytest.hookspec
def pytest_ringback_begins(header: "Header") -> None:
    """The first scenario was judged, or the run was asked for: this is what it is."""


@pytest.hookspec
def pytest_ringback_judged(
    scenario: "ScenarioRecord", findings: "list[FindingRecord]"
) -> None:
    """A scenario has been played and judged; its lines are on the disk."""


@pytest.hookspec
def pytest_ringback_ends(run: "Run", footer: "Footer", folder: "Folder") -> None:
    """All reports are written."""
