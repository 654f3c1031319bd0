"""Text fit to be shown: credentials, media keys and most digits of a number hidden."""

import re

_HIDDEN = "\N{BULLET}" * 4
_SECRETS = (
    (re.compile(r"(?im)^(\s*(?:proxy-)?authorization:\s*\w+\s+).*$"), rf"\1{_HIDDEN}"),
    (re.compile(r"(?im)^(a=crypto:\d+ \S+ inline:).*$"), rf"\1{_HIDDEN}"),
    (re.compile(r"(?i)(<(?:\w+:)?(?:pin|password)>)[^<]*"), rf"\1{_HIDDEN}"),
)
_NUMBERS = (
    re.compile(r"(?i)((?:sips?|tel):\+?\d{2})(\d{3,})(\d{2})(?=\D|$)"),
    re.compile(r"(?i)(dial-?string[^>]*>\s*\+?\d{2})([\d\s().-]{3,})(\d{2})(?=\D|$)"),
    re.compile(r"(?i)(dial-?string=[\"']\+?\d{2})([\d\s().-]{3,})(\d{2})(?=\D|$)"),
)


def masked(text: str) -> str:
    """The text without what a shared report must not carry (facts §10)."""
    for pattern, shown in _SECRETS:
        text = pattern.sub(shown, text)
    for pattern in _NUMBERS:
        text = pattern.sub(lambda m: m[1] + "\N{BULLET}" * len(m[2]) + m[3], text)
    return text


def masked_number(number: str) -> str:
    """A dial string of which the first and last two digits are left."""
    if len(number) < 6:
        return number
    kept = 3 if number.startswith("+") else 2
    return number[:kept] + "\N{BULLET}" * (len(number) - kept - 2) + number[-2:]
