"""A peer that writes down what it is told, and answers as it is told to."""

from collections.abc import Callable
from dataclasses import dataclass, field

from ringback.protocol.world import (
    Arrived,
    Connect,
    Fact,
    Listener,
    Lost,
    Started,
    Wish,
    Write,
)
from ringback.values import Address


@dataclass
class Scribe:
    """``told`` is every fact, in order."""

    answers: Callable[[Fact], tuple[Wish, ...]] = lambda _fact: ()
    listeners: tuple[Listener, ...] = ()
    told: list[Fact] = field(default_factory=list)

    def on(self, fact: Fact) -> tuple[Wish, ...]:
        self.told.append(fact)
        return self.answers(fact)

    def leftovers(self) -> tuple[str, ...]:
        return ()

    def saw(self, kind: type[Fact]) -> bool:
        return any(isinstance(fact, kind) for fact in self.told)

    @property
    def heard(self) -> bytes:
        """What arrived on all links."""
        return b"".join(f.octets for f in self.told if isinstance(f, Arrived))

    @property
    def reason(self) -> str:
        """Why the first link was lost."""
        return next((f.reason for f in self.told if isinstance(f, Lost)), "")


def echoes(fact: Fact) -> tuple[Wish, ...]:
    return (Write(fact.link, fact.octets),) if isinstance(fact, Arrived) else ()


def echo(*listeners: Listener) -> Scribe:
    """A server that sends back what it gets, on 5060 unless told otherwise."""
    return Scribe(echoes, listeners or (Listener(5060),))


def dials(target: Address, *more: Wish) -> Scribe:
    """A client that connects its link "a" at once."""
    return Scribe(lambda f: (Connect("a", target), *more) if f == Started() else ())
