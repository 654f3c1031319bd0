"""One call as the reference phone lives it. RFC 3261 §13.3, §14; RFC 3264."""

from collections.abc import Callable
from functools import partial

from msgspec.structs import replace

from ringback.peers.ear import Ear, is_loud
from ringback.peers.phone_script import Deed, HangUp, Press, Say, Script, Turn, Way
from ringback.protocol.media import Key, MediaEvent, MediaSession, Sound
from ringback.protocol.offer_answer import (
    SDP_TYPE,
    Local,
    MediaPlan,
    Refusal,
    agreed,
    answer,
    offer,
    sdp_of,
)
from ringback.protocol.playout import TICK
from ringback.protocol.user_agent import UserAgent
from ringback.protocol.world import Alarm, Hush, Trace, Wish
from ringback.wire.g711 import RATE
from ringback.wire.message import Field, Message
from ringback.wire.sdp import Sdp

RINGING, ANSWERED, OVER = "ringing", "answered", "over"
Refused = tuple[int, str, tuple[Field, ...]]
NOT_ACCEPTABLE: Refused = (488, "Not Acceptable Here", ())
ACCEPT = Field.of("Accept", SDP_TYPE)  # owed by RFC 3261 §21.4.13
UNSUPPORTED: Refused = (415, "Unsupported Media Type", (ACCEPT,))


