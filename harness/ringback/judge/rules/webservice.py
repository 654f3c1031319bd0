"""The web service as its callers see it: HTTP, SOAP, call ids, passwords, strangers.

SOAP 1.1 §6.2 (HTTP binding), MS-OXWUMS §2.2.3.1 and §3.1.4, RFC 9110 §11.6.1 and
§15.5.2 (401), facts §2.5, §3.3 and §10.
"""

from collections.abc import Callable

from ringback.faults import Malformed
from ringback.judge.case import Case
from ringback.judge.passed_on import OF_ITEMS, wrongly_answered
from ringback.judge.rules.keys import keys_arrive
from ringback.judge.turns import BAD_ITEM, Existence, Turn, existence, polls, turns_of
from ringback.judge.verdict import Grade, Verdict, each, fails, passes, undecided
from ringback.values import CallState, Role
from ringback.wire import ews, soap, umws
from ringback.wire.soap import SoapFault

BAD_CALL_ID = {"umws": "InvalidCallIdException", "ews": "ErrorInvalidPhoneCallId"}
SAYS_NOTHING = 5  # characters: shorter texts stand in any answer by chance


def faults_ride_on_500(case: Case) -> Verdict:
    """SOAP 1.1 §6.2: a fault has status 500, any other answer 2xx."""
    answered = [t for t in turns_of(case) if t.response is not None]
    return _each(answered, _status, "SOAP answers")


def _status(turn: Turn) -> str:
    fault = isinstance(turn.response, SoapFault)
    fits = turn.status == 500 if fault else turn.status // 100 == 2
    return "" if fits else f"{'a fault' if fault else 'an answer'} on {turn.status}"


def answers_fit_the_schema_of_2007(case: Case) -> Verdict:
    """MS-OXWUMS §7.1."""
    return _shaped(case, "umws", umws.SCHEMA)


def answers_fit_the_schema_of_ews(case: Case) -> Verdict:
    """Facts §3.1."""
    return _shaped(case, "ews", ews.SCHEMA)


def _shaped(case: Case, dialect: str, schema: str) -> Verdict:
    asked = [t for t in turns_of(case) if t.dialect == dialect and t.status == 200]
    return _each(asked, lambda t: _violation(t, schema), f"answers in {dialect}")


def _violation(turn: Turn, schema: str) -> str:
    if turn.envelope is None:
        return f"{turn.operation} was answered with no readable XML"
    try:
        body = turn.envelope.body
    except Malformed as error:
        return f"{turn.operation}: {error.why}"
    return soap.violation(schema, body)


def only_known_call_ids_are_served(case: Case) -> Verdict:
    """Facts §1.3: opaque: what is asked about is what was handed out, to the octet."""
    given = {t.given for t in turns_of(case) if t.given}
    named = [t for t in turns_of(case) if t.named and t.status]
    if not named:
        return undecided("nobody asked with a call id")
    wrong = [t for t in named if t.named not in given and not t.refusal]
    if wrong:
        why = "a call id that nobody handed out was served"
        return fails(why, *(t.answer for t in wrong), by=Role.CAS)
    return passes(
        "only ids that were handed out were served", *(t.frame for t in named)
    )


def a_call_id_stays_known(case: Case) -> Verdict:
    """Facts §1.3: its owner may ask with it for as long as the call lives."""
    given = {(t.user, t.given) for t in turns_of(case) if t.given}
    own = [t for t in turns_of(case) if (t.user, t.named) in given and t.informs]
    if not own:
        return undecided("nobody asked about a call of his own")
    dead = _first_over(case)
    lost = [
        t
        for t in own
        if t.status
        and t.refusal
        and t.frame.number < dead.get(t.named, t.frame.number + 1)
    ]
    if lost:
        why = f"a live call's id was answered with {lost[0].refusal}"
        return fails(why, *(t.answer for t in lost), by=Role.CAS)
    return passes("its owner was always served", *(t.answer for t in own))


def _first_over(case: Case) -> dict[str, int]:
    """Per call id the frame that told Disconnected first."""
    over: dict[str, int] = {}
    for call, turns in polls(case).items():
        ends = [t for t in turns if t.state is CallState.DISCONNECTED]
        if ends:
            over[call] = ends[0].answer.number
    return over


def each_order_gets_its_own_call_id(case: Case) -> Verdict:
    """Facts §1.3: the id names one call."""
    given = [t for t in turns_of(case) if t.given]
    if not given:
        return undecided("no call id was handed out")
    ids = [t.given for t in given]
    twice = [t for i, t in enumerate(given) if t.given in ids[:i]]
    if twice:
        why = "a call id was handed out twice"
        return fails(why, *(t.answer for t in twice), by=Role.CAS)
    return passes(f"{len(ids)} call id(s), no two alike", *(t.answer for t in given))


