"""One scenario's world: peers seated, legs joined and tapped; waiting; closing."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from ringback.config import Config
from ringback.evidence.circumstances import Circumstances, Expected, Ordered, Sound
from ringback.evidence.evidence import Evidence
from ringback.evidence.reader import Study, study
from ringback.evidence.taps import agrees
from ringback.evidence.writer import Capture
from ringback.faults import Fault
from ringback.judge.finding import Finding, Outcome
from ringback.net.network import Seated
from ringback.protocol.mailbox import FindMessage, VoiceMessage
from ringback.protocol.world import Wish
from ringback.testbed import closing
from ringback.testbed.actors import Client, Phone
from ringback.testbed.closing import Declared, Played
from ringback.testbed.seating import Cast, seat_all
from ringback.values import Role, Security

if TYPE_CHECKING:
    from ringback.testbed.session import Ground, Session

LAST_WORDS = 2.0  # seconds that peers get to finish after a scenario's end


class Testbed:
    """What a scenario sees: ``client``, ``phone``, the cast, and ``until``."""

    __test__ = False  # pytest would collect it for its name

    def __init__(
        self,
        session: "Session",
        declared: Declared,
        security: Security,
        config: Config,
        ground: "Ground",
    ) -> None:
        self.session = session
        self.declared = declared
        self.security = security
        self.config = config
        self._ground = ground
        self.network = ground.network
        self._notes: list[str] = []
        self._permitted = True
        self._open = True
        self._started = datetime.now(UTC)
        ground.knows(config)
        self.network.begin_scenario(declared.id)
        self._began = self.network.now
        self.cast: Cast = seat_all(session, config, security, ground)
        self.phone = Phone(
            self.cast.phone_peer, self._giving(self.cast.phone), config.statement
        )
        self.client = self.client_of(self.cast.user)

    def client_of(self, user: str, *, password: str = "", dialect: str = "") -> Client:
        """A mail client of some user; with the right password unless one is given."""
        seat, peer = self.cast.client(user, password, dialect or self.cast.dialect)
        return Client(peer, self._giving(seat), self.phone.number)

    def until(self, met: Callable[[], bool], within: float) -> bool:
        """Let the world go on until ``met()``; False, and a note, when time was up."""
        scaled = within * max(1.0, self.config.timer_scale)
        if self.network.until(met, scaled):
            return True
        name = getattr(met, "__name__", "what was waited for").strip("_")
        self._notes.append(f"within {within:g} s, {name} was not seen")
        return False

    def denies(self) -> None:
        """Say that policy must refuse what will be ordered."""
        self._permitted = False

    def aside(self, *requirements: str) -> None:
        """Say which requirements (ids or prefixes) the scenario breaks on purpose."""
        self._notes.append("aside " + " ".join(requirements))

    def note(self, text: str) -> None:
        """A line for whoever reads the report."""
        self._notes.append(text)

    def give(self, seat: Seated, wishes: Iterable[Wish]) -> None:
        self.network.give(seat, wishes)

    def _giving(self, seat: Seated | None) -> Callable[[Iterable[Wish]], None]:
        if seat is None:
            return lambda wishes: None
        return lambda wishes: self.network.give(seat, wishes)

    def close(self, trouble: BaseException | None = None) -> Played:
        """Let everybody finish, stop the capture, read it, judge it, write it down."""
        self._finish()
        seconds = self.network.now - self._began
        capture = self._captured()
        studied = study(bytes(capture))
        evidence = studied.evidence
        findings = (*self._of_our_own(studied, trouble), *self._judged(evidence))
        capture = closing.commented(capture, findings)
        files = self._written(capture, evidence)
        known = capture.circumstances
        assert known is not None
        return Played(
            closing.scenario_record(self.declared, known, evidence, seconds, files),
            tuple(closing.finding_record(self.declared, known, f) for f in findings),
            self.session.reports,
        )

    def abandon(self) -> None:
        """Leave the seats, whatever happened; silent when they are left already."""
        if self._open:
            self._open = False
            self.cast.leave()

    def _finish(self) -> None:
        """Peers get a moment to end what they began; then all seats are left."""
        if not self._open:
            return
        quiet = self.network.until(lambda: not self.cast.leftovers(), LAST_WORDS)
        if not quiet:
            self._notes += [f"left over: {text}" for text in self.cast.leftovers()]
        self.abandon()
        self.network.until(
            lambda: False, 0.0 if self.network.captured == "taps" else 0.02
        )

    def _captured(self) -> Capture:
        packets = self.network.end_scenario()
        return Capture(packets, self.network.secrets(), self._circumstances())

    def _circumstances(self) -> Circumstances:
        orders = tuple(
            Ordered(
                user=client.peer.settings.user,
                kind=kind,
                item=item,
                dial_string=number,
                dialect=client.peer.settings.dialect,
            )
            for client in (self.client,)
            for kind, item, number in client.orders
        )
        return self.session.circumstances(
            self.declared,
            self.security,
            captured=self.network.captured,
            started=closing.started_at(self._started),
            timer_scale=self.config.timer_scale,
            seats=(*self.network.seats(), *self.cast.outsiders),
            ordered=orders,
            dialled=next((self.phone.number(o.dial_string) for o in orders), ""),
            stored=tuple(self._sounds(orders)),
            expected=Expected(
                phone=self.phone.behaviour,
                refusal=self.phone.refusal,
                permitted=self._permitted,
                keys=self.phone.keys,
                ends=self.phone.ends,
            ),
            trusted=self.session.roots_der(),
            notes=tuple(self._notes),
        )

    def _sounds(self, orders: Iterable[Ordered]) -> Iterable[Sound]:
        for order in orders:
            if order.kind == "message":
                found = self.cast.mailbox.answer(FindMessage(order.user, order.item))
                if isinstance(found, VoiceMessage):
                    yield Sound(id=order.item, ulaw=found.ulaw)

    def _judged(self, evidence: Evidence) -> Iterable[Finding]:
        from ringback.judge.judge import judge

        wanted = self.session.requirements
        return [f for f in judge(evidence) if wanted is None or f.requirement in wanted]

    def _of_our_own(
        self, studied: Study, trouble: BaseException | None
    ) -> Iterable[Finding]:
        complaints = agrees(self.network.tap, studied.plaintext)
        if complaints:
            told = "; ".join(complaints[:3])
            yield closing.engine_finding("RB-TAP-001", Outcome.ERROR, told)
        if trouble is not None:
            blame = "" if isinstance(trouble, Fault) else "the scenario fell over: "
            told = f"{blame}{type(trouble).__name__}: {trouble}"
            yield closing.engine_finding("RB-BED-001", Outcome.ERROR, told)

    def _written(self, capture: Capture, evidence: Evidence) -> closing.Files:
        folder = self.session.captures
        at, wav, lines = closing.write_files(folder, self.declared, capture, evidence)
        self.session.remember(at, self.declared, evidence)
        return closing.Files(*map(self.session.relative, (at, wav, lines)))

    def host(self, role: Role) -> str:
        """Where a role of this lab sits."""
        return next(s.host for s in self.network.seats() if s.role is role)
