"""What a message says of its way and its dialog: hops, routes, odd identifiers.

RFC 3261 §8.1.1.4 (Call-ID), §8.1.1.5 (CSeq), §8.1.1.7 (branch), §16.6 (Record-Route).
"""

from msgspec.structs import replace

from ringback.peers.bent.declared import Quirk
from ringback.peers.bent.inserted import inserting
from ringback.peers.bent.quirks.headers import SIP_ROLES
from ringback.peers.bent.twofaced import disguises, numbered
from ringback.peers.bent.way import Way
from ringback.peers.bent.ways import Maker, both, lacking_to_tag, request, says
from ringback.values import Role
from ringback.wire.headers import vias
from ringback.wire.message import Field, Message

INNER = "SIP/2.0/TCP inner.ringback.test:5060;branch=z9hG4bKinner;received=192.0.2.9"
OVER_IPV6 = (
    "SIP/2.0/TCP [2001:db8::9:1]:5060;branch=z9hG4bKsix;received=[2001:db8::9:255]"
)
ONE_HOP = ("ACK", "CANCEL")  # RFC 3261 §9.1 and §17.1.1.3: one Via value only
COOKIE, ODD = "z9hG4bK", "z9hG4bK.!%*_+`'~-"
LONG = "a-call-id-that-is-as-long-as-nobody-likes-to-see-it-and-legal-all-the-same." * 3
UNTIMED = {
    "SIP-SESSION-006": "a refresh without Session-Expires ends the session timer "
    "(RFC 4028 §7.2)",
}
FAR = 2_000_000_000  # RFC 3261 §8.1.1.5: below 2**31


def _with_hop(hop: str, *, in_one_line: bool) -> Maker:
    """Requests as a proxy that is our own passes them on: its hop on top, ours below;
    responses lose that hop again before we see them."""
    branch = hop.partition("branch=")[2].partition(";")[0]

    def out(message: Message) -> Message:
        if message.status or message.method in ONE_HOP:
            return message
        top, *rest = (f for f in message.fields if f.name == "via")
        others = tuple(f for f in message.fields if f.name != "via")
        if in_one_line:
            vias = [Field.of("Via", f"{top.value}, {hop}")]
        else:
            vias = [top, Field.of("Via", hop)]
        return replace(message, fields=(*vias, *rest, *others))

    def back(message: Message) -> Message:
        if not message.status or branch not in "".join(message.all("via")):
            return message
        vias = [v for f in message.all("via") for v in f.split(",") if branch not in v]
        others = tuple(f for f in message.fields if f.name != "via")
        kept = [Field.of("Via", v.strip()) for v in vias]
        return replace(message, fields=(*kept, *others))

    return disguises(out, back)


def _recording() -> Way:
    """Each INVITE passes a proxy that is our own and stays on the way: it takes its
    Route off what comes back before we see it."""
    own: set[str] = set()

    def out(message: Message) -> Message:
        fresh = ";tag=" not in message.first("to").lower()
        if message.status or message.method != "INVITE" or not fresh:
            return message
        place = message.first("contact").strip("<>").partition(";")[0]
        via = message.first("via").upper()
        transport = "tls" if "/TLS" in via else "tcp"
        route = f"<{place};transport={transport};lr>"
        own.add(route)
        return message.under(Field.of("Record-Route", route))

    def back(message: Message) -> Message:
        name = "record-route" if message.status else "route"
        routes = [r.strip() for v in message.all(name) for r in v.split(",")]
        kept = tuple(Field.of(name, r) for r in routes if r not in own)
        if len(kept) == len(routes):
            return message
        others = message.without(name)
        return replace(others, fields=(*kept, *others.fields))

    return disguises(out, back)()


def _branch(message: Message, old: str, new: str) -> Message:
    via = message.first("via")
    changed = via.replace(f"branch={old}", f"branch={new}", 1)
    at = next((i for i, f in enumerate(message.fields) if f.name == "via"), None)
    if at is None or changed == via:
        return message
    fields = list(message.fields)
    fields[at] = Field.of("Via", changed)
    return replace(message, fields=tuple(fields))


def _long_call_ids() -> Way:
    """Ours, which end in our own host as our Via has it, are long; those of others
    stay what they are."""
    hosts: set[str] = set()

    def is_own(call_id: str) -> bool:
        return call_id.rpartition("@")[2] in hosts

    def out(message: Message) -> Message:
        call_id = message.first("call-id")
        if not message.status:
            hosts.add(vias(message)[0].host)
        return _called(message, LONG + call_id) if is_own(call_id) else message

    def back(message: Message) -> Message:
        call_id = message.first("call-id")
        long = call_id.startswith(LONG) and is_own(call_id)
        return _called(message, call_id.removeprefix(LONG)) if long else message

    return disguises(out, back)()


