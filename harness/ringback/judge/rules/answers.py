"""What responses must have beside what they copy; and what gets no response.

RFC 3261 §8.2.1, §8.2.2.3, §8.2.3 (refusals that tell what would do), §8.2.6.2 (one
tag), §11.2 (OPTIONS), §17 (ACK).
"""

from ringback.evidence.frame import Frame
from ringback.judge.case import Case, Exchange, Said
from ringback.judge.stimulus import given
from ringback.judge.verdict import Verdict, each, fails, passes, undecided
from ringback.values import Role

WHOLE = (Role.CAS, Role.UM)  # they are user agents; another may be a forking proxy


def one_agent_has_one_tag(case: Case) -> Verdict:
    """§8.2.6.2: all its responses to a request have the same tag, 100 apart."""
    several = [x for x in case.exchanges if len(_tagged(x)) > 1]
    several = [x for x in several if x.request.receiver in WHOLE]
    return each(several, _tags, "requests with several responses", shows=_last_word)


def _tagged(exchange: Exchange) -> list[Said]:
    return [r for r in exchange.responses if r.status > 100 and r.to_tag]


def _tags(exchange: Exchange) -> str:
    tags = dict.fromkeys(r.to_tag for r in _tagged(exchange))
    if len(tags) == 1:
        return ""
    return f"one {exchange.request.method} got the tags {', '.join(tags)}"


def _last_word(exchange: Exchange) -> Frame:
    told = _tagged(exchange)
    other = [r for r in told if r.to_tag != told[0].to_tag]
    return (other or told)[0].frame


def nobody_answers_an_ack(case: Case) -> Verdict:
    """§13.3.1.4 and §17.2.1: an ACK gets nothing, not even a refusal."""
    acks = [s for s in case.requests if s.method == "ACK"]
    if not acks:
        return undecided("nobody sent ACK")
    named = [s for s in case.requests if s.method != "ACK" and "ACK" in s.first("cseq")]
    others = {s.branch for s in named}  # requests that only call themselves so
    answers = [
        s for s in case.responses if s.method == "ACK" and s.branch not in others
    ]
    if answers:
        return fails(f"{answers[0].status} to ACK", *(s.frame for s in answers))
    return passes(f"{len(acks)} ACK(s), none answered")


@given("405")
def a_405_allows(case: Case) -> Verdict:
    """§8.2.1 and §21.4.6; a list may be empty, the field may not be absent."""
    return each(_with(case, 405), _no_allow, "responses 405")


def _no_allow(said: Said) -> str:
    return "" if "allow" in said.headers else f"405 to {said.method} without Allow"


@given("420")
def a_420_says_which(case: Case) -> Verdict:
    """§8.2.2.3: Unsupported lists tags that the request required."""
    bad = [x for x in case.exchanges if x.final and x.final.status == 420]
    return each(bad, _unsupported, "responses 420", shows=_final)


def _unsupported(exchange: Exchange) -> str:
    request, final = exchange.request, exchange.final
    assert final, "chosen by it"
    told = {tag.lower() for tag in final.listed("unsupported")}
    wanted = (*request.listed("require"), *request.listed("proxy-require"))
    if not told:
        return f"420 to {request.method} without Unsupported"
    alien = told - {tag.lower() for tag in wanted}
    return f"420 names {', '.join(sorted(alien))}, never required" if alien else ""


def _final(exchange: Exchange) -> Frame:
    return (exchange.final or exchange.request).frame


@given("415")
def a_415_says_what_would_do(case: Case) -> Verdict:
    """§8.2.3: Accept, Accept-Encoding or Accept-Language, by what was wrong."""
    return each(_with(case, 415), _no_accept, "responses 415")


def _no_accept(said: Said) -> str:
    told = ("accept", "accept-encoding", "accept-language")
    if any(name in said.headers for name in told):
        return ""
    return f"415 to {said.method} does not say what would be accepted"


@given("OPTIONS")
def options_tell_abilities(case: Case) -> Verdict:
    """§11.2: Allow and Accept in a 200 to OPTIONS."""
    told = [s for s in _with(case, 200) if s.method == "OPTIONS"]
    return each(told, _inability, "answers to OPTIONS")


def _inability(said: Said) -> str:
    missing = [name for name in ("allow", "accept") if name not in said.headers]
    return f"200 to OPTIONS without {', '.join(missing).title()}" if missing else ""


def _with(case: Case, status: int) -> list[Said]:
    return [s for s in case.responses if s.status == status]
