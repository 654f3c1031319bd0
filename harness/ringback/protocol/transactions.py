"""Which message belongs to which transaction, and carrying out what machines want.

RFC 3261 §17.1.3, §17.2.3 (matching), §18.2.2 (responses), RFC 6026.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from ringback.protocol import client, invite_client, invite_server, server
from ringback.protocol.alarms import Alarms
from ringback.protocol.client import Client
from ringback.protocol.connections import Connections, Link
from ringback.protocol.effects import (
    Answer,
    Arm,
    Deliver,
    Disarm,
    Effect,
    Ended,
    Event,
    Fired,
    Ignored,
    LinkLost,
    Received,
    Send,
    Timer,
)
from ringback.protocol.invite_client import InviteClient
from ringback.protocol.invite_server import InviteServer
from ringback.protocol.matching import Identity, identity_of, request_key
from ringback.protocol.names import Names
from ringback.protocol.redirect import Target
from ringback.protocol.replies import stamped
from ringback.protocol.server import Server
from ringback.protocol.timing import Timing
from ringback.protocol.world import Trace, Wish
from ringback.wire.headers import Via, cseq, split_list
from ringback.wire.message import Field, Message

Then = Callable[[Message | None, str], None]
Ending = Callable[[str], None]


@dataclass(slots=True)
class Ours:
    """A request of ours under way; ``then`` hears each response, or None and why.

    ``spare`` is a link to fall back on when ``link`` cannot be opened.
    """

    key: str
    machine: InviteClient | Client
    link: str
    target: Target
    then: Then
    spare: str = ""
    settled: bool = False

    @property
    def request(self) -> Message:
        machine = self.machine
        return machine.invite if isinstance(machine, InviteClient) else machine.request


@dataclass(slots=True)
class Theirs:
    """A request to answer; ``via`` is its topmost Via line as responses return it.

    ``owner`` is the key of the call that an INVITE belongs to.
    """

    key: str
    machine: InviteServer | Server
    link: str
    secured: bool
    via: str
    identity: Identity
    owner: str = ""
    ended: Ending | None = None
    settled: bool = False

    @property
    def request(self) -> Message:
        machine = self.machine
        return machine.invite if isinstance(machine, InviteServer) else machine.request

    @property
    def topmost(self) -> Via:
        """The hop that sent the request, as ``via`` says it."""
        return Via.parse(split_list(self.via)[0])


class Transactions:
    """Reliable transports only: the machines know better, this user of them does not.

    ``demand`` is told each new request with its key; ``stray_ack`` each ACK that no
    transaction takes (those to a 2xx).
    """

    def __init__(
        self,
        *,
        via: tuple[str, int],
        connections: Connections,
        alarms: Alarms,
        names: Names,
        timing: Timing,
        out: Callable[[Wish], None],
    ) -> None:
        self._host, self._port = via
        self._connections = connections
        self._alarms = alarms
        self._names = names
        self._timing = timing
        self._out = out
        self.demand: Callable[[Theirs, Link], None] = _unset
        self.stray_ack: Callable[[Message], None] = _unset
        self._ours: dict[str, Ours] = {}
        self._theirs: dict[str, Theirs] = {}
        self._seen: Counter[Identity] = Counter()

    # -- requests of ours

    def request(
        self, message: Message, target: Target, then: Then, spare: str = ""
    ) -> str:
        """Send a request that has no Via yet; the key of its transaction."""
        via, branch = self._via(target)
        return self.repeat(message.under(via), branch, target, then, spare)

    def repeat(
        self, message: Message, branch: str, target: Target, then: Then, spare: str = ""
    ) -> str:
        """Send a request whose topmost Via is ours already (a CANCEL)."""
        key = f"{branch}:{message.method}"
        machine: InviteClient | Client
        if message.method == "INVITE":
            machine = InviteClient(message, reliable=True, timing=self._timing)
            machine, effects = invite_client.begin(machine)
        else:
            machine = Client(message, reliable=True, timing=self._timing)
            machine, effects = client.begin(machine)
        link = self._connections.to(target)
        ours = Ours(key, machine, link, target, then, spare if spare != link else "")
        self._ours[key] = ours
        self._carry_out(ours, effects)
        return key

    def pass_by(self, message: Message, target: Target) -> Message:
        """Send an ACK to a 2xx, which is no transaction; the message as sent."""
        sent = message.under(self._via(target)[0])
        self.pass_again(sent, target)
        return sent

    def pass_again(self, sent: Message, target: Target) -> None:
        """Repeat it, octet for octet."""
        self._connections.write(self._connections.to(target), sent)

    def sent(self, key: str) -> tuple[Message, Target] | None:
        """The request of a transaction that is still remembered, and where it went."""
        ours = self._ours.get(key)
        return (ours.request, ours.target) if ours else None

    def link_of(self, key: str) -> str:
        """The link a request of ours runs on, or empty."""
        found = self._ours.get(key)
        return found.link if found else ""

    def abandon(self, key: str) -> None:
        """Forget a request of ours: whatever answers it now is dropped."""
        ours = self._ours.pop(key, None)
        if ours:
            for timer in Timer:
                self._alarms.drop(f"{key}:{timer}")

    # -- requests of theirs

    def answer(self, key: str, response: Message, ended: Ending | None = None) -> bool:
        """Hand a response to its transaction; False when that is over."""
        theirs = self._theirs.get(key)
        if theirs is None:
            return False
        if ended:
            theirs.ended = ended
        theirs.settled = theirs.settled or response.status >= 200
        self._step(theirs, Answer(response))
        return True

    def theirs(self, key: str) -> Theirs | None:
        """A request of theirs that is still remembered."""
        return self._theirs.get(key)

    def merged(self, theirs: Theirs) -> bool:
        """Whether the same request came by another way too (RFC 3261 §8.2.2.2)."""
        return self._seen[theirs.identity] > 1

    def invite_of(self, cancel: Theirs) -> str:
        """The key of the INVITE that a CANCEL matches (RFC 3261 §9.2), or empty."""
        key = cancel.key.removesuffix(":CANCEL") + ":INVITE"
        return key if key in self._theirs else ""

    # -- what comes in

    def take(self, link: Link, message: Message) -> None:
        """A message came in on a link; Malformed when it cannot even be matched."""
        if message.status:
            self._take_response(message)
        else:
            self._take_request(link, message)

    def lost(self, link: str, reason: str) -> None:
        """A link is gone: who waits for a response on it may never get one."""
        for ours in [o for o in self._ours.values() if o.link == link]:
            if ours.spare in self._connections:
                ours.link, ours.spare = ours.spare, ""
                self._connections.write(ours.link, ours.request)
            else:
                self._step(ours, LinkLost(reason))

    def leftovers(self) -> tuple[str, ...]:
        """Transactions that still expect something, not those that only linger."""
        entries: list[Ours | Theirs] = [*self._ours.values(), *self._theirs.values()]
        return tuple(
            f"transaction {entry.key} is {entry.machine.state}"
            for entry in entries
            if _expects(entry)
        )

    def _take_response(self, response: Message) -> None:
        line = split_list(response.first("via"))
        via = Via.parse(line[0] if line else "")
        ours = self._ours.get(f"{via.branch}:{cseq(response).method}")
        here = (via.host.lower(), via.port) == (self._host.lower(), self._port)
        if ours is None or not here:
            text = f"no transaction takes {response.start!r} for {via.branch!r}"
            self._out(Trace(text))
        else:
            self._step(ours, Received(response))

    def _take_request(self, link: Link, request: Message) -> None:
        key = request_key(request)
        known = self._theirs.get(key)
        if known is not None:
            known.link = link.name
            self._step(known, Received(request))
        elif request.method == "ACK":
            self.stray_ack(request)
        else:
            self.demand(self._new(key, link, request), link)

    def _new(self, key: str, link: Link, request: Message) -> Theirs:
        machine: InviteServer | Server
        if request.method == "INVITE":
            machine = InviteServer(request, reliable=True, timing=self._timing)
        else:
            machine = Server(request, reliable=True, timing=self._timing)
        via = stamped(request.first("via"), link.remote)
        identity = identity_of(request)
        theirs = Theirs(key, machine, link.name, link.secured, via, identity)
        self._theirs[key] = theirs
        self._seen[identity] += 1
        return theirs

    # -- machines

    def _step(self, entry: Ours | Theirs, event: Event) -> None:
        effects: tuple[Effect, ...]
        match entry.machine:
            case InviteClient() as machine:
                entry.machine, effects = invite_client.step(machine, event)
            case Client() as machine:
                entry.machine, effects = client.step(machine, event)
            case InviteServer() as machine:
                entry.machine, effects = invite_server.step(machine, event)
            case Server() as machine:
                entry.machine, effects = server.step(machine, event)
        self._carry_out(entry, effects)

    def _carry_out(self, entry: Ours | Theirs, effects: tuple[Effect, ...]) -> None:
        for effect in effects:
            match effect:
                case Send(message):
                    self._send(entry, message)
                case Deliver(message):
                    self._deliver(entry, message)
                case Arm(timer, after):
                    ring = partial(self._step, entry, Fired(timer))
                    self._alarms.set(f"{entry.key}:{timer}", after, ring)
                case Disarm(timer):
                    self._alarms.drop(f"{entry.key}:{timer}")
                case Ended(failure):
                    self._end(entry, failure)
                case Ignored(event):
                    self._out(Trace(f"{entry.key} {entry.machine.state}: {event!r}"))

    def _send(self, entry: Ours | Theirs, message: Message) -> None:
        if isinstance(entry, Theirs):
            link, via = entry.link, entry.topmost
            entry.link = self._connections.back(link, entry.secured, via)
        elif entry.link not in self._connections:
            entry.link = self._connections.to(entry.target)
        self._connections.write(entry.link, message)

    def _deliver(self, entry: Ours | Theirs, message: Message) -> None:
        if isinstance(entry, Theirs):
            self.stray_ack(message)  # only an ACK in ACCEPTED: one to a 2xx
            return
        entry.settled = entry.settled or message.status >= 200
        entry.then(message, "")

    def _end(self, entry: Ours | Theirs, failure: str) -> None:
        if isinstance(entry, Ours):
            self._ours.pop(entry.key, None)
            if failure and not entry.settled:
                entry.settled = True
                entry.then(None, failure)
            return
        if self._theirs.pop(entry.key, None):
            self._forget(entry.identity)
        if entry.ended:
            entry.ended(failure)

    def _forget(self, identity: Identity) -> None:
        self._seen[identity] -= 1
        if not self._seen[identity]:
            del self._seen[identity]

    def _via(self, target: Target) -> tuple[Field, str]:
        """RFC 3261 §18.1.1: it names the transport that is used for this request. Over
        TLS the connection may be used the other way too (RFC 5923 §8.1)."""
        branch = self._names.branch()
        host = f"[{self._host}]" if ":" in self._host else self._host
        transport = "TLS" if target.secured else "TCP"
        place = f"SIP/2.0/{transport} {host}:{self._port}"
        alias = ";alias" if target.secured else ""
        return Field.of("Via", f"{place};branch={branch};rport{alias}"), branch


def _expects(entry: Ours | Theirs) -> bool:
    if isinstance(entry, Ours):
        return not entry.settled
    return not entry.settled or entry.machine.state == invite_server.State.COMPLETED


def _unset(*_: object) -> None:
    raise NotImplementedError
