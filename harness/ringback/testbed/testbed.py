"""One scenario's world: peers seated, legs joined and tapped; waiting; closing."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Unpack

from msgspec.structs import replace

from ringback.config import Config
from ringback.evidence.circumstances import Seat, Sound
from ringback.evidence.evidence import Evidence
from ringback.evidence.reader import Study
from ringback.evidence.taps import agrees
from ringback.evidence.writer import Capture
from ringback.faults import Untestable
from ringback.judge.finding import Finding
from ringback.net.authority import Authority, Oddity
from ringback.net.identity import Identity, Sessions
from ringback.net.ill_certificates import careless
from ringback.net.network import Seated
from ringback.peers.um_service import UmService
from ringback.protocol.mailbox import LATEST, FindMessage, VoiceMessage
from ringback.protocol.world import Wish
from ringback.testbed import closing, inner, layout, odd, parting, placing, record
from ringback.testbed.account import account
from ringback.testbed.actors import Client, Phone
from ringback.testbed.closing import Declared, Played
from ringback.testbed.farewell import hang_up_for_it
from ringback.testbed.outings import Outing
from ringback.testbed.outside_client import OutsideClient
from ringback.testbed.probing import Probing
from ringback.testbed.seating import Dialect, Theatre, outsiders
from ringback.testbed.stranger import Stranger
from ringback.testbed.told import Told
from ringback.values import Role, Security

if TYPE_CHECKING:
    from ringback.testbed.session import Ground, Session
    from ringback.testbed.troupe import Troupe

USER = "alice"
RINGS = 0.4  # seconds before our phone answers: long enough to be seen ringing
CHECKPOINTS = ("POP-CHECK-",)  # whether a call came about, whatever was asked for
PAUSE = 2.0  # seconds of silence that a UM which is not ours may leave
LEFT_OVER = "left over: "  # how a note on what outlived a scenario begins
LAST_WORDS = 2.0  # seconds that peers get to finish after a scenario's end


class Testbed(Told):
    """What a scenario sees: ``client``, ``phone``, the cast, and ``until``."""

    __test__ = False  # pytest would collect it for its name

    def __init__(
        self,
        session: "Session",
        declared: Declared,
        security: Security,
        config: Config,
        ground: "Ground",
        troupe: "Troupe",
    ) -> None:
        self.session = session
        self.declared = declared
        self.security = security
        self.config = config
        self.ground = ground
        self.troupe = troupe
        self.network = ground.network
        super().__init__()
        self._open = True
        self._um: UmService | None = None
        self._gateway: Seated | None = None
        self._cas: Seated | None = None
        self.stored: dict[str, Sound] = {}
        self._lost: set[tuple[str, str]] = set()
        self.started = datetime.now(UTC)
        ground.knows(config)
        self.network.begin_scenario(declared.id)
        self.began = self.network.now
        self.theatre = Theatre(
            config=config,
            security=security,
            network=self.network,
            issuer=session.lab,
            mailbox=session.mailbox(),
            passwords=session.passwords,
            seed=session.seed(),
            oddness=session.asked.oddness,
        )
        self.terms = session.terms
        self.clients: list[Client] = []
        self.outings: list[Outing] = []
        self.probes: list[Probing] = []
        try:
            self._seat_all()
        except BaseException:
            self.abandon()
            raise

    def _seat_all(self) -> None:
        """Every role that is ours, from the phone inwards."""
        ours = self.session.ours
        stage = self.theatre
        phone = stage.phone() if Role.PHONE in ours else None
        if Role.GATEWAY in ours:
            self._gateway, _ = stage.gateway()
        if Role.UM in ours:
            _, self._um = stage.um()
        if Role.CAS in ours:
            self._cas, _ = stage.cas()
        seat, peer = phone or (None, None)
        self.phone = Phone(
            peer,
            self._giving(seat),
            self.config.statement,
            hears_ours=Role.UM in ours,
        )
        self.phone.answers(after=RINGS)
        if Role.UM not in ours and peer is not None:
            peer.script = replace(peer.script, when_quiet=PAUSE)
        self.client = self.client_of(USER)

    @property
    def um(self) -> UmService:
        """The UM service; only one of ours can be told to do things."""
        if self._um is None:
            raise Untestable("only a UM server of ours can be told to do that")
        return self._um

    def client_of(
        self,
        user: str,
        *,
        password: str = "",
        dialect: Dialect = "ews",
        waits_to_be_asked: bool = False,
        polls_every: float | None = None,
    ) -> Client:
        """A mail client of some user; with the right password unless one is given.
        One that waits to be asked sends it after a 401 only. It asks how its call goes
        every so many seconds; when not given, often until it is connected, then
        rarely."""
        if not getattr(self.config.statement, dialect):
            raise Untestable(f"the statement says {dialect} = false")
        if waits_to_be_asked and Role.CLIENT in self.troupe.company:
            raise Untestable(
                "a client that is not ours decides when it says a password"
            )
        if Role.CLIENT in self.troupe.company:
            other = OutsideClient(self, user, password, dialect)
            self.clients.append(other)
            return other
        host = layout.host(self.ground.number, layout.CLIENT)
        host = self.session.facing.get(Role.CLIENT, host)
        login, usual = self.terms.login(user)
        cas = self.troupe.company.get(Role.CAS)
        seat, peer = self.theatre.client(
            host,
            login,
            password or usual,
            dialect,
            pre_emptive=not waits_to_be_asked,
            path=cas.paths().get(dialect, "") if cas else "",
            polls_every=polls_every,
        )
        give, number = self._giving(seat), self.phone.number
        client = Client(peer, user, give, number, self.knows, self.terms)
        self.clients.append(client)
        return client

    def stranger(self, *, passing_for: Role | None = None, named: str = "") -> Stranger:
        """Somebody without manners, at an address of no role; in TLS without a
        certificate, or with one that is as good as that role's own, or with a good one
        for another name."""
        identity = self.certificate(named) if named else None
        if passing_for is not None:
            name = self.seat_of(passing_for).name
            identity = self.session.lab.identity_for(name)
        return Stranger(self, identity)

    def mayfly(self, role: Role, seconds: int) -> Stranger:
        """The same whose certificate expires so soon, and who resumes his sessions."""
        seat = self.seat_of(role)
        now = datetime.fromtimestamp(self.network.ns() / 1e9, UTC)
        ends = now + timedelta(seconds=seconds)
        short = self.certificate(seat.name, ends=ends)
        return Stranger(self, replace(short, sessions=Sessions()), seat.host)

    def impostor(self, role: Role, *, trusts_everybody: bool = False) -> Stranger:
        """Somebody at a role's own address, with a certificate of that role: whoever
        sees him takes him for it. What others show he judges as it does, or not."""
        seat = self.seat_of(role)
        identity = self.session.lab.identity_for(seat.name)
        shown = careless(identity) if trusts_everybody else identity
        return Stranger(self, shown, seat.host)

    def probe(
        self,
        role: Role,
        *,
        trusts_everybody: bool = False,
        facing: Role | None = None,
    ) -> Probing:
        """A user agent beside a role of ours, at its address; see ``probing``. One that
        faces the phone speaks in the clear, as that leg always does."""
        identity = odd.careless_of(self, role) if trusts_everybody else None
        return placing.beside(self, role, identity, facing)

    def stands_in(self, role: Role, *, trusts_everybody: bool = False) -> Probing:
        """One in the place of a role of ours, which leaves its seat; what others show
        it is judged as ever, or as little as TLS can."""
        return placing.in_place(
            self, role, odd.careless_of(self, role) if trusts_everybody else None
        )

    def certificate(
        self, *names: str, authority: Authority | None = None, **oddity: Unpack[Oddity]
    ) -> Identity:
        """A fresh identity that trusts the lab's roots; ``authority`` issues it when
        given, else the lab."""
        lab = self.session.lab
        issued = (authority or lab).issue(*names, **oddity)
        return replace(issued, roots=lab.nobody().roots)

    def odd_certificate(self, kind: str, role: Role) -> Identity:
        """A role's, odd as the table of defects has it."""
        return odd.certificate(self, kind, role)

    def until(self, met: Callable[[], bool], within: float) -> bool:
        """Let the world go on until ``met()``; False, and a note, when time was up.

        On an outside phone that hangs up on nobody the user does, once the message can
        have been heard.
        """
        scaled = within * max(1.0, self.config.timer_scale)
        if self.phone.holds_on:
            hang_up_for_it(self, met, scaled)
        if self.network.until(met, scaled):
            return True
        name = getattr(met, "__name__", "what was waited for").strip("_")
        self.notes.append(f"within {within:g} s, {name} was not seen")
        return False

    def lingers(self, seconds: float) -> None:
        """Let the world go on for so long: what must not happen any more gets its
        chance. Never to wait for something that shall happen."""
        self.network.until(lambda: False, seconds)

    def second_gateway_opens(self) -> None:
        """The UM's second gateway begins to serve; the configuration must allow it."""
        self.theatre.second_gateway()

    def phone_is_forwarded(self, how: str) -> None:
        """Who is called answers 302; the phone behind its Contact takes the call.
        ``how`` is the end of the Contact's URI, ``{host}`` in it that phone's."""
        host = layout.host(self.ground.number, layout.SECOND_PHONE)
        _, other = self.theatre.phone(host)
        self.phone.is_forwarded("sip:desk@" + how.format(host=host), other)

    def gateway_closes(self) -> None:
        """The first gateway is not there any more: connections are refused."""
        self._leaves(self._gateway, Role.GATEWAY)

    def cas_restarts(self) -> None:
        """What the CAS did not keep in its store is lost, its connections too."""
        self._leaves(self._cas, Role.CAS)
        self._cas, _ = self.theatre.cas()

    def renews(self, *roles: Role) -> None:
        """Fresh certificates for all seats of these roles, and connections that stand
        go on with the old ones."""
        for seat in self.theatre.seats:
            if seat.role in roles and seat.identity is not None:
                odd.renew(self, seat)

    def _leaves(self, seat: Seated | None, role: Role) -> None:
        if seat is None:
            raise Untestable(f"only a {role} of ours can be told to go")
        self.network.unseat(seat)

    def sound_of(self, user: str, message: str) -> bytes:
        """A stored message as mu-law octets: something to say."""
        found = self.theatre.mailbox.answer(FindMessage(user, message))
        return found.ulaw if isinstance(found, VoiceMessage) else b""

    def loses(self, user: str, message: str) -> None:
        """Say that a message was deleted: from here on it must be unknown."""
        self._lost.add((user, message))

    def give(self, seat: Seated, wishes: Iterable[Wish]) -> None:
        self.network.give(seat, wishes)

    def _giving(self, seat: Seated | None) -> Callable[[Iterable[Wish]], None]:
        if seat is None:
            return lambda wishes: None
        return lambda wishes: self.network.give(seat, wishes)

    def close(self, trouble: BaseException | None = None) -> Played:
        """Let everybody finish, stop the capture, read it, judge it, write it down."""
        return record.closed(self, trouble)

    def abandon(self) -> None:
        """Leave the seats, whatever happened; silent when they are left already."""
        if self._open:
            self._open = False
            try:
                parting.parts(self, self.probes)
            finally:  # a farewell that fails must not keep the seats from the next
                for outing in self.outings:
                    outing.close()
                self.theatre.leave()
                self.troupe.end()

    def finish(self) -> None:
        """Peers get a moment to end what they began; then all seats are left."""
        if not self._open:
            return
        try:
            parting.hear_out(self, self.probes)
            self.network.until(lambda: not self.theatre.leftovers(), LAST_WORDS)
            left = self.theatre.leftovers()
            self.notes += [f"{LEFT_OVER}{text}" for text in left]
            self.notes += self.troupe.deaths()
        finally:  # who falls over in his last words must not keep his seat
            self.abandon()
        self.network.until(
            lambda: False, 0.0 if self.network.captured == "taps" else 0.02
        )

    def captured(self) -> Capture:
        """All that was said, with what a judge must know of the circumstances."""
        ended = self.network.end_scenario()
        packets = inner.without(ended, self.outsiders(), self.network.seats())
        return Capture(packets, self.network.secrets(), account(self))

    def findings(
        self, studied: Study, trouble: BaseException | None = None
    ) -> tuple[Finding, ...]:
        """About our own side, then about the peers."""
        ours = closing.of_our_own(agrees(self.network.tap, studied.plaintext), trouble)
        return (*ours, *self._judged(studied.evidence))

    def outsiders(self) -> tuple[Seat, ...]:
        client = layout.host(self.ground.number, layout.CLIENT)
        return outsiders(self.config, self.troupe.company, client)

    def knows(self, user: str, message: str, item: str) -> bool:
        """Whether the store has that message, and it must not have been deleted; how
        it sounds is remembered by its id, or how the latest one does."""
        if (user, message) in self._lost:
            return False
        for one, known in {message: item, LATEST: LATEST}.items():
            found = self.theatre.mailbox.answer(FindMessage(user, one))
            if isinstance(found, VoiceMessage):
                self.stored.setdefault(known, Sound(id=known, ulaw=found.ulaw))
                self.phone.hears_out(found.ulaw)
                return one == message
        return False

    def _judged(self, evidence: Evidence) -> Iterable[Finding]:
        from ringback.judge.judge import judge

        wanted = self.session.requirements
        found = judge(evidence)
        if wanted is None:
            return found
        always = CHECKPOINTS if self.declared.fence else ()
        named = (f.requirement for f in found)
        kept = {n for n in named if n in wanted or n.startswith(always)}
        return [f for f in found if f.requirement in kept]

    def seats_of(self, role: Role) -> tuple[Seat, ...]:
        """Where a role sits, ours or not."""
        seats = (*self.outsiders(), *self.network.seats())
        return tuple(s for s in seats if s.role is role)

    def seat_of(self, role: Role) -> Seat:
        """Where a role sits, ours or not; for the UM its service."""
        found = self.seats_of(role)
        return next(iter([s for s in found if s.what != "worker"] or found))
