"""A URI as it stood, with its parts: SIP and SIPS, tel, and all the others.

RFC 3261 §19.1 and §25.1 give the SIP grammar, RFC 3261 §19.1.4 comparison, RFC 3966
telephone numbers.
"""

import re
from functools import lru_cache
from ipaddress import AddressValueError, IPv6Address
from typing import Self
from urllib.parse import unquote

import msgspec

from ringback.wire.message import malformed

Params = tuple[tuple[str, str | None], ...]

_ESCAPED = "%[0-9A-Fa-f]{2}"
_UNRESERVED = r"A-Za-z0-9\-_.!~*'()"
_USER = rf"(?:[{_UNRESERVED}&=+$,;?/]|{_ESCAPED})++"
_PASSWORD = rf"(?:[{_UNRESERVED}&=+$,]|{_ESCAPED})*+"
HOST = r"\[[0-9A-Fa-f:.]++\]|[A-Za-z0-9_.\-]++"
_SIP = re.compile(
    rf"(sips?):(?:({_USER})(?::({_PASSWORD}))?@)?({HOST})(?::([0-9]++))?"
    r"((?:;[^;?]*+)*+)(?:\?(.*))?",
    re.IGNORECASE | re.ASCII,
)
_PARAM_CHARS = rf"(?:[{_UNRESERVED}\[\]/:&+$]|{_ESCAPED})++"
_PARAM = re.compile(rf"({_PARAM_CHARS})(?:=({_PARAM_CHARS}))?")
_HEADER_CHARS = rf"(?:[{_UNRESERVED}\[\]/?:+$]|{_ESCAPED})"
_HEADER = re.compile(rf"({_HEADER_CHARS}++)=({_HEADER_CHARS}*+)")
_TEL = re.compile(
    r"tel:(\+?[0-9A-Fa-f*#\-.()]*[0-9A-Fa-f*#][\-.()]*)(;.*)?", re.I | re.A
)
_OTHER = re.compile(r"([A-Za-z][A-Za-z0-9+.\-]*+):([!#-;=?-~]++)")
_FOREIGN = re.compile(rf"[^{_UNRESERVED}%;/?:@&=+$,\[\]#]|%(?![0-9A-Fa-f]{{2}})")
_DECISIVE = ("user", "ttl", "method", "maddr", "transport")


class SipUri(msgspec.Struct, frozen=True):
    """``host`` has no brackets; user, params and headers are spelled as they stood.

    ``param`` looks through escapes and case, and tells a parameter without a value
    (empty text) from one that is not there (None).
    """

    text: str
    scheme: str
    user: str
    password: str
    host: str
    port: int | None
    params: Params = ()
    headers: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(
        cls,
        user: str,
        host: str,
        port: int | None = None,
        secured: bool = False,
        **params: str,
    ) -> Self:
        """Compose one; an empty parameter value leaves a bare name (``lr=""``)."""
        scheme = "sips" if secured else "sip"
        place = f"[{host}]" if ":" in host else host
        text = f"{scheme}:{user}@{place}" if user else f"{scheme}:{place}"
        text += "" if port is None else f":{port}"
        text += "".join(f";{k}={v}" if v else f";{k}" for k, v in params.items())
        return cls(*_sip_parts(text))

    def __str__(self) -> str:
        return self.text

    @property
    def octets(self) -> bytes:
        return self.text.encode("utf-8", "surrogateescape")

    def param(self, name: str) -> str | None:
        return _param(self.params, name)

    @property
    def transport(self) -> str:
        """Lower case; empty when the URI names none."""
        return (self.param("transport") or "").lower()

    @property
    def maddr(self) -> str:
        """The address to send to instead of the host, without brackets, or empty."""
        return (self.param("maddr") or "").strip("[]")

    @property
    def lr(self) -> bool:
        """Loose routing (RFC 3261 §19.1.1); products write ``lr=on`` as well."""
        return self.param("lr") is not None


class TelUri(msgspec.Struct, frozen=True):
    """``number`` keeps its visual separators (RFC 3966 §5.1.1)."""

    text: str
    number: str
    params: Params = ()

    scheme = "tel"

    def __str__(self) -> str:
        return self.text

    @property
    def octets(self) -> bytes:
        return self.text.encode("utf-8", "surrogateescape")

    def param(self, name: str) -> str | None:
        return _param(self.params, name)


class OtherUri(msgspec.Struct, frozen=True):
    """Any other scheme (lower case) and what follows its colon."""

    text: str
    scheme: str
    rest: str

    def __str__(self) -> str:
        return self.text

    @property
    def octets(self) -> bytes:
        return self.text.encode("utf-8", "surrogateescape")


