"""The ringback binding's bodies: what the CAS orders of the UM, how a refusal ends.

The product's own format is not public; this one is ours and is labelled as ours
(facts §11 item 1). An order rides in an INVITE beside the SDP, an outcome in the
final response that refuses it.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Self, TypeVar

from ringback.faults import Malformed
from ringback.values import Cause
from ringback.wire import soap

if TYPE_CHECKING:
    from lxml.etree import _Element

CONTENT_TYPE: Final = "application/vnd.ringback.play-on-phone+xml"
OUTCOME_TYPE: Final = "application/vnd.ringback.outcome+xml"
_T = TypeVar("_T")
NAMESPACE: Final = "urn:ringback:binding:1"
KINDS: Final = ("message", "greeting")

TROUBLES: Final = (
    "",  # none of UM's own: the far end refused
    "policy",
    "bad-number",
    "bad-address",
    "no-gateway",
    "call-limit",
    "unknown-user",
    "unknown-message",
    "internal",
)


@dataclass(frozen=True, slots=True)
class Order:
    """What to play to whom; ``bytes(Order.parse(octets)) == octets``.

    ``kind`` is "message" (``item`` is a message id) or "greeting" (``item`` is a
    greeting type). ``dial_string`` is what the user typed, unread.
    """

    user: str
    kind: str
    item: str
    dial_string: str
    _octets: bytes = field(default=b"", init=False, repr=False, compare=False)

    @classmethod
    def parse(cls, octets: bytes) -> Self:
        root = _root(octets, "play-on-phone")
        user, kind = _text(octets, root, "user"), _text(octets, root, "kind")
        item = _text(octets, root, "item")
        order = cls(user, kind, item, _text(octets, root, "dial-string"))
        if order.kind not in KINDS:
            raise Malformed(f"nothing of kind {order.kind!r} is played", octets, 0)
        object.__setattr__(order, "_octets", octets)
        return order

    def __bytes__(self) -> bytes:
        return self._octets or _octets(
            "play-on-phone",
            ("user", self.user),
            ("kind", self.kind),
            ("item", self.item),
            ("dial-string", self.dial_string),
        )


@dataclass(frozen=True, slots=True)
class Outcome:
    """Why an order came to nothing; ``bytes(Outcome.parse(octets)) == octets``.

    ``code`` and ``text`` are the far end's final answer, 0 and empty when it gave
    none. ``trouble`` is one of TROUBLES; a word this version does not know is kept.
    """

    cause: Cause
    code: int = 0
    text: str = ""
    trouble: str = ""
    _octets: bytes = field(default=b"", init=False, repr=False, compare=False)

    @classmethod
    def parse(cls, octets: bytes) -> Self:
        root = _root(octets, "outcome")
        cause = _read(octets, root, "cause", Cause)
        code = _read(octets, root, "code", int)
        text = _text(octets, root, "text")
        outcome = cls(cause, code, text, _text(octets, root, "trouble"))
        object.__setattr__(outcome, "_octets", octets)
        return outcome

    def __bytes__(self) -> bytes:
        return self._octets or _octets(
            "outcome",
            ("cause", str(self.cause)),
            ("code", str(self.code)),
            ("text", self.text),
            ("trouble", self.trouble),
        )


def _root(octets: bytes, name: str) -> "_Element":
    root = soap.read_xml(octets)
    if root.tag != f"{{{NAMESPACE}}}{name}":
        raise Malformed(f"the root is {root.tag}, not {name} of ours", octets, 0)
    return root


def _text(octets: bytes, root: "_Element", name: str) -> str:
    found = soap.text_of(root, name)
    if found is None:
        raise Malformed(f"{soap.local(root)} lacks {name}", octets, 0)
    return found


def _read(octets: bytes, root: "_Element", name: str, kind: Callable[[str], _T]) -> _T:
    written = _text(octets, root, name)
    try:
        return kind(written)
    except ValueError as error:
        raise Malformed(f"{written!r} is no {name}", octets, 0) from error


def _octets(name: str, *told: tuple[str, str]) -> bytes:
    inside = "".join(soap.element(key, value) for key, value in told)
    return f'<{name} xmlns="{NAMESPACE}">{inside}</{name}>'.encode()
