"""The form of SIP requests and responses, one message at a time.

RFC 3261 §8.1.1 (requests), §8.2.6.2 (responses), §18.3 and §20.14 (length).
"""

from ringback.evidence.frame import BrokenFrame, SipFrame
from ringback.faults import Malformed
from ringback.judge.case import SIP_LEGS, Case, Exchange, Said, readable
from ringback.judge.soundness import is_sound
from ringback.judge.verdict import Verdict, each, fails, passes, undecided
from ringback.wire.headers import NameAddr, content_length, max_forwards
from ringback.wire.uri import same

COOKIE = "z9hG4bK"
MANDATORY = ("to", "from", "cseq", "call-id", "via")


def requests_have_the_mandatory_fields(case: Case) -> Verdict:
    """§8.1.1, Max-Forwards apart."""
    return each(case.requests, _lacks, "requests")


def _lacks(said: Said) -> str:
    missing = [name for name in MANDATORY if not said.first(name)]
    return f"{said.method} without {', '.join(missing)}" if missing else ""


def requests_have_max_forwards(case: Case) -> Verdict:
    """§8.1.1.6 with §20.22: a number from 0 to 255."""
    return each(case.requests, _max_forwards, "requests")


def _max_forwards(said: Said) -> str:
    try:
        value = max_forwards(said.frame.sip)
    except Malformed as error:
        return f"{said.method}: {error.why}"
    return f"{said.method} without Max-Forwards" if value is None else ""


def branches_begin_with_the_cookie(case: Case) -> Verdict:
    """§8.1.1.7: of the branch that the sender put on top."""
    return each(case.requests, _cookie, "requests")


def _cookie(said: Said) -> str:
    if said.branch.startswith(COOKIE):
        return ""
    return f"{said.method} has the branch {said.branch!r}"


def requests_carry_a_from_tag(case: Case) -> Verdict:
    """§8.1.1.3."""
    return each(case.requests, _from_tag, "requests")


def _from_tag(said: Said) -> str:
    return "" if said.from_tag else f"{said.method} without a tag in From"


def cseq_names_the_method(case: Case) -> Verdict:
    """§8.1.1.5."""
    return each(case.requests, _cseq_method, "requests")


def _cseq_method(said: Said) -> str:
    if said.first("cseq").rpartition(" ")[2] == said.method:
        return ""  # whether its number can be read is for another rule
    return f"{said.method} has CSeq {said.first('cseq')!r}"


def invites_carry_one_contact(case: Case) -> Verdict:
    """§8.1.1.8: exactly one, a SIP or SIPS URI."""
    invites = [s for s in case.requests if s.method == "INVITE"]
    return each(invites, _one_contact, "INVITEs")


def _one_contact(said: Said) -> str:
    contacts = said.listed("contact")
    if len(contacts) != 1:
        return f"{len(contacts)} Contacts in INVITE"
    read = readable(NameAddr.parse, contacts[0])
    if read is None or not hasattr(read.uri, "host"):
        return f"the Contact {contacts[0]!r} is no SIP URI"
    return ""


