"""The calling side of an INVITE, from the first octet to the answer or the failure.

RFC 3261 §13.2, §9.1 (CANCEL), §8.1.3.4 (redirects), §13.2.2.4 (forked 2xx);
RFC 3262 §4 (PRACK); RFC 4028 §7.3 (422).
"""

from functools import partial

from msgspec.structs import replace

from ringback.faults import Malformed
from ringback.protocol.calls import Call, Order, Outgoing, Phase
from ringback.protocol.core import Core
from ringback.protocol.dialog import MAX_FORWARDS, Dialog
from ringback.protocol.happenings import (
    Answered,
    HungUp,
    Progressed,
    Redirected,
    Refused,
)
from ringback.protocol.redirect import (
    REDIRECTS_FOLLOWED,
    Target,
    keeps_security,
    target_of,
    targets_of,
)
from ringback.protocol.session_timer import SessionKeeper, asked_fields
from ringback.wire.extensions import min_se, rseq
from ringback.wire.headers import to_tag, tokens
from ringback.wire.message import Field, Message
from ringback.wire.uri import Uri, parse, same

_IN_CANCEL = ("from", "to", "call-id", "route")


class Caller:
    """Places calls and follows them until they are answered or have failed."""

    def __init__(self, core: Core, keeper: SessionKeeper) -> None:
        self._core = core
        self._keeper = keeper

    def call(self, order: Order, target: Target) -> str:
        """Send the first INVITE of a new call."""
        core = self._core
        call = Call(order.call_id, Phase.CALLING, core.names.tag(), target)
        call.body, call.content_type = order.body, order.content_type
        call.outgoing = Outgoing(order)
        call.outgoing.tried.add(order.uri)
        core.calls[call.key] = call
        self._invite(call, call.outgoing)
        return call.key

    def cancel(self, call: Call, fields: tuple[Field, ...]) -> None:
        """Take the INVITE back: now, or once a provisional answer is there (§9.1)."""
        ours = call.outgoing
        if ours and ours.cancelling is None:
            ours.cancelling = fields
            ours.waiting.clear()
            if ours.provisional:
                self._send_cancel(call, ours)

    # -- sending

    def _invite(self, call: Call, ours: Outgoing) -> None:
        core, order = self._core, ours.order
        who = (order.sender, call.local_tag, order.call_id, ours.seq)
        timer = asked_fields(order.session_expires, order.min_se)
        fields = core.asking(
            "INVITE", order.uri, (*timer, *order.fields), order.content_type
        )
        opening = core.opening("INVITE", order.to, who)
        if any(f.name == "max-forwards" for f in fields):
            opening = tuple(f for f in opening if f is not MAX_FORWARDS)
        invite = Message.request("INVITE", order.uri, (*opening, *fields), order.body)
        ours.attempt += 1
        ours.provisional = ours.cancel_sent = False
        call.link = ""
        then = partial(self._heard, call, ours, ours.attempt)
        ours.key = core.send(call, invite, call.target, then)
        call.link = core.transactions.link_of(ours.key)

    def _send_cancel(self, call: Call, ours: Outgoing) -> None:
        core = self._core
        found = core.transactions.sent(ours.key)
        if found is None or ours.cancel_sent:
            return
        invite, target = found
        ours.cancel_sent = True
        kept = [f for f in invite.fields if f.name in _IN_CANCEL]
        via = next(f for f in invite.fields if f.name == "via")
        seq = Field.of("CSeq", f"{ours.seq} CANCEL")
        extra = core.asking("CANCEL", invite.uri, ours.cancelling or ())
        fields = (via, MAX_FORWARDS, *kept, seq, *extra)
        cancel = Message.request("CANCEL", invite.uri, fields)
        branch = ours.key.removesuffix(":INVITE")
        call.open.add("CANCEL")
        then = partial(self._cancelled, call, ours)
        core.transactions.repeat(cancel, branch, target, then, call.link)
        give_up = partial(self._give_up, call, ours)
        core.alarms.set(f"given-up:{call.key}", core.timing.patience, give_up)

    def _cancelled(
        self, call: Call, ours: Outgoing, response: Message | None, why: str
    ) -> None:
        if response is not None and response.status < 200:
            return
        call.open.discard("CANCEL")
        if response is None and call.phase is Phase.CALLING:
            self._give_up(call, ours)
        self._core.settle(call)

    def _give_up(self, call: Call, ours: Outgoing) -> None:
        """§9.1: without a final answer 64*T1 after the CANCEL the call is dead."""
        if call.phase is Phase.CALLING:
            self._core.transactions.abandon(ours.key)
            call.open.clear()
            self._fail(call, None, "no final answer after CANCEL")
            self._core.settle(call)

    # -- hearing

    def _heard(
        self,
        call: Call,
        ours: Outgoing,
        attempt: int,
        response: Message | None,
        why: str,
    ) -> None:
        if attempt != ours.attempt:
            self._core.trace(f"an answer to an INVITE that was replaced: {why}")
        elif response is None:
            self._try_on(call, ours, None, why)
        elif response.status < 200:
            self._progressed(call, ours, response)
        elif response.status < 300:
            self._accepted(call, ours, response)
        else:
            self._refused(call, ours, response)

    def _progressed(self, call: Call, ours: Outgoing, response: Message) -> None:
        ours.provisional = True
        if ours.cancelling is not None:
            self._send_cancel(call, ours)
        if response.status == 100 or call.phase is not Phase.CALLING:
            return
        tag = to_tag(response)
        if tag and self._acknowledged_before(call, ours, tag, response):
            return
        self._core.tell(Progressed(call.key, response))

    def _acknowledged_before(
        self, call: Call, ours: Outgoing, tag: str, response: Message
    ) -> bool:
        """Keep the early dialog; PRACK what is reliable. True for a repetition."""
        invite = self._core.transactions.sent(ours.key)
        if invite and tag not in ours.early:
            secured = self._core.manner.secured
            ours.early[tag] = Dialog.of_response(invite[0], response, secured)
        call.dialog = ours.early.get(tag)
        number = rseq(response)
        if number is None or "100rel" not in tokens(response, "require"):
            return False
        last = ours.rseqs.get(tag)
        if last is not None and number != last + 1:
            self._core.trace(f"RSeq {number} after {last} is not the next")
            return True
        ours.rseqs[tag] = number
        if response.body:
            ours.described.add(tag)
        if call.dialog:
            rack = Field.of("RAck", f"{number} {ours.seq} INVITE")
            dialog = self._core.send_in_dialog(
                call, call.dialog, "PRACK", partial(self._pracked, call), (rack,)
            )
            ours.early[tag] = call.dialog = dialog
        return False

    def _pracked(self, call: Call, response: Message | None, why: str) -> None:
        if response is None or response.status >= 300:
            said = why or str(response and response.status)
            self._core.trace(f"PRACK of {call.key} failed: {said}")

    def _accepted(self, call: Call, ours: Outgoing, response: Message) -> None:
        core, tag = self._core, to_tag(response)
        if tag in ours.acks:
            core.transactions.pass_again(*ours.acks[tag])
            return
        dialog = self._confirmed(ours, response)
        hop = core.hop(call, dialog)
        ack = dialog.ack(ours.seq, core.asking("ACK", dialog.target))
        ours.acks[tag] = (core.transactions.pass_by(ack, hop), hop)
        if call.phase is Phase.CALLING and ours.cancelling is None:
            call.phase, call.dialog = Phase.UP, dialog
            call.allows = tokens(response, "allow")
            self._keeper.agree(call, response, ours=True)
            core.tell(Answered(call.key, response))
            return
        bye = core.asking("BYE", dialog.target, ours.cancelling or ())
        core.send_in_dialog(call, dialog, "BYE", _indifferent, bye)
        if call.phase is Phase.CALLING:
            core.over(call)
            core.tell(HungUp(call.key, None, "the answer crossed our CANCEL"))

    def _confirmed(self, ours: Outgoing, response: Message) -> Dialog:
        """The dialog of a 2xx; PRACKs in its early dialog used up numbers."""
        found = self._core.transactions.sent(ours.key)
        assert found is not None, "a transaction that delivers is remembered"
        early = ours.early.get(to_tag(response))
        dialog = Dialog.of_response(found[0], response, self._core.manner.secured)
        if early is None:
            return dialog
        return replace(dialog, local_seq=early.local_seq, remote_seq=early.remote_seq)

    def _refused(self, call: Call, ours: Outgoing, response: Message) -> None:
        manner = self._core.manner
        status = response.status
        if ours.cancelling is None and status // 100 == 3 and manner.follows_redirects:
            ours.waiting[:0] = self._worth_following(ours, response)
            self._try_on(call, ours, response, response.reason)
        elif ours.cancelling is None and status == 422 and self._longer(ours, response):
            ours.seq += 1
            self._invite(call, ours)
        elif status >= 600:
            self._fail(call, response, response.reason)
        else:
            self._try_on(call, ours, response, response.reason)

    def _longer(self, ours: Outgoing, response: Message) -> bool:
        """RFC 4028 §7.3: ask again for what the other side calls the least."""
        try:
            least = min_se(response) or 0
        except Malformed:
            return False
        if least <= ours.order.session_expires or not ours.order.session_expires:
            return False
        ours.order = replace(ours.order, session_expires=least, min_se=least)
        return True

    # -- redirects

    def _worth_following(self, ours: Outgoing, response: Message) -> list[Uri]:
        secured = self._core.manner.secured
        found = []
        for uri in targets_of(response):
            if not keeps_security(ours.order.uri, uri, secured=secured):
                self._core.trace(f"redirect to {uri} would lose security: not followed")
            elif not _tried(ours, uri):
                found.append(uri)
        return found

    def _try_on(
        self, call: Call, ours: Outgoing, response: Message | None, why: str
    ) -> None:
        """The next redirect that was not tried; the end when there is none."""
        while ours.waiting and ours.followed < REDIRECTS_FOLLOWED:
            uri = ours.waiting.pop(0)
            if _tried(ours, uri):
                continue
            ours.tried.add(_bare(uri))
            ours.followed += 1
            ours.seq += 1
            ours.early.clear()
            ours.order = replace(ours.order, uri=_bare(uri))
            call.target = target_of(uri, self._core.manner.secured)
            if response is not None:
                self._core.tell(Redirected(call.key, response, call.target))
            self._invite(call, ours)
            return
        self._fail(call, response, why)

    def _fail(self, call: Call, response: Message | None, why: str) -> None:
        self._core.alarms.drop(f"given-up:{call.key}")
        if call.phase is Phase.CALLING:
            self._core.over(call)
            self._core.tell(Refused(call.key, response, why))


def _bare(uri: Uri) -> str:
    """A redirect's URI as a Request-URI: without the header part (§19.1.5)."""
    return str(uri).partition("?")[0]


def _tried(ours: Outgoing, uri: Uri) -> bool:
    """§8.1.3.4: whether it was in the target set before, as §19.1.4 compares URIs."""
    bare = parse(_bare(uri))
    return any(same(bare, parse(text)) for text in ours.tried)


def _indifferent(response: Message | None, why: str) -> None:
    """The answer to a BYE for a call nobody wanted."""
