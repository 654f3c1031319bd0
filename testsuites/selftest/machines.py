"""Messages and events that the tests of the four transactions share."""

from ringback.protocol.effects import Answer, Event, Fired, LinkLost, Received, Timer
from ringback.wire.message import Field, Message


def request(method: str) -> Message:
    fields = (
        Field.of("Via", "SIP/2.0/UDP a.example;branch=z9hG4bK1"),
        Field.of("Via", "SIP/2.0/UDP farther.example;branch=z9hG4bK0"),
        Field.of("Route", "<sip:edge.example;lr>"),
        Field.of("Max-Forwards", "70"),
        Field.of("From", "<sip:a@a.example>;tag=from"),
        Field.of("To", "<sip:b@b.example>"),
        Field.of("Call-ID", "call@a.example"),
        Field.of("CSeq", f"314 {method}"),
        Field.of("Contact", "<sip:a@a.example>"),
    )
    return Message.request(method, "sip:b@b.example", fields, b"body")


def response(status: int, method: str = "INVITE", tag: str = "to") -> Message:
    fields = (
        Field.of("Via", "SIP/2.0/UDP a.example;branch=z9hG4bK1"),
        Field.of("From", "<sip:a@a.example>;tag=from"),
        Field.of("To", f"<sip:b@b.example>;tag={tag}"),
        Field.of("Call-ID", "call@a.example"),
        Field.of("CSeq", f"314 {method}"),
    )
    return Message.response(status, "Said", fields)


STATUSES = (100, 180, 200, 302, 404, 500, 603)

EVERY_EVENT: tuple[Event, ...] = (
    *(Received(request(m)) for m in ("INVITE", "ACK", "CANCEL", "OPTIONS", "FOO")),
    *(Received(response(s)) for s in STATUSES),
    *(Answer(response(s)) for s in STATUSES),
    Received(Message(b"nonsense", ())),
    Answer(Message(b"nonsense", ())),
    *(Fired(t) for t in Timer),
    LinkLost("reset"),
)