def answers_to_invite_carry_a_contact(case: Case) -> Verdict:
    """§12.1.1: of 2xx, which make a dialog."""
    asked = [x for x in case.exchanges if x.request.method == "INVITE"]
    answers = [r for x in asked for r in x.responses if r.status // 100 == 2]
    return each(answers, _a_contact, "2xx")


def _a_contact(said: Said) -> str:
    read = readable(NameAddr.parse, next(iter(said.listed("contact")), ""))
    return "" if read else f"{said.status} to INVITE without a readable Contact"


def lengths_are_told_on_streams(case: Case) -> Verdict:
    """§18.3 with §20.14: Content-Length is there, once or without contradiction."""
    streamed = [s for s in case.said if s.frame.flow in case.connections]
    return each(streamed, _length, "messages on TCP")


def _length(said: Said) -> str:
    try:
        told = content_length(said.frame.sip)
    except Malformed as error:
        return f"{error.why}: {', '.join(said.headers['content-length'])}"
    name = str(said.status or said.method)
    if told is None:
        return f"{name} without Content-Length"
    held = len(said.frame.sip.body)
    return "" if told == held else f"{name} tells {told} octets and holds {held}"


def streams_hold_nothing_but_messages(case: Case) -> Verdict:
    """§7 and §18.3: every octet on a SIP connection belongs to a readable message."""
    flows = {s.frame.flow for s in case.said}
    spoken = [f for f in case.evidence.broken if _on_sip(f, flows)]
    if spoken:
        why = f"octets that are no SIP message: {spoken[0].why}"
        return fails(why, *spoken)
    if not case.said:
        return undecided("no SIP in this evidence")
    return passes(f"{len(case.said)} messages and nothing else")


def _on_sip(frame: BrokenFrame, flows: set[int]) -> bool:
    return frame.flow in flows or frame.leg in SIP_LEGS


def responses_copy_the_via(case: Case) -> Verdict:
    """§8.2.6.2: the same hops in the same order; received and rport may be added."""
    return each(_answered(case), _via, "responses")


def responses_copy_from_call_id_and_cseq(case: Case) -> Verdict:
    """§8.2.6.2. Call-ID and CSeq pair response and request, so only orphans differ."""
    return each(_answered(case), _from, "responses")


def responses_keep_the_to(case: Case) -> Verdict:
    """§8.2.6.2: a tag that came is kept; none came: every response but 100 has one."""
    return each(_answered(case), _to, "responses")


class _Pair:
    """A response beside its request."""

    def __init__(self, request: Said, response: Said) -> None:
        self.request, self.response = request, response

    @property
    def frame(self) -> SipFrame:
        return self.response.frame


def _answered(case: Case) -> list[_Pair]:
    found = case.memory.get("pairs")
    if not isinstance(found, list):
        found = [_Pair(x.request, r) for x in case.exchanges for r in x.responses]
        found += _strays(case, {id(pair.response) for pair in found})
        case.memory["pairs"] = found
    return found


def _strays(case: Case, paired: set[int]) -> list[_Pair]:
    """Responses that match no request: held against the open one on their flow."""
    loose = [s for s in case.responses if id(s) not in paired]
    strays = [s for s in loose if s.method != "ACK"]  # that answers no open request
    strays = [s for s in strays if not _answers_nonsense(case, s)]
    pairs = [(_open(case.exchanges, stray), stray) for stray in strays]
    return [_Pair(x.request, stray) for x, stray in pairs if x is not None]


def _answers_nonsense(case: Case, stray: Said) -> bool:
    """Whether something came before, the other way, whose end nobody can tell."""
    there = (stray.frame.flow, stray.frame.target)
    ill = [s.frame for s in case.said if s.number < stray.number and not is_sound(s)]
    frames = [*ill, *(f for f in case.evidence.broken if f.number < stray.number)]
    return any((f.flow, f.source) == there for f in frames)


def _open(exchanges: tuple[Exchange, ...], stray: Said) -> Exchange | None:
    """The last request that went the other way on the flow and then had no final
    answer."""
    known = [
        x
        for x in exchanges
        if (x.final is None or x.final.number > stray.number)
        and x.frame.flow == stray.frame.flow
        and x.frame.source == stray.frame.target
        and x.frame.number < stray.frame.number
    ]
    return known[-1] if known else None


def _via(pair: _Pair) -> str:
    ours, theirs = pair.request.vias, pair.response.vias
    mine = [(v.transport.upper(), v.host.lower(), v.port, v.branch) for v in ours]
    copied = [(v.transport.upper(), v.host.lower(), v.port, v.branch) for v in theirs]
    if mine == copied:
        return ""
    return f"{pair.response.status} has other Vias than its {pair.request.method}"


def _from(pair: _Pair) -> str:
    asked, told = pair.request, pair.response
    name = f"{told.status} to {asked.method}"
    if asked.call_id != told.call_id:
        return f"{name} has another Call-ID"
    own = asked.first("cseq").split()
    named = own[-1:] == [asked.method]  # else it is the request that has to be mended
    if named and own != told.first("cseq").split():
        return f"{name} has another CSeq"
    if asked.from_tag != told.from_tag or not same_uri(asked, told, "from"):
        return f"{name} has another From"
    return ""


def _to(pair: _Pair) -> str:
    asked, told = pair.request, pair.response
    name = f"{told.status} to {asked.method}"
    if readable(NameAddr.parse, asked.first("to")) is None:
        return ""  # nothing to keep, and nowhere to add a tag
    if asked.to_tag and asked.to_tag != told.to_tag:
        return f"{name} has another tag in To"
    if not told.to_tag and told.status != 100:
        return f"{name} has no tag in To"
    if asked.first("to") and not told.first("to"):
        return f"{name} has no To"
    if not same_uri(asked, told, "to"):
        return f"{name} has another URI in To"
    return ""


def same_uri(asked: Said, told: Said, name: str) -> bool:
    """What cannot be read cannot be compared, and is for another rule."""
    mine = readable(NameAddr.parse, asked.first(name))
    theirs = readable(NameAddr.parse, told.first(name))
    return not (mine and theirs) or same(mine.uri, theirs.uri)
