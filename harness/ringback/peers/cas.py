"""The reference Client Access server: SOAP over HTTPS to clients, SIP to the UM.

MS-OXWUMS §3.1 and facts §3 towards the client; the ringback binding towards the UM.
A call outlives its CAS: the store keeps the dialogs (facts §7.4).
"""

from collections.abc import Generator
from dataclasses import dataclass

from ringback.peers.cas_calls import Calls, Decided
from ringback.peers.cas_dialects import Placed, Service
from ringback.peers.cas_http import replying
from ringback.peers.cas_settings import CasSettings
from ringback.peers.cas_troubles import Trouble
from ringback.peers.web import WebReply, WebRequest, WebServer
from ringback.protocol.mailbox import FindRecords
from ringback.protocol.world import (
    Fact,
    Fetch,
    Fetched,
    Listener,
    Lost,
    Started,
    Store,
    Trace,
    Wish,
)

__all__ = ["Cas", "CasSettings"]
_RECORDS = "records"


@dataclass(slots=True, eq=False)
class _Talk:
    """A request being served: where it stands, and who waits for the reply."""

    request: WebRequest
    steps: Generator[object, object, WebReply]


class Cas:
    """A peer (see ``protocol.world``) that serves both dialects to many users."""

    def __init__(self, settings: CasSettings) -> None:
        self._settings = settings
        self._wishes: list[Wish] = []
        out = self._wishes.append
        self._web = WebServer(
            settings.https_port, out, settings.limits, settings.product
        )
        self._calls = Calls(settings, out, self._decided)
        self._service = Service(self._calls, lambda record: out(Store(record)))
        self._asking: dict[str, _Talk] = {}  # by the key of the question
        self._ordering: dict[str, _Talk] = {}  # by the guid of the call
        self._questions = 0

    @property
    def listeners(self) -> tuple[Listener, ...]:
        tls = self._settings.security.tls
        return (
            Listener(self._settings.https_port, secured=True),
            Listener(self._settings.port, secured=tls, mutual=tls),
        )

    def on(self, fact: Fact) -> tuple[Wish, ...]:
        match fact:
            case Started():
                question = FindRecords(self._calls.record_owner)
                self._wishes.append(Fetch(_RECORDS, question))
            case Fetched(key, value):
                self._fetched(key, value)
            case _ if self._web.owns(fact):
                self._web.take(fact)
                if isinstance(fact, Lost):
                    self._left_alone(fact.link)
            case _ if self._calls.owns(fact):
                self._calls.take(fact)
            case _:
                self._wishes.append(Trace(f"ignored {type(fact).__name__}"))
        while request := self._web.next_request():
            steps = replying(request, self._service, self._settings.realm)
            self._go(_Talk(request, steps), None)
        return self._spoken()

    def leftovers(self) -> tuple[str, ...]:
        return (*self._web.leftovers(), *self._calls.leftovers())

    def _spoken(self) -> tuple[Wish, ...]:
        wishes = tuple(self._wishes)
        self._wishes.clear()
        return wishes

    def _fetched(self, key: str, value: object) -> None:
        talk = self._asking.pop(key, None)
        if talk is not None:
            self._go(talk, value)
        elif key == _RECORDS and isinstance(value, dict):
            self._calls.restore(value)

    def _left_alone(self, link: str) -> None:
        """Who hangs up on his order can never hang up its call: take it back."""
        for guid, talk in [*self._ordering.items()]:
            if talk.request.link == link:
                self._calls.give_up(guid, Trouble.FAILED)

    def _decided(self, decided: Decided) -> None:
        talk = self._ordering.pop(decided.guid, None)
        if talk is not None:
            self._go(talk, decided)

    def _go(self, talk: _Talk, told: object) -> None:
        """On to the next question, or to the reply."""
        try:
            wanted = talk.steps.send(told)
        except StopIteration as done:
            self._reply(talk.request, done.value)
            return
        if isinstance(wanted, Placed):
            self._ordering[wanted.guid] = talk
            return
        self._questions += 1
        key = f"question-{self._questions}"
        self._asking[key] = talk
        self._wishes.append(Fetch(key, wanted))

    def _reply(self, request: WebRequest, reply: WebReply) -> None:
        told = f"{request.method} {request.path} {reply.status}"
        self._wishes.append(Trace(told))
        self._web.reply(request, reply)
