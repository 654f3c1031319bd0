"""TLS as octets in, octets out; what OpenSSL yields is always sent, alerts above all.

RFC 8446 and RFC 5246; mutual for SIP (RFC 3261 §26.3.1). OpenSSL judges the chain, our
own rules names and usages (``acceptance``), after the handshake and before any
application octet.
"""

import os
import ssl
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache

from msgspec.structs import replace

from ringback.faults import Misuse
from ringback.net.acceptance import names_in, objection
from ringback.net.identity import Identity
from ringback.net.keylog import KEYLOG, random_of
from ringback.net.tls_failures import reason_of
from ringback.net.unseen import unseen
from ringback.wire.hellos import silent_on_renegotiation

_VERSIONS = {
    "any": ssl.TLSVersion.MINIMUM_SUPPORTED,  # as old as OpenSSL can: TLS 1.0
    "TLSv1.2": ssl.TLSVersion.TLSv1_2,
    "TLSv1.3": ssl.TLSVersion.TLSv1_3,
}
_NO_CHECK_TIME = ssl.VerifyFlags(0x200000)  # X509_V_FLAG_NO_CHECK_TIME
_READ = 65536


@dataclass(slots=True)
class Turn:
    """What came of some octets. ``names`` is set once, when the handshake is done and
    everything about the other side was found in order."""

    out: bytes = b""
    heard: bytes = b""
    names: tuple[str, ...] | None = None
    failure: str = ""
    closed: bool = False  # the other side said close_notify
    random: bytes = b""  # of the ClientHello, in the turn that it went by


class Tls:
    """One end of one TLS connection over memory buffers."""

    __slots__ = (
        "_asks",
        "_clock",
        "_done",
        "_hello",
        "_identity",
        "_in",
        "_name",
        "_out",
        "_server",
        "_tls",
    )

    def __init__(
        self,
        identity: Identity,
        *,
        server: bool,
        mutual: bool = True,
        name: str = "",
        clock: Callable[[], int] = time.time_ns,
    ) -> None:
        """``name`` is whom the other side must prove to be; unused by a server."""
        self._clock = clock
        self._identity, self._server, self._name = identity, server, name
        self._asks = mutual or not server
        self._in, self._out = ssl.MemoryBIO(), ssl.MemoryBIO()
        context = (
            server_context(identity, mutual) if server else client_context(identity)
        )
        indicated = None if server or not _can_be_indicated(name) else name
        kept = identity.sessions.latest if identity.sessions and not server else None
        self._tls = context.wrap_bio(self._in, self._out, server, indicated, kept)
        self._done = False
        self._hello: bytes | None = b""  # None once it went by

    def begin(self) -> Turn:
        """The client's first octets."""
        return self.take(b"")

    def take(self, octets: bytes) -> Turn:
        """Raw octets from the other side."""
        self._in.write(octets)
        turn = Turn()
        try:
            if not self._done:
                self._shake(turn)
            if self._done and not turn.failure:
                self._read(turn)
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLError as trouble:
            has_certificate = bool(self._identity.chain)
            turn.failure = reason_of(trouble, has_certificate=has_certificate)
        turn.out += self._read_out()
        if self._hello is not None:
            turn.random = self._watched(octets if self._server else turn.out)
        return turn

    def _read_out(self) -> bytes:
        octets = self._out.read()
        if self._server and not self._identity.tells_of_renegotiation:
            return silent_on_renegotiation(octets)
        return octets

    def write(self, octets: bytes) -> bytes:
        """Application octets as records; only after ``names`` were given."""
        with suppress(ssl.SSLError):  # the other side broke it: reading tells why
            self._tls.write(octets)
        return self._out.read()

    def close(self) -> bytes:
        """A close_notify, where the connection still can carry one."""
        if not self._identity.says_goodbye:
            return b""
        with suppress(ssl.SSLError):  # wants the other's, or never got so far
            self._tls.unwrap()
        return self._out.read()

    def _shake(self, turn: Turn) -> None:
        self._tls.do_handshake()
        self._done = True
        leaf = self._tls.getpeercert(binary_form=True)
        if wrong := self._objection(leaf):
            turn.failure = wrong
            turn.out = self.close()
        else:
            turn.names = self._proved(leaf)

    def _read(self, turn: Turn) -> None:
        heard = []
        try:
            while chunk := self._tls.read(_READ):
                heard.append(chunk)
            turn.closed = True
        except ssl.SSLZeroReturnError:
            turn.closed = True
        finally:
            turn.heard = b"".join(heard)
            self._keep()

    def _keep(self) -> None:
        """In TLS 1.3 a ticket comes with what is read, after the handshake. To look at
        a session is to copy it, certificates and all: 0.2 ms."""
        sessions = self._identity.sessions
        if sessions and (session := self._tls.session) and session.has_ticket:
            sessions.latest = session

    def _objection(self, leaf: bytes | None) -> str:
        """What is wrong with the other side, or nothing."""
        if not self._asks or not leaf:
            return ""
        now = datetime.fromtimestamp(self._clock() / 1e9, UTC)
        judge = self._identity
        if self._tls.session_reused and not judge.checks_resumed:
            judge = replace(judge, checks_dates=False)
        return objection(leaf, judge, now, server=self._server, name=self._name)

    def _proved(self, leaf: bytes | None) -> tuple[str, ...]:
        """A careless server takes everybody for whom it trusts."""
        identity = self._identity
        names = names_in(leaf, identity) if leaf else ()
        careful = identity.checks_names and identity.checks_list
        if careful and identity.asks and identity.insists:
            return names
        return (*names, *sorted(identity.trusted))

    def _watched(self, octets: bytes) -> bytes:
        hello = (self._hello or b"") + octets[:64]
        self._hello = hello if len(hello) < 43 else None
        return random_of(hello)


