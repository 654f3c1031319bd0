"""Requests inside a dialog, ours and theirs, once there is a dialog.

RFC 3261 §12.2, §14 (re-INVITE, 491), §15 (BYE); RFC 3311 §5 (UPDATE); RFC 4028 §7.4,
§9, §10; RFC 5057 §5.1 (481 and 408 end a dialog).
"""

from collections.abc import Callable
from functools import partial

from ringback.protocol import information
from ringback.protocol.callee import Callee
from ringback.protocol.calls import Call, Phase
from ringback.protocol.core import Core
from ringback.protocol.happenings import Asked, HungUp, Modified, Replied
from ringback.protocol.session_timer import SessionKeeper, grant
from ringback.protocol.transactions import Theirs
from ringback.wire.extensions import SessionExpires
from ringback.wire.headers import cseq, from_tag
from ringback.wire.message import Field, Message

NO_DIALOG = (408, 481)


class Within:
    """What happens between the answer and the BYE, and the BYE."""

    def __init__(self, core: Core, keeper: SessionKeeper, callee: Callee) -> None:
        self._core = core
        self._keeper = keeper
        self._callee = callee
        keeper.refresh, keeper.expire = self.refresh, self.expire

    # -- ours

    def ask(
        self,
        call: Call,
        method: str,
        fields: tuple[Field, ...],
        body: bytes,
        content_type: str,
    ) -> None:
        """Any request but INVITE and BYE; answered by Replied."""
        then = partial(self._replied, call, method)
        self._send(call, method, then, fields, body, content_type)

    def part(self, call: Call, fields: tuple[Field, ...]) -> None:
        """BYE; the call is over from here on, whatever answers."""
        self._core.over(call)
        then = partial(self._replied, call, "BYE")
        self._send(call, "BYE", then, fields)

    def modify(
        self, call: Call, body: bytes | Callable[[], bytes], content_type: str
    ) -> None:
        """Re-INVITE, later if another one is under way either way (§14.1); a body that
        is a function is made when its time has come."""
        if call.phase is not Phase.UP:
            self._core.trace(f"cannot modify {call.key}: it is {call.phase}")
        elif self._busy(call):
            again = partial(self.modify, call, body, content_type)
            self._later(call, self._core.timing.first_gap, again)
        else:
            call.body = body if isinstance(body, bytes) else body()
            call.content_type = content_type
            again = partial(self.modify, call, call.body, content_type)
            self._reinvite(call, again, told=True)

    def refresh(self, call: Call) -> None:
        """Half of the session is over: UPDATE, or re-INVITE where that is unknown."""
        again = partial(self.refresh, call)
        if call.phase is not Phase.UP:
            return
        if self._busy(call):
            self._later(call, self._core.timing.first_gap, again)
        elif "UPDATE" in call.allows:
            expires = Field.of("Session-Expires", self._session(call))
            then = partial(self._refreshed, call, again)
            self._send(call, "UPDATE", then, (expires,))
        else:
            self._reinvite(call, again, told=False)

    def expire(self, call: Call) -> None:
        """Nobody refreshed the session in time (RFC 4028 §10)."""
        if call.phase is Phase.UP:
            self.part(call, ())
            self._core.tell(HungUp(call.key, None, "the session expired"))

    # -- theirs

    def take(self, call: Call, theirs: Theirs) -> None:
        """A request of theirs that names this call's dialog."""
        request = theirs.request
        if not self._in_order(call, request):
            self._core.respond(theirs.key, 500, "CSeq Out Of Order")
            return
        match request.method:
            case "BYE":
                self._bye(call, theirs)
            case "INVITE":
                self._reinvited(call, theirs)
            case "UPDATE":
                self._updated(call, theirs)
            case "PRACK":
                self._callee.pracked(call, theirs)
            case "INFO" if wrong := information.refused(request):
                self._core.respond(
                    theirs.key, wrong.status, wrong.reason, fields=wrong.fields
                )
            case _:
                self._core.tell(Asked(call.key, theirs.key, request))

    def reply_to_update(
        self, call: Call, theirs: Theirs, status: int, fields: tuple[Field, ...]
    ) -> tuple[Field, ...]:
        """The fields of an answer to UPDATE; a 2xx settles the session timer."""
        call.open.discard(theirs.key)
        call.asked = ""
        if status >= 300:
            return fields
        granted = grant(theirs.request, call.session)
        return (*(granted.fields if granted else ()), *fields)

    def settled_by_update(self, call: Call, sent: Message) -> None:
        """Our 2xx to their UPDATE has gone out."""
        if call.phase is Phase.UP:
            self._keeper.agree(call, sent, ours=False)

    def _in_order(self, call: Call, request: Message) -> bool:
        """§12.2.2; the dialog moves on with what is in order."""
        tag, seq = from_tag(request), cseq(request).number
        if call.dialog and call.dialog.remote_tag == tag:
            if seq < call.dialog.remote_seq:
                return False
            call.dialog = call.dialog.heard(request)
        if call.outgoing and tag in call.outgoing.early:
            early = call.outgoing.early[tag].heard(request)
            call.outgoing.early[tag] = early
        return True

    def _bye(self, call: Call, theirs: Theirs) -> None:
        core = self._core
        if call.phase is Phase.CALLING:  # §15: no BYE from a callee in an early dialog
            core.respond(theirs.key, 481, "Call/Transaction Does Not Exist")
            return
        fields = core.replying(theirs.request, 200)
        core.respond(theirs.key, 200, "OK", fields=fields)
        self._callee.drop(call)
        if call.phase is not Phase.OVER:
            core.over(call)
            core.tell(HungUp(call.key, theirs.request, "BYE"))
        core.settle(call)

    def _reinvited(self, call: Call, theirs: Theirs) -> None:
        core = self._core
        if call.phase is Phase.OVER:
            core.respond(theirs.key, 481, "Call/Transaction Does Not Exist")
        elif call.phase is Phase.CALLED or call.asked:
            core.respond(
                theirs.key, 500, "Busy With Another INVITE", fields=self._wait()
            )
        elif call.modifying or call.accepted or call.phase is Phase.CALLING:
            core.respond(theirs.key, 491, "Request Pending")
        else:
            call.asked, theirs.owner = theirs.key, call.key
            call.open.add(theirs.key)
            core.respond(theirs.key, 100, "Trying")
            core.tell(Modified(call.key, theirs.key, theirs.request))

    def _updated(self, call: Call, theirs: Theirs) -> None:
        core, request = self._core, theirs.request
        if call.phase is Phase.OVER:
            core.respond(theirs.key, 481, "Call/Transaction Does Not Exist")
        elif not request.body:
            granted = grant(request, call.session)
            timer = granted.fields if granted else ()
            fields = core.replying(request, 200, timer)
            sent = core.respond(theirs.key, 200, "OK", fields=fields)
            if sent and call.phase is Phase.UP:
                self._keeper.agree(call, sent, ours=False)
        elif call.asked or self._callee.owes_an_answer(call):
            core.respond(
                theirs.key, 500, "Busy With Another Offer", fields=self._wait()
            )
        elif _offers(call, from_tag(request)):
            core.respond(theirs.key, 491, "Request Pending")
        else:
            call.asked = theirs.key
            call.open.add(theirs.key)
            core.tell(Modified(call.key, theirs.key, request))

    # -- sending

    def _send(
        self,
        call: Call,
        method: str,
        then: "partial[None]",
        fields: tuple[Field, ...] = (),
        body: bytes = b"",
        content_type: str = "",
    ) -> None:
        core = self._core
        if call.dialog is None:
            core.trace(f"no {method}: {call.key} has no dialog yet")
            return
        said = core.asking(method, call.dialog.target, fields, content_type)
        call.dialog = core.send_in_dialog(call, call.dialog, method, then, said, body)

    def _reinvite(self, call: Call, again: "partial[None]", *, told: bool) -> None:
        assert call.dialog, "a call that is up has a dialog"
        seq = call.dialog.local_seq + 1
        expires = Field.of("Session-Expires", self._session(call))
        timer = (expires,) if call.session else ()
        call.modifying = f"{seq} INVITE"
        then = partial(self._modified, call, seq, again, told)
        self._send(call, "INVITE", then, timer, call.body, call.content_type)

    def _session(self, call: Call) -> str:
        return str(SessionExpires(call.session, "uac"))

    # -- hearing

    def _replied(
        self, call: Call, method: str, response: Message | None, why: str
    ) -> None:
        if response is not None and response.status < 200:
            return
        core = self._core
        if response and response.status < 300 and method == "UPDATE" and call.dialog:
            call.dialog = call.dialog.moved(response)
            self._keeper.agree(call, response, ours=True)
        core.tell(Replied(call.key, method, response))
        if method != "BYE":
            self._check_dialog(call, response, why)

    def _refreshed(
        self, call: Call, again: "partial[None]", response: Message | None, why: str
    ) -> None:
        if response is not None and response.status < 200:
            return
        if response is not None and response.status < 300:
            self._keeper.agree(call, response, ours=True)
        elif response is not None and response.status == 491:
            self._later(call, self._glare_wait(call), again)
        else:
            self._check_dialog(call, response, why)

    def _modified(
        self,
        call: Call,
        seq: int,
        again: "partial[None]",
        told: bool,
        response: Message | None,
        why: str,
    ) -> None:
        core = self._core
        if response is not None and response.status < 200:
            return
        if response is not None and response.status < 300:
            if self._acked_again(call, seq, response):
                return
            self._keeper.agree(call, response, ours=True)
        call.modifying = ""
        if response is not None and response.status == 491:
            self._later(call, self._glare_wait(call), again)
            return
        if told:
            core.tell(Replied(call.key, "INVITE", response))
        self._check_dialog(call, response, why)

    def _acked_again(self, call: Call, seq: int, response: Message) -> bool:
        """ACK a 2xx to a re-INVITE; True when it is not the first one."""
        core = self._core
        if seq in call.reinvite_acks:
            core.transactions.pass_again(*call.reinvite_acks[seq])
            return True
        assert call.dialog, "a call that is up has a dialog"
        call.dialog = call.dialog.moved(response)
        hop = core.hop(call, call.dialog)
        ack = call.dialog.ack(seq, core.asking("ACK", call.dialog.target))
        call.reinvite_acks = {seq: (core.transactions.pass_by(ack, hop), hop)}
        return False

    def _check_dialog(self, call: Call, response: Message | None, why: str) -> None:
        """RFC 3261 §12.2.1.2: no answer, 408 and 481 end the dialog."""
        if call.phase is not Phase.UP:
            return
        if response is None or response.status in NO_DIALOG:
            status = response.status if response else 0
            self._core.tell(HungUp(call.key, None, why or f"{status} in the dialog"))
            if status == 481:
                self._core.over(call)
            else:
                self.part(call, ())

    # -- glare

    def _busy(self, call: Call) -> bool:
        return bool(call.modifying or call.asked or call.accepted)

    def _later(self, call: Call, after: float, again: "partial[None]") -> None:
        self._core.alarms.set(f"again:{call.key}", after, again)

    def _glare_wait(self, call: Call) -> float:
        """§14.1: 2.1 to 4 s for who made the Call-ID, 0 to 2 s for the other."""
        chance = self._core.names.number(16) / 65536
        wait = 2.1 + 1.9 * chance if call.outgoing else 0.01 + 1.99 * chance
        return self._core.timing.scaled(round(wait, 2))

    def _wait(self) -> tuple[Field, ...]:
        """§14.2: Retry-After of 0 to 10 s, by chance."""
        return (Field.of("Retry-After", str(self._core.names.number(16) % 11)),)


def _offers(call: Call, tag: str) -> bool:
    """RFC 3311 §5.2: whether an offer of ours waits for the answer of that side."""
    ours = call.outgoing
    early = call.phase is Phase.CALLING and ours is not None and ours.order.body
    return bool(call.modifying or (early and ours and tag not in ours.described))
