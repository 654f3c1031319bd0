"""Dialogs as a capture shows them: who made them, and what was asked within.

RFC 3261 §12.1 (what makes a dialog), §12.2.1.1 (route set and remote target). Nothing
is judged here. A dialog of which the capture has no INVITE is not known.
"""

from collections import defaultdict
from collections.abc import Iterable

import msgspec

from ringback.evidence.frame import SipFrame
from ringback.judge.case import Case, Exchange, Said, readable
from ringback.values import Leg
from ringback.wire.headers import NameAddr
from ringback.wire.uri import SipUri
from ringback.wire.uri import parse as parse_uri

Place = tuple[str, str, int | None]  # user, host, port
_Where = tuple[str, Leg | None]


class Dialogue(msgspec.Struct, frozen=True, eq=False):
    """``made`` is the first response that has its To tag, ``confirmed`` its 2xx.

    ``requests`` were said within it by either side: no CANCEL, and no ACK but that of
    a 2xx. ``exchanges`` are the same without ACK.
    """

    invite: Exchange
    made: Said
    confirmed: Said | None
    requests: tuple[Said, ...]
    exchanges: tuple[Exchange, ...]

    @property
    def frame(self) -> SipFrame:
        return self.made.frame

    def by_caller(self, said: Said) -> bool:
        """Whether who sent the INVITE asks this."""
        return said.from_tag == self.invite.request.from_tag

    def of(self, *methods: str) -> tuple[Exchange, ...]:
        return tuple(x for x in self.exchanges if x.request.method in methods)

    @property
    def invitations(self) -> tuple[Exchange, ...]:
        """The first INVITE and the later ones."""
        return self.invite, *self.of("INVITE")

    @property
    def bye(self) -> Exchange | None:
        return next(iter(self.of("BYE")), None)

    def routes(self, said: Said) -> list[str]:
        """The route set of who asks this, as the dialog was made (§12.1.1, §12.1.2).

        A proxy at the asker's own address takes its Route off before anybody else sees
        the request (§16.4), so what leads there is left out.
        """
        if self.by_caller(said):
            told, own = self.confirmed or self.made, self.invite.request
            routes = told.listed("record-route")[::-1]
        else:
            told, own = self.invite.request, self.confirmed or self.made
            routes = told.listed("record-route")
        here = contact_of(own)
        return [r for r in routes if not (here and _leads_to(r, here))]


def dialogues_of(case: Case) -> list[Dialogue]:
    """Every dialog, early ones too, in the order they were made."""
    found = case.memory.get("dialogues")
    if not isinstance(found, list):
        found = list(_all(case))
        case.memory["dialogues"] = found
    return found


def strays_of(case: Case) -> list[Exchange]:
    """Requests with a To tag that name no dialog of this capture; none where the
    capture may have begun too late to tell."""
    if not case.complete:
        return []
    known = {_name(d.invite.request, d.made.to_tag) for d in dialogues_of(case)}
    vague = {call_id for call_id, from_tag, _ in known if not from_tag}
    return [
        x
        for x in case.exchanges
        if x.request.to_tag
        and x.request.method != "CANCEL"
        and x.frame.leg
        and x.request.call_id not in vague  # whose INVITE had no tag to go by
        and not known & {_name(x.request, x.request.to_tag), _turned(x.request)}
    ]


def place_of(text: str) -> Place | None:
    """User, host and port of a URI; None for what is no SIP URI."""
    uri = readable(parse_uri, text)
    if not isinstance(uri, SipUri):
        return None
    return uri.user, uri.host.lower(), uri.port


def contact_of(said: Said) -> Place | None:
    """Where its first Contact leads."""
    listed = said.listed("contact")
    read = readable(NameAddr.parse, listed[0]) if listed else None
    return place_of(str(read.uri)) if read else None


def uri_of(route: str) -> SipUri | None:
    """The URI of a Route or Record-Route value."""
    read = readable(NameAddr.parse, route)
    return read.uri if read and isinstance(read.uri, SipUri) else None


def _leads_to(route: str, here: Place) -> bool:
    uri = uri_of(route)
    return uri is not None and (uri.host.lower(), uri.port) == here[1:]


def earlier(exchanges: Iterable[Exchange], number: int) -> list[Exchange]:
    """Those that were asked before."""
    return [x for x in exchanges if x.frame.number < number]


def _all(case: Case) -> Iterable[Dialogue]:
    asked: dict[_Where, list[Exchange]] = defaultdict(list)
    acks: dict[_Where, list[Said]] = defaultdict(list)
    for exchange in case.exchanges:
        asked[_where(exchange.request)].append(exchange)
    for said in case.requests:
        if said.method == "ACK" and said.to_tag:
            acks[_where(said)].append(said)
    for exchange in case.exchanges:
        request = exchange.request
        if request.method == "INVITE" and not request.to_tag:
            where = _where(request)
            for tag in dict.fromkeys(_tags(exchange)):
                yield _made(exchange, tag, asked[where], acks[where])


def _made(
    invite: Exchange, tag: str, asked: list[Exchange], acks: list[Said]
) -> Dialogue:
    tagged = [r for r in invite.responses if r.to_tag == tag and 100 < r.status < 300]
    pair = {invite.request.from_tag, tag}
    own = tuple(
        x
        for x in asked
        if {x.request.from_tag, x.request.to_tag} == pair
        and x.request.method != "CANCEL"
    )
    accepted = {
        (x.request.from_tag, x.request.sequence)
        for x in (invite, *own)
        if x.request.method == "INVITE" and x.accepted
    }
    confirming = [
        a
        for a in acks
        if {a.from_tag, a.to_tag} == pair and (a.from_tag, a.sequence) in accepted
    ]
    requests = [*(x.request for x in own), *confirming]
    return Dialogue(
        invite,
        tagged[0],
        next((r for r in tagged if r.status >= 200), None),
        tuple(sorted(requests, key=lambda said: said.number)),
        own,
    )


def _tags(invite: Exchange) -> list[str]:
    return [r.to_tag for r in invite.responses if r.to_tag and 100 < r.status < 300]


def _where(said: Said) -> _Where:
    return said.call_id, said.frame.leg


def _name(said: Said, to_tag: str) -> tuple[str, str, str]:
    return said.call_id, said.from_tag, to_tag


def _turned(said: Said) -> tuple[str, str, str]:
    """The same dialog, asked from the other side."""
    return said.call_id, said.to_tag, said.from_tag
