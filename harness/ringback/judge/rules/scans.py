"""Whoever guesses extensions learns from answers that differ; from equal ones nothing.

RFC 3261 §10.2 (whom a REGISTER is about) and §11.1 (OPTIONS) say whose name is tried:
that of To.
"""

from collections import defaultdict
from typing import Final

from ringback.judge.case import Case, Exchange, readable
from ringback.judge.verdict import Verdict, fails, passes, undecided
from ringback.values import Role
from ringback.wire.headers import NameAddr
from ringback.wire.uri import SipUri

TRIED_WITH: Final = ("REGISTER", "OPTIONS", "INVITE")


def every_extension_gets_the_same_answer(case: Case) -> Verdict:
    """By method, of those who sit in no role. Who asks too often may be told so."""
    tried: dict[str, dict[str, Exchange]] = defaultdict(dict)
    for exchange in case.exchanges:
        user = _guessed(exchange)
        if user and _says_something(exchange):
            tried[exchange.request.method].setdefault(user, exchange)
    guesses = {m: users for m, users in tried.items() if len(users) > 1}
    if not guesses:
        return undecided("nobody tried several extensions")
    for method, users in guesses.items():
        by_status = {_status(x): (user, x) for user, x in users.items()}
        if len(by_status) > 1:
            told = ", ".join(f"{s} for {u}" for s, (u, _) in sorted(by_status.items()))
            frames = [x.responses[-1].frame for _, x in by_status.values()]
            return fails(f"{method} tells them apart: {told}", *frames, by=Role.UM)
    count = sum(map(len, guesses.values()))
    first = [next(iter(users.values())).frame for users in guesses.values()]
    return passes(f"{count} guesses, and nothing learnt", *first)


def _guessed(exchange: Exchange) -> str:
    """The user whose name a stranger tried at the UM, or nothing."""
    request = exchange.request
    stranger = request.sender is None and request.receiver is Role.UM
    if not stranger or request.method not in TRIED_WITH:
        return ""
    read = readable(NameAddr.parse, request.first("to"))
    uri = read.uri if read else None
    return (uri.user or "") if isinstance(uri, SipUri) else ""


def _says_something(exchange: Exchange) -> bool:
    status = _status(exchange)
    return 200 <= status < 500 and status != 429


def _status(exchange: Exchange) -> int:
    final = exchange.final
    return final.status if final else 0
