"""What makes two requests the same transaction, or the same request by two ways.

RFC 3261 §17.2.3 (matching to server transactions), §8.2.2.2 (merged requests).
"""

from ringback.protocol.names import MAGIC_COOKIE
from ringback.wire.headers import Via, cseq, from_tag, split_list
from ringback.wire.message import Message

Identity = tuple[str, str, int, str]  # Call-ID, From tag, CSeq


def request_key(request: Message) -> str:
    """What RFC 3261 §17.2.3 compares; an ACK has the key of its INVITE.

    Without the magic cookie (RFC 2543 peers) the fields that rule names take the
    place of the branch.
    """
    hops = split_list(request.first("via"))
    via = Via.parse(hops[0] if hops else "")
    method = "INVITE" if request.method == "ACK" else request.method
    branch = via.branch
    if not branch.startswith(MAGIC_COOKIE):
        identity = identity_of(request)[:3]
        branch = "|".join((*map(str, identity), request.uri, str(via)))
    return f"{branch}@{via.host.lower()}:{via.port or ''}:{method}"


def identity_of(request: Message) -> Identity:
    """What a merged request has in common with its twin (RFC 3261 §8.2.2.2)."""
    seq = cseq(request)
    return request.first("call-id"), from_tag(request), seq.number, seq.method
