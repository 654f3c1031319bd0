"""A web service that answers badly, or whom it should not. Facts §1.3, §2.5, §10."""

import re
from collections.abc import Callable

from ringback.faults import Malformed
from ringback.peers.bent.declared import Fault
from ringback.peers.bent.ways import Maker
from ringback.peers.bent.web import (
    Change,
    Head,
    Page,
    Turn,
    answered_with,
    answers,
    field_of,
    mistakes,
    rewrites,
    telling,
    tells,
    with_field,
    words,
)
from ringback.values import CallState, Cause, Role
from ringback.wire import ews
from ringback.wire.soap import Envelope

AUTHORIZATION = b"Authorization"
GIVEN = re.compile(rb'(<m:PhoneCallId Id=")([^"]*)(")')
DIALLED = re.compile(rb"<m:DialString>([^<]*)<")
TWO_OF_SIP = re.compile(
    rb"(<t:SIPResponseText>.*?</t:SIPResponseText>)"
    rb"(<t:SIPResponseCode>.*?</t:SIPResponseCode>)"
)
BODY = re.compile(rb"(?s)(<s:Body>.*</s:Body>)")
INFORMATION = re.compile(rb"(?s)<m:PhoneCallInformation .*</m:PhoneCallInformation>")
OTHER = "ErrorUnifiedMessagingRequestFailed"
UNKNOWN_ID = "ErrorInvalidPhoneCallId"
ALIVE = ews.GetPhoneCallInformationResponse(CallState.CONNECTING, Cause.NONE)
IS_ALIVE = ews.octets_of(ALIVE)
IS_UNKNOWN = ews.octets_of(ews.GetPhoneCallInformationResponse(code=UNKNOWN_ID))


def _as_a_page(head: Head, body: bytes) -> Page | None:
    return with_field(head, b"Content-Type", b"text/html; charset=utf-8"), body


def _named_twice(head: Head, body: bytes) -> Page | None:
    return [*head, b"Server: proxy", b"Server: another"], body


def _takes_anybody() -> Turn:
    """Whoever asks is taken for the first who proved himself."""
    known: list[bytes] = []

    def turn(head: Head, body: bytes) -> Page | None:
        shown = field_of(head, AUTHORIZATION)
        known.extend([shown] if shown and not known else [])
        if not known or shown == known[0]:
            return None
        return with_field(head, AUTHORIZATION, known[0]), body

    return turn


def _unasked(head: Head, body: bytes) -> Page | None:
    if b" 401 " not in head[0]:
        return None
    return [x for x in head if not x.lower().startswith(b"www-authenticate")], body


def _forgets_after_once() -> Change:
    """Every call is known for one question."""
    told: list[bytes] = []

    def change(body: bytes) -> bytes:
        if b"<t:PhoneCallState>" not in body:
            return body
        told.append(body)
        return IS_UNKNOWN if len(told) > 1 else body

    return change


def _one_id_for_all() -> Change:
    first: list[bytes] = []

    def change(body: bytes) -> bytes:
        found = GIVEN.search(body)
        if found is None:
            return body
        first.append(found[2])
        return GIVEN.sub(rb"\g<1>" + first[0] + rb"\g<3>", body)

    return change


def _takes_a_second() -> Change:
    """An order that fails gets a call id, once there was one that did not."""
    given: list[bytes] = []
    made_up = ews.PlayOnPhoneResponse("c2Vjb25kQHVtLnJpbmdiYWNrLnRlc3Q")

    def change(body: bytes) -> bytes:
        if b"<m:PlayOnPhoneResponse" not in body:
            return body
        if GIVEN.search(body):
            given.append(body)
        return ews.octets_of(made_up) if given and OTHER.encode() in body else body

    return change


def _gossips() -> Maker:
    """What was dialled last stands in every other answer."""
    from ringback.peers.bent.way import Way

    def make() -> Way:
        heard: list[bytes] = []

        def listen(head: Head, body: bytes) -> Page | None:
            heard.extend(DIALLED.findall(body))
            return None

        def tell(body: bytes) -> bytes:
            if not heard or GIVEN.search(body):
                return body
            note = b"<!-- " + heard[-1].replace(b"--", b"") + b" -->"
            return body.replace(b"</s:Body>", note + b"</s:Body>")

        spoken, listening = tells(tell)(), mistakes(lambda: listen)()
        return Way(raw=listening.raw, wished=spoken.wished)

    return make


def _reads_document_types() -> Callable[[bytes], bytes | None]:
    return lambda octets: IS_ALIVE if b"<!DOCTYPE" in octets else None


def _knows_every_call() -> Callable[[bytes], bytes | None]:
    """A question about any call at all is answered."""

    def serve(octets: bytes) -> bytes | None:
        try:
            question = ews.request_of(Envelope.parse(octets))
        except Malformed:
            return None
        return IS_ALIVE if isinstance(question, ews.GetPhoneCallInformation) else None

    return serve


