"""Session descriptions that say more, or less, or in another order than most do."""

import re
from collections.abc import Callable, Iterable

from msgspec.structs import replace

from ringback.peers.bent.changes import Change, body
from ringback.peers.bent.declared import Quirk
from ringback.peers.bent.way import Passing, Way
from ringback.peers.bent.ways import Maker, anything, says
from ringback.protocol.offer_answer import SDP_TYPE
from ringback.protocol.world import Wish, Write
from ringback.values import Role
from ringback.wire.message import Message

SOUND_ROLES = (Role.UM, Role.GATEWAY, Role.PHONE)
Lines = list[str]
MORE_AT_THE_TOP = (
    "i=a call, and what it is about",
    "u=http://www.example.test/call",
    "e=operator@example.test (Operator)",
    "p=+1 206 555 0100",
)
MORE_BANDWIDTH = ("b=CT:10000000", "b=AS:80", "b=X-vendor:1")
MORE_ATTRIBUTES = (
    "a=label:main-audio",
    "a=silenceSupp:off - - - -",
    "a=X-mystery",
    "a=x-vendor:one two;three=4",
    "a=ssrc:1 cname:somebody@nowhere",
    "a=maxptime:200",
)


def _lines(change: Callable[[Lines], Lines]) -> Change:
    """Descriptions that are a whole body; those inside a multipart stay."""

    def reworded(octets: bytes) -> bytes:
        lines = octets.decode().split("\r\n")
        return "\r\n".join([*change([one for one in lines if one]), ""]).encode()

    def changed(message: Message) -> Message:
        described = message.first("content-type").lower().startswith(SDP_TYPE)
        return body(reworded)(message) if described and message.body else message

    return changed


def _after(lines: Lines, kind: str, more: tuple[str, ...]) -> Lines:
    """``more`` right after the first line of that kind."""
    at = next((i for i, one in enumerate(lines) if one.startswith(kind)), len(lines))
    return [*lines[: at + 1], *more, *lines[at + 1 :]]


def _talkative(lines: Lines) -> Lines:
    lines = _after(lines, "s=", MORE_AT_THE_TOP)
    lines = _after(lines, "c=", MORE_BANDWIDTH)
    lines = _after(lines, "t=", ("a=tool:ringback", "a=charset:UTF-8"))
    return [*lines, *MORE_ATTRIBUTES]


def _at_session_level(lines: Lines) -> Lines:
    """ptime and direction above the stream, the address below it. Several streams do
    not share the former: of those only the address moves."""
    several = sum(x.startswith("m=") for x in lines) > 1
    moved = [x for x in lines if re.match(r"a=(ptime|sendrecv|send|recv|inact)", x)]
    moved = [] if several else moved
    where = [x for x in lines if x.startswith("c=")]
    kept = [x for x in lines if x not in moved and x not in where]
    kept = _after(kept, "t=", tuple(moved))
    return [
        line
        for one in kept
        for line in ((one, *where) if one.startswith("m=") else (one,))
    ]


def _without(pattern: str) -> Callable[[Lines], Lines]:
    return lambda lines: [x for x in lines if not re.match(pattern, x)]


def _law_first(lines: Lines) -> Lines:
    """A-law before mu-law where both are named."""
    return [
        re.sub(r" 0 8\b", " 8 0", one) if one.startswith("m=audio") else one
        for one in lines
    ]


def _events_first(lines: Lines) -> Lines:
    """The keys' format before the sound's."""
    return [
        re.sub(r"^(m=audio \S+ \S+)((?: \d+)+) 101$", r"\1 101\2", x) for x in lines
    ]


def _with_noise(lines: Lines) -> Lines:
    lines = [re.sub(r"^(m=audio .*)$", r"\1 13", one) for one in lines]
    return [*lines, "a=rtpmap:13 CN/8000"]


def _odd_origin(lines: Lines) -> Lines:
    return [
        "s= "
        if one.startswith("s=")
        else re.sub(r"^o=\S+ (\d+)", r"o=RTC 90071\1", one)
        for one in lines
    ]


def _in_full(found: re.Match[str]) -> str:
    return f" {found[1].lower()}/8000/1"


