"""A SOAP 1.1 message that forgets no octet, read by a parser that trusts nobody.

SOAP 1.1 §4 gives the envelope, §4.4 the fault; MS-OXWUMS §2.2.3.1 its detail. No
DOCTYPE, no entity, no deep nesting and no huge text gets past :func:`read_xml`.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Self

import msgspec

from ringback.faults import Malformed, Misuse
from ringback.places import fixtures
from ringback.wire.readings import read_once, remembered

if TYPE_CHECKING:
    from lxml.etree import XMLParser, XMLSchema, _Element

SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
MESSAGES = "http://schemas.microsoft.com/exchange/services/2006/messages"
TYPES = "http://schemas.microsoft.com/exchange/services/2006/types"
ERRORS = "http://schemas.microsoft.com/exchange/services/2006/errors"
CONTENT_TYPE = "text/xml; charset=utf-8"
LARGEST = 1 << 20  # octets

# A DOCTYPE can stand only before the root element, among comments and instructions.
_DOCTYPE = re.compile(
    rb"(?:\xef\xbb\xbf|\xff\xfe|\xfe\xff)?"
    rb"(?:\s++|<!--(?s:.*?)-->|<\?(?s:.*?)\?>)*+(<!DOCTYPE)"
)
_UNSPEAKABLE = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_IN_TEXT = {ord("&"): "&amp;", ord("<"): "&lt;", ord(">"): "&gt;", 13: "&#13;"}
_IN_ATTRIBUTE = {**_IN_TEXT, ord('"'): "&quot;", 9: "&#9;", 10: "&#10;"}
_DECLARATION = '<?xml version="1.0" encoding="utf-8"?>'


def read_xml(octets: bytes) -> "_Element":
    """The root element; Malformed for what is not well-formed, or not harmless."""
    from lxml import etree

    if len(octets) > LARGEST:
        raise Malformed(f"more than {LARGEST} octets of XML", octets, LARGEST)
    doctype = _DOCTYPE.match(octets.replace(b"\0", b"") if b"\0" in octets else octets)
    if doctype:
        raise Malformed("a DOCTYPE is not allowed", octets, doctype.start(1))
    try:
        root = etree.fromstring(octets, _parser())
    except (etree.XMLSyntaxError, ValueError) as error:
        raise Malformed(f"not XML: {error}", octets, _place(error, octets)) from error
    if root.getroottree().docinfo.internalDTD is not None:
        raise Malformed("a DOCTYPE is not allowed", octets, 0)
    return root


@cache
def _parser() -> "XMLParser":
    from lxml import etree

    return etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_pis=True,
        remove_comments=True,
        collect_ids=False,
    )


def _place(error: Exception, octets: bytes) -> int:
    """The octet that line and column of a parser's complaint stand for."""
    line, column = getattr(error, "position", (1, 1))
    above = octets.split(b"\n")[: max(0, line - 1)]
    return min(len(octets), sum(len(a) + 1 for a in above) + max(0, column - 1))


def local(element: "_Element") -> str:
    """The element's name without its namespace."""
    return str(element.tag).rpartition("}")[2]


def namespace(element: "_Element") -> str:
    return str(element.tag)[1:].partition("}")[0] if "}" in str(element.tag) else ""


def child(element: "_Element", *names: str) -> "_Element | None":
    """The first child of one of these names, in whatever namespace."""
    return next(element.iterchildren(*(f"{{*}}{name}" for name in names)), None)


def text_of(element: "_Element", *names: str) -> str | None:
    """The text of such a child; None when there is no such child."""
    found = child(element, *names)
    return None if found is None else content(found)


def content(element: "_Element") -> str:
    """The text inside, whatever marks it up."""
    if len(element):
        return "".join(map(str, element.itertext()))
    return str(element.text or "")


@dataclass(frozen=True)
class Envelope:
    """A SOAP message; ``bytes(Envelope.parse(octets)) == octets``."""

    octets: bytes
    root: "_Element" = field(compare=False, repr=False)

    @classmethod
    @remembered(64)
    def parse(cls, octets: bytes) -> Self:
        """Any well-formed, harmless XML; what it means is asked later."""
        return cls(octets, read_xml(octets))

    def __bytes__(self) -> bytes:
        return self.octets

    @read_once
    def body(self) -> "_Element":
        """The one element that the Body holds; Malformed when SOAP 1.1 §4 is broken."""
        if self.root.tag != f"{{{SOAP}}}Envelope":
            raise Malformed("the root is not a SOAP 1.1 Envelope", self.octets, 0)
        body = next(self.root.iterchildren(f"{{{SOAP}}}Body"), None)
        if body is None:
            raise Malformed("the Envelope has no Body", self.octets, 0)
        if len(body) != 1:
            raise Malformed(f"the Body holds {len(body)} elements", self.octets, 0)
        return body[0]

    @property
    def operation(self) -> str:
        """The local name of what the Body holds."""
        return local(self.body)

    @property
    def demands(self) -> tuple[str, ...]:
        """Header entries that must be understood (SOAP 1.1 §4.2.3)."""
        header = next(self.root.iterchildren(f"{{{SOAP}}}Header"), None)
        entries: Iterator[_Element] = iter(()) if header is None else iter(header)
        must = f"{{{SOAP}}}mustUnderstand"
        return tuple(local(e) for e in entries if e.get(must) in {"1", "true"})


