"""A SIP user agent: commands and facts in, happenings and wishes out; no I/O.

RFC 3261 §8, §9, §11 to §15; RFC 3262, RFC 3311, RFC 4028. TCP and TLS only.
"""

from collections.abc import Callable
from typing import Unpack

from ringback.protocol.callee import Callee
from ringback.protocol.caller import Caller
from ringback.protocol.calls import Call, Final, Order, Phase, Provisional
from ringback.protocol.core import Core
from ringback.protocol.dialog import Dialog
from ringback.protocol.happenings import Happening, Replied
from ringback.protocol.manner import Manner, Manners
from ringback.protocol.names import Names
from ringback.protocol.reception import Reception
from ringback.protocol.redirect import Target
from ringback.protocol.session_timer import SessionKeeper
from ringback.protocol.timing import Timing
from ringback.protocol.within import Within
from ringback.protocol.world import Arrived, Fact, Lost, Opened, Rang, Wish
from ringback.wire.headers import to_tag
from ringback.wire.message import Field, Message


class UserAgent:
    """All SIP that one listener of a peer speaks.

    ``host`` and ``port`` are what Via and Contact say (a name or an IP literal);
    ``contact``, when given, is said in Contact instead of the host. Hand every fact to
    ``take``; those that ``owns`` denies yield nothing. ``takes`` are the methods beyond
    those of calls that reach the peer as ``Asked``; any other is answered 405 or 501.
    ``session_expires`` in seconds asks for a session timer; one that the other side
    asks for is always honoured. ``relays`` false: an end point that does not stop at
    Max-Forwards 0 (RFC 4475 §3.3.11).
    """

    def __init__(
        self,
        *,
        names: Names,
        timing: Timing,
        out: Callable[[Wish], None],
        **manner: Unpack[Manners],
    ) -> None:
        core = Core(Manner(**manner), names, timing, out)
        keeper = SessionKeeper(core.alarms, timing)
        self._core = core
        self._caller = Caller(core, keeper)
        self._callee = Callee(core, keeper)
        self._within = Within(core, keeper, self._callee)
        self._callee.part = self._within.part
        self._reception = Reception(core, self._callee, self._within)

    def owns(self, fact: Fact) -> bool:
        """Whether ``take`` would look at it: its links, its alarms, new links that
        were accepted on its own port."""
        core = self._core
        match fact:
            case Rang(alarm=alarm):
                return core.alarms.owns(alarm)
            case Arrived(link=link) | Lost(link=link):
                return link in core.connections
            case Opened(link=link, accepted=accepted, local=local):
                ours = accepted and local.port == core.manner.port
                return ours or link in core.connections
            case _:
                return False

    def take(self, fact: Fact) -> tuple[Happening, ...]:
        """What the fact led to, in order; wishes went to ``out`` meanwhile."""
        if not self.owns(fact):
            return ()
        core = self._core
        core.listening = True
        match fact:
            case Arrived(link, octets):
                self._reception.arrived(link, octets)
            case Opened():
                core.connections.adopt(fact)
            case Lost(link, reason):
                core.connections.lose(link)
                core.transactions.lost(link, reason)
            case Rang(alarm):
                core.alarms.ring(alarm)
        core.listening = False
        told, core.told = tuple(core.told), []
        return told

    def call(
        self,
        uri: str,
        *,
        target: Target,
        body: bytes = b"",
        content_type: str = "",
        fields: tuple[Field, ...] = (),
        from_user: str = "",
    ) -> str:
        """Send an INVITE for ``uri`` to ``target``; the key of the call."""
        core = self._core
        order = Order(
            uri=uri,
            to=uri,
            sender=core.sender(uri, from_user),
            call_id=core.names.call_id(core.manner.host),
            body=body,
            content_type=content_type,
            fields=fields,
            session_expires=core.manner.session_expires,
        )
        return self._caller.call(order, target)

    def ring(
        self,
        call: str,
        status: int = 180,
        reason: str = "Ringing",
        fields: tuple[Field, ...] = (),
        body: bytes = b"",
        content_type: str = "",
    ) -> None:
        """A provisional answer; reliable when the caller requires it, or when
        ``fields`` has ``Require: 100rel`` and the caller supports it (RFC 3262)."""
        found = self._core.find(call, f"ring {status}")
        if found:
            fields = _with_type(fields, content_type)
            self._callee.ring(found, Provisional(status, reason, fields, body))

    def answer(
        self,
        call: str,
        body: bytes = b"",
        content_type: str = "",
        fields: tuple[Field, ...] = (),
    ) -> None:
        """200 OK, repeated until its ACK comes (RFC 3261 §13.3.1.4)."""
        found = self._core.find(call, "answer")
        if found:
            self._callee.answer(found, Final(fields, body, content_type))

    def refuse(
        self,
        call: str,
        status: int,
        reason: str,
        fields: tuple[Field, ...] = (),
        body: bytes = b"",
        content_type: str = "",
    ) -> None:
        """A final answer 300-699; a 3xx brings its own Contact field."""
        found = self._core.find(call, f"refuse {status}")
        if found:
            fields = _with_type(fields, content_type)
            self._callee.refuse(found, status, reason, fields, body)

    def hang_up(self, call: str, fields: tuple[Field, ...] = ()) -> None:
        """End it whatever its state: CANCEL, BYE, or 480 when we are being called.

        A CANCEL waits for a provisional answer (RFC 3261 §9.1); a 200 that crosses it
        is acknowledged and hung up. ``fields`` go on the CANCEL or BYE.
        """
        found = self._core.find(call, "hang up")
        if found is None:
            return
        if found.phase is Phase.CALLING:
            self._caller.cancel(found, fields)
        elif found.phase is Phase.CALLED:
            self._callee.refuse(found, 480, "Temporarily Unavailable", fields, b"")
        elif found.phase is Phase.UP and found.accepted:
            found.parting = fields  # §15: not before the ACK
        elif found.phase is Phase.UP:
            self._within.part(found, fields)

    def ask(
        self,
        call: str,
        method: str,
        fields: tuple[Field, ...] = (),
        body: bytes = b"",
        content_type: str = "",
    ) -> None:
        """A request inside the dialog; its answer comes as ``Replied``."""
        found = self._core.find(call, f"ask {method}")
        if found:
            self._within.ask(found, method, fields, body, content_type)

    def modify(
        self, call: str, body: bytes | Callable[[], bytes], content_type: str
    ) -> None:
        """A re-INVITE; its answer comes as ``Replied`` (491 is tried again first). It
        may have to wait, and a later one takes its place then: a function makes the
        body when its time has come, so that no version is counted unsaid."""
        found = self._core.find(call, "modify")
        if found:
            self._within.modify(found, body, content_type)

    def probe(self, uri: str, target: Target) -> str:
        """OPTIONS outside any dialog; ``Replied`` names the key given here."""
        core = self._core
        key = core.names.call_id(core.manner.host)
        who = (core.sender(uri), core.names.tag(), key, 1)
        fields = (*core.opening("OPTIONS", uri, who), *core.asking("OPTIONS", uri))

        def heard(response: Message | None, why: str) -> None:
            if response is None or response.status >= 200:
                core.tell(Replied(key, "OPTIONS", response))

        core.transactions.request(
            Message.request("OPTIONS", uri, fields), target, heard
        )
        return key

    def reply(
        self,
        asked: str,
        status: int,
        reason: str,
        fields: tuple[Field, ...] = (),
        body: bytes = b"",
        content_type: str = "",
    ) -> None:
        """The final answer to an ``Asked`` or ``Modified``."""
        core = self._core
        theirs = core.transactions.theirs(asked)
        if theirs is None:
            core.trace(f"nothing to reply {status} to: {asked}")
            return
        request = theirs.request
        call = core.call_of(request) if to_tag(request) else None
        if call and request.method == "INVITE" and status < 300:
            self._callee.answer_again(call, asked, Final(fields, body, content_type))
            return
        fields = _with_type(fields, content_type)
        if call and request.method == "INVITE":
            call.asked = ""
            self._callee.refuse_again(call, asked, status, reason, fields)
            return
        if call and request.method == "UPDATE":
            fields = self._within.reply_to_update(call, theirs, status, fields)
        said = core.replying(request, status, fields)
        sent = core.respond(asked, status, reason, fields=said, body=body)
        if call and sent and request.method == "UPDATE" and status < 300:
            self._within.settled_by_update(call, sent)

    def dialog(self, call: str) -> Dialog | None:
        """The dialog of a call once there is one (early ones too)."""
        found = self._core.calls.get(call)
        return found.dialog if found else None

    def adopt(self, dialog: Dialog, target: Target) -> str:
        """Take up a dialog remembered from a store; the key of its call."""
        call = Call(
            self._core.key_for(dialog.call_id, dialog.local_tag),
            Phase.UP,
            dialog.local_tag,
            target,
            dialog=dialog,
        )
        self._core.calls[call.key] = call
        return call.key

    def leftovers(self) -> tuple[str, ...]:
        """Calls and transactions that still expect something."""
        core = self._core
        calls = tuple(f"call {c.key} is {c.phase}" for c in core.calls.values())
        return calls + core.transactions.leftovers()


def _with_type(fields: tuple[Field, ...], content_type: str) -> tuple[Field, ...]:
    if not content_type:
        return fields
    return (*fields, Field.of("Content-Type", content_type))
