"""Rules of the sip-redirects sheet."""

from ringback.judge.case import Rule
from ringback.judge.rules import redirects

RULES: dict[str, Rule] = {
    "SIP-REDIR-006": redirects.no_uri_is_tried_twice,
    "SIP-REDIR-007": redirects.the_best_contact_is_tried_first,
    "SIP-REDIR-008": redirects.redirections_are_not_kept,
    "SIP-REDIR-009": redirects.the_request_uri_has_no_header_part,
    "SIP-REDIR-010": redirects.expired_contacts_are_forgotten,
}
