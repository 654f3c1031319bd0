"""Redirections that are followed badly. RFC 3261 §8.1.3.4, §19.1.1, §21.3.3."""

import re

from ringback.peers.bent.changes import reworded, start, status
from ringback.peers.bent.declared import Fault
from ringback.peers.bent.spoken import joined
from ringback.peers.bent.way import Passing, Told, Way
from ringback.peers.bent.ways import (
    both,
    lacking_to_tag,
    mishears,
    request,
    response,
    says,
)
from ringback.protocol.world import Bind, Cast, Wish, Write
from ringback.values import Address, Role
from ringback.wire.message import Message
from ringback.wire.uri import SipUri, parse

CAS, UM, GATEWAY, PHONE = Role.CAS, Role.UM, Role.GATEWAY, Role.PHONE
TO_PHONE = both(request("INVITE"), lacking_to_tag)  # a gateway calls nobody else
UDP_PORT = 5071


def _shouting() -> Way:
    """The INVITE after a redirection goes out by UDP before it goes the right way."""
    redirected: list[str] = []
    bound: list[Bind] = []

    def heard(p: Passing) -> Told | None:
        if response(302, to=PHONE)(p):
            redirected.append(p.message.first("call-id"))
        return None

    def said(p: Passing) -> tuple[Wish, ...] | None:
        if not TO_PHONE(p) or p.message.first("call-id") not in redirected:
            return None
        uri, octets = parse(p.message.uri), bytes(p.message)
        if not isinstance(uri, SipUri) or uri.host.endswith(".invalid"):
            return None
        target = Address(uri.host, uri.port or 5060)
        twin = bytes(reworded("via", _by_udp)(p.message))
        opening = () if bound else (Bind(UDP_PORT),)
        bound.extend(opening)
        return (*opening, Cast(UDP_PORT, target, twin), Write(p.link, octets))

    return Way(said=said, heard=heard)


def _by_udp(via: str) -> str:
    """A Via of another transaction, on another transport."""
    return via.replace("/TCP ", "/UDP ").replace("branch=z9hG4bK", "branch=z9hG4bKu")


def _remembering() -> Way:
    """Begins the next call at the Contact of the last redirection."""
    kept: list[str] = []

    def heard(p: Passing) -> Told | None:
        if response(302, to=UM)(p):
            kept.append(p.message.first("contact").strip("<>"))
        return None

    def said(p: Passing) -> tuple[Wish, ...] | None:
        new = both(request("INVITE"), lacking_to_tag)(p)
        if not new or not kept or not p.message.first("cseq").startswith("1 "):
            return None
        changed = start(p.message.uri, kept[-1])(p.message)
        return (Write(p.link, bytes(changed)),)

    return Way(said=said, heard=heard)


def _swapped(text: str) -> str:
    words = {"0.3": "0.7", "0.7": "0.3"}
    return re.sub(r"(?<=q=)0\.[37]", lambda found: words[found[0]], text)


def _with_header(message: Message) -> Message:
    return start(" SIP/2.0", "?Subject=hello SIP/2.0")(message)


