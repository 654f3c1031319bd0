"""One worker's share of a run: its authority, its networks, its recorder, its files."""

import gc
import itertools
import os
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec.structs import replace

from ringback import __version__
from ringback.config import Config
from ringback.evidence.circumstances import Circumstances
from ringback.evidence.evidence import Evidence
from ringback.faults import Misuse, Untestable
from ringback.judge.finding import Finding, Outcome
from ringback.judge.judge import untested
from ringback.net import loopback
from ringback.net.identity import Identity
from ringback.net.lab import Lab
from ringback.net.memory import MemoryNetwork
from ringback.net.network import Network
from ringback.net.resolver import Resolver
from ringback.net.route import interface_to
from ringback.peers.bent.declared import possible_in
from ringback.report.records import FindingRecord
from ringback.stores.mailbox import Mailbox, Mould
from ringback.testbed import closing, layout, outside
from ringback.testbed.asked import Asked
from ringback.testbed.closing import Declared, Played
from ringback.testbed.second_opinion import opinions, signalling
from ringback.testbed.terms import Terms
from ringback.testbed.troupe import Script, Troupe, ask_nonsense, bound_hosts
from ringback.values import Security

if TYPE_CHECKING:
    from ringback.net.recorder import FarRecorder, Recorder
    from ringback.testbed.testbed import Testbed

LAB_USERS = ("alice", "bob", "carol", "dave")  # of fixtures/mailbox.toml
STORE = "store"  # a need: a mailbox that is as new in each scenario
MUTUAL = "mutual_tls"  # a need, with a role that asks its clients for certificates
MEMORY_NET = 1  # the third octet of the addresses on the memory network


