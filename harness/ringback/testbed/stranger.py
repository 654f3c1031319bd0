"""Somebody without manners, in a scenario's words: injects octets and waits."""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from ringback.evidence.circumstances import Seat
from ringback.faults import Untestable
from ringback.net.identity import Identity
from ringback.net.ill_certificates import careless
from ringback.net.network import Seated
from ringback.peers.bridge import Bridge
from ringback.peers.stranger import Stranger as Injector
from ringback.peers.stranger import Visit
from ringback.protocol.names import Names
from ringback.protocol.world import Peer
from ringback.testbed import layout, outings
from ringback.testbed.old_server import OldServer
from ringback.testbed.outings import Outing
from ringback.values import Address, Role
from ringback.wire.hellos import spoken

if TYPE_CHECKING:
    from ringback.testbed.testbed import Testbed

BRIDGE_PORT = 5090  # where scanners find the bridge


class Stranger:
    """At an address of its own, so that nobody is taken for it, unless one is given."""

    def __init__(
        self, bed: "Testbed", identity: Identity | None = None, host: str = ""
    ) -> None:
        self._bed = bed
        self.peer = Injector()
        self.host = host or layout.host(bed.ground.number, layout.STRANGER)
        self._names = Names(f"{bed.theatre.seed}/stranger {len(bed.theatre.seats)}")
        self._identity = identity or bed.session.lab.nobody()
        self._seat = self._sits(self.peer, "stranger")

    def options(self, transport: str = "", *, to: str = "um", user: str = "") -> bytes:
        """A sound OPTIONS with a Via for that transport, or for that of the dial plan
        (RFC 3261 §11.1), to a role, or to a ``user`` of it."""
        transport = transport or ("TLS" if self._bed.security.tls else "TCP")
        seat = self._bed.seat_of(Role(to))
        whom = f"sip:{user}@{seat.name}" if user else f"sip:{seat.name}"
        tag, call = self._names.tag(), self._names.call_id(self.host)
        lines = (
            f"OPTIONS {whom} SIP/2.0",
            f"Via: SIP/2.0/{transport} {self.host}:5062;branch={self._names.branch()}",
            f"From: <sip:stranger@{self.host}>;tag={tag}",
            f"To: <{whom}>",
            f"Call-ID: {call}",
            "CSeq: 1 OPTIONS",
            "Max-Forwards: 70",
            f"Contact: <sip:stranger@{self.host}:5062;transport={transport.lower()}>",
            "Content-Length: 0",
        )
        return "\r\n".join((*lines, "", "")).encode()

    def casts(self, octets: bytes, *, to: str) -> None:
        """Send a datagram to the SIP port of a role."""
        self.peer.casts(octets, self._address(Role(to)))
        self._flush()

    def says(
        self, octets: bytes, *, to: str = "um", secured: bool | None = None
    ) -> Visit:
        """Open a connection to a role's SIP port and say that; in TLS where the dial
        plan wants it, or as ``secured`` says."""
        seat = self._bed.seat_of(Role(to))
        if secured is None:
            secured = self._bed.security.tls
        return self._visits(self._address(seat.role), seat.name, octets, secured)

    def shows_each(
        self, kinds: Iterable[str], passing_for: Role, *, to: Role
    ) -> Callable[[], bool]:
        """With each of these odd certificates ask each seat of a role for its OPTIONS,
        all at once; the question whether all have been answered or sent away."""
        visits: list[Visit] = []
        for kind in kinds:
            identity = self._bed.odd_certificate(kind, passing_for)
            self._seat.identity = careless(identity)
            visits += self._asks_each_seat(to)
        return lambda: all(v.is_answered() or v.is_over() for v in visits)

    def asks_everybody(self, *roles: Role) -> Callable[[], bool]:
        """Every seat of these roles (UM workers too) for its OPTIONS; the question
        whether all have answered or sent him away."""
        visits = [visit for role in roles for visit in self._asks_each_seat(role)]
        return lambda: all(v.is_answered() or v.is_over() for v in visits)

    def _asks_each_seat(self, of: Role) -> list[Visit]:
        tls = self._bed.security.tls
        return [
            self._visits(self._at(seat), seat.name, self.options(to=of), tls)
            for seat in self._bed.seats_of(of)
        ]

    def posts(self, octets: bytes) -> Visit:
        """Say something to the web service of the CAS."""
        seat = self._bed.seat_of(Role.CAS)
        port = self._bed.config.cas.https_port
        return self._visits(Address(seat.host, port), seat.name, octets, True)

    def tries(self, users: Iterable[str], *, to: str = "um") -> Callable[[], bool]:
        """An OPTIONS for each user, all on one connection; the question whether each
        was answered, or the connection is over."""
        tried = tuple(users)
        visit = self.says(b"".join(self.options(to=to, user=u) for u in tried), to=to)
        return lambda: visit.is_over() or visit.answer.count(b"\r\n\r\n") == len(tried)

    def asks(self, octets: bytes, *, of: str = "um") -> Callable[[], bool]:
        """As ``says``; the question whether an answer or an end has come."""
        visit = self.says(octets, to=of)
        return lambda: visit.is_answered() or visit.is_over()

    def _visits(self, place: Address, name: str, octets: bytes, secured: bool) -> Visit:
        visit = self.peer.visits(place, secured=secured, name=name)
        self.peer.says(visit, octets)
        self._flush()
        return visit

    def crafts(self, *hellos: str, to: str = "um") -> Callable[[], bool]:
        """Open a connection for each hello that no honest stack would say; the question
        whether all are over. On sockets scapy makes them, in ``net.crafted``."""
        if self._bed.session.asked.net == "memory":
            return self.greets(*hellos, to=to)
        where = self._address(Role(to))
        outing = outings.crafted(self._bed, self.host, where, hellos)
        return self._sets_out(outing).is_over

    def greets(self, *hellos: str, to: str = "um") -> Callable[[], bool]:
        """The same by ourselves, on any network; their names are in ``wire.hellos``.
        Of one that is cut nothing more comes, one that stalls stays open."""
        seat = self._bed.seat_of(Role(to))
        visits = []
        for hello in hellos:
            octets = spoken(hello, self._names.octets(32), seat.name)
            visit = self._visits(self._at(seat), seat.name, octets, secured=False)
            if hello == "cut":
                self.peer.leaves(visit)
            elif hello != "stalled":
                visits.append(visit)
        self._flush()
        return lambda: all(v.is_answered() or v.is_over() for v in visits)

    def takes_the_place_of(self, role: Role) -> OldServer:
        """A server that chooses badly, where one of ours has left its seat."""
        return OldServer(self._bed, role)

    def scans(self) -> Outing:
        """Look for SIP over UDP at the UM. Untestable on the memory network."""
        return self._sets_out(outings.servers_scan(self._bed, self.host))

    def guesses(
        self, extensions: str, *, method: str = "REGISTER", to: str = "um"
    ) -> Outing:
        """Try extensions ("50120-50126"), all on one connection, in TLS where the dial
        plan wants it. Untestable on the memory network."""
        role = Role(to)
        name = self._bed.seat_of(role).name if self._bed.security.tls else ""
        bridge = Bridge(BRIDGE_PORT, self._address(role), name=name)
        self._sits(bridge, "bridge")
        here = Address(self.host, BRIDGE_PORT)
        return self._sets_out(
            outings.extensions_scan(self._bed, self.host, here, extensions, method)
        )

    def leaves(self) -> None:
        self.peer.goes_home()
        self._flush()

    def _sets_out(self, outing: Outing) -> Outing:
        self._bed.outings.append(outing)
        return outing

    def _sits(self, peer: Peer, label: str) -> Seated:
        return self._bed.theatre.sits(
            peer, None, self.host, identity=self._identity, label=label
        )

    def _address(self, role: Role) -> Address:
        return self._at(self._bed.seat_of(role))

    def _at(self, seat: Seat) -> Address:
        ports = seat.secured_ports if self._bed.security.tls else seat.ports
        if not ports:
            raise Untestable(f"nobody says on which port the {seat.role} listens")
        return Address(seat.host, ports[0])

    def _flush(self) -> None:
        self._bed.give(self._seat, self.peer.wishes())
