"""A scripted UM, the reference gateway and the reference phone on a memory network."""

from functools import cache
from typing import Any

from msgspec.structs import replace

from ringback.net.authority import Authority
from ringback.net.memory import MemoryNetwork
from ringback.net.resolver import Resolver
from ringback.peers.ear import Ear
from ringback.peers.gateway import Gateway
from ringback.peers.gateway_settings import GatewaySettings
from ringback.peers.phone import Phone
from ringback.peers.phone_script import PhoneSettings
from ringback.protocol import happenings as sip
from ringback.protocol.media import Key, MediaEvent, MediaSession, Sound
from ringback.protocol.names import Names
from ringback.protocol.offer_answer import (
    SDP_TYPE,
    Local,
    MediaPlan,
    agreed,
    answer,
    offer,
    sdp_of,
)
from ringback.protocol.redirect import Target
from ringback.protocol.timing import Timing
from ringback.protocol.user_agent import UserAgent
from ringback.protocol.world import Cast, Fact, Heard, Listener, Rang, Wish, Write
from ringback.values import Address, Role, Security
from ringback.wire.message import Message
from ringback.wire.sdp import Sdp

UM, GATEWAY, PHONE = "um.ringback.test", "gateway.ringback.test", "phone.ringback.test"
HOSTS = {UM: "127.0.9.30", GATEWAY: "127.0.9.40", PHONE: "127.0.9.50"}
DESK = "+12065550123"
MESSAGE = bytes(0x80 | n % 0x50 for n in range(8000))
PHONES = {
    DESK: f"sip:{PHONE}:5090;transport=tcp",
    "100": f"sip:{PHONE}:9;transport=tcp",
}


@cache
def authority() -> Authority:
    return Authority()


class ScriptedUm:
    """Calls, talks and remembers; ``playing`` is what it says when answered."""

    def __init__(self, security: Security, **manner: Any) -> None:
        self.security = security
        self.port = 5061 if security.tls else 5060
        self.wishes_made: list[Wish] = []
        self.happened: list[sip.Happening] = []
        self.keys, self.ear = "", Ear()
        self.playing = b""
        names = Names("um")
        self.agent = UserAgent(
            host=UM,
            port=self.port,
            secured=security.tls,
            names=names,
            timing=Timing(),
            out=self.wishes_made.append,
            product="um/1",
            takes=("OPTIONS",),
            **manner,
        )
        self.media = MediaSession(20000, None, names, self.wishes_made.append)
        self.local = Local(HOSTS[UM], 20000, 1, 1, security, names)
        self.offered = offer(self.local)
        self.call = ""

    @property
    def listeners(self) -> tuple[Listener, ...]:
        tls = self.security.tls
        return (Listener(self.port, secured=tls, mutual=tls),)

    def calls(self, number: str = DESK, offered: Sdp | None = None) -> None:
        self.offered = offered or self.offered
        self.place(number, bytes(self.offered))

    def place(self, number: str, body: bytes) -> None:
        port = 5061 if self.security.tls else 5060
        target = Target.of(GATEWAY, port, secured=self.security.tls)
        kind = SDP_TYPE if body else ""
        uri = f"sip:{number}@{GATEWAY}"
        self.call = self.agent.call(uri, target=target, body=body, content_type=kind)

    def on(self, fact: Fact) -> tuple[Wish, ...]:
        match fact:
            case Heard():
                self._listen(self.media.take(fact))
            case Rang(alarm, now) if alarm == self.media.alarm:
                self._listen(self.media.tick(now))
            case _:
                pass
        for happening in self.agent.take(fact):
            self.happened.append(happening)
            self._went_on(happening)
        return self.wishes()

    def _listen(self, events: tuple[MediaEvent, ...]) -> None:
        for event in events:
            if isinstance(event, Key):
                self.keys += event.key
            elif isinstance(event, Sound):
                self.ear.take(event)

    def wishes(self) -> tuple[Wish, ...]:
        wanted = tuple(self.wishes_made)
        self.wishes_made.clear()
        return wanted

    def leftovers(self) -> tuple[str, ...]:
        return self.agent.leftovers()

    def _went_on(self, happening: sip.Happening) -> None:
        match happening:
            case sip.Progressed(_, response) | sip.Answered(_, response):
                self._agree(response)
                if isinstance(happening, sip.Answered):
                    self.media.play(self.playing)
            case sip.Replied(_, "INVITE", response) if response:
                self._agree(response)
            case sip.Modified(_, asked, request):
                found = answer(sdp_of(request) or Sdp(()), self.local)
                assert isinstance(found, tuple)
                self.media.agree(found[1])
                self.agent.reply(asked, 200, "OK", (), bytes(found[0]), SDP_TYPE)
            case sip.Asked(_, asked):
                self.agent.reply(asked, 200, "OK")
            case sip.HungUp() | sip.Refused():
                self.media.close()
            case _:
                pass

    def _agree(self, response: Message) -> None:
        answered = sdp_of(response)
        if answered is None or response.status >= 300:
            return
        plan = agreed(self.offered, answered)
        assert isinstance(plan, MediaPlan)
        self.media.agree(plan)

    def turns(self, direction: str) -> None:
        key = self.media.plan.send_key if self.media.plan else None
        local = replace(self.local, version=2, keys=key or self.local.keys)
        self.offered = offer(local, direction)
        self.agent.modify(self.call, bytes(self.offered), SDP_TYPE)

    def hangs_up(self) -> None:
        self.agent.hang_up(self.call)
        self.media.close()

    def kinds(self) -> list[str]:
        return [type(h).__name__ for h in self.happened]

    def latest(self, kind: type[Any]) -> Any:
        return next(h for h in reversed(self.happened) if isinstance(h, kind))


