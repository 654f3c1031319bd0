"""Mutants of what the web service says: one mechanical change of its n-th answer.

An HTTP field is removed, repeated or changed (RFC 9110 §5); an XML element is removed,
repeated or has another text, an attribute is removed or changed.
"""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from ringback.evidence.evidence import Evidence
from ringback.evidence.frame import HttpFrame
from ringback.peers.bent.ways import Maker
from ringback.peers.bent.web import Head, Page, Turn, rewriting
from ringback.proof.mutant import Mutant, altered
from ringback.values import Role

if TYPE_CHECKING:
    from lxml.etree import _Element

Change = Callable[["_Element"], None]
FRAMING = (b"content-length", b"transfer-encoding", b"connection")  # h11's affair


def of_answers(play: str, evidence: Evidence) -> Iterator[Mutant]:
    """Every mutant of what the CAS answered in that play, in the order it was said."""
    answers = [f for f in evidence.http if f.status and f.sender is Role.CAS]
    for nth, frame in enumerate(answers):
        title = f"cas to client #{nth} {_what(frame)}"
        for name, turn in _field_changes(frame):
            yield _made(play, f"http: {title}: {name}", "http", _nth(turn, nth))
        for name, change in _element_changes(frame.body):
            way = _nth(_reread(change), nth)
            yield _made(play, f"soap: {title}: {name}", "soap", way)


def _made(play: str, name: str, kind: str, way: Maker) -> Mutant:
    return Mutant(name=name, kind=kind, where=play, role=Role.CAS, way=way)


def _what(frame: HttpFrame) -> str:
    """What the Body holds."""
    from lxml import etree

    root = etree.fromstring(frame.body)
    return str(etree.QName(root[-1][0]).localname)


def _nth(turn: Turn, nth: int) -> Maker:
    """Only for the ``nth`` answer of a seat, counted from 0."""

    def make() -> Turn:
        said: list[bytes] = []

        def counted(head: Head, body: bytes) -> Page | None:
            if not head[0].startswith(b"HTTP/1.1 "):
                return None
            said.append(head[0])
            return turn(head, body) if len(said) == nth + 1 else None

        return counted

    return rewriting(make)


def _field_changes(frame: HttpFrame) -> Iterator[tuple[str, Turn]]:
    for name, _ in frame.headers:
        if name.encode() in FRAMING:
            continue
        yield f"{name} removed", _field(name, lambda line: ())
        yield f"{name} repeated", _field(name, lambda line: (line, line))
        yield f"{name} changed", _field(name, lambda line: (altered(line),))


def _field(name: str, change: Callable[[bytes], tuple[bytes, ...]]) -> Turn:
    start = name.encode() + b":"

    def turn(head: Head, body: bytes) -> Page | None:
        lines = [
            new
            for line in head[1:]
            for new in (change(line) if line.lower().startswith(start) else (line,))
        ]
        return [head[0], *lines], body

    return turn


def _element_changes(body: bytes) -> Iterator[tuple[str, Change]]:
    from lxml import etree

    for number, element in enumerate(etree.fromstring(body).iter()):
        name = etree.QName(element).localname
        if number:
            yield f"{name} removed", _at(number, _removed)
            yield f"{name} repeated", _at(number, _repeated)
        if (element.text or "").strip():
            yield f"{name} changed", _at(number, _retold)
        for key in element.attrib:
            title = f"{name}@{etree.QName(str(key)).localname}"
            yield f"{title} removed", _at(number, _unattributed(str(key)))
            yield f"{title} changed", _at(number, _reattributed(str(key)))


def _at(number: int, change: Change) -> Change:
    """Of the element with that number, in document order."""

    def changed(root: "_Element") -> None:
        elements = list(root.iter())
        if number < len(elements):
            change(elements[number])

    return changed


def _removed(element: "_Element") -> None:
    above = element.getparent()
    assert above is not None
    above.remove(element)


def _repeated(element: "_Element") -> None:
    from copy import deepcopy

    element.addnext(deepcopy(element))


def _retold(element: "_Element") -> None:
    element.text = _other(element.text or "")


def _unattributed(key: str) -> Change:
    def change(element: "_Element") -> None:
        del element.attrib[key]

    return change


def _reattributed(key: str) -> Change:
    def change(element: "_Element") -> None:
        element.set(key, _other(str(element.get(key))))

    return change


def _other(text: str) -> str:
    return altered(b":" + text.encode())[1:].decode()


def _reread(change: Change) -> Turn:
    from lxml import etree

    def turn(head: Head, body: bytes) -> Page | None:
        if not body:
            return None
        root = etree.fromstring(body)
        change(root)
        return head, etree.tostring(root, xml_declaration=True, encoding="utf-8")

    return turn
