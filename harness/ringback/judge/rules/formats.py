"""What a description says of its lines and formats, taken by itself.

RFC 8866 §5 and §9 (order of lines), §5.14, §6.6, §6.7 and §6.15 (formats), RFC 3551 §6
(static payload types), RFC 4733 §2.1 (telephone events), RFC 3264 §5 (time).
"""

import re
from collections.abc import Container, Iterable, Iterator
from itertools import pairwise

from ringback.faults import Malformed
from ringback.judge.case import Case, Said
from ringback.judge.descriptions import Described, described, media_of
from ringback.judge.halves import halves
from ringback.judge.verdict import Verdict, each
from ringback.values import Leg, Role
from ringback.wire.sdp import DIRECTIONS, STATIC, Media, Sdp

DYNAMIC = range(96, 128)  # RFC 3551 §6
_KNOWN = frozenset("vosiuepcbtrzkam")
_ORDER = re.compile(r"vosi?u?e*p*c?b*(?:tr*z?)+k?a*(?:mi?c*b*k?a*)*")
_OF_FORMATS = ("rtpmap:", "fmtp:")
_Whose = tuple[str, Leg | None, Role | str]  # Call-ID, leg, who


def misplaced_line(sdp: Sdp) -> str:
    """RFC 8866 §9: which line stands where none of its kind may; letters that the
    grammar does not know are passed over."""
    kinds = [chr(line[0]) for line in sdp.lines if line[1:2] == b"="]
    kinds = [kind for kind in kinds if kind in _KNOWN]
    if _ORDER.fullmatch("".join(kinds)):
        return ""
    for one, other in pairwise(kinds):
        if one == other and one in "vosiuk":
            return f"two {one} lines"
    return f"lines out of order: {''.join(kinds)}"


def offers_have_no_time_of_their_own(case: Case) -> Verdict:
    """RFC 3264 §5: who calls by SIP begins and ends by SIP. Answers copy the line."""
    copied = {
        (_whose(half.said), line)
        for own in halves(case).values()
        for half in own
        if not half.is_offer
        for line in half.sdp.values("t")
    }
    offers = [d for d in described(case) if _asks(d)]
    return each(offers, lambda d: _time(d, copied), "offers")


def _asks(thing: Described) -> bool:
    return not thing.said.status and thing.said.method in ("INVITE", "UPDATE")


def _time(thing: Described, copied: Container[tuple[_Whose, str]]) -> str:
    """Who had to copy a line into his answer may go on with his description (§8)."""
    said = [line for line in thing.sdp.values("t") if line.split() != ["0", "0"]]
    own = [line for line in said if (_whose(thing.said), line) not in copied]
    return f"the time line of an offer is {own[0]!r}" if own else ""


def _whose(said: Said) -> _Whose:
    return said.call_id, said.frame.leg, said.ends[0]


def dynamic_formats_are_named(case: Case) -> Verdict:
    """RFC 8866 §5.14: a number from 96 on means nothing by itself."""
    return each(described(case), _nameless, "session descriptions")


def _nameless(thing: Described) -> str:
    for media in _running(thing):
        named = {value.partition(" ")[0] for value in media.attributes("rtpmap")}
        for fmt in media.formats:
            if fmt.isdigit() and int(fmt) in DYNAMIC and fmt not in named:
                return f"no rtpmap says what {fmt} is"
    return ""


def static_formats_keep_their_meaning(case: Case) -> Verdict:
    """RFC 3551 §6: an rtpmap may repeat what the number means, not change it."""
    return each(described(case), _renamed, "session descriptions")


def _renamed(thing: Described) -> str:
    for media in _running(thing):
        for value in media.attributes("rtpmap"):
            fmt, _, told = value.partition(" ")
            if fmt in STATIC and not _is(told.strip(), *STATIC[fmt]):
                return f"rtpmap says that {fmt} is {told}"
    return ""


def _is(told: str, name: str, rate: int, channels: int) -> bool:
    words = told.split("/")
    spoken = words[2] if len(words) > 2 else "1"
    return [words[0].upper(), *words[1:2], spoken] == [name, str(rate), str(channels)]


def formats_are_told_once(case: Case) -> Verdict:
    """RFC 8866 §6.6, §6.15: one rtpmap and one fmtp for each format, below its stream;
    §6.7: one direction at each level."""
    return each(described(case), _twice, "session descriptions")


def _twice(thing: Described) -> str:
    session, *streams = (_attributes(lines) for lines in _levels(thing.sdp))
    for said in (session, *streams):
        heads = [a.partition(" ")[0] for a in said if a.startswith(_OF_FORMATS)]
        ways = [a for a in said if a in DIRECTIONS]
        if again := next((head for head in heads if heads.count(head) > 1), ""):
            return f"two attributes {again} in one stream"
        if len(ways) > 1:
            return f"two directions at one level: {' '.join(ways)}"
    loose = [a for a in session if a.startswith("rtpmap:")]
    return f"{loose[0]} stands above all streams" if loose else ""


def _levels(sdp: Sdp) -> Iterator[tuple[bytes, ...]]:
    """The lines of the session, then of each stream."""
    starts = [i for i, line in enumerate(sdp.lines) if line.startswith(b"m=")]
    for begin, end in pairwise([0, *starts, len(sdp.lines)]):
        yield sdp.lines[begin:end]


def _attributes(lines: Iterable[bytes]) -> list[str]:
    said = [line for line in lines if line.startswith(b"a=")]
    return [line[2:].decode("latin-1").strip() for line in said]


def events_run_by_the_clock_of_the_sound(case: Case) -> Verdict:
    """RFC 4733 §2.1: events have the time stamps of the audio that they interrupt."""
    telling = [d for d in described(case) if any(map(_event_rates, _running(d)))]
    return each(telling, _clock, "descriptions with telephone events")


def _clock(thing: Described) -> str:
    for media in _running(thing):
        events, sounds = _event_rates(media), _rates(media, events=False)
        if events and sounds and not events <= sounds:
            alien = " ".join(map(str, sorted(events - sounds)))
            return f"telephone-event at {alien} Hz, which no codec beside it has"
    return ""


def _event_rates(media: Media) -> set[int]:
    return _rates(media, events=True)


def _rates(media: Media, *, events: bool) -> set[int]:
    """Clock rates of the formats that are telephone events, or of the others; what
    cannot be read is for another rule."""
    found = set[int]()
    for fmt in media.formats:
        try:
            name, rate, _ = media.rtpmap(fmt)
        except Malformed:
            continue
        if name and (name.lower() == "telephone-event") is events:
            found.add(rate)
    return found


def _running(thing: Described) -> Iterable[Media]:
    """Streams that are not refused."""
    return [m for m in media_of(thing.sdp) if m.port and m.protocol.startswith("RTP/")]
