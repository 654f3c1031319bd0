"""The called side of an INVITE, from the 100 to the ACK or the refusal.

RFC 3261 §13.3, §9.2 (CANCEL); RFC 3262 §3 (reliable 1xx).
"""

from collections.abc import Callable
from functools import partial

from ringback.faults import Misuse
from ringback.protocol.calls import (
    Accepted,
    Call,
    Final,
    Incoming,
    Phase,
    Provisional,
)
from ringback.protocol.connections import Link
from ringback.protocol.core import Core
from ringback.protocol.dialog import Dialog
from ringback.protocol.happenings import Acked, Cancelled, HungUp, Invited
from ringback.protocol.redirect import Target
from ringback.protocol.session_timer import SessionKeeper, grant
from ringback.protocol.transactions import Theirs
from ringback.values import Address
from ringback.wire.extensions import rack
from ringback.wire.headers import cseq, tokens
from ringback.wire.message import Field, Message

NOWHERE = Address("", 0)


class Callee:
    """Takes calls and answers them as the peer says.

    ``part`` is set by whoever sends BYEs: one may have to wait here for its ACK.
    """

    def __init__(self, core: Core, keeper: SessionKeeper) -> None:
        self._core = core
        self._keeper = keeper
        self.part: Callable[[Call, tuple[Field, ...]], None] = _unset

    # -- what comes in

    def invited(self, theirs: Theirs, link: Link) -> None:
        """A new call: 100 at once, for the peer may take its time (§8.2.6.1)."""
        core, request = self._core, theirs.request
        tag = core.names.tag()
        key = core.key_for(request.first("call-id"), tag)
        remote = link.remote or NOWHERE
        target = Target(remote, link.secured, remote.host)
        call = Call(key, Phase.CALLED, tag, target, link.name)
        call.incoming = Incoming(request, theirs.key)
        call.allows = tokens(request, "allow")
        call.open.add(theirs.key)
        theirs.owner = key
        core.calls[key] = call
        core.respond(theirs.key, 100, "Trying")
        told = Invited(key, request, link.names, link.secured, remote)
        core.tell(told)

    def cancelled(self, theirs: Theirs) -> None:
        """§9.2: 200 to the CANCEL whatever became of the INVITE, 487 if nothing yet."""
        core = self._core
        invite = core.transactions.invite_of(theirs)
        pending = core.transactions.theirs(invite)
        if pending is None:
            core.respond(theirs.key, 481, "Call/Transaction Does Not Exist")
            return
        call = core.calls.get(pending.owner)
        core.respond(theirs.key, 200, "OK", tag=call.local_tag if call else "")
        if call is None or pending.settled:
            core.trace("a CANCEL came after the final answer: no effect")
            return
        self._final(call, invite, 487, "Request Terminated")
        if call.phase is Phase.CALLED:
            core.over(call)
            core.tell(Cancelled(call.key))
        call.asked = ""

    def acked(self, call: Call, ack: Message) -> None:
        """The ACK to a 2xx of ours."""
        waiting = call.accepted
        if waiting is None or waiting.seq != cseq(ack).number:
            self._core.trace(f"an ACK nobody waits for in {call.key}")
            return
        self._confirmed(call, waiting)
        self._core.tell(Acked(call.key, ack))

    def pracked(self, call: Call, theirs: Theirs) -> None:
        """RFC 3262 §3: 200 when it names the 1xx under way, else 481."""
        core, incoming = self._core, call.incoming
        found = rack(theirs.request)
        sent = incoming.sent if incoming else None
        if (
            incoming is None
            or found is None
            or sent is None
            or (found.rseq != sent.rseq or found.number != cseq(incoming.invite).number)
        ):
            core.respond(theirs.key, 481, "No Such Provisional Response")
            return
        core.respond(theirs.key, 200, "OK", fields=core.replying(theirs.request, 200))
        core.alarms.drop(f"reliable:{call.key}")
        incoming.described = incoming.described or bool(sent.body)
        incoming.sent = None
        if incoming.queue:
            self._send_reliable(call, incoming, incoming.queue.pop(0))
        elif incoming.final:
            final, incoming.final = incoming.final, None
            self._accept(call, incoming.key, final)

    def owes_an_answer(self, call: Call) -> bool:
        """Whether the offer of their INVITE waits for its answer still: a description
        in an unreliable 1xx is but a foretaste of it (RFC 3261 §13.2.1)."""
        incoming = call.incoming
        if call.phase is not Phase.CALLED or incoming is None:
            return False
        return bool(incoming.invite.body) and not incoming.described

    # -- what the peer says

    def ring(self, call: Call, provisional: Provisional) -> None:
        """101-199, reliably where wanted or asked for."""
        incoming = call.incoming
        if call.phase is not Phase.CALLED or incoming is None:
            self._core.trace(f"too late for {provisional.status}: {call.key}")
            return
        asked = any(
            f.name == "require" and "100rel" in f.value for f in provisional.fields
        )
        invite = incoming.invite
        wanted = "100rel" in tokens(invite, "require")
        if wanted or (asked and "100rel" in tokens(invite, "supported")):
            if incoming.sent or incoming.queue:
                incoming.queue.append(provisional)
            else:
                self._send_reliable(call, incoming, provisional)
            return
        kept = tuple(f for f in provisional.fields if f.name != "require")
        self._provide(call, incoming, provisional, kept)

    def answer(self, call: Call, final: Final) -> None:
        """200, once no reliable 1xx waits for its PRACK any more."""
        incoming = call.incoming
        if call.phase is not Phase.CALLED or incoming is None or incoming.final:
            self._core.trace(f"too late to answer {call.key}")
        elif incoming.sent:
            incoming.final = final
        else:
            self._accept(call, incoming.key, final)

    def refuse(
        self,
        call: Call,
        status: int,
        reason: str,
        fields: tuple[Field, ...],
        body: bytes,
    ) -> None:
        """300-699."""
        incoming = call.incoming
        if not 300 <= status <= 699:
            raise Misuse(f"{status} refuses nothing")
        if call.phase is not Phase.CALLED or incoming is None:
            self._core.trace(f"too late to refuse {call.key}")
            return
        self._core.over(call)
        self._final(call, incoming.key, status, reason, fields, body)

    def answer_again(self, call: Call, key: str, final: Final) -> None:
        """200 to a re-INVITE."""
        self._accept(call, key, final)

    def refuse_again(
        self, call: Call, key: str, status: int, reason: str, fields: tuple[Field, ...]
    ) -> None:
        """The refusal of a re-INVITE leaves the call as it was (§14.2)."""
        self._final(call, key, status, reason, fields)

    def drop(self, call: Call) -> None:
        """A BYE came: the INVITE still unanswered gets 487 (§15.1.2)."""
        for key in (_asked(call), call.asked):
            pending = self._core.transactions.theirs(key)
            if pending and not pending.settled:
                self._final(call, key, 487, "Request Terminated")
        if call.accepted:
            self._core.alarms.drop(f"accepted:{call.key}")
            call.open.discard("ACK")
            call.accepted = None

    # -- sending

    def _provide(
        self,
        call: Call,
        incoming: Incoming,
        said: Provisional,
        fields: tuple[Field, ...],
    ) -> Message | None:
        core = self._core
        sent = core.respond(
            incoming.key,
            said.status,
            said.reason,
            tag=call.local_tag,
            fields=core.replying(incoming.invite, said.status, fields),
            body=said.body,
        )
        if sent and call.dialog is None:
            secured = core.manner.secured
            call.dialog = Dialog.of_request(incoming.invite, sent, secured)
        return sent

    def _send_reliable(self, call: Call, incoming: Incoming, said: Provisional) -> None:
        core = self._core
        incoming.rseq = (
            incoming.rseq + 1 if incoming.rseq else 1 + core.names.number(16)
        )
        said = Provisional(
            said.status, said.reason, said.fields, said.body, incoming.rseq
        )
        kept = tuple(f for f in said.fields if f.name != "require")
        reliable = (
            Field.of("Require", "100rel"),
            Field.of("RSeq", str(incoming.rseq)),
        )
        incoming.sent = said
        sent = self._provide(call, incoming, said, (*kept, *reliable))
        if sent:
            gap = core.timing.first_gap
            again = partial(self._repeat_reliable, call, incoming, sent, gap, gap)
            core.alarms.set(f"reliable:{call.key}", gap, again)

    def _repeat_reliable(
        self,
        call: Call,
        incoming: Incoming,
        sent: Message,
        gap: float,
        waited: float,
    ) -> None:
        """RFC 3262 §3: T1 doubling; without PRACK the INVITE fails after 64*T1."""
        core = self._core
        if call.phase is not Phase.CALLED:
            return
        if waited >= core.timing.patience:
            self.refuse(call, 504, "Server Time-out", (), b"")
            core.tell(HungUp(call.key, None, "no PRACK came"))
            return
        core.transactions.answer(incoming.key, sent)
        gap *= 2
        again = partial(self._repeat_reliable, call, incoming, sent, gap, waited + gap)
        core.alarms.set(f"reliable:{call.key}", gap, again)

    def _accept(self, call: Call, key: str, final: Final) -> None:
        core = self._core
        theirs = core.transactions.theirs(key)
        if theirs is None:
            return
        invite = theirs.request
        granted = grant(invite, core.manner.session_expires)
        timer = granted.fields if granted else ()
        fields = core.replying(invite, 200, (*timer, *final.fields), final.content_type)
        sent = core.respond(
            key, 200, "OK", tag=call.local_tag, fields=fields, body=final.body
        )
        if sent is None:
            return
        call.open.discard(key)
        if call.phase is Phase.CALLED:
            secured = core.manner.secured
            call.dialog = Dialog.of_request(invite, sent, secured)
            call.phase = Phase.UP
        call.asked = ""
        if final.body:
            call.body, call.content_type = final.body, final.content_type
        self._keeper.agree(call, sent, ours=False)
        gap = core.timing.first_gap
        call.accepted = Accepted(cseq(invite).number, key, sent, gap)
        call.open.add("ACK")
        again = partial(self._repeat, call, call.accepted)
        core.alarms.set(f"accepted:{call.key}", gap, again)

    def _repeat(self, call: Call, waiting: Accepted) -> None:
        """§13.3.1.4: T1 doubling up to T2 until the ACK comes, or 64*T1 are over."""
        core = self._core
        waiting.waited += waiting.gap
        if waiting.waited >= core.timing.patience:
            if call.phase is Phase.UP and call.parting is None:
                core.tell(HungUp(call.key, None, "no ACK came"))
                call.parting = ()
            self._confirmed(call, waiting)
            core.settle(call)
            return
        core.transactions.answer(waiting.key, waiting.response)
        waiting.gap = min(2 * waiting.gap, core.timing.longest_gap)
        left = core.timing.patience - waiting.waited
        again = partial(self._repeat, call, waiting)
        core.alarms.set(f"accepted:{call.key}", min(waiting.gap, left), again)

    def _confirmed(self, call: Call, waiting: Accepted) -> None:
        core = self._core
        core.alarms.drop(f"accepted:{call.key}")
        call.accepted = None
        call.open.discard("ACK")
        if call.parting is not None:
            fields, call.parting = call.parting, None
            self.part(call, fields)

    def _final(
        self,
        call: Call,
        key: str,
        status: int,
        reason: str,
        fields: tuple[Field, ...] = (),
        body: bytes = b"",
    ) -> None:
        core = self._core
        theirs = core.transactions.theirs(key)
        if theirs is None:
            call.open.discard(key)
            return
        self._stop_reliable(call)
        call.open.add(key)
        core.respond(
            key,
            status,
            reason,
            tag=call.local_tag,
            fields=core.replying(theirs.request, status, fields),
            body=body,
            ended=partial(self._ended, call, key),
        )

    def _stop_reliable(self, call: Call) -> None:
        self._core.alarms.drop(f"reliable:{call.key}")
        if call.incoming:
            call.incoming.sent = call.incoming.final = None
            call.incoming.queue.clear()

    def _ended(self, call: Call, key: str, failure: str) -> None:
        if failure:
            self._core.trace(f"{key}: {failure}")
        call.open.discard(key)
        self._core.settle(call)


def _asked(call: Call) -> str:
    return call.incoming.key if call.incoming else ""


def _unset(call: Call, fields: tuple[Field, ...]) -> None:
    raise NotImplementedError(call.key)