FAULTS = (
    Fault(
        name="gateway-follows-nobody",
        role=GATEWAY,
        says="The gateway takes 302 for a refusal.",
        breaks="SIP-REDIR-001",
        scenarios=("sip.two-who-redirect", "sip.several-contacts"),
        also=("POP-", "MED-"),
        way=mishears(response(302, to=PHONE), status(480, "Unavailable")),
    ),
    Fault(
        name="gateway-pins-the-port",
        role=GATEWAY,
        says="The gateway asks at 5060, whatever port the Contact names.",
        breaks="SIP-REDIR-002",
        also=("SIP-REDIR-", "POP-", "MED-"),
        scenarios=("sip.a-phone-on-another-port",),
        way=joined(
            mishears(
                response(302, to=PHONE),
                reworded("contact", lambda t: t.replace(":5062", ":5060")),
            ),
            says(TO_PHONE, nth=1),
        ),
    ),
    Fault(
        name="gateway-overlooks-maddr",
        role=GATEWAY,
        says="The gateway goes to another address than maddr says.",
        breaks="SIP-REDIR-003",
        also=("SIP-REDIR-", "POP-", "MED-", "RTP-"),
        scenarios=("sip.a-phone-that-is-forwarded-with-maddr",),
        way=joined(
            mishears(
                response(302, to=PHONE),
                reworded(
                    "contact", lambda t: re.sub(r"(maddr=.*\.)\d+", r"\g<1>50", t)
                ),
            ),
            says(TO_PHONE, nth=1),
        ),
    ),
    Fault(
        name="gateway-follows-by-udp",
        role=GATEWAY,
        says="The gateway follows a redirection by UDP.",
        breaks="SIP-REDIR-004",
        also=("POP-END-003", "SIP-RESP-003"),
        scenarios=("sip.a-phone-that-is-forwarded-plainly",),
        way=_shouting,
    ),
    Fault(
        name="um-takes-tls-for-tcp",
        role=UM,
        says="The UM follows a redirection to TLS by TCP in the clear.",
        breaks="SIP-REDIR-004",
        also=("SIP-REDIR-002", "SIP-REDIR-005", "POP-"),
        what="worker",
        scenarios=("sip.a-redirection-to-another-transport-tls",),
        way=joined(
            mishears(
                response(302, to=GATEWAY),
                reworded("contact", lambda t: t.replace("5061;transport=tls", "5060")),
            ),
            says(request("INVITE", to=GATEWAY), nth=1),
        ),
    ),
    Fault(
        name="gateway-invites-another-user",
        role=GATEWAY,
        says="The Request-URI after a redirection is not the Contact.",
        breaks="SIP-REDIR-005",
        scenarios=("sip.a-phone-that-is-forwarded",),
        way=says(TO_PHONE, start(" sip:desk@", " sip:x@")),
    ),
    Fault(
        name="gateway-runs-in-circles",
        role=GATEWAY,
        says="The gateway goes back to where it was redirected from.",
        breaks="SIP-REDIR-006",
        also=("SIP-RESP-003",),
        way=joined(
            mishears(
                response(302, to=PHONE),
                reworded("contact", lambda t: t.replace(">", ";method=INVITE>")),
                nth=1,
            ),
            says(TO_PHONE, start(";method=INVITE", ""), nth=2),
        ),
    ),
    Fault(
        name="gateway-tries-the-worst-first",
        role=GATEWAY,
        says="The Contact of the lower q is tried first.",
        breaks="SIP-REDIR-007",
        way=joined(
            mishears(response(302, to=PHONE), reworded("contact", _swapped)),
            says(TO_PHONE, nth=1),
        ),
    ),
    Fault(
        name="cas-remembers-the-worker",
        role=CAS,
        says="The CAS begins its next call at the worker of the last one.",
        breaks="SIP-REDIR-008",
        also=("SIP-ACK-003", "SIP-REDIR-006"),
        way=_remembering,
    ),
    Fault(
        name="gateway-never-forgets",
        role=GATEWAY,
        says="The gateway calls a Contact that has expired.",
        breaks="SIP-REDIR-010",
        also=("SIP-ACK-003",),  # the ACK goes where the INVITE should have gone
        scenarios=("sip.a-contact-that-expires",),
        way=says(
            both(TO_PHONE, lacking_to_tag),
            start(" sip:+12065550123@", " sip:away@"),
            nth=2,
        ),
    ),
    Fault(
        name="gateway-carries-headers-over",
        role=GATEWAY,
        says="The header part of a Contact gets into the Request-URI.",
        breaks="SIP-REDIR-009",
        also=("SIP-REDIR-005", "SIP-ACK-003", "SIP-FORM-010"),
        scenarios=("sip.several-contacts",),
        way=says(TO_PHONE, _with_header, nth=1),
    ),
)
