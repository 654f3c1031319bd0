"""Ways to be wrong or odd in HTTP and SOAP: whole messages, as they leave and come.

RFC 9112, RFC 9110 §15, SOAP 1.1. What a web role of ours says is one Write, and what it
is told comes in one piece.
"""

import re
from collections.abc import Callable, Iterable

from msgspec.structs import replace

from ringback.peers.bent.way import Told, Way
from ringback.peers.bent.ways import Maker
from ringback.protocol.world import Arrived, Wish, Write

Head = list[bytes]  # the start line, then the fields
Page = tuple[Head, bytes]
Turn = Callable[[Head, bytes], Page | None]  # None: it passes as it is
Change = Callable[[bytes], bytes]  # of the content
BLANK = b"\r\n\r\n"
LENGTH = b"Content-Length"
SERVED = b"HTTP/1.1 200 OK"
XML = b"Content-Type: text/xml; charset=utf-8"


# What is said.


def rewrites(turn: Turn) -> Maker:
    """Each message that leaves, by what ``turn`` makes of it."""
    return rewriting(lambda: turn)


def rewriting(make: Callable[[], Turn]) -> Maker:
    """The same by a turn that remembers: each seat has one of its own."""

    def maker() -> Way:
        turn = make()

        def wished(wish: Wish) -> Iterable[Wish] | None:
            page = _page(wish.octets) if isinstance(wish, Write) else None
            changed = turn(*page) if page else None
            if changed is None:
                return None
            return (replace(wish, octets=_octets(*changed)),)

        return Way(wished=wished)

    return maker


def tells(change: Change) -> Maker:
    """Answers with another content; those that it leaves alone pass."""
    return rewrites(content(change))


def telling(make: Callable[[], Change]) -> Maker:
    """The same by a change that remembers."""
    return rewriting(lambda: content(make()))


def answered_with(start: bytes, when: bytes) -> Maker:
    """Another start line on answers that hold ``when``."""
    return rewrites(
        lambda head, body: (
            ([start, *head[1:]], body) if _answers(head) and when in body else None
        )
    )


# What is heard.


def answers(serve: Callable[[], Callable[[bytes], bytes | None]]) -> Maker:
    """Requests are answered in the role's place, on 200, with what ``serve()`` makes of
    their content; None leaves it to the role."""

    def maker() -> Way:
        served = serve()

        def raw(fact: Arrived) -> Told | None:
            page = _page(fact.octets)
            body = served(page[1]) if page else None
            if body is None:
                return None
            return (), (Write(fact.link, _octets([SERVED, XML], body)),)

        return Way(raw=raw)

    return maker


def mistakes(make: Callable[[], Turn]) -> Maker:
    """Requests are heard otherwise than they were said. The answer is said as it is,
    for the record of what the bend did: it is the wrong one."""

    def maker() -> Way:
        turn, owed = make(), set[str]()

        def raw(fact: Arrived) -> Told | None:
            page = _page(fact.octets)
            changed = turn(*page) if page else None
            if changed is None:
                return None
            owed.add(fact.link)
            return (replace(fact, octets=_octets(*changed)),), ()

        def wished(wish: Wish) -> Iterable[Wish] | None:
            if not isinstance(wish, Write) or wish.link not in owed:
                return None
            owed.discard(wish.link)
            return (wish,)

        return Way(raw=raw, wished=wished)

    return maker


# Changes.


def content(change: Change) -> Turn:
    """That change of what answers hold, with a true length."""

    def turn(head: Head, body: bytes) -> Page | None:
        octets = change(body) if _answers(head) else body
        return None if octets == body else (head, octets)

    return turn


def word(old: str, new: str, *, where: str = "") -> Change:
    """Elements that hold ``old`` hold ``new``, in contents with ``where`` in them."""
    before, after = f">{old}<".encode(), f">{new}<".encode()
    return lambda body: body.replace(before, after) if where.encode() in body else body


def words(pattern: str, new: str) -> Change:
    """Every element whose whole text is the pattern holds ``new``."""
    found = re.compile(f">(?:{pattern})<".encode())
    return lambda body: found.sub(f">{new}<".encode(), body)


def field_of(head: Head, name: bytes) -> bytes:
    """The value of that field, empty where there is none."""
    start = name.lower() + b":"
    fields = (x.partition(b":")[2].strip() for x in head if x.lower().startswith(start))
    return next(fields, b"")


def with_field(head: Head, name: bytes, value: bytes) -> Head:
    """The fields with that one for others of its name."""
    start = name.lower() + b":"
    kept = [x for x in head if not x.lower().startswith(start)]
    return [*kept, name + b": " + value]


# The common machinery.


def _answers(head: Head) -> bool:
    return head[0].startswith(b"HTTP/1.1 ")


def _page(octets: bytes) -> Page | None:
    if b"HTTP/1.1" not in octets[:200]:
        return None
    head, blank, body = octets.partition(BLANK)
    return (head.split(b"\r\n"), body) if blank else None


def _octets(head: Head, body: bytes) -> bytes:
    """With a true Content-Length, unless it goes in chunks."""
    length = b"%d" % len(body)
    if not (field_of(head, b"Transfer-Encoding") or field_of(head, LENGTH) == length):
        head = with_field(head, LENGTH, length)
    return b"\r\n".join(head) + BLANK + body