class Line:
    """All three seated; ``said`` is every SIP message in order, ``casts`` all media."""

    def __init__(
        self,
        security: Security = Security.UNSECURED,
        trusted: tuple[str, ...] = (UM,),
        channels: int = 10,
        lines: int = 10,
        media_ports: tuple[int, int] = (30000, 39999),
    ) -> None:
        self.said: list[tuple[str, Message]] = []
        self.casts: list[tuple[str, Cast]] = []
        self.network = MemoryNetwork(Resolver(HOSTS, asks_system=False), epoch=0)
        self.um = ScriptedUm(security)
        self.gateway = Gateway(
            GatewaySettings(
                host=GATEWAY,
                media_host=HOSTS[GATEWAY],
                phones=PHONES,
                security=security,
                trusted=trusted,
                channels=channels,
                media_ports=media_ports,
            )
        )
        self.phone = Phone(
            PhoneSettings(
                host=PHONE, media_host=HOSTS[PHONE], sip_port=5090, lines=lines
            )
        )
        self.seats = {
            name: self._seat(peer, name, role)
            for peer, name, role in (
                (self.um, UM, Role.UM),
                (self.gateway, GATEWAY, Role.GATEWAY),
                (self.phone, PHONE, Role.PHONE),
            )
        }

    def _seat(self, peer: Any, name: str, role: Role) -> Any:
        observed = _Observed(peer, name, self.said, self.casts)
        identity = authority().identity_for(name, trusted=[UM])
        return self.network.seat(
            observed, role=role, host=HOSTS[name], identity=identity, label=name
        )

    def give(self, name: str) -> None:
        """Execute what a command of that peer wished for."""
        seat = self.seats[name]
        self.network.give(seat, seat.peer.wishes())

    def dials(self, number: str = DESK, **more: Any) -> None:
        self.um.calls(number, **more)
        self.give(UM)

    def until(self, met: Any, within: float = 60.0) -> None:
        assert self.network.until(met, within), self.words()

    def passes(self, seconds: float) -> None:
        self.network.until(lambda: False, seconds)

    def settles(self) -> None:
        """Run until nothing is pending, and see that nothing is left."""
        assert self.network.settle(within=120), self.words()
        for peer in (self.um, self.gateway, self.phone):
            assert peer.leftovers() == ()

    def words(self) -> list[str]:
        """``um INVITE``, ``phone 180``: one per message."""
        names = {UM: "um", GATEWAY: "gateway", PHONE: "phone"}
        return [f"{names[who]} {m.status or m.method}" for who, m in self.said]

    def first(self, word: str) -> Message:
        return self.said[self.words().index(word)][1]


class _Observed:
    """Looks over a peer's shoulder."""

    def __init__(self, peer: Any, name: str, said: Any, casts: Any) -> None:
        self.peer, self.name, self.said, self.casts = peer, name, said, casts
        self.listeners = peer.listeners

    def on(self, fact: Fact) -> tuple[Wish, ...]:
        return self._noted(self.peer.on(fact))

    def wishes(self) -> tuple[Wish, ...]:
        return self._noted(self.peer.wishes())

    def leftovers(self) -> tuple[str, ...]:
        return self.peer.leftovers()  # type: ignore[no-any-return]

    def _noted(self, wishes: tuple[Wish, ...]) -> tuple[Wish, ...]:
        for wish in wishes:
            if isinstance(wish, Write) and wish.octets.strip():
                self.said.append((self.name, Message.parse(wish.octets)))
            elif isinstance(wish, Cast):
                self.casts.append((self.name, wish))
        return wishes


def media_of(line: Line, name: str, port: int) -> list[Address]:
    """Where that peer sent what left by the port."""
    return [c.target for who, c in line.casts if who == name and c.port == port]
