"""A server of bad TLS in the place of a role of ours, in a scenario's words."""

from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from ringback.faults import Untestable
from ringback.peers.old_server import OldServer as Server
from ringback.protocol.names import Names
from ringback.values import Role
from ringback.wire.server_hellos import answered

if TYPE_CHECKING:
    from ringback.testbed.testbed import Testbed

BITS = 2048  # RSA, for that is how an old client sends its key


class OldServer:
    """Its certificate is sound; what it chooses is not."""

    def __init__(self, bed: "Testbed", role: Role) -> None:
        seats = [s for s in bed.theatre.seats if s.role is role and not s.gone]
        if not seats or role not in bed.session.ours:
            raise Untestable(f"only a {role} of ours can make room for another")
        seat = bed.seat_of(role)
        for one in seats:
            bed.network.unseat(one)
        self._names = Names(f"{bed.theatre.seed}/old server")
        shown = bed.certificate(seat.name, rsa_bits=BITS)
        leaf, *above = x509.load_pem_x509_certificates(shown.chain)
        self._chain = tuple(c.public_bytes(Encoding.DER) for c in (leaf, *above))
        self._peer = Server(seat.secured_ports[0])
        bed.theatre.sits(self._peer, None, seat.host, label="old server")

    def turns(self, kind: str) -> None:
        """Of that kind, as the table of defects has it, for every hello from now on."""
        self._peer.says = answered(kind, self._names.octets(32), self._chain)