def _cas(
    name: str,
    says: str,
    breaks: str,
    way: Maker,
    also: tuple[str, ...] = (),
    scenarios: tuple[str, ...] = (),
) -> Fault:
    return Fault(
        name=name,
        role=Role.CAS,
        says=says,
        breaks=breaks,
        also=also,
        scenarios=scenarios,
        way=way,
    )


FAULTS = (
    _cas(
        "cas-takes-any-password",
        "The CAS takes every request for one of the first user who proved himself.",
        "WS-AUTH-001",
        mistakes(_takes_anybody),
        also=("WS-", "POP-CHECK-"),
        scenarios=("webservice.a-wrong-password",),
    ),
    _cas(
        "cas-serves-the-first-user-s-calls",
        "The CAS takes another user's question for one of the first user.",
        "WS-CALLID-005",
        mistakes(_takes_anybody),
        also=("WS-", "POP-CHECK-"),
        scenarios=("webservice.another-user-s-call-id",),
    ),
    _cas(
        "cas-401-without-a-challenge",
        "The CAS says 401 and not how to do better.",
        "WS-AUTH-002",
        rewrites(_unasked),
    ),
    _cas(
        "cas-knows-every-call",
        "The CAS answers a question about any call id.",
        "WS-CALLID-001",
        answers(_knows_every_call),
        also=("WS-CALLID-", "WS-AUTH-001", "POP-STATE-", "POP-CAUSE-", "WS-ONE-001"),
        scenarios=("webservice.a-call-id-that-nobody-got",),
    ),
    _cas(
        "cas-unknown-call-by-another-code",
        "The CAS tells an unknown call id by its general failure.",
        "WS-CALLID-004",
        tells(words(UNKNOWN_ID, OTHER)),
        also=("WS-CALLID-005",),
    ),
    _cas(
        "cas-forgets-its-calls",
        "The CAS knows a call for one question.",
        "WS-CALLID-002",
        telling(_forgets_after_once),
    ),
    _cas(
        "cas-one-call-id-for-all",
        "The CAS hands out the same call id for every order.",
        "WS-CALLID-003",
        telling(_one_id_for_all),
        also=("WS-", "POP-"),
    ),
    _cas(
        "cas-faults-on-200",
        "The CAS sends SOAP faults with status 200.",
        "WS-HTTP-001",
        answered_with(b"HTTP/1.1 200 OK", b":Fault>"),
        also=("WS-SHAPE-",),
    ),
    _cas(
        "cas-no-word-for-a-lost-message",
        "The CAS tells a message that does not exist by its general failure.",
        "WS-ITEM-001",
        tells(words("ErrorItemNotFound|ErrorInvalidIdMalformed", OTHER)),
    ),
    _cas(
        "cas-takes-a-second-call",
        "The CAS hands out a call id for a second call during a first.",
        "WS-ONE-001",
        telling(_takes_a_second),
        also=("WS-CALLID-", "POP-CHECK-002"),
        scenarios=("webservice.a-second-call-while-the-first-rings",),
    ),
    _cas(
        "cas-gossips",
        "The CAS's answers have a comment with what somebody dialled before.",
        "WS-PRIVATE-001",
        _gossips(),
        scenarios=("webservice.another-user-s-call-id",),
    ),
    _cas(
        "cas-older-answers-with-an-element-too-many",
        "The CAS's answers in the 2007 dialect have an element of its own.",
        "WS-SHAPE-001",
        tells(lambda body: body.replace(b"</EventCause>", b"</EventCause><Reason/>")),
    ),
    _cas(
        "cas-sip-code-before-its-text",
        "In EWS the CAS tells SIP code and text in the wrong order.",
        "WS-SHAPE-002",
        tells(lambda body: TWO_OF_SIP.sub(rb"\2\1", body)),
    ),
    _cas(
        "cas-reads-document-types",
        "The CAS serves a request with a DOCTYPE.",
        "WS-XML-001",
        answers(_reads_document_types),
    ),
    _cas(
        "cas-answers-as-a-page",
        "The CAS calls its answers text/html.",
        "WS-HTTP-002",
        rewrites(_as_a_page),
    ),
    _cas(
        "cas-names-itself-twice",
        "The CAS's answers have two Server fields.",
        "WS-HTTP-003",
        rewrites(_named_twice),
    ),
    _cas(
        "cas-two-bodies",
        "The CAS's envelopes have two Bodies.",
        "WS-SOAP-001",
        tells(lambda octets: BODY.sub(rb"\1\1", octets)),
    ),
    _cas(
        "cas-tells-no-state",
        "The CAS answers a question about a call with NoError, and nothing else.",
        "WS-INFO-001",
        tells(lambda octets: INFORMATION.sub(b"", octets)),
    ),
    _cas(
        "cas-makes-up-sip-codes",
        "The CAS tells a SIP code of its own.",
        "POP-SIP-001",
        tells(words("[1-6][0-9][0-9]", "699")),
    ),
)