def an_unknown_call_id_is_refused(case: Case) -> Verdict:
    """MS-OXWUMS §3.1.4.1 and §3.1.4.3, EWS: with the fault or code named for it."""
    given = {t.given for t in turns_of(case) if t.given}
    strange = [t for t in _about_calls(case) if t.named not in given]
    return _refused(strange, "an unknown call id")


def a_foreign_call_id_is_refused_like_an_unknown_one(case: Case) -> Verdict:
    """Facts §10: who did not order the call learns not even that it is there."""
    owners = {t.given: t.user for t in turns_of(case) if t.given}
    foreign = [t for t in _about_calls(case) if owners.get(t.named, t.user) != t.user]
    return _refused(foreign, "another user's call id")


def _about_calls(case: Case) -> list[Turn]:
    turns = [t for t in turns_of(case) if t.informs or t.hangs_up]
    return [t for t in turns if t.user and t.status not in (0, 401)]


def _refused(turns: list[Turn], what: str) -> Verdict:
    if not turns:
        return undecided(f"nobody asked with {what}")
    served = [t for t in turns if t.refusal != BAD_CALL_ID[t.dialect]]
    if served:
        how = served[0].refusal or "as if it were known"
        why = f"{what} was answered: {how}"
        return fails(why, *(t.answer for t in served), by=Role.CAS)
    return passes(f"{what} was refused", *(t.answer for t in turns))


def a_bad_message_id_is_refused(case: Case) -> Verdict:
    """MS-OXWUMS §3.1.4.8 and §4.15; facts §3.5."""
    orders = [t for t in turns_of(case) if t.plays and t.user and t.status != 401]
    orders = [t for t in orders if existence(case, t) is Existence.NO]
    orders = [t for t in orders if not _is_refused_as_second(case, t)]
    if not orders:
        return undecided("nobody ordered a message that is known not to exist")
    if case.known.expected.keys and keys_arrive(case).grade is not Grade.PASS:
        return undecided("the key that was to delete it did not reach the UM")
    wrong = [t for t in orders if t.refusal not in BAD_ITEM[t.dialect]]
    if wrong:
        how = wrong[0].refusal or "with a call id"
        why = f"an order for a message that does not exist was answered: {how}"
        return wrongly_answered(case, wrong, why, OF_ITEMS)
    return passes(f"refused with {orders[0].refusal}", *(t.answer for t in orders))


def _is_refused_as_second(case: Case, order: Turn) -> bool:
    """Whether it was refused, not for its message, while the user had not been told
    that his call before is over: only one at a time is taken (facts §1.2)."""
    if not order.refusal or order.refusal in BAD_ITEM[order.dialect]:
        return False
    earlier = [
        t
        for t in turns_of(case)
        if t.given and t.user == order.user and t.frame.number < order.frame.number
    ]
    told = polls(case)
    return any(
        not any(
            p.state is CallState.DISCONNECTED and p.frame.number < order.frame.number
            for p in told[call.given]
        )
        for call in earlier
    )


def who_does_not_prove_himself_is_refused(case: Case) -> Verdict:
    """RFC 9110 §15.5.2; facts §1.2 step 3: no credentials, no service. Of two different
    passwords for one user at most one may open."""
    turns = turns_of(case)
    bare = [t for t in turns if not t.user and t.operation]
    served = [t for t in bare if t.status != 401 and not _is_broken(t)]
    if served:
        why = f"a request without credentials was answered with {served[0].status}"
        return fails(why, *(t.answer for t in served), by=Role.CAS)
    doors: dict[str, dict[str, list[Turn]]] = {}
    for turn in turns:
        if turn.user:
            doors.setdefault(turn.user, {}).setdefault(turn.password, []).append(turn)
    tried = [keys for keys in doors.values() if len(keys) > 1]
    for keys in tried:
        opened = [[t for t in ts if t.status not in (0, 401)] for ts in keys.values()]
        if sum(map(bool, opened)) > 1:
            why = "two different passwords opened the same user's door"
            return fails(why, *(ts[0].answer for ts in opened if ts), by=Role.CAS)
    if not (bare or tried or any(t.status == 401 for t in turns)):
        return undecided("nobody tried without credentials, or with two passwords")
    return passes("refused with 401")


def _is_broken(turn: Turn) -> bool:
    """400 and 413 may come before anybody looks at credentials."""
    return turn.status in (0, 400, 403, 405, 411, 413, 415)


