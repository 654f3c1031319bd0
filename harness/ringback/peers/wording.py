"""What a probe writes into its messages and reads out of those of others.

RFC 3261 §9.1 (what a CANCEL repeats), §17.1.3 (which request a response answers).
"""

import re

from ringback.wire.message import Field, Message

_BRANCH = re.compile(r"; *branch *= *([^; ]*)", re.IGNORECASE)
_REPEATED = ("via", "from", "to", "call-id", "route", "max-forwards")


def over(own: tuple[Field, ...], fields: tuple[Field, ...]) -> tuple[Field, ...]:
    """``fields`` in place of those of the same name."""
    said = {f.name for f in fields}
    return (*(f for f in own if f.name not in said), *fields)


def same_call(one: Message, other: Message) -> bool:
    return one.first("call-id") == other.first("call-id")


def key(message: Message) -> tuple[str, str]:
    """Call-ID and CSeq: few requests of ours share them (RFC 3261 §17.1.3)."""
    return message.first("call-id"), " ".join(message.first("cseq").split())


def branch(message: Message) -> str:
    """Of the topmost Via, as far as it can be told: it may be odd on purpose."""
    found = _BRANCH.search(message.first("via"))
    return found[1] if found else ""


def like(invite: Message, method: str) -> Message:
    """A request to whoever got that one, with its top Via only (RFC 3261 §9.1)."""
    fields: list[Field] = []
    for one in invite.fields:
        again = one.name == "via" and any(f.name == "via" for f in fields)
        if one.name in _REPEATED and not again:
            fields.append(one)
    seq = invite.first("cseq").split()[0]
    fields.append(Field.of("CSeq", f"{seq} {method}"))
    return Message.request(method, invite.uri, fields)
