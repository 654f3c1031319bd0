"""The usual ways to be wrong or odd, to be combined with a condition.

Each function gives a maker: whoever seats a role makes a Way of its own from it.
"""

from collections.abc import Callable, Iterable
from itertools import count

from msgspec.structs import replace

from ringback.faults import Malformed
from ringback.peers.bent.way import Passing, Told, Way
from ringback.protocol.replies import stamped
from ringback.protocol.world import (
    Alarm,
    Bind,
    Cast,
    Close,
    Fact,
    Heard,
    Rang,
    Started,
    Wish,
    Write,
)
from ringback.values import Role
from ringback.wire.message import Field, Message

Maker = Callable[[], Way]
When = Callable[[Passing], bool]
Change = Callable[[Message], Message | bytes]
ALARM = "bent:"  # how the alarms of bends begin


# When.


def request(*methods: str, to: Role | None = None) -> When:
    """A request of one of these methods, of any when none is named."""
    return lambda p: (
        not p.message.status
        and (not methods or p.message.method in methods)
        and to in (None, p.neighbour)
    )


def response(*statuses: int, of: str = "", to: Role | None = None) -> When:
    """A response with one of these codes, any when none is named, to such a method."""
    return lambda p: (
        bool(p.message.status)
        and (not statuses or p.message.status in statuses)
        and of in ("", p.message.method)
        and to in (None, p.neighbour)
    )


def anything(p: Passing) -> bool:
    return True


def either(*whens: When) -> When:
    return lambda p: any(when(p) for when in whens)


def both(*whens: When) -> When:
    return lambda p: all(when(p) for when in whens)


def lacking_to_tag(p: Passing) -> bool:
    """A request outside of any dialog."""
    return ";tag=" not in p.message.first("to").lower()


def within_dialog(p: Passing) -> bool:
    return not lacking_to_tag(p)


# How, with what leaves.


def says(when: When, *changes: Change, nth: int | None = None) -> Maker:
    """Messages that meet the condition are said otherwise; only the ``nth`` of them,
    counted from 0, when that is given. Several changes: one after the other."""

    def otherwise(p: Passing) -> Iterable[Wish]:
        message: Message | bytes = p.message
        for change in changes:
            assert isinstance(message, Message)
            message = change(message)
        return (Write(p.link, bytes(message)),)

    return _saying(when, otherwise, nth)


def omits(when: When, *, nth: int | None = None) -> Maker:
    """They are not said at all."""
    return _saying(when, lambda p: (), nth)


def repeats(when: When, *, nth: int | None = None) -> Maker:
    """They are said twice."""
    return _saying(when, lambda p: (_same(p), _same(p)), nth)


def adds(
    when: When,
    *more: Callable[[Message], Message | bytes],
    before: bool = False,
    nth: int | None = None,
) -> Maker:
    """Something else is said on the same link right after them, or before them."""

    def also(p: Passing) -> Iterable[Wish]:
        extra = [Write(p.link, bytes(make(p.message))) for make in more]
        return (*extra, _same(p)) if before else (_same(p), *extra)

    return _saying(when, also, nth)


def shuts(when: When, *, nth: int | None = None) -> Maker:
    """The connection is closed right after them."""
    return _saying(when, lambda p: (_same(p), Close(p.link)), nth)


def delays(when: When, seconds: float, *, nth: int | None = None) -> Maker:
    """They are said so much later, in their order; what follows is not held back."""

    def make() -> Way:
        waiting: dict[str, Passing] = {}
        numbers = count()
        due = _counted(when, nth)

        def said(p: Passing) -> Iterable[Wish] | None:
            if not due(p):
                return None
            alarm = f"{ALARM}late:{next(numbers)}"
            waiting[alarm] = p
            return (Alarm(alarm, seconds),)

        def told(fact: Fact) -> Told | None:
            if isinstance(fact, Rang) and fact.alarm in waiting:
                return (), (_same(waiting.pop(fact.alarm)),)
            return None

        return Way(said=said, told=told)

    return make


def swaps(first: When, second: When) -> Maker:
    """What meets ``first`` is kept back until ``second`` was said."""

    def make() -> Way:
        kept: list[Passing] = []

        def said(p: Passing) -> Iterable[Wish] | None:
            if first(p):
                kept.append(p)
                return ()
            if kept and second(p):
                late = [_same(one) for one in kept]
                kept.clear()
                return (_same(p), *late)
            return None

        return Way(said=said)

    return make


