"""Who sits where: roles and legs from addresses.

RFC 3261 §8.1.3.4: who is redirected goes to the Contact, which then has that part.
"""

from itertools import product

from ringback.evidence.circumstances import Circumstances, Seat
from ringback.evidence.frame import SipFrame
from ringback.faults import Malformed
from ringback.values import Address, Leg, Role
from ringback.wire.headers import NameAddr, contacts
from ringback.wire.uri import SipUri

Pair = tuple[
    Role | None, Role | None, Leg | None
]  # the client's, the server's, the leg

_LEGS = {frozenset(leg.roles): leg for leg in Leg}


class Seating:
    """Knows nobody when there are no circumstances."""

    def __init__(self, circumstances: Circumstances | None) -> None:
        self._by_host: dict[str, list[Seat]] = {}
        self._by_name: dict[str, str] = {}
        for seat in circumstances.seats if circumstances else ():
            self._by_host.setdefault(seat.host, []).append(seat)
            self._by_name.setdefault(seat.name.lower(), seat.host)

    def learn(self, frame: SipFrame) -> None:
        """Where nobody sat, and a role sends its caller, there sits that role too."""
        if frame.sender is None or frame.sip.status // 100 != 3:
            return
        try:
            named = [c.uri for c in contacts(frame.sip) if isinstance(c, NameAddr)]
        except Malformed:
            return
        for uri in named:
            if isinstance(uri, SipUri):
                self._follow(uri, frame.sender)

    def _follow(self, uri: SipUri, role: Role) -> None:
        host = self.host_of((uri.maddr or uri.host).strip("[]"))
        if not self.knows(host):
            ports = (uri.port or 5060, uri.port or 5061)
            seat = Seat(role=role, name=uri.host, host=host, ports=ports, ours=False)
            self._by_host[host] = [seat]

    def knows(self, host: str) -> bool:
        """Whether somebody sits at that IP address."""
        return host in self._by_host

    def host_of(self, name: str) -> str:
        """The IP address of a seat's name; a name nobody has comes back as it is."""
        return self._by_name.get(name.lower(), name)

    def serves(self, address: Address) -> bool:
        """Whether a seat listens there."""
        return any(_listens(seat, address) for seat in self._here(address))

    def pair(self, client: Address, server: Address) -> Pair:
        """Where several roles share a host, its port decides, or whose neighbour it is.

        A role is None when nobody sits there; the leg when they are no neighbours.
        """
        callers, callees = self._candidates(client), self._candidates(server)
        for caller, callee in product(callers, callees):
            leg = _LEGS.get(frozenset((caller.role, callee.role)))
            if leg is not None:
                return caller.role, callee.role, leg
        near = callers[0].role if callers else None
        return near, callees[0].role if callees else None, None

    def _here(self, address: Address) -> list[Seat]:
        return self._by_host.get(address.host, [])

    def _candidates(self, address: Address) -> list[Seat]:
        here = self._here(address)
        exact = [seat for seat in here if _listens(seat, address)]
        return exact or here


def _listens(seat: Seat, address: Address) -> bool:
    return address.port in seat.ports or address.port in seat.secured_ports
