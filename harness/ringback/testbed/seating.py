"""Who sits where: reference peers made from a configuration, and their seats.

``run`` and ``serve`` seat in the same way; what differs is the configuration.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

import msgspec
from msgspec.structs import replace

from ringback.config import Config, Peering, Place
from ringback.config import Gateway as GatewayPlace
from ringback.evidence.circumstances import Seat
from ringback.net.authority import Authority
from ringback.net.identity import Identity
from ringback.net.network import Network, Seated
from ringback.net.route import towards
from ringback.peers.bent.declared import Bending
from ringback.peers.bent.way import Bent
from ringback.peers.cas import Cas
from ringback.peers.cas_settings import CasSettings
from ringback.peers.client import Client, ClientSettings
from ringback.peers.gateway import Gateway
from ringback.peers.gateway_settings import GatewaySettings
from ringback.peers.phone import Phone
from ringback.peers.phone_script import PhoneSettings
from ringback.peers.um_service import UmService
from ringback.peers.um_settings import UmIpGateway, UmSettings
from ringback.peers.um_worker import UmWorker
from ringback.protocol.dial_plan import DialingRule, DialPlan, MailboxPolicy, UriType
from ringback.protocol.redirect import Target
from ringback.protocol.timing import Timing
from ringback.protocol.world import Peer
from ringback.stores.mailbox import Mailbox
from ringback.testbed.bending import bent
from ringback.testbed.outside import Company, name_of
from ringback.values import Address, Contact, Role, Security

Dialect = Literal["ews", "umws"]
RINGING_POLL = 0.3  # seconds between questions: below RINGS, so that ringing is seen
POLL = 1.0  # the same once the call is connected; facts §1.2: 1 to 5 s


class Issuer(Protocol):
    """Whoever gives out identities: an authority born with the session, or a lab."""

    def identity_for(self, *names: str, trusted: Iterable[str] = ()) -> Identity: ...

    def nobody(self) -> Identity: ...

    @property
    def revocations(self) -> bytes: ...

    @property
    def authority(self) -> Authority:
        """For those who issue odd certificates."""
        ...


@dataclass(slots=True, kw_only=True)
class Theatre:
    """What all seats have in common. ``seed`` must be a secret outside of tests, for
    call ids and SRTP keys grow from it."""

    config: Config
    security: Security
    network: Network
    issuer: Issuer
    mailbox: Mailbox
    passwords: Mapping[str, str]
    seed: str
    oddness: Bending | None = None
    seats: list[Seated] = field(default_factory=list)
    bends: list[Bent] = field(default_factory=list)

    @property
    def timing(self) -> Timing:
        return Timing(scale=self.config.timer_scale)

    def _contact(self, host: str, *, secured: bool) -> str:
        """What Contact says instead of a role's name, if so. A peer that knows names by
        DNS alone cannot call a name of ours back; a certificate proves no address."""
        wanted = self.config.contact
        by_name = secured if wanted is Contact.AUTO else wanted is Contact.NAME
        return "" if by_name else host

    def um_names(self) -> tuple[str, ...]:
        um = self.config.um
        return (um.name, *(worker.name for worker in um.workers))

    # Seats, from the phone inwards.

    def phone(self, host: str = "") -> tuple[Seated, Phone]:
        """The phone that the gateway knows; at another ``host`` another one."""
        place = self.config.phone
        if host:
            elsewhere = {"name": host, "host": host}
            place = msgspec.structs.replace(place, **elsewhere)
        peer = Phone(
            PhoneSettings(
                host=place.name,
                media_host=place.host,
                contact=self._contact(place.host, secured=False),
                sip_port=place.port,
                media_ports=place.media_ports,
                timing=self.timing,
                seed=self._seed(place.name),
            )
        )
        return self.sits(peer, Role.PHONE, place.host, label=place.name), peer

    def gateway(self) -> tuple[Seated, Gateway]:
        return self._gateway(self.config.gateway, self.config.gateway.channels)

    def second_gateway(self) -> tuple[Seated, Gateway]:
        """The next one that the UM knows: the same phones behind it, lines enough."""
        beside = self.config.um.gateways[1]
        where = {"name": beside.name, "host": beside.host}
        place = msgspec.structs.replace(self.config.gateway, **where)
        return self._gateway(place, channels=100)

    def _gateway(self, place: GatewayPlace, channels: int) -> tuple[Seated, Gateway]:
        trusted = self._trusted(*self.um_names())
        peer = Gateway(
            GatewaySettings(
                host=place.name,
                media_host=place.host,
                contact=self._contact(place.host, secured=self.security.tls),
                phone_contact=self._contact(place.host, secured=False),
                phones=place.phones,
                sip_port=self._port(place),
                phone_port=place.phone_port,
                media_ports=place.media_ports,
                security=self.security,
                trusted=trusted if self.security.tls else (),
                channels=channels,
                timing=self.timing,
                seed=self._seed(place.name),
            )
        )
        identity = self.issuer.identity_for(place.name, trusted=trusted)
        return self.sits(peer, Role.GATEWAY, place.host, identity=identity), peer

    def um(self) -> tuple[Seated, UmService]:
        """The workers, then the service that redirects to them."""
        place = self.config.um
        for number, _ in enumerate(place.crew):
            self._worker(number)
        trusted = self._trusted(self.config.cas.name)
        peer = UmService(
            UmSettings(
                host=place.name,
                sip_port=self._port(place),
                security=self.security,
                workers=tuple(
                    Target(Address(w.host, self._port(w)), self.security.tls, w.name)
                    for w in place.crew
                ),
                trusted=trusted if self.security.tls else (),
                timing=self.timing,
                seed=self._seed("um"),
            )
        )
        identity = self.issuer.identity_for(place.name, trusted=trusted)
        words = {"identity": identity, "what": "service"}
        return self.sits(peer, Role.UM, place.host, **words), peer

    def _worker(self, number: int) -> Seated:
        um, place = self.config.um, self.config.um.crew[number]
        trusted = self._trusted(
            self.config.cas.name, *(gateway.name for gateway in um.gateways)
        )
        first, last = um.media_ports
        share = (last - first + 1) // len(um.workers) & ~1
        start = first + number * share
        peer = UmWorker(
            UmSettings(
                host=place.name,
                media_host=place.host,
                contact=self._contact(place.host, secured=self.security.tls),
                sip_port=self._port(place),
                security=self.security,
                gateways=tuple(map(self._peering, um.gateways)),
                dial_plan=dial_plan(self.config),
                policies=policies(self.config),
                version=self.config.dial_plan.version,
                max_calls=um.max_calls,
                call_limit=um.call_limit,
                no_answer=um.no_answer,
                session_expires=um.session_expires,
                media_ports=(start, start + share - 1),
                trusted=trusted if self.security.tls else (),
                timing=self.timing,
                seed=self._seed(place.name),
            )
        )
        identity = self.issuer.identity_for(place.name, trusted=trusted)
        words = {"identity": identity, "what": "worker"}
        return self.sits(peer, Role.UM, place.host, **words)

    def cas(self) -> tuple[Seated, Cas]:
        place, um = self.config.cas, self.config.um
        names = self.um_names()
        peer = Cas(
            CasSettings(
                host=place.name,
                contact=self._contact(place.host, secured=self.security.tls),
                um=Target(Address(um.name, self._port(um)), self.security.tls, um.name),
                known=names[1:],
                security=self.security,
                https_port=place.https_port,
                sip_port=place.sip_secured_port
                if self.security.tls
                else place.sip_port,
                seed=self._seed("cas"),
                timing=self.timing,
            )
        )
        identity = self.issuer.identity_for(place.name, trusted=self._trusted(*names))
        return self.sits(peer, Role.CAS, place.host, identity=identity), peer

    def client(
        self,
        host: str,
        user: str,
        password: str,
        dialect: Dialect,
        *,
        pre_emptive: bool = True,
        path: str = "",
        polls_every: float | None = None,
    ) -> tuple[Seated, Client]:
        cas = self.config.cas
        peer = Client(
            ClientSettings(
                cas=Address(cas.name, cas.https_port),
                name=cas.name,
                user=user,
                password=password,
                path=path,
                dialect=dialect,
                poll_at_first=RINGING_POLL if polls_every is None else polls_every,
                poll_every=POLL if polls_every is None else polls_every,
                pre_emptive=pre_emptive,
                timing=self.timing,
            )
        )
        identity = replace(self.issuer.nobody(), for_web=True)
        words = {"identity": identity, "label": f"client of {user}"}
        return self.sits(peer, Role.CLIENT, host, **words), peer

    def leave(self) -> None:
        for seat in self.seats:
            self.network.unseat(seat)

    def leftovers(self) -> tuple[str, ...]:
        return tuple(
            f"{seat.name}: {text}"
            for seat in self.seats
            if not seat.gone
            for text in seat.peer.leftovers()
        )

    def sits(self, peer: Peer, role: Role | None, host: str, **words: object) -> Seated:
        if isinstance(identity := words.get("identity"), Identity):
            words = {**words, "identity": self._furnished(identity)}
        seat = self.network.seat(
            peer,
            role=role,
            host=host,
            store=self.mailbox,
            **bent(self, role, words),  # type: ignore[arg-type]
        )
        self.seats.append(seat)
        return seat

    def _furnished(self, identity: Identity) -> Identity:
        """What everybody was given, and by which rules they judge."""
        profile = self.config.statement.tls_profile
        revoked = self.issuer.revocations if self.security.tls else b""
        return replace(identity, revoked=revoked, profile=profile)

    def _seed(self, who: str) -> str:
        return f"{self.seed}/{who}"

    def _port(self, place: Place) -> int:
        return place.secured_port if self.security.tls else place.port

    def _peering(self, gateway: Peering) -> UmIpGateway:
        address = Address(gateway.name, self._port(gateway))
        target = Target(address, self.security.tls, gateway.name)
        return UmIpGateway(target, outcalls=gateway.outcalls_allowed)

    def _trusted(self, *names: str) -> tuple[str, ...]:
        return (*names, *self.config.trust.names)


def outsiders(config: Config, company: Company, client: str = "") -> tuple[Seat, ...]:
    """The seats of the SUT, as far as the configuration knows them: of a UM its
    workers too. ``client`` is where a client was told that it may sit."""
    found = [
        _seat(
            one.role,
            name_of(config, one),
            config.resolve.get(one.address.host, one.address.host),
            one.address.port,
            secured=one.way in ("tls", "https"),
        )
        for one in company.values()
        if one.address.host
    ]
    if Role.CAS in company:  # where it listens for what the UM asks
        cas = config.cas
        asked = {"ports": (cas.sip_port,), "secured_ports": (cas.sip_secured_port,)}
        found += [
            msgspec.structs.replace(s, **asked) for s in found if s.role is Role.CAS
        ]
    if Role.CLIENT in company:  # wherever it binds, or does not
        hosts = dict.fromkeys((towards(config.cas.host), client))
        found += [
            Seat(role=Role.CLIENT, name="client", host=h, ours=False) for h in hosts
        ]
    if Role.UM in company:
        tls = company[Role.UM].way == "tls"
        for w in config.um.crew:
            port = w.secured_port if tls else w.port
            seat = _seat(Role.UM, w.name, w.host, port, secured=tls)
            found.append(msgspec.structs.replace(seat, what="worker"))
    return tuple(found)


def _seat(role: Role, name: str, host: str, port: int, *, secured: bool) -> Seat:
    return Seat(
        role=role,
        name=name,
        host=host,
        ports=() if secured else (port,),
        secured_ports=(port,) if secured else (),
        ours=False,
    )


def dial_plan(config: Config) -> DialPlan:
    plan = config.dial_plan
    return DialPlan(
        uri_type=UriType(plan.uri_type),
        digits=plan.digits,
        outside_line=plan.outside_line,
        international_code=plan.international_code,
        national_prefix=plan.national_prefix,
        country_code=plan.country_code,
        in_country=tuple(
            DialingRule(r.name, r.mask, r.dialed, r.comment) for r in plan.in_country
        ),
        international=tuple(
            DialingRule(r.name, r.mask, r.dialed, r.comment) for r in plan.international
        ),
    )


def policies(config: Config) -> tuple[MailboxPolicy, ...]:
    return tuple(
        MailboxPolicy(
            name=p.name,
            in_country=p.in_country,
            international=p.international,
            extensions=p.extensions,
            subscribers=p.subscribers,
            play_on_phone=p.play_on_phone,
        )
        for p in config.policies
    )
