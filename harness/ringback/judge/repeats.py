"""Requests and responses that were said more than once.

RFC 3261 §17.1.3 and §17.2.3: the same transaction, whatever connection it came on.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from ringback.judge.case import Case, Exchange, Said
from ringback.values import Role

T1, T2 = 0.5, 4.0  # seconds, RFC 3261 §17.1.1.1, §17.1.2.2
_Key = tuple[object, ...]


def copies_of(case: Case, request: Said) -> Sequence[Said]:
    """Every time that this request was said on this leg, in order, itself included."""
    found = case.memory.get("copies")
    if not isinstance(found, dict):
        found = case.memory["copies"] = _copies(case)
    copies: Sequence[Said] = found.get(_key(request), (request,))
    return copies


def repeated(exchange: Exchange, response: Said) -> Sequence[Said]:
    """Every time that this very response was said, in order."""
    return [
        r
        for r in exchange.responses
        if (r.status, r.to_tag) == (response.status, response.to_tag)
    ]


def patience(case: Case, role: Role | None) -> float:
    """64*T1 of that role in seconds: those of our own may be scaled."""
    return 64 * T1 * scale(case, role)


def scale(case: Case, role: Role | None) -> float:
    known = case.circumstances
    ours = known is not None and role is not None and role not in known.sut
    return known.timer_scale if known and ours else 1.0


def _copies(case: Case) -> Mapping[_Key, Sequence[Said]]:
    found: dict[_Key, list[Said]] = defaultdict(list)
    for request in case.requests:
        found[_key(request)].append(request)
    return found


def _key(said: Said) -> _Key:
    return said.call_id, said.sequence, said.method, said.branch, said.ends
