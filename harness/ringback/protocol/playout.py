"""Sound into RTP packets of 20 ms: one source, one unbroken count of samples.

RFC 3550 §5.1 (sequence number, timestamp, SSRC), RFC 3551 §4.1 (marker), RFC 3551
§4.5.14 (G.711 in 160 octets), RFC 3711 §3.3.1 (a first sequence number below 2**15),
RFC 3550 §6.4.1, §6.5, §6.6 (what a source tells of itself).
"""

from struct import Struct

from ringback.protocol.names import Names
from ringback.wire.rtcp import Goodbye, ReceiverReport, SenderReport, SourceDescription

TICK = 0.02  # seconds in a packet
SAMPLES = 160  # in a packet, at 8 kHz one octet each
MAX_SEQUENCE, MAX_TIMESTAMP = 0xFFFF, 0xFFFFFFFF

_HEADER = Struct(">BBHII")
_VERSION = 0x80  # version 2 and nothing more
_MARKER = 0x80


class Playout:
    """The sending half of a stream. Each packet, and each ``wait``, is 20 ms of time.

    ``packets`` and ``octets`` (of payload) are what a sender report tells.
    """

    __slots__ = (
        "_fresh",
        "cname",
        "octets",
        "packets",
        "sequence",
        "ssrc",
        "timestamp",
    )

    def __init__(self, names: Names) -> None:
        self.cname = names.octets(12).hex()  # RFC 7022 §4.2: says nothing of the host
        self.ssrc = names.number(32)
        self.sequence = names.number(15)
        self.timestamp = names.number(32)
        self.packets = self.octets = 0
        self._fresh = True

    def wait(self, ticks: int = 1) -> None:
        """Time passes in silence; the next voice packet starts a talkspurt."""
        self.timestamp = (self.timestamp + SAMPLES * ticks) & MAX_TIMESTAMP
        self._fresh = True

    def voice(self, payload_type: int, payload: bytes) -> bytes:
        """An RTP packet of 160 octets, marked when it starts a talkspurt."""
        marked, self._fresh = self._fresh, False
        return self._packet(payload_type, payload, self.timestamp, marked)

    def event(
        self, payload_type: int, payload: bytes, started: int, marked: bool
    ) -> bytes:
        """A telephone event: the timestamp stays where the key went down."""
        self._fresh = False
        return self._packet(payload_type, payload, started, marked)

    def report(self, now: float) -> bytes:
        """A compound packet: what was sent so far, and who sent it."""
        return self._told(now) + self._described()

    def farewell(self, now: float) -> bytes:
        """The last compound packet of this source."""
        goodbye = bytes(Goodbye.of(self.ssrc))
        return self._told(now) + self._described() + goodbye

    def _told(self, now: float) -> bytes:
        if not self.packets:
            return bytes(ReceiverReport(self.ssrc))
        ntp = int(now * (1 << 32)) & 0xFFFFFFFFFFFFFFFF
        counts = (self.packets & MAX_TIMESTAMP, self.octets & MAX_TIMESTAMP)
        return bytes(SenderReport(self.ssrc, ntp, self.timestamp, *counts))

    def _described(self) -> bytes:
        return bytes(SourceDescription.of(self.ssrc, self.cname))

    def _packet(
        self, payload_type: int, payload: bytes, timestamp: int, marked: bool
    ) -> bytes:
        second = payload_type | _MARKER if marked else payload_type
        sequence = self.sequence
        self.sequence = (sequence + 1) & MAX_SEQUENCE
        self.timestamp = (self.timestamp + SAMPLES) & MAX_TIMESTAMP
        self.packets += 1
        self.octets += len(payload)
        head = _HEADER.pack(_VERSION, second, sequence, timestamp, self.ssrc)
        return head + payload
