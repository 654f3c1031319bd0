"""Certificates that are odd in one way each, by name, for those who pass for a role.

RFC 5280 §6.1 (paths, times), RFC 5922 §7 (names). The names are those of the table of
defects (``catalogue/tls/defects.toml``).
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Unpack

from msgspec.structs import replace

from ringback.faults import Misuse
from ringback.net.authority import Authority, Oddity
from ringback.net.identity import Identity
from ringback.wire.certificates import plain

_AWAY = timedelta(days=2)
OTHER = "mallory.ringback.test"
UNLOCKED = "DEFAULT:@SECLEVEL=0"  # OpenSSL will not even show what is weak
Forger = Callable[[Authority, str], Identity]
_LOOKS_LIKE_A = "\N{CYRILLIC SMALL LETTER A}"


def ill(kind: str, authority: Authority, name: str) -> Identity:
    """A fresh identity for ``name`` that is odd in that way and trusts what the
    authority's own do. Misuse: nothing is odd like that."""
    if kind not in ILL:
        raise Misuse(f"no certificate is odd like {kind!r}: {', '.join(ILL)}")
    return replace(ILL[kind](authority, name), roots=authority.nobody().roots)


def careless(identity: Identity) -> Identity:
    """The same for one who takes whatever certificate a server shows him."""
    return replace(
        identity,
        checks_chain=False,
        checks_dates=False,
        checks_names=False,
        checks_usage=False,
        checks_leaf=False,
        checks_strength=False,
        checks_revocation=False,
    )


def _none(authority: Authority, name: str) -> Identity:
    return authority.nobody()


def _sound(authority: Authority, name: str) -> Identity:
    return authority.issue(name)


def _another_root(authority: Authority, name: str) -> Identity:
    return Authority().issue(name)


def _incomplete(authority: Authority, name: str) -> Identity:
    return authority.issue(name, through=authority.intermediate(), complete=False)


def _too_far(authority: Authority, name: str) -> Identity:
    return authority.issue(name, through=authority.too_far())


def _expired(authority: Authority, name: str) -> Identity:
    return authority.issue(name, ends=datetime.now(UTC) - _AWAY)


def _not_yet_valid(authority: Authority, name: str) -> Identity:
    return authority.issue(name, starts=datetime.now(UTC) + _AWAY)


def _somebody_else(authority: Authority, name: str) -> Identity:
    return authority.issue(OTHER)


def _wildcard(authority: Authority, name: str) -> Identity:
    return authority.issue("*." + name.partition(".")[2])


def _lookalike(authority: Authority, name: str) -> Identity:
    host, dot, domain = name.partition(".")
    twin = host.replace("a", _LOOKS_LIKE_A) if "a" in host else host + _LOOKS_LIKE_A
    return authority.issue(plain(twin + dot + domain))


def _weak_key(authority: Authority, name: str) -> Identity:
    return replace(authority.issue(name, rsa_bits=1024), ciphers=UNLOCKED)


def _old_signature(authority: Authority, name: str) -> Identity:
    return replace(authority.issue(name, sha1=True), ciphers=UNLOCKED)


def _odd(authority: Authority, name: str, **oddity: Unpack[Oddity]) -> Identity:
    return authority.issue(name, **oddity)


def _spelled(how: Callable[[str], Oddity]) -> Forger:
    """What is in the certificate in the place of the name."""
    return lambda authority, name: authority.issue(name, **how(name))


ILL: Mapping[str, Forger] = {
    "sound": _sound,
    "none": _none,
    "expired": _expired,
    "not-yet-valid": _not_yet_valid,
    "another-root": _another_root,
    "self-signed": partial(_odd, self_signed=True),
    "incomplete": _incomplete,
    "path-too-long": _too_far,
    "revoked": partial(_odd, revoked=True),
    "somebody-else": _somebody_else,
    "common-name-only": partial(_odd, alternatives=()),
    "common-name-beside-others": _spelled(
        lambda name: {"common_name": name, "alternatives": (OTHER,)}
    ),
    "wildcard": _wildcard,
    "address": _spelled(lambda name: {"alternatives": (), "addresses": ("127.0.0.1",)}),
    "email": _spelled(lambda name: {"alternatives": (), "emails": (f"sip@{name}",)}),
    "sip-uri": _spelled(lambda name: {"alternatives": (), "uris": (f"sip:{name}",)}),
    "sip-uri-with-user": _spelled(
        lambda name: {"alternatives": (), "uris": (f"sip:ringback@{name}",)}
    ),
    "sips-uri": _spelled(lambda name: {"alternatives": (), "uris": (f"sips:{name}",)}),
    "sip-uri-of-another": partial(_odd, uris=(f"sip:{OTHER}",)),
    "lookalike": _lookalike,
    "trailing-dot": _spelled(lambda name: {"alternatives": (name + ".",)}),
    "other-case": _spelled(lambda name: {"alternatives": (name.title(),)}),
    "server-auth-only": partial(_odd, purposes=("serverAuth",)),
    "client-auth-only": partial(_odd, purposes=("clientAuth",)),
    "no-extended-key-usage": partial(_odd, purposes=()),
    "key-agreement-only": partial(_odd, usages=("key_agreement",)),
    "authority-as-leaf": partial(
        _odd, is_ca=True, usages=("digital_signature", "key_cert_sign")
    ),
    "sha1": _old_signature,
    "rsa-1024": _weak_key,
}
