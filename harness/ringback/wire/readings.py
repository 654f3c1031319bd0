"""What was read is remembered: who gets octets reads them, and then the judge does.

Both get the same value, which nobody may change. Only what is small is kept, so that
whoever sends large things cannot fill the memory of a server.
"""

from collections.abc import Callable
from functools import lru_cache, wraps
from typing import Any, Generic, ParamSpec, Self, TypeVar, cast, overload

Given = ParamSpec("Given")
Read = TypeVar("Read")

Owner = TypeVar("Owner")

LARGEST_KEPT = 1 << 14  # octets; a SIP message has some 500, an envelope as many


def remembered(
    most: int,
) -> Callable[[Callable[Given, Read]], Callable[Given, Read]]:
    """The latest ``most`` readings of a function whose last argument has octets."""

    def dressed(read: Callable[Given, Read]) -> Callable[Given, Read]:
        anew: Callable[..., Read] = read
        known = lru_cache(maxsize=most)(anew)

        @wraps(read)
        def reading(*given: Any) -> Read:
            small = len(bytes(given[-1])) <= LARGEST_KEPT
            return known(*given) if small else anew(*given)

        return cast(Callable[Given, Read], reading)

    return dressed


class read_once(Generic[Owner, Read]):  # noqa: N801  # stands where ``property`` would
    """A property that is read when it is first asked for; its owner has a ``__dict__``.

    ``functools.cached_property`` before Python 3.12 takes a lock each time, which costs
    more than most readings do.
    """

    def __init__(self, read: Callable[[Owner], Read]) -> None:
        self._read, self._name = read, read.__name__
        self.__doc__ = read.__doc__

    @overload
    def __get__(self, owner: None, kind: type[Owner]) -> Self: ...
    @overload
    def __get__(self, owner: Owner, kind: type[Owner]) -> Read: ...
    def __get__(self, owner: Owner | None, kind: type[Owner]) -> Self | Read:
        if owner is None:
            return self
        found = owner.__dict__[self._name] = self._read(owner)
        return found
