"""The web service as its callers see it: shapes, call ids, passwords, strangers."""

from functools import cache

import msgspec
import pytest
from msgspec.structs import replace
from testsuites.selftest.evidence_builder import Plan, Scene, state, told
from testsuites.selftest.played_call import call
from testsuites.selftest.tribunal import Table, accused, acquitted, left_open

from ringback.evidence.circumstances import Ordered, Sound
from ringback.evidence.evidence import Evidence
from ringback.values import CallState, Cause, Role
from ringback.wire import ews, umws
from ringback.wire.soap import SoapFault

plain = cache(lambda dialect="ews": call(Plan(dialect=dialect)))
ORDER = ews.PlayOnPhone("hello", "5551234")
GAVE = ews.PlayOnPhoneResponse("call-0001")
ASK = ews.GetPhoneCallInformation("call-0001")
ALIVE = state(CallState.CONNECTED)
UNKNOWN = ews.GetPhoneCallInformationResponse(code="ErrorInvalidPhoneCallId")
FAULT = SoapFault("InvalidCallIdException", "no", "a:InvalidCallIdException")
BARE = "InvalidCallIdException"  # without the prefix
GOSSIP = ews.GetPhoneCallInformationResponse(
    CallState.CONNECTED, Cause.NONE, "5551234 answers", 200
)
DOCTYPE = b'<!DOCTYPE x [<!ENTITY y "z">]><x>&y;</x>'


def talk(*turns: tuple[str, object, object], status: int = 200) -> Evidence:
    """Who asked what, and what came back; a fault rides on 500."""
    scene = Scene(Plan())
    for user, request, response in turns:
        fault = isinstance(response, SoapFault)
        scene.http(user, request, response, 500 if fault else status)
    return scene.evidence()


def wrong_status() -> Evidence:
    scene = Scene(Plan())
    scene.http("tia", umws.GetCallInfo("x"), FAULT, 200)
    return scene.evidence()


def rewritten(evidence: Evidence, old: bytes, new: bytes) -> Evidence:
    frames = (
        replace(f, body=f.body.replace(old, new)) if f.status else f
        for f in evidence.http
    )
    other = replace(evidence, http=tuple(frames))
    assert other != evidence
    return other


def bad_item(answer: object) -> Evidence:
    ordered = Ordered(
        user="tia", kind="message", item="gone", dial_string="1", dialect="ews"
    )
    return told(talk(("tia", ORDER, answer)), ordered=(ordered,))


def doors(*tried: tuple[str, str, int]) -> Evidence:
    """User, password, and the status that came back."""
    scene = Scene(Plan())
    for user, password, status in tried:
        scene.asks(user, ASK, password)
        scene.answers(ALIVE if status == 200 else None, status)
    return scene.evidence()


def challenged(with_challenge: bool) -> Evidence:
    evidence = doors(("", "", 401))
    if with_challenge:
        return evidence
    frames = (replace(f, headers=()) if f.status else f for f in evidence.http)
    return replace(evidence, http=tuple(frames))


def in_the_clear() -> Evidence:
    frames = (replace(f, secured=False) for f in plain().http)
    return replace(plain(), http=tuple(frames))


def doctype(answer: object, status: int) -> Evidence:
    scene = Scene(Plan())
    scene.asks("tia", ASK, body=DOCTYPE)
    scene.answers(answer, status)
    return scene.evidence()


def chosen(*turns: tuple[str, object, object]) -> Evidence:
    """What was asked where the user had chosen ``ORDER``."""
    order = Ordered(
        user="tia", kind="message", item="hello", dial_string="5551234", dialect="ews"
    )
    return told(talk(*turns), ordered=(order,))


def fielded(*fields: tuple[str, str]) -> Evidence:
    """Every answer has these fields beside its own."""
    frames = (
        replace(f, headers=(*f.headers, *fields)) if f.status else f
        for f in plain().http
    )
    return replace(plain(), http=tuple(frames))