def _as_the_um_has_it(lines: Lines) -> Lines:
    lines = [one.replace("fmtp:101 0-16", "fmtp:101 0-16,36") for one in lines]
    return [*_after(lines, "c=", ("b=CT:10000000",)), "a=label:main-audio"]


def _line_feeds(message: Message) -> Message:
    described = message.first("content-type").lower().startswith(SDP_TYPE)
    if not described:
        return message
    return body(lambda octets: octets.replace(b"\r\n", b"\n"))(message)


def _of_who_offered(change: Change) -> Maker:
    """An answer keeps the order of its offer, and who has answered tells the same again
    in an offer of his own (RFC 3264 §8)."""

    def make() -> Way:
        answered: set[str] = set()  # Call-IDs

        def said(p: Passing) -> Iterable[Wish] | None:
            call, described = p.message.first("call-id"), bool(p.message.body)
            if p.message.status:
                answered.update([call] if described else [])
                return None
            if not described or call in answered:
                return None
            return (Write(p.link, bytes(change(p.message))),)

        return Way(said=said)

    return make


def _quirk(
    name: str,
    says_: str,
    source: str,
    change: Callable[[Lines], Lines],
) -> Quirk:
    way = says(anything, _lines(change))
    return Quirk(name=name, roles=SOUND_ROLES, says=says_, source=source, way=way)


QUIRKS = (
    _quirk(
        "talkative-descriptions",
        "Lines and attributes that nobody needs, and some that nobody knows.",
        "RFC 8866 §5 and §5.13: unknown attributes are ignored",
        _talkative,
    ),
    replace(
        _quirk("line-feeds", "", "RFC 8866 §5: parsers accept them", list),
        says="The lines of descriptions end in LF alone.",
        way=says(anything, _line_feeds),
    ),
    _quirk(
        "session-level-attributes",
        "ptime and direction for the session, the address for the stream.",
        "RFC 8866 §5.7, §6.4 and §6.7",
        _at_session_level,
    ),
    _quirk(
        "no-ptime",
        "Descriptions without ptime.",
        "RFC 8866 §6.4; RFC 3551 §4.2: 20 ms unless said",
        _without(r"a=ptime"),
    ),
    _quirk(
        "no-direction",
        "Descriptions that leave out sendrecv.",
        "RFC 8866 §6.7.4; RFC 3264 §5.1",
        _without(r"a=sendrecv"),
    ),
    _quirk(
        "static-formats-unmapped",
        "No rtpmap for formats with a number of their own.",
        "RFC 3264 §5.1: a SHOULD; RFC 3551 §6",
        _without(r"a=rtpmap:[08] "),
    ),
    _quirk(
        "a-law-first",
        "A-law before mu-law.",
        "RFC 3264 §5.1 and §6.1: the order is the offerer's",
        _law_first,
    ),
    replace(
        _quirk("keys-first", "", "RFC 3264 §5.1", _events_first),
        says="telephone-event before the codecs, in the offers of who offered first.",
        way=_of_who_offered(_lines(_events_first)),
    ),
    _quirk(
        "comfort-noise-named",
        "Comfort noise among the formats.",
        "RFC 3389 §5.1; RFC 3264 §6.1",
        _with_noise,
    ),
    _quirk(
        "odd-origins",
        "A long session id, a name in o=, a blank as subject.",
        "RFC 8866 §5.2 and §5.3",
        _odd_origin,
    ),
    replace(
        _quirk("two-times", "", "RFC 8866 §5.9", list),
        says="The time line stands twice.",
        way=_of_who_offered(
            _lines(lambda lines: _after(lines, "t=", ("t=0 0",))),
        ),
    ),
    _quirk(
        "formats-with-channels",
        "rtpmap with lower-case names, and with the one channel that there is.",
        "RFC 8866 §6.6: the channel may be told; RFC 4855 §3: names have no case",
        lambda lines: [re.sub(r" (PCM[UA])/8000$", _in_full, x) for x in lines],
    ),
    _quirk(
        "described-as-by-um-15",
        "b=CT, a label and telephone-event 36, as UM 15.1 has them.",
        "facts §4.4; RFC 8866 §5.8; RFC 4733 §2.4.1",
        _as_the_um_has_it,
    ),
)
