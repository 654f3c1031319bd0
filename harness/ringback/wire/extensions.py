"""Typed readings of the fields that extensions of SIP brought.

RFC 3326 (Reason), RFC 4028 §4 and §5 (Session-Expires, Min-SE), RFC 3262 §7.1 and §7.2
(RSeq, RAck). Malformed when asked for and unreadable, None when absent.
"""

import re

import msgspec

from ringback.wire.headers import split_list
from ringback.wire.message import Message, malformed
from ringback.wire.parameters import (
    TOKEN,
    number,
    param,
    quoted,
    read_params,
)
from ringback.wire.uri import Params

SECONDS_LIMIT = (1 << 32) - 1  # RFC 3261 §20.19

_PROTOCOL = re.compile(rf"\s*+({TOKEN})", re.ASCII)
_SECONDS = re.compile(r"\s*+([0-9]++)", re.ASCII)
_RACK = re.compile(rf"([0-9]++)\s++([0-9]++)\s++({TOKEN})", re.ASCII)


class Reason(msgspec.Struct, frozen=True):
    """Why (RFC 3326 §2): ``cause`` is None when not said, ``text`` is unquoted."""

    protocol: str
    cause: int | None = None
    text: str = ""

    def __str__(self) -> str:
        cause = "" if self.cause is None else f";cause={self.cause}"
        return self.protocol + cause + (f";text={quoted(self.text)}" * bool(self.text))


class SessionExpires(msgspec.Struct, frozen=True):
    """``refresher`` is ``uac``, ``uas`` or empty."""

    seconds: int
    refresher: str = ""

    def __str__(self) -> str:
        role = f";refresher={self.refresher}" if self.refresher else ""
        return f"{self.seconds}{role}"


class RAck(msgspec.Struct, frozen=True):
    """Which reliable provisional response a PRACK answers (RFC 3262 §7.2)."""

    rseq: int
    number: int
    method: str

    def __str__(self) -> str:
        return f"{self.rseq} {self.number} {self.method}"


def reasons(message: Message) -> tuple[Reason, ...]:
    """Every Reason, over all lines."""
    texts = [v for text in message.all("reason") for v in split_list(text)]
    return tuple(map(_reason, texts))


def session_expires(message: Message) -> SessionExpires | None:
    text = message.first("session-expires")
    if not text:
        return None
    seconds, params = _seconds(text)
    return SessionExpires(seconds, (param(params, "refresher") or "").lower())


def min_se(message: Message) -> int | None:
    """The least session interval somebody on the way accepts, in seconds."""
    text = message.first("min-se")
    return _seconds(text)[0] if text else None


def rseq(message: Message) -> int | None:
    text = message.first("rseq")
    return number(text, SECONDS_LIMIT, "RSeq") if text else None


def rack(message: Message) -> RAck | None:
    text = message.first("rack")
    if not text:
        return None
    found = _RACK.fullmatch(text)
    if not found:
        raise malformed("no RAck", text)
    first, second = (number(found[i], SECONDS_LIMIT, "RAck") for i in (1, 2))
    return RAck(first, second, found[3])


def _reason(text: str) -> Reason:
    found = _PROTOCOL.match(text)
    if not found:
        raise malformed("no Reason", text)
    params = read_params(text, found.end())
    cause = param(params, "cause")
    code = number(cause, SECONDS_LIMIT, "cause") if cause else None
    return Reason(found[1], code, param(params, "text") or "")


def _seconds(text: str) -> tuple[int, Params]:
    found = _SECONDS.match(text)
    if not found:
        raise malformed("no seconds", text)
    seconds = number(found[1], SECONDS_LIMIT, "seconds")
    return seconds, read_params(text, found.end())