def typed(kind: str) -> Evidence:
    frames = (
        replace(f, headers=(("content-type", kind),)) if f.status else f
        for f in plain().http
    )
    return replace(plain(), http=tuple(frames))


GUILTY: Table = {
    "WS-HTTP-002": lambda: typed("application/soap+xml"),
    "WS-HTTP-003": lambda: fielded(("server", "one"), ("server", "two")),
    "WS-SOAP-001": lambda: rewritten(plain(), b"</s:Body>", b"</s:Body><s:Body/>"),
    "WS-INFO-001": lambda: talk(
        ("tia", ORDER, GAVE), ("tia", ASK, ews.GetPhoneCallInformationResponse())
    ),
    "WS-ECHO-001": lambda: talk(
        ("tia", ORDER, GAVE), ("tia", ews.GetPhoneCallInformation("CALL-0001"), UNKNOWN)
    ),
    "WS-ORDER-001": lambda: chosen(("tia", ews.PlayOnPhone("hello", "5551"), GAVE)),
    "WS-HTTP-001": wrong_status,
    "WS-SHAPE-001": lambda: rewritten(
        plain("umws"), b'xmlns="http://schemas.m', b'xmlns="https://schemas.m'
    ),
    "WS-SHAPE-002": lambda: rewritten(plain(), b"PhoneCallState>", b"CallState>"),
    "WS-CALLID-001": lambda: talk(
        ("tia", ORDER, GAVE),
        ("tia", ews.GetPhoneCallInformation("CALL-0001"), ALIVE),
    ),
    "WS-CALLID-002": lambda: talk(("tia", ORDER, GAVE), ("tia", ASK, UNKNOWN)),
    "WS-CALLID-003": lambda: talk(("tia", ORDER, GAVE), ("bob", ORDER, GAVE)),
    "WS-CALLID-004": lambda: talk(("tia", ASK, state(CallState.IDLE))),
    "WS-CALLID-005": lambda: talk(("tia", ORDER, GAVE), ("bob", ASK, ALIVE)),
    "WS-ITEM-001": lambda: bad_item(GAVE),
    "WS-AUTH-001": lambda: doors(("tia", "right", 200), ("tia", "wrong", 200)),
    "WS-AUTH-002": lambda: challenged(False),
    "WS-AUTH-003": in_the_clear,
    "WS-XML-001": lambda: doctype(ALIVE, 200),
    "WS-ONE-001": lambda: talk(
        ("tia", ORDER, GAVE),
        ("tia", ORDER, ews.PlayOnPhoneResponse("call-0002")),
        ("tia", ASK, ALIVE),
    ),
    "WS-PRIVATE-001": lambda: talk(
        ("tia", ORDER, GAVE),
        ("bob", ews.GetPhoneCallInformation("x"), GOSSIP),
    ),
}
ODD: Table = {
    "WS-HTTP-002": lambda: typed('Text/XML ;charset="utf-8"'),
    "WS-HTTP-003": lambda: fielded(
        ("server", "one"), ("set-cookie", "a=b"), ("set-cookie", "c=d")
    ),
    "WS-SOAP-001": lambda: rewritten(
        plain(), b"</s:Body>", b"</s:Body><x:y xmlns:x='urn:x'/>"
    ),
    "WS-INFO-001": lambda: talk(("tia", ORDER, GAVE), ("tia", ASK, ALIVE)),
    "WS-ECHO-001": lambda: talk(
        ("tia", ORDER, GAVE), ("bob", ORDER, GAVE), ("bob", ASK, ALIVE)
    ),
    "WS-ORDER-001": lambda: chosen(
        ("tia", ORDER, ews.PlayOnPhoneResponse(code="ErrorAnything"))
    ),
    "WS-HTTP-001": lambda: talk(("tia", umws.GetCallInfo("x"), FAULT)),
    "WS-SHAPE-001": lambda: plain("umws"),
    "WS-SHAPE-002": plain,
    "WS-CALLID-001": plain,
    "WS-CALLID-002": lambda: talk(  # forgotten once it was over
        ("tia", ORDER, GAVE),
        ("tia", ASK, state(CallState.DISCONNECTED)),
        ("tia", ASK, UNKNOWN),
    ),
    "WS-CALLID-003": lambda: talk(
        ("tia", ORDER, GAVE), ("bob", ORDER, ews.PlayOnPhoneResponse("call-0002"))
    ),
    "WS-CALLID-004": lambda: talk(
        (
            "tia",
            umws.Disconnect("x"),
            SoapFault("a", "b", "InvalidCallIdException"),
        )
    ),
    "WS-CALLID-005": lambda: talk(("tia", ORDER, GAVE), ("bob", ASK, UNKNOWN)),
    "WS-ITEM-001": lambda: bad_item(ews.PlayOnPhoneResponse(code="ErrorItemNotFound")),
    "WS-AUTH-001": lambda: doors(
        ("tia", "right", 200), ("tia", "no", 401), ("", "", 401)
    ),
    "WS-AUTH-002": lambda: challenged(True),
    "WS-AUTH-003": plain,
    "WS-XML-001": lambda: doctype(None, 400),
    "WS-ONE-001": lambda: talk(
        ("tia", ORDER, GAVE),
        ("tia", ORDER, ews.PlayOnPhoneResponse(code="ErrorAnything")),
        ("tia", ASK, ALIVE),
    ),
    "WS-PRIVATE-001": lambda: talk(
        ("tia", ORDER, GAVE), ("bob", ORDER, ews.PlayOnPhoneResponse("call-0002"))
    ),
}


