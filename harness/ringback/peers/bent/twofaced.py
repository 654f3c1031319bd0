"""A role that says things otherwise and hears them back as if it had not. What the
role itself knows never changes. RFC 3261 §8.1.1.5 (CSeq), RFC 3262 §7.2 (RAck).
"""

from collections.abc import Callable, Iterable

from msgspec.structs import replace

from ringback.peers.bent.way import Passing, Told, Way
from ringback.peers.bent.ways import Maker
from ringback.protocol.world import Arrived, Wish, Write
from ringback.wire.message import Field, Message

Turn = Callable[[Message], Message]


def disguises(out: Turn, back: Turn) -> Maker:
    """``out`` changes what leaves, ``back`` what comes; each gives its message back
    where it has nothing to change."""

    def said(p: Passing) -> Iterable[Wish] | None:
        changed = out(p.message)
        return None if changed is p.message else (Write(p.link, bytes(changed)),)

    def heard(p: Passing) -> Told | None:
        changed = back(p.message)
        if changed is p.message:
            return None
        return (Arrived(p.link, bytes(changed)),), ()

    return lambda: Way(said=said, heard=heard)


def numbered(message: Message, more: int) -> Message:
    """With another CSeq number, and RAck where that repeats it."""

    def other(one: Field) -> Field:
        words = one.value.split()
        at = {"cseq": 0, "rack": 1}.get(one.name)
        if at is None or at >= len(words) or not words[at].isdigit():
            return one
        words[at] = str(int(words[at]) + more)
        return Field.of(one.name, " ".join(words))

    return replace(message, fields=tuple(map(other, message.fields)))