class SoapFault(msgspec.Struct, frozen=True):
    """SOAP 1.1 §4.4. ``code`` is the faultcode without its prefix.

    ``exception_type`` is MS-OXWUMS §2.2.3.1's ExceptionType as it stood, with or
    without prefix; ``response_code`` and ``message`` are those of EWS.
    """

    code: str
    text: str
    exception_type: str = ""
    response_code: str = ""
    message: str = ""
    code_namespace: str = TYPES

    @property
    def name(self) -> str:
        """What went wrong in one word, wherever the server put that word."""
        bare = self.exception_type.rpartition(":")[2]
        return bare or self.response_code or self.code


def fault_of(envelope: Envelope) -> SoapFault | None:
    """The fault that the message carries, or None."""
    body = envelope.body
    if body.tag != f"{{{SOAP}}}Fault":
        return None
    code = child(body, "faultcode")
    prefix, _, bare = (text_of(body, "faultcode") or "").strip().rpartition(":")
    known = (
        {} if code is None else {str(k or ""): str(v) for k, v in code.nsmap.items()}
    )
    detail = child(body, "detail")
    inside = body if detail is None else detail
    return SoapFault(
        bare,
        (text_of(body, "faultstring") or "").strip(),
        (text_of(inside, "ExceptionType") or "").strip(),
        (text_of(inside, "ResponseCode") or "").strip(),
        (text_of(inside, "Message") or "").strip(),
        known.get(prefix, ""),
    )


def fault_octets(fault: SoapFault) -> bytes:
    detail = ""
    if fault.exception_type:
        named = element("ExceptionType", fault.exception_type)
        detail += named.replace(">", f' xmlns="{MESSAGES}">', 1)
    if fault.response_code:
        detail += f'<e:ResponseCode xmlns:e="{ERRORS}">{text(fault.response_code)}'
        detail += f'</e:ResponseCode><e:Message xmlns:e="{ERRORS}">'
        detail += f"{text(fault.message)}</e:Message>"
    prefix = "s" if fault.code_namespace == SOAP else "a"
    declared = "" if prefix == "s" else f' xmlns:a="{attribute(fault.code_namespace)}"'
    return envelope_octets(
        f"<s:Fault><faultcode{declared}>{prefix}:{text(fault.code)}</faultcode>"
        f'<faultstring xml:lang="en-US">{text(fault.text)}</faultstring>'
        + (f"<detail>{detail}</detail>" if detail else "")
        + "</s:Fault>"
    )


def envelope_octets(body: str, header: str = "") -> bytes:
    """``body`` and ``header`` are XML already."""
    above = f"<s:Header>{header}</s:Header>" if header else ""
    return (
        f'{_DECLARATION}<s:Envelope xmlns:s="{SOAP}">{above}'
        f"<s:Body>{body}</s:Body></s:Envelope>"
    ).encode()


def element(name: str, value: str, prefix: str = "") -> str:
    """An element with text; Misuse for what no XML can carry."""
    tag = f"{prefix}:{name}" if prefix else name
    return f"<{tag}>{text(value)}</{tag}>"


def text(value: str) -> str:
    return _spoken(value).translate(_IN_TEXT)


def attribute(value: str) -> str:
    return _spoken(value).translate(_IN_ATTRIBUTE)


def _spoken(value: str) -> str:
    found = _UNSPEAKABLE.search(value)
    if found:
        raise Misuse(f"XML 1.0 §2.2 has no character U+{ord(found[0]):04X}")
    return value


def boolean(value: bool) -> str:
    return "true" if value else "false"


def truth(written: str) -> bool:
    """ValueError for no boolean. The documents list True and False, XML Schema wants
    true, false, 1 or 0: spelling is the judge's affair."""
    known = {"true": True, "1": True, "false": False, "0": False}
    told = known.get(written.strip().lower())
    if told is None:
        raise ValueError(f"{written!r} is no boolean")
    return told


def violation(schema: str, message: "_Element") -> str:
    """What our schema ``fixtures/soap/<schema>.xsd`` has against it, or nothing."""
    from lxml import etree

    try:
        _schema(schema).assertValid(message)
    except etree.DocumentInvalid as error:
        return str(error)
    return ""


@cache
def _schema(name: str) -> "XMLSchema":
    from lxml import etree

    return etree.XMLSchema(etree.parse(str(fixtures() / "soap" / f"{name}.xsd")))
