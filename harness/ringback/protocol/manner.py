"""How a user agent presents itself: its name, its abilities, the words it always says.

RFC 3261 §8.1.1.8 (Contact), §12.1.1 (Record-Route), §20.5 (Allow), §20.37 (Supported).
"""

from collections.abc import Callable
from typing import Required, TypedDict

import msgspec

from ringback.wire.message import Field, Message

CALL_METHODS = ("INVITE", "ACK", "CANCEL", "BYE", "PRACK", "UPDATE")
EXTENSIONS = ("100rel", "timer")
NO_PACKAGES = Field.of("Recv-Info", "")  # RFC 6086 §5.2: none is taken
_DIALOG_MAKERS = ("INVITE", "UPDATE")


class Manners(TypedDict, total=False):
    """The fields of a Manner, as a user agent is told them."""

    host: Required[str]
    port: Required[int]
    secured: Required[bool]
    product: Required[str]
    contact: str
    user: str
    follows_redirects: bool
    session_expires: int
    trusts: Callable[[tuple[str, ...]], bool] | None
    takes: tuple[str, ...]
    relays: bool


class Manner(msgspec.Struct, frozen=True, kw_only=True):
    """How one user agent presents itself and behaves; see ``UserAgent``."""

    host: str
    port: int
    secured: bool
    product: str
    contact: str = ""
    user: str = ""
    follows_redirects: bool = True
    session_expires: int = 0
    trusts: Callable[[tuple[str, ...]], bool] | None = None
    takes: tuple[str, ...] = ("OPTIONS", "INFO")
    relays: bool = True

    @property
    def place(self) -> str:
        """``host:port``, an IPv6 literal in brackets."""
        return _place(self.host, self.port)

    @property
    def callback(self) -> str:
        """``host:port`` where others call back."""
        return _place(self.contact or self.host, self.port)


class Voice:
    """The standing fields of one user agent, worded once."""

    def __init__(self, manner: Manner) -> None:
        user = f"{manner.user}@" if manner.user else ""
        transport = "tls" if manner.secured else "tcp"
        self._contact = {
            "sip": Field.of(
                "Contact", f"<sip:{user}{manner.callback};transport={transport}>"
            ),
            "sips": Field.of(
                "Contact", f"<sips:{user}{manner.callback};transport=tcp>"
            ),
        }
        self._able = (
            Field.of("Allow", ", ".join((*CALL_METHODS, *manner.takes))),
            Field.of("Supported", ", ".join(EXTENSIONS)),
        )
        self._informed = "INFO" in manner.takes
        self._agent = Field.of("User-Agent", manner.product)
        self._server = Field.of("Server", manner.product)
        self._accept = Field.of("Accept", "application/sdp")

    def asking(
        self, method: str, uri: str, fields: tuple[Field, ...], content_type: str
    ) -> tuple[Field, ...]:
        ours: tuple[Field, ...] = (self._agent,)
        if method in _DIALOG_MAKERS:
            ours = (self._contact[_scheme(uri)], *self._able, self._agent)
        elif method == "OPTIONS":
            ours = (self._contact[_scheme(uri)], self._accept, *self._able, self._agent)
        return _joined(ours, fields, content_type)

    def replying(
        self,
        request: Message,
        status: int,
        fields: tuple[Field, ...],
        content_type: str,
    ) -> tuple[Field, ...]:
        ours: tuple[Field, ...] = (self._server,)
        method = request.method
        if method in _DIALOG_MAKERS and 100 < status < 300:
            route = tuple(f for f in request.fields if f.name == "record-route")
            contact = self._contact[_scheme(request.uri)]
            able = (*self._able, *self._packages(request)) if status >= 200 else ()
            ours = (*route, contact, *able, self._server)
        elif method == "OPTIONS" and status == 200:
            ours = (self._accept, *self._able, self._server)
        return _joined(ours, fields, content_type)

    def _packages(self, request: Message) -> tuple[Field, ...]:
        """RFC 6086 §5.2: who has told which he takes is told which we do."""
        asked = request.method == "INVITE" and request.all("recv-info")
        return (NO_PACKAGES,) if asked and self._informed else ()


def _place(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _scheme(uri: str) -> str:
    return "sips" if uri[:5].lower() == "sips:" else "sip"


def _joined(
    ours: tuple[Field, ...], theirs: tuple[Field, ...], content_type: str
) -> tuple[Field, ...]:
    """What the peer says itself is not said a second time."""
    if content_type:
        theirs = (*theirs, Field.of("Content-Type", content_type))
    said = {f.name for f in theirs}
    return (*(f for f in ours if f.name not in said), *theirs)