def a_401_says_how_to_prove_oneself(case: Case) -> Verdict:
    """RFC 9110 §11.6.1: WWW-Authenticate with at least one challenge."""
    refused = [t for t in turns_of(case) if t.status == 401]
    return _each(refused, _challenge, "401 answers")


def _challenge(turn: Turn) -> str:
    told = turn.answer.header("www-authenticate")
    return "" if told else "401 without WWW-Authenticate"


def a_doctype_is_refused(case: Case) -> Verdict:
    """SOAP 1.1 §3: no message has one; who reads it must not be led by it."""
    turns = [t for t in turns_of(case) if b"<!DOCTYPE" in t.frame.body]
    if not turns:
        return undecided("nobody sent a DOCTYPE")
    served = [t for t in turns if t.status // 100 == 2 and not t.refusal]
    served += [t for t in turns if t.status == 0]
    if served:
        how = served[0].status or "never"
        why = f"a request with a DOCTYPE was answered: {how}"
        return fails(why, *(t.answer for t in served), by=Role.CAS)
    return passes(f"refused with {turns[0].status}", *(t.answer for t in turns))


def one_call_at_a_time(case: Case) -> Verdict:
    """Facts §1.2 step 15: a second order during the first call is an error."""
    over = _first_over(case)
    seconds = []
    for i, turn in enumerate(turns := [t for t in turns_of(case) if t.plays]):
        mine = [t for t in turns[:i] if t.given and t.user == turn.user]
        if turn.status == 401 or not mine or not turn.user:
            continue
        if any(over.get(t.given, 1 << 62) > turn.answer.number for t in mine):
            seconds.append(turn)
    live = [t for t in seconds if _proven_alive(case, t)]
    if not live:
        return undecided("nobody ordered a second call during a first")
    accepted = [t for t in live if t.given]
    if accepted:
        why = "a second call was accepted during the first"
        return fails(why, *(t.answer for t in accepted), by=Role.CAS)
    return passes(f"refused with {live[0].refusal}", *(t.answer for t in live))


def _proven_alive(case: Case, order: Turn) -> bool:
    """Whether the first call was told as alive after the second order was answered, or
    nothing on SIP had ended it before."""
    known = [t for t in turns_of(case) if t.frame.number < order.frame.number]
    first = {t.given for t in known if t.given and t.user == order.user}
    told = [t for call, turns in polls(case).items() if call in first for t in turns]
    later = [t for t in told if t.frame.number > order.answer.number]
    if any(t.state not in (None, CallState.DISCONNECTED) for t in later):
        return True
    ends = [s for s in case.said if s.method in ("BYE", "CANCEL") or s.status >= 400]
    return not any(s.number < order.answer.number for s in ends)


def no_answer_tells_of_another_user(case: Case) -> Verdict:
    """Facts §10: neither call id, nor number, nor message of somebody else."""
    turns = turns_of(case)
    users = {t.user for t in turns if t.user}
    if len(users) < 2:
        return undecided("only one user asked")
    secrets = [(t.user, text) for t in turns for text in _secrets(t)]
    own = {user: {text for who, text in secrets if who == user} for user in users}
    for turn in turns:
        body = turn.asked.response.body if turn.asked.response else b""
        for user, text in secrets:
            foreign = user != turn.user and text not in own.get(turn.user, set())
            if foreign and text.encode() in body:
                why = f"an answer to {turn.user or 'nobody'} tells what is {user}'s"
                return fails(why, turn.answer, by=Role.CAS)
    return passes(f"{len(users)} users, none learned of another")


def _secrets(turn: Turn) -> list[str]:
    found = [turn.given, turn.dialled if turn.given else ""]
    if isinstance(turn.request, umws.PlayOnPhone):
        found.append(turn.request.entry_id)
    elif isinstance(turn.request, ews.PlayOnPhone):
        found.append(turn.request.item_id)
    return [text for text in found if len(text) > SAYS_NOTHING]


def _each(turns: list[Turn], offence: Callable[[Turn], str], what: str) -> Verdict:
    return each(turns, offence, what, shows=lambda t: t.answer, by=Role.CAS)


def passwords_travel_inside_tls(case: Case) -> Verdict:
    """RFC 7617 §4: Basic is no protection by itself."""
    turns = [t for t in turns_of(case) if t.frame.header("authorization")]
    return each(turns, _bare_password, "requests with credentials")


def _bare_password(turn: Turn) -> str:
    return "" if turn.frame.secured else "credentials travelled in the clear"
