"""How long the SIP timers are: RFC 3261 table 4, with one scale over all of them.

RFC 3261 §17.1.1.1 (T1), §17.1.2.2 (T2, T4).
"""

import msgspec


class Timing(msgspec.Struct, frozen=True):
    """T1, T2, T4 in seconds as the standard prints them; ``scale`` shrinks every wait.

    The properties are what goes on a clock: already scaled.
    """

    t1: float = 0.5
    t2: float = 4.0
    t4: float = 5.0
    scale: float = 1.0

    def scaled(self, seconds: float) -> float:
        """A wait that the standard gives in plain seconds (session timers too)."""
        return seconds * self.scale

    @property
    def first_gap(self) -> float:
        """T1: before the first retransmission."""
        return self.t1 * self.scale

    @property
    def longest_gap(self) -> float:
        """T2: the ceiling of the gaps between retransmissions."""
        return self.t2 * self.scale

    @property
    def linger(self) -> float:
        """T4: how long a message may stay in the network."""
        return self.t4 * self.scale

    @property
    def patience(self) -> float:
        """64*T1: timers B, F, H, J, L and M."""
        return 64 * self.t1 * self.scale


STANDARD = Timing()
