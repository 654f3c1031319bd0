"""A SIP user agent without a will of its own: it says what it is told and keeps what
it hears.

RFC 3261 §8.1 and §8.2 for what it composes unless told otherwise, §12.2 for requests
within a dialog, §17.1.1.3 for the ACK of a refusal.
"""

from collections.abc import Callable
from contextlib import suppress

import msgspec

from ringback.faults import Unseen
from ringback.peers.exchanges import (
    Asking,
    Line,
    Theirs,
    answering,
    description,
    unchanged,
)
from ringback.peers.wording import branch, key, like, over, same_call
from ringback.protocol.dialog import Dialog
from ringback.protocol.invite_client import ack_of_refusal
from ringback.protocol.names import Names
from ringback.protocol.offer_answer import Local
from ringback.protocol.replies import response_to, via_back
from ringback.protocol.world import (
    Arrived,
    Bind,
    Cast,
    Close,
    Connect,
    Fact,
    Heard,
    Listener,
    Lost,
    Opened,
    Release,
    Wish,
    Write,
)
from ringback.values import PROBE_PORT, Address, Security
from ringback.wire.message import Field, Message
from ringback.wire.sdes import Crypto
from ringback.wire.sdp import Sdp, offer

SDP_TYPE = Field.of("Content-Type", "application/sdp")
Change = Callable[[Message], Message | bytes]
CHANGES = "re-INVITE"
ANSWERED_ALONE = ("ACK", "BYE", "CANCEL", "OPTIONS", "INFO", "UPDATE", CHANGES)
ABILITIES = (  # RFC 3261 §11.2
    Field.of("Allow", "INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, UPDATE"),
    Field.of("Accept", "application/sdp"),
)


class ProbeSettings(msgspec.Struct, frozen=True, kw_only=True):
    """``host`` is what it calls itself, ``address`` where it sits; ``port`` is where it
    listens, in TLS or not; 0 listens nowhere."""

    host: str
    address: str
    port: int
    secured: bool
    seed: str
    media_port: int = 30000


