"""Keys as telephone events: one key into packets, packets into each key once.

RFC 4733 §2.3 (payload), §2.5.1 (sending: marker, updates, three end packets), §2.5.2
(receiving), §2.5.1.3 (events that outlast the duration field).
"""

import msgspec
from msgspec.structs import replace

from ringback.protocol.playout import SAMPLES
from ringback.wire.rtp import RtpPacket
from ringback.wire.telephone_event import KEYS, TelephoneEvent, event_of, key_of

ENDS = 3  # end packets of one key (RFC 4733 §2.5.1.4)
VOLUME = 10  # -10 dBm0
LONGEST = 0xFFFF // SAMPLES  # ticks that fit the duration field
_NEAR = 64  # sequence numbers within which a packet may have been overtaken


class Pressed(msgspec.Struct, frozen=True):
    """A key being sent: ``ticks`` of 20 ms long, of which ``sent`` packets are out."""

    key: str
    ticks: int = 5
    sent: int = 0


class Update(msgspec.Struct, frozen=True):
    """One packet of a key; ``marked`` is the first."""

    payload: bytes
    marked: bool


def known(key: str) -> str:
    """The key itself, in upper case; Misuse for what no keypad has."""
    return KEYS[event_of(key)]


def step(pressed: Pressed) -> tuple[Pressed | None, Update]:
    """The packet of this tick, and what is left of the key: None after its last."""
    ticks = min(pressed.ticks, LONGEST)
    sent = pressed.sent + 1
    ended = sent >= ticks
    duration = SAMPLES * min(sent, ticks)
    event = TelephoneEvent(event_of(pressed.key), ended, VOLUME, duration)
    rest = None if sent >= ticks + ENDS - 1 else replace(pressed, sent=sent)
    return rest, Update(bytes(event), pressed.sent == 0)


class Hearing(msgspec.Struct, frozen=True):
    """The event heard last: what tells a new key from more of the same."""

    event: int
    timestamp: int
    sequence: int
    duration: int
    ended: bool


class KeyReceiver:
    """Tells each key once, when its first packet comes.

    An event is one as long as its timestamp is. Some senders give two presses of a key
    the same timestamp and sequence numbers (a replayed recording), so a marker, or a
    newer packet that counts from the start, opens another key once the last has ended.
    """

    __slots__ = ("_last",)

    def __init__(self) -> None:
        self._last: Hearing | None = None

    def take(self, packet: RtpPacket) -> str:
        """The key this packet starts, or an empty text; Malformed for no event."""
        event = TelephoneEvent.parse(packet.payload)
        heard = Hearing(
            event.event, packet.timestamp, packet.sequence, event.duration, event.end
        )
        last = self._last
        if last and _is_stale(heard, last, packet.marker):
            return ""
        again = last is not None and _is_same(heard, last, packet.marker)
        ended = heard.ended or (again and last is not None and last.ended)
        self._last = replace(heard, ended=ended)
        return "" if again or event.event > 15 else key_of(event.event)


def _is_stale(heard: Hearing, last: Hearing, marked: bool) -> bool:
    """Overtaken by what we know already."""
    behind = (last.sequence - heard.sequence) & 0xFFFF
    late = 0 < behind <= _NEAR
    if heard.timestamp == last.timestamp and heard.event == last.event:
        return late and not (marked and last.ended)
    older = 0 < ((last.timestamp - heard.timestamp) & 0xFFFFFFFF) < 0x80000000
    return late and older and not marked


def _is_same(heard: Hearing, last: Hearing, marked: bool) -> bool:
    if heard.event != last.event:
        return False
    passed = (heard.timestamp - last.timestamp) & 0xFFFFFFFF
    if passed == 0xFFFF and not marked and not last.ended:
        return True  # the next segment of a very long key
    if passed:
        return False
    restarted = marked or heard.duration < last.duration
    return not (last.ended and not heard.ended and restarted)
