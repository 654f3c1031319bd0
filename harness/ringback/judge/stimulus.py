"""What must have been said before a rule has anything to decide.

Most rules are about what happens in few calls. Such a rule names words of which one
would have been said; where nobody said any, it finds what it finds in an empty capture,
and need not look for it again in each.
"""

from collections.abc import Callable
from dataclasses import dataclass

from ringback.evidence.evidence import Evidence
from ringback.judge.case import Case, Rule
from ringback.judge.verdict import Verdict
from ringback.wire.readings import read_once


@dataclass(eq=False)
class Stirred:
    """A rule that is asked where one of its words was said."""

    words: frozenset[str]
    rule: Rule

    def __call__(self, case: Case) -> Verdict:
        return self.unmoved if self.words.isdisjoint(case.words) else self.rule(case)

    @read_once
    def unmoved(self) -> Verdict:
        return self.rule(Case(Evidence(circumstances=None)))


def given(*words: str) -> Callable[[Rule], Rule]:
    """Only where one of these is among ``Case.words`` has the rule anything to say."""
    return lambda rule: Stirred(frozenset(words), rule)
