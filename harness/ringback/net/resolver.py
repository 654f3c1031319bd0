"""Names to addresses: the given ones first, then the system's."""

import ipaddress
import socket
from collections.abc import Mapping

_NEVER_ASKED = (".test", ".example", ".invalid", ".localhost")  # RFC 6761 §6


class Resolver:
    """Each network owns one. ``given`` stands in for DNS (``--resolve``)."""

    def __init__(
        self, given: Mapping[str, str] | None = None, *, asks_system: bool = True
    ) -> None:
        self._known: dict[str, str] = {"localhost": "127.0.0.1"}
        self._asks_system = asks_system
        for name, address in (given or {}).items():
            self.add(name, address)

    def add(self, name: str, address: str) -> None:
        """From now on the name stands for that address."""
        self._known[_canonical(name)] = address

    def address(self, name: str) -> str:
        """An IP literal as it is; LookupError says which name is unknown and why."""
        if found := self._known.get(name):
            return found
        canonical = _canonical(name)
        if found := self._known.get(canonical):
            return found
        if not _is_literal(canonical):
            canonical = self._asked(canonical)
        self._known[name] = canonical
        return canonical

    def _asked(self, name: str) -> str:
        if not self._asks_system or f".{name}".endswith(_NEVER_ASKED):
            raise LookupError(f"cannot resolve {name}: nobody said where it is")
        try:
            found = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as trouble:
            raise LookupError(f"cannot resolve {name}: {trouble}") from trouble
        return str(found[0][4][0])


def _canonical(name: str) -> str:
    return name.strip("[]").rstrip(".").lower()


def _is_literal(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
