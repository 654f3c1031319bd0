"""Offers and answers as a dialogue: what is refused, what may change, whose turn it is.

RFC 3264 §5 to §8, RFC 3261 §13.2.1, §13.3.1.3 and §14.1, RFC 5761 §5.1.1.
"""

from collections.abc import Callable, Iterator
from itertools import pairwise

from ringback.evidence.frame import Frame, RtpFrame
from ringback.faults import Malformed
from ringback.judge.case import Case, Exchange
from ringback.judge.descriptions import (
    Agreement,
    agreements,
    described,
    description,
    encodings,
    media_of,
    sound_of,
)
from ringback.judge.halves import OFFERING, Half, halves
from ringback.judge.soundness import is_refused_for_its_form
from ringback.judge.verdict import Verdict, each, fails, passes, undecided
from ringback.values import Address, Leg
from ringback.wire.sdp import Media, Sdp

TALKING = (Leg.UM_GATEWAY, Leg.GATEWAY_PHONE)
CLUMSY = {400, 500, 501, 505, 513}  # codes that say nothing of a description
GRACE = 0.25  # seconds: what was under way when a stream was closed
G711 = {"0", "8"}
USUAL = (  # lines of which no offer becomes odd
    *(b"v=0", b"o=", b"s=", b"c=IN IP4 ", b"t=0 0", b"m=audio "),
    *(b"a=rtpmap:", b"a=fmtp:", b"a=ptime:20", b"a=crypto:", b"a=sendrecv"),
)
PRIVATE = "X-"  # encodings that nobody has registered, and nobody speaks


def offers_of_nothing_known_set_up_no_sound(case: Case) -> Verdict:
    """RFC 3264 §6: without a common format the stream, or the call, is refused."""
    strange = [x for x in _offering(case) if x.final and _is_strange(x)]
    return each(strange, _takes_it, "offers of nothing known", shows=_final)


def _is_strange(exchange: Exchange) -> bool:
    sound = sound_of(description(exchange.request))
    names = set(encodings(sound).values()) if sound else set()
    return bool(names) and all(name.startswith(PRIVATE) for name in names)


def _takes_it(exchange: Exchange) -> str:
    sound = _accepted_sound(exchange)
    return "an offer without a known format was accepted" if sound else ""


def _accepted_sound(exchange: Exchange) -> Media | None:
    """The live audio stream of a 2xx."""
    sound = sound_of(description(exchange.accepted)) if exchange.accepted else None
    return sound if sound and sound.port else None


def offers_are_not_refused_clumsily(case: Case) -> Verdict:
    """RFC 3261 §13.3.1.3 and §21.4.26: 488 says that a description cannot be taken."""
    offered = [x for x in _offering(case) if x.final and x.frame.leg in TALKING]
    offered = [x for x in offered if not is_refused_for_its_form(x)]
    told = case.known.expected.refusal if case.circumstances else 0
    offered = [x for x in offered if x.final and x.final.status != told]
    telling = [x for x in offered if x.accepted or not _is_plain(case, x)]
    return each(telling, _clumsy, "offers", shows=_final)


def _is_plain(case: Case, exchange: Exchange) -> bool:
    """One stream that everybody can take: who refuses it has another reason, be it a
    phone that is out of order or another INVITE that is under way (RFC 3261 §14.2)."""
    offer = description(exchange.request)
    media = media_of(offer) if offer else ()
    secured = case.circumstances is not None and case.known.security.srtp
    wanted = "RTP/SAVP" if secured else "RTP/AVP"
    return (
        offer is not None
        and len(media) == 1
        and media[0].port > 0
        and media[0].protocol == wanted
        and not G711.isdisjoint(media[0].formats)
        and all(line.startswith(USUAL) for line in offer.lines)
    )


def _clumsy(exchange: Exchange) -> str:
    status = exchange.final.status if exchange.final else 0
    return f"an offer was refused with {status}" if status in CLUMSY else ""


def _final(exchange: Exchange) -> Frame:
    return (exchange.final or exchange.request).frame


def refused_streams_stay_refused(case: Case) -> Verdict:
    """RFC 3264 §8.2: port 0 is answered with port 0."""
    closed = [a for a in agreements(case) if any(not o.port for o, _ in a.streams)]
    return each(closed, _opened, "answers to a stream with port 0")


def _opened(agreement: Agreement) -> str:
    if any(not o.port and a.port for o, a in agreement.streams):
        return "a stream that its own offer refuses was answered with a port"
    return ""


