"""What a user agent remembers of one call. RFC 3261 §13, §14, §15."""

from dataclasses import dataclass, field
from enum import StrEnum, auto

import msgspec

from ringback.protocol.dialog import Dialog
from ringback.protocol.redirect import Target
from ringback.wire.headers import from_tag, to_tag
from ringback.wire.message import Field, Message
from ringback.wire.uri import Uri


class Phase(StrEnum):
    """Ours is not answered, theirs is not answered, talking, ended."""

    CALLING = auto()
    CALLED = auto()
    UP = auto()
    OVER = auto()


class Order(msgspec.Struct, frozen=True):
    """What an INVITE of ours says; kept, for a redirect says it again."""

    uri: str
    to: str
    sender: str
    call_id: str
    body: bytes
    content_type: str
    fields: tuple[Field, ...]
    session_expires: int
    min_se: int = 0


@dataclass(slots=True)
class Outgoing:
    """Our INVITE: ``acks`` by remote tag, ``waiting`` are redirects not yet tried;
    ``described`` are tags of those who have described the session reliably."""

    order: Order
    seq: int = 1
    key: str = ""
    branch: str = ""
    attempt: int = 0
    provisional: bool = False
    cancelling: tuple[Field, ...] | None = None
    cancel_sent: bool = False
    early: dict[str, Dialog] = field(default_factory=dict)
    rseqs: dict[str, int] = field(default_factory=dict)
    described: set[str] = field(default_factory=set)
    acks: dict[str, tuple[Message, Target]] = field(default_factory=dict)
    tried: set[str] = field(default_factory=set)
    waiting: list[Uri] = field(default_factory=list)
    followed: int = 0


class Provisional(msgspec.Struct, frozen=True):
    """A reliable 1xx (RFC 3262) that waits for its turn or for its PRACK."""

    status: int
    reason: str
    fields: tuple[Field, ...]
    body: bytes
    rseq: int = 0


class Final(msgspec.Struct, frozen=True):
    """A 2xx that waits until the reliable 1xx are acknowledged."""

    fields: tuple[Field, ...]
    body: bytes
    content_type: str


@dataclass(slots=True)
class Incoming:
    """Their INVITE: ``key`` of its transaction; ``described`` once a reliable 1xx with
    our description was acknowledged."""

    invite: Message
    key: str
    rseq: int = 0
    described: bool = False
    sent: Provisional | None = None
    response: Message | None = None
    queue: list[Provisional] = field(default_factory=list)
    final: Final | None = None


@dataclass(slots=True)
class Accepted:
    """A 2xx of ours that wants its ACK; ``seq`` is the INVITE's."""

    seq: int
    key: str
    response: Message
    gap: float
    waited: float = 0.0


@dataclass(slots=True)
class Call:
    """One call, either way round.

    ``open`` names what is still expected; ``link`` is the one its INVITE used;
    ``modifying`` is the offer of ours under way, ``asked`` the key of theirs;
    ``parting`` holds the fields of a BYE that waits for an ACK.
    """

    key: str
    phase: Phase
    local_tag: str
    target: Target
    link: str = ""
    dialog: Dialog | None = None
    outgoing: Outgoing | None = None
    incoming: Incoming | None = None
    accepted: Accepted | None = None
    open: set[str] = field(default_factory=set)
    modifying: str = ""
    asked: str = ""
    parting: tuple[Field, ...] | None = None
    body: bytes = b""
    content_type: str = ""
    allows: tuple[str, ...] = ()
    session: int = 0
    reinvite_acks: dict[int, tuple[Message, Target]] = field(default_factory=dict)

    def matches(self, request: Message) -> bool:
        """Whether a request of theirs is in this call's dialog, or an early one."""
        if to_tag(request) != self.local_tag:
            return False
        tag = from_tag(request)
        if self.dialog and self.dialog.remote_tag == tag:
            return True
        return self.outgoing is not None and tag in self.outgoing.early
