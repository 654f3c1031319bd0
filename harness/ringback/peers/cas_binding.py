"""What a CAS puts into its INVITE, and what it takes out of a refusal.

The ringback binding; RFC 3264 §5.1 (an inactive stream), RFC 5621 §3 (two bodies),
RFC 3326 §2 (Reason).
"""

from ringback.faults import Malformed
from ringback.protocol.call_state import cause_of
from ringback.protocol.redirect import Target
from ringback.wire import sdp
from ringback.wire.extensions import reasons
from ringback.wire.headers import content_type
from ringback.wire.message import Message
from ringback.wire.multipart import Multipart, Part
from ringback.wire.order import CONTENT_TYPE, OUTCOME_TYPE, Order, Outcome

SDP_TYPE = "application/sdp"
DISCARD = 9  # RFC 863: nothing is meant to arrive there


def invitation(order: Order, offered: bytes, boundary: str) -> Multipart:
    """The body of the INVITE; ``offered`` is SDP."""
    return Multipart.of(
        (
            Part.of(SDP_TYPE, offered, "session"),
            Part.of(CONTENT_TYPE, bytes(order), "render;handling=required"),
        ),
        boundary,
    )


def inactive(host: str, session: int) -> bytes:
    """The one stream that no media ever runs on."""
    return bytes(sdp.offer(host, DISCARD, session, 1, direction="inactive"))


def uri_of(um: Target) -> str:
    """The Request-URI for a UM server."""
    transport = "tls" if um.secured else "tcp"
    return f"sip:{um.name}:{um.address.port};transport={transport}"


def outcome_of(response: Message) -> Outcome | None:
    """What a refusal says of the far end: in its body, else in its Reason.

    None when it says neither; its own status then has to do.
    """
    try:
        kind, _ = content_type(response)
        if kind == OUTCOME_TYPE:
            return Outcome.parse(response.body)
        said = [r for r in reasons(response) if r.protocol.upper() == "SIP" and r.cause]
    except Malformed:
        return None
    told = said[0] if said else None
    code = told.cause if told and told.cause else 0
    return Outcome(cause_of(code), code, told.text) if told else None