@lru_cache(maxsize=256)
def server_context(identity: Identity, mutual: bool) -> ssl.SSLContext:
    """Making one costs a millisecond: one per identity and kind. Misuse: no
    certificate."""
    if not identity.chain:
        raise Misuse("a secured listener needs a certificate: " + repr(identity))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    wants = ssl.CERT_REQUIRED if identity.insists else ssl.CERT_OPTIONAL
    context.verify_mode = wants if mutual and identity.asks else ssl.CERT_NONE
    context.num_tickets = 2 if identity.gives_tickets else 0
    return _furnished(context, identity)


@lru_cache(maxsize=256)
def client_context(identity: Identity) -> ssl.SSLContext:
    """Names are ours to check; OpenSSL would take a common name for one."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_REQUIRED if identity.checks_chain else ssl.CERT_NONE
    return _furnished(context, identity)


def _forget_contexts() -> None:
    """They write into the key log of the process that made them."""
    server_context.cache_clear()
    client_context.cache_clear()


os.register_at_fork(after_in_child=_forget_contexts)


def _furnished(context: ssl.SSLContext, identity: Identity) -> ssl.SSLContext:
    context.minimum_version = _VERSIONS[identity.oldest]
    context.maximum_version = _VERSIONS[identity.newest]
    context.options |= ssl.OP_NO_RENEGOTIATION
    if not (identity.gives_tickets or identity.sessions):
        context.options |= ssl.OP_NO_TICKET
    context.keylog_filename = KEYLOG.path
    if not identity.checks_dates:
        context.verify_flags |= _NO_CHECK_TIME
    try:
        if identity.ciphers:
            context.set_ciphers(identity.ciphers)
        if identity.roots:
            context.load_verify_locations(cadata=identity.roots.decode("ascii"))
        if identity.chain:
            with unseen(identity.chain + b"\n" + identity.key) as path:
                context.load_cert_chain(path)
    except (ssl.SSLError, ValueError) as trouble:
        raise Misuse(f"{identity!r} cannot be used for TLS: {trouble}") from trouble
    return context


def _can_be_indicated(name: str) -> bool:
    """SNI carries DNS names only (RFC 6066 §3)."""
    labels = name.split(".")
    return (
        name.isascii()
        and not labels[-1].isdigit()
        and ":" not in name
        and all(0 < len(label) < 64 for label in labels)
    )
