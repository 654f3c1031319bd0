"""Keys that are taken, shared or forgotten; tags that nobody looks at.

RFC 4568 §5.1.2 and §7.1, RFC 3711 §3.3.
"""

import re
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field

from msgspec.structs import replace

from ringback.faults import Malformed, Misuse
from ringback.peers.bent.changes import body
from ringback.peers.bent.declared import Fault
from ringback.peers.bent.way import Passing, Told, Way
from ringback.peers.bent.ways import Maker, both, mishears, request, response
from ringback.protocol.world import Cast, Fact, Heard, Wish, Write
from ringback.values import Role
from ringback.wire.sdp import Sdp, audio
from ringback.wire.srtp import Srtp

CRYPTO = re.compile(rb"a=crypto:.*\r\n")
FITTING = b"a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:" + b"Q" * 40 + b"\r\n"
LOUD = bytes([0x80, 0x00]) * 80
UNMADE = ("POP", "MED-HEARD", "MED-KEYS", "SEC-SRTP-002")


def _secured(sdp: bytes) -> bytes:
    """With a key that fits, whatever there was."""
    sdp = CRYPTO.sub(b"", sdp).replace(b"RTP/AVP", b"RTP/SAVP")
    return sdp + FITTING


def _is_useless(p: Passing) -> bool:
    if b"m=audio" not in p.message.body:
        return False
    keys = re.findall(rb"a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:", p.message.body)
    return b"RTP/SAVP" not in p.message.body or not keys


def _one_key_for_all() -> Way:
    first: list[bytes] = []

    def said(p: Passing) -> Iterable[Wish] | None:
        found = CRYPTO.search(p.message.body)
        if not found or not request("INVITE", to=Role.GATEWAY)(p):
            return None
        if not first:
            first.append(found[0])
            return None
        changed = body(lambda o: CRYPTO.sub(first[0], o))(p.message)
        return (Write(p.link, bytes(changed)),)

    return Way(said=said)


def _the_offers_key() -> Way:
    keys: list[bytes] = []

    def heard(p: Passing) -> None:
        if found := CRYPTO.search(p.message.body):
            keys.append(found[0])

    def said(p: Passing) -> Iterable[Wish] | None:
        if not keys or not response(200, of="INVITE", to=Role.UM)(p):
            return None
        changed = body(lambda o: CRYPTO.sub(keys[-1], o))(p.message)
        return (Write(p.link, bytes(changed)),)

    return Way(said=said, heard=heard)


def _playing(why: str) -> Maker:
    """Plays what SRTP rejects for that reason, as far as one can without a look at
    the tag: the sound itself where it was heard before, else a noise."""
    return lambda: Credulous(why).way()


@dataclass(slots=True)
class Credulous:
    """``near`` is the port that the UM sends to, ``last`` what the phone was sent."""

    why: str
    lock: Srtp | None = None
    near: int = 0
    last: Cast | None = None
    plain: dict[bytes, bytes] = field(default_factory=dict)

    def way(self) -> Way:
        return Way(said=self.said, heard=self.heard, cast=self.cast, told=self.told)

    def heard(self, p: Passing) -> None:
        if not request("INVITE")(p) or b"a=crypto" not in p.message.body:
            return
        with suppress(
            Malformed, Misuse, StopIteration
        ):  # nobody agrees to such a key anyway
            streams = Sdp.parse(p.message.body).media
            key = next(k for m in streams for k in m.crypto)
            self.lock = Srtp(key.key_salt, key.suite, key.mki)

    def said(self, p: Passing) -> None:
        if response(200, of="INVITE", to=Role.UM)(p) and p.message.body:
            self.near = audio(Sdp.parse(p.message.body)).port

    def cast(self, wish: Cast, neighbour: Role | None) -> None:
        if neighbour is Role.PHONE and wish.port % 2 == 0:
            self.last = wish

    def told(self, fact: Fact) -> Told | None:
        if not isinstance(fact, Heard) or fact.port != self.near or not self.lock:
            return None
        try:
            self.plain[fact.octets] = self.lock.unprotect(fact.octets)
        except Malformed as refused:
            if self.why in refused.why and self.last:
                return (), (self._sound(self.last, self.plain.get(fact.octets)),)
        return None

    def _sound(self, last: Cast, again: bytes | None) -> Cast:
        number = int.from_bytes(last.octets[2:4]) + 1 & 0xFFFF
        head = last.octets[:2] + number.to_bytes(2) + last.octets[4:12]
        self.last = replace(last, octets=head + (again[12:] if again else LOUD))
        return self.last


FAULTS = (
    Fault(
        name="um-takes-any-answer",
        role=Role.UM,
        says="The UM goes on with an answer whose key does not fit its offer.",
        breaks="SIP-OFFER-016",
        also=("SEC-SRTP", "RTP-SIZE", "RTP-TS", *UNMADE),
        what="worker",
        modes=("secured",),
        way=mishears(
            both(response(200, of="INVITE", to=Role.GATEWAY), _is_useless),
            body(_secured),
        ),
    ),
    Fault(
        name="gateway-takes-offers-without-keys",
        role=Role.GATEWAY,
        says="The gateway accepts an offer without a key that it can use.",
        breaks="SIP-OFFER-017",
        also=("MED-SRTP", "SEC-SRTP"),
        modes=("secured",),
        way=mishears(both(request("INVITE"), _is_useless), body(_secured)),
    ),
    Fault(
        name="um-keeps-one-key-for-all",
        role=Role.UM,
        says="The UM offers the same key in every call.",
        breaks="SIP-OFFER-018",
        also=UNMADE,
        what="worker",
        modes=("secured",),
        way=_one_key_for_all,
    ),
    Fault(
        name="gateway-sends-the-offers-key-back",
        role=Role.GATEWAY,
        says="The gateway's key is the one that it was offered.",
        breaks="SIP-OFFER-018",
        also=(*UNMADE, "MED-SRTP-002"),
        modes=("secured",),
        scenarios=("playonphone.the-plain-call",),
        way=_the_offers_key,
    ),
    Fault(
        name="gateway-plays-forged-packets",
        role=Role.GATEWAY,
        says="The gateway does not look at the tags of SRTP.",
        breaks="SIP-OFFER-019",
        modes=("secured",),
        way=_playing("tag is wrong"),
    ),
    Fault(
        name="gateway-plays-replayed-packets",
        role=Role.GATEWAY,
        says="The gateway plays an SRTP packet as often as it comes.",
        breaks="SIP-OFFER-020",
        modes=("secured",),
        way=_playing("replayed"),
    ),
)
