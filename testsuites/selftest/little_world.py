"""A world small enough to see whole: peers, pipes between them, a clock that jumps."""

import heapq
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from ringback.protocol.mailbox import (
    DropRecord,
    FindMessage,
    FindRecords,
    FindUser,
    KeepRecord,
    LogIn,
    SetProperty,
    User,
    VoiceMessage,
)
from ringback.protocol.world import (
    Alarm,
    Arrived,
    Close,
    Connect,
    Fact,
    Fetch,
    Fetched,
    Hush,
    Listener,
    Lost,
    Opened,
    Peer,
    Rang,
    Started,
    Store,
    Wish,
    Write,
)
from ringback.values import Address
from ringback.wire.framing import Framer
from ringback.wire.headers import contacts
from ringback.wire.message import Field, Message

COPIED = ("via", "from", "call-id", "cseq")


@dataclass
class World:
    """Peers listen on ports that differ; ``deaf`` ports refuse connections."""

    peers: list[Peer] = field(default_factory=list)
    now: float = 0.0
    deaf: set[int] = field(default_factory=set)
    names: dict[int, tuple[str, ...]] = field(default_factory=dict)
    connects: list[Connect] = field(default_factory=list)
    records: list[object] = field(default_factory=list)
    kept: dict[str, dict[str, bytes]] = field(default_factory=dict)
    users: dict[str, User] = field(default_factory=dict)
    passwords: dict[str, str] = field(default_factory=dict)
    messages: dict[tuple[str, str], VoiceMessage] = field(default_factory=dict)
    _facts: deque[tuple[Peer, Fact]] = field(default_factory=deque)
    _ends: dict[tuple[int, str], tuple[Peer, str]] = field(default_factory=dict)
    _alarms: list[tuple[float, int, Peer, str]] = field(default_factory=list)
    _set: dict[tuple[int, str], int] = field(default_factory=dict)
    _count: int = 0

    def seat(self, peer: Peer) -> None:
        self.peers.append(peer)
        self._facts.append((peer, Started()))

    def unseat(self, peer: Peer) -> None:
        self.peers.remove(peer)
        for (number, _), (other, link) in [*self._ends.items()]:
            if number == id(peer):
                self._tell(other, Lost(link, "the other side is gone"))
                self._ends.pop((id(other), link), None)
        self._set = {k: v for k, v in self._set.items() if k[0] != id(peer)}

    def give(self, peer: Peer, wishes: Iterable[Wish]) -> None:
        for wish in wishes:
            self._grant(peer, wish)

    def until(self, met: Callable[[], bool], within: float = 60.0) -> None:
        """Run until it is met; AssertionError when it is not in time."""
        end = self.now + within
        while not met():
            assert self._step(end), "nothing more happens, and it is not met"

    def rests(self, within: float = 0.0) -> None:
        """Run all that happens within so many seconds."""
        end = self.now + within
        while self._step(end):
            pass
        self.now = end

    def _step(self, end: float) -> bool:
        if self._facts:
            peer, fact = self._facts.popleft()
            if peer in self.peers:
                self.give(peer, peer.on(fact))
            return True
        while self._alarms and self._alarms[0][0] <= end:
            due, number, peer, alarm = heapq.heappop(self._alarms)
            if self._set.get((id(peer), alarm)) == number:
                del self._set[id(peer), alarm]
                self.now = due
                self._tell(peer, Rang(alarm, due))
                return True
        return False

    def _tell(self, peer: Peer, fact: Fact) -> None:
        self._facts.append((peer, fact))

    def _grant(self, peer: Peer, wish: Wish) -> None:
        match wish:
            case Connect():
                self._connect(peer, wish)
            case Write(link, octets) if (id(peer), link) in self._ends:
                other, end = self._ends[id(peer), link]
                self._tell(other, Arrived(end, octets))
            case Close(link) if (id(peer), link) in self._ends:
                other, end = self._ends.pop((id(peer), link))
                self._ends.pop((id(other), end), None)
                self._tell(other, Lost(end, "closed"))
            case Alarm(alarm, after):
                self._count += 1
                self._set[id(peer), alarm] = self._count
                entry = (self.now + after, self._count, peer, alarm)
                heapq.heappush(self._alarms, entry)
            case Hush(alarm):
                self._set.pop((id(peer), alarm), None)
            case Fetch(key, question):
                self._tell(peer, Fetched(key, self._answer(question)))
            case Store(record):
                self._keep(record)
            case _:
                pass

    def _connect(self, peer: Peer, wish: Connect) -> None:
        self.connects.append(wish)
        port = wish.target.port
        found = [p for p in self.peers if port in [x.port for x in p.listeners]]
        if not found or port in self.deaf:
            self._tell(peer, Lost(wish.link, "connection refused"))
            return
        self._count += 1
        end = f"in-{self._count}"
        here, there = Address("127.0.0.9", 40000 + self._count), wish.target
        self._ends[id(peer), wish.link] = found[0], end
        self._ends[id(found[0]), end] = peer, wish.link
        secured, names = wish.secured, self.names.get(port, ())
        self._tell(peer, Opened(wish.link, here, there, secured, False, names))
        self._tell(found[0], Opened(end, there, here, secured, True))

    def _answer(self, question: object) -> object:
        match question:
            case FindUser(name):
                return self.users.get(name.lower())
            case LogIn(name, password):
                known = self.passwords.get(name.lower()) == password
                return self.users.get(name.lower()) if known else None
            case FindMessage(user, item):
                return self.messages.get((user, item))
            case FindRecords(owner):
                return dict(self.kept.get(owner, {}))
            case _:
                return None

    def _keep(self, record: object) -> None:
        match record:
            case KeepRecord(owner, key, octets):
                self.kept.setdefault(owner, {})[key] = octets
            case DropRecord(owner, key):
                self.kept.get(owner, {}).pop(key, None)
            case SetProperty():
                self.records.append(record)
            case _:
                self.records.append(record)


