"""One call through the gateway: a dialog on either side, media between them.

RFC 3261 §6 (back-to-back user agent), §13, §14, §15; RFC 3264 §6, §8. The far side's
offer has what the near side's has, the answer comes back with what the phone chose, so
that the sound passes as it is.
"""

from collections.abc import Callable
from functools import partial

from msgspec.structs import replace

from ringback.peers.relay import Relay
from ringback.protocol.dialog import MAX_FORWARDS
from ringback.protocol.offer_answer import (
    SDP_TYPE,
    VOICES,
    Local,
    MediaPlan,
    Refusal,
    agreed,
    answer,
    mirrored,
    offer,
    sdp_of,
)
from ringback.protocol.redirect import Target
from ringback.protocol.user_agent import UserAgent
from ringback.protocol.world import Trace, Wish
from ringback.wire.headers import max_forwards
from ringback.wire.message import Field, Message
from ringback.wire.sdp import EVENTS, Sdp

NOT_ACCEPTABLE = (488, "Not Acceptable Here")
UNREACHED = (503, "Service Unavailable")
UNRELAYED = (401, 407)  # challenges that are for the gateway alone
PASSED_ON = ("reason",)


class Leg:
    """One side of the call: its user agent, its key there, what was said in SDP.

    ``offered`` is our offer while its answer is awaited.
    """

    def __init__(self, agent: UserAgent, local: Local, key: str = "") -> None:
        self.agent, self.local, self.key = agent, local, key
        self.plan: MediaPlan | None = None
        self.described: Sdp | None = None
        self.offered: Sdp | None = None
        self.up = False
        self.over = False

    def describes(self, described: Sdp) -> bytes:
        """Each description of ours is a newer edition (RFC 3264 §8)."""
        self.described = described
        self.local = replace(self.local, version=self.local.version + 1)
        return bytes(described)

    def keeping_keys(self) -> Local:
        """Our end, with the key in use if there is one (RFC 4568 §7.1.4)."""
        key = self.plan.send_key if self.plan else None
        return replace(self.local, keys=key) if key else self.local

    def hang_up(self, fields: tuple[Field, ...] = ()) -> None:
        if self.key and not self.over:
            self.over = True
            self.agent.hang_up(self.key, fields)


