"""What an examination finds: one line what, one line what to do, what it blocks."""

import textwrap
from collections.abc import Iterable, Iterator
from enum import StrEnum

import msgspec

WIDTH = 100


class Grade(StrEnum):
    """The word is what a line begins with."""

    OK = "ok"
    NOTE = "note"  # good to know
    LACK = "lack"  # works, with less
    STOP = "stop"  # does not work


class Remark(msgspec.Struct, frozen=True):
    """``untested`` says which requirements or cases stay not-tested."""

    grade: Grade
    what: str
    remedy: str = ""
    untested: str = ""


def ok(what: str) -> Remark:
    return Remark(Grade.OK, what)


def note(what: str, remedy: str = "", untested: str = "") -> Remark:
    return Remark(Grade.NOTE, what, remedy, untested)


def lack(what: str, remedy: str, untested: str = "") -> Remark:
    return Remark(Grade.LACK, what, remedy, untested)


def stop(what: str, remedy: str, untested: str = "") -> Remark:
    return Remark(Grade.STOP, what, remedy, untested)


def lines(remarks: Iterable[Remark]) -> Iterator[str]:
    for remark in remarks:
        yield from _wrapped(f"  {remark.grade:<5} ", remark.what)
        if remark.remedy:
            yield f"          to do       {remark.remedy}"  # whole, to be copied
        if remark.untested:
            yield from _wrapped("          not-tested  ", remark.untested)


def _wrapped(head: str, text: str) -> Iterator[str]:
    yield from textwrap.wrap(
        text,
        WIDTH,
        initial_indent=head,
        subsequent_indent=" " * len(head),
        break_long_words=False,
        break_on_hyphens=False,
    )
