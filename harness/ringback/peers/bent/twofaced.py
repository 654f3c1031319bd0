"""A role that says things otherwise and hears them back as if it had not; one that
inserts a request of its own into a dialog. What the role itself knows never changes.

RFC 3261 §12.2 (requests of a dialog), §14 (re-INVITE); RFC 3311 §5 (UPDATE).
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from ringback.peers.bent.way import Passing, Told, Way
from ringback.peers.bent.ways import Maker
from ringback.protocol.world import Arrived, Wish, Write
from ringback.wire.message import Field, Message

Turn = Callable[[Message], Message]
BRANCH = "z9hG4bKinserted"


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


@dataclass(slots=True)
class _Dialog:
    """Of one Call-ID, as it looks from the role's side; ``seq`` is its latest CSeq
    number, ``own`` the number of what was inserted."""

    invite: Message
    link: str
    calls: bool
    answer: Message | None = None
    own: int = 0

    def request(self, method: str, with_body: bool) -> Message:
        ours, theirs = self.invite, self.answer or self.invite
        here, there = ("from", "to") if self.calls else ("to", "from")
        own, other = (ours, theirs) if self.calls else (theirs, ours)
        place = _host_port(own.first("contact"))
        via = ours.first("via").split()[0]
        fields = [
            Field.of("Via", f"{via} {place};branch={BRANCH}{method}"),
            *self._routes(),
            Field.of("Max-Forwards", "70"),
            Field.of("From", theirs.first(here)),
            Field.of("To", theirs.first(there)),
            Field.of("Call-ID", ours.first("call-id")),
            Field.of("CSeq", f"{self.own} {method}"),
        ]
        body = own.body if with_body else b""
        if method in ("INVITE", "UPDATE"):
            fields.append(Field.of("Contact", own.first("contact")))
        if body:
            fields.append(Field.of("Content-Type", own.first("content-type")))
        return Message.request(method, _uri(other.first("contact")), fields, body)

    def _routes(self) -> Iterable[Field]:
        """RFC 3261 §12.1.1, §12.1.2: in order for the callee, reversed for the
        caller."""
        recorded = (self.answer or self.invite).all("record-route")
        found = [Field.of("Route", value) for value in recorded]
        return reversed(found) if self.calls else found


def inserting(method: str, *, with_body: bool = False) -> Maker:
    """One request of that method in each dialog, right after the ACK, whoever said
    that; later ones of the role are numbered after it. Its answer is kept from the
    role."""

    def make() -> Way:
        insertion = _Insertion(method, with_body)
        return Way(said=insertion.said, heard=insertion.heard)

    return make


class _Insertion:
    """Of one seat: all its dialogs, by Call-ID."""

    def __init__(self, method: str, with_body: bool) -> None:
        self._method, self._with_body = method, with_body
        self._dialogs: dict[str, _Dialog] = {}

    def said(self, p: Passing) -> Iterable[Wish] | None:
        message = p.message
        known = _noted(self._dialogs, p, calls=True)
        if known is None or message.status:
            return None
        if known.calls and _confirms(message, known):
            return (p.as_it_is, self._begin(known))
        if known.own and _number(message) >= known.own:
            return (Write(p.link, bytes(numbered(message, 1))),)
        return None

    def heard(self, p: Passing) -> Told | None:
        message = p.message
        if message.status and BRANCH in message.first("via"):
            return (), tuple(_acknowledged(self._dialogs, p))
        known = _noted(self._dialogs, p, calls=False)
        if known is None:
            return None
        if message.status and known.own and _number(message) > known.own:
            return (Arrived(p.link, bytes(numbered(message, -1))),), ()
        if not known.calls and _confirms(message, known):
            return (Arrived(p.link, bytes(message)),), (self._begin(known),)
        return None

    def _begin(self, known: _Dialog) -> Write:
        known.own = _number(known.invite) + 1 if known.calls else 1
        request = known.request(self._method, self._with_body)
        return Write(known.link, bytes(request))


def _noted(dialogs: dict[str, _Dialog], p: Passing, *, calls: bool) -> _Dialog | None:
    """The dialog that a message belongs to, after what it says about it."""
    message, key = p.message, p.message.first("call-id")
    if message.method == "INVITE" and not message.status and not _is_within(message):
        dialogs[key] = _Dialog(message, p.link, calls)
    known = dialogs.get(key)
    if known and known.answer is None and _accepts(message, known):
        known.answer = message
    return known


def _accepts(message: Message, known: _Dialog) -> bool:
    same = _number(message) == _number(known.invite)
    return same and message.method == "INVITE" and message.status // 100 == 2


def _confirms(message: Message, known: _Dialog) -> bool:
    """The ACK to the first 2xx."""
    acks = message.method == "ACK" and not message.status
    return acks and known.answer is not None and not known.own


def _acknowledged(dialogs: dict[str, _Dialog], p: Passing) -> Iterable[Wish]:
    known = dialogs.get(p.message.first("call-id"))
    if known and p.message.method == "INVITE" and p.message.status // 100 == 2:
        yield Write(known.link, bytes(known.request("ACK", with_body=False)))


def _is_within(message: Message) -> bool:
    return ";tag=" in message.first("to").lower()


def _number(message: Message) -> int:
    words = message.first("cseq").split()
    return int(words[0]) if words and words[0].isdigit() else 0


def _uri(contact: str) -> str:
    return contact.partition("<")[2].partition(">")[0] or contact


def _host_port(contact: str) -> str:
    return _uri(contact).partition(":")[2].rpartition("@")[2].partition(";")[0]
