"""Connections used as RFC 3261 §18 allows: cut anywhere, glued, opened anew."""

import re
from collections.abc import Iterable

from ringback.peers.bent.declared import Quirk
from ringback.peers.bent.quirks.headers import SIP_ROLES
from ringback.peers.bent.way import Passing, Told, Way
from ringback.peers.bent.ways import Maker
from ringback.protocol.world import (
    Arrived,
    Close,
    Connect,
    Fact,
    Lost,
    Opened,
    Wish,
    Write,
)
from ringback.values import Address, Role

OWN = "bent-line:"
TOO_LONG = 100_000  # octets of a body
_LENGTH = re.compile(rb"\r\nContent-Length: (\d{1,9})\r\n")
_CONTACT = re.compile(r"sips?:(?:[^@>;]*@)?([^:;>\[\]]+)(?::(\d+))?")


def _cut(step: int, first: int) -> Maker:
    """In pieces of ``step`` octets; the ``first`` message of a link in single ones."""

    def make() -> Way:
        seen: dict[str, int] = {}

        def said(p: Passing) -> Iterable[Wish]:
            octets = bytes(p.message)
            number = seen[p.link] = seen.get(p.link, -1) + 1
            size = 1 if number < first else step
            pieces = range(0, len(octets), size)
            return [Write(p.link, octets[at : at + size]) for at in pieces]

        return Way(said=said)

    return make


def _glued(p: Passing, kept: dict[str, bytes]) -> Iterable[Wish]:
    """A 100 waits for what follows it, and leaves with that in one piece."""
    octets = bytes(p.message)
    if p.message.status == 100:
        kept[p.link] = kept.get(p.link, b"") + octets
        return ()
    return (Write(p.link, kept.pop(p.link, b"") + octets),)


def _glues() -> Way:
    kept: dict[str, bytes] = {}
    return Way(said=lambda p: _glued(p, kept))


def _keeps_alive(octets: bytes) -> Maker:
    return lambda: Way(said=lambda p: (Write(p.link, octets + bytes(p.message)),))


def _hangs_up_elsewhere() -> Way:
    """BYE goes to the far end's Contact on a connection of its own; what comes back on
    it is heard as if it had come on the old one."""
    contacts: dict[str, str] = {}
    lines: dict[str, str] = {}
    secured: set[str] = set()

    def heard(p: Passing) -> Told | None:
        message = p.message
        if contact := message.first("contact"):
            contacts[message.first("call-id")] = contact
        if p.link in lines:
            return (Arrived(lines.pop(p.link), bytes(message)),), (Close(p.link),)
        return None

    def said(p: Passing) -> Iterable[Wish] | None:
        found = _CONTACT.search(contacts.get(p.message.first("call-id"), ""))
        if p.message.method != "BYE" or p.message.status or found is None:
            return None
        tls = p.link in secured
        port = int(found[2] or (5061 if tls else 5060))
        link = f"{OWN}{len(lines)}:{p.message.first('call-id')}"
        lines[link] = p.link
        target = Address(found[1], port)
        return Connect(link, target, tls, found[1]), Write(link, bytes(p.message))

    def told(fact: Fact) -> Told | None:
        if isinstance(fact, Opened) and fact.secured:
            secured.add(fact.link)
        own = isinstance(fact, Opened | Lost) and fact.link.startswith(OWN)
        return ((), ()) if own else None

    def wished(wish: Wish) -> Iterable[Wish] | None:
        if isinstance(wish, Connect) and wish.secured:  # spoken on before it is open
            secured.add(wish.link)
        return None

    return Way(said=said, heard=heard, told=told, wished=wished)


def _leaves_what_is_too_long() -> Way:
    def raw(fact: Arrived) -> Told | None:
        length = _LENGTH.search(fact.octets)
        if length is None or int(length[1]) < TOO_LONG:
            return None
        return (Lost(fact.link, "closed"),), (Close(fact.link),)

    return Way(raw=raw)


def _deaf_to_other_versions() -> Way:
    def raw(fact: Arrived) -> Told | None:
        return ((), ()) if b" SIP/7.0\r\n" in fact.octets else None

    return Way(raw=raw)


QUIRKS = (
    Quirk(
        name="leaves-what-is-too-long",
        roles=(Role.CAS, Role.UM, Role.GATEWAY),
        says="Where a message is longer than there is room for, the connection ends.",
        source="RFC 3261 §21.5.7: a server has its limits; nobody must read on",
        way=_leaves_what_is_too_long,
        scenarios=("sip.a-message-that-is-too-long",),
    ),
    Quirk(
        name="deaf-to-other-versions",
        roles=(Role.CAS, Role.UM, Role.GATEWAY),
        says="A request of SIP/7.0 gets no answer.",
        source="RFC 3261 §7.1: what is no SIP/2.0 is no SIP of this standard",
        way=_deaf_to_other_versions,
        scenarios=("sip.a-version-that-nobody-speaks",),
    ),
    Quirk(
        name="octet-by-octet",
        roles=SIP_ROLES,
        says="The first message of each connection is written octet by octet, the "
        "others in pieces of 99.",
        source="RFC 3261 §18.3: a stream has no message boundaries",
        way=_cut(99, 1),
        modes=("unsecured", "secured"),
    ),
    Quirk(
        name="several-messages-at-once",
        roles=(Role.UM, Role.GATEWAY, Role.PHONE),
        says="A 100 is written together with what follows it.",
        source="RFC 3261 §18.3; seen with baresip",
        way=_glues,
    ),
    Quirk(
        name="pings",
        roles=SIP_ROLES,
        says="A keep-alive before each message.",
        source="RFC 5626 §3.5.1; RFC 3261 §7.5",
        way=_keeps_alive(b"\r\n\r\n"),
    ),
    Quirk(
        name="empty-lines",
        roles=SIP_ROLES,
        says="An empty line before each message.",
        source="RFC 3261 §7.5",
        way=_keeps_alive(b"\r\n"),
    ),
    Quirk(
        name="bye-on-a-new-connection",
        roles=(Role.GATEWAY, Role.PHONE),
        says="BYE comes on a connection of its own.",
        source="RFC 3261 §18.1.1: to where the Contact says; seen with baresip",
        way=_hangs_up_elsewhere,
    ),
)