class ScriptedUm:
    """A UM that says what it is told to say, built from plain messages."""

    def __init__(self, port: int = 5060, host: str = "um.ringback.test") -> None:
        self.port = port
        self.host = host
        self.heard: list[Message] = []
        self.answers_options = 200
        self._framers: dict[str, Framer] = {}
        self._links: dict[int, str] = {}  # number of the message -> link
        self._wishes: list[Wish] = []

    @property
    def listeners(self) -> tuple[Listener, ...]:
        return (Listener(self.port),)

    def on(self, fact: Fact) -> tuple[Wish, ...]:
        match fact:
            case Opened(link):
                self._framers[link] = Framer()
            case Arrived(link, octets):
                for message in self._framers[link].feed(octets):
                    if isinstance(message, Message):
                        self._hear(link, message)
            case _:
                pass
        return self.wishes()

    def wishes(self) -> tuple[Wish, ...]:
        wanted, self._wishes = tuple(self._wishes), []
        return wanted

    def leftovers(self) -> tuple[str, ...]:
        return ()

    def got(self, method: str) -> list[Message]:
        return [m for m in self.heard if not m.status and m.method == method]

    def has(self, method: str) -> Callable[[], bool]:
        return lambda: bool(self.got(method))

    def says(
        self,
        status: int,
        reason: str,
        *fields: Field,
        body: bytes = b"",
        to: Message | None = None,
    ) -> None:
        """Answer the last INVITE, or another request."""
        request = to or self.got("INVITE")[-1]
        standing = [f for f in request.fields if f.name in COPIED]
        called = request.first("to")
        tag = "" if "tag=" in called else ";tag=um-1"
        here = f"<sip:{self.host}:{self.port};transport=tcp>"
        mine = [Field.of("To", called + tag)]
        if not any(f.name == "contact" for f in fields):
            mine.append(Field.of("Contact", here))
        answer = Message.response(status, reason, (*standing, *mine, *fields), body)
        link = self._links[self.heard.index(request)]
        self._wishes.append(Write(link, bytes(answer)))

    def hangs_up(self) -> None:
        """BYE on the link that the INVITE came on."""
        invite = self.got("INVITE")[-1]
        uri = str(contacts(invite)[0].uri)
        bye = Message.request(
            "BYE",
            uri,
            (
                Field.of(
                    "Via", f"SIP/2.0/TCP {self.host}:{self.port};branch=z9hG4bKbye"
                ),
                Field.of("From", invite.first("to") + ";tag=um-1"),
                Field.of("To", invite.first("from")),
                Field.of("Call-ID", invite.first("call-id")),
                Field.of("CSeq", "1 BYE"),
                Field.of("Max-Forwards", "70"),
            ),
        )
        link = self._links[self.heard.index(invite)]
        self._wishes.append(Write(link, bytes(bye)))

    def _hear(self, link: str, message: Message) -> None:
        self._links[len(self.heard)] = link
        self.heard.append(message)
        if message.status:
            return
        if message.method in ("BYE", "CANCEL"):
            self.says(200, "OK", to=message)
        if message.method == "CANCEL":
            self.says(487, "Request Terminated")
        if message.method == "OPTIONS":
            self.says(self.answers_options, "Whatever", to=message)
