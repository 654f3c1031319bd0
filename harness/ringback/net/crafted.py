"""TLS hellos that no honest stack would send, made by scapy, in a process of their own.

RFC 8996 §4 and §5 (old versions), RFC 9325 §4.1 (broken ciphers), RFC 5246 §6.2.1 (the
size of a record) and §7.4.1.2 (ClientHello). scapy is GPL-2.0-only: nothing but this
module imports it, and nothing imports this module; it is run, as
``python -m ringback.net.crafted``, and prints one line of JSON for each hello.
"""

import argparse
import json
import os
import socket
import sys
from collections.abc import Callable
from typing import Any, Final

TLS10, TLS11, TLS12 = 0x0301, 0x0302, 0x0303
SOUND: Final = (0xC02B, 0xC02F, 0xC009, 0xC013, 0x002F)  # with AES
NULL: Final = (0xC010, 0xC006, 0x003B, 0x0002, 0x0001)
RC4: Final = (0xC011, 0xC007, 0x0005, 0x0004)
EXPORT: Final = (0x0003, 0x0006, 0x0008, 0x0014)
TRIPLE_DES: Final = (0xC012, 0xC008, 0x0016, 0x000A)
_PADDING, _ROOM = 21, 20_000  # RFC 7685 §3; too much even for a protected record
_PATIENCE = 3.0  # seconds for one answer
_ENOUGH = 65536  # octets of an answer that are read


def _scapy() -> Any:
    """Its TLS layer takes a third of a second to import, and knows no types."""
    import scapy.layers.tls.all as untyped

    return untyped


def _hello(version: int, ciphers: tuple[int, ...], room: int = 0) -> bytes:
    """A ClientHello in one record, with ``room`` octets of padding."""
    tls = _scapy()
    extensions = [
        tls.TLS_Ext_ServerName(
            servernames=[tls.ServerName(servername=b"um.ringback.test")]
        ),
        tls.TLS_Ext_SupportedGroups(groups=[23, 24, 29]),
        tls.TLS_Ext_SupportedPointFormat(ecpl=[0]),
    ]
    if version == TLS12:
        pairs = [0x0403, 0x0401, 0x0804]  # ECDSA, RSA, RSA-PSS; all with SHA-256
        extensions.append(tls.TLS_Ext_SignatureAlgorithms(sig_algs=pairs))
    if room:
        extensions.append(tls.TLS_Ext_Unknown(type=_PADDING, val=bytes(room)))
    hello = tls.TLSClientHello(
        version=version,
        gmt_unix_time=int.from_bytes(os.urandom(4), "big"),
        random_bytes=os.urandom(28),
        ciphers=list(ciphers),
        comp=[0],
        ext=extensions,
    )
    return bytes(tls.TLS(version=min(version, TLS10), msg=[hello]))


def _cut() -> bytes:
    whole = _hello(TLS12, SOUND)
    return whole[: len(whole) // 2]


def _garbled() -> bytes:
    """The session id claims to be longer than the whole hello."""
    whole = bytearray(_hello(TLS12, SOUND))
    whole[5 + 4 + 2 + 32] = 0xFF  # behind record header, handshake header, random
    return bytes(whole)


HELLOS: Final[dict[str, Callable[[], bytes]]] = {
    "tls-10": lambda: _hello(TLS10, SOUND),
    "tls-11": lambda: _hello(TLS11, SOUND),
    "null": lambda: _hello(TLS12, NULL),
    "rc4": lambda: _hello(TLS12, RC4),
    "export": lambda: _hello(TLS12, EXPORT),
    "3des": lambda: _hello(TLS12, TRIPLE_DES),
    "oversized": lambda: _hello(TLS12, SOUND, _ROOM),
    "cut": _cut,
    "garbled": _garbled,
    "sound": lambda: _hello(TLS12, SOUND),  # which a server of TLS 1.2 does answer
}


def ask(source: str, target: tuple[str, int], octets: bytes, *, ends: bool) -> bytes:
    """Say that on a connection of its own; what came back until somebody ended it.

    ``ends`` says that nothing more will be sent, as of a hello that is cut. OSError
    when there is no connection; TimeoutError when nothing at all came back.
    """
    answer = b""
    with socket.create_connection(target, _PATIENCE, (source, 0)) as stream:
        stream.sendall(octets)
        if ends:
            stream.shutdown(socket.SHUT_WR)
        try:
            while len(answer) < _ENOUGH and (heard := stream.recv(_ENOUGH)):
                answer += heard
                if answer[:1] == b"\x16":  # who says hello waits for more from us
                    break
        except ConnectionResetError:
            pass
    return answer


def reading(answer: bytes) -> dict[str, object]:
    """The server's first record in words."""
    tls = _scapy()
    if not answer:
        return {"answer": "closed"}
    first = next(iter(tls.TLS(answer).msg), None)
    if isinstance(first, tls.TLSAlert):
        words = first.sprintf("%TLSAlert.level% %TLSAlert.descr%")
        codes = {"level": first.level, "description": first.descr}
        return {"answer": "alert", **codes, "words": words}
    if isinstance(first, tls.TLSServerHello):
        codes = {"version": first.version, "cipher": first.cipher}
        return {"answer": "server hello", **codes}
    return {"answer": "something else", "octets": answer[:64].hex()}


def told(name: str, source: str, target: tuple[str, int]) -> dict[str, object]:
    """One hello and what became of it."""
    octets = HELLOS[name]()
    try:
        answer = ask(source, target, octets, ends=name == "cut")
    except TimeoutError:
        return {"hello": name, "answer": "silence"}
    except OSError as trouble:
        return {"hello": name, "answer": "no connection", "why": str(trouble)}
    return {"hello": name, **reading(answer)}


def main(words: list[str]) -> int:
    parser = argparse.ArgumentParser("ringback.net.crafted", description=__doc__)
    parser.add_argument("source", help="the address to come from")
    parser.add_argument("host")
    parser.add_argument("port", type=int)
    parser.add_argument("hellos", nargs="+", choices=HELLOS, metavar="HELLO")
    asked = parser.parse_args(words)
    for name in asked.hellos:
        line = told(name, asked.source, (asked.host, asked.port))
        sys.stdout.write(json.dumps(line) + "\n")
        sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
