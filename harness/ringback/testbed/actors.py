"""The people of a scenario, as its author speaks of them: a client and a phone."""

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Protocol

from ringback.evidence.circumstances import Ordered
from ringback.faults import Untestable
from ringback.peers.client import Client as ReferenceClient
from ringback.peers.client import ClientCall, Question, Request
from ringback.peers.phone import Phone as ReferencePhone
from ringback.peers.phone_script import Script
from ringback.protocol.mailbox import Greeting
from ringback.protocol.world import Wish
from ringback.testbed.outside import number_for
from ringback.wire import ews, umws

if TYPE_CHECKING:
    from ringback.config import Statement

SYLLABLE = 0.12  # seconds of what follows a message: its end was then heard
BEGUN = 2000  # octets of sound, a quarter of a second
Give = Callable[[Iterable[Wish]], None]
Number = Callable[[str], str]
Known = Callable[[str, str, str], bool]  # whether a user's message is stored, as id


class Wording(Protocol):
    """How the web service calls what scenarios speak of."""

    def item(self, user: str, message: str, dialect: str) -> str: ...

    def typed(self, number: str) -> str: ...

    def dialled(self, number: str) -> str: ...


class Client:
    """The mail client: orders, watches, hangs up.

    ``user`` is one of the samples. ``orders`` remembers what was ordered, for the
    circumstances: kind, item, and what is then dialled; ``messages`` how scenarios call
    it, ``missing`` whether the store lacked it then, ``calls`` what became of each.
    """

    def __init__(
        self,
        peer: ReferenceClient,
        user: str,
        give: Give,
        number: Number,
        known: Known,
        wording: Wording,
    ) -> None:
        self.peer = peer
        self.user = user
        self._give = give
        self._number = number
        self._known = known
        self._wording = wording
        self.messages: list[str] = []
        self.missing: list[bool] = []
        self.orders: list[tuple[str, str, str]] = []
        self.calls: list[ClientCall] = []

    @property
    def login(self) -> str:
        """How the user is called at the web service."""
        return self.peer.settings.user

    @property
    def dialect(self) -> str:
        return self.peer.settings.dialect

    def plays(self, message: str, on: str) -> ClientCall:
        """Order a voice message to a number."""
        item = self._wording.item(self.user, message, self.dialect)
        typed = self._dials("message", item, on)
        self.messages.append(message)
        self.missing.append(not self._known(self.user, message, item))
        return self._ordered(self.peer.plays(item, on=typed))

    def plays_greeting(self, kind: Greeting, on: str) -> ClientCall:
        """Order a greeting to be played and recorded anew (the older service only)."""
        typed = self._dials("greeting", str(kind), on)
        self.messages.append("")
        self.missing.append(False)
        return self._ordered(self.peer.plays_greeting(kind, on=typed))

    def hangs_up(self, call: ClientCall) -> None:
        self.peer.hangs_up(call)
        self._give(self.peer.wishes())

    def asks(
        self, asked: Request | bytes, headers: tuple[tuple[str, str], ...] = ()
    ) -> Question:
        """Any operation, or any octets; ``headers`` replace those of the same name."""
        question = self.peer.asks(asked, headers)
        self._give(self.peer.wishes())
        return question

    def asks_about(self, call_id: str) -> Question:
        """The state of a call, by an id that may be anybody's."""
        old = self.dialect == "umws"
        asked = umws.GetCallInfo if old else ews.GetPhoneCallInformation
        return self.asks(asked(call_id))

    def ordered(self) -> Iterator[Ordered]:
        """As the evidence records it."""
        for (kind, item, number), missing in zip(
            self.orders, self.missing, strict=True
        ):
            yield Ordered(
                user=self.login,
                kind=kind,
                item=item,
                dial_string=number,
                dialect=self.dialect,
                missing=missing,
            )

    def _dials(self, kind: str, item: str, on: str) -> str:
        """What is typed to have a number called, perhaps another one behind an outside
        gateway."""
        number = self._number(on)
        typed = self._wording.typed(number)
        self.orders.append((kind, item, self._wording.dialled(number)))
        return typed

    def _ordered(self, call: ClientCall) -> ClientCall:
        self.calls.append(call)
        self._give(self.peer.wishes())
        return call


