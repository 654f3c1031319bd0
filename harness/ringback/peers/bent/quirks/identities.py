"""Names, addresses and their parameters, odd as RFC 3261 §19.1 and §20 allow."""

import re
from collections.abc import Callable
from functools import partial

from msgspec.structs import replace

from ringback.peers.bent.changes import adding, reworded
from ringback.peers.bent.declared import Quirk
from ringback.peers.bent.quirks.headers import SIP_ROLES
from ringback.peers.bent.twofaced import disguises
from ringback.peers.bent.way import Passing, Way
from ringback.peers.bent.ways import (
    anything,
    both,
    lacking_to_tag,
    request,
    response,
    says,
)
from ringback.values import Role
from ringback.wire.message import Message

UM_AND_GATEWAY = (Role.UM, Role.GATEWAY)
NAME = '"O\'Hara, \\"Desk; 7\\" <nobody@home>"'
_BARE = re.compile(r"<([^,?;<>]+)>(.*)")
_USER = re.compile(r"(sips?:)([^@;>]+)(@)", re.IGNORECASE)
_HOST = re.compile(r"(sips?:)([^@;>]+@|(?![^;>]*@))([A-Za-z][\w.-]*)", re.IGNORECASE)


def _named(value: str) -> str:
    return f"{NAME} {value}" if value.startswith("<") else value


def _unbracketed(value: str) -> str:
    """§20.10: without brackets what follows a semicolon belongs to the field."""
    found = _BARE.fullmatch(value)
    return f"{found[1]}{found[2]}" if found else value


def _calling(spell: Callable[[str], str]) -> Way:
    """Request-URI and To of requests with another spelling of whom they call, which is
    known again in a Contact that leads back there."""
    plain: dict[str, str] = {}

    def user(found: re.Match[str]) -> str:
        spelled = spell(found[2])
        plain[spelled] = found[2]
        return f"{found[1]}{spelled}{found[3]}"

    def recognised(found: re.Match[str]) -> str:
        return f"{found[1]}{plain.get(found[2], found[2])}{found[3]}"

    def out(message: Message) -> Message:
        if message.status:
            return message
        line = _USER.sub(user, message.start.decode(), count=1).encode()
        changed = reworded("to", lambda v: _USER.sub(user, v, count=1))(message)
        return replace(changed, start=line)

    def back(message: Message) -> Message:
        changed = reworded("contact", lambda v: _USER.sub(recognised, v))(message)
        return changed if changed.all("contact") != message.all("contact") else message

    return disguises(out, back)()


def _escaped(user: str) -> str:
    """§19.1.4: digits are equal to their escapes; "+" is reserved and is not."""

    def escape(found: re.Match[str]) -> str:
        return found[0] if len(found[0]) > 1 else f"%{ord(found[0]):02X}"

    return re.sub(r"%[0-9A-Fa-f]{2}|\d", escape, user)


def _separated(user: str) -> str:
    """RFC 3966 §5.1.1: visual separators say nothing; RFC 3261 §19.1.6."""
    found = re.fullmatch(r"(\+1)(\d{3})(\d{3})(\d{4})", user)
    return "-".join(found.groups()) if found else user


def _loud(value: str) -> str:
    def shout(found: re.Match[str]) -> str:
        return f"{found[1].upper()}{found[2]}{found[3].upper()}"

    return _HOST.sub(shout, value, count=1)


def _with(text: str) -> Callable[[str], str]:
    return lambda value: value + text


def _unless_redirecting(p: Passing) -> bool:
    return p.message.status != 302


