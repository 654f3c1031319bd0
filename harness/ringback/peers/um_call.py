"""One Play on Phone call as a worker lives it: two legs, one stream, one programme.

Facts §1.2 (sequence), §1.6 (what the CAS is told), §4.8 (limits), §7.4 (endings).
"""

from collections.abc import Callable
from enum import StrEnum, auto

import msgspec

from ringback.peers import um_binding as binding
from ringback.peers.media_ports import MediaPorts
from ringback.peers.um_gateways import Gateways
from ringback.peers.um_programme import GreetingProgramme, MessageProgramme, Programme
from ringback.peers.um_settings import UmSettings
from ringback.peers.um_stream import Stream, inactive, sdp_of
from ringback.protocol import happenings as sip
from ringback.protocol.dial_plan import Denial, Denied, Kind, Permitted, decide
from ringback.protocol.mailbox import (
    FindGreeting,
    FindMessage,
    FindUser,
    Greeting,
    Prompt,
    User,
    VoiceMessage,
)
from ringback.protocol.media import Key, MediaEvent, Sound
from ringback.protocol.names import Names
from ringback.protocol.offer_answer import SDP_TYPE, Refusal
from ringback.protocol.playout import TICK
from ringback.protocol.redirect import Target
from ringback.protocol.user_agent import UserAgent
from ringback.protocol.world import Alarm, Fetch, Heard, Hush, Store, Trace, Wish
from ringback.wire.message import Field, Message
from ringback.wire.sdp import Sdp

MENU_PATIENCE = 5.0  # seconds that the menu waits for a key
_DENIED = {
    Denial.MALFORMED: "bad-number",
    Denial.MALFORMED_ADDRESS: "bad-address",
    Denial.SWITCHED_OFF: "unknown-user",
}


class Stage(StrEnum):
    """How far a call is; only ever onward."""

    ASKING = auto()  # the store
    DIALLING = auto()
    TALKING = auto()
    OVER = auto()


class Desk(msgspec.Struct, frozen=True):
    """What all calls of a worker share; ``legs`` by SIP key, ``streams`` by port."""

    settings: UmSettings
    agent: UserAgent
    names: Names
    ports: MediaPorts
    gateways: Gateways
    out: Callable[[Wish], None]
    prompts: dict[Prompt, bytes] = msgspec.field(default_factory=dict)
    legs: dict[str, "UmCall"] = msgspec.field(default_factory=dict)
    streams: dict[int, "UmCall"] = msgspec.field(default_factory=dict)

    def ticks(self, seconds: float) -> int:
        """A wait in steps of 20 ms, scaled like every other."""
        return max(1, round(self.settings.timing.scaled(seconds) / TICK))


