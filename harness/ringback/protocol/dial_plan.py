"""May this dial string be called, and what exactly is then dialled?

Facts §6.3 gives the algorithm of 2007 and what 2010 put before the match; facts §6.5
says what users type to break out of it. Two things are not documented and are ours:

- the class of a number: as many digits as an extension has is an extension; a leading
  ``+`` or international access code is international, unless ``+`` and our own
  country; the rest is national. An outside line code before the access code is seen
  through, or ``9011...`` would pass the national rules.
- literal digits of a rule's DialedNumber are sent. The vendor's samples want that; one
  sentence of the vendor's prose (mask ``91425*`` and number ``91*`` sending
  ``4255551234``) does not, and is not followed.
"""

import re
from collections.abc import Iterable
from enum import StrEnum
from functools import lru_cache

import msgspec

MAX_TYPED = 64  # characters of what the user typed
MAX_DIGITS = 24  # access codes and 15 digits of E.164
MAX_E164 = 15

_SEPARATORS = re.compile(r"[ \-.()\[\]/]")
_NUMBER = re.compile(r"\+?[0-9]+\Z")
_SCHEME = re.compile(r"(?:tel|sip):", re.IGNORECASE)
_ADDRESS = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]{0,63})@([A-Za-z0-9.-]{1,255})\Z")
_MASK = re.compile(r"\+?[0-9xX]*\*?\Z")


class UriType(StrEnum):
    """How the users of a dial plan are addressed (facts §6.1)."""

    TEL_EXTN = "TelExtn"
    SIP_NAME = "SipName"
    E164 = "E164"


class Kind(StrEnum):
    EXTENSION = "extension"
    NATIONAL = "national"
    INTERNATIONAL = "international"
    ADDRESS = "address"


class Denial(StrEnum):
    """Why not: the four are told apart by EWS (facts §3.3)."""

    MALFORMED = "malformed"
    MALFORMED_ADDRESS = "malformed address"
    POLICY = "policy"
    SWITCHED_OFF = "switched off"


class DialingRule(msgspec.Struct, frozen=True):
    """An entry of a group: rules of one ``name`` are one group (facts §6.2).

    ``mask`` has digits, ``x`` for one digit and a last ``*`` for any run, and may start
    with ``+``; ``dialed`` is filled with what the wildcards met, in order.
    """

    name: str
    mask: str
    dialed: str
    comment: str = ""


class DialPlan(msgspec.Struct, frozen=True, kw_only=True):
    """Facts §6.2. ``domains`` are those whose SIP addresses a SipName plan may dial."""

    uri_type: UriType = UriType.TEL_EXTN
    digits: int = 5
    outside_line: str = "9"
    international_code: str = ""
    national_prefix: str = ""
    country_code: str = ""
    in_country: tuple[DialingRule, ...] = ()
    international: tuple[DialingRule, ...] = ()
    domains: tuple[str, ...] = ()


class MailboxPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """Which groups, by name, and which insiders its users may call."""

    name: str = "default"
    in_country: tuple[str, ...] = ()
    international: tuple[str, ...] = ()
    extensions: bool = True
    subscribers: bool = True
    play_on_phone: bool = True


class Permitted(msgspec.Struct, frozen=True):
    """``digits`` go into the Request-URI's user part as they are: digits, perhaps after
    one ``+``; for an address its user part, which needs no escape either."""

    digits: str
    kind: Kind
    rule: str = ""


class Denied(msgspec.Struct, frozen=True):
    why: str
    kind: Denial


def decide(
    dial_string: str,
    plan: DialPlan,
    policy: MailboxPolicy,
    version: str = "2007",
    subscriber: bool = False,
) -> Permitted | Denied:
    """Facts §6.3. ``version`` "2010" puts the access codes before the number first.

    ``subscriber`` says that the directory knows the string as a user of the plan.
    """
    if not policy.play_on_phone:
        why = "the mailbox policy has Play on Phone switched off"
        return Denied(why, Denial.SWITCHED_OFF)
    if len(dial_string) > MAX_TYPED:
        return _unreadable(f"more than {MAX_TYPED} characters")
    if "@" in dial_string and plan.uri_type is UriType.SIP_NAME:
        return _address(dial_string.strip(" "), plan, policy)
    number = _number(dial_string)
    if isinstance(number, Denied):
        return number
    kind = classify(number, plan)
    if kind is Kind.EXTENSION:
        return _extension(number, policy, subscriber)
    if version == "2010":
        number = _prefixed(number, kind, plan)
    return _by_rules(number, kind, plan, policy)


def classify(number: str, plan: DialPlan) -> Kind:
    """What kind of number it is; see the head of this file."""
    if len(number) == plan.digits and number.isdecimal():
        return Kind.EXTENSION
    if number.startswith("+"):
        ours = plan.country_code and number.startswith(f"+{plan.country_code}")
        return Kind.NATIONAL if ours else Kind.INTERNATIONAL
    abroad = plan.international_code
    heads = (abroad, plan.outside_line + abroad)
    if abroad and number.startswith(heads):
        return Kind.INTERNATIONAL
    return Kind.NATIONAL


