"""The reference mail client: orders Play on Phone and follows the call to its end.

MS-OXWUMS §3.2.4 (sequences of the 2007 dialect), facts §3.4 (how a client of Exchange
Web Services behaves). Commands gather wishes; whoever seats the client gives them to
the network.
"""

from dataclasses import dataclass
from typing import Literal

import msgspec

from ringback.faults import Malformed
from ringback.peers.web_client import Headers, WebAnswer, WebClient, WebOrder
from ringback.protocol.mailbox import Greeting
from ringback.protocol.timing import Timing
from ringback.protocol.world import Alarm, Fact, Hush, Listener, Rang, Wish
from ringback.values import Address, CallState, Cause
from ringback.wire import ews, soap, umws
from ringback.wire.http import basic
from ringback.wire.soap import Envelope, SoapFault

MISSED_POLLS = 5  # in a row, before the client stops asking
Request = umws.Request | ews.Request
Response = umws.Response | ews.Response | SoapFault


class ClientSettings(msgspec.Struct, frozen=True, kw_only=True):
    """``name`` is whom TLS must prove. ``poll_at_first`` (until the call is connected),
    ``poll_every`` and ``patience`` are unscaled seconds; ``path`` empty is the usual
    one of the dialect. ``pre_emptive`` false: the password is sent only after a 401."""

    cas: Address
    name: str
    user: str
    password: str
    dialect: Literal["ews", "umws"] = "ews"
    path: str = ""
    poll_at_first: float = 1.0
    poll_every: float = 1.0
    patience: float = 90.0
    pre_emptive: bool = True
    product: str = "ringback-client"
    timing: Timing = msgspec.field(default_factory=Timing)


@dataclass(slots=True, eq=False)
class Question:
    """One request and what came back. ``error`` is a ResponseCode, the name of a
    fault, ``HTTP 4xx``, or why nothing came; empty when all went well."""

    key: str
    asked: Request | bytes
    answer: WebAnswer | None = None
    response: Response | None = None
    error: str = ""

    def is_answered(self) -> bool:
        return self.answer is not None

    @property
    def status(self) -> int:
        """Of HTTP; 0 as long as there is none."""
        return self.answer.status if self.answer else 0


@dataclass(slots=True, eq=False)
class ClientCall:
    """What the user sees of a call. ``error`` says why the order was turned down (or
    why the client gave up asking); ``sip_code`` and ``sip_text`` are EWS's alone."""

    number: int
    id: str = ""
    state: CallState = CallState.IDLE
    cause: Cause = Cause.NONE
    sip_code: int = 0
    sip_text: str = ""
    error: str = ""
    history: tuple[CallState, ...] = (CallState.IDLE,)
    missed: int = 0  # polls in a row that came to nothing
    hung_up: bool = False

    def is_ordered(self) -> bool:
        """Whether the web service has answered the order, either way."""
        return bool(self.id or self.error)

    def is_refused(self) -> bool:
        """Whether the web service has turned the order down."""
        return bool(self.error) and not self.id

    def is_alerted(self) -> bool:
        return CallState.ALERTED in self.history

    def is_connected(self) -> bool:
        return self.state is CallState.CONNECTED

    def is_over(self) -> bool:
        return self.state is CallState.DISCONNECTED or bool(self.error)

    def becomes(self, state: CallState) -> None:
        if state is not self.state:
            self.state = state
            self.history = (*self.history, state)