def _called(message: Message, call_id: str) -> Message:
    fields = [
        Field.of("Call-ID", call_id) if f.name == "call-id" else f
        for f in message.fields
    ]
    return replace(message, fields=tuple(fields))


QUIRKS = (
    Quirk(
        name="two-hops-in-one-via",
        roles=SIP_ROLES,
        says="Requests that passed a proxy, with both hops in one Via line.",
        source="RFC 3261 §7.3.1 and §16.6",
        way=_with_hop(INNER, in_one_line=True),
    ),
    Quirk(
        name="a-hop-over-ipv6",
        roles=SIP_ROLES,
        says="A hop below with an IPv6 reference in its received.",
        source="RFC 5118 §4.5; RFC 3261 §18.2.1",
        way=_with_hop(OVER_IPV6, in_one_line=False),
    ),
    Quirk(
        name="record-route",
        roles=SIP_ROLES,
        says="INVITEs that passed a proxy at the same place, which stays on the way.",
        source="RFC 3261 §16.6 and §12.1.1",
        way=_recording,
    ),
    Quirk(
        name="long-call-ids",
        roles=SIP_ROLES,
        says="Call-IDs of more than 200 characters.",
        source="RFC 3261 §25.1: callid has no limit",
        way=_long_call_ids,
    ),
    Quirk(
        name="high-sequence-numbers",
        roles=SIP_ROLES,
        says="CSeq numbers just below the limit.",
        source="RFC 3261 §8.1.1.5",
        way=disguises(
            lambda m: m if m.status else numbered(m, FAR),
            lambda m: numbered(m, -FAR) if m.status else m,
        ),
    ),
    Quirk(
        name="odd-branches",
        roles=SIP_ROLES,
        says="Branches with every character that a token may have.",
        source="RFC 3261 §25.1: token",
        way=disguises(
            lambda m: m if m.status else _branch(m, COOKIE, ODD),
            lambda m: _branch(m, ODD, COOKIE) if m.status else m,
        ),
    ),
    Quirk(
        name="few-hops-left",
        roles=(Role.CAS,),
        says="Requests that may pass only five more hops.",
        source="RFC 3261 §8.1.1.6: 70 is what SHOULD be there at the start",
        way=says(
            both(request("INVITE"), lacking_to_tag),
            lambda m: replace(
                m,
                fields=tuple(
                    Field.of("Max-Forwards", "5") if f.name == "max-forwards" else f
                    for f in m.fields
                ),
            ),
        ),
    ),
    Quirk(
        name="refreshed-by-re-invite",
        roles=(Role.UM, Role.GATEWAY, Role.PHONE),
        says="A re-INVITE right after the ACK that changes nothing.",
        source="RFC 3261 §14.1; RFC 4028 §7.4",
        way=inserting("INVITE", with_body=True),
        what="worker",
        misses={
            **UNTIMED,
            **dict.fromkeys(
                ("SIP-TARGET-001", "SIP-TARGET-002", "SIP-UPDATE-001"),
                "a change that meets its own is refused (RFC 3261 §14.2), and then "
                "nobody moves",
            ),
            "RTP-TS-001": "a change takes the time of a packet, where two are sent",
            "SIP-CONN-003": "who waits for a refresh need not wait for the one due",
        },
    ),
    Quirk(
        name="refreshed-by-update",
        roles=(Role.UM, Role.GATEWAY, Role.PHONE),
        says="An UPDATE right after the ACK that changes nothing.",
        source="RFC 3311 §5.1; RFC 4028 §7.4",
        way=inserting("UPDATE"),
        what="worker",
        misses={
            **UNTIMED,
            **dict.fromkeys(
                (
                    *("RTP-TS-001", "SIP-CONN-003", "SIP-OFFER-007", "SIP-OFFER-008"),
                    *("SIP-OFFER-009", "SIP-OFFER-021"),
                ),
                "who waits for a refresh need not wait for the one due, by re-INVITE",
            ),
        },
    ),
    Quirk(
        name="options-in-the-dialog",
        roles=(Role.UM, Role.GATEWAY, Role.PHONE),
        says="OPTIONS within the dialog, right after the ACK.",
        source="RFC 3261 §11.2 and §12.2",
        way=inserting("OPTIONS"),
        what="worker",
    ),
)
