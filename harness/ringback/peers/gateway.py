"""The reference gateway: calls from the UM go on to the phone behind the number.

RFC 3261 §6 (back-to-back user agent). Towards the UM it speaks as the dial plan's
security wants, towards the phones plain TCP and RTP.
"""

from collections.abc import Callable
from urllib.parse import quote, unquote

from ringback.faults import Malformed
from ringback.peers.gateway_call import GatewayCall, Leg
from ringback.peers.gateway_settings import GatewaySettings
from ringback.peers.media_ports import MediaPorts
from ringback.peers.relay import Relay
from ringback.protocol import happenings as sip
from ringback.protocol.names import Names
from ringback.protocol.offer_answer import SDP_TYPE, Local
from ringback.protocol.redirect import Target, target_of
from ringback.protocol.user_agent import UserAgent
from ringback.protocol.world import Fact, Heard, Listener, Trace, Wish
from ringback.values import Security
from ringback.wire.headers import content_type
from ringback.wire.message import Field, Message
from ringback.wire.uri import SipUri, parse

USER_CHARACTERS = "-_.!~*'()&=+$,;?/"  # RFC 3261 §25.1: user, unescaped
BODIES = (SDP_TYPE, "multipart/")  # what may hold a description
Trusts = Callable[[tuple[str, ...]], bool]


class Gateway:
    """Commands gather wishes; whoever seats the gateway drains ``wishes()``."""

    def __init__(self, settings: GatewaySettings) -> None:
        self.settings = settings
        self.relayed = self.dropped = 0  # packets of calls that are over
        self._wishes: list[Wish] = []
        self._names = Names(settings.seed)
        self._ports = MediaPorts(*settings.media_ports)
        self._calls: dict[str, GatewayCall] = {}  # by the keys of both legs
        self._by_port: dict[int, GatewayCall] = {}
        trusts = self._trusts if settings.trusted else None
        security = settings.security
        self._near = self._agent(
            settings.port, security.tls, settings.contact, trusts=trusts
        )
        self._far = self._agent(settings.phone_port, False, settings.phone_contact)

    @property
    def listeners(self) -> tuple[Listener, ...]:
        tls = self.settings.security.tls
        near = Listener(self.settings.port, secured=tls, mutual=tls)
        return near, Listener(self.settings.phone_port)

    def on(self, fact: Fact) -> tuple[Wish, ...]:
        if isinstance(fact, Heard):
            if call := self._by_port.get(fact.port & ~1):
                call.relay.take(fact)
            return self.wishes()
        for agent in (self._near, self._far):
            for happening in agent.take(fact):
                self._happened(agent, happening)
        return self.wishes()

    def wishes(self) -> tuple[Wish, ...]:
        wanted = tuple(self._wishes)
        self._wishes.clear()
        return wanted

    def leftovers(self) -> tuple[str, ...]:
        calls = (f"gateway: media of {key} are open" for key in self._calls)
        return (*calls, *self._near.leftovers(), *self._far.leftovers())

    @property
    def channels(self) -> int:
        """Calls that are up or on their way."""
        return len(set(map(id, self._calls.values())))

    def _agent(
        self, port: int, secured: bool, contact: str, trusts: Trusts | None = None
    ) -> UserAgent:
        settings = self.settings
        return UserAgent(
            host=settings.host,
            contact=contact,
            port=port,
            secured=secured,
            names=self._names,
            timing=settings.timing,
            out=self._wishes.append,
            product=settings.product,
            trusts=trusts,
            takes=("OPTIONS", "INFO"),
        )

    def _trusts(self, names: tuple[str, ...]) -> bool:
        trusted = {name.lower() for name in self.settings.trusted}
        return any(name.lower() in trusted for name in names)

    def _happened(self, agent: UserAgent, happening: sip.Happening) -> None:
        match happening:
            case sip.Invited(key, request) if agent is self._near:
                self._invited(key, request)
            case sip.Invited(key):
                agent.refuse(key, 404, "Not Found")  # no number leads to the UM
            case sip.Asked(asked=asked):
                agent.reply(asked, 200, "OK")
            case _:
                if call := self._calls.get(happening.call):
                    self._went_on(call, happening)
                    self._forget(call)

    def _went_on(self, call: GatewayCall, happening: sip.Happening) -> None:
        match happening:
            case sip.Progressed(_, response):
                call.progressed(response)
            case sip.Answered(_, response):
                call.answered(response)
            case sip.Refused(_, response, why):
                call.refused(response, why)
            case sip.Acked(key, request):
                call.acked(key, request)
            case sip.Modified(key, asked, request):
                call.modified(key, asked, request)
            case sip.Replied(key, "INVITE", response):
                call.replied(key, response)
            case sip.Cancelled(key):
                call.hung_up(key, None)
            case sip.HungUp(key, request):
                call.hung_up(key, request)
            case sip.Idle(key):
                call.gone(key)
            case _:
                pass

    def _invited(self, key: str, request: Message) -> None:
        if request.body and not content_type(request)[0].startswith(BODIES):
            accept = (Field.of("Accept", SDP_TYPE),)
            self._near.refuse(key, 415, "Unsupported Media Type", accept)
            return
        way = self._way(request.uri)
        if way is None:
            self._near.refuse(key, 404, "Not Found")
            return
        if self.channels >= self.settings.channels:
            self._near.refuse(key, 503, "Service Unavailable")
            return
        near, far = self._ports.take(), self._ports.take()
        if near is None or far is None:
            for port in (near, far):
                if port is not None:
                    self._ports.give(port)
            self._near.refuse(key, 503, "Service Unavailable")
            return
        self._begin(key, request, way, (near, far))

    def _begin(
        self,
        key: str,
        request: Message,
        way: tuple[str, Target],
        ports: tuple[int, int],
    ) -> None:
        relay = Relay(*ports, self._wishes.append)
        near = Leg(self._near, self._local(ports[0], self.settings.security), key)
        far = Leg(self._far, self._local(ports[1], Security.UNSECURED))
        call = GatewayCall(near, far, relay, self._wishes.append)
        self._calls[key] = call
        self._by_port |= dict.fromkeys(ports, call)
        call.begin(request, *way)
        if far.key:
            self._calls[far.key] = call
        self._forget(call)

    def _way(self, uri: str) -> tuple[str, Target] | None:
        """The phone's URI with the number in it, and where that leads."""
        try:
            dialled = parse(uri)
            if not isinstance(dialled, SipUri):
                return None
            number = unquote(dialled.user).partition(";")[0]
            phone = parse(self.settings.phone_for(number))
            if not isinstance(phone, SipUri):
                return None
            target = target_of(phone)
        except Malformed as trouble:
            self._wishes.append(Trace(f"gateway: no way for {uri!r}: {trouble.why}"))
            return None
        if phone.user or not number:
            return str(phone), target
        scheme, _, place = str(phone).partition(":")
        return f"{scheme}:{quote(number, safe=USER_CHARACTERS)}@{place}", target

    def _local(self, port: int, security: Security) -> Local:
        host, number = self.settings.media_host, self._names.number(31)
        return Local(host, port, number, 1, security, self._names)

    def _forget(self, call: GatewayCall) -> None:
        """Both legs are over: its ports are free again."""
        if not call.over or call.near.key not in self._calls:
            return
        call.relay.close()
        self.relayed += call.relay.relayed
        self.dropped += call.relay.dropped
        for key in (call.near.key, call.far.key):
            self._calls.pop(key, None)
        for side in (call.relay.near, call.relay.far):
            del self._by_port[side.port]
            self._ports.give(side.port)
