"""INFO within a call: what is refused, by whoever takes the method at all.

RFC 6086 §4.2.2 and §11.6 (469), §5.2 (Recv-Info); RFC 3261 §8.2.3 (415).
"""

from ringback.protocol.manner import NO_PACKAGES
from ringback.protocol.screening import Complaint
from ringback.wire.message import Field, Message


def refused(info: Message) -> Complaint | None:
    """No package is taken here, and no body; a bare one tells that a call is alive."""
    if info.all("info-package"):
        return Complaint(469, "Bad Info Package", (NO_PACKAGES,))
    if info.body:
        nothing = Field.of("Accept", "")
        return Complaint(415, "Unsupported Media Type", (nothing,))
    return None
