"""Everything this package raises on purpose, sorted by who is to blame."""

from dataclasses import dataclass

ANYTHING = (Exception,)  # for where what falls over must not take others with it


class Fault(Exception):
    """Root of the tree; never raised itself."""


class PeerFault(Fault):
    """The peer broke a rule: the test fails."""


class TestbedFault(Fault):
    """Our own side fell over: the case is an error, never the SUT's failure."""

    __test__ = False  # pytest would collect it for its name


class Misuse(Fault):
    """The caller asked for the impossible: usage or configuration is wrong."""


@dataclass(eq=False)
class Malformed(PeerFault):
    """Octets that no reading of the grammar accepts."""

    why: str
    octets: bytes
    at: int

    def __str__(self) -> str:
        return f"{self.why}, at octet {self.at} of {len(self.octets)}"


class Unreachable(Fault):
    """The system under test does not answer at all."""


class Untestable(Fault):
    """The world that a scenario needs cannot be had here: its cases are not-tested."""


class Unseen(Fault):
    """What a scenario waited for did not come: it ends there, and is judged."""
