"""One worker's share of a run: its authority, its networks, its recorder, its files."""

import gc
import itertools
import os
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from ringback import __version__
from ringback.config import Config
from ringback.evidence.circumstances import Circumstances
from ringback.faults import Untestable
from ringback.judge.finding import Finding, Outcome
from ringback.judge.judge import untested
from ringback.net.identity import Identity
from ringback.net.lab import Lab
from ringback.net.memory import MemoryNetwork
from ringback.net.network import Network
from ringback.net.resolver import Resolver
from ringback.report.records import FindingRecord
from ringback.stores.mailbox import Mailbox
from ringback.testbed import closing, layout, outside
from ringback.testbed.asked import Asked
from ringback.testbed.closing import Declared, Played
from ringback.values import Role, Security

if TYPE_CHECKING:
    from ringback.net.recorder import Recorder
    from ringback.testbed.testbed import Testbed

LAB_USERS = ("alice", "bob", "carol", "dave")  # of fixtures/mailbox.toml
MEMORY_NET = 1  # the third octet of the addresses on the memory network


class Session:
    """Networks and certificates are born with it and die with it."""

    def __init__(
        self, asked: Asked, run: str, requirements: frozenset[str] | None = None
    ) -> None:
        """``requirements`` are those to be judged; None is all that apply."""
        self.asked = asked
        self.reports = asked.base / "reports" / run
        self.captures = asked.base / "captures" / run
        self.lab = Lab.of(asked.config.lab, asked.config.trust.roots)
        self.ours = roles_of_ours(asked)
        self._seed = secrets.token_hex(16)
        _spare_the_collector()
        self._seeds = itertools.count(1)
        self.passwords = passwords_of(asked.config)
        self.requirements = requirements
        self.played: dict[Path, tuple[Declared, Circumstances]] = {}
        self.odd: dict[tuple[str, str], Identity] = {}  # by kind and name
        self._ground: Ground | None = None

    def open(
        self, declared: Declared, mode: Security, wanted: Mapping[str, Any]
    ) -> "Testbed":
        """Seats taken, legs joined. Untestable when this SUT cannot give that world."""
        from ringback.testbed.testbed import Testbed

        if why := outside.why_not(self.asked.outside, mode):
            raise Untestable(why)
        for need in wanted["needs"]:
            if need in set(self.asked.outside):
                raise Untestable(f"only a {need} of ours can be told to do that")
        ground = self.ground()
        config = layout.on_loopback(self.asked.config, ground.number)
        if Role.GATEWAY in self.asked.outside:
            gateway = self.asked.outside[Role.GATEWAY]
            config = outside.with_gateway(config, gateway)
        elif Role.PHONE in self.asked.outside:
            config = outside.with_phone(config, self.asked.outside[Role.PHONE])
        config = layout.overlaid(config, wanted["config"])
        if self.asked.oddness:
            config = layout.overlaid(config, self.asked.oddness.config)
        return Testbed(self, declared, mode, config, ground)

    def seed(self) -> str:
        """A new one for each scenario: a peer from outside remembers Call-IDs long
        after their calls (RFC 3261 §8.1.1.4), and no key may serve twice."""
        return f"{self._seed}/{next(self._seeds)}"

    def ground(self) -> "Ground":
        """The network, made when first needed. On memory there is a new one each time,
        for its clock and its ports cost nothing."""
        if self.asked.net == "memory":
            return Ground.in_memory()
        if self._ground is None:
            self._ground = Ground.on_sockets(self.asked)
        return self._ground

    def untested(self, declared: Declared, mode: Security, why: str) -> Played:
        """Every case that the scenario would have settled, with the reason."""
        findings = untested(declared.settles, why)
        return self.unplayed(declared, mode, findings, why)

    def fell_over(self, declared: Declared, mode: Security, why: Exception) -> Played:
        """Our own side failed before anything was played."""
        told = f"{type(why).__name__}: {why}"
        finding = closing.engine_finding("RB-BED-001", Outcome.ERROR, told)
        return self.unplayed(declared, mode, (finding,), told)

    def unplayed(
        self,
        declared: Declared,
        mode: Security,
        findings: tuple[Finding, ...],
        why: str,
    ) -> Played:
        circumstances = self.circumstances(declared, mode, notes=(why,))
        return Played(
            closing.scenario_record(
                declared, circumstances, None, 0.0, closing.Files()
            ),
            tuple(closing.finding_record(declared, circumstances, f) for f in findings),
            self.reports,
        )

    def circumstances(
        self, declared: Declared, mode: Security, **known: Any
    ) -> Circumstances:
        statement = msgspec.to_builtins(self.asked.config.statement)
        return Circumstances(
            scenario=declared.id,
            title=declared.title,
            settles=declared.settles,
            security=mode,
            net=self.asked.net,
            **{
                "captured": "taps",
                "started": closing.started_at(datetime.now(UTC)),
                "ringback": __version__,
                "timer_scale": self.asked.config.timer_scale,
                "sut": dict(self.asked.config.sut),
                "statement": statement if self.asked.outside else {},
                **known,
            },
        )

    def mailbox(self) -> Mailbox:
        """The lab's users and messages, as new; or the file that the config names."""
        if self.asked.config.mailbox:
            return Mailbox.lab(self.asked.config.mailbox, self.passwords)
        return Mailbox.lab(passwords=self.passwords)

    def remember(
        self, path: Path, declared: Declared, known: Circumstances | None
    ) -> None:
        """For the second opinion, which comes when all is played."""
        if known is not None:
            self.played[path] = (declared, known)

    def relative(self, path: Path | None) -> str:
        """As findings.jsonl spells it."""
        return Path(os.path.relpath(path, self.reports)).as_posix() if path else ""

    def close(self) -> tuple[FindingRecord, ...]:
        """Ask Wireshark's dissector about every capture, in one pass; then go."""
        from ringback.testbed.second_opinion import opinions

        try:
            return opinions(self.played)
        finally:
            if self._ground is not None:
                self._ground.close()