class Client:
    """A peer (see ``protocol.world``) that is one user at one mail client."""

    def __init__(self, settings: ClientSettings) -> None:
        self.settings = settings
        self._wishes: list[Wish] = []
        patience = settings.timing.scaled(settings.patience)
        self._web = WebClient(
            settings.cas, settings.name, self._wishes.append, patience
        )
        self._calls: dict[int, ClientCall] = {}
        self._questions: dict[str, Question] = {}
        self._told: dict[str, ClientCall] = {}  # question's key -> whose call
        self._challenged: set[str] = set()
        self._asked = 0

    @property
    def listeners(self) -> tuple[Listener, ...]:
        return ()

    def wishes(self) -> tuple[Wish, ...]:
        """What the commands since the last time want done."""
        wanted = tuple(self._wishes)
        self._wishes.clear()
        return wanted

    def plays(self, message: str, *, on: str) -> ClientCall:
        """Order a message on a telephone; ``on`` is the dial string, sent as it is."""
        old = self.settings.dialect == "umws"
        return self._order(
            umws.PlayOnPhone(message, on) if old else ews.PlayOnPhone(message, on)
        )

    def plays_greeting(self, kind: Greeting | str, *, on: str) -> ClientCall:
        """Play and record a greeting; only the 2007 dialect knows how."""
        return self._order(umws.PlayOnPhoneGreeting(str(kind), on))

    def hangs_up(self, call: ClientCall) -> Question | None:
        """End the call; nothing is asked for one that is known to be over."""
        if call.is_over():
            return None
        call.hung_up = True
        return self._hang_up(call) if call.id else None

    def asks(self, asked: Request | bytes, headers: Headers = ()) -> Question:
        """Ask anything: an operation's request, or octets as they are. ``headers``
        replace those of the same name."""
        self._asked += 1
        question = Question(f"q{self._asked}", asked)
        self._questions[question.key] = question
        self._send(question, headers, known=self.settings.pre_emptive)
        return question

    def on(self, fact: Fact) -> tuple[Wish, ...]:
        if isinstance(fact, Rang) and fact.alarm.startswith("poll:"):
            self._poll(self._calls[int(fact.alarm.removeprefix("poll:"))])
        elif self._web.owns(fact):
            for answer in self._web.take(fact):
                self._answered(answer)
        return self.wishes()

    def leaves(self) -> None:
        """Close the connection if nothing is waited for."""
        self._web.leaves()

    def leftovers(self) -> tuple[str, ...]:
        calls = (c for c in self._calls.values() if not c.is_over())
        return (*self._web.leftovers(), *(f"call {c.number} {c.state}" for c in calls))

    def _order(self, order: Request) -> ClientCall:
        call = ClientCall(len(self._calls) + 1)
        self._calls[call.number] = call
        self._told[self.asks(order).key] = call
        return call

    def _hang_up(self, call: ClientCall) -> Question:
        old = self.settings.dialect == "umws"
        return self.asks(
            umws.Disconnect(call.id) if old else ews.DisconnectPhoneCall(call.id)
        )

    def _send(self, question: Question, headers: Headers, *, known: bool) -> None:
        asked, dialect = question.asked, self.settings.dialect
        default = umws.PATHS[0] if dialect == "umws" else ews.PATHS[0]
        body, action = _octets(asked)
        usual = {
            "Content-Type": soap.CONTENT_TYPE,
            "Accept": "text/xml",
            "User-Agent": self.settings.product,
            "SOAPAction": action,
        }
        if known:
            usual["Authorization"] = basic(self.settings.user, self.settings.password)
        replaced = {name.lower() for name, _ in headers}
        kept = ((k, v) for k, v in usual.items() if v and k.lower() not in replaced)
        path = self.settings.path or default
        order = WebOrder(question.key, path, (*kept, *headers), body)
        self._web.asks(order)

    def _answered(self, answer: WebAnswer) -> None:
        question = self._questions[answer.key]
        unknown = not self.settings.pre_emptive and answer.key not in self._challenged
        if answer.status == 401 and unknown:
            self._challenged.add(answer.key)
            self._send(question, (), known=True)
            return
        del self._questions[answer.key]
        question.answer = answer
        question.response, question.error = _read(question.asked, answer)
        call = self._told.pop(answer.key, None)
        if call is not None:
            self._follow(call, question)

    def _follow(self, call: ClientCall, question: Question) -> None:
        """What an answer means to the call it is about."""
        match question.response:
            case _ if question.error:
                self._disappointed(call, question)
                return
            case (
                umws.PlayOnPhoneResponse(found)
                | umws.PlayOnPhoneGreetingResponse(found)
                | ews.PlayOnPhoneResponse(found)
            ):
                call.id = found
                call.becomes(CallState.CONNECTING)
                if call.hung_up:  # before there was an id to hang up with
                    self._hang_up(call)
            case umws.GetCallInfoResponse(state, cause):
                call.cause = cause
                call.becomes(state)
            case ews.GetPhoneCallInformationResponse(state, cause, text, code):
                call.cause = cause or Cause.NONE
                call.sip_text, call.sip_code = text or "", code or 0
                call.becomes(state or call.state)
            case _:
                pass
        call.missed = 0
        self._carry_on(call)

    def _disappointed(self, call: ClientCall, question: Question) -> None:
        """A refused order is final; a poll may fail now and then, but not for good."""
        call.missed += 1
        final = question.status in (200, 500) or call.missed >= MISSED_POLLS
        if not call.id or final:
            call.error = question.error
        else:
            self._carry_on(call)

    def _carry_on(self, call: ClientCall) -> None:
        if call.is_over():
            self._wishes.append(Hush(f"poll:{call.number}"))
            return
        asks = self.settings
        wait = asks.poll_every if call.is_connected() else asks.poll_at_first
        self._wishes.append(Alarm(f"poll:{call.number}", asks.timing.scaled(wait)))

    def _poll(self, call: ClientCall) -> None:
        old = self.settings.dialect == "umws"
        question = self.asks(
            umws.GetCallInfo(call.id) if old else ews.GetPhoneCallInformation(call.id)
        )
        self._told[question.key] = call


def _octets(asked: Request | bytes) -> tuple[bytes, str]:
    """The body, and what SOAPAction says of it."""
    if isinstance(asked, bytes):
        return asked, ""
    if isinstance(asked, umws.Request):
        octets = umws.octets_of(asked)
    else:
        octets = ews.octets_of(asked)
    return octets, f'"{soap.MESSAGES}/{type(asked).__name__}"'


def _read(asked: Request | bytes, answer: WebAnswer) -> tuple[Response | None, str]:
    """The response, and in one word what is wrong with it."""
    if answer.status not in (200, 500):
        return None, answer.why or f"HTTP {answer.status}"
    try:
        envelope = Envelope.parse(answer.body)
        told = _response(asked, envelope)
    except Malformed as error:
        return None, f"HTTP {answer.status}: {error.why}"
    if isinstance(told, SoapFault):
        return told, told.name
    if isinstance(told, ews.Outcome) and not told.succeeded:
        return told, told.code
    return told, ""


def _response(asked: Request | bytes, envelope: Envelope) -> Response | None:
    if isinstance(asked, bytes):
        return soap.fault_of(envelope)
    if isinstance(asked, umws.Request):
        return umws.response_of(envelope)
    return ews.response_of(envelope)