class Probe:
    """Commands gather wishes; whoever seats the probe drains ``wishes()``.

    ``alone`` are methods of theirs that it answers 200 by itself (CANCEL: and 487 to
    the INVITE; re-INVITE: with the description that stands); take a method out to be
    deaf to it. Finals to our INVITE are
    acknowledged as long as ``acknowledges``.
    """

    def __init__(self, settings: ProbeSettings) -> None:
        self.settings = settings
        self.alone = set(ANSWERED_ALONE)
        self.acknowledges = True
        self.sends_to = ""  # the Contact of that, when it is a redirect
        self.declines = 0  # the status that every INVITE gets; 0 leaves it open
        self.tag = ""  # of our responses; set when first needed
        self.asked: list[Asking] = []
        self.theirs: list[Theirs] = []
        self.datagrams: list[Heard] = []
        self._said: list[Message] = []
        self._names = Names(settings.seed)
        self._lines: dict[str, Line] = {}
        self._wishes: list[Wish] = []
        self._bound: set[int] = set()

    @property
    def listeners(self) -> tuple[Listener, ...]:
        secured, port = self.settings.secured, self.settings.port
        return (Listener(port, secured, secured),) if port else ()

    def wishes(self) -> tuple[Wish, ...]:
        wanted, self._wishes = tuple(self._wishes), []
        return wanted

    def leftovers(self) -> tuple[str, ...]:
        return ()

    # -- lines

    def opens(self, target: Address, name: str, *, secured: bool | None = None) -> Line:
        """A new connection; over TLS ``name`` is whom it must prove."""
        line = Line(f"probe>{len(self._lines) + 1}", target)
        self._lines[line.name] = line
        secured = self.settings.secured if secured is None else secured
        self._wishes.append(Connect(line.name, target, secured, name))
        return line

    def line_to(self, target: Address, name: str) -> Line:
        """One that leads there and stands, or a new one."""
        for line in self._lines.values():
            if line.target == target and not line.over:
                return line
        return self.opens(target, name)

    def writes(self, line: Line, octets: bytes) -> None:
        """Octets as they are."""
        self._wishes.append(Write(line.name, octets))

    def shuts(self, line: Line) -> None:
        line.over = line.over or "closed by us"
        self._wishes.append(Close(line.name))

    # -- asking

    def composed(
        self, method: str, uri: str, fields: tuple[Field, ...] = (), body: bytes = b""
    ) -> Message:
        """A sound request outside of any dialog; ``fields`` replace those of the same
        name."""
        own = (
            self.via(),
            Field.of("Max-Forwards", "70"),
            Field.of(
                "From", f"<sip:probe@{self.settings.host}>;tag={self._names.tag()}"
            ),
            Field.of("To", f"<{uri}>"),
            Field.of("Call-ID", self._names.call_id(self.settings.host)),
            Field.of("CSeq", f"1 {method}"),
            self.contact(),
        )
        return Message.request(method, uri, over(own, fields), body)

    def within(
        self,
        dialog: Dialog,
        method: str,
        fields: tuple[Field, ...] = (),
        body: bytes = b"",
    ) -> tuple[Dialog, Message]:
        """The next request of a dialog, and the dialog after it."""
        after, message = dialog.request(method, (), body)
        kept = tuple(f for f in message.fields if f.name != "content-length")
        own = (self.via(), *kept, self.contact())
        return after, Message.request(method, message.uri, over(own, fields), body)

    def asks(
        self, line: Line, request: Message, change: Change | None = None
    ) -> Asking:
        """Send it, or what ``change`` makes of it."""
        said = change(request) if change else request
        asking = Asking(said if isinstance(said, Message) else request, line)
        self.asked.append(asking)
        self._said.append(asking.request)
        self.writes(line, bytes(said))
        return asking

    def cancels(self, asking: Asking, change: Change | None = None) -> Asking:
        """RFC 3261 §9.1: what repeats the INVITE."""
        return self.asks(asking.line, like(asking.request, "CANCEL"), change)

    def acks(self, asking: Asking, body: bytes = b"") -> None:
        """The ACK to its final response: hop by hop for a refusal, else end to end."""
        final = asking.final
        if final is None:
            return
        if final.status >= 300:
            self.writes(asking.line, bytes(ack_of_refusal(asking.request, final)))
            return
        dialog = asking.dialog(final)
        seq = int(asking.request.first("cseq").split()[0])
        message = dialog.ack(seq)
        kept = tuple(f for f in message.fields if f.name != "content-length")
        typed = (SDP_TYPE,) if body else ()
        whole = Message.request("ACK", message.uri, (self.via(), *kept, *typed), body)
        self._said.append(whole)
        asking.acknowledged = not asking.line.is_over()
        self.writes(asking.line, bytes(whole))

    # -- answering

    def says(
        self,
        theirs: Theirs,
        status: int,
        reason: str,
        *,
        tag: str = "",
        fields: tuple[Field, ...] = (),
        body: bytes = b"",
        change: Change | None = None,
    ) -> Message:
        """A response on the line that the request came on; gives it as it was said.

        Record-Route among ``fields`` stands above the request's own (RFC 3261 §16.6).
        """
        tag = tag or self._own_tag()
        dialog = theirs.method in ("INVITE", "UPDATE") and 100 < status < 300
        passed = (*fields, *theirs.request.fields)
        routes = tuple(f for f in passed if f.name == "record-route")
        own = (self._standing_contact(theirs),) if dialog else ()
        typed = (SDP_TYPE,) if body else ()
        rest = tuple(f for f in fields if f not in routes)
        response = response_to(
            theirs.request,
            status,
            reason,
            via=via_back(theirs.request, theirs.line.remote),
            tag="" if status == 100 else tag,
            fields=(*(routes if dialog else ()), *over((*own, *typed), rest)),
            body=body,
        )
        said = change(response) if change else response
        if isinstance(said, Message):
            theirs.answers.append(said)
            self._said.append(said)
        self.writes(theirs.line, bytes(said))
        return response

    # -- media

    def describes(self, **stream: object) -> bytes:
        """A session description of our media port (see ``wire.sdp.offer``)."""
        self.listens_for_media()
        formats = stream.pop("formats", (0, 8, 101))
        described: Sdp = offer(
            self.settings.address,
            self.settings.media_port,
            1,
            len(self.asked) + len(self.theirs) + 1,
            formats,  # type: ignore[arg-type]  # the scenario's own words
            **stream,  # type: ignore[arg-type]  # the scenario's own words
        )
        return bytes(described)

    def answers_to(self, message: Message, plan: Security) -> bytes:
        """What answers that message's offer: the first stream that fits the dial plan,
        or every stream refused; nothing where there is none to answer."""
        self.listens_for_media()
        local = Local(
            self.settings.address,
            self.settings.media_port,
            1,
            len(self.asked) + len(self.theirs) + 1,
            plan,
            self._names.octets(30) if plan.srtp else b"",
        )
        return answering(message, local)

    def crypto(self) -> Crypto:
        """A key of our own for SRTP (RFC 4568 §9.1), fresh each time."""
        return Crypto.of(1, self._names.octets(30))

    def listens_for_media(self) -> None:
        """Bind the media ports, so that nobody is told that they are closed."""
        for port in (self.settings.media_port, self.settings.media_port + 1):
            if port not in self._bound:
                self._bound.add(port)
                self._wishes.append(Bind(port))

    def casts(self, target: Address, octets: bytes) -> None:
        """One datagram from the media port."""
        self.listens_for_media()
        self._wishes.append(Cast(self.settings.media_port, target, octets))

    def goes_home(self) -> None:
        for line in self._lines.values():
            if not line.over:
                self.shuts(line)
        self._wishes.extend(Release(port) for port in sorted(self._bound))
        self._bound.clear()

    # -- what comes

    def on(self, fact: Fact) -> tuple[Wish, ...]:
        match fact:
            case Opened(link, remote=remote, accepted=accepted):
                line = self._lines.setdefault(link, Line(link, None))
                line.opened, line.remote = True, remote
                if accepted:
                    line.target = None
            case Lost(link, reason) if link in self._lines:
                self._lines[link].over = reason or "closed"
            case Arrived(link, octets) if link in self._lines:
                self._arrived(self._lines[link], octets)
            case Heard():
                self.datagrams.append(fact)
            case _:
                pass
        return self.wishes()

    def _arrived(self, line: Line, octets: bytes) -> None:
        line.heard += octets
        for item in line.framer.feed(octets):
            if not isinstance(item, Message):
                continue
            if item.status:
                self._answered(item, line)
            else:
                self._asked(Theirs(item, line))

    def _answered(self, response: Message, line: Line) -> None:
        same = [a for a in self.asked if key(a.request) == key(response)]
        twins = [a for a in same if branch(a.request) == branch(response)]
        for asking in (twins or same)[:1]:
            first = asking.final is None
            asking.line = line if asking.line.over else asking.line
            asking.responses.append(response)
            final = response.status >= 200 and asking.request.method == "INVITE"
            if final and self.acknowledges and (first or response.status < 300):
                with suppress(Unseen):  # what makes no dialog has nobody to be told
                    self.acks(asking)

    def _asked(self, theirs: Theirs) -> None:
        self.theirs.append(theirs)
        if self.declines and theirs.method == "INVITE":
            contact = Field.of("Contact", self.sends_to)
            fields = (contact,) if self.sends_to else ()
            self.says(theirs, self.declines, "Declined", fields=fields)
            return
        if theirs.method == "INVITE" and theirs.is_within:
            self._changes(theirs)
            return
        if theirs.method not in self.alone or theirs.method == "ACK":
            return
        abilities = ABILITIES if theirs.method == "OPTIONS" else ()
        self.says(theirs, 200, "OK", fields=abilities)
        if theirs.method == "CANCEL":
            for invite in self.theirs:
                pending = not any(a.status >= 200 for a in invite.answers)
                same = same_call(invite.request, theirs.request)
                if invite.method == "INVITE" and pending and same:
                    self.says(invite, 487, "Request Terminated")

    def _changes(self, theirs: Theirs) -> None:
        """§14.2: what was agreed on stands, unless the scenario has its own mind."""
        standing = description(self._on_its_way(), theirs.request.first("call-id"))
        if CHANGES in self.alone and standing:
            self.says(theirs, 200, "OK", body=unchanged(theirs.request, standing))

    # -- wording

    def via(self) -> Field:
        way = "TLS" if self.settings.secured else "TCP"
        place = f"{self.settings.host}:{self.settings.port or PROBE_PORT}"
        return Field.of("Via", f"SIP/2.0/{way} {place};branch={self._names.branch()}")

    def contact(self) -> Field:
        way = "tls" if self.settings.secured else "tcp"
        place = f"{self.settings.host}:{self.settings.port or PROBE_PORT}"
        return Field.of("Contact", f"<sip:probe@{place};transport={way}>")

    def _standing_contact(self, theirs: Theirs) -> Field:
        """Where we are in that call: what we said last, if we have moved."""
        call_id = theirs.request.first("call-id")
        told = (m for m in self._on_its_way()[::-1] if m.first("call-id") == call_id)
        contact = next((m.first("contact") for m in told if m.first("contact")), "")
        return Field.of("Contact", contact) if contact else self.contact()

    def _on_its_way(self) -> list[Message]:
        """What was said, without what still waits for its connection."""
        waiting = [a.request for a in self.asked if not a.line.opened]
        return [m for m in self._said if m not in waiting]

    def _own_tag(self) -> str:
        self.tag = self.tag or self._names.tag()
        return self.tag
