"""One mechanical change as data, and the smallest change of a text."""

from collections.abc import Mapping
from typing import Final

import msgspec

from ringback.peers.bent.ways import Maker
from ringback.values import Role

ELSEWHERE: Final = "elsewhere"  # a kind, and how names of that kind begin


class Mutant(msgspec.Struct, frozen=True, kw_only=True):
    """``where`` is the play it was made from. Bends a role as a fault does."""

    name: str
    role: Role
    kind: str  # "message", "header", "sdp", "rtp", "http", "soap"
    where: str
    way: Maker | None
    what: str = ""
    credentials: Mapping[str, object] = msgspec.field(default_factory=dict)
    shows: str = ""
    config: Mapping[str, object] = msgspec.field(default_factory=dict)
    modes: tuple[str, ...] = ()

    def bends(self, role: Role | None, what: str) -> bool:
        return role is self.role and self.what in ("", what)


def elsewhere(mutant: Mutant) -> Mutant:
    """The same, where nobody need notice it: it is only asked who is accused."""
    name = f"{ELSEWHERE}: {mutant.name}"
    return msgspec.structs.replace(mutant, name=name, kind=ELSEWHERE)


def altered(line: bytes) -> bytes:
    """The last letter or digit behind the first colon is another."""
    octets = bytearray(line)
    for at in range(len(octets) - 1, octets.find(b":"), -1):
        if chr(octets[at]).isalnum():
            octets[at] = ord("7") if octets[at] != ord("7") else ord("3")
            break
    return bytes(octets)
