"""A seat of ours, bent in the way that a run was asked for; others stay as they are."""

from typing import TYPE_CHECKING

from msgspec.structs import replace

from ringback.config import Config
from ringback.net.authority import Authority
from ringback.net.identity import Identity
from ringback.net.ill_certificates import ill
from ringback.peers.bent.declared import Bending, possible_in
from ringback.peers.bent.way import Bent
from ringback.values import Role

if TYPE_CHECKING:
    from ringback.testbed.seating import Theatre

Words = dict[str, object]  # of ``Network.seat``


def bent(theatre: "Theatre", role: Role | None, words: Words) -> Words:
    """The same seat, with a bend and another identity where it is to have them."""
    odd = theatre.oddness
    if odd is None or not possible_in(odd, theatre.security):
        return words
    if not odd.bends(role, str(words.get("what", ""))):
        return words
    if odd.way:
        bend = Bent(odd.way(), _places(theatre.config))
        theatre.bends.append(bend)
        words = {**words, "bend": bend}
    identity = words.get("identity")
    if isinstance(identity, Identity) and (odd.credentials or odd.shows):
        shown = _odd_identity(odd, identity, theatre.issuer.authority)
        words = {**words, "identity": shown}
    return words


def _odd_identity(odd: Bending, identity: Identity, authority: Authority) -> Identity:
    """What others see of it still has its name (see ``Seated.name``)."""
    shown: dict[str, object] = {}
    if odd.shows:
        forged = ill(odd.shows, authority, identity.names[0])
        shown = {"chain": forged.chain, "key": forged.key}
        shown |= {"ciphers": forged.ciphers} if forged.ciphers else {}
    return replace(identity, **shown, **odd.credentials)


def _places(config: Config) -> dict[str, Role]:
    """Whose each name and each address is."""
    um = ((place.name, place.host, Role.UM) for place in config.um.crew)
    gateways = ((g.name, g.host, Role.GATEWAY) for g in config.um.gateways)
    alone = (
        (config.um, Role.UM),
        (config.cas, Role.CAS),
        (config.gateway, Role.GATEWAY),
        (config.phone, Role.PHONE),
    )
    others = ((place.name, place.host, role) for place, role in alone)
    found = [*um, *gateways, *others]
    return {key: role for name, host, role in found for key in (name, host)}
