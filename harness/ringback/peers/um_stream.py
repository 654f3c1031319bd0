"""The stream between a worker and a phone: how it is described, and what runs on it.

RFC 3264 §5, §8 (changes), RFC 3262 §5 (an answer in a reliable 1xx), facts §4.7.
"""

from collections.abc import Callable

from msgspec.structs import replace

from ringback.faults import Malformed
from ringback.peers.um_settings import UmSettings
from ringback.protocol.media import MediaEvent, MediaSession
from ringback.protocol.names import Names
from ringback.protocol.offer_answer import (
    SDP_TYPE,
    Local,
    MediaPlan,
    Refusal,
    agreed,
    answer,
    offer,
)
from ringback.protocol.world import Wish
from ringback.values import Security
from ringback.wire.headers import content_type, tokens
from ringback.wire.message import Message
from ringback.wire.sdp import Sdp

DISCARD = 9  # RFC 863: nothing is meant to arrive there


class Stream:
    """Offers at once; ``media`` runs from ``settle`` on."""

    def __init__(
        self, settings: UmSettings, port: int, names: Names, out: Callable[[Wish], None]
    ) -> None:
        host = settings.media_host or settings.host
        key = names.octets(30) if settings.security.srtp else b""
        session = names.number(31)
        self._local = Local(host, port, session, 1, settings.security, key)
        self._offered = offer(self._local)
        self._early: Sdp | None = None
        self._reoffered: Sdp | None = None
        self.media = MediaSession(port, None, names, out)

    @property
    def offered(self) -> bytes:
        return bytes(self._offered)

    def progressed(self, response: Message) -> None:
        """A reliable provisional answer may already describe the other end."""
        if "100rel" in tokens(response, "require"):
            self._early = sdp_of(response) or self._early

    def plan(self, response: Message) -> MediaPlan | Refusal:
        """What the 2xx makes of our offer."""
        described = sdp_of(response) or self._early
        if described is None:
            return Refusal(488, "the answer describes no stream")
        return agreed(self._offered, described)

    def modified(self, request: Message) -> tuple[bytes, tuple[MediaEvent, ...]] | None:
        """Our answer to a new offer, or our offer where none came; None to refuse."""
        local = replace(self._local, version=self._local.version + 1)
        if not request.body:
            self._local, self._reoffered = local, offer(local)
            return bytes(self._reoffered), ()
        offered = sdp_of(request)
        said = answer(offered, local) if offered else None
        if said is None or isinstance(said, Refusal):
            return None
        self._local = local
        return bytes(said[0]), self.media.agree(said[1])

    def acked(self, request: Message) -> tuple[MediaEvent, ...]:
        """The ACK answers an offer that a 200 of ours made."""
        offered, self._reoffered = self._reoffered, None
        described = sdp_of(request)
        plan = agreed(offered, described) if offered and described else None
        return self.media.agree(plan) if isinstance(plan, MediaPlan) else ()


def inactive(settings: UmSettings, offered: Sdp, session: int) -> bytes | None:
    """The answer to the CAS, on whose leg no media ever runs; None when none fits."""
    host = settings.media_host or settings.host
    local = Local(host, DISCARD, session, 1, Security.UNSECURED)
    said = answer(offered, local, "inactive")
    return None if isinstance(said, Refusal) else bytes(said[0])


def sdp_of(message: Message) -> Sdp | None:
    """The description a message carries, if it can be read."""
    try:
        if message.body and content_type(message)[0] == SDP_TYPE:
            return Sdp.parse(message.body)
    except Malformed:
        return None
    return None
