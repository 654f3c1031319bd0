"""Header fields spelled as RFC 3261 §7.3 allows and few do."""

import re
from collections.abc import Callable

from msgspec.structs import replace

from ringback.peers.bent.changes import Change, adding, lacking, reworded
from ringback.peers.bent.declared import Quirk
from ringback.peers.bent.ways import anything, either, request, response, says
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
_TAKES_PARAMETERS = ("via", "from", "to", "contact")


def _spelled(spell: Callable[[Field], Field]) -> Change:
    return lambda m: replace(m, fields=tuple(map(spell, m.fields)))


def _short(one: Field) -> Field:
    short = SHORT.get(one.name)
    return Field.of(short, one.value) if short else one


def _loud(one: Field) -> Field:
    name, colon, value = one.octets.partition(b":")
    return Field(name.upper() + colon + value)


def _folded(one: Field) -> Field:
    name, colon, value = one.octets.partition(b":")
    return Field(name + colon + b"\r\n \t" + value.strip())


def _reversed(message: Message) -> Message:
    """Other names in other order; fields of one name keep theirs (§7.3.1)."""
    names = list(dict.fromkeys(f.name for f in message.fields))
    fields = [f for n in reversed(names) for f in message.fields if f.name == n]
    return replace(message, fields=tuple(fields))


def _roomy(one: Field) -> Field:
    """§25.1: SLASH, SEMI, EQUAL, COLON and HCOLON take white space on both sides."""
    value = one.value
    if one.name == "via":
        value = re.sub(r"^SIP/2\.0/(\w+) +", r"SIP / 2.0 / \1  ", value)
        value = _apart(value)
    elif one.name in _TAKES_PARAMETERS and ">" in value:
        address, _, rest = value.rpartition(">")
        value = f"{address}>{_apart(rest)}"
    elif one.name == "cseq":
        value = "  ".join(value.split())
    return Field.of(f"{one.name.title()} ", f"  {value} ")


def _apart(text: str) -> str:
    return text.replace(";", " ; ").replace("=", " = ")


def _zeros(one: Field) -> Field:
    if one.name in ("content-length", "max-forwards") and one.value.isdigit():
        return Field.of(one.name, f"00{one.value}")
    return one


def _one_a_line(message: Message) -> Message:
    """Allow and Supported with one value a line, as UM 15.1 has them (facts §4.4)."""
    fields: list[Field] = []
    for one in message.fields:
        if one.name in ("allow", "supported"):
            words = [word.strip() for word in one.value.split(",")]
            fields += [Field.of(one.name, word) for word in words if word]
        else:
            fields.append(one)
    return replace(message, fields=tuple(fields))


def _each(*changes: Change) -> Change:
    def change(message: Message) -> Message:
        for one in changes:
            message = one(message)
        return message

    return change


def _quirk(name: str, says_: str, source: str, *changes: Change) -> Quirk:
    way = says(anything, *changes)
    return Quirk(name=name, roles=SIP_ROLES, says=says_, source=source, way=way)


QUIRKS = (
    _quirk(
        "compact-names",
        "Header names in their compact form.",
        "RFC 3261 §7.3.3",
        _spelled(_short),
    ),
    _quirk(
        "upper-case-names",
        "Header names in upper case, as UM 15.1 writes them.",
        "RFC 3261 §7.3.1",
        _spelled(_loud),
    ),
    _quirk(
        "folded-lines",
        "Each header field on two lines.",
        "RFC 3261 §7.3.1",
        _spelled(_folded),
    ),
    _quirk(
        "fields-in-reverse",
        "Header fields in reverse order, Content-Length first.",
        "RFC 3261 §7.3.1",
        _reversed,
    ),
    _quirk(
        "white-space-everywhere",
        "White space around colons, slashes, semicolons and equals signs.",
        "RFC 3261 §7.3.1 and §25.1",
        _spelled(_roomy),
    ),
    _quirk(
        "numbers-with-leading-zeros",
        "Content-Length and Max-Forwards with leading zeros.",
        "RFC 3261 §25.1: 1*DIGIT",
        _spelled(_zeros),
    ),
    _quirk(
        "one-value-a-line",
        "Allow and Supported on several lines, one value each.",
        "RFC 3261 §7.3.1",
        _one_a_line,
    ),
    _quirk(
        "unknown-fields",
        "Header fields that nobody knows.",
        "RFC 3261 §8.2.2 and §16.3: ignored where not understood",
        adding("X-Vendor-Magic", '"quoted; text", <sip:not-a@contact>'),
        adding("P-Charging-Vector", "icid-value=1234bc9876e"),
        adding("X-Empty", ""),
    ),
    _quirk(
        "nameless-product",
        "Neither Server nor User-Agent.",
        "RFC 3261 §20.35 and §20.41",
        lacking("server", "user-agent"),
    ),
    Quirk(
        name="dated",
        roles=SIP_ROLES,
        says="Date in everything, Timestamp in requests.",
        source="RFC 3261 §20.17 and §20.38",
        way=says(
            either(request(), response()),
            lambda m: _each(
                adding("Date", "Mon, 07 May 2007 09:15:00 GMT"),
                *(() if m.status else (adding("Timestamp", "54.30"),)),
            )(m),
        ),
    ),
    _quirk(
        "content-in-odd-case",
        "Media types in odd case, with a parameter, a language and a MIME version.",
        "RFC 3261 §7.4.1 and §20.15",
        reworded(
            "content-type",
            lambda v: v.replace("application/sdp", "Application/SDP ; charset=utf-8"),
        ),
        adding("MIME-Version", "1.0"),
        adding("Content-Language", "en"),
    ),
)
