"""Those who refuse too much, too little, or without saying what would do.

RFC 3261 §7.3 (spellings), §8.2 (what a UAS inspects), §21.4.
"""

from collections.abc import Callable

from ringback.peers.bent.changes import field, lacking, refused, status
from ringback.peers.bent.declared import Fault
from ringback.peers.bent.spoken import joined
from ringback.peers.bent.way import Passing
from ringback.peers.bent.ways import (
    When,
    both,
    lacking_to_tag,
    mishears,
    replies,
    request,
    response,
    says,
)
from ringback.values import Role
from ringback.wire.message import Field, Message

CONTACT = Field.of("Contact", "<sip:gateway.ringback.test>")
NOBODY = "nobody-knows"
OPTIONS = both(request("OPTIONS"), lacking_to_tag)


def _some_field(odd: Callable[[bytes], bool]) -> When:
    return lambda p: any(odd(f.octets) for f in p.message.fields)


def _name(octets: bytes) -> bytes:
    return octets.partition(b":")[0].strip()


def _shouted(octets: bytes) -> bool:
    return len(_name(octets)) > 2 and _name(octets).isupper()


def _via_is_not_first(p: Passing) -> bool:
    return p.message.fields[0].name != "via"


def _in_lines(p: Passing) -> bool:
    return len(p.message.all("supported")) > 1


SPELLINGS: dict[str, tuple[str, str, When]] = {
    "compact-names": (
        "SIP-TAKES-001",
        "header names in their compact form",
        _some_field(lambda octets: len(_name(octets)) == 1),
    ),
    "capitals": ("SIP-TAKES-002", "header names in capitals", _some_field(_shouted)),
    "folds": (
        "SIP-TAKES-003",
        "folded fields",
        _some_field(lambda octets: b"\r\n" in octets),
    ),
    "white-space": (
        "SIP-TAKES-004",
        "space before a colon",
        _some_field(lambda octets: octets.partition(b":")[0].endswith(b"\t")),
    ),
    "another-order": ("SIP-TAKES-005", "fields before Via", _via_is_not_first),
    "lists-in-lines": ("SIP-TAKES-006", "two lines of Supported", _in_lines),
    "unknown-fields": (
        "SIP-TAKES-007",
        "fields that it does not know",
        _some_field(lambda octets: octets.startswith(b"X-")),
    ),
    "unknown-parameters": (
        "SIP-TAKES-008",
        "parameters that it does not know",
        _some_field(lambda octets: b";x-" in octets),
    ),
}
PEDANTS = tuple(
    Fault(
        name=f"gateway-takes-no-{name}",
        role=Role.GATEWAY,
        says=f"The gateway refuses {what}.",
        breaks=breaks,
        also=("SIP-TORT",),
        way=replies(both(OPTIONS, odd), refused(400, "Bad Request")),
    )
    for name, (breaks, what, odd) in SPELLINGS.items()
)


def _says_nobody(*names: str) -> When:
    return lambda p: any(NOBODY in p.message.first(name) for name in names)


def _foreign_uri(p: Passing) -> bool:
    return p.message.uri.startswith(NOBODY)


def _taken(*more: Field) -> Callable[[Message], Message]:
    return refused(200, "OK", *more)


FAULTS = (
    *PEDANTS,
    Fault(
        name="gateway-takes-any-method",
        role=Role.GATEWAY,
        says="The gateway answers 200 to a method that nobody knows.",
        breaks="SIP-REFUSE-001",
        way=replies(request(NOBODY.upper()), _taken()),
    ),
    Fault(
        name="gateway-takes-any-body",
        role=Role.GATEWAY,
        says="The gateway takes a call whose body it cannot read.",
        breaks="SIP-REFUSE-002",
        way=replies(
            both(request("INVITE"), _says_nobody("content-type")), _taken(CONTACT)
        ),
    ),
    Fault(
        name="gateway-takes-any-encoding",
        role=Role.GATEWAY,
        says="The gateway takes a call whose body is packed as it cannot unpack.",
        breaks="SIP-REFUSE-003",
        way=replies(
            both(request("INVITE"), _says_nobody("content-encoding")), _taken(CONTACT)
        ),
        also=("MED-SDP-002",),
    ),
    Fault(
        name="gateway-takes-any-scheme",
        role=Role.GATEWAY,
        says="The gateway answers for a URI of a scheme that nobody knows.",
        breaks="SIP-REFUSE-004",
        way=replies(both(request("OPTIONS"), _foreign_uri), _taken()),
        also=("SIP-OPT-001",),
    ),
    Fault(
        name="gateway-never-reads-require",
        role=Role.GATEWAY,
        says="The gateway answers 200 whatever it is required to know.",
        breaks="SIP-REFUSE-005",
        way=replies(both(request("OPTIONS"), _says_nobody("require")), _taken()),
        also=("SIP-OPT-001",),
    ),
    Fault(
        name="gateway-405-without-allow",
        role=Role.GATEWAY,
        says="The gateway's 405 has no Allow.",
        breaks="SIP-RESP-005",
        way=says(response(405), lacking("allow")),
    ),
    Fault(
        name="gateway-420-without-unsupported",
        role=Role.GATEWAY,
        says="The gateway's 420 has no Unsupported.",
        breaks="SIP-RESP-006",
        also=("SIP-TORT-006",),
        way=says(response(420), lacking("unsupported")),
        scenarios=("sip.an-extension-that-nobody-knows",),
    ),
    Fault(
        name="um-415-without-accept",
        role=Role.UM,
        says="The UM's 415 does not say what it would take.",
        breaks="SIP-RESP-007",
        what="worker",
        way=says(response(415), lacking("accept")),
    ),
    Fault(
        name="gateway-options-without-allow",
        role=Role.GATEWAY,
        says="The gateway answers OPTIONS without Allow.",
        breaks="SIP-OPT-001",
        way=says(response(200, of="OPTIONS"), lacking("allow")),
    ),
    Fault(
        name="um-gives-no-rest",
        role=Role.UM,
        says="The UM asks a gateway again that said Retry-After.",
        breaks="SIP-RETRY-002",
        what="worker",
        way=joined(
            mishears(response(503, to=Role.GATEWAY), lacking("retry-after")),
            says(request("INVITE", to=Role.GATEWAY)),
        ),
        scenarios=("sip.a-gateway-that-wants",),
    ),
    Fault(
        name="um-relays-the-refusal",
        role=Role.UM,
        says="The UM tells the CAS what the gateway said, as it came.",
        breaks="SIP-RELAY-001",
        what="worker",
        way=says(response(486, to=Role.CAS), status(600, "Busy Everywhere")),
        scenarios=("sip.a-phone-that-is-busy",),
    ),
    Fault(
        name="gateway-counts-no-hops",
        role=Role.GATEWAY,
        says="The gateway gives every call 70 hops.",
        breaks="SIP-HOPS-002",
        way=says(request("INVITE", to=Role.PHONE), field("Max-Forwards", "70")),
    ),
)
