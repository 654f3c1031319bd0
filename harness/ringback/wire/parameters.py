"""The small grammar that header fields share: tokens, quoted texts, parameters.

RFC 3261 §25.1 (token, quoted-string, generic-param).
"""

import re
from functools import lru_cache

from ringback.wire.message import malformed
from ringback.wire.uri import Params

TOKEN = r"[A-Za-z0-9\-.!%*_+`'~]++"
QUOTED = r'"(?:[^"\\]|\\.)*+"'
_GENERIC = re.compile(
    rf"\s*+;\s*+({TOKEN})(?:\s*+=\s*+({QUOTED}|[A-Za-z0-9\-.!%*_+`'~\[\]:]++))?+",
    re.DOTALL | re.ASCII,
)
_PAIR = re.compile(r"\\(.)", re.DOTALL)


def read_params(text: str, at: int) -> Params:
    """Read ``;name=value`` from ``at`` to the end; values keep their quotes."""
    params: list[tuple[str, str | None]] = []
    end = len(text.rstrip())
    while at < end:
        found = _GENERIC.match(text, at)
        if not found:
            raise malformed("no parameter", text, at)
        params.append((found[1], found[2]))
        at = found.end()
    return tuple(params)


def param(params: Params, name: str) -> str | None:
    """The first of that name, unquoted; empty without a value, None when absent."""
    wanted = name.lower()
    for spelled, value in params:
        if spelled.lower() == wanted:
            return unquoted(value or "")
    return None


def unquoted(text: str) -> str:
    """What a quoted text says (RFC 3261 §25.1 quoted-pair); others unchanged."""
    if len(text) < 2 or not text.startswith('"'):
        return text
    return _PAIR.sub(r"\1", text[1:-1])


def quoted(text: str) -> str:
    """A text in quotes, with quotes and backslashes escaped."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def number(digits: str, limit: int, what: str) -> int:
    """A decimal number up to ``limit``; Malformed beyond it or when it is none."""
    if not (digits.isascii() and digits.isdigit()):
        raise malformed(f"{what} is no number", digits)
    if len(digits.lstrip("0")) > 20 or int(digits[-20:]) > limit:
        raise malformed(f"{what} is above {limit}", digits)
    return int(digits[-20:])


def spelled(params: dict[str, str]) -> str:
    """``;name=value`` for each; an empty value leaves a bare name."""
    return "".join(f";{k}={v}" if v else f";{k}" for k, v in params.items())


def with_param(text: str, name: str, value: str) -> str:
    """Set a parameter of a field: in its place when it is there, else at the end."""
    for found in _place_of(name).finditer(text):
        if len(found[0]) == 1:
            break
        if found[1]:
            return text[: found.start()] + spelled({name: value}) + text[found.end() :]
    return text.rstrip() + spelled({name: value})


@lru_cache(maxsize=64)
def _place_of(name: str) -> re.Pattern[str]:
    """That parameter, or what must be passed over on the way to it."""
    there = rf'(;\s*+{re.escape(name)}(?![^\s;=])[^;"]*+({QUOTED})?+)'
    skipped = rf'{QUOTED}|<[^>]*+>|["<]'
    return re.compile(rf"{skipped}|{there}", re.I | re.S | re.A)
