"""Header fields spelled as RFC 3261 §7.3 allows and few do."""

from dataclasses import replace

from ringback.peers.bent.declared import Quirk
from ringback.peers.bent.ways import anything, says
from ringback.values import Role
from ringback.wire.message import Field, Message

SIP_ROLES = (Role.CAS, Role.UM, Role.GATEWAY, Role.PHONE)
SHORT = {
    "call-id": "i",
    "contact": "m",
    "content-length": "l",
    "content-type": "c",
    "from": "f",
    "supported": "k",
    "to": "t",
    "via": "v",
}


def _compact(message: Message) -> Message:
    return replace(message, fields=tuple(map(_short, message.fields)))


def _short(one: Field) -> Field:
    short = SHORT.get(one.name)
    return Field.of(short, one.value) if short else one


QUIRKS = (
    Quirk(
        name="compact-names",
        roles=SIP_ROLES,
        says="Header names in their compact form.",
        source="RFC 3261 §7.3.3",
        way=says(anything, _compact),
    ),
)
