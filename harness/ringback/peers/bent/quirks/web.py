"""HTTP and SOAP spelled as few do: RFC 9112, RFC 9110, SOAP 1.1, XML 1.0."""

import re
from collections.abc import Callable

from ringback.peers.bent.declared import Quirk
from ringback.peers.bent.web import (
    Change,
    Head,
    Turn,
    rewrites,
    tells,
    with_field,
    word,
)
from ringback.values import Role

WEB_ROLES = (Role.CLIENT, Role.CAS)
DECLARATION = b'<?xml version="1.0" encoding="utf-8"?>'
OF_SIP = re.compile(rb"<t:SIPResponse(?:Text|Code)>[^<]*</t:SIPResponse(?:Text|Code)>")
FOR_PEOPLE = re.compile(rb"(<(?:m:MessageText|faultstring)[^>]*>)[^<]*(<)")
NO_LUCK = "\\1失敗\\2".encode()
HEADER = re.compile(rb"(?s)<s:Header>.*</s:Header>")
ODD_TYPE = b'Text/XML;charset="UTF-8"; x=y'
DENIED = ("playonphone.a-number-that-policy-denies",)
PREFIXES = {b"s": b"SOAP-ENV", b"m": b"q1", b"t": b"types"}


def _fields(spell: Callable[[bytes], bytes]) -> Turn:
    def turn(head: Head, body: bytes) -> tuple[Head, bytes]:
        return [head[0], *map(spell, head[1:])], body

    return turn


def _loud(line: bytes) -> bytes:
    name, colon, value = line.partition(b":")
    return name.upper() + colon + b"   " + value.strip() + b" "


def _more(*lines: bytes) -> Turn:
    return lambda head, body: ([*head, *lines], body)


def _chunked(head: Head, body: bytes) -> tuple[Head, bytes]:
    """RFC 9112 §7.1, with an extension and a trailer field."""
    kept = [x for x in head if not x.lower().startswith(b"content-length")]
    half = len(body) // 2
    pieces = (body[:half], body[half:])
    chunks = (b"%X;ext=1\r\n%s\r\n" % (len(p), p) for p in pieces if p)
    return [*kept, b"Transfer-Encoding: chunked"], b"".join(chunks) + b"0\r\n\r\n"


def _body(change: Callable[[bytes], bytes]) -> Turn:
    return lambda head, body: (head, change(body))


def _prefixed(body: bytes) -> bytes:
    for old, new in PREFIXES.items():
        body = re.sub(rb"(</?)%s:" % old, rb"\1%s:" % new, body)
        body = body.replace(b"xmlns:%s=" % old, b"xmlns:%s=" % new)
    return body


def _undeclared(body: bytes) -> bytes:
    return body.removeprefix(DECLARATION)


def _commented(body: bytes) -> bytes:
    declared = body.replace(DECLARATION, b"<?xml version='1.0' encoding=\"UTF-8\" ?>\n")
    first = declared.find(b"Envelope")
    opened = declared.find(b">", first) + 1
    return b"%s\n <!-- nothing -->\n %s\n" % (declared[:opened], declared[opened:])


def _closing(head: Head, body: bytes) -> tuple[Head, bytes]:
    return ([*head, b"Connection: close"] if head[0][:5] == b"HTTP/" else head), body


def _quirk(name: str, says: str, source: str, turn: Turn) -> Quirk:
    way = rewrites(lambda head, body: turn(head, body) if body else None)
    return Quirk(name=name, roles=WEB_ROLES, says=says, source=source, way=way)


def _cas(
    name: str,
    says: str,
    source: str,
    change: Change,
    scenarios: tuple[str, ...] = (),
    misses: dict[str, str] | None = None,
) -> Quirk:
    return Quirk(
        name=name,
        roles=(Role.CAS,),
        says=says,
        source=source,
        way=tells(change),
        scenarios=scenarios,
        misses=misses or {},
    )


QUIRKS = (
    _quirk(
        "http-names-in-upper-case",
        "HTTP field names in upper case, blanks around their values.",
        "RFC 9110 §5.1; RFC 9112 §5.1",
        _fields(_loud),
    ),
    _quirk(
        "http-more-fields",
        "Cookies, the product's fields, an offer to take gzip.",
        "RFC 9110 §5.1 and §12.5.3; RFC 6265 §4",
        _more(
            b"Accept-Encoding: gzip, deflate",
            b"X-AspNet-Version: 2.0.50727",
            b"Cache-Control: private",
            b"X-Powered-By: ASP.NET",
        ),
    ),
    _quirk(
        "http-chunked",
        "Bodies in chunks.",
        "RFC 9112 §7.1",
        _chunked,
    ),
    _quirk(
        "http-one-answer-a-connection",
        "The web service closes the connection after each answer.",
        "RFC 9112 §9.6",
        _closing,
    ),
    _quirk(
        "soap-other-prefixes",
        "Other namespace prefixes.",
        "Namespaces in XML 1.0 §4: a prefix is only a placeholder",
        _body(_prefixed),
    ),
    _quirk(
        "soap-undeclared",
        "No XML declaration.",
        "XML 1.0 §2.8: UTF-8 needs none",
        _body(_undeclared),
    ),
    _quirk(
        "soap-with-comments",
        "Comments and white space between the elements.",
        "XML 1.0 §2.5 and §2.10",
        _body(_commented),
    ),
    _cas(
        "ews-no-word-of-sip",
        "The CAS tells neither SIP code nor SIP text.",
        "EWS:phonecallinformation [D]: both are optional",
        lambda body: OF_SIP.sub(b"", body),
        misses={"POP-SIP-001": "a code that nobody tells was said by nobody"},
    ),
    _cas(
        "ews-number-that-does-not-fit",
        "A number that policy denies is one that does not fit the dialing rules.",
        "EWS:responsecode [D], ErrorInvalidPhoneNumber",
        word("ErrorPhoneNumberNotDialable", "ErrorInvalidPhoneNumber"),
        scenarios=DENIED,
    ),
    _cas(
        "soap-in-another-language",
        "Messages for people are in a language of their own.",
        "SOAP 1.1 §4.4: faultstring is for people; EWS:messagetext [D]: any text",
        lambda body: FOR_PEOPLE.sub(NO_LUCK, body),
        scenarios=DENIED,
    ),
    _cas(
        "cas-idle-first",
        "A call that is being set up is Idle at first.",
        "EWS:phonecallstate [D], Idle: the initial call state",
        word("Connecting", "Idle"),
        scenarios=("sip.a-gateway-that-says-nothing", "media.a-call-that-is-forwarded"),
    ),
    _quirk(
        "http-media-type-in-odd-case",
        "The media type in other letters, its parameter in quotes, and one more.",
        "RFC 9110 §8.3.1",
        lambda head, body: (with_field(head, b"Content-Type", ODD_TYPE), body),
    ),
    _cas(
        "soap-without-a-header",
        "The CAS says nothing of its version.",
        "SOAP 1.1 §4.2: a Header may be there",
        lambda body: HEADER.sub(b"", body),
    ),
    _cas(
        "soap-with-more-behind-the-body",
        "Something of the CAS's own stands behind the Body.",
        "SOAP 1.1 §4: other elements may follow the Body",
        lambda body: body.replace(b"</s:Body>", b"</s:Body><x:and xmlns:x='urn:x'/>"),
    ),
)
