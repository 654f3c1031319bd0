"""One stream of sound and keys, both ways: RTP or SRTP in 20 ms packets, and RTCP.

RFC 3550 §6.4 (reports), RFC 3550 §6.6 (BYE), RFC 3551 §4.5.14 (G.711), RFC 4733 §2.5
(keys), RFC 3389 §4 (comfort noise is heard as silence), RFC 3711 §3.3.
"""

from collections.abc import Callable
from dataclasses import dataclass

import msgspec

from ringback.faults import Malformed
from ringback.protocol.digits import KeyReceiver, Pressed, known
from ringback.protocol.names import Names
from ringback.protocol.offer_answer import (
    COMFORT_NOISE,
    HOLD_HOSTS,
    PCMA,
    PCMU,
    MediaPlan,
)
from ringback.protocol.playout import TICK, Playout
from ringback.protocol.speech import Source, Speech
from ringback.protocol.world import (
    Alarm,
    Bind,
    Cast,
    Heard,
    Hush,
    Release,
    Trace,
    Wish,
)
from ringback.values import Address
from ringback.wire.g711 import alaw_to_ulaw
from ringback.wire.rtp import RtpPacket
from ringback.wire.srtp import Srtp

REPORT_TICKS = 250  # five seconds
TICKING = "rtp"  # what its alarm is called, before the port
EARLY = 100  # packets kept that came before the plan was known


class Sound(msgspec.Struct, frozen=True):
    """What one packet held, as mu-law; ``timestamp`` is of its first sample."""

    ulaw: bytes
    timestamp: int
    ssrc: int = 0


class Key(msgspec.Struct, frozen=True):
    key: str


class Played(msgspec.Struct, frozen=True):
    """The octets given to ``play`` have all been sent."""


MediaEvent = Sound | Key | Played


@dataclass(slots=True)
class Counts:
    """Packets. ``dropped`` ones were no RTP, wrongly tagged, or of no agreed format;
    ``comfort`` ones were comfort noise."""

    received: int = 0
    comfort: int = 0
    dropped: int = 0


