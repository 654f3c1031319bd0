"""What was read is remembered: who gets octets reads them, and then the judge does.

Both get the same value, which nobody may change. Only what is small is kept, so that
whoever sends large things cannot fill the memory of a server.
"""

from collections.abc import Callable
from functools import lru_cache, wraps
from typing import Any, ParamSpec, TypeVar, cast

Given = ParamSpec("Given")
Read = TypeVar("Read")

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