class Phone:
    """The far end: ours, or whatever stands behind a gateway that is not ours.

    Ours does as it is told. Behind an outside gateway the vendor's statement says
    which number reaches a phone that behaves so; without one it is Untestable.
    """

    def __init__(
        self,
        peer: ReferencePhone | None,
        give: Give,
        statement: "Statement",
        *,
        hears_ours: bool = True,
    ) -> None:
        self.peer = peer
        self._hears_ours = hears_ours
        self._give = give
        self._statement = statement
        self.behaviour = "answers"
        self.refusal = 0
        self.keys = ""
        self.reachable = True  # whether the order is to get as far as a phone
        self._others: list[ReferencePhone] = []  # that calls are forwarded to
        self._untold = True  # nobody said what it does in a call, nor when it ends
        self.ends = "phone" if peer is not None or statement.hangs_up else ""

    def number(self, wanted: str) -> str:
        """What to dial so that a phone of the wished behaviour is reached."""
        if self.peer is not None or not self.reachable:
            return wanted
        if not wanted.startswith("+"):
            raise Untestable(
                f"an outside gateway says which numbers it maps, and {wanted} is an "
                "extension"
            )
        return number_for(self._statement, self.behaviour)

    def answers(self, after: float = 0.1) -> None:
        self.behaviour = "answers"
        if self.peer is not None:
            self.peer.answers(after)

    def refuses_with(self, status: int) -> None:
        known = {486: "busy", 600: "busy", 404: "unknown"}
        self.behaviour = known.get(status, "refuses")
        self.refusal = status
        if self.peer is not None:
            self.peer.refuses_with(status)
        elif self.behaviour == "refuses":
            raise Untestable(
                f"an outside gateway cannot be told to refuse with {status}"
            )

    def redirects_to(self, uri: str) -> None:
        self.behaviour = "redirects"
        self._ours("redirect").redirects_to(uri)

    def is_forwarded(self, uri: str, other: ReferencePhone) -> None:
        """Another phone, where that leads, does what this one would have done."""
        other.script = self._ours("be forwarded").script
        self.redirects_to(uri)
        self.behaviour = "answers"
        self._others.append(other)

    def rings_with(self, status: int, reason: str, early: bytes = b"") -> None:
        """Another provisional answer than 180, perhaps with sound before the answer."""
        self._ours("ring otherwise").rings_with(status, reason, early)

    def never_answers(self) -> None:
        self.behaviour = "silent"
        if self.peer is not None:
            self.peer.never_answers()

    def presses(self, keys: str, after: float = 0.0) -> None:
        """Press keys one after the other: now, or so long after it answered."""
        self.keys += keys
        self._ours("press keys").presses(keys, after)
        self._flush()

    def speaks(self, ulaw: bytes, after: float = 0.0) -> None:
        """Say something (8 kHz mu-law octets)."""
        self._ours("speak").speaks(ulaw, after)
        self._flush()

    def holds(self, after: float = 0.0) -> None:
        """Put the far end on hold."""
        self._ours("hold").holds(after)
        self._flush()

    def resumes(self, after: float = 0.0) -> None:
        self._ours("resume").resumes(after)
        self._flush()

    def hears_out(self, ulaw: bytes) -> None:
        """A message that is ordered: unless told else the phone hangs up once it can
        have heard the longest of them, for in real time the menu is nobody's due."""
        seconds = len(ulaw) / 8000 + SYLLABLE
        if self._untold and self.peer is not None and self._hears_ours:
            for peer in (self.peer, *self._others):
                peer.listens_for(max(seconds, peer.script.enough or 0.0))

    def hangs_up(self, after: float | None = None) -> None:
        self.ends = "phone"
        self._ours("hang up").hangs_up(after)
        self._flush()

    def listens_for(self, seconds: float) -> None:
        """Hang up once so much sound was heard, for the rest is of no interest.

        Where phone or UM are not ours, nobody knows what is said first, or how fast:
        then the phone listens as long as it likes.
        """
        self._untold = False
        if self.peer is not None and self._hears_ours:
            self.peer.listens_for(seconds)

    def forgets(self) -> None:
        """The next call meets a phone that presses nothing and says nothing."""
        self._ours("forget").script = Script(after=self._ours("forget").script.after)

    def stays(self) -> None:
        """Do not hang up by itself: somebody else ends the call."""
        self.ends, self._untold = "", False
        if self.peer is not None:
            self.peer.stays()

    @property
    def is_answered(self) -> bool:
        return self._ours("tell that it was answered").is_answered

    @property
    def holds_on(self) -> bool:
        """Whether an answered call lasts until somebody else ends it."""
        return self.peer is None and not self.ends

    def listens(self) -> bool:
        """Whether it has begun to hear the message, and not only its first packet.
        What an outside phone hears nobody can tell: it counts as heard."""
        return self.peer is None or len(self.peer.heard) >= BEGUN

    def heard(self) -> bytes:
        """Mu-law octets of what reached its ear."""
        return self._ours("tell what it heard").heard

    def _ours(self, deed: str) -> ReferencePhone:
        if self.peer is None:
            raise Untestable(f"the phone behind an outside gateway cannot {deed}")
        return self.peer

    def _flush(self) -> None:
        self._untold = False
        self._give(self._ours("do anything").wishes())