class MediaSession:
    """Binds ``port`` for RTP and the next one for RTCP until ``close``.

    ``plan`` may be None while the offer is out: what arrives then is kept and told by
    ``agree``. Hand it what is heard on its ports (``take``), and ``tick`` when its
    ``alarm`` rings. While ``silence`` is true the stream
    never pauses; otherwise nothing is sent when there is nothing to say. Packets are
    taken from any source address; they always go to the plan's.
    """

    def __init__(
        self,
        port: int,
        plan: MediaPlan | None,
        names: Names,
        out: Callable[[Wish], None],
    ) -> None:
        self.port = port
        self.alarm = f"{TICKING}:{port}"
        self.plan: MediaPlan | None = None
        self.silence = True
        self.counts = Counts()
        self.playout = Playout(names)
        self._speech = Speech()
        self._receiver = KeyReceiver()
        self._locks: tuple[Srtp | None, Srtp | None] = (None, None)
        self._out = out
        self._early: list[Heard] = []
        self._last: float | None = None
        self._ticking = self._closed = False
        self._next_tick = Alarm(self.alarm, TICK)
        out(Bind(port))
        out(Bind(port + 1))
        if plan:
            self.agree(plan)

    @property
    def speaking(self) -> bool:
        """Whether keys or sound still wait to be sent."""
        return self._speech.pending

    def agree(self, plan: MediaPlan) -> tuple[MediaEvent, ...]:
        """Take a plan, the first or one that replaces it; what came early is told."""
        before, self.plan = self.plan, plan
        if not before or _keys(before) != _keys(plan):
            self._locks = (
                Srtp(plan.send_key, plan.suite) if plan.send_key else None,
                Srtp(plan.receive_key, plan.suite, plan.receive_mki)
                if plan.receive_key
                else None,
            )
        self._wake()
        early, self._early = self._early, []
        return tuple(event for fact in early for event in self.take(fact))

    def play(self, ulaw: bytes) -> None:
        """Say these octets after what is still being said; ``Played`` follows."""
        self._speech.add(ulaw)
        self._wake()

    def say(self, source: Source | None) -> None:
        """Ask ``source`` for 160 mu-law octets each tick, empty when it has none."""
        self._speech.source = source
        self._wake()

    def hush(self) -> None:
        """Stop saying anything at once, keys included."""
        self._speech = Speech()

    def press(self, keys: str, seconds: float = 0.1) -> None:
        """Send these keys one after the other; Misuse for what no keypad has.

        Nothing is sent when the other side takes no events: that leaves a trace.
        """
        ticks = max(1, round(seconds / TICK))
        pressed = [Pressed(known(key), ticks) for key in keys]
        if self.plan and self.plan.event_format is None:
            self._out(Trace(f"{self.alarm}: no telephone-event agreed, keys not sent"))
            return
        self._speech.keys += pressed
        self._wake()

    def close(self) -> None:
        """Say goodbye on RTCP and release both ports; later calls do nothing."""
        if self._closed:
            return
        self._closed, self._ticking = True, False
        if self.plan:
            self._cast_rtcp(self.plan, self.playout.farewell(self._last or 0.0))
        self._out(Hush(self.alarm))
        self._out(Release(self.port))
        self._out(Release(self.port + 1))

    def take(self, fact: Heard) -> tuple[MediaEvent, ...]:
        """A datagram on one of our ports."""
        if fact.port != self.port or self._closed:
            return ()
        if self.plan is None:
            if len(self._early) < EARLY:
                self._early.append(fact)
            return ()
        try:
            return self._heard(self.plan, fact.octets)
        except Malformed:
            self.counts.dropped += 1
            return ()

    def tick(self, now: float) -> tuple[MediaEvent, ...]:
        """20 ms have passed, our alarm rang: send what is due, wish for the next."""
        plan = self.plan
        if self._closed or plan is None or not self._has_to_speak(plan):
            self._ticking = False
            return ()
        self._out(self._next_tick)
        if self._last is not None and now - self._last > 1.5 * TICK:
            self.playout.wait(round((now - self._last) / TICK) - 1)
        self._last = now
        packet = self._speech.packet(self.playout, plan, self.silence)
        if packet:
            lock = self._locks[0]
            octets = lock.protect(packet) if lock else packet
            self._out(Cast(self.port, plan.remote, octets))
            if not self.playout.packets % REPORT_TICKS:
                self._cast_rtcp(plan, self.playout.report(now))
        if self._speech.played:
            self._speech.played = False
            return (Played(),)
        return ()

    def _heard(self, plan: MediaPlan, octets: bytes) -> tuple[MediaEvent, ...]:
        lock = self._locks[1]
        packet = RtpPacket.parse(lock.unprotect(octets) if lock else octets)
        kind = packet.payload_type
        if not plan.receives:
            raise Malformed("the stream is on hold", octets, 0)
        if kind in plan.receive_formats and kind in (PCMU, PCMA):
            self.counts.received += 1
            ulaw = packet.payload if kind == PCMU else alaw_to_ulaw(packet.payload)
            return (Sound(ulaw, packet.timestamp, packet.ssrc),)
        if kind == plan.receive_event_format:
            key = self._receiver.take(packet)
            self.counts.received += 1
            return (Key(key),) if key else ()
        if kind == COMFORT_NOISE:
            self.counts.comfort += 1
            return ()
        raise Malformed(f"payload type {kind} was not agreed", octets, 1)

    def _has_to_speak(self, plan: MediaPlan) -> bool:
        return plan.sends and (self.silence or self._speech.pending)

    def _wake(self) -> None:
        if self._ticking or self._closed or self.plan is None:
            return
        if self._has_to_speak(self.plan):
            self._ticking = True
            self._out(Alarm(self.alarm, 0.0))

    def _cast_rtcp(self, plan: MediaPlan, octets: bytes) -> None:
        port = plan.remote.port + 1
        if plan.remote.host in HOLD_HOSTS or port > 65535:
            return
        lock = self._locks[0]
        target = Address(plan.remote.host, port)
        octets = lock.protect_rtcp(octets) if lock else octets
        self._out(Cast(self.port + 1, target, octets))


def _keys(plan: MediaPlan) -> tuple[object, ...]:
    return plan.send_key, plan.receive_key, plan.receive_mki, plan.suite