def nothing_is_sent_where_all_is_refused(case: Case) -> Verdict:
    """RFC 3264 §5.1 and §6: a stream with port 0 carries nothing."""
    mute = [a for a in agreements(case) if a.frame.leg in TALKING and _is_mute(a)]
    if not mute:
        return undecided("no agreement refused every stream")
    loud = [f for a in mute for f in _sent(case, a)]
    if loud:
        return fails("RTP was sent for a call whose streams are refused", *loud[:12])
    return passes(f"{len(mute)} call(s) without a stream, and silent", mute[0].frame)


def _is_mute(agreement: Agreement) -> bool:
    streams = list(agreement.streams)
    return bool(streams) and not any(o.port and a.port for o, a in streams)


def _sent(case: Case, agreement: Agreement) -> Iterator[RtpFrame]:
    """RTP to places that this call names and no other one, until the next offer;
    what a change ends may be under way."""
    call_id, frame = agreement.answering.call_id, agreement.frame
    own: set[Address] = set()
    others: set[Address] = set()
    for thing in described(case):
        named = own if thing.said.call_id == call_id else others
        named |= {Address(m.host, m.port) for m in media_of(thing.sdp)}
    changes = agreement.offering.to_tag and not agreement.offering.status
    begin = frame.time + (GRACE if changes else 0.0)
    later = [
        s.frame.time
        for s in case.requests
        if s.call_id == call_id and s.number > frame.number and s.method in OFFERING
    ]
    end = min(later, default=case.last_time + 1)
    for stream in case.streams:
        if stream.leg is frame.leg and stream.target in own - others:
            late = (f for f in stream.frames if f.number > frame.number)
            yield from (f for f in late if begin <= f.time < end)


def invitations_without_an_offer_get_one(case: Case) -> Verdict:
    """RFC 3261 §13.2.1: the first reliable answer that is no failure has the offer."""
    open_ = [x for x in case.exchanges if _asks_for_one(x)]
    return each(open_, _unoffered, "accepted INVITEs without an offer", shows=_final)


def _asks_for_one(exchange: Exchange) -> bool:
    bare = exchange.request.method == "INVITE" and not exchange.frame.sip.body
    return bare and exchange.accepted is not None and exchange.frame.leg is not None


def _unoffered(exchange: Exchange) -> str:
    if any(description(r) for r in exchange.responses if r.status < 300):
        return ""
    return "an INVITE without an offer was accepted without one"


def offers_of_answers_are_answered(case: Case) -> Verdict:
    """RFC 3261 §13.2.1 and §13.2.2.4: an offer in a 2xx is answered in the ACK."""
    open_ = [x for x in case.exchanges if _asks_for_one(x) and not _unoffered(x)]
    open_ = [x for x in open_ if x.acks]
    bad = [x for x in open_ if not any(map(description, x.acks))]
    if not open_:
        return undecided("no offer in a 2xx was acknowledged")
    if bad:
        frames = [f for x in bad for f in (x.acks[0].frame, x.frame)]
        return fails("the ACK does not answer the offer of the 2xx", *frames)
    return passes("answered in the ACK", *(x.acks[0].frame for x in open_))


def acks_answer_nothing_else(case: Case) -> Verdict:
    """RFC 3261 §13.2.1: once the offer of an INVITE is answered its ACK has none."""
    closed = [
        ack
        for x in case.exchanges
        if x.request.method == "INVITE" and x.frame.leg and description(x.request)
        if x.accepted and description(x.accepted)
        for ack in x.acks
    ]
    if not closed:
        return undecided("no answered offer was acknowledged")
    stray = [ack.frame for ack in closed if description(ack)]
    if stray:
        return fails("the ACK describes a session although no offer is open", *stray)
    return passes(f"{len(closed)} ACK(s) without a description", closed[0].frame)


def versions_count_changes(case: Case) -> Verdict:
    """RFC 3264 §8: a later offer has the o line of before, but for the version: one
    more, or the same with all else the same."""
    return _later(case, _origin, "later offers")


def _origin(half: Half, before: list[Half]) -> str:
    try:
        now, last = half.sdp.origin, before[-1].sdp.origin
        version = int(now.version)
        known = {int(h.sdp.origin.version): h for h in before}
    except (Malformed, ValueError):
        return ""  # another rule says so
    if (now.username, now.session_id, now.host) != (
        last.username,
        last.session_id,
        last.host,
    ):
        return f"the o line of {last.session_id} became that of {now.session_id}"
    if version in known:
        same = known[version].sdp.lines == half.sdp.lines
        return "" if same else f"version {version} is told of another description"
    standing = [int(h.sdp.origin.version) for h in before if h.stands][-1:]
    if version - 1 in (int(last.version), *standing):
        return ""
    return f"the version goes from {last.version} to {version}"


def streams_are_never_taken_away(case: Case) -> Verdict:
    """RFC 3264 §8: a later offer has as many m lines as before, or more."""
    return _later(case, _fewer, "later offers")