class UmCall:
    """``cas`` and ``phone`` are the keys of its legs; ``open`` those not yet idle."""

    def __init__(
        self, number: int, cas: str, asking: binding.Asking, desk: Desk
    ) -> None:
        self.number, self.cas, self.phone = number, cas, ""
        self.stage = Stage.ASKING
        self.open = {cas}
        self.stream: Stream | None = None
        self.programme: Programme | None = None
        self._order, self._offered_by_cas = asking.order, asking.offered
        self._desk, self._agent, self._settings = desk, desk.agent, desk.settings
        self._hops = asking.hops
        self._gateways = desk.gateways.open()
        self._asked: Target | None = None
        self._dialled: Permitted | None = None
        self._caller = ""
        self._rings = False

    # -- the store

    def begin(self) -> None:
        """Who is it for? (facts §6.3 step 3)."""
        self._fetch("user", FindUser(self._order.user))

    def fetched(self, what: str, value: object) -> None:
        """An answer of the store."""
        if self.stage is not Stage.ASKING:
            return
        if what == "user":
            self._decide(value)
        elif isinstance(value, VoiceMessage):
            patience = self._desk.ticks(MENU_PATIENCE)
            prompts, user = self._desk.prompts, self._order.user
            self._dial_with(
                MessageProgramme(user, value, prompts, patience, self._keep)
            )
        elif self._order.kind == "greeting":
            self._dial_with(self._greeting(value if isinstance(value, bytes) else b""))
        else:
            self._refuse(binding.trouble("unknown-message", "no such message"))

    def _decide(self, user: object) -> None:
        known = isinstance(user, User) and user.um_enabled
        if not known or not isinstance(user, User) or not user.play_on_phone_enabled:
            self._refuse(binding.trouble("unknown-user", "not enabled for UM"))
            return
        settings, policy = self._settings, self._settings.policy(user.policy)
        if policy is None:
            self._refuse(binding.trouble("policy", f"no policy {user.policy!r}"))
            return
        plan = settings.dial_plan
        decided = decide(self._order.dial_string, plan, policy, settings.version)
        if isinstance(decided, Denied):
            word = _DENIED.get(decided.kind, "policy")
            self._refuse(binding.trouble(word, decided.why))
        elif not self._gateways:
            self._refuse(binding.trouble("no-gateway", "no gateway takes calls out"))
        else:
            self._dialled, self._caller = decided, user.extension
            self._find()

    def _find(self) -> None:
        user, item = self._order.user, self._order.item
        if self._order.kind == "message":
            self._fetch("item", FindMessage(user, item))
        elif item in tuple(Greeting):
            self._fetch("item", FindGreeting(user, item))
        else:
            self._refuse(binding.trouble("unknown-message", "no such greeting"))

    def _greeting(self, present: bytes) -> GreetingProgramme:
        ticks, settings = self._desk.ticks, self._settings
        return GreetingProgramme(
            self._order.user,
            self._order.item,
            present,
            self._desk.prompts,
            ticks(settings.recording_silence),
            ticks(settings.recording_limit),
            self._keep,
        )

    def _keep(self, record: object) -> None:
        self._desk.out(Store(record))

    def _fetch(self, what: str, question: object) -> None:
        self._desk.out(Fetch(f"um:{self.number}:{what}", question))

    # -- the phone

    def _dial_with(self, programme: Programme) -> None:
        """Policy let it pass: the CAS may tell its user so."""
        desk, settings = self._desk, self._settings
        port = desk.ports.take()
        if port is None:
            self._refuse(binding.trouble("internal", "no media port is free"))
            return
        self.stage, self.programme = Stage.DIALLING, programme
        self.stream = Stream(settings, port, desk.names, desk.out)
        desk.streams[port] = self
        self._agent.ring(self.cas, 183, "Session Progress")
        self._alarm("no-answer", settings.no_answer)
        self._dial()

    def _dial(self) -> None:
        assert self._dialled, "policy was asked"
        assert self.stream, "an offer goes with it"
        target = self._asked = self._gateways.pop(0)
        phone = "" if self._dialled.kind is Kind.ADDRESS else ";user=phone"
        self.phone = self._agent.call(
            f"sip:{self._dialled.digits}@{target.name}{phone}",
            target=target,
            body=self.stream.offered,
            content_type=SDP_TYPE,
            fields=(Field.of("Max-Forwards", str(self._hops - 1)),),
            from_user=self._caller,
        )
        self.open.add(self.phone)
        self._desk.legs[self.phone] = self

    def progressed(self, response: Message) -> None:
        """180 is told on, once."""
        if self.stream:
            self.stream.progressed(response)
        if response.status == 180 and not self._rings and self.stage is Stage.DIALLING:
            self._rings = True
            self._agent.ring(self.cas)

    def answered(self, response: Message) -> None:
        """The media must be what the dial plan asks for, or there is no call."""
        if self.stage is not Stage.DIALLING or not self.stream:
            self._agent.hang_up(self.phone)
            return
        plan = self.stream.plan(response)
        said = self._said_to_cas(self._offered_by_cas)
        if isinstance(plan, Refusal) or said is None:
            why = plan.why if isinstance(plan, Refusal) else "the CAS's stream is odd"
            self._desk.out(Trace(f"um call {self.number}: {why}"))
            self._agent.hang_up(self.phone)
            self._refuse(binding.trouble("internal", why))
            return
        self.stage = Stage.TALKING
        self._desk.out(Hush(self._name("no-answer")))
        self._alarm("limit", self._settings.call_limit)
        self._agent.answer(self.cas, said, SDP_TYPE)
        self.stream.media.say(self._next_chunk)
        self.takes(self.stream.media.agree(plan))

    def refused(self, happening: sip.Refused) -> None:
        """The next gateway where this one is no use (facts §4.8), else the CAS."""
        response = happening.response
        status = response.status if response else 0
        if response and self._asked:
            self._desk.gateways.refused(self._asked, response)
        if self.stage is not Stage.DIALLING:
            return
        if status in (0, 503) and self._gateways:
            self._desk.out(
                Trace(f"um call {self.number}: {happening.why}; next gateway")
            )
            self._dial()
        elif response is None:
            self._refuse(binding.trouble("no-gateway", happening.why))
        else:
            self._refuse(binding.failure(status, response.reason))

    # -- while it lasts

    def hears(self, fact: Heard) -> None:
        """A datagram on the stream."""
        if self.stream:
            self.takes(self.stream.media.take(fact))

    def ticks(self, now: float) -> None:
        """20 ms more."""
        if self.stream:
            self.takes(self.stream.media.tick(now))

    def takes(self, events: tuple[MediaEvent, ...]) -> None:
        """What the stream brought; the programme may be over by it."""
        programme = self.programme
        if programme is None:
            return
        for event in events:
            if isinstance(event, Sound):
                programme.heard(event)
            elif isinstance(event, Key):
                programme.pressed(event.key)
        if programme.over and self.stage is Stage.TALKING:
            self.end(programme.over)

    def modified(self, leg: str, asked: str, request: Message) -> None:
        """A new description of a stream; on the CAS's leg it stays inactive."""
        if leg == self.cas:
            described = sdp_of(request)
            said = self._said_to_cas(described) if described else None
        else:
            changed = self.stream.modified(request) if self.stream else None
            said = changed[0] if changed else None
            self.takes(changed[1] if changed else ())
        if said is None:
            self._agent.reply(asked, 488, "Not Acceptable Here")
        else:
            self._agent.reply(asked, 200, "OK", (), said, SDP_TYPE)

    def acked(self, leg: str, request: Message) -> None:
        """The ACK may bring an answer."""
        if leg == self.phone and self.stream:
            self.takes(self.stream.acked(request))

    def rang(self, what: str) -> None:
        """Patience, or the longest call, is used up."""
        if what == "no-answer" and self.stage is Stage.DIALLING:
            self._agent.hang_up(self.phone)
            self._refuse(binding.silence())
        elif what == "limit" and self.stage is Stage.TALKING:
            self.end("the longest call was reached")

    # -- the end

    def hung_up(self, leg: str) -> None:
        """One leg is gone: the other follows."""
        why = "the CAS hung up" if leg == self.cas else "the phone hung up"
        self.end(why, gone=leg)

    def end(self, why: str, gone: str = "") -> None:
        """Hang up whatever still stands; the second time nothing happens."""
        if self.stage is Stage.OVER:
            return
        self._desk.out(Trace(f"um call {self.number}: {why}"))
        self._close()
        for leg in (self.phone, self.cas):
            if leg in self.open and leg != gone:
                self._agent.hang_up(leg)

    def _refuse(self, refusal: binding.Refusal) -> None:
        self._close()
        self._agent.refuse(
            self.cas,
            refusal.status,
            refusal.reason,
            refusal.fields,
            refusal.body,
            refusal.content_type,
        )

    def _close(self) -> None:
        self.stage = Stage.OVER
        for what in ("no-answer", "limit"):
            self._desk.out(Hush(self._name(what)))
        if self.programme:
            self.programme.closed()
        if self.stream:
            media = self.stream.media
            media.close()
            self._desk.streams.pop(media.port, None)
            self._desk.ports.give(media.port)

    def _said_to_cas(self, offered: Sdp) -> bytes | None:
        return inactive(self._settings, offered, self._desk.names.number(31))

    def _next_chunk(self) -> bytes:
        return self.programme.next_chunk() if self.programme else b""

    def _name(self, what: str) -> str:
        return f"um:{self.number}:{what}"

    def _alarm(self, what: str, seconds: float) -> None:
        after = self._settings.timing.scaled(seconds)
        self._desk.out(Alarm(self._name(what), after))
