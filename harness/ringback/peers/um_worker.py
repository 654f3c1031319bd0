"""A UM worker: takes orders from the CAS, calls phones through gateways, plays.

Facts §1.2, §4.2 (draining), §4.5 (OPTIONS), §4.8 (call limit), §4.9 (trusted peers).
"""

from ringback.peers import um_binding as binding
from ringback.peers import um_gateways
from ringback.peers.media_ports import MediaPorts
from ringback.peers.um_binding import ACCEPTED
from ringback.peers.um_call import Desk, Stage, UmCall
from ringback.peers.um_gateways import Gateways
from ringback.peers.um_settings import UmSettings
from ringback.protocol import happenings as sip
from ringback.protocol.mailbox import FindPrompt, Prompt
from ringback.protocol.media import TICKING
from ringback.protocol.names import Names
from ringback.protocol.user_agent import UserAgent
from ringback.protocol.world import (
    Fact,
    Fetch,
    Fetched,
    Heard,
    Listener,
    Rang,
    Started,
    Trace,
    Wish,
)
from ringback.wire.message import Message


class UmWorker:
    """Only TCP or TLS, never UDP; any number of calls up to ``max_calls``."""

    def __init__(self, settings: UmSettings) -> None:
        self._settings = settings
        self._wishes: list[Wish] = []
        self._names = Names(settings.seed)
        self._draining = False
        self._calls: dict[int, UmCall] = {}
        self._taken = 0
        self._agent = UserAgent(
            host=settings.host,
            contact=settings.contact,
            port=settings.port,
            secured=settings.security.tls,
            names=self._names,
            timing=settings.timing,
            out=self._wishes.append,
            product=settings.product,
            session_expires=settings.session_expires,
            trusts=settings.trusts if settings.security.tls else None,
            takes=("OPTIONS",),
        )
        ports = MediaPorts(*settings.media_ports)
        out = self._wishes.append
        gateways = Gateways(settings.outbound, out)
        self._desk = Desk(settings, self._agent, self._names, ports, gateways, out)

    @property
    def listeners(self) -> tuple[Listener, ...]:
        tls = self._settings.security.tls
        return (Listener(self._settings.port, secured=tls, mutual=tls),)

    @property
    def calls(self) -> tuple[UmCall, ...]:
        """Those that still last."""
        return tuple(c for c in self._calls.values() if c.stage is not Stage.OVER)

    @property
    def drained(self) -> bool:
        """Whether it was told to drain and its last call is over."""
        return self._draining and not self._calls

    def drain(self) -> None:
        """Finish the calls there are and take no more (facts §4.2)."""
        self._draining = True

    def on(self, fact: Fact) -> tuple[Wish, ...]:
        match fact:
            case Heard(port=port):
                self._heard(fact, port)
            case Rang(alarm=alarm, now=now) if not self._agent.owns(fact):
                self._rang(alarm, now)
            case Fetched(key, value):
                self._fetched(key, value)
            case Started():
                for prompt in Prompt:
                    self._wishes.append(
                        Fetch(f"um:prompt:{prompt}", FindPrompt(prompt))
                    )
            case _:
                for happening in self._agent.take(fact):
                    self._happened(happening)
        wanted = tuple(self._wishes)
        self._wishes.clear()
        return wanted

    def leftovers(self) -> tuple[str, ...]:
        calls = (f"um call {c.number} is {c.stage}" for c in self._calls.values())
        return (*calls, *self._agent.leftovers())

    # -- facts

    def _fetched(self, key: str, value: object) -> None:
        _, number, what = key.split(":", 2)
        if number == "prompt":
            self._desk.prompts[Prompt(what)] = (
                value if isinstance(value, bytes) else b""
            )
        elif call := self._calls.get(int(number)):
            call.fetched(what, value)

    def _heard(self, fact: Heard, port: int) -> None:
        call = self._desk.streams.get(port & ~1)
        if call:
            call.hears(fact)

    def _rang(self, alarm: str, now: float) -> None:
        kind, number, *what = alarm.split(":")
        if kind == TICKING:
            if call := self._desk.streams.get(int(number)):
                call.ticks(now)
        elif kind == um_gateways.ALARM:
            self._desk.gateways.rested(number)
        elif call := self._calls.get(int(number)):
            call.rang(what[0])

    # -- happenings

    def _happened(self, happening: sip.Happening) -> None:
        match happening:
            case sip.Invited(call=key, request=request):
                self._invited(key, request)
            case sip.Asked(asked=asked):
                self._agent.reply(asked, 200, "OK", (ACCEPTED,))
            case sip.Disturbed(why=why):
                self._wishes.append(Trace(f"um worker: {why}"))
            case _:
                call = self._desk.legs.get(happening.call)
                if call:
                    self._on_leg(call, happening)

    def _on_leg(self, call: UmCall, happening: sip.Happening) -> None:
        leg = happening.call
        match happening:
            case sip.Progressed(response=response):
                call.progressed(response)
            case sip.Answered(response=response):
                call.answered(response)
            case sip.Refused():
                call.refused(happening)
            case sip.Modified(asked=asked, request=request):
                call.modified(leg, asked, request)
            case sip.Acked(request=request):
                call.acked(leg, request)
            case sip.HungUp() | sip.Cancelled():
                call.hung_up(leg)
            case sip.Idle():
                self._idle(call, leg)

    def _invited(self, key: str, request: Message) -> None:
        asking = binding.asking_of(request)
        if isinstance(asking, binding.Unfit):
            self._agent.refuse(key, asking.status, asking.reason, asking.fields)
            return
        if self._draining:
            self._turn_away(key, "internal", "this worker is being recycled")
        elif len(self.calls) >= self._settings.max_calls:
            self._turn_away(key, "call-limit", "the call limit is reached")
        else:
            self._taken += 1
            call = UmCall(self._taken, key, asking, self._desk)
            self._calls[call.number] = self._desk.legs[key] = call
            call.begin()

    def _turn_away(self, key: str, word: str, text: str) -> None:
        no = binding.trouble(word, text)
        self._agent.refuse(
            key, no.status, no.reason, no.fields, no.body, no.content_type
        )

    def _idle(self, call: UmCall, leg: str) -> None:
        call.open.discard(leg)
        self._desk.legs.pop(leg, None)
        if not call.open:
            self._calls.pop(call.number, None)