class Session:
    """Networks and certificates are born with it and die with it."""

    def __init__(
        self, asked: Asked, run: str, requirements: frozenset[str] | None = None
    ) -> None:
        """``requirements`` are those to be judged; None is all that apply."""
        asked = _resolved(asked)
        self.asked = asked
        self.facing = outside.facing(asked.config, asked.outside)
        self.reports = asked.base / "reports" / run
        self.captures = asked.base / "captures" / run
        self.lab = Lab.of(asked.config.lab, asked.config.trust.roots)
        self.ours = outside.ours(asked.outside)
        self._seed = secrets.token_hex(16)
        _spare_the_collector()
        self._seeds = itertools.count(1)
        self.passwords = passwords_of(asked.config)
        self.terms = Terms.of(asked.config, asked.outside, self.passwords)
        self.requirements = requirements
        self.played: dict[Path, tuple[Declared, Evidence]] = {}
        self.odd: dict[tuple[str, str], Identity] = {}  # by kind and name
        self._ground: Ground | None = None

    def open(
        self, declared: Declared, mode: Security, wanted: Mapping[str, Any]
    ) -> "Testbed":
        """Seats taken, legs joined. Untestable when this SUT cannot give that world."""
        from ringback.testbed.testbed import Testbed

        self._can_be_had(mode, wanted)
        ground = self.ground()
        config = self._laid_out(ground.number)
        troupe = self.troupe(declared.id, mode, config, ground)
        try:
            config = layout.overlaid(troupe.config, wanted["config"])
            odd = self.asked.oddness
            if odd and possible_in(odd, mode):
                config = layout.overlaid(config, odd.config)
            return Testbed(self, declared, mode, config, ground, troupe)
        except BaseException:
            troupe.end()
            raise

    def troupe(
        self, scenario: str, mode: Security, config: Config, ground: "Ground"
    ) -> Troupe:
        """The roles that are not ours, started where we start them."""
        script = self._script(scenario, mode, config, ground.number)
        return Troupe(self.asked.outside, script, self.captures / scenario)

    def asked_nonsense(self) -> str:
        """Why a program under test is not seated; empty when it may be."""
        number = loopback.claim()
        try:
            config = self._laid_out(number)
            mode = next(iter(self.asked.modes), Security.UNSECURED)
            script = self._script("", mode, config, number)
            return ask_nonsense(self.asked.outside, script)
        finally:
            loopback.give_back(number)

    def _laid_out(self, number: int) -> Config:
        company = self.asked.outside
        stay = outside.who_stays(company)
        config = layout.on_loopback(self.asked.config, number, stay, company)
        return layout.facing(config, self.facing)

    def _script(
        self, scenario: str, mode: Security, config: Config, number: int
    ) -> Script:
        return Script(
            scenario=scenario.partition("@")[0],
            security=mode,
            config=config,
            issuer=self.lab,
            passwords=self.passwords,
            network=number,
        )

    def _can_be_had(self, mode: Security, wanted: Mapping[str, Any]) -> None:
        """Untestable says why this SUT cannot be in such a world."""
        company = self.asked.outside
        if why := outside.why_not(company, mode):
            raise Untestable(why)
        for need in wanted["needs"]:
            if need == STORE and outside.is_lasting(company):
                raise Untestable(
                    "it deletes a message for good: only with a mailbox of ours, or of "
                    "a program that is started for each scenario"
                )
            kind, _, role = need.partition(":")
            if kind == MUTUAL and role in set(company) and not self._asks_clients():
                raise Untestable(
                    "it asks no client for a certificate, by its statement"
                )
            if need in set(company):
                raise Untestable(f"only a {need} of ours can be told to do that")
        if why := outside.is_otherwise(self.asked.config, company, wanted["config"]):
            raise Untestable(why)

    def _asks_clients(self) -> bool:
        return self.asked.config.statement.mutual_tls

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
        told = closing.fell(why)
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
        if self.terms.foreign:
            mailbox = Mailbox.lab()
            for user, message, path in self.terms.sounds():
                mailbox.sounds_otherwise(user, message, path)
            return mailbox
        if self.asked.config.mailbox:
            return Mailbox.lab(self.asked.config.mailbox, self.passwords)
        return Mailbox(like=self._mould)

    @cached_property
    def _mould(self) -> Mould:
        """Made once: to move in and to hash passwords takes longer than to copy."""
        return Mailbox.lab(passwords=self.passwords).mould()

    def remember(self, path: Path, declared: Declared, evidence: Evidence) -> None:
        """For the second opinion, which comes when all is played."""
        self.played[path] = (declared, signalling(evidence))

    def relative(self, path: Path | None) -> str:
        """As findings.jsonl spells it."""
        return Path(os.path.relpath(path, self.reports)).as_posix() if path else ""

    def close(self) -> tuple[FindingRecord, ...]:
        """Ask Wireshark's dissector about every capture, in one pass; then go."""
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
        from ringback.net.recorder import Recorder, rights
        from ringback.net.sockets import SocketNetwork

        number = loopback.claim()
        recorder = None
        if not rights():
            around = set(bound_hosts(asked.config, asked.outside))
            recorder = Recorder(number, around, beside=_far(asked))
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


def _resolved(asked: Asked) -> Asked:
    """With the address of every name under test; Misuse for one that has none."""
    known = dict(asked.config.resolve)
    try:
        for one in asked.outside.values():
            if one.address.host:
                known[one.address.host] = Resolver(known).address(one.address.host)
    except LookupError as trouble:
        raise Misuse(str(trouble)) from trouble
    config = msgspec.structs.replace(asked.config, resolve=known)
    return replace(asked, config=config)


def _far(asked: Asked) -> "FarRecorder | None":
    """Records the interface towards another machine, when the SUT is on one."""
    from ringback.net.recorder import FarRecorder

    there = outside.elsewhere(asked.config, asked.outside)
    if not there:
        return None
    here = set(outside.facing(asked.config, asked.outside).values())
    interfaces = {interface_to(host) for host in there.values()}
    if len(here) > 1 or len(interfaces) > 1:
        raise Misuse("--sut: all that is under test must be reached by one interface")
    hosts = {*asked.config.resolve.values(), *there.values()}
    return FarRecorder(interfaces.pop(), here.pop(), hosts)
