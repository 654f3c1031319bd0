"""Receivers that obey what they cannot have read. RFC 3261 §18.3, §21.5.6, §21.5.7."""

from ringback.peers.bent.changes import refused
from ringback.peers.bent.declared import Fault
from ringback.peers.bent.faults.torture import ignoring_the_version
from ringback.peers.bent.way import Told, Way
from ringback.protocol.world import Arrived, Write
from ringback.values import Role
from ringback.wire.message import CRLF, Field, Message

LONG = 1 << 17  # what a stranger's body may have
END = CRLF + CRLF
OK = refused(200, "OK", Field.of("Allow", "OPTIONS"), Field.of("Accept", "text/plain"))


def _is_long(octets: bytes) -> bool:
    if END not in octets or not octets.startswith(b"OPTIONS "):
        return False
    told = Message.parse(octets).first("content-length")
    return told.isdigit() and int(told) > LONG


def _throwing_it_away() -> Way:
    """And with it all that follows on the link."""
    deaf: set[str] = set()

    def raw(fact: Arrived) -> Told | None:
        if _is_long(fact.octets):
            deaf.add(fact.link)
        return ((), ()) if fact.link in deaf else None

    return Way(raw=raw)


def _reading_on_in_the_body() -> Way:
    """What stands behind the blank line is the next message."""
    deaf: set[str] = set()

    def raw(fact: Arrived) -> Told | None:
        if fact.link in deaf:
            return (), ()
        if not _is_long(fact.octets):
            return None
        deaf.add(fact.link)
        heads = [octets for octets in fact.octets.split(END) if octets][:2]
        said = (bytes(OK(Message.parse(octets + END))) for octets in heads)
        return (), tuple(Write(fact.link, octets) for octets in said)

    return Way(raw=raw)


FAULTS = (
    Fault(
        name="gateway-ignores-the-version",
        role=Role.GATEWAY,
        says="The gateway answers 200 to an OPTIONS of SIP/7.0.",
        breaks="SIP-REFUSE-007",
        also=("SIP-TORT-005",),
        way=ignoring_the_version,
    ),
    Fault(
        name="um-ignores-the-version-of-a-sound-request",
        role=Role.UM,
        says="The UM answers 200 to an OPTIONS of SIP/7.0 that is sound otherwise.",
        breaks="SIP-REFUSE-007",
        also=("SIP-TORT-005",),
        way=ignoring_the_version,
    ),
    Fault(
        name="gateway-throws-away-what-is-long",
        role=Role.GATEWAY,
        says="The gateway throws away what is longer than its buffer, without a word.",
        breaks="SIP-REFUSE-008",
        guilty="connection",
        way=_throwing_it_away,
    ),
    Fault(
        name="gateway-obeys-a-body",
        role=Role.GATEWAY,
        says="The gateway reads on in the body of a long request, and answers that.",
        breaks="SIP-REFUSE-009",
        also=("SIP-VIA-004",),
        way=_reading_on_in_the_body,
    ),
)
