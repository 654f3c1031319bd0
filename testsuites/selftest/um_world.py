"""A UM server on a pipe, between a scripted CAS and a scripted gateway."""

from collections.abc import Callable
from typing import Any

from msgspec.structs import replace
from testsuites.selftest.pair import SDP_TYPE, Phone, Pipe

from ringback.peers.ear import Ear
from ringback.peers.um_service import UmService
from ringback.peers.um_settings import UmIpGateway, UmSettings
from ringback.peers.um_worker import UmWorker
from ringback.protocol.dial_plan import DialingRule, DialPlan, MailboxPolicy
from ringback.protocol.happenings import Invited, Refused
from ringback.protocol.mailbox import (
    FindGreeting,
    FindMessage,
    FindPrompt,
    FindUser,
    Prompt,
    User,
    VoiceMessage,
)
from ringback.protocol.media import Key, MediaSession, Sound
from ringback.protocol.names import Names
from ringback.protocol.offer_answer import Local, Refusal, answer
from ringback.protocol.redirect import Target
from ringback.protocol.world import Fact, Heard, Rang, Started, Wish
from ringback.values import Address, Security
from ringback.wire import sdp
from ringback.wire.message import Message
from ringback.wire.multipart import Multipart, Part
from ringback.wire.order import CONTENT_TYPE, Order, Outcome
from ringback.wire.sdp import Sdp

MESSAGE = bytes(range(256)) * 50  # 1.6 s
MENU = b"\x11" * 320
GOODBYE = b"\x22" * 320
NUMBER = "+12065550123"
RULES = (DialingRule("any", "*", "*"),)


ALICE = VoiceMessage("m1", "e", "i", "Hello", "2007-01-01T00:00:00Z", 1.6, MESSAGE)
FOUND: dict[object, object] = {
    FindUser("alice"): User("alice", extension="51234"),
    FindUser("off"): User("off", um_enabled=False),
    FindUser("insider"): User("insider", policy="insiders"),
    FindMessage("alice", "latest"): ALICE,
    FindMessage("alice", "m1"): ALICE,
    FindPrompt(Prompt.MENU): MENU,
    FindPrompt(Prompt.GOODBYE): GOODBYE,
    FindPrompt(Prompt.BEEP): b"\x33" * 160,
    FindGreeting("alice", "NormalCustom"): b"\x44" * 160,
}


def find(question: object) -> object:
    """A mailbox of one user with one message and one greeting."""
    return FOUND.get(question)


class Seated:
    """A peer on the pipe that speaks by ``on``."""

    def __init__(self, pipe: Pipe, peer: UmService | UmWorker, host: str) -> None:
        self.peer = peer
        ports = tuple(listener.port for listener in peer.listeners)
        self.seat = pipe.seat(host, *ports, hear=self._hear)
        self.seat.store = find
        self._pipe = pipe
        self._hear(Started())

    def _hear(self, fact: Fact) -> None:
        for wish in self.peer.on(fact):
            self._pipe.wish(self.seat, wish)


class FarEnd(Phone):
    """A gateway with ears: ``heard`` is mu-law, ``media`` can press and speak."""

    def __init__(self, pipe: Pipe, host: str, security: Security) -> None:
        super().__init__(pipe, host, secured=security.tls)
        self.media: MediaSession | None = None
        self.ear = Ear()
        self.keys = ""
        self.security = security
        self.offered: Sdp | None = None

    def answers(self) -> None:
        """200 to the call that rings."""
        invited = self.latest(Invited)
        self.agent.answer(invited.call, self.describe(invited.request.body), SDP_TYPE)
        self.pipe.run()

    def describe(self, offered: bytes, **change: Any) -> bytes:
        """Answer an offer and listen."""
        local = Local(self.seat.host, 30000, 1, 1, self.security, b"k" * 30)
        local = replace(local, **change)
        said = answer(Sdp.parse(offered), local)
        assert not isinstance(said, Refusal), said
        if self.media is None:
            self.media = MediaSession(30000, None, Names("far"), self._wish)
        self._listen(self.media.agree(said[1]))
        return bytes(said[0])

    @property
    def heard(self) -> bytes:
        return self.ear.octets

    def _wish(self, wish: Wish) -> None:
        self.pipe.wish(self.seat, wish)

    def _hear(self, fact: Fact) -> None:
        media = self.media
        match fact:
            case Heard() if media:
                self._listen(media.take(fact))
            case Rang(alarm, now) if media and alarm == media.alarm:
                self._listen(media.tick(now))
            case _:
                super()._hear(fact)

    def _listen(self, events: tuple[object, ...]) -> None:
        for event in events:
            if isinstance(event, Sound):
                self.ear.take(event)
            elif isinstance(event, Key):
                self.keys += event.key