class PhoneCall:
    """``state`` is "ringing", "answered" or "over"; ``dialled`` the Request-URI.

    ``keys`` are those that the far end pressed. ``ended_by`` is "phone" or "far end".
    """

    def __init__(
        self,
        key: str,
        request: Message,
        script: Script,
        media: MediaSession,
        local: Local,
        agent: UserAgent,
        out: Callable[[Wish], None],
    ) -> None:
        self.key, self.dialled = key, request.uri
        self.script, self.media = script, media
        self.state, self.ended_by, self.keys = RINGING, "", ""
        self._local, self._agent, self._out = local, agent, out
        self._ear = Ear()
        self._offered: Sdp | None = None  # ours, while its answer is awaited
        self._described: Sdp | None = None  # ours, as last sent
        self._plan: MediaPlan | None = None
        self._spoken_to = False
        self._quiet_ticks = 0
        self._due: dict[str, Callable[[], None]] = {}
        self._deeds = 0

    @property
    def heard(self) -> bytes:
        """Mu-law, from the first packet on."""
        return self._ear.octets

    # Until the answer.

    def begin(self, request: Message) -> None:
        """Take the offer, ring, and do as the script says."""
        if refusal := self._take_offer(request):
            self._agent.refuse(self.key, *refusal)
            self.end("phone")
            return
        script = self.script
        status, reason = script.ring
        if script.early and self._plan and self._described:
            body = bytes(self._described)
            self._agent.ring(self.key, status, reason, (), body, SDP_TYPE)
            self._agree(self._plan)
            self.media.play(script.early)
        else:
            self._agent.ring(self.key, status, reason)
        self.follows(script)

    def follows(self, script: Script) -> None:
        """Decide, or decide anew, what becomes of the ringing; its times begin now."""
        if self.state != RINGING:
            return
        self.script = script
        for alarm in self._due:
            self._out(Hush(alarm))
        self._due.clear()
        if script.way is Way.ANSWERS:
            self._later("answer", script.after, self._accept)
        elif script.way is Way.REFUSES:
            self._later("refuse", script.after, self._refuse)

    def _take_offer(self, request: Message) -> Refused | None:
        """Answer it, or offer ourselves when there is none; else why not."""
        if not request.body:
            self._describe(offer(self._local))
            self._offered = self._described
            return None
        offered = sdp_of(request)
        if offered is None:
            return UNSUPPORTED
        return self._answer(offered)

    def _answer(self, offered: Sdp) -> Refused | None:
        answered = answer(offered, self._local)
        if isinstance(answered, Refusal):
            self._out(Trace(f"phone: offer refused: {answered.why}"))
            return NOT_ACCEPTABLE
        self._describe(answered[0])
        self._plan = answered[1]
        return None

    def _accept(self) -> None:
        self.state = ANSWERED
        self._agent.answer(self.key, bytes(self._described or b""), SDP_TYPE)
        if self._plan:
            self._agree(self._plan)
        for after, deed in self.script.deeds:
            self.does(deed, after)

    def _refuse(self) -> None:
        refuse(self._agent, self.key, self.script)
        self.end("phone")

    # While it lasts.

    def does(self, deed: Deed, after: float = 0.0) -> None:
        """A deed of its owner, so many seconds from now."""
        self._deeds += 1
        self._later(f"deed {self._deeds}", after, lambda: self._do(deed))

    def acked(self, request: Message) -> None:
        """The ACK brings the answer to an offer that our 200 had."""
        self._answered(request)

    def modified(self, asked: str, request: Message) -> None:
        """The far end describes the stream anew, or asks us to."""
        if refusal := self._take_offer(request):
            self._agent.reply(asked, *refusal)
            return
        body = bytes(self._described or b"")
        self._agent.reply(asked, 200, "OK", (), body, SDP_TYPE)
        if request.body and self._plan:
            self._agree(self._plan)

    def turned(self, response: Message | None) -> None:
        """The answer to a re-INVITE of ours."""
        if response and response.status < 300:
            self._answered(response)
        self._offered = None

    def takes(self, events: tuple[MediaEvent, ...]) -> None:
        """What came in on the stream."""
        for event in events:
            if isinstance(event, Sound):
                self._ear.take(event)
                if is_loud(event.ulaw):
                    self._spoken_to, self._quiet_ticks = True, 0
            elif isinstance(event, Key):
                self.keys += event.key

    def ticked(self) -> None:
        """20 ms more; once all was heard and said, the receiver goes down."""
        self._quiet_ticks += 1
        if self.state != ANSWERED or self._due or self.media.speaking:
            return
        if self._has_heard_enough() or self._is_left_in_silence():
            self._do(HangUp())

    def _has_heard_enough(self) -> bool:
        enough = self.script.enough
        return enough is not None and self._ear.samples >= enough * RATE

    def _is_left_in_silence(self) -> bool:
        patience = self.script.when_quiet
        if patience is None or not self._spoken_to:
            return False
        return self._quiet_ticks * TICK >= patience

    def due(self, alarm: str) -> None:
        if act := self._due.pop(alarm, None):
            act()

    def end(self, by: str) -> None:
        """It is over, whoever ended it; the second time nothing happens."""
        if self.state == OVER:
            return
        self.state, self.ended_by = OVER, by
        for alarm in self._due:
            self._out(Hush(alarm))
        self._due.clear()
        self.media.close()

    def _do(self, deed: Deed) -> None:
        match deed:
            case Press(keys, seconds):
                self.media.press(keys, seconds)
            case Say(ulaw):
                self.media.play(ulaw)
            case Turn(direction):
                self._agent.modify(self.key, partial(self._offer, direction), SDP_TYPE)
            case HangUp():
                self._agent.hang_up(self.key)
                self.end("phone")

    def _offer(self, direction: str) -> bytes:
        self._describe(offer(self._local, direction))
        self._offered = self._described
        return bytes(self._described or b"")

    def _describe(self, described: Sdp) -> None:
        """Each description of ours is a newer edition (RFC 3264 §8)."""
        self._described = described
        self._local = replace(self._local, version=self._local.version + 1)

    def _answered(self, message: Message) -> None:
        """What it says settles the offer that we have out, if it says anything."""
        offered, self._offered = self._offered, None
        answered = sdp_of(message)
        if offered is None or answered is None:
            return
        plan = agreed(offered, answered)
        if isinstance(plan, Refusal):
            self._out(Trace(f"phone: useless answer: {plan.why}"))
            self._do(HangUp())
            return
        self._plan = plan
        self._agree(plan)

    def _agree(self, plan: MediaPlan) -> None:
        self.takes(self.media.agree(plan))

    def _later(self, what: str, after: float, act: Callable[[], None]) -> None:
        alarm = f"phone:{self.media.port}:{what}"
        self._due[alarm] = act
        self._out(Alarm(alarm, after))


def refuse(agent: UserAgent, key: str, script: Script) -> None:
    """Say the script's refusal; a 3xx says where else to try."""
    contact = Field.of("Contact", f"<{script.contact}>")
    fields = (contact,) if script.contact else ()
    agent.refuse(key, script.status, script.reason, fields)