# How, with what comes.


def ignores(when: When, *, nth: int | None = None) -> Maker:
    """They are not heard."""
    return _hearing(when, lambda p: ((), ()), nth)


def replies(
    when: When, *makes: Callable[[Message], Message | bytes], nth: int | None = None
) -> Maker:
    """They are answered at once by somebody who has not understood; the role itself
    never hears of them. The Via is stamped as ever (RFC 3261 §18.2.1)."""

    def at_once(p: Passing) -> Told:
        said = (make(p.message) for make in makes)
        return (), tuple(Write(p.link, bytes(returned(m, p))) for m in said)

    return _hearing(when, at_once, nth)


def mishears(when: When, change: Change, *, nth: int | None = None) -> Maker:
    """They are heard otherwise than they were said."""
    from ringback.protocol.world import Arrived

    def otherwise(p: Passing) -> Told:
        return (Arrived(p.link, bytes(change(p.message))),), ()

    return _hearing(when, otherwise, nth)


def pretends(when: When, heard: Change, said: Change, *, answers: When) -> Maker:
    """They are heard otherwise, and the next answer to them is said so that nobody
    can see it."""
    from ringback.protocol.world import Arrived

    def make() -> Way:
        misheard: list[Passing] = []

        def hears(p: Passing) -> Told | None:
            if not when(p):
                return None
            misheard.append(p)
            return (Arrived(p.link, bytes(heard(p.message))),), ()

        def says_so(p: Passing) -> Iterable[Wish] | None:
            if not misheard or not answers(p):
                return None
            misheard.clear()
            return (Write(p.link, bytes(said(p.message))),)

        return Way(said=says_so, heard=hears)

    return make


def hangs_up_on(when: When, *, nth: int | None = None) -> Maker:
    """The connection that they came on is closed in their face; the role is told."""
    from ringback.protocol.world import Lost

    def closed(p: Passing) -> Told:
        return (Lost(p.link, "closed"),), (Close(p.link),)

    return _hearing(when, closed, nth)


# How, with datagrams.


def casts(
    change: Callable[[int, Cast], Iterable[Wish] | None], *, to: Role | None = None
) -> Maker:
    """Each datagram that leaves (for that role), with its number from 0."""

    def make() -> Way:
        numbers = count()

        def cast(wish: Cast, neighbour: Role | None) -> Iterable[Wish] | None:
            return change(next(numbers), wish) if to in (None, neighbour) else None

        return Way(cast=cast)

    return make


def speaks_udp(port: int, answer: Callable[[bytes], bytes]) -> Maker:
    """Listens for SIP by UDP as well, and answers."""

    def told(fact: Fact) -> Told | None:
        if isinstance(fact, Started):
            return (fact,), (Bind(port),)
        if isinstance(fact, Heard) and fact.port == port:
            return (), (Cast(port, fact.source, answer(fact.octets)),)
        return None

    return lambda: Way(told=told)


# The common machinery.


def _saying(
    when: When, otherwise: Callable[[Passing], Iterable[Wish]], nth: int | None
) -> Maker:
    def make() -> Way:
        due = _counted(when, nth)
        return Way(said=lambda p: otherwise(p) if due(p) else None)

    return make


def _hearing(
    when: When, otherwise: Callable[[Passing], Told], nth: int | None
) -> Maker:
    def make() -> Way:
        due = _counted(when, nth)
        return Way(heard=lambda p: otherwise(p) if due(p) else None)

    return make


def _counted(when: When, nth: int | None) -> When:
    if nth is None:
        return when
    met = count()
    return lambda p: when(p) and next(met) == nth


def _same(p: Passing) -> Write:
    return Write(p.link, bytes(p.message))


def returned(said: Message | bytes, p: Passing) -> Message | bytes:
    if not isinstance(said, Message) or said.first("via") != p.message.first("via"):
        return said
    via, *others = (f for f in said.fields if f.name == "via")
    try:
        whole = Field.of("Via", stamped(via.value, p.source))
    except Malformed:  # it goes back as it came
        return said
    kept = (f for f in said.fields if f.name != "via")
    return replace(said, fields=(whole, *others, *kept))
