"""A user agent in a scenario's hands: what it says and when is the scenario's affair.

It sits at a role's own address and shows that role's certificate, so that whoever
talks with it takes it for the role; beside our own peer, or in its place.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

from ringback.evidence.circumstances import Seat
from ringback.faults import Malformed, Unseen, Untestable
from ringback.net.identity import Identity
from ringback.peers import cas_binding
from ringback.peers.exchanges import Asking, Line, Theirs, in_order_of, in_time_of
from ringback.peers.probe import SDP_TYPE, Change, Probe, ProbeSettings
from ringback.peers.probe_voice import Voice
from ringback.protocol.dialog import Dialog
from ringback.protocol.names import Names
from ringback.protocol.redirect import target_of
from ringback.testbed import torment
from ringback.values import PROBE_PORT, Address, Role, Security
from ringback.wire.message import Field, Message
from ringback.wire.order import Order
from ringback.wire.sdes import Crypto
from ringback.wire.uri import parse as parse_uri

if TYPE_CHECKING:
    from ringback.testbed.testbed import Testbed

REASONS = {100: "Trying", 180: "Ringing", 183: "Session Progress", 200: "OK"}
PATIENCE = 5.0


class Probing:
    """``peer`` has all that was said and heard; see ``peers.probe``."""

    def __init__(
        self,
        bed: "Testbed",
        role: Role,
        identity: Identity,
        seat: Seat,
        port: int,
        facing: Role | None = None,
    ) -> None:
        self._bed, self.role, self.seat = bed, role, seat
        bed.probes.append(self)
        self.peer = Probe(
            ProbeSettings(
                host=seat.name,
                address=seat.host,
                port=port,
                secured=bed.security.tls and Role.PHONE not in (role, facing),
                seed=f"{bed.theatre.seed}/probe {len(bed.theatre.seats)}",
            )
        )
        self._seat = bed.theatre.sits(
            self.peer, None, seat.host, identity=identity, label="probe"
        )

    # -- asking

    def opens(self, of: Role, *, worker: bool = True, new: bool = True) -> Line:
        """A connection to a role, to a UM worker unless ``worker`` is false."""
        address, name = self._where(of, worker)
        way = self.peer.opens if new else self.peer.line_to
        line = way(address, name)
        self._flush()
        return line

    def composed(
        self,
        method: str,
        of: Role,
        *,
        user: str = "",
        fields: tuple[Field, ...] = (),
        body: bytes = b"",
        worker: bool = True,
    ) -> Message:
        """A sound request for a role, not sent; for those who write octets."""
        _, name = self._where(of, worker)
        uri = f"sip:{user}@{name}" if user else f"sip:{name}"
        typed = (SDP_TYPE,) if body and not _has(fields, "content-type") else ()
        return self.peer.composed(method, uri, (*typed, *fields), body)

    def asks(
        self,
        method: str,
        of: Role,
        *,
        user: str = "",
        fields: tuple[Field, ...] = (),
        body: bytes = b"",
        change: Change | None = None,
        line: Line | None = None,
        worker: bool = True,
    ) -> Asking:
        """A sound request outside of any dialog, or what ``change`` makes of it."""
        words = {"user": user, "fields": fields, "body": body, "worker": worker}
        request = self.composed(method, of, **words)  # type: ignore[arg-type]
        line = line or self.opens(of, worker=worker, new=False)
        asking = self.peer.asks(line, request, change)
        self._flush()
        return asking

    def invites(
        self,
        of: Role,
        *,
        user: str = "+12065550123",
        fields: tuple[Field, ...] = (),
        body: bytes | None = None,
        change: Change | None = None,
        line: Line | None = None,
    ) -> Asking:
        """An INVITE with an offer of our media port; to a UM worker, with an order to
        play alice's message "hello" to that number."""
        if of is Role.UM:
            return self._orders(user, fields, change, line)
        offered = self.peer.describes(**self.keyed()) if body is None else body
        words = {"fields": fields, "body": offered, "change": change, "line": line}
        return self.asks("INVITE", of, user=user, **words)  # type: ignore[arg-type]

    def _orders(
        self,
        number: str,
        fields: tuple[Field, ...],
        change: Change | None,
        line: Line | None,
    ) -> Asking:
        order = Order("alice", "message", "hello", number)
        offered = cas_binding.inactive(self.seat.host, 1)
        whole = cas_binding.invitation(order, offered, "probe-boundary")
        typed = Field.of("Content-Type", whole.content_type)
        words = {"body": bytes(whole), "change": change, "line": line}
        return self.asks(
            "INVITE",
            Role.UM,
            fields=(typed, *fields),
            **words,  # type: ignore[arg-type]  # a dict of three kinds
        )

    def talks_with(
        self,
        of: Role,
        *,
        user: str = "+12065550123",
        fields: tuple[Field, ...] = (),
    ) -> tuple[Dialog, Asking]:
        """A call that was answered: its dialog and its INVITE. Unseen when nobody
        accepts it in time."""
        asking = self.invites(of, user=user, fields=fields)
        self._bed.until(asking.is_answered, PATIENCE)
        if asking.final is None or asking.final.status >= 300:
            raise Unseen(f"the {of} did not accept the call: {asking.statuses}")
        return asking.dialog(), asking

    def asks_within(
        self,
        dialog: Dialog,
        method: str,
        *,
        line: Line | None = None,
        fields: tuple[Field, ...] = (),
        body: bytes = b"",
        change: Change | None = None,
    ) -> tuple[Dialog, Asking]:
        """The next request of a dialog, on that line or on one to where it leads."""
        typed = (SDP_TYPE,) if body and not _has(fields, "content-type") else ()
        after, request = self.peer.within(dialog, method, (*typed, *fields), body)
        asking = self.peer.asks(line or self._towards(dialog), request, change)
        self._flush()
        return after, asking

    def cancels(self, asking: Asking, change: Change | None = None) -> Asking:
        cancel = self.peer.cancels(asking, change)
        self._flush()
        return cancel

    def pracks(
        self, dialog: Dialog, asking: Asking, rseq: int
    ) -> tuple[Dialog, Asking]:
        """PRACK for that RSeq of that INVITE (RFC 3262 §7.2)."""
        number = asking.request.first("cseq").partition(" ")[0]
        rack = Field.of("RAck", f"{rseq} {number} INVITE")
        return self.asks_within(dialog, "PRACK", fields=(rack,))

    def acks(self, asking: Asking, body: bytes = b"") -> None:
        self.peer.acks(asking, body)
        self._flush()

    def ends(self, asking: Asking) -> Asking:
        """BYE to a call that was accepted, on a connection that stands."""
        return self.asks_within(asking.dialog(), "BYE")[1]

    def writes(self, line: Line, octets: bytes) -> None:
        self.peer.writes(line, octets)
        self._flush()

    def tells(self, line: Line, octets: bytes, of: Message | None = None) -> Asking:
        """Octets, odd or broken, or the last ones of a message; what answers them."""
        asked = of or torment.readable(octets)
        asking = self.peer.asks(line, asked, lambda _: octets)
        self._flush()
        return asking

    def torments(self, of: Role, *, worker: bool = True) -> None:
        """All of RFC 4475, each message on a connection of its own."""
        torment.torment(self._bed, self, of, worker)

    def cuts(self, of: Role) -> Asking:
        """Requests cut in every way; the last of them."""
        return torment.cuts(self, of)

    def shuts(self, line: Line) -> None:
        self.peer.shuts(line)
        self._flush()

    # -- answering

    def is_asked(self, method: str, times: int = 1) -> Callable[[], bool]:
        """Whether so many requests of that method came, answered or not."""

        def came() -> bool:
            return sum(t.method == method for t in self.peer.theirs) >= times

        return came

    def awaits(
        self,
        method: str,
        within: float = PATIENCE,
        *,
        such: Callable[[Message], bool] | None = None,
    ) -> Theirs:
        """The next request of that method that nothing was said to; Unseen when none
        came in time."""
        if not self._bed.until(lambda: bool(self._open(method, such)), within):
            raise Unseen(f"no {method} came within {within:g} s")
        return self._open(method, such)[0]

    def _open(
        self, method: str, such: Callable[[Message], bool] | None
    ) -> list[Theirs]:
        return [
            t
            for t in self.peer.theirs
            if t.method == method and not t.answers and (not such or such(t.request))
        ]

    def says(
        self,
        theirs: Theirs,
        status: int,
        reason: str = "",
        *,
        tag: str = "",
        fields: tuple[Field, ...] = (),
        body: bytes = b"",
        change: Change | None = None,
    ) -> Message:
        """A response; see ``peers.probe``."""
        reason = reason or REASONS.get(status, "As You Like It")
        words = {"tag": tag, "fields": fields, "body": body, "change": change}
        said = self.peer.says(theirs, status, reason, **words)  # type: ignore[arg-type]
        self._flush()
        return said

    def accepts(self, theirs: Theirs, *, tag: str = "", body: bytes = b"") -> Message:
        """200 with an answer that takes the offer's first format, or with ``body``."""
        return self.says(theirs, 200, tag=tag, body=body or self.answer(theirs))

    def answer(self, to: Theirs | Asking, **stream: object) -> bytes:
        """A description that answers the offer in their request or in their final
        answer; ``stream`` are the scenario's own words, said in the offer's order."""
        asked = to.request if isinstance(to, Theirs) else to.final or to.request
        if not stream:
            secured = self._bed.security.srtp and self.peer.settings.secured
            mode = Security.SECURED if secured else Security.UNSECURED
            return self.peer.answers_to(asked, mode) or self.offers(formats=(0, 101))
        formats = in_order_of(asked, stream.pop("formats", (0, 101)))  # type: ignore[arg-type]  # the scenario's own words
        told = self.peer.describes(**{**self.keyed(), **stream, "formats": formats})
        return in_time_of(asked, told)

    def keyed(self) -> dict[str, object]:
        """What a description on our leg has on a secured plan (RFC 4568 §4)."""
        if not (self._bed.security.srtp and self.peer.settings.secured):
            return {}
        return self.keyed_by(self.peer.crypto())

    def keyed_by(self, key: Crypto) -> dict[str, object]:
        """The same with a key that the scenario knows."""
        return {"protocol": "RTP/SAVP", "crypto": (key,)}

    def offers(self, **stream: object) -> bytes:
        """A description of our media port for another offer."""
        return self.peer.describes(**{**self.keyed(), **stream})

    def place(self, user: str, *params: str) -> str:
        """A URI of ours in angle brackets, for Contact and Record-Route."""
        way = "tls" if self.peer.settings.secured else "tcp"
        host, port = self.peer.settings.host, self.peer.settings.port or PROBE_PORT
        uri = ";".join((f"sip:{user}@{host}:{port}", f"transport={way}", *params))
        return f"<{uri}>"

    def declines(self, status: int) -> None:
        """Every INVITE from now on, at once."""
        self.peer.declines = status

    def redirects_to(self, contact: str) -> None:
        """Every INVITE from now on, by a 302 with that Contact."""
        self.peer.declines = 302
        self.peer.sends_to = contact

    def shows(self, identity: Identity) -> None:
        """That certificate from now on; connections that stand are shut."""
        self.peer.goes_home()
        self._flush()
        self._seat.identity = identity

    def casts(self, target: Address, octets: bytes) -> None:
        self.peer.casts(target, octets)
        self._flush()

    def speaks(self, answered: Message | None, key: bytes = b"") -> Voice:
        """Something to say to where a description of theirs wants it; with a key of
        ours it is SRTP. Unseen when there is none."""
        if answered is None:
            raise Unseen("nobody has answered")
        names = Names(f"{self.peer.settings.seed}/voice")
        return Voice(self.casts, answered, key, names)

    def leaves(self) -> None:
        self.peer.goes_home()
        self._flush()

    # -- where

    def _towards(self, dialog: Dialog) -> Line:
        """A Contact that is an address is taken for its owner's, by the name that his
        certificate can prove: probes ask about other things."""
        try:
            target = target_of(parse_uri(dialog.next_hop), self.peer.settings.secured)
        except Malformed as trouble:
            raise Unseen(
                f"no way leads to {dialog.next_hop!r}: {trouble.why}"
            ) from None
        seats = (*self._bed.outsiders(), *self._bed.network.seats())
        name = next((s.name for s in seats if s.host == target.name), target.name)
        return self.peer.line_to(target.address, name)

    def _where(self, of: Role, worker: bool) -> tuple[Address, str]:
        seats = [s for s in self._bed.seats_of(of) if (s.what == "worker") is worker]
        seat = next(iter(seats or self._bed.seats_of(of)), None)
        if seat is None:
            raise Untestable(f"nobody is the {of} here")
        secured = self.peer.settings.secured and of is not Role.PHONE
        ports = seat.secured_ports if secured else seat.ports
        if not ports:
            raise Untestable(f"nobody says on which port the {of} listens")
        return Address(seat.host, sip_port(of, ports)), seat.name

    def _flush(self) -> None:
        self._bed.give(self._seat, self.peer.wishes())


def _has(fields: tuple[Field, ...], name: str) -> bool:
    return any(f.name == name for f in fields)


def sip_port(role: Role, ports: tuple[int, ...]) -> int:
    """The CAS serves HTTPS before SIP."""
    return ports[-1] if role is Role.CAS else ports[0]
