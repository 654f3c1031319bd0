"""What arrives at a user agent, sorted: to its call, to its peer, or refused.

RFC 3261 §8.2 (requests), §8.2.2.2 (merged), §12.2.2 (481), §18.3 (broken streams),
§21.5.7 (513).
"""

from ringback.faults import Malformed
from ringback.protocol.callee import Callee
from ringback.protocol.connections import Link
from ringback.protocol.core import Core
from ringback.protocol.happenings import Asked, Disturbed
from ringback.protocol.matching import request_key
from ringback.protocol.replies import response_to, via_back
from ringback.protocol.screening import Complaint, broken, complaint, unreadable
from ringback.protocol.transactions import Theirs
from ringback.protocol.within import Within
from ringback.wire.framing import TooLong
from ringback.wire.grammar import is_response
from ringback.wire.headers import cseq, to_tag
from ringback.wire.message import Message

_INSIDE_ONLY = ("BYE", "PRACK", "UPDATE", "INFO")


class Reception:
    """Sorts octets into messages, and messages into what they are for."""

    def __init__(self, core: Core, callee: Callee, within: Within) -> None:
        self._core = core
        self._callee = callee
        self._within = within
        core.transactions.demand = self.demanded
        core.transactions.stray_ack = self.acked

    def arrived(self, link: str, octets: bytes) -> None:
        core = self._core
        for item in core.connections.read(link, octets):
            if isinstance(item, Malformed):
                self._disturbed(link, item)
                return
            found = core.connections.get(link)
            if found is not None:
                self._message(found, item)

    def _message(self, link: Link, message: Message) -> None:
        response = message.start[:4].upper() == b"SIP/"
        why = unreadable(message) if response else ""
        wrong = None if response else broken(message)
        if not why and wrong is None:
            self._take(link, message)
        elif wrong and message.method != "ACK":
            self._refuse_broken(link, message, wrong)
        else:
            self._core.trace(f"unreadable ({why}), dropped: {message.start!r}")

    def _take(self, link: Link, message: Message) -> None:
        """Fields that only some readers need are read late; bad ones surface here."""
        transactions = self._core.transactions
        try:
            transactions.take(link, message)
        except Malformed as fault:
            self._core.trace(f"{fault.why}: {message.start!r}")
            theirs = (
                None if message.status else transactions.theirs(request_key(message))
            )
            if theirs and not theirs.settled:
                self._core.respond(theirs.key, 400, "Bad Request")

    def _refuse_broken(self, link: Link, request: Message, wrong: Complaint) -> None:
        """What cannot be matched is refused outside any transaction."""
        if request.first("via"):
            tag = self._core.names.tag()
            refusal = response_to(
                request,
                wrong.status,
                wrong.reason,
                via=via_back(request, link.remote),
                tag=tag,
                fields=wrong.fields,
            )
            self._core.connections.write(link.name, refusal)

    def _disturbed(self, link: str, fault: Malformed) -> None:
        """§18.3: after this the stream cannot be read on; all else can."""
        try:
            request = Message.parse(fault.octets)
        except Malformed:
            request = None
        asked = request is not None and not is_response(request)
        if request and asked and request.method.isalpha() and request.method != "ACK":
            long = isinstance(fault, TooLong)
            said = (513, "Message Too Large") if long else (400, "Bad Request")
            found = self._core.connections.get(link)
            via = via_back(request, found.remote) if found else ""
            tag = self._core.names.tag()
            refusal = response_to(request, *said, via=via, tag=tag)
            self._core.connections.write(link, refusal)
        self._core.connections.close(link)
        self._core.tell(Disturbed("", fault.why, fault.octets))
        self._core.transactions.lost(link, "closed: it carried what cannot be read")

    def demanded(self, theirs: Theirs, link: Link) -> None:
        core, request, manner = self._core, theirs.request, self._core.manner
        if link.secured and manner.trusts and not manner.trusts(link.names):
            core.trace(f"untrusted peer {link.names}")
            core.respond(theirs.key, 403, "Forbidden")
            return
        core.connections.lend(link, theirs.topmost)
        wrong = complaint(request, manner.takes, manner.relays)
        if wrong:
            core.respond(theirs.key, wrong.status, wrong.reason, fields=wrong.fields)
        elif request.method == "CANCEL":
            self._callee.cancelled(theirs)
        elif to_tag(request):
            self._inside(theirs)
        else:
            self._outside(theirs, link)

    def _inside(self, theirs: Theirs) -> None:
        call = self._core.call_of(theirs.request)
        if call is None:
            self._core.respond(theirs.key, 481, "Call/Transaction Does Not Exist")
        else:
            self._within.take(call, theirs)

    def _outside(self, theirs: Theirs, link: Link) -> None:
        core, method = self._core, theirs.request.method
        if core.transactions.merged(theirs):
            core.respond(theirs.key, 482, "Loop Detected")
        elif method == "INVITE":
            self._callee.invited(theirs, link)
        elif method in _INSIDE_ONLY:
            core.respond(theirs.key, 481, "Call/Transaction Does Not Exist")
        else:
            core.tell(Asked("", theirs.key, theirs.request))

    def acked(self, ack: Message) -> None:
        call = self._core.call_of(ack)
        if call is None:
            number = cseq(ack).number
            self._core.trace(f"an ACK ({number}) for no call: {ack.first('call-id')}")
        else:
            self._callee.acked(call, ack)
