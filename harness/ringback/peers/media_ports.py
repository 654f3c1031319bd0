"""Which pairs of media ports a peer has free: RTP on an even one, RTCP on the next.

RFC 3550 §11.
"""


class MediaPorts:
    """Hands out pairs in turn, so that a port rests as long as it can."""

    def __init__(self, first: int, last: int) -> None:
        start = first + first % 2
        self._free = dict.fromkeys(range(start, last, 2))

    def take(self) -> int | None:
        """The RTP port of a free pair, or None when all are in use."""
        port = next(iter(self._free), None)
        if port is not None:
            del self._free[port]
        return port

    def give(self, port: int) -> None:
        """The pair is free again."""
        self._free[port] = None