def fill(rule: DialingRule, number: str) -> str:
    """What the rule dials for that number; empty when its mask does not match.

    A mask without ``+`` matches with or without one in the number (non-numerics are
    stripped before the match); the run of a bare ``*`` takes the ``+`` along.
    """
    pattern = _pattern(rule.mask)
    found = pattern.match(number) if pattern else None
    if not found:
        return ""
    met = list(found.groups())
    shapes = [
        (text.lower().count("x"), "*" in text) for text in (rule.mask, rule.dialed)
    ]
    if shapes[0] < shapes[1] or shapes[0][0] != shapes[1][0]:
        return ""
    rest = met.pop() if rule.mask.endswith("*") else ""
    dialed = "".join(met.pop(0) if c in "xX" else c for c in rule.dialed)
    filled = dialed.replace("*", rest)
    return filled if _NUMBER.match(filled) else ""


@lru_cache(maxsize=512)
def _pattern(mask: str) -> re.Pattern[str] | None:
    if not mask or not _MASK.match(mask):
        return None
    if mask == "*":
        return re.compile(r"(\+?[0-9]*)\Z")
    plus = "" if mask.startswith("+") else r"\+?"
    shape = {"x": "([0-9])", "*": "([0-9]*)", "+": r"\+"}
    return re.compile(plus + "".join(shape.get(c, c) for c in mask.lower()) + r"\Z")


def _number(dial_string: str) -> str | Denied:
    """The digits of what the user typed, a leading plus kept."""
    text = dial_string.strip(" ")
    if scheme := _SCHEME.match(text):
        text = text[scheme.end() :]
    number = _SEPARATORS.sub("", text)
    if not _NUMBER.match(number):
        return _unreadable(_stranger(number))
    if len(number) > MAX_DIGITS:
        return _unreadable(f"more than {MAX_DIGITS} digits")
    if number.startswith("+") and len(number) > MAX_E164 + 1:
        return _unreadable(f"more than {MAX_E164} digits after the plus (E.164)")
    return number


def _stranger(number: str) -> str:
    """The first character that does not belong, named so that a log stays clean."""
    for at, character in enumerate(number):
        if character not in "0123456789" and (character, at) != ("+", 0):
            return f"U+{ord(character):04X} has no place in a number"
    return "no digit in it"


def _address(text: str, plan: DialPlan, policy: MailboxPolicy) -> Permitted | Denied:
    if scheme := _SCHEME.match(text):
        text = text[scheme.end() :]
    found = _ADDRESS.match(text)
    if not found:
        return Denied("not a plain user@domain", Denial.MALFORMED_ADDRESS)
    if found[2].lower() not in (domain.lower() for domain in plan.domains):
        return _forbidden("the address is outside the domains of the dial plan")
    if not policy.subscribers:
        return _forbidden("calls to users of the dial plan are not allowed")
    return Permitted(found[1], Kind.ADDRESS)


def _extension(
    number: str, policy: MailboxPolicy, subscriber: bool
) -> Permitted | Denied:
    if policy.extensions or (subscriber and policy.subscribers):
        return Permitted(number, Kind.EXTENSION)
    return _forbidden("calls to extensions are not allowed")


def _prefixed(number: str, kind: Kind, plan: DialPlan) -> str:
    """2010: access codes go in front; the one that the user typed is not doubled."""
    bare = number.removeprefix("+")
    if kind is Kind.INTERNATIONAL:
        code = plan.international_code
        if not number.startswith(("+", code)):
            bare = bare.removeprefix(plan.outside_line)
    else:
        code = plan.national_prefix
        if number.startswith("+"):
            bare = bare.removeprefix(plan.country_code)
    return plan.outside_line + code + bare.removeprefix(code)


def _by_rules(
    number: str, kind: Kind, plan: DialPlan, policy: MailboxPolicy
) -> Permitted | Denied:
    abroad = kind is Kind.INTERNATIONAL
    rules = plan.international if abroad else plan.in_country
    allowed = policy.international if abroad else policy.in_country
    for rule in _of(rules, allowed):
        if dialed := fill(rule, number):
            return Permitted(dialed, kind, rule.name)
    return _forbidden(f"no allowed rule matches this {kind} number")


def _of(rules: Iterable[DialingRule], names: tuple[str, ...]) -> list[DialingRule]:
    """In the order of the policy's groups, then of the plan's entries."""
    known = list(rules)
    return [rule for name in names for rule in known if rule.name == name]


def _unreadable(why: str) -> Denied:
    return Denied(f"the dial string cannot be dialled: {why}", Denial.MALFORMED)


def _forbidden(why: str) -> Denied:
    return Denied(why, Denial.POLICY)
