"""The little language of ``applies``: what it says, and what it will not run."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from testsuites.selftest.evidence_builder import Plan, circumstances

from ringback.judge.applicability import compiled, facts_of, holds
from ringback.values import Security

FACTS = facts_of(
    circumstances(
        Plan(security=Security.SECURED, keys="12"), statement={"mutual_tls": False}
    )
)


@pytest.mark.parametrize(
    ("text", "truth"),
    [
        ("", True),
        ('security == "secured"', True),
        ('security != "unsecured" and permitted', True),
        ('not permitted or phone == "busy"', False),
        ('security in ("sip-secured", "secured")', True),
        ('"message" in kinds', True),
        ('"um" in sut', False),
        ('"1" in keys', True),
        ("statement.mutual_tls != False", False),
        ("statement.unsaid == None", True),
        ('dialect == "ews" and ends == "phone" and refusal == 0', True),
    ],
)
def test_what_an_expression_says(text: str, truth: bool) -> None:
    assert holds(text, FACTS) is truth


@pytest.mark.parametrize(
    "text",
    [
        "securty == 1",
        "__import__('os')",
        "security.__class__",
        "net()",
        "1 < 2 < 3",
        "net > 1",
        "[x for x in keys]",
        "lambda: 1",
        "1 + 1",
        "net[0]",
        "net ==",
        "a = 1",
        "f'{net}'",
        "statement.a.b",
        "(net := 1)",
    ],
)
def test_what_it_will_not_run(text: str) -> None:
    with pytest.raises(ValueError, match=r"not allowed|unknown name|no expression"):
        compiled(text)


@given(st.text(max_size=40))
def test_no_text_does_anything_else(text: str) -> None:
    with suppress(ValueError):
        assert holds(text, FACTS) in (True, False)
