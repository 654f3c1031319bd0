"""Every key of ``ringback.toml`` in words: the reference page and the file to edit.

``python -m ringback.explained`` prints the page; a selftest keeps ``docs`` equal to it
and every key explained.
"""

import json
from collections.abc import Iterable, Mapping
from enum import Enum
from typing import Any

import msgspec
from msgspec import Struct, inspect

from ringback.config import Config

_PLACE = {
    "name": "FQDN in any script: what its certificate must prove, and what SIP says",
    "host": "address that it listens on",
    "port": "SIP over TCP",
    "secured_port": "SIP over mutual TLS",
}
_MEDIA = "first and last UDP port of RTP and RTCP"
MEANING: Mapping[str, str] = {
    "security": "dial plan security: unsecured, sip-secured (mutual TLS) or secured "
    "(mutual TLS and SRTP)",
    "contact": "how Contact says where the reference roles are; auto: by address in "
    "the clear, over TLS by name, for that is what a certificate proves",
    "timer_scale": "factor on the reference roles' timers; 0.1 makes 32 s to 3.2 s",
    "lab": "folder made by `ringback lab init`; empty: certificates live as long as "
    "the session",
    "mailbox": "SQLite file behind `serve`; empty: the sample mailboxes, in memory",
    **{f"um.{key}": text for key, text in _PLACE.items()},
    "um.workers": "processes that take the calls which the service redirects",
    **{f"um.workers.{key}": text for key, text in _PLACE.items()},
    "um.workers.host": "where it listens; empty is the host of the service",
    "um.gateways": "UM IP gateways, tried in this order",
    **{f"um.gateways.{key}": text for key, text in _PLACE.items()},
    "um.gateways.host": "where it is: an address, or a name that [resolve] or DNS "
    "knows",
    "um.gateways.outcalls_allowed": "whether it may be used to call out",
    "um.max_calls": "calls at a time",
    "um.call_limit": "seconds after which a call is ended",
    "um.no_answer": "seconds that a phone may ring",
    "um.session_expires": "seconds of the session timer that it asks for; 0: none",
    "um.media_ports": _MEDIA,
    "cas.name": _PLACE["name"],
    "cas.host": _PLACE["host"],
    "cas.https_port": "the web service of both dialects",
    "cas.sip_port": "SIP over TCP, for what the UM asks the CAS",
    "cas.sip_secured_port": "the same over mutual TLS",
    **{f"gateway.{key}": text for key, text in _PLACE.items()},
    "gateway.phone_port": "SIP over TCP, on the phones' side",
    "gateway.phones": 'number to SIP URI of a phone; "*" is every other number',
    "gateway.channels": "calls at a time",
    "gateway.media_ports": _MEDIA,
    **{f"phone.{key}": text for key, text in _PLACE.items()},
    "phone.media_ports": _MEDIA,
    "dial_plan.uri_type": "TelExtn, E164 or SipName",
    "dial_plan.digits": "digits of an extension",
    "dial_plan.outside_line": "prefix that gets an outside line",
    "dial_plan.international_code": "prefix of a call abroad",
    "dial_plan.national_prefix": "prefix of a call within the country",
    "dial_plan.country_code": "of the country itself",
    "dial_plan.version": "whose algorithm decides",
    "dial_plan.in_country": "dialing rules within the country",
    "dial_plan.international": "dialing rules abroad",
    **{
        f"dial_plan.{group}.{key}": text
        for group in ("in_country", "international")
        for key, text in {
            "name": "the group that a policy permits",
            "mask": "numbers it is about: x is one digit, * the rest",
            "dialed": "what is dialled instead: x and * stand for the same digits",
            "comment": "for people",
        }.items()
    },
    "policies": "UM mailbox policies",
    "policies.name": "what a mailbox names it by",
    "policies.in_country": "rule groups that its users may dial",
    "policies.international": "rule groups abroad that its users may dial",
    "policies.extensions": "may dial extensions at all",
    "policies.subscribers": "may dial other subscribers of the dial plan",
    "policies.play_on_phone": "may use Play on Phone",
    "users": "who of the mailbox can log in at the web service",
    "users.name": "the mailbox owner",
    "users.password_env": "environment variable that holds the password",
    "users.login": "who that is on a CAS under test; empty: the name",
    "users.messages": "on a CAS under test, which messages stand for those of the "
    "samples",
    "users.messages.name": "the message of fixtures/mailbox.toml that it stands for",
    "users.messages.id": "its id in EWS",
    "users.messages.entry_id": "its id in the 2007 dialect; empty: the same",
    "users.messages.sound": "file with what is stored (WAV, MP3); empty: it is the "
    "sample's own sound",
    "numbers": "on a CAS under test, what to dial; scenarios whose number is not here "
    "stay not-tested",
    "numbers.number": "the number that scenarios order",
    "numbers.typed": "what the user types; empty: the number",
    "numbers.dialled": "what the gateway must be asked for; empty: what is typed",
    "trust.roots": "PEM files that the reference roles trust beside their own root",
    "trust.names": "further FQDNs on the list of trusted peers",
    "resolve": "names to addresses, instead of DNS",
    "sut": "what is under test: role to tcp:HOST:PORT, tls:HOST:PORT, exec:COMMAND "
    "or, for a CAS, https://HOST/PATH",
    "statement.answers": "number of a phone that answers",
    "statement.busy": "number of a phone that is busy",
    "statement.silent": "number of a phone that rings and is never answered",
    "statement.unknown": "number that nobody has",
    "statement.redirects": "number that is redirected (302) to another phone",
    "statement.mutual_tls": "asks for certificates and shows its own",
    "statement.srtp": "speaks SRTP with SDES",
    "statement.telephone_event": "sends keys as telephone events",
    "statement.sends_keys": "its phone presses keys by itself",
    "statement.hangs_up": "its phone hangs up by itself",
    "statement.options": "answers OPTIONS",
    "statement.ews": "its web service speaks EWS (Exchange 2010 and later)",
    "statement.umws": "its web service speaks the 2007 dialect",
    "statement.tls_profile": "by which rules TLS is judged: modern, or era-2007, which "
    "tolerates what products of that time did (docs/tls.md)",
    "statement.revocation": "was given the lab's revocation list, revoked.crl",
    "statement.ringback_binding": "speaks the ringback binding between CAS and UM",
}
_TABLES = {
    "um": "The UM server: a service that redirects to its workers, where it finds the "
    "gateways, and its limits.",
    "cas": "The Client Access server.",
    "gateway": "The reference gateway (unused when the gateway is under test).",
    "phone": "The reference phone.",
    "dial_plan": "The UM dial plan: what may be dialled, and how it is spelt.",
    "trust": "Whom the reference roles believe.",
    "statement": "What the vendor says of the system under test. The numbers are "
    "dialled to reach a phone that behaves so; where one is empty, the cases that need "
    "it stay not-tested.",
}
_EXAMPLES: Mapping[str, object] = {
    "users": ({"name": "alice", "password_env": "ALICE_PASSWORD"},),
    "numbers": ({"number": "+12065550123", "typed": "912065550123"},),
    "resolve": {"gw.vendor.example": "192.0.2.10"},
    "sut": {"gateway": "tls:gw.vendor.example:5061"},
}
_SIMPLE: Mapping[type, str] = {
    inspect.StrType: "text",
    inspect.BoolType: "true or false",
    inspect.IntType: "number",
    inspect.FloatType: "number",
    inspect.DictType: "table",
}


