"""The door for test authors: everything a suite needs is imported from here."""

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

import pytest

from ringback.values import CallState, Cause, Role, Security
from ringback.wire.message import Field, Message

if TYPE_CHECKING:
    from ringback.testbed import Client, Testbed
    from ringback.testbed.probing import Probing

__all__ = [
    "DESK",
    "CallState",
    "Cause",
    "Client",
    "Field",
    "Message",
    "Probing",
    "Role",
    "Security",
    "Testbed",
    "scenario",
]

DESK = "+12065550123"  # a number from the range set aside for fiction

Function = TypeVar("Function", bound=Callable[..., None])


def scenario(
    *,
    settles: Iterable[str],
    security: Iterable[Security] = tuple(Security),
    config: Mapping[str, Any] | None = None,
    needs: Iterable[str] = (),
    slow: bool = False,
) -> Callable[[Function], Function]:
    """Declare what a scenario must settle, and the world it wants.

    ``settles`` are requirement ids; a typo stops the run before it starts. ``security``
    are the modes in which it makes sense. ``config`` is laid over the lab's
    configuration, table by table. ``needs`` names roles that must be ours ("um"), or
    "store": a mailbox that is as new each time, for the scenario deletes from it; or
    "mutual_tls:um": who must ask clients for certificates, if he is under test.
    """
    return pytest.mark.scenario(
        settles=tuple(settles),
        security=tuple(security),
        config=dict(config or {}),
        needs=tuple(needs),
        slow=slow,
    )


def __getattr__(name: str) -> object:
    """The testbed is heavy; it is imported when a suite first names it."""
    if name in {"Testbed", "Client"}:
        from ringback import testbed

        return getattr(testbed, name)
    if name == "Probing":
        from ringback.testbed.probing import Probing

        return Probing
    raise AttributeError(name)
