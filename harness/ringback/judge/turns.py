"""SOAP as the judge reads it: one question to the CAS with its answer, any dialect.

MS-OXWUMS §3.1.4 for the 2007 dialect; the EWS pages for the other. What cannot be
read is None; whether it should have been readable is for rules to say.
"""

import base64
import binascii
from collections.abc import Callable
from enum import Enum, auto
from typing import TypeVar

import msgspec

from ringback.evidence.circumstances import Ordered
from ringback.evidence.frame import HttpFrame
from ringback.faults import Malformed
from ringback.judge.case import Asked, Case
from ringback.values import CallState, Cause, Role
from ringback.wire import ews, umws
from ringback.wire.soap import Envelope, SoapFault

Read = TypeVar("Read")
Request = umws.Request | ews.Request
Response = umws.Response | ews.Response | SoapFault

BAD_ITEM = {
    "umws": ("InvalidObjectIdException",),
    "ews": ("ErrorInvalidIdMalformed", "ErrorItemNotFound", "ErrorInvalidId"),
}  # MS-OXWUMS §3.1.4.8, facts §3.5
PLAYS = (umws.PlayOnPhone, umws.PlayOnPhoneGreeting, ews.PlayOnPhone)
INFORMS = (umws.GetCallInfo, ews.GetPhoneCallInformation)
HANGS_UP = (umws.Disconnect, ews.DisconnectPhoneCall)
GAVE = (
    umws.PlayOnPhoneResponse,
    umws.PlayOnPhoneGreetingResponse,
    ews.PlayOnPhoneResponse,
)
TOLD = (umws.GetCallInfoResponse, ews.GetPhoneCallInformationResponse)


class Turn(msgspec.Struct, frozen=True, eq=False):
    """``user`` and ``password`` are those of Basic, empty without; ``operation`` is
    the local name of what the Body holds."""

    asked: Asked
    dialect: str  # "umws" or "ews"
    user: str
    password: str
    operation: str
    request: Request | None
    response: Response | None
    envelope: Envelope | None  # of the answer

    @property
    def frame(self) -> HttpFrame:
        return self.asked.request

    @property
    def answer(self) -> HttpFrame:
        """What carried the answer; the question itself when none came."""
        return self.asked.response or self.asked.request

    @property
    def status(self) -> int:
        return self.asked.response.status if self.asked.response else 0

    @property
    def plays(self) -> bool:
        return isinstance(self.request, PLAYS)

    @property
    def informs(self) -> bool:
        return isinstance(self.request, INFORMS)

    @property
    def hangs_up(self) -> bool:
        return isinstance(self.request, HANGS_UP)

    @property
    def named(self) -> str:
        """The call id that the question is about."""
        about = (*INFORMS, *HANGS_UP)
        return self.request.call_id if isinstance(self.request, about) else ""

    @property
    def given(self) -> str:
        """The call id that the answer hands out."""
        return self.response.call_id if isinstance(self.response, GAVE) else ""

    @property
    def dialled(self) -> str:
        return self.request.dial_string if isinstance(self.request, PLAYS) else ""

    @property
    def item(self) -> str:
        """The id of the message that is ordered."""
        match self.request:
            case umws.PlayOnPhone(entry_id=item) | ews.PlayOnPhone(item_id=item):
                return item
            case _:
                return ""

    @property
    def state(self) -> CallState | None:
        return self.response.state if isinstance(self.response, TOLD) else None

    @property
    def sip_code(self) -> int | None:
        """The code that EWS shows; the 2007 dialect has none."""
        told = self.response
        if isinstance(told, ews.GetPhoneCallInformationResponse):
            return told.sip_code
        return None

    @property
    def cause(self) -> Cause | None:
        return self.response.cause if isinstance(self.response, TOLD) else None

    @property
    def refusal(self) -> str:
        """The fault's or the ResponseCode's name, or the HTTP status; else empty."""
        if isinstance(self.response, SoapFault):
            return self.response.name
        if isinstance(self.response, ews.Outcome) and not self.response.succeeded:
            return self.response.code
        return f"HTTP {self.status}" if self.status // 100 != 2 else ""