class Key(Struct, frozen=True):
    """One key: the table it is in ("" is the top), what it takes, what it is unset."""

    table: str
    name: str
    kind: str
    default: Any
    required: bool = False
    many: bool = False  # its table is an array: [[table]]

    @property
    def meaning(self) -> str:
        """KeyError for a key that nobody explained."""
        return MEANING[f"{self.table}.{self.name}".lstrip(".")]


def every_key() -> tuple[Key, ...]:
    """In the order of the types; keys of a table before its own tables."""
    return tuple(_keys_of(Config, ""))


def page() -> str:
    """The reference as Markdown, from the second heading on."""
    lines: list[str] = []
    table = None
    for key in every_key():
        if key.table != table:
            table = key.table
            lines += ["", *_heading(key), "| key | takes | default | meaning |"]
            lines.append("|---|---|---|---|")
        default = "must be given" if key.required else f"`{toml(key.default)}`"
        cells = (f"`{key.name}`", key.kind, default, key.meaning)
        lines.append("| " + " | ".join(c.replace("|", "\\|") for c in cells) + " |")
    return "\n".join(lines).strip() + "\n"


def template(lab: str) -> str:
    """A ``ringback.toml`` that names the lab, and all else as comments to edit."""
    lines = [
        "# Every key with its own value; take away the # of a line to change it, and",
        "# of the [table] above it. Paths are relative to this file.",
        "# What the keys mean: docs/configuration.md.",
        "",
        f"lab = {toml(lab)}",
        *_assignments(Config(), "", leaving=("lab",)),
    ]
    return "\n".join(lines) + "\n"


