"""A 200 that does not wait for the PRACK of what was said before. RFC 3262 §3."""

from collections.abc import Iterable

from ringback.peers.bent.changes import body, lacking, status
from ringback.peers.bent.way import Passing, Way
from ringback.peers.bent.ways import Maker, both, response
from ringback.protocol.world import Wish, Write
from ringback.values import Role
from ringback.wire.message import Message


def _is_reliable(p: Passing) -> bool:
    return "100rel" in p.message.first("require")


PREVIEW = both(response(183, of="INVITE", to=Role.UM), _is_reliable)
ANSWER = response(200, of="INVITE", to=Role.UM)


def answers_without_waiting(*, described: bool) -> Maker:
    """Right behind a reliable 183 comes the 200, and later no other; the 183 has its
    description, or none."""

    def make() -> Way:
        early: set[str] = set()  # Call-IDs

        def at_once(p: Passing) -> Iterable[Wish] | None:
            if p.message.first("call-id") in early and (PREVIEW(p) or ANSWER(p)):
                return ()
            if not PREVIEW(p) or not p.message.body:
                return None
            first = p.message if described else _emptied(p.message)
            early.add(p.message.first("call-id"))
            said = (first, _accepted(p.message))
            return [Write(p.link, bytes(message)) for message in said]

        return Way(said=at_once)

    return make


def _emptied(message: Message) -> Message:
    return body(lambda octets: b"")(message.without("content-type"))


def _accepted(preview: Message) -> Message:
    return status(200, "OK")(lacking("require", "rseq")(preview))
