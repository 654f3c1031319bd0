"""How answers of the web service are packed: HTTP fields, the SOAP envelope.

SOAP 1.1 §4 (the envelope) and §6 (its media type), RFC 9110 §5.3 (fields that stand
once).
"""

from collections import Counter
from collections.abc import Callable

from ringback.judge.case import Case
from ringback.judge.turns import Turn, turns_of
from ringback.judge.verdict import Verdict, each
from ringback.values import Role
from ringback.wire.soap import SOAP, local

ONCE = frozenset(
    ["content-type", "content-length", "date", "location", "retry-after", "server"]
)  # that are no lists (RFC 9110 §5.5), and that a web service may say


def answers_are_text_xml(case: Case) -> Verdict:
    """SOAP 1.1 §6: with whatever parameters."""
    return _each(_packed(case), _media_type, "SOAP answers")


def fields_stand_once(case: Case) -> Verdict:
    """RFC 9110 §5.3: only a field that is a list may be said twice."""
    answered = [t for t in turns_of(case) if t.status]
    return _each(answered, _twice, "answers")


def envelopes_are_whole(case: Case) -> Verdict:
    """SOAP 1.1 §4: at most one Header, first; one Body, right after it."""
    return _each(_packed(case), _misshapen, "SOAP answers")


def who_asks_is_told_the_state(case: Case) -> Verdict:
    """Facts §3.1: what the schema leaves out is left out of errors alone."""
    asked = [t for t in turns_of(case) if t.informs and t.response and not t.refusal]
    return _each(asked, _silence, "answers about a call")


def _packed(case: Case) -> list[Turn]:
    return [t for t in turns_of(case) if t.envelope is not None]


def _media_type(turn: Turn) -> str:
    told = turn.answer.header("content-type")
    kind = told.partition(";")[0].strip().lower()
    return "" if kind == "text/xml" else f"an answer of type {told or '(none)'}"


def _twice(turn: Turn) -> str:
    names = Counter(name for name, _ in turn.answer.headers)
    again = [name for name in ONCE if names[name] > 1]
    return f"{again[0]} stands {names[again[0]]} times" if again else ""


def _misshapen(turn: Turn) -> str:
    assert turn.envelope
    root = turn.envelope.root
    if root.tag != f"{{{SOAP}}}Envelope":
        return f"the root is {local(root)}"
    parts = [local(e) if e.tag.startswith(f"{{{SOAP}}}") else "" for e in root]
    if parts[:1] == ["Header"]:
        parts = parts[1:]
    fits = parts[:1] == ["Body"] and not {"Body", "Header"} & set(parts[1:])
    return "" if fits else "an Envelope that is not a Header, if any, and a Body"


def _silence(turn: Turn) -> str:
    return "" if turn.state else "an answer without the state of the call"


def _each(turns: list[Turn], offence: Callable[[Turn], str], what: str) -> Verdict:
    return each(turns, offence, what, shows=lambda t: t.answer, by=Role.CAS)
