"""A dialog: what two user agents remember of each other. RFC 3261 §12.

Frozen and of plain fields, so that a store can keep it over a restart.
"""

import re
from typing import Self

import msgspec
from msgspec.structs import replace

from ringback.wire.headers import (
    contacts,
    cseq,
    from_tag,
    routes,
    to_tag,
)
from ringback.wire.message import Field, Message
from ringback.wire.uri import SipUri
from ringback.wire.uri import parse as parse_uri

_TAG = re.compile(r"\s*;\s*tag\s*=\s*[^;\s]*", re.IGNORECASE)
MAX_FORWARDS = Field.of("Max-Forwards", "70")


class Dialog(msgspec.Struct, frozen=True):
    """Tags, URIs, route set and counters as one side sees them.

    ``local_uri`` and ``remote_uri`` are From/To values without tag, ``target`` is the
    URI of the remote Contact, ``route`` the Route values for requests of ours;
    ``remote_seq`` is -1 while the other side has sent no request.
    """

    call_id: str
    local_tag: str
    remote_tag: str
    local_uri: str
    remote_uri: str
    target: str
    route: tuple[str, ...] = ()
    local_seq: int = 0
    remote_seq: int = -1
    secured: bool = False
    early: bool = False

    @classmethod
    def of_response(
        cls, request: Message, response: Message, secured: bool = False
    ) -> Self:
        """The caller's view (RFC 3261 §12.1.2): the route set turned round."""
        return cls(
            call_id=request.first("call-id"),
            local_tag=from_tag(request),
            remote_tag=to_tag(response),
            local_uri=without_tag(request.first("from")),
            remote_uri=without_tag(response.first("to")),
            target=contact_uri(response) or request.uri,
            route=tuple(str(r) for r in reversed(routes(response, "record-route"))),
            local_seq=cseq(request).number,
            secured=secured,
            early=response.status < 200,
        )

    @classmethod
    def of_request(
        cls, request: Message, response: Message, secured: bool = False
    ) -> Self:
        """The callee's view (RFC 3261 §12.1.1): the route set as it came. A caller who
        says no Contact is looked for where his From says."""
        return cls(
            call_id=request.first("call-id"),
            local_tag=to_tag(response),
            remote_tag=from_tag(request),
            local_uri=without_tag(response.first("to")),
            remote_uri=without_tag(request.first("from")),
            target=contact_uri(request) or _bare_uri(request.first("from")),
            route=tuple(str(r) for r in routes(request, "record-route")),
            remote_seq=cseq(request).number,
            secured=secured,
            early=response.status < 200,
        )

    @property
    def next_hop(self) -> str:
        """The URI that says where requests go (RFC 3261 §12.2.1.1)."""
        return _bare_uri(self.route[0]) if self.route else self.target

    def request(
        self, method: str, fields: tuple[Field, ...] = (), body: bytes = b""
    ) -> tuple[Self, Message]:
        """The next request in this dialog, without Via, and the dialog after it."""
        after = replace(self, local_seq=self.local_seq + 1)
        return after, self._compose(method, after.local_seq, fields, body)

    def ack(self, seq: int, fields: tuple[Field, ...] = ()) -> Message:
        """The ACK to a 2xx, without Via (RFC 3261 §13.2.2.4)."""
        return self._compose("ACK", seq, fields, b"")

    def heard(self, request: Message) -> Self:
        """After a request from the other side; one with a Contact moves the target
        when its method may do that (RFC 3261 §12.2.2, RFC 3311 §5.1)."""
        moved = contact_uri(request) if request.method in ("INVITE", "UPDATE") else ""
        seq = max(self.remote_seq, cseq(request).number)
        return replace(self, remote_seq=seq, target=moved or self.target)

    def moved(self, response: Message) -> Self:
        """After a 2xx to our own re-INVITE or UPDATE (RFC 3261 §12.2.1.2)."""
        return replace(self, target=contact_uri(response) or self.target)

    def _compose(
        self, method: str, seq: int, fields: tuple[Field, ...], body: bytes
    ) -> Message:
        uri, route = self._way()
        to = f"{self.remote_uri};tag={self.remote_tag}"
        standing = (
            *(Field.of("Route", r) for r in route),
            MAX_FORWARDS,
            Field.of("From", f"{self.local_uri};tag={self.local_tag}"),
            Field.of("To", to if self.remote_tag else self.remote_uri),
            Field.of("Call-ID", self.call_id),
            Field.of("CSeq", f"{seq} {method}"),
        )
        return Message.request(method, uri, (*standing, *fields), body)

    def _way(self) -> tuple[str, tuple[str, ...]]:
        """Request-URI and Route; a strict router wants itself in the Request-URI."""
        if not self.route:
            return self.target, ()
        first = parse_uri(_bare_uri(self.route[0]))
        if isinstance(first, SipUri) and first.lr:
            return self.target, self.route
        return str(first), (*self.route[1:], f"<{self.target}>")


def contact_uri(message: Message) -> str:
    """The URI of the first Contact; empty when there is none."""
    found = contacts(message)
    return str(found[0].uri) if found else ""


def without_tag(text: str) -> str:
    """A From or To value less its tag; everything else stays as it stood."""
    before, bracket, after = text.rpartition(">")
    return before + bracket + _TAG.sub("", after)


def _bare_uri(route: str) -> str:
    start, end = route.find("<"), route.rfind(">")
    return route[start + 1 : end] if 0 <= start < end else route.partition(";")[0]