class GatewayCall:
    """``near`` faces the UM, ``far`` the phone."""

    def __init__(
        self, near: Leg, far: Leg, relay: Relay, out: Callable[[Wish], None]
    ) -> None:
        self.near, self.far, self.relay = near, far, relay
        self._out = out
        self._um_offer: Sdp | None = None

    @property
    def over(self) -> bool:
        return self.near.over and self.far.over

    def leg(self, key: str) -> Leg:
        return self.near if key == self.near.key else self.far

    # The way to the phone, and its answers back.

    def begin(self, invite: Message, uri: str, target: Target) -> None:
        """Call the phone with the UM's offer, our own addresses in it."""
        formats: tuple[int, ...] = (*VOICES, EVENTS)
        events, direction = EVENTS, "sendrecv"
        if invite.body:
            offered = self._um_offer = sdp_of(invite) or Sdp(())
            found = answer(offered, self.near.local)
            if isinstance(found, Refusal):
                self._out(Trace(f"gateway: offer refused: {found.why}"))
                self._refuse(*NOT_ACCEPTABLE)
                return
            formats, events = _formats(offered, found[1])
            direction = mirrored(found[1].direction)
        described = offer(self.far.local, direction, formats, 20, events)
        body = self.far.describes(described)
        self.far.offered = self.far.described
        self.far.key = self.far.agent.call(
            uri,
            target=target,
            body=body,
            content_type=SDP_TYPE,
            fields=(_one_hop_less(invite),),
        )

    def progressed(self, response: Message) -> None:
        """180 and 183 go on; with sound, when the phone sends some early."""
        status, reason = response.status, response.reason
        if self._um_offer and response.body and self._settle(response):
            body = bytes(self.near.described or b"")
            self.near.agent.ring(self.near.key, status, reason, (), body, SDP_TYPE)
        else:
            self.near.agent.ring(self.near.key, status, reason)

    def answered(self, response: Message) -> None:
        self.far.up = True
        if not self._settle(response):
            self.far.hang_up()
            self._refuse(*NOT_ACCEPTABLE)
            return
        self.far.offered = None
        body = bytes(self.near.described or b"")
        self.near.up = True
        self.near.agent.answer(self.near.key, body, SDP_TYPE)

    def refused(self, response: Message | None, why: str) -> None:
        """The phone's own code goes back, unless it speaks about our hop alone."""
        self.far.over = True
        if response is None:
            self._out(Trace(f"gateway: phone not reached: {why}"))
            self._refuse(*UNREACHED)
        elif response.status < 400 or response.status in UNRELAYED:
            self._refuse(480, "Temporarily Unavailable")
        else:
            self._refuse(response.status, response.reason)

    def acked(self, key: str, request: Message) -> None:
        """An ACK that brings the answer to an offer of ours."""
        leg = self.leg(key)
        self._take_answer(leg, request)

    # While it lasts.

    def modified(self, key: str, asked: str, request: Message) -> None:
        """Answer here, and offer the other side the same direction.

        An offer that only repeats what holds (a session refresh) stays here.
        """
        leg = self.leg(key)
        if not request.body:
            body = leg.describes(self._again(leg, "sendrecv"))
            leg.offered = leg.described
            leg.agent.reply(asked, 200, "OK", (), body, SDP_TYPE)
            return
        voices = (leg.plan.send_format,) if leg.plan else VOICES
        local = leg.keeping_keys()
        found = answer(sdp_of(request) or Sdp(()), local, "sendrecv", voices)
        if isinstance(found, Refusal):
            leg.agent.reply(asked, *NOT_ACCEPTABLE)
            return
        before, leg.plan = leg.plan, found[1]
        body = leg.describes(found[0])
        leg.agent.reply(asked, 200, "OK", (), body, SDP_TYPE)
        self._join()
        if before is None or before.direction != leg.plan.direction:
            self._pass_direction(self._other(leg), leg.plan.direction)

    def replied(self, key: str, response: Message | None) -> None:
        """The answer to a re-INVITE of ours."""
        leg = self.leg(key)
        if response and response.status < 300:
            self._take_answer(leg, response)
        leg.offered = None

    def hung_up(self, key: str, request: Message | None) -> None:
        """One side is gone: the other hears it, with the reason that was given."""
        leg = self.leg(key)
        leg.over = True
        other = self._other(leg)
        kept = request.fields if request else ()
        fields = tuple(f for f in kept if f.name in PASSED_ON)
        if other is self.near and not self.near.up:
            self._refuse(480, "Temporarily Unavailable")
        else:
            other.hang_up(fields)

    def gone(self, key: str) -> None:
        """Nothing is left of that leg, however it ended."""
        self.leg(key).over = True

    def _refuse(self, status: int, reason: str) -> None:
        if not self.near.over:
            self.near.over = True
            self.near.agent.refuse(self.near.key, status, reason)
        self.far.over = self.far.over or not self.far.key

    def _other(self, leg: Leg) -> Leg:
        return self.far if leg is self.near else self.near

    # Media.

    def _settle(self, response: Message) -> bool:
        """The phone's answer decides ours to the UM, the same one each time."""
        answered = sdp_of(response)
        if answered is None or self.far.offered is None:
            return self.near.described is not None
        far = agreed(self.far.offered, answered)
        if isinstance(far, Refusal):
            self._out(Trace(f"gateway: useless answer: {far.why}"))
            return False
        self.far.plan = far
        if self.near.described is None:
            self._describe_to_um(far)
        self._join()
        return self.near.described is not None

    def _describe_to_um(self, far: MediaPlan) -> None:
        voice, events = far.send_format, far.event_format is not None
        if self._um_offer is None:
            formats = (voice, EVENTS) if events else (voice,)
            self.near.describes(offer(self.near.local, "sendrecv", formats))
            self.near.offered = self.near.described
            return
        facing = mirrored(far.direction)
        found = answer(self._um_offer, self.near.local, facing, (voice,), events)
        if isinstance(found, Refusal):
            self._out(Trace(f"gateway: no answer for the UM: {found.why}"))
            return
        self.near.describes(found[0])
        self.near.plan = found[1]

    def _take_answer(self, leg: Leg, message: Message) -> None:
        offered, leg.offered = leg.offered, None
        answered = sdp_of(message)
        if offered is None or answered is None:
            return
        plan = agreed(offered, answered)
        if isinstance(plan, Refusal):
            self._out(Trace(f"gateway: useless answer: {plan.why}"))
            return
        leg.plan = plan
        self._join()

    def _join(self) -> None:
        self.relay.agree(self.near.plan, self.far.plan)

    def _pass_direction(self, leg: Leg, theirs: str) -> None:
        if leg.over or not leg.up:
            return
        leg.agent.modify(leg.key, partial(self._offer, leg, theirs), SDP_TYPE)

    def _offer(self, leg: Leg, theirs: str) -> bytes:
        body = leg.describes(self._again(leg, mirrored(theirs)))
        leg.offered = leg.described
        return body

    def _again(self, leg: Leg, direction: str) -> Sdp:
        """An offer of what is in use; a key, where there is one, stays."""
        plan = leg.plan
        if plan is None:
            return offer(leg.local, direction)
        local = leg.keeping_keys()
        event = plan.receive_event_format
        formats = (plan.send_format,) if event is None else (plan.send_format, event)
        return offer(local, direction, formats, 20, event or EVENTS)


def _formats(offered: Sdp, plan: MediaPlan) -> tuple[tuple[int, ...], int]:
    """What the phone is offered: the UM's voices in its order, its event number."""
    stream = next(m for m in offered.media if m.kind == "audio" and m.port)
    voices = tuple(v for f in stream.formats for v in VOICES if f == str(v))
    events = plan.event_format
    return (voices, EVENTS) if events is None else ((*voices, events), events)


def _one_hop_less(invite: Message) -> Field:
    """RFC 7332 §5: what is left of the way; an INVITE without any was refused."""
    hops = max_forwards(invite)
    return MAX_FORWARDS if hops is None else Field.of("Max-Forwards", str(hops - 1))
