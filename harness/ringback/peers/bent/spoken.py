"""What a bent role says of its own accord within a call, and when it begins to.

RFC 3261 §9.1 (CANCEL), §12.2.1.1 (requests of a dialog), §13.2.2.4 (ACK).
"""

from collections.abc import Callable, Iterable

from msgspec.structs import replace

from ringback.peers.bent.way import Passing, Told, Way
from ringback.peers.bent.ways import Maker, When
from ringback.protocol.world import Alarm, Arrived, Fact, Wish, Write
from ringback.wire.message import Field, Message

COOKIE = "z9hG4bK"  # RFC 3261 §8.1.1.7
REPEATED = ("from", "to", "call-id")


# When.


def carries(name: str, *words: str) -> When:
    """It has that field, and in it every one of these words."""

    def met(p: Passing) -> bool:
        told = p.message.first(name)
        return bool(told) and all(word in told for word in words)

    return met


def lacks(name: str) -> When:
    return lambda p: not p.message.first(name)


# How.


def joined(*makers: Maker) -> Maker:
    """Several ways in one role: of each part the first that has something to change."""

    def make() -> Way:
        ways = [maker() for maker in makers]

        def said(p: Passing) -> Iterable[Wish] | None:
            return next(
                (c for w in ways if w.said and (c := w.said(p)) is not None), None
            )

        def heard(p: Passing) -> Told | None:
            return next((c for w in ways if w.heard and (c := w.heard(p))), None)

        def told(fact: Fact) -> Told | None:
            return next((c for w in ways if w.told and (c := w.told(fact))), None)

        def wished(wish: Wish) -> Iterable[Wish] | None:
            asked = ((w.wished(wish) if w.wished else None) for w in ways)
            return next((c for c in asked if c is not None), None)

        return Way(said=said, heard=heard, told=told, wished=wished)

    return make


def once(trigger: When, maker: Maker) -> Maker:
    """A way that begins when a message that meets the condition was said or heard."""

    def make() -> Way:
        way, begun = maker(), list[Passing]()

        def said(p: Passing) -> Iterable[Wish] | None:
            changed = way.said(p) if begun and way.said else None
            begun.extend([p] if trigger(p) else [])
            return changed

        def heard(p: Passing) -> Told | None:
            changed = way.heard(p) if begun and way.heard else None
            begun.extend([p] if trigger(p) else [])
            return changed

        return Way(said=said, heard=heard, told=way.told)

    return make


def hastens(purpose: str) -> Maker:
    """What waits for an alarm of that purpose does not wait."""

    def at_once(wish: Wish) -> Iterable[Wish] | None:
        if isinstance(wish, Alarm) and f":{purpose}:" in wish.alarm and wish.after:
            return (replace(wish, after=0.0),)
        return None

    return lambda: Way(wished=at_once)


def calls_after(
    invited: When,
    trigger: When,
    answered: int,
    make: Callable[[Message, Message], Message],
) -> Maker:
    """Right after a message that meets ``trigger`` was said or heard, one of our own on
    the link of the INVITE, if that was ``answered`` so: ``make`` has the INVITE and the
    latest response to it."""

    def maker() -> Way:
        invites: list[Passing] = []
        answers: list[Message] = []

        def extra() -> tuple[Wish, ...]:
            if not answers or answers[-1].status != answered:
                return ()
            made = make(invites[-1].message, answers[-1])
            return (Write(invites[-1].link, bytes(made)),)

        def noted(p: Passing) -> None:
            if invited(p):
                invites.append(p)
                answers.clear()
            elif invites and p.message.status > 100 and _answers(p, invites[-1]):
                answers.append(p.message)

        def said(p: Passing) -> Iterable[Wish] | None:
            noted(p)
            own = extra() if trigger(p) else ()
            return (Write(p.link, bytes(p.message)), *own) if own else None

        def heard(p: Passing) -> Told | None:
            noted(p)
            own = extra() if trigger(p) else ()
            return ((Arrived(p.link, bytes(p.message)),), own) if own else None

        return Way(said=said, heard=heard)

    return maker


# What.


def from_callee(invite: Message, answer: Message, method: str, seq: int = 0) -> Message:
    """A request of the callee in the dialog that ``answer`` makes."""
    contact = invite.first("contact")
    uri = contact.partition("<")[2].partition(">")[0] or contact
    fields = (
        _via(answer, f"own{seq}"),
        Field.of("Max-Forwards", "70"),
        Field.of("From", answer.first("to")),
        Field.of("To", invite.first("from")),
        Field.of("Call-ID", invite.first("call-id")),
        Field.of("CSeq", f"{seq} {method}"),
    )
    return Message.request(method, uri, fields)


def cancel_of(invite: Message) -> Message:
    kept = tuple(f for f in invite.fields if f.name in REPEATED)
    seq = invite.first("cseq").partition(" ")[0]
    fields = (
        Field.of("Via", invite.first("via")),
        Field.of("Max-Forwards", "70"),
        *kept,
        Field.of("CSeq", f"{seq} CANCEL"),
    )
    return Message.request("CANCEL", invite.uri, fields)


def ack_of(invite: Message, answer: Message) -> Message:
    """The ACK that a caller sends for a 2xx."""
    seq = invite.first("cseq").partition(" ")[0]
    contact = answer.first("contact")
    uri = contact.partition("<")[2].partition(">")[0] or contact
    fields = (
        _via(invite, "ack"),
        Field.of("Max-Forwards", "70"),
        Field.of("From", invite.first("from")),
        Field.of("To", answer.first("to")),
        Field.of("Call-ID", invite.first("call-id")),
        Field.of("CSeq", f"{seq} ACK"),
    )
    return Message.request("ACK", uri, fields)


def _via(message: Message, branch: str) -> Field:
    """Ours, or that of the other side: whose Via it is does not matter to a bend."""
    place = message.first("via").partition(";")[0]
    call = "".join(c for c in message.first("call-id") if c.isalnum())
    return Field.of("Via", f"{place};branch={COOKIE}{branch}{call[:16]}")


def _answers(p: Passing, invite: Passing) -> bool:
    asked, told = invite.message, p.message
    return all(asked.first(n) == told.first(n) for n in ("call-id", "cseq"))