class Ground:
    """A network to stand on, and which /24 of the loopback it uses."""

    def __init__(
        self, network: Network, number: int, recorder: "Recorder | None" = None
    ) -> None:
        self.network = network
        self.number = number
        self.recorder = recorder
        self.names = Resolver()

    @classmethod
    def in_memory(cls) -> "Ground":
        resolver = Resolver(asks_system=False)
        ground = cls(MemoryNetwork(resolver), MEMORY_NET)
        ground.names = resolver
        return ground

    @classmethod
    def on_sockets(cls, asked: Asked) -> "Ground":
        """Recorded from the wire when this machine lets us."""
        from ringback.net import loopback
        from ringback.net.recorder import Recorder, rights
        from ringback.net.sockets import SocketNetwork

        number = loopback.claim()
        recorder = None
        if not rights():
            recorder = Recorder(number, _hosts_outside(asked))
        resolver = Resolver()
        ground = cls(SocketNetwork(resolver, recorder=recorder), number, recorder)
        ground.names = resolver
        return ground

    def knows(self, config: Config) -> None:
        for name, host in layout.names_and_hosts(config).items():
            self.names.add(name, host)

    def close(self) -> None:
        self.network.close()
        if self.recorder is not None:
            self.recorder.close()


def roles_of_ours(asked: Asked) -> frozenset[Role]:
    """An outside gateway brings the phone behind it along."""
    outer = set(asked.outside)
    if Role.GATEWAY in outer:
        outer.add(Role.PHONE)
    return frozenset(set(Role) - outer)


def _spare_the_collector() -> None:
    """What is imported by now stays, and a call makes some 100,000 objects that go by
    themselves: looking at them again and again costs a fifth of a call's time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 20, 20)


def passwords_of(config: Config, *, made: bool = True) -> dict[str, str]:
    """From the environment where an account names a variable, else made now."""
    fresh = {user: secrets.token_urlsafe(12) for user in LAB_USERS if made}
    given = {
        account.name: os.environ[account.password_env]
        for account in config.users
        if account.password_env in os.environ
    }
    return fresh | given


def _hosts_outside(asked: Asked) -> set[str]:
    names = asked.config.resolve
    found = {one.address.host for one in asked.outside.values()}
    return {names.get(host, host) for host in found}
