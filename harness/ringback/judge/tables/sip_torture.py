"""Rules of the sheet sip-torture."""

from ringback.judge.case import Rule
from ringback.judge.rules import torture

RULES: dict[str, Rule] = {
    "SIP-TORT-001": torture.odd_requests_are_understood,
    "SIP-TORT-002": torture.unreadable_requests_are_not_carried_out,
    "SIP-TORT-003": torture.unframed_requests_are_not_carried_out,
    "SIP-TORT-004": torture.unknown_schemes_are_refused,
    "SIP-TORT-005": torture.unknown_versions_are_refused,
    "SIP-TORT-006": torture.unknown_extensions_are_refused,
    "SIP-TORT-007": torture.stray_responses_get_nothing,
    "SIP-TORT-008": torture.nobody_else_is_harmed,
}
