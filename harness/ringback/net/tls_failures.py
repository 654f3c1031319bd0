"""Why TLS was refused, in the nine words of the vendor's TlsFailureReason (facts §5.4).

OpenSSL's codes are those of its x509_vfy.h; alerts are those of RFC 8446 §6.
"""

import ssl
from enum import StrEnum


class TlsFailure(StrEnum):
    """The word is what a reason begins with."""

    OTHER = "Other"
    LOCAL_CERTIFICATE_NOT_FOUND = "LocalCertificateNotFound"
    UNTRUSTED_REMOTE_CERTIFICATE = "UntrustedRemoteCertificate"
    INCORRECT_NAME = "IncorrectNameInRemoteCertificate"
    CERTIFICATE_EXPIRED = "CertificateExpired"
    NEGOTIATION = "TlsNegotiationFailure"
    REMOTE_DISCONNECTED = "RemoteDisconnected"
    REVOKED = "RemoteCertificateRevoked"
    INVALID_USAGE = "RemoteCertificateInvalidUsage"

    def because(self, why: str) -> str:
        return f"{self.value}: {why}"


_BY_CODE = {
    2: TlsFailure.UNTRUSTED_REMOTE_CERTIFICATE,  # issuer not found
    7: TlsFailure.UNTRUSTED_REMOTE_CERTIFICATE,  # signature does not verify
    9: TlsFailure.CERTIFICATE_EXPIRED,  # not yet valid: the vendor has one word
    10: TlsFailure.CERTIFICATE_EXPIRED,
    18: TlsFailure.UNTRUSTED_REMOTE_CERTIFICATE,  # self-signed leaf
    19: TlsFailure.UNTRUSTED_REMOTE_CERTIFICATE,  # self-signed in the chain
    20: TlsFailure.UNTRUSTED_REMOTE_CERTIFICATE,  # issuer not at hand
    21: TlsFailure.UNTRUSTED_REMOTE_CERTIFICATE,  # leaf alone, not verifiable
    22: TlsFailure.UNTRUSTED_REMOTE_CERTIFICATE,  # chain too long
    23: TlsFailure.REVOKED,
    24: TlsFailure.UNTRUSTED_REMOTE_CERTIFICATE,  # an issuer that is no authority
    25: TlsFailure.UNTRUSTED_REMOTE_CERTIFICATE,  # path too long
    26: TlsFailure.INVALID_USAGE,
    27: TlsFailure.UNTRUSTED_REMOTE_CERTIFICATE,
    28: TlsFailure.INVALID_USAGE,  # rejected for this purpose
    32: TlsFailure.UNTRUSTED_REMOTE_CERTIFICATE,  # issuer may not sign certificates
    62: TlsFailure.INCORRECT_NAME,
    63: TlsFailure.INCORRECT_NAME,
    64: TlsFailure.INCORRECT_NAME,
    66: TlsFailure.NEGOTIATION,  # key too small
    67: TlsFailure.NEGOTIATION,
    68: TlsFailure.NEGOTIATION,  # signature algorithm too weak
    79: TlsFailure.UNTRUSTED_REMOTE_CERTIFICATE,  # issuer breaks RFC 5280
    92: TlsFailure.UNTRUSTED_REMOTE_CERTIFICATE,
}
_NO_CERTIFICATE = "PEER_DID_NOT_RETURN_A_CERTIFICATE"


def reason_of(trouble: ssl.SSLError, *, has_certificate: bool) -> str:
    """The vendor's word and OpenSSL's; an alert came from the other side."""
    if isinstance(trouble, ssl.SSLCertVerificationError):
        word = _BY_CODE.get(trouble.verify_code, TlsFailure.OTHER)
        return word.because(trouble.verify_message)
    if isinstance(trouble, ssl.SSLEOFError | ssl.SSLZeroReturnError):
        return TlsFailure.REMOTE_DISCONNECTED.because("the handshake was not finished")
    said = trouble.reason or str(trouble)
    if said == _NO_CERTIFICATE:
        word = TlsFailure.UNTRUSTED_REMOTE_CERTIFICATE
        return word.because("the other side presented no certificate")
    plain = said.replace("_", " ").lower()
    if "ALERT" not in said:
        return TlsFailure.NEGOTIATION.because(plain)
    if not has_certificate and "CERTIFICATE_REQUIRED" in said:
        return TlsFailure.LOCAL_CERTIFICATE_NOT_FOUND.because(_told(plain))
    return TlsFailure.NEGOTIATION.because(_told(plain))


def _told(plain: str) -> str:
    alert = plain.partition("alert ")[2]
    return f"the other side sent the alert {alert or plain}"