class World:
    """Everybody seated; ``order`` has the CAS ask for a call."""

    def __init__(
        self, security: Security = Security.UNSECURED, gateways: int = 1, **more: Any
    ) -> None:
        self.pipe = pipe = Pipe()
        self.security, tls = security, security.tls
        port = 5061 if tls else 5060
        self.cas = Phone(pipe, "cas", secured=tls)
        hosts = [f"gateway{n + 1}" for n in range(gateways)]
        self.gateways = [FarEnd(pipe, host, security) for host in hosts]
        known = tuple(UmIpGateway(Target(Address(h, port), tls, h)) for h in hosts)
        places = [("um1", 5066 if tls else 5065), ("um2", 5068 if tls else 5067)]
        common = UmSettings(
            host="um",
            security=security,
            gateways=more.pop("known", known),
            trusted=("cas",) if tls else (),
            dial_plan=DialPlan(in_country=RULES, country_code="1"),
            policies=(
                MailboxPolicy(in_country=("any",)),
                MailboxPolicy(name="insiders"),
            ),
            workers=tuple(Target(Address(h, p), tls, h) for h, p in places),
            **more,
        )
        self.service = UmService(common)
        Seated(pipe, self.service, "um")
        self.workers = []
        self.seats = []
        for host, worker_port in places:
            worker = UmWorker(
                replace(common, host=host, sip_port=worker_port, seed=host)
            )
            self.workers.append(worker)
            self.seats.append(Seated(pipe, worker, host))
        self.um = Target(Address("um", port), tls, "um")
        pipe.run()

    @property
    def gateway(self) -> FarEnd:
        return self.gateways[0]

    def order(
        self,
        dial: str = NUMBER,
        user: str = "alice",
        kind: str = "message",
        item: str = "latest",
    ) -> str:
        """The key of the call at the CAS."""
        return self.invites(bytes(Order(user, kind, item, dial)))

    def invites(self, order: bytes, direction: str = "inactive") -> str:
        offered = bytes(sdp.offer("cas", 9, 1, 1, direction=direction))
        body = Multipart.of(
            (
                Part.of(SDP_TYPE, offered, "session"),
                Part.of(CONTENT_TYPE, order, "render;handling=required"),
            ),
            "x",
        )
        key = self.cas.agent.call(
            "sip:um",
            target=self.um,
            body=bytes(body),
            content_type=body.content_type,
        )
        self.pipe.run()
        return key

    def connected(self, **order: str) -> str:
        """An order whose phone has answered."""
        key = self.order(**order)
        self.gateway.answers()
        return key

    def until(self, true: Callable[[], object], within: float = 60.0) -> None:
        """Let time pass in steps until it is so."""
        end = self.pipe.now + within
        while not true():
            assert self.pipe.now < end, f"not within {within} s"
            self.pipe.advance(0.1)

    def outcome(self) -> tuple[int, Outcome]:
        """Status and body of the refusal that the CAS got."""
        refusal: Message = self.cas.latest(Refused).response
        return refusal.status, Outcome.parse(refusal.body)

    def is_over(self) -> bool:
        """Nothing is left anywhere."""
        everybody = (self.cas, *self.gateways)
        return not any(
            (
                *(p.agent.leftovers() for p in everybody),
                *(w.leftovers() for w in self.workers),
                self.service.leftovers(),
                *(seat.seat.bound for seat in self.seats),
            )
        )