Uri = SipUri | TelUri | OtherUri


@lru_cache(maxsize=2048)
def parse(text: str) -> Uri:
    """Read one URI; Malformed when no grammar takes it (RFC 3261 §25.1)."""
    scheme = text.partition(":")[0].lower()
    if scheme in ("sip", "sips"):
        return SipUri(*_sip_parts(text))
    if scheme == "tel":
        return _tel(text)
    found = _OTHER.fullmatch(text)
    if not found:
        raise malformed("no URI", text, _offence(text))
    return OtherUri(text, scheme, found[2])


def same(one: Uri, other: Uri) -> bool:
    """Whether two URIs are equal as RFC 3261 §19.1.4 and RFC 3966 §4 compare them."""
    if one.text == other.text:
        return True
    if isinstance(one, SipUri) and isinstance(other, SipUri):
        return (
            _identity(one) == _identity(other)
            and _params_agree(one, other)
            and _headers(one) == _headers(other)
        )
    if isinstance(one, TelUri) and isinstance(other, TelUri):
        return _dialled(one) == _dialled(other)
    if isinstance(one, OtherUri) and isinstance(other, OtherUri):
        return (one.scheme, one.rest) == (other.scheme, other.rest)
    return False


_SipParts = tuple[
    str, str, str, str, str, int | None, Params, tuple[tuple[str, str], ...]
]


def _sip_parts(text: str) -> _SipParts:
    found = _SIP.fullmatch(text)
    if not found:
        raise malformed("no SIP URI", text, _offence(text))
    scheme, user, password, host, port, params, headers = found.groups()
    return (
        text,
        scheme.lower(),
        user or "",
        password or "",
        _host(host, text, found.start(4)),
        None if port is None else _port(port, text, found.start(5)),
        _params(params, text, found.start(6)) if params else (),
        () if headers is None else _header_parts(headers, text, found.start(7)),
    )


def _tel(text: str) -> TelUri:
    found = _TEL.fullmatch(text)
    if not found:
        raise malformed("no telephone number", text, _offence(text) or 4)
    return TelUri(text, found[1], _params(found[2] or "", text, found.start(2)))


def _host(spelled: str, text: str, at: int) -> str:
    if not spelled.startswith("["):
        return spelled
    try:
        IPv6Address(spelled[1:-1])
    except AddressValueError:
        raise malformed("no IPv6 address", text, at) from None
    return spelled[1:-1]


def _port(digits: str, text: str, at: int) -> int:
    if len(digits.lstrip("0")) > 5 or int(digits[-6:]) > 65535:
        raise malformed("no port number", text, at)
    return int(digits[-6:])


def _params(spelled: str, text: str, at: int) -> Params:
    params: list[tuple[str, str | None]] = []
    for part in spelled.split(";")[1:]:
        at += 1
        found = _PARAM.fullmatch(part)
        if not found:
            raise malformed("no URI parameter", text, at)
        params.append((found[1], found[2]))
        at += len(part)
    return tuple(params)


def _header_parts(spelled: str, text: str, at: int) -> tuple[tuple[str, str], ...]:
    headers: list[tuple[str, str]] = []
    for part in spelled.split("&"):
        found = _HEADER.fullmatch(part)
        if not found:
            raise malformed("no URI header", text, at)
        headers.append((found[1], found[2]))
        at += len(part) + 1
    return tuple(headers)


def _offence(text: str) -> int:
    """Where the first character stands that no URI may hold; else the start."""
    found = _FOREIGN.search(text)
    return found.start() if found else 0


def _param(params: Params, name: str) -> str | None:
    for spelled, value in params:
        if spelled.lower() == name or unquote(spelled).lower() == name.lower():
            return unquote(value or "")
    return None


def _identity(uri: SipUri) -> tuple[str, str, str, str, int | None]:
    user, password = unquote(uri.user), unquote(uri.password)
    return uri.scheme, user, password, uri.host.lower(), uri.port


def _params_agree(one: SipUri, other: SipUri) -> bool:
    mine, theirs = _folded(one.params), _folded(other.params)
    common = mine.keys() & theirs.keys()
    return all(mine[name] == theirs[name] for name in common) and all(
        (name in mine) == (name in theirs) for name in _DECISIVE
    )


def _folded(params: Params) -> dict[str, str]:
    return {unquote(k).lower(): unquote(v or "").lower() for k, v in params}


def _headers(uri: SipUri) -> list[tuple[str, str]]:
    return sorted((unquote(k).lower(), unquote(v)) for k, v in uri.headers)


def _dialled(uri: TelUri) -> tuple[str, dict[str, str]]:
    return re.sub(r"[\-.()]", "", uri.number).lower(), _folded(uri.params)
