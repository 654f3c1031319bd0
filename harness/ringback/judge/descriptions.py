"""Offers and answers as found in a case: who described what, and what was agreed.

RFC 3264 §5 to §7, RFC 3261 §13.2.1: which message carries which half.
"""

from collections.abc import Iterator, Mapping
from functools import lru_cache

import msgspec

from ringback.evidence.frame import SipFrame
from ringback.faults import Malformed
from ringback.judge.case import Case, Exchange, Said
from ringback.values import Leg, Role
from ringback.wire import multipart
from ringback.wire.sdp import Media, Sdp


class Agreement(msgspec.Struct, frozen=True, eq=False):
    """An offer and the answer to it, with the messages that carried them."""

    offering: Said
    answering: Said
    offer: Sdp
    answer: Sdp

    @property
    def frame(self) -> SipFrame:
        return self.answering.frame

    @property
    def streams(self) -> Iterator[tuple[Media, Media]]:
        """Stream by stream, offered and answered; readable ones only."""
        return zip(media_of(self.offer), media_of(self.answer), strict=False)


class Described(msgspec.Struct, frozen=True, eq=False):
    """One session description and the message that carried it."""

    said: Said
    sdp: Sdp

    @property
    def frame(self) -> SipFrame:
        return self.said.frame


def description(said: Said) -> Sdp | None:
    """The SDP of a message, also as a part of a multipart body; none where it is packed
    (RFC 3261 §20.12)."""
    body = said.frame.sip.body
    packed = said.first("content-encoding").lower() not in ("", "identity")
    return _sdp(said.first("content-type"), body) if body and not packed else None


def described(case: Case) -> tuple[Described, ...]:
    """What belongs to an offer or an answer; OPTIONS only tells what one could do
    (RFC 3264 §9)."""
    found = case.memory.get("described")
    if not isinstance(found, tuple):
        told = (said for said in case.said if said.method != "OPTIONS")
        pairs = ((said, description(said)) for said in told)
        found = tuple(Described(said, sdp) for said, sdp in pairs if sdp)
        case.memory["described"] = found
    return found


def agreements(case: Case) -> tuple[Agreement, ...]:
    """Every offer that was answered, of first and of later INVITEs."""
    found = case.memory.get("agreements")
    if not isinstance(found, tuple):
        invites = (x for x in case.exchanges if x.request.method == "INVITE")
        found = tuple(a for x in invites if (a := _agreed(x)))
        case.memory["agreements"] = found
    return found


@lru_cache(maxsize=256)
def media_of(sdp: Sdp) -> tuple[Media, ...]:
    try:
        return sdp.media
    except Malformed:
        return ()


def sound_of(sdp: Sdp | None) -> Media | None:
    """The first audio stream, if there is one that can be read."""
    streams = media_of(sdp) if sdp else ()
    return next((media for media in streams if media.kind == "audio"), None)


def listening(case: Case, leg: Leg, receiver: Role) -> list[Media]:
    """The audio streams that a role described on a leg, in order."""
    own = [d for d in described(case) if d.frame.leg is leg]
    sounds = [sound_of(d.sdp) for d in own if d.frame.sender is receiver]
    return [sound for sound in sounds if sound]


@lru_cache(maxsize=256)
def encodings(media: Media) -> Mapping[str, str]:
    """What each format stands for: ``NAME/RATE``, or the number where none is said."""
    names: dict[str, str] = {}
    for fmt in media.formats:
        try:
            name, rate, _ = media.rtpmap(fmt)
        except Malformed:
            name, rate = "", 0
        names[fmt] = f"{name.upper()}/{rate}" if name else fmt
    return names


def _agreed(invite: Exchange) -> Agreement | None:
    offer = description(invite.request)
    answered = [r for r in invite.responses if r.status // 100 == 2]
    early = [r for r in invite.responses if 100 < r.status < 200]
    if offer:
        for response in (*answered, *early):
            if answer := description(response):
                return Agreement(invite.request, response, offer, answer)
        return None
    for response in answered:
        offer = description(response)
        for ack in invite.acks:
            if offer and (answer := description(ack)):
                return Agreement(response, ack, offer, answer)
    return None


@lru_cache(maxsize=256)
def _sdp(content_type: str, body: bytes) -> Sdp | None:
    kind = content_type.partition(";")[0].strip().lower()
    if kind == "application/sdp":
        return Sdp.parse(body)
    if not kind.startswith("multipart/"):
        return None
    try:
        part = multipart.parse(content_type, body).part("application/sdp")
    except Malformed:
        return None
    return Sdp.parse(part.body) if part else None
