"""Identifiers of stored things in the form that mail clients hand about.

MS-OXCDATA §2.2.4.1 gives folder entry ids, MS-OXCDATA §2.2.4.2 message entry ids
(facts §2.4). Each is made from the names alone: the same message, the same id.
"""

import base64
import hashlib

_PRIVATE_FOLDER, _PRIVATE_MESSAGE = 0x0001, 0x0007


def entry_id(user: str, message: str) -> str:
    """Base64 of the 70 octets that name a message."""
    place = _long_term_id("message", user, message)
    return _entry(user, _PRIVATE_MESSAGE, _long_term_id("folder", user) + place)


def folder_id(user: str) -> str:
    """Base64 of the 46 octets that name the user's inbox."""
    return _entry(user, _PRIVATE_FOLDER, _long_term_id("folder", user))


def item_id(user: str, message: str) -> str:
    """What EWS calls the message: opaque, Base64."""
    return base64.b64encode(b"\0\1" + _digest("item", user, message)).decode()


def _entry(user: str, kind: int, places: bytes) -> str:
    provider = _digest("mailbox", user)[:16]
    octets = bytes(4) + provider + kind.to_bytes(2, "little") + places
    return base64.b64encode(octets).decode()


def _long_term_id(*names: str) -> bytes:
    """A database GUID, a 48-bit counter, two octets of padding."""
    return _digest("database")[:16] + _digest(*names)[:6] + bytes(2)


def _digest(*names: str) -> bytes:
    return hashlib.sha256("\0".join(names).encode()).digest()