class Existence(Enum):
    """Whether a message that was ordered existed then."""

    YES = auto()
    NO = auto()
    UNKNOWN = auto()  # the store is not ours, or nobody said


def existence(case: Case, order: Turn) -> Existence:
    """By what was stored, or said to be missing; where the store is not ours, absence
    alone says nothing."""
    known = case.known
    placed = _placed(case, order)
    if placed is None:
        return Existence.UNKNOWN
    stored = {sound.id for sound in known.stored}
    found = placed.item in stored or (placed.item == "latest" and bool(stored))
    if found and not placed.missing:
        return Existence.YES
    if placed.missing:
        return Existence.NO
    foreign = {Role.CAS, Role.UM} & known.sut.keys()
    return Existence.UNKNOWN if foreign else Existence.NO


def _placed(case: Case, order: Turn) -> Ordered | None:
    """What the circumstances say of it: the third order of a message by a user is the
    third that they name; of one that they do not name, the user's first."""
    placed = [o for o in case.known.ordered if o.kind == "message"]
    mine = [o for o in placed if o.user == order.user]
    alike = [o for o in mine if o.item == order.item]
    before = [
        t
        for t in turns_of(case)
        if (t.user, t.item) == (order.user, order.item)
        and t.frame.number < order.frame.number
    ]
    return next(iter([*alike[len(before) :], *alike[-1:], *mine]), None)


def turns_of(case: Case) -> tuple[Turn, ...]:
    """Every question to the web service, in order; read once per case."""
    found = case.memory.get("turns")
    if not isinstance(found, tuple):
        found = case.memory["turns"] = tuple(map(_turn, case.asked))
    return found


def polls(case: Case) -> dict[str, list[Turn]]:
    """What each handed-out call id was told of its state, in order."""
    known = case.memory.get("polls")
    if isinstance(known, dict):
        return known
    turns = turns_of(case)
    told: dict[str, list[Turn]] = {turn.given: [] for turn in turns if turn.given}
    for turn in turns:
        if turn.state is not None and turn.named in told:
            told[turn.named].append(turn)
    case.memory["polls"] = told
    return told


def credentials(frame: HttpFrame) -> tuple[str, str]:
    """User and password of RFC 7617 §2, both empty without."""
    scheme, _, coded = frame.header("authorization").partition(" ")
    if scheme.lower() != "basic":
        return "", ""
    try:
        plain = base64.b64decode(coded, validate=True).decode("utf-8", "replace")
    except (binascii.Error, ValueError):
        return "", ""
    user, _, password = plain.partition(":")
    return user, password


def envelope_of(frame: HttpFrame | None) -> Envelope | None:
    if frame is None or not frame.body:
        return None
    return _tried(Envelope.parse, frame.body)


def _turn(asked: Asked) -> Turn:
    question, answer = envelope_of(asked.request), envelope_of(asked.response)
    operation = (_tried(_operation, question) if question else "") or ""
    dialect = _dialect(asked.request, operation)
    module = ews if dialect == "ews" else umws
    user, password = credentials(asked.request)
    return Turn(
        asked,
        dialect,
        user,
        password,
        operation,
        _tried(module.request_of, question) if question else None,
        _tried(module.response_of, answer) if answer else None,
        answer,
    )


def _dialect(request: HttpFrame, operation: str) -> str:
    """By path; where that says nothing, by what only one dialect has."""
    words = request.start.split()
    path = words[1].partition("?")[0].lower() if len(words) > 1 else ""
    if any(path.endswith(known.lower()) for known in umws.PATHS):
        return "umws"
    if any(path.endswith(known.lower()) for known in ews.PATHS):
        return "ews"
    only_ews = "PhoneCall" in operation or b"ItemId" in request.body
    return "ews" if only_ews else "umws"


def _operation(envelope: Envelope) -> str:
    return envelope.operation


def _tried(read: Callable[..., Read], what: object) -> Read | None:
    try:
        return read(what)
    except Malformed:
        return None
