"""A role that says one request more in each of its dialogs, and knows nothing of it.

RFC 3261 §12.2.1.1 (requests of a dialog, their numbers), §14.1 and §14.2 with RFC 3311
§5.2 (one change at a time); RFC 3311 §5.1 (UPDATE).
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from msgspec.structs import replace

from ringback.faults import Malformed
from ringback.peers.bent.changes import refused, start
from ringback.peers.bent.twofaced import numbered
from ringback.peers.bent.way import Passing, Told, Way
from ringback.peers.bent.ways import Maker, returned
from ringback.protocol.dialog import Dialog, contact_uri
from ringback.protocol.invite_client import ack_of_refusal
from ringback.protocol.world import Arrived, Wish, Write
from ringback.wire.headers import NameAddr
from ringback.wire.message import Field, Message

BRANCH = "z9hG4bKinserted"
PENDING = refused(491, "Request Pending")


def inserting(method: str, *, with_body: bool = False) -> Maker:
    """One request of that method in each dialog, right after the ACK, whoever said
    that; later ones of the role are numbered after it. Its answer is kept from the
    role."""

    def make() -> Way:
        insertion = _Insertion(method, with_body)
        return Way(said=insertion.said, heard=insertion.heard)

    return make


@dataclass(slots=True)
class _Talk:
    """One dialog as it looks from the role's side. ``seq`` is the highest number that
    the role has said, ``own`` that of what was inserted and is ``pending`` until it is
    answered; ``late`` is what has to wait for that, ``moved`` where the far end is by
    its answer."""

    invite: Message
    answer: Message
    link: str
    calls: bool
    seq: int
    own: int = 0
    pending: Message | None = None
    moved: str = ""
    glared: set[int] = field(default_factory=set)  # their INVITEs that got our 491
    late: list[Passing] = field(default_factory=list)

    @property
    def branch(self) -> str:
        """Another one in each dialog (RFC 3261 §8.1.1.7)."""
        call = f"{self.invite.first('call-id')}{_tag('to', self.answer)}"
        return BRANCH + "".join(c for c in call if c.isalnum())[:60]

    @property
    def there(self) -> str:
        """Where the role believes the far end to be."""
        return contact_uri(self.answer if self.calls else self.invite)

    def after(self, p: Passing) -> Write:
        """A later request of the role: numbered after ours, and to where the far end is
        by its answer to ours (RFC 3261 §12.2.1.2)."""
        message = numbered(p.message, 1)
        if self.moved and message.uri == self.there:
            message = start(f" {self.there} ", f" {self.moved} ")(message)
        return Write(p.link, bytes(message))

    def request(self, method: str, body: bytes = b"") -> Message:
        made = Dialog.of_response if self.calls else Dialog.of_request
        dialog = replace(made(self.invite, self.answer), local_seq=self.own - 1)
        dialog = replace(dialog, target=self.moved or dialog.target)
        here = self.invite if self.calls else self.answer
        contact = Field.of("Contact", here.first("contact"))
        more = [contact] if method in ("INVITE", "UPDATE") else []
        if body:
            more.append(Field.of("Content-Type", here.first("content-type")))
        whole = dialog.request(method, tuple(more), body)[1]
        return whole.under(self._via(method, here))

    def _via(self, method: str, here: Message) -> Field:
        transport = self.invite.first("via").split()[0]
        place = here.first("contact").partition(":")[2].rpartition("@")[2]
        place = place.partition(";")[0].partition(">")[0]
        return Field.of("Via", f"{transport} {place};branch={self.branch}{method}")


class _Insertion:
    """Of one seat: its INVITEs by Call-ID, its dialogs by Call-ID and remote tag."""

    def __init__(self, method: str, with_body: bool) -> None:
        self._method, self._with_body = method, with_body
        self._invites: dict[str, Passing] = {}
        self._calls: dict[str, bool] = {}
        self._highest: dict[str, int] = {}
        self._talks: dict[tuple[str, str], _Talk] = {}

    def said(self, p: Passing) -> Iterable[Wish] | None:
        message = p.message
        self._note(p, calls=True)
        if message.status:
            return None
        talk = self._talks.get((message.first("call-id"), _tag("to", message)))
        if talk is None:
            return None
        talk.seq = max(talk.seq, _number(message))
        if talk.calls and not talk.own and message.method == "ACK":
            return (p.as_it_is, self._begin(talk))
        if talk.own and _number(message) >= talk.own:
            if talk.pending and message.method in ("INVITE", "UPDATE"):
                talk.late.append(p)
                return ()
            return (talk.after(p),)
        return None

    def heard(self, p: Passing) -> Told | None:
        message = p.message
        if message.status and BRANCH in message.first("via"):
            return (), tuple(self._settled(p))
        self._note(p, calls=False)
        remote = _tag("to", message) if message.status else _tag("from", message)
        talk = self._talks.get((message.first("call-id"), remote))
        if talk is None:
            return None
        if message.status:
            later = talk.own and _number(message) > talk.own
            return _heard(p, numbered(message, -1)) if later else None
        if not talk.calls and not talk.own and message.method == "ACK":
            return (Arrived(p.link, bytes(message)),), (self._begin(talk),)
        return self._met(talk, p)

    def _note(self, p: Passing, *, calls: bool) -> None:
        """An INVITE that begins, said when the role calls; a 2xx to one."""
        message, key = p.message, p.message.first("call-id")
        if message.status:
            self._confirm(p, key)
        elif message.method == "INVITE" and not _tag("to", message):
            self._invites[key], self._calls[key] = p, calls
        elif calls and key in self._invites:
            self._highest[key] = max(self._highest.get(key, 0), _number(message))

    def _confirm(self, p: Passing, key: str) -> None:
        invite = self._invites.get(key)
        if invite is None or not _accepts(p.message, invite.message):
            return
        calls, first = self._calls[key], invite.message
        remote = _tag("to", p.message) if calls else _tag("from", first)
        seq = max(self._highest.get(key, 0), _number(first) if calls else 0)
        talk = _Talk(first, p.message, p.link, calls, seq)
        self._talks.setdefault((key, remote), talk)

    def _begin(self, talk: _Talk) -> Write:
        talk.own = talk.seq + 1
        own = talk.invite if talk.calls else talk.answer
        request = talk.request(self._method, own.body if self._with_body else b"")
        talk.pending = request
        return Write(talk.link, bytes(request))

    def _settled(self, p: Passing) -> Iterable[Wish]:
        """The inserted request was answered."""
        call_id, remote = p.message.first("call-id"), _tag("to", p.message)
        talk = self._talks.get((call_id, remote))
        if talk is None or talk.pending is None or p.message.status < 200:
            return
        if self._method == "INVITE":
            refused_ = p.message.status >= 300
            ack = ack_of_refusal(talk.pending, p.message) if refused_ else None
            talk.moved = "" if refused_ else contact_uri(p.message)
            yield Write(talk.link, bytes(ack or talk.request("ACK")))
        talk.pending = None
        for late in talk.late:
            yield talk.after(late)
        talk.late.clear()

    def _met(self, talk: _Talk, p: Passing) -> Told | None:
        """Another change while ours is under way, and the ACK of its refusal."""
        message = p.message
        if message.method == "ACK" and _number(message) in talk.glared:
            return (), ()
        offers = message.method == "INVITE" or (
            message.method == "UPDATE" and bool(message.body)
        )
        if not (talk.pending and self._method == "INVITE" and offers):
            return None
        if message.method == "INVITE":
            talk.glared.add(_number(message))
        return (), (Write(p.link, bytes(returned(PENDING(message), p))),)


def _accepts(message: Message, invite: Message) -> bool:
    same = _number(message) == _number(invite)
    return same and message.method == "INVITE" and message.status // 100 == 2


def _tag(name: str, message: Message) -> str:
    """Empty as well where it cannot be read: then it is no dialog of ours."""
    try:
        return NameAddr.parse(message.first(name)).tag
    except Malformed:
        return ""


def _heard(p: Passing, message: Message) -> Told:
    return (Arrived(p.link, bytes(message)),), ()


def _number(message: Message) -> int:
    words = message.first("cseq").split()
    return int(words[0]) if words and words[0].isdigit() else 0