def _fewer(half: Half, before: list[Half]) -> str:
    had = max((len(media_of(h.sdp)) for h in before if h.stands), default=0)
    now = _count(half.sdp)
    return f"{had} m line(s) became {now}" if now < had else ""


def _count(sdp: Sdp) -> int:
    return len(sdp.values("m"))


def numbers_keep_their_meaning(case: Case) -> Verdict:
    """RFC 3264 §8.3.2: a dynamic number stands for one codec as long as it lasts."""
    return _later(case, _remapped, "later offers")


def _remapped(half: Half, before: list[Half]) -> str:
    known: dict[str, str] = {}
    for told in (*before, half):
        for fmt, name in _dynamic(told.sdp):
            if known.setdefault(fmt, name) != name and told is half:
                return f"format {fmt} was {known[fmt]} and became {name}"
    return ""


def _dynamic(sdp: Sdp) -> Iterator[tuple[str, str]]:
    sound = sound_of(sdp)
    for fmt, name in encodings(sound).items() if sound else ():
        if fmt.isdecimal() and int(fmt) >= 96 and name != fmt:
            yield fmt, name


def _later(
    case: Case, offence: Callable[[Half, list[Half]], str], what: str
) -> Verdict:
    """Judge each offer by what the same party described before it."""
    found = [
        (half, own[:at])
        for own in halves(case).values()
        for at, half in enumerate(own)
        if half.is_offer and at
    ]
    if not found:
        return undecided(f"no {what} in this evidence")
    bad = [(half, why) for half, before in found if (why := offence(half, before))]
    if bad:
        return fails(bad[0][1], *(half.frame for half, _ in bad))
    return passes(f"{len(found)} {what}, all in order", found[0][0].frame)


def one_offer_at_a_time(case: Case) -> Verdict:
    """RFC 3261 §14.1 and RFC 3311 §5.1: no second offer before the first is settled."""
    found = 0
    for call in case.all_calls:
        offers = [x for x in call.exchanges if _offers(x)]
        found += len(offers) - 1 if len(offers) > 1 else 0
        for at, second in enumerate(offers):
            if any(_is_open(first, second) for first in offers[:at]):
                why = "a new offer was made while one was not answered yet"
                return fails(why, second.frame)
    if not found:
        return undecided("nobody made a second offer in a call")
    return passes(f"{found} later offer(s), each after the one before it")


def _offers(exchange: Exchange) -> bool:
    request = exchange.request
    fits = request.method in OFFERING and request.frame.leg is not None
    return fits and description(request) is not None


def _is_open(first: Exchange, second: Exchange) -> bool:
    """By the same sender; what crosses on the way is nobody's fault."""
    own = first.request.ends == second.request.ends and second.request.to_tag
    if not own or first.request.sequence == second.request.sequence:
        return False
    settled = [r for r in first.responses if r.status >= 200 or description(r)]
    return all(r.number > second.request.number for r in settled)


def times_are_kept(case: Case) -> Verdict:
    """RFC 3264 §6: the t line of an answer is that of its offer."""
    return each(list(agreements(case)), _times, "answers")


def _times(agreement: Agreement) -> str:
    asked, said = (
        [" ".join(v.split()) for v in sdp.values("t")]
        for sdp in (agreement.offer, agreement.answer)
    )
    if not asked:
        return ""  # no description may lack it: that is another rule's
    return "" if asked == said else f"t={asked[:1]} was answered with t={said[:1]}"


def preferences_are_kept(case: Case) -> Verdict:
    """RFC 3264 §6.1: a SHOULD: formats in the order of the offer."""
    return each(list(agreements(case)), _order, "answers")


def _order(agreement: Agreement) -> str:
    for offered, answered in agreement.streams:
        names = list(dict.fromkeys(encodings(offered).values()))
        places = [names.index(n) for n in encodings(answered).values() if n in names]
        if answered.port and any(a > b for a, b in pairwise(places)):
            return f"{' '.join(offered.formats)} became {' '.join(answered.formats)}"
    return ""


def mux_is_answered_only_where_offered(case: Case) -> Verdict:
    """RFC 5761 §5.1.1: a=rtcp-mux in an answer only when the offer has it."""
    return each(list(agreements(case)), _mux, "answers")


def _mux(agreement: Agreement) -> str:
    for offered, answered in agreement.streams:
        if answered.port and answered.rtcp_mux and not offered.rtcp_mux:
            return "rtcp-mux was answered and not offered"
    return ""


def _offering(case: Case) -> list[Exchange]:
    """INVITEs of a known leg that carry an offer."""
    invites = (x for x in case.exchanges if x.request.method == "INVITE")
    return [x for x in invites if x.frame.leg and description(x.request)]
