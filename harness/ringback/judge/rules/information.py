"""INFO within a call: it is answered, and harms nothing.

RFC 3261 §12.2.2 (requests that change no dialog), §12.2.1.2 (what ends one); RFC 6086
§4.2.2 and §11.6 (packages). Whether INFO is taken at all is everybody's own affair.
"""

from collections.abc import Iterator

from ringback.judge.case import Case, Exchange
from ringback.judge.dialogues import Dialogue, dialogues_of
from ringback.judge.rules.transactions import final_frame
from ringback.judge.stimulus import given
from ringback.judge.verdict import Verdict, each, fails, passes, undecided

GONE = {408, 481}


@given("INFO")
def each_is_answered(case: Case) -> Verdict:
    """§8.2: any final response; a later request in the dialog shows that there was
    time for one."""
    asked = [(d, x) for d in dialogues_of(case) for x in d.of("INFO")]
    judged = [x for d, x in asked if x.final or _was_passed_over(d, x)]
    if not judged:
        return undecided("no INFO within a dialog, or nobody could wait for its answer")
    silent = [x for x in judged if x.final is None]
    if silent:
        by = silent[0].request.receiver
        return fails("INFO got no final answer", *(x.frame for x in silent), by=by)
    told = ", ".join(str(x.final.status) for x in judged if x.final)
    return passes(f"INFO was answered {told}", *(final_frame(x) for x in judged))


def _was_passed_over(dialogue: Dialogue, info: Exchange) -> bool:
    return any(
        x.final
        and x.frame.number > info.frame.number
        and x.request.from_tag == info.request.from_tag
        for x in dialogue.exchanges
    )


@given("INFO")
def the_dialog_stands(case: Case) -> Verdict:
    """§12.2.2: who asks again afterwards is not told that there is no dialog."""
    later = [x for d in dialogues_of(case) for x in _after_info(d)]
    return each(later, _is_481, "requests after INFO", shows=final_frame)


def _after_info(dialogue: Dialogue) -> Iterator[Exchange]:
    """Those that the same side asked, while nothing else had ended the dialog."""
    if dialogue.confirmed is None:
        return
    for x in dialogue.exchanges:
        before = [e for e in dialogue.exchanges if e.frame.number < x.frame.number]
        own = [e for e in before if e.request.from_tag == x.request.from_tag]
        informed = [e for e in own if e.request.method == "INFO" and e.final]
        ended = any(
            e.request.method == "BYE" or (e.final and e.final.status in GONE)
            for e in before
        )
        crossed = any(
            e.request.method == "BYE" and e.frame.number < final_frame(x).number
            for e in dialogue.exchanges
            if e is not x
        )
        if informed and x.final and not ended and not crossed:
            yield x


def _is_481(exchange: Exchange) -> str:
    gone = exchange.final is not None and exchange.final.status == 481
    return f"{exchange.request.method} got 481 after an INFO" if gone else ""


@given("INFO")
def foreign_packages_are_refused(case: Case) -> Verdict:
    """RFC 6086 §4.2.2: 469 with Recv-Info. Other reasons to refuse may come first
    (RFC 3261 §8.2)."""
    things = [
        x for d in dialogues_of(case) for x in d.of("INFO") if _is_foreign(case, d, x)
    ]
    return each(things, _takes_it, "INFO of a package not announced", shows=final_frame)


def _is_foreign(case: Case, dialogue: Dialogue, info: Exchange) -> bool:
    announced = _announced(case, dialogue, info)
    package = _word(info.request.first("info-package"))
    known = announced is None or package in announced
    return bool(package and info.final and not known)


def _announced(case: Case, dialogue: Dialogue, info: Exchange) -> set[str] | None:
    """What whoever is asked said last in this dialog; None for nothing."""
    receiver, mine = info.request.to_tag, dialogue.invite.request
    said = [
        s
        for s in case.said
        if s.call_id == mine.call_id
        and s.number < info.frame.number
        and "recv-info" in s.headers
        and receiver == (s.to_tag if s.status else s.from_tag)
    ]
    return {_word(text) for text in said[-1].listed("recv-info")} if said else None


def _word(text: str) -> str:
    return text.partition(";")[0].strip().lower()


def _takes_it(exchange: Exchange) -> str:
    final = exchange.final
    if final and final.status // 100 == 2:
        return f"{final.status} to INFO of a package that was not announced"
    if final and final.status == 469 and "recv-info" not in final.headers:
        return "469 does not announce which packages are taken"
    return ""
