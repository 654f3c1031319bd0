"""One request spelled in many ways: who understands it plainly understands them all.

RFC 3261 §7.3.1 and §7.3.3 (fields), §8.2.2 and §19.1.1 (what is not understood).
"""

import re
from collections.abc import Callable
from functools import partial

from ringback.judge.case import Case, Exchange, Rule, Said
from ringback.judge.soundness import is_sound
from ringback.judge.stimulus import given
from ringback.judge.verdict import Verdict, fails, passes, undecided

Oddity = Callable[[Said], bool]
LISTS = ("accept", "allow", "supported")


def taken(oddity: Oddity) -> Rule:
    """OPTIONS outside a dialog that are odd so earn what plain ones earn."""
    return given("OPTIONS")(partial(_like_the_plain_one, oddity))


def _like_the_plain_one(oddity: Oddity, case: Case) -> Verdict:
    """Held against a plain one to the same address that was answered 2xx."""
    asked = [x for x in case.exchanges if _is_a_question(x)]
    odd = [x for x in asked if oddity(x.request)]
    served = {
        x.frame.target for x in asked if x.accepted and not _is_odd_at_all(x.request)
    }
    judged = [x for x in odd if x.frame.target in served and not _is_behind(case, x)]
    if not judged:
        return undecided("no such OPTIONS beside a plain one that was answered")
    wrong = [x for x in judged if not x.accepted]
    if wrong:
        got = wrong[0].final.status if wrong[0].final else "nothing"
        shown = (wrong[0].final or wrong[0].request).frame
        why = f"OPTIONS got {got}, a plain one 2xx"
        return fails(why, shown, wrong[0].frame, by=wrong[0].request.receiver)
    return passes(f"{len(judged)} such OPTIONS answered", *(x.frame for x in judged))


def _is_behind(case: Case, exchange: Exchange) -> bool:
    """Unanswered, on a connection where something before it was left unanswered too:
    whoever stumbled there may never have come to this one."""
    before = [x for x in case.exchanges if x.frame.flow == exchange.frame.flow]
    return exchange.final is None and any(
        x.final is None and x.frame.number < exchange.frame.number for x in before
    )


def _is_a_question(exchange: Exchange) -> bool:
    request = exchange.request
    outside = request.method == "OPTIONS" and not request.to_tag
    return outside and is_sound(request)


def _is_odd_at_all(said: Said) -> bool:
    return any(oddity(said) for oddity in ODDITIES)


def _names(said: Said) -> list[bytes]:
    return [f.octets.partition(b":")[0].strip() for f in said.frame.sip.fields]


def is_compact(said: Said) -> bool:
    return any(len(name) == 1 for name in _names(said))


def is_in_another_case(said: Said) -> bool:
    """No capital, or nothing but capitals."""
    long = [name for name in _names(said) if len(name) > 2]
    return any(name.islower() or name.isupper() for name in long)


def is_folded(said: Said) -> bool:
    return any(b"\r\n" in f.octets for f in said.frame.sip.fields)


def is_spaced(said: Said) -> bool:
    """Space before the colon, none after it, or more than one."""
    odd = re.compile(rb"[^:\s]+(\s+:|:\S|:[ \t]{2,})")
    return any(odd.match(f.octets) for f in said.frame.sip.fields)


def is_in_another_order(said: Said) -> bool:
    """Via below all else that a request must have."""
    names = [f.name for f in said.frame.sip.fields]
    must = [name for name in names if name in ("via", "from", "to", "call-id", "cseq")]
    return bool(must) and must[0] != "via"


def is_listed_in_lines(said: Said) -> bool:
    return any(len(said.headers.get(name, ())) > 1 for name in LISTS)


def has_an_unknown_field(said: Said) -> bool:
    """Such as no document defines."""
    return any(name.startswith("x-") for name in said.headers)


def has_an_unknown_parameter(said: Said) -> bool:
    """In a URI or in a field."""
    shown = [said.frame.sip.uri]
    for name in ("via", "from", "to", "contact"):
        shown += said.headers.get(name, ())
    return any(";x-" in text for text in shown)


ODDITIES: tuple[Oddity, ...] = (
    is_compact,
    is_in_another_case,
    is_folded,
    is_spaced,
    is_in_another_order,
    is_listed_in_lines,
    has_an_unknown_field,
    has_an_unknown_parameter,
)
