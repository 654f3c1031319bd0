"""What a probe keeps: its lines, what it asked and what it got, what others asked.

RFC 3261 §12.1 (the dialogs that responses make).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from msgspec.structs import replace

from ringback.faults import Malformed, Unseen
from ringback.protocol.dialog import Dialog
from ringback.protocol.offer_answer import Local, Refusal, answer, declined, sdp_of
from ringback.values import Address, Security
from ringback.wire import multipart
from ringback.wire.framing import Framer
from ringback.wire.headers import to_tag
from ringback.wire.message import Message
from ringback.wire.sdp import Sdp, audio

KEY_AND_SALT = 30  # octets, RFC 4568 §6.2


@dataclass(slots=True, eq=False)
class Line:
    """One connection. ``heard`` is all that came; ``over`` says why it ended;
    ``remote`` is who is at its other end, once it is open."""

    name: str
    target: Address | None
    opened: bool = False
    over: str = ""
    remote: Address | None = None
    heard: bytes = b""
    framer: Framer = field(default_factory=Framer)

    def is_open(self) -> bool:
        return self.opened and not self.over

    def is_over(self) -> bool:
        return bool(self.over)

    def is_answered(self) -> bool:
        return bool(self.heard)


@dataclass(slots=True, eq=False)
class Asking:
    """A request of ours with its responses, in order."""

    request: Message
    line: Line
    responses: list[Message] = field(default_factory=list)
    acknowledged: bool = False  # by an ACK to a 2xx

    @property
    def final(self) -> Message | None:
        return next((r for r in self.responses if r.status >= 200), None)

    @property
    def statuses(self) -> tuple[int, ...]:
        return tuple(r.status for r in self.responses)

    def is_ringing(self) -> bool:
        return any(r.status > 100 for r in self.responses)

    def is_heard(self) -> bool:
        """Whether anything came for it, 100 included."""
        return bool(self.responses)

    def is_answered(self) -> bool:
        """Whether it is settled: by a final response, or because the line is gone."""
        return self.final is not None or self.line.is_over()

    def has_final(self) -> bool:
        return self.final is not None

    def is_repeated(self, times: int) -> Callable[[], bool]:
        """The question whether the latest response came so many times."""
        return lambda: (
            bool(self.statuses) and self.statuses.count(self.statuses[-1]) >= times
        )

    def dialog(self, response: Message | None = None) -> Dialog:
        """What that response made (RFC 3261 §12.1.2), the final one by default; Unseen
        when there is none, or nobody can make a dialog of it."""
        made = response or self.final or next(iter(self.responses[-1:]), None)
        if made is None:
            raise Unseen(f"nobody has answered our {self.request.method}")
        try:
            dialog = Dialog.of_response(self.request, made)
        except Malformed as broken:
            why = f"the {made.status} to our {self.request.method} makes no dialog"
            raise Unseen(f"{why}: {broken}") from broken
        if not to_tag(self.request):
            return dialog
        return replace(dialog, route=self.request.all("route"))  # RFC 3261 §12.2


@dataclass(slots=True, eq=False)
class Theirs:
    """A request that came, and on which line; ``answers`` are what we said to it."""

    request: Message
    line: Line
    answers: list[Message] = field(default_factory=list)

    @property
    def method(self) -> str:
        return self.request.method

    @property
    def is_within(self) -> bool:
        """Whether it belongs to a dialog, as far as that can be told."""
        try:
            return bool(to_tag(self.request))
        except Malformed:
            return False

    def dialog(self) -> Dialog:
        """What our last answer made (RFC 3261 §12.1.1); Unseen when nobody can make a
        dialog of what was asked."""
        try:
            return Dialog.of_request(self.request, self.answers[-1])
        except Malformed as broken:
            why = f"the {self.method} that came makes no dialog"
            raise Unseen(f"{why}: {broken}") from broken


def in_order_of(request: Message, formats: Sequence[int]) -> tuple[int, ...]:
    """Those formats as an answer to that offer has them (RFC 3264 §6.1)."""
    try:
        described = sdp_of(request)
        media = described.media[:1] if described else ()
    except Malformed:
        media = ()
    known = [f for m in media for f in m.formats] + [str(f) for f in formats]
    return tuple(sorted(formats, key=lambda f: known.index(str(f))))


def in_time_of(request: Message, told: bytes) -> bytes:
    """That answer with the time lines of the offer in the request (RFC 3264 §6)."""
    try:
        described = sdp_of(request)
    except Malformed:
        described = None
    times = described.values("t") if described else ()
    lines = "".join(f"t={value}\r\n" for value in times or ("0 0",))
    return told.replace(b"t=0 0\r\n", lines.encode(errors="surrogateescape"), 1)


def answering(message: Message, local: Local) -> bytes:
    """What answers the offer in it (RFC 3264 §6); nothing where it has none."""
    try:
        offered = sdp_of(message)
    except Malformed:
        return b""
    if offered is None:
        return b""
    made = answer(offered, local)
    return bytes(declined(offered, local) if isinstance(made, Refusal) else made[0])


def unchanged(request: Message, standing: bytes) -> bytes:
    """What answers the offer of that change and leaves all as ``standing`` has it;
    that itself where nothing is offered, or where it is too odd to go by."""
    try:
        offered, ours = sdp_of(request), Sdp.parse(standing)
        media, origin = audio(ours), ours.origin
        keys = [k.key_salt for k in media.crypto if len(k.key_salt) == KEY_AND_SALT]
        local = Local(
            media.host,
            media.port,
            int(origin.session_id),
            int(origin.version),
            Security.SECURED if keys else Security.UNSECURED,
            keys[0] if keys else b"",
        )
    except (Malformed, ValueError):
        return standing
    made = answer(offered, local, media.direction) if offered else None
    return bytes(made[0]) if isinstance(made, tuple) else standing


def description(said: Sequence[Message], call_id: str) -> bytes:
    """The latest session description of that call among what was said, or nothing."""
    found = b""
    for message in said:
        if message.first("call-id") == call_id and message.body:
            try:
                found = _description(message) or found
            except Malformed:
                continue
    return found


def _description(message: Message) -> bytes:
    """The whole body or, as the CAS has it, a part of it."""
    if sdp := sdp_of(message):
        return bytes(sdp)
    parts = multipart.parse(message.first("content-type"), message.body)
    part = parts.part("application/sdp")
    return part.body if part else b""
