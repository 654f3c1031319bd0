"""The reference phone: rings, answers, listens, presses keys, hangs up.

What it will do is said before the call (``answers``, ``refuses_with``, ``presses``...)
or while it lasts; then it is done at once. RFC 3261 §13.3, RFC 3264, RFC 4733.
"""

from msgspec.structs import replace

from ringback.peers.media_ports import MediaPorts
from ringback.peers.phone_call import ANSWERED, OVER, RINGING, PhoneCall, refuse
from ringback.peers.phone_script import (
    REASONS,
    Deed,
    HangUp,
    PhoneSettings,
    Press,
    Say,
    Script,
    Turn,
    Way,
)
from ringback.protocol import happenings as sip
from ringback.protocol.digits import known
from ringback.protocol.media import TICKING, MediaSession
from ringback.protocol.names import Names
from ringback.protocol.offer_answer import Local
from ringback.protocol.user_agent import UserAgent
from ringback.protocol.world import Fact, Heard, Listener, Rang, Wish
from ringback.wire.message import Message


class Phone:
    """Commands gather wishes; whoever seats the phone drains ``wishes()``."""

    def __init__(self, settings: PhoneSettings) -> None:
        self.settings = settings
        self.script = Script()
        self.calls: list[PhoneCall] = []
        self._wishes: list[Wish] = []
        self._names = Names(settings.seed)
        self._ports = MediaPorts(*settings.media_ports)
        self._live: dict[str, PhoneCall] = {}
        self._by_port: dict[int, PhoneCall] = {}
        self._agent = UserAgent(
            host=settings.host,
            contact=settings.contact,
            port=settings.sip_port,
            secured=settings.security.tls,
            names=self._names,
            timing=settings.timing,
            out=self._wishes.append,
            product=settings.product,
            trusts=self._trusts if settings.trusted else None,
            takes=("OPTIONS",),
            relays=False,
        )

    # What its owner will do, or does now.

    def answers(self, after: float = 0.1) -> None:
        """So many seconds after the INVITE, or from now when it rings already."""
        self._follows(replace(self.script, way=Way.ANSWERS, after=after))

    def refuses_with(
        self, status: int, reason: str = "", after: float = 0.0, contact: str = ""
    ) -> None:
        """At once, or after ringing for a while; a 3xx leads to ``contact``."""
        said = reason or REASONS.get(status, "Refused")
        script = replace(self.script, way=Way.REFUSES, after=after, contact=contact)
        self._follows(replace(script, status=status, reason=said))

    def redirects_to(self, uri: str, status: int = 302) -> None:
        self.refuses_with(status, contact=uri)

    def never_answers(self) -> None:
        self._follows(replace(self.script, way=Way.RINGS))

    def rings_with(self, status: int, reason: str, early: bytes = b"") -> None:
        """Another provisional answer than 180, with sound before the answer."""
        self.script = replace(self.script, ring=(status, reason), early=early)

    def presses(self, keys: str, after: float = 0.0, seconds: float = 0.1) -> None:
        """Each key for so many seconds."""
        self._does(Press("".join(map(known, keys)), seconds), after)

    def speaks(self, ulaw: bytes, after: float = 0.0) -> None:
        self._does(Say(ulaw), after)

    def holds(self, after: float = 0.0, direction: str = "sendonly") -> None:
        self._does(Turn(direction), after)

    def resumes(self, after: float = 0.0) -> None:
        self._does(Turn("sendrecv"), after)

    def hangs_up(
        self, after: float | None = None, *, when_quiet: float | None = None
    ) -> None:
        """After so many seconds of the answered call; or once it has heard something
        and then silence for ``when_quiet``; without either now, or as soon as it has
        answered."""
        self._listens(when_quiet)
        if when_quiet is None or after is not None:
            self._does(HangUp(), after or 0.0)

    def listens_for(self, seconds: float) -> None:
        """Hang up once so much sound was heard, whatever follows."""
        self.script = replace(self.script, enough=seconds)

    def stays(self) -> None:
        """Leave it to the far end to hang up."""
        self._listens(None)

    @property
    def heard(self) -> bytes:
        """Mu-law of the latest call."""
        return self.calls[-1].heard if self.calls else b""

    @property
    def is_ringing(self) -> bool:
        return any(call.state == RINGING for call in self._live.values())

    @property
    def is_answered(self) -> bool:
        return any(call.state == ANSWERED for call in self._live.values())

    # As a peer.

    @property
    def listeners(self) -> tuple[Listener, ...]:
        tls = self.settings.security.tls
        return (Listener(self.settings.sip_port, secured=tls, mutual=tls),)

    def on(self, fact: Fact) -> tuple[Wish, ...]:
        match fact:
            case Heard(port=port):
                if call := self._by_port.get(port & ~1):
                    call.takes(call.media.take(fact))
            case Rang(alarm=alarm, now=now) if not self._agent.owns(fact):
                self._rang(alarm, now)
            case _:
                for happening in self._agent.take(fact):
                    self._happened(happening)
        return self.wishes()

    def wishes(self) -> tuple[Wish, ...]:
        wanted = tuple(self._wishes)
        self._wishes.clear()
        return wanted

    def leftovers(self) -> tuple[str, ...]:
        calls = (f"phone: call {c.key} is {c.state}" for c in self._live.values())
        return (*calls, *self._agent.leftovers())

    # SIP.

    def _trusts(self, names: tuple[str, ...]) -> bool:
        return any(name in self.settings.trusted for name in names)

    def _rang(self, alarm: str, now: float) -> None:
        kind, port = alarm.split(":")[:2]
        call = self._by_port.get(int(port))
        if call is None:
            return
        if kind == TICKING:
            call.takes(call.media.tick(now))
            call.ticked()
        else:
            call.due(alarm)
        self._forget(call)

    def _happened(self, happening: sip.Happening) -> None:
        call = self._live.get(happening.call)
        match happening:
            case sip.Invited(key, request):
                self._invited(key, request)
            case sip.Asked(asked=asked):
                self._agent.reply(asked, 200, "OK")
            case sip.Acked(request=request) if call:
                call.acked(request)
            case sip.Modified(asked=asked, request=request) if call:
                call.modified(asked, request)
            case sip.Replied(method="INVITE", response=response) if call:
                call.turned(response)
            case sip.Cancelled() | sip.HungUp() if call:
                call.end("far end")
            case _:
                pass
        if call:
            self._forget(call)

    def _invited(self, key: str, request: Message) -> None:
        script = self.script
        if script.way is Way.REFUSES and not script.after:
            refuse(self._agent, key, script)
            return
        port = self._ports.take() if len(self._live) < self.settings.lines else None
        if port is None:
            self._agent.refuse(key, 486, REASONS[486])
            return
        security, host = self.settings.security, self.settings.media_host
        number = self._names.number(31)
        local = Local(host, port, number, 1, security, self._names)
        out = self._wishes.append
        media = MediaSession(port, None, self._names, out)
        call = PhoneCall(key, request, script, media, local, self._agent, out)
        self._live[key] = self._by_port[port] = call
        self.calls.append(call)
        call.begin(request)
        self._forget(call)

    def _forget(self, call: PhoneCall) -> None:
        """What is over stays readable in ``calls`` and takes no port any more."""
        if call.state == OVER and call.key in self._live:
            del self._live[call.key]
            del self._by_port[call.media.port]
            self._ports.give(call.media.port)

    def _follows(self, script: Script) -> None:
        self.script = script
        for call in tuple(self._live.values()):
            call.follows(script)

    def _listens(self, when_quiet: float | None) -> None:
        self.script = replace(self.script, when_quiet=when_quiet)
        for call in self._live.values():
            call.script = replace(call.script, when_quiet=when_quiet)

    def _does(self, deed: Deed, after: float) -> None:
        """In the calls that are up; when there is none, in those that will be."""
        answered = [c for c in self._live.values() if c.state == ANSWERED]
        for call in answered:
            call.does(deed, after)
        if answered:
            return
        deeds = (*self.script.deeds, (after, deed))
        self.script = replace(self.script, deeds=deeds)
        for call in self._live.values():
            call.script = replace(call.script, deeds=deeds)
