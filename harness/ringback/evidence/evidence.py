"""All frames of one scenario with its circumstances: what verdicts are made from."""

import msgspec

from ringback.evidence.circumstances import Circumstances
from ringback.evidence.frame import (
    BrokenFrame,
    Connection,
    DatagramFrame,
    Frame,
    HttpFrame,
    RtcpFrame,
    RtpFrame,
    SipFrame,
)


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """Every tuple is in the order of the capture; frozen when the case closes.

    ``circumstances`` is None for a capture that ringback did not make.
    """

    circumstances: Circumstances | None
    sip: tuple[SipFrame, ...] = ()
    http: tuple[HttpFrame, ...] = ()
    rtp: tuple[RtpFrame, ...] = ()
    rtcp: tuple[RtcpFrame, ...] = ()
    datagrams: tuple[DatagramFrame, ...] = ()
    broken: tuple[BrokenFrame, ...] = ()
    connections: tuple[Connection, ...] = ()
    packets: int = 0
    complaints: tuple[str, ...] = ()  # what the reader could not do

    def frames(self) -> tuple[Frame, ...]:
        """Everything that was said, in order."""
        said = (frame for frames in self.kinds() for frame in frames)
        return tuple(sorted(said, key=lambda f: f.number))

    def kinds(self) -> tuple[tuple[Frame, ...], ...]:
        """Everything that was said, sorted by what it is."""
        return self.sip, self.http, self.rtp, self.rtcp, self.datagrams, self.broken