def toml(value: object) -> str:
    """A value as TOML spells it on one line."""
    if isinstance(value, Mapping):
        pairs = (f"{json.dumps(k)} = {toml(v)}" for k, v in value.items())
        return "{ " + ", ".join(pairs) + " }" if value else "{}"
    if isinstance(value, tuple | list):
        return "[" + ", ".join(map(toml, value)) + "]"
    return json.dumps(value.value if isinstance(value, Enum) else value)


def _keys_of(kind: type, table: str, *, many: bool = False) -> Iterable[Key]:
    info = inspect.type_info(kind)
    assert isinstance(info, inspect.StructType)
    deeper: list[tuple[type, str, bool]] = []
    for field in info.fields:
        name = f"{table}.{field.name}".lstrip(".")
        match field.type:
            case inspect.StructType(cls=part):
                deeper.append((part, name, False))
            case inspect.VarTupleType(item_type=inspect.StructType(cls=part)):
                deeper.append((part, name, True))
            case _:
                default = field.default
                if field.default_factory is not msgspec.NODEFAULT:
                    default = field.default_factory()
                told = _words(field.type)
                yield Key(table, field.name, told, default, field.required, many)
    for part, name, is_array in deeper:
        yield from _keys_of(part, name, many=is_array)


def _words(kind: inspect.Type) -> str:
    told = _SIMPLE.get(type(kind), "")
    match kind:
        case inspect.IntType(ge=low, le=high) if low is not None:
            told = f"{low} to {high}"
        case inspect.FloatType(gt=low, le=high) if low is not None:
            told = f"number above {low}, up to {high}"
        case inspect.EnumType(cls=words):
            told = " | ".join(words)
        case inspect.TupleType(item_types=parts):
            told = f"list of {len(parts)}"
        case inspect.VarTupleType(item_type=part):
            told = f"list of {_words(part)}"
        case _:
            pass
    return told


def _heading(key: Key) -> Iterable[str]:
    if not key.table:
        return ("## At the top of the file", "")
    mark = f"[[{key.table}]]" if key.many else f"[{key.table}]"
    text = _TABLES.get(key.table) or MEANING[key.table] + "."
    text = text[0].upper() + text[1:]
    return (f"## `{mark}`", "", text, "")


def _assignments(
    part: msgspec.Struct, table: str, leaving: tuple[str, ...] = ()
) -> Iterable[str]:
    """One commented line per key of a table, then its own tables likewise."""
    deeper: list[tuple[str, Any]] = []
    for name in part.__struct_fields__:
        value = getattr(part, name)
        path = f"{table}.{name}".lstrip(".")
        if path in _EXAMPLES or _is_table(value):
            deeper.append((path, _EXAMPLES.get(path, value)))
        elif name not in leaving:
            yield f"# {name} = {toml(value)}"
    for path, value in deeper:
        yield from _table(path, value)


def _table(path: str, value: Any) -> Iterable[str]:
    if isinstance(value, tuple):
        for one in value:
            yield from ("", f"# [[{path}]]", *_inside(path, one))
        return
    example = path in _EXAMPLES
    yield from ("", f"# [{path}]{'  # for example' if example else ''}")
    yield from _inside(path, value)


def _inside(path: str, value: Any) -> Iterable[str]:
    if isinstance(value, Mapping):
        return [f"# {_bare(k)} = {toml(v)}" for k, v in value.items()]
    return list(_assignments(value, path))


def _bare(key: str) -> str:
    return key if key.replace("_", "").isalnum() else json.dumps(key)


def _is_table(value: object) -> bool:
    if isinstance(value, tuple):
        return bool(value) and isinstance(value[0], msgspec.Struct)
    return isinstance(value, msgspec.Struct)


if __name__ == "__main__":
    import sys

    sys.stdout.write(page())
