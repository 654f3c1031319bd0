"""Small changes to one SIP message, as faults and quirks want them. Content-Length is
kept true unless it is itself what changes (RFC 3261 §20.14)."""

from collections.abc import Callable

from msgspec.structs import replace

from ringback.wire.message import Field, Message

Change = Callable[[Message], Message]


def field(name: str, value: str) -> Change:
    """That field with another value: the first of the name is replaced, the others
    go; it is added where there was none."""

    def change(message: Message) -> Message:
        new, done = [], False
        for one in message.fields:
            if one.name != name.lower():
                new.append(one)
            elif not done:
                done = True
                new.append(Field.of(name, value))
        return replace(
            message, fields=(*new, *(() if done else (Field.of(name, value),)))
        )

    return change


def lacking(*names: str) -> Change:
    """Without any field of these names."""

    def change(message: Message) -> Message:
        for name in names:
            message = message.without(name)
        return message

    return change


def adding(name: str, value: str) -> Change:
    """One more field, below the others of its kind and all else."""

    def change(message: Message) -> Message:
        return replace(message, fields=(*message.fields, Field.of(name, value)))

    return change


def reworded(name: str, change: Callable[[str], str]) -> Change:
    """Every value of that field by what ``change`` makes of it."""

    def changed(message: Message) -> Message:
        fields = [
            Field.of(name, change(f.value)) if f.name == name.lower() else f
            for f in message.fields
        ]
        return replace(message, fields=tuple(fields))

    return changed


def start(old: str, new: str) -> Change:
    """The start line with other words in it."""
    return lambda m: replace(m, start=m.start.replace(old.encode(), new.encode()))


def status(code: int, reason: str) -> Change:
    """The same response with another code."""
    return lambda m: replace(m, start=f"SIP/2.0 {code} {reason}".encode())


def body(change: Callable[[bytes], bytes]) -> Change:
    """Another body of a true length."""

    def changed(message: Message) -> Message:
        octets = change(message.body)
        whole = replace(message, body=octets)
        return field("Content-Length", str(len(octets)))(whole)

    return changed


def worded(old: str, new: str) -> Change:
    """Other words in the body."""
    return body(lambda octets: octets.replace(old.encode(), new.encode()))


def refused(code: int, reason: str, *more: Field) -> Callable[[Message], Message]:
    """The response of somebody who refuses whatever he is asked (RFC 3261 §8.2.6)."""

    def make(request: Message) -> Message:
        kept = ("via", "from", "to", "call-id", "cseq")
        fields = [f for f in request.fields if f.name in kept]
        if code > 100 and ";tag=" not in request.first("to").lower():
            tagged = Field.of("To", request.first("to") + ";tag=bent")
            fields = [tagged if f.name == "to" else f for f in fields]
        return Message.response(code, reason, (*fields, *more))

    return make
