"""What the parts of a user agent share: its calls, its wires, how it words messages.

RFC 3261 §8.1.1 (requests), §12.1.1 (Contact, Record-Route), §20.5 (Allow).
"""

from collections.abc import Callable

from ringback.faults import Malformed
from ringback.protocol.alarms import Alarms
from ringback.protocol.calls import Call, Phase
from ringback.protocol.connections import Connections
from ringback.protocol.dialog import MAX_FORWARDS, Dialog
from ringback.protocol.happenings import Happening, Idle
from ringback.protocol.manner import Manner, Voice
from ringback.protocol.names import Names
from ringback.protocol.redirect import Target, target_of
from ringback.protocol.replies import response_to
from ringback.protocol.timing import Timing
from ringback.protocol.transactions import Ending, Then, Transactions
from ringback.protocol.world import Trace, Wish
from ringback.wire.headers import to_tag
from ringback.wire.message import Field, Message
from ringback.wire.uri import parse as parse_uri


class Core:
    """One per user agent."""

    def __init__(
        self,
        manner: Manner,
        names: Names,
        timing: Timing,
        out: Callable[[Wish], None],
    ) -> None:
        self.manner, self.names, self.timing, self.out = manner, names, timing, out
        prefix = f"sip:{manner.place}"
        self.alarms = Alarms(f"{prefix}:", out)
        self.connections = Connections(prefix, out)
        self.transactions = Transactions(
            via=(manner.host, manner.port),
            connections=self.connections,
            alarms=self.alarms,
            names=names,
            timing=timing,
            out=out,
        )
        self.calls: dict[str, Call] = {}
        self.told: list[Happening] = []
        self.listening = False
        self._sent = 0
        self._voice = Voice(manner)

    # -- telling

    def tell(self, happening: Happening) -> None:
        """Outside of ``take`` the peer cannot hear: an alarm brings it back soon."""
        self.told.append(happening)
        if not self.listening:
            self.alarms.soon("told")

    def trace(self, text: str) -> None:
        self.out(Trace(text))

    # -- calls

    def find(self, key: str, doing: str) -> Call | None:
        """A call by its key; one that is gone leaves a trace, no exception."""
        call = self.calls.get(key)
        if call is None:
            self.trace(f"cannot {doing}: no call {key}")
        return call

    def call_of(self, request: Message) -> Call | None:
        """The call whose dialog a request of theirs names."""
        call_id, local = request.first("call-id"), to_tag(request)
        for key in (call_id, f"{call_id};{local}"):
            call = self.calls.get(key)
            if call and call.matches(request):
                return call
        return None

    def key_for(self, call_id: str, local_tag: str) -> str:
        """The Call-ID itself, unless both ends of that call live here."""
        return f"{call_id};{local_tag}" if call_id in self.calls else call_id

    def over(self, call: Call) -> None:
        """The call has ended; what is still under way may finish."""
        call.phase = Phase.OVER
        self.alarms.drop(f"session:{call.key}")
        self.alarms.drop(f"again:{call.key}")

    def settle(self, call: Call) -> None:
        """Forget an ended call once nothing of it is expected any more."""
        if call.phase is Phase.OVER and not call.open and self.calls.get(call.key):
            del self.calls[call.key]
            for purpose in ("accepted", "reliable", "given-up"):
                self.alarms.drop(f"{purpose}:{call.key}")
            self.tell(Idle(call.key))

    # -- sending

    def send(self, call: Call, message: Message, target: Target, then: Then) -> str:
        """A request that belongs to a call; the key of its transaction."""
        self._sent += 1
        token = f"{message.method} {self._sent}"
        call.open.add(token)

        def heard(response: Message | None, why: str) -> None:
            if response is None or response.status >= 200:
                call.open.discard(token)
            then(response, why)
            self.settle(call)

        return self.transactions.request(message, target, heard, call.link)

    def send_in_dialog(
        self,
        call: Call,
        dialog: Dialog,
        method: str,
        then: Then,
        fields: tuple[Field, ...] = (),
        body: bytes = b"",
    ) -> Dialog:
        """Compose the next request of a dialog and send it; the dialog after it."""
        dialog, message = dialog.request(method, fields, body)
        self.send(call, message, self.hop(call, dialog), then)
        return dialog

    def hop(self, call: Call, dialog: Dialog) -> Target:
        """Where requests of a dialog go; where the call went if that is unreadable, or
        if the answer had no Contact and the INVITE's own URI has to do."""
        if call.outgoing is not None and dialog.next_hop == call.outgoing.order.uri:
            return call.target
        try:
            return target_of(parse_uri(dialog.next_hop), self.manner.secured)
        except Malformed as fault:
            self.trace(f"cannot follow {dialog.next_hop!r}: {fault.why}")
            return call.target

    def respond(
        self,
        key: str,
        status: int,
        reason: str,
        *,
        tag: str = "",
        fields: tuple[Field, ...] = (),
        body: bytes = b"",
        ended: Ending | None = None,
    ) -> Message | None:
        """Answer a request of theirs by its key; None when it needs none any more."""
        theirs = self.transactions.theirs(key)
        if theirs is None or theirs.settled:
            self.trace(f"no request awaits {status} {reason}: {key}")
            return None
        response = response_to(
            theirs.request,
            status,
            reason,
            via=theirs.via,
            tag=tag or ("" if status == 100 else self.names.tag()),
            fields=fields,
            body=body,
        )
        self.transactions.answer(key, response, ended)
        return response

    # -- wording

    def opening(
        self, method: str, uri: str, who: tuple[str, str, str, int]
    ) -> tuple[Field, ...]:
        """The fields of a request outside a dialog: From, To, Call-ID and CSeq."""
        sender, tag, call_id, seq = who
        return (
            MAX_FORWARDS,
            Field.of("From", f"<{sender}>;tag={tag}"),
            Field.of("To", f"<{uri}>"),
            Field.of("Call-ID", call_id),
            Field.of("CSeq", f"{seq} {method}"),
        )

    def sender(self, uri: str, user: str = "") -> str:
        """Our own address as a From says it: sips when the other side's is."""
        scheme = "sips" if uri.lower().startswith("sips:") else "sip"
        name = user or self.manner.user
        host = self.manner.place.rpartition(":")[0]
        return f"{scheme}:{name}@{host}" if name else f"{scheme}:{host}"

    def asking(
        self,
        method: str,
        uri: str,
        fields: tuple[Field, ...] = (),
        content_type: str = "",
    ) -> tuple[Field, ...]:
        """What a request says of us, beside what the caller of this wants said."""
        return self._voice.asking(method, uri, fields, content_type)

    def replying(
        self,
        request: Message,
        status: int,
        fields: tuple[Field, ...] = (),
        content_type: str = "",
    ) -> tuple[Field, ...]:
        """What a response says of us; makes a dialog where RFC 3261 §12.1.1 does."""
        return self._voice.replying(request, status, fields, content_type)
