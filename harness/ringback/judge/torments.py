"""Messages of RFC 4475 in a capture, each known by its own text.

What RFC 3261 allows in answer to each is data, which the package carries:
``fixtures/rfc4475/outcomes.toml``.
"""

from collections.abc import Mapping
from enum import StrEnum
from functools import cache

import msgspec

from ringback.evidence.evidence import Evidence
from ringback.evidence.frame import BrokenFrame, Frame, SipFrame
from ringback.places import fixtures


class Kind(StrEnum):
    """What a message is to its receiver; the fixture says it at length."""

    UNDERSTOOD = "understood"
    UNREADABLE = "unreadable"
    UNFRAMED = "unframed"
    SCHEME = "scheme"
    VERSION = "version"
    EXTENSION = "extension"
    STRAY = "stray"
    LENIENT = "lenient"


class Outcome(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One entry of the table."""

    kind: Kind
    paragraph: str
    mark: str
    never: tuple[int, ...] = ()


Opening = SipFrame | BrokenFrame
Torment = tuple[str, Frame]


@cache
def outcomes() -> Mapping[str, Outcome]:
    """By the name of the message."""
    table = (fixtures() / "rfc4475" / "outcomes.toml").read_bytes()
    return msgspec.toml.decode(table, type=dict[str, Outcome])


def torments_in(evidence: Evidence) -> Mapping[int, Torment]:
    """By flow: the connections that a message of RFC 4475 opens, which is named. All
    that travels there answers to that message, and to no rule about sound ones."""
    firsts: dict[int, Opening] = {}
    clients = {c.flow: c.client for c in evidence.connections}
    said: tuple[Opening, ...] = (*evidence.sip, *evidence.broken)
    for frame in said:
        known = firsts.get(frame.flow)
        ours = clients.get(frame.flow) == frame.source
        if ours and (known is None or frame.number < known.number):
            firsts[frame.flow] = frame
    whole = b"\0".join(map(_octets, firsts.values()))
    if not any(mark in whole for mark, _ in _names()):
        return {}  # as nearly always: it need not be asked of each
    named = {flow: (name_of(frame), frame) for flow, frame in firsts.items()}
    return {flow: pair for flow, pair in named.items() if pair[0]}


def name_of(frame: Opening) -> str:
    """The name of the message, empty for any other."""
    octets = _octets(frame)
    return next((name for mark, name in _names() if mark in octets), "")


def _octets(frame: Opening) -> bytes:
    return bytes(frame.sip) if isinstance(frame, SipFrame) else frame.octets


@cache
def _names() -> tuple[tuple[bytes, str], ...]:
    """By mark, which only that message holds."""
    return tuple((one.mark.encode(), name) for name, one in outcomes().items())
