"""What the author of a scenario tells the judge of it, for the circumstances."""

from ringback.faults import Unseen
from ringback.testbed.actors import Phone
from ringback.testbed.probing import Probing
from ringback.values import Role


class Told:
    """``notes`` are read by people too; ``dialled`` is empty while nobody said it."""

    phone: Phone
    probes: list[Probing]

    def __init__(self) -> None:
        self.notes: list[str] = []
        self.permitted = True
        self.denied = "number"
        self.dialled = ""

    def dials(self, digits: str) -> None:
        """Say what the gateway must be asked for, where that is not what is typed."""
        self.dialled = digits

    def denies(self, what: str = "number") -> None:
        """Say that policy must refuse what will be ordered, be it for the number, for
        the "user" who is not enabled, or because there is no "way out"."""
        self.permitted, self.denied = False, what
        self.phone.reachable = False

    def aside(self, *requirements: str) -> None:
        """Say which requirements (ids or prefixes) the scenario breaks on purpose."""
        self.notes.append("aside " + " ".join(requirements))

    def knowingly(self, *roles: Role) -> None:
        """Say which roles a probe passes for that breaks rules on purpose: none of its
        offences is judged, those of everybody else are."""
        self.notes.append("knowingly " + " ".join(roles))

    def missed(self, what: Unseen) -> None:
        """The scenario ends here. Its probes would have gone on: what they leave undone
        is not theirs."""
        self.note(str(what))
        if self.probes:
            self.knowingly(*dict.fromkeys(probe.role for probe in self.probes))

    def note(self, text: str) -> None:
        """A line for whoever reads the report."""
        self.notes.append(text)