QUIRKS = (
    Quirk(
        name="display-names",
        roles=SIP_ROLES,
        says="Display names with quotes, commas, semicolons and brackets.",
        source="RFC 3261 §20.10 and §25.1: quoted-string",
        way=says(anything, reworded("contact", _named)),
    ),
    Quirk(
        name="a-caller-with-a-name",
        roles=SIP_ROLES,
        says="From with such a display name.",
        source="RFC 3261 §20.20",
        way=says(request(), reworded("from", _named)),
    ),
    Quirk(
        name="addresses-without-brackets",
        roles=SIP_ROLES,
        says="From and To without angle brackets.",
        source="RFC 3261 §20.10",
        way=says(
            request(), reworded("from", _unbracketed), reworded("to", _unbracketed)
        ),
    ),
    Quirk(
        name="unknown-parameters",
        roles=SIP_ROLES,
        says="Parameters that nobody knows, on From, Contact and Via.",
        source="RFC 3261 §25.1: generic-param; §19.1.1",
        way=says(
            request(),
            reworded("from", _with(";epid=0123456789;x-flag")),
            reworded("contact", _with(';+sip.instance="<urn:uuid:0>";audio')),
            reworded("via", _with(';alias;x-hop="a;b"')),
        ),
    ),
    Quirk(
        name="epid-in-to",
        roles=SIP_ROLES,
        says="Responses add a parameter to To, as the product's 302 does.",
        source="RFC 3261 §8.2.6.2: URI and tag are what must be equal; facts §4.2",
        way=says(
            response(302, 183, 180, 200, of="INVITE"),
            reworded("to", _with(";epid=0FF")),
        ),
    ),
    Quirk(
        name="contact-with-expires-and-q",
        roles=SIP_ROLES,
        says="Contact with expires and q, where no redirection is told to last.",
        source="RFC 3261 §20.10",
        way=says(
            _unless_redirecting, reworded("contact", _with(";expires=3600;q=0.7"))
        ),
    ),
    Quirk(
        name="escaped-digits",
        roles=UM_AND_GATEWAY,
        says="The digits of whom they call are escaped.",
        source="RFC 3261 §19.1.2 and §19.1.4",
        way=partial(_calling, _escaped),
        what="worker",
    ),
    Quirk(
        name="visual-separators",
        roles=UM_AND_GATEWAY,
        says="The number that they call is written with hyphens.",
        source="RFC 3261 §19.1.6; RFC 3966 §5.1.1",
        way=partial(_calling, _separated),
        what="worker",
    ),
    Quirk(
        name="hosts-in-upper-case",
        roles=SIP_ROLES,
        says="Schemes and host names in upper case.",
        source="RFC 3261 §19.1.4; RFC 4343 §3",
        way=says(anything, reworded("contact", _loud), reworded("from", _loud)),
        what="worker",
    ),
    Quirk(
        name="transport-in-odd-case",
        roles=SIP_ROLES,
        says="transport=Tcp and Transport=TLS in Contact.",
        source="RFC 3261 §19.1.4; facts §4.2",
        way=says(
            anything,
            reworded("contact", lambda v: v.replace("transport=tcp", "Transport=Tcp")),
            reworded("contact", lambda v: v.replace("transport=tls", "Transport=TLS")),
        ),
    ),
    Quirk(
        name="asserted-identity",
        roles=SIP_ROLES,
        says="P-Asserted-Identity with two values, and Privacy.",
        source="RFC 3325 §9.1",
        way=says(
            anything,
            adding("P-Asserted-Identity", '"Voice Mail" <sip:pilot@ringback.test>'),
            adding("P-Asserted-Identity", "<tel:+12065550100>"),
            adding("Privacy", "none"),
        ),
    ),
    Quirk(
        name="diverted",
        roles=SIP_ROLES,
        says="INVITEs that tell of diversions, in both ways to tell.",
        source="RFC 5806 §4; RFC 7044 §5; facts §4.5",
        way=says(
            both(request("INVITE"), lacking_to_tag),
            adding("Diversion", "<tel:+12065550188>;reason=no-answer;counter=1"),
            adding(
                "History-Info",
                "<sip:50123@ringback.test?Reason=SIP%3Bcause%3D486>;index=1, "
                "<sip:pilot@ringback.test>;index=1.1",
            ),
        ),
    ),
)
