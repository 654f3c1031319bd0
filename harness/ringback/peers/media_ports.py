"""Which pairs of media ports a peer has free: RTP on an even one, RTCP on the next.

RFC 3550 §11.
"""


class MediaPorts:
    """Hands out pairs in turn, so that a port rests as long as it can."""

    def __init__(self, first: int, last: int) -> None:
        self._unused = iter(range(first + first % 2, last, 2))
        self._rested: dict[int, None] = {}  # in the order in which they came back

    def take(self) -> int | None:
        """The RTP port of a free pair, or None when all are in use."""
        port = next(self._unused, None) or next(iter(self._rested), None)
        self._rested.pop(port or 0, None)
        return port

    def give(self, port: int) -> None:
        """The pair is free again."""
        self._rested[port] = None
