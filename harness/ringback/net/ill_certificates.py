"""Certificates that are ill in one way each, by name, for those who pass for a role.

RFC 5280 §6.1 (paths, times), RFC 5922 §7 (names).
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from ringback.faults import Misuse
from ringback.net.authority import Authority
from ringback.net.identity import Identity

_AWAY = timedelta(days=2)
OTHER = "mallory.ringback.test"
Forger = Callable[[Authority, str], Identity]


def ill(kind: str, authority: Authority, name: str) -> Identity:
    """A fresh identity for ``name`` that is ill in that way and trusts what the
    authority's own do. Misuse: nothing is ill like that."""
    if kind not in ILL:
        raise Misuse(f"no certificate is ill like {kind!r}: {', '.join(ILL)}")
    return replace(ILL[kind](authority, name), roots=authority.nobody().roots)


def _none(authority: Authority, name: str) -> Identity:
    return authority.nobody()


def _another_root(authority: Authority, name: str) -> Identity:
    return Authority().issue(name)


def _self_signed(authority: Authority, name: str) -> Identity:
    return authority.issue(name, self_signed=True)


def _incomplete(authority: Authority, name: str) -> Identity:
    return authority.issue(name, through=authority.intermediate(), complete=False)


def _expired(authority: Authority, name: str) -> Identity:
    return authority.issue(name, ends=datetime.now(UTC) - _AWAY)


def _not_yet_valid(authority: Authority, name: str) -> Identity:
    return authority.issue(name, starts=datetime.now(UTC) + _AWAY)


def _somebody_else(authority: Authority, name: str) -> Identity:
    return authority.issue(OTHER)


def _wildcard(authority: Authority, name: str) -> Identity:
    return authority.issue("*." + name.partition(".")[2])


def _common_name_beside_others(authority: Authority, name: str) -> Identity:
    return authority.issue(name, common_name=name, alternatives=(OTHER,))


ILL: Mapping[str, Forger] = {
    "none": _none,
    "another-root": _another_root,
    "self-signed": _self_signed,
    "incomplete": _incomplete,
    "expired": _expired,
    "not-yet-valid": _not_yet_valid,
    "somebody-else": _somebody_else,
    "wildcard": _wildcard,
    "common-name-beside-others": _common_name_beside_others,
}
