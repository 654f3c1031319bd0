"""When a requirement applies: a small expression over the circumstances.

Parsed by ``ast`` with a whitelist, never evaluated as Python: names, constants,
``==``, ``!=``, ``in``, ``not in``, ``and``, ``or``, ``not``, and ``statement.NAME``.
"""

import ast
from collections.abc import Callable, Mapping
from functools import lru_cache

from ringback.evidence.circumstances import Circumstances

NAMES = frozenset(
    [
        "security",
        "net",
        "captured",
        "phone",
        "refusal",
        "dialect",
        "kinds",
        "sut",
        "ends",
        "permitted",
        "denied",
        "keys",
        "notes",
        "tls_profile",
        "statement",
    ]
)

Term = Callable[[Mapping[str, object]], object]


@lru_cache(maxsize=512)
def compiled(text: str) -> Term:
    """The expression as a function of the facts; ValueError names what is not allowed.

    An empty text always applies.
    """
    if not text.strip():
        return lambda facts: True
    try:
        tree = ast.parse(text.strip(), mode="eval")
    except SyntaxError as error:
        raise ValueError(f"no expression: {text!r}: {error.msg}") from error
    return _term(tree.body, text)


def holds(text: str, facts: Mapping[str, object]) -> bool:
    return bool(compiled(text)(facts))


def facts_of(circumstances: Circumstances) -> dict[str, object]:
    """What an expression may ask about."""
    expected, ordered = circumstances.expected, circumstances.ordered
    return {
        "security": str(circumstances.security),
        "net": circumstances.net,
        "captured": circumstances.captured,
        "phone": expected.phone,
        "refusal": expected.refusal,
        "dialect": ordered[0].dialect if ordered else "",
        "kinds": tuple(o.kind for o in ordered),
        "sut": tuple(str(role) for role in circumstances.sut),
        "ends": expected.ends,
        "permitted": expected.permitted,
        "denied": "" if expected.permitted else expected.denied,
        "keys": expected.keys,
        "notes": circumstances.notes,
        "tls_profile": circumstances.tls_profile,
        "statement": circumstances.statement,
    }


def _term(node: ast.expr, text: str) -> Term:
    match node:
        case ast.Tuple(nodes) | ast.List(nodes):
            terms = [_term(n, text) for n in nodes]
            return lambda facts: tuple(term(facts) for term in terms)
        case ast.UnaryOp(ast.Not(), operand):
            inner = _term(operand, text)
            return lambda facts: not inner(facts)
        case ast.BoolOp(operator, nodes):
            terms = [_term(n, text) for n in nodes]
            joined = all if isinstance(operator, ast.And) else any
            return lambda facts: joined(bool(term(facts)) for term in terms)
        case ast.Compare(left, [operator], [right]):
            return _comparison(_term(left, text), operator, _term(right, text), text)
        case _:
            return _value(node, text)


def _value(node: ast.expr, text: str) -> Term:
    match node:
        case ast.Constant(value) if value is None or isinstance(value, str | int):
            return lambda facts: value
        case ast.Name(name) if name in NAMES:
            return lambda facts: facts[name]
        case ast.Attribute(ast.Name("statement"), name):
            return lambda facts: _said(facts, name)
        case ast.Name(name):
            raise ValueError(f"unknown name {name!r} in {text!r}")
        case _:
            raise ValueError(f"{type(node).__name__} is not allowed in {text!r}")


def _comparison(left: Term, operator: ast.cmpop, right: Term, text: str) -> Term:
    match operator:
        case ast.Eq():
            return lambda facts: left(facts) == right(facts)
        case ast.NotEq():
            return lambda facts: left(facts) != right(facts)
        case ast.In():
            return lambda facts: _contains(right(facts), left(facts))
        case ast.NotIn():
            return lambda facts: not _contains(right(facts), left(facts))
        case _:
            raise ValueError(f"{type(operator).__name__} is not allowed in {text!r}")


def _contains(whole: object, part: object) -> bool:
    if isinstance(whole, str):
        return isinstance(part, str) and part in whole
    return isinstance(whole, tuple | list) and part in whole


def _said(facts: Mapping[str, object], name: str) -> object:
    """A value of the statement; None when the vendor did not say."""
    statement = facts["statement"]
    return statement.get(name) if isinstance(statement, dict) else None
