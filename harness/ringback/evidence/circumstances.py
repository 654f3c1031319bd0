"""What a scenario was: embedded in its pcapng, so that judging needs nothing beside."""

import msgspec

from ringback.values import Leg, Role, Security


class Seat(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where a role sat. A role may have several seats (UM service, UM workers).

    ``ports`` are the stream ports it listened on; ``ours`` is false for the SUT.
    """

    role: Role
    name: str  # FQDN
    host: str  # IP address
    ports: tuple[int, ...] = ()
    secured_ports: tuple[int, ...] = ()
    ours: bool = True
    what: str = ""  # "service", "worker", or empty


class Sound(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Reference audio: 8 kHz mono, G.711 mu-law octets."""

    id: str
    ulaw: bytes


class Ordered(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the client ordered."""

    user: str
    kind: str  # "message" or "greeting"
    item: str  # message id, or greeting type
    dial_string: str
    dialect: str  # "ews" or "umws"
    missing: bool = False  # our store had no such message when it was ordered


class Expected(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the scenario set up, so that a rule knows what ought to follow.

    ``phone`` is how the far end behaves: "answers", "busy", "silent", "refuses",
    "unknown". ``permitted`` says whether policy lets the order pass, ``denied`` what it
    denies where it does not: "number", "user" or "way out". ``keys`` are the DTMF
    keys the phone pressed, in order. ``ends`` names who ends the call: "phone",
    "client", "um" or empty. ``refusal`` is the far end's status when it refuses.
    """

    phone: str = "answers"
    refusal: int = 0
    permitted: bool = True
    denied: str = "number"
    keys: str = ""
    ends: str = "phone"


class Circumstances(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True
):
    """The record in the pcapng (JSON by msgspec); unknown fields are refused."""

    scenario: str
    title: str
    settles: tuple[str, ...]
    security: Security
    net: str  # "memory" or "sockets"
    captured: str  # "wire" by a recorder, "memory" by the memory network itself,
    # which is all the wire there is, or "taps" by our own endpoints
    started: str  # ISO 8601, UTC
    ringback: str  # version
    timer_scale: float = 1.0
    seats: tuple[Seat, ...] = ()
    sut: dict[Role, str] = {}
    statement: dict[str, object] = {}
    dialled: str = ""  # the digits expected on the um-gateway leg, empty if unknown
    ordered: tuple[Ordered, ...] = ()
    stored: tuple[Sound, ...] = ()
    expected: Expected = Expected()
    trusted: tuple[bytes, ...] = ()  # DER roots that every role was told to trust
    revoked: bytes = b""  # PEM revocation lists that every role was given
    also_trusted: tuple[str, ...] = ()  # peer names that servers know beside the seats
    tls_profile: str = "modern"  # or "era-2007" (facts §5.6)
    notes: tuple[str, ...] = ()
    stood_still: float = 0.0  # seconds for which the machine once let our peers wait

    def seat_of(self, host: str, port: int = 0) -> Seat | None:
        """The seat at that IP address; a listening port decides between equals."""
        here = [s for s in self.seats if s.host == host]
        exact = [s for s in here if port in (*s.ports, *s.secured_ports)]
        return next(iter([*exact, *here]), None)

    def tested(self, leg: Leg) -> bool:
        """Whether the leg has a SUT at one of its ends."""
        return any(role in self.sut for role in leg.roles)
