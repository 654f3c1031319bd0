"""Whole messages as products write them: facts §4.2 to §4.4."""

import re

from msgspec.structs import replace

from ringback.peers.bent.changes import Change, adding, field, lacking, reworded
from ringback.peers.bent.declared import Quirk
from ringback.peers.bent.ways import response, says
from ringback.values import Role
from ringback.wire.message import Field, Message

ABILITIES = (
    "CANCEL,BYE,INVITE,MESSAGE,INFO,SERVICE,OPTIONS,BENOTIFY,NOTIFY,PRACK,UPDATE"
)


def _as_2010(contact: str) -> str:
    """``<sip:101@host:5065;user=phone;transport=Tcp;maddr=host>``; a user stays."""
    named = re.sub(r"<(sips?:)(?![^>]*@)", r"<\g<1>101@", contact, count=1)
    return named.replace(";transport=", ";user=phone;transport=")


def _upper(message: Message) -> Message:
    def loud(one: Field) -> Field:
        name, colon, value = one.octets.partition(b":")
        return Field(name.upper() + colon + value)

    return replace(message, fields=tuple(map(loud, message.fields)))


UM_15: tuple[Change, ...] = (
    lacking("allow", "supported", "server"),
    reworded("contact", lambda v: f"{v};automata;text;audio;video;image"),
    adding("Supported", "Replaces"),
    adding("Supported", "timer"),
    adding("Supported", "100rel"),
    adding("Allow", "ACK"),
    adding("Allow", ABILITIES),
    adding("Server", "RTCC/5.0.0.0 MSExchangeUM/15.01.0231.021"),
    adding("P-Asserted-Identity", "<sip:pilot@ringback.test>"),
    adding("Content-ID", "<part@ringback.test>"),
    adding("Priority", "Normal"),
    _upper,
)

QUIRKS = (
    Quirk(
        name="redirects-as-in-2010",
        roles=(Role.UM,),
        says="The 302 as a UM server of 2010 writes it.",
        source="facts §4.2; RFC 3261 §8.2.6.2 and §19.1.1",
        way=says(
            response(302, of="INVITE"),
            reworded("contact", _as_2010),
            reworded("to", lambda v: f"{v};epid=6A4F1C82"),
            field("Server", "RTCC/3.5.0.0"),
        ),
        what="service",
    ),
    Quirk(
        name="answers-as-um-15",
        roles=(Role.UM, Role.GATEWAY, Role.PHONE),
        says="The 200 as a UM server 15.1 writes it.",
        source="facts §4.4; RFC 3261 §7.3.1 and §20.10",
        way=says(response(200, of="INVITE"), *UM_15),
        what="worker",
    ),
)
