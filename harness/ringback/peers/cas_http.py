"""From an HTTP request to an operation, and from its response back to HTTP.

MS-OXWUMS §1.7 (SOAP 1.1 over HTTP, authentication by the web server), RFC 7617
(Basic), facts §2.5 (faults); a SOAP 1.1 fault travels with status 500.
"""

from collections.abc import Generator
from types import ModuleType

import msgspec

from ringback.faults import Malformed
from ringback.peers.cas_dialects import Service
from ringback.peers.web import WebReply, WebRequest
from ringback.protocol.mailbox import LogIn, User
from ringback.wire import ews, soap, umws
from ringback.wire.http import credentials
from ringback.wire.soap import Envelope, SoapFault

UNDERSTOOD = frozenset({"RequestServerVersion", "TimeZoneContext", "MailboxCulture"})
Replying = Generator[object, object, WebReply]


class _Dialect(msgspec.Struct, frozen=True):
    """One web service: its reader and writer, and its word for a broken request."""

    module: ModuleType
    invalid: str
    says: str

    def violated(self, how: str) -> SoapFault:
        text = f"{self.says} {how}".strip() if self.module is ews else self.says
        return SoapFault(
            self.invalid, text, response_code=self.invalid, message=self.says
        )


_OLD = _Dialect(umws, "ErrorInvalidRequest", "The request is invalid.")
_NEW = _Dialect(ews, "ErrorSchemaValidation", "The request failed schema validation.")
_AT = {path.lower(): _OLD for path in umws.PATHS}
_AT.update({path.lower(): _NEW for path in ews.PATHS})


def replying(request: WebRequest, service: Service, realm: str) -> Replying:
    """A generator that yields questions and returns the reply."""
    dialect = _AT.get(request.path.lower())
    if dialect is None:
        return WebReply(404)
    if request.method != "POST":
        return WebReply(405, headers=(("Allow", "POST"),))
    told = credentials(request.header("authorization"))
    user = (yield LogIn(*told)) if told else None
    if not isinstance(user, User):
        challenge = f'Basic realm="{realm}", charset="UTF-8"'
        return WebReply(401, headers=(("WWW-Authenticate", challenge),))
    kind = request.header("content-type").partition(";")[0].strip().lower()
    if kind != "text/xml" or request.header("content-encoding"):
        return WebReply(415)
    said = yield from _speaking(dialect, user, request.body, service)
    status = 500 if isinstance(said, SoapFault) else 200
    octets: bytes = dialect.module.octets_of(said)
    return WebReply(status, octets, soap.CONTENT_TYPE)


def _speaking(
    dialect: _Dialect, user: User, body: bytes, service: Service
) -> Generator[object, object, umws.Response | ews.Response | SoapFault]:
    try:
        envelope = Envelope.parse(body)
        refused = _refused(dialect, envelope)
        if refused is not None:
            return refused
        asked = dialect.module.request_of(envelope)
    except Malformed as error:
        return dialect.violated(error.why)
    return (yield from service.serve(user, asked))


def _refused(dialect: _Dialect, envelope: Envelope) -> SoapFault | None:
    """SOAP 1.1 §4.4.1's own faults, then the schema's."""
    root = envelope.root
    if soap.local(root) == "Envelope" and soap.namespace(root) != soap.SOAP:
        return SoapFault(
            "VersionMismatch", "SOAP 1.1 is spoken here.", code_namespace=soap.SOAP
        )
    if set(envelope.demands) - UNDERSTOOD:
        return SoapFault(
            "MustUnderstand",
            "A header entry is not understood.",
            code_namespace=soap.SOAP,
        )
    complaint = soap.violation(dialect.module.SCHEMA, envelope.body)
    return dialect.violated(complaint) if complaint else None