@pytest.mark.parametrize("requirement", sorted(GUILTY))
def test_who_breaks_it_is_accused(requirement: str) -> None:
    assert accused(requirement, GUILTY[requirement]()).guilty in (Role.CAS, Role.CLIENT)


@pytest.mark.parametrize("requirement", sorted(ODD))
def test_who_is_only_odd_is_not(requirement: str) -> None:
    acquitted(requirement, ODD[requirement]())


def test_a_request_without_credentials_is_not_served() -> None:
    accused("WS-AUTH-001", doors(("", "", 200)))


def test_a_second_order_after_the_first_call_is_no_second_call() -> None:
    over = state(CallState.DISCONNECTED)
    again = ("tia", ORDER, ews.PlayOnPhoneResponse("call-0002"))
    left_open("WS-ONE-001", talk(("tia", ORDER, GAVE), ("tia", ASK, over), again))


def test_two_users_may_call_at_once() -> None:
    bob = ("bob", ORDER, ews.PlayOnPhoneResponse("call-0002"))
    left_open("WS-ONE-001", talk(("tia", ORDER, GAVE), bob))


@pytest.mark.parametrize(
    "gave", [GAVE, ews.PlayOnPhoneResponse(code="ErrorItemNotFound")]
)
def test_a_message_deleted_between_two_orders_is_unknown_to_the_second(
    gave: ews.PlayOnPhoneResponse,
) -> None:
    first = Ordered(
        user="tia", kind="message", item="hello", dial_string="1", dialect="ews"
    )
    second = msgspec.structs.replace(first, missing=True)
    evidence = told(
        talk(("tia", ORDER, GAVE), ("tia", ORDER, gave)),
        ordered=(first, second),
        stored=(Sound(id="hello", ulaw=b"\x00"),),
    )
    judged = accused if gave is GAVE else acquitted
    assert len(judged("WS-ITEM-001", evidence).frames) == 1


def test_a_question_that_was_never_answered_is_no_refusal() -> None:
    scene = Scene(Plan())
    scene.http("tia", ORDER, GAVE)
    scene.asks("tia", ASK)
    acquitted("WS-CALLID-002", scene.evidence())
