"""A finding: one requirement judged over the evidence of one scenario."""

from enum import StrEnum

import msgspec

from ringback.values import Role


class Level(StrEnum):
    """How binding a requirement is; ``profile`` is ringback's own rule."""

    MUST = "MUST"
    SHOULD = "SHOULD"
    MAY = "MAY"
    PROFILE = "profile"


class Outcome(StrEnum):
    PASS = "pass"
    DEVIATION = "deviation"
    INCONCLUSIVE = "inconclusive"
    FAIL = "fail"
    ERROR = "error"
    NOT_APPLICABLE = "not-applicable"
    NOT_TESTED = "not-tested"


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """``roles`` are those the requirement binds, ``guilty`` the one that broke it.

    ``frames`` are numbers as Wireshark counts them; ``because`` says what arrived.
    """

    requirement: str
    area: str
    level: Level
    source: str
    title: str
    outcome: Outcome
    because: str
    frames: tuple[int, ...] = ()
    allowed: str = ""
    cause: str = ""
    fix: str = ""
    roles: tuple[Role, ...] = ()
    guilty: Role | None = None

    @property
    def breaks(self) -> bool:
        """Whether a run with this finding must not end with exit status 0 or 3."""
        return self.level is Level.MUST and self.outcome is Outcome.FAIL
