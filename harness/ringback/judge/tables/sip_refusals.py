"""Rules of the sip-refusals sheet."""

from ringback.judge.case import Rule
from ringback.judge.rules import beyond, refusals
from ringback.judge.rules.refusals import refused

RULES: dict[str, Rule] = {
    "SIP-REFUSE-001": refused(refusals.has_an_unknown_method, "an unknown method"),
    "SIP-REFUSE-002": refused(refusals.has_an_unknown_body, "an unknown body"),
    "SIP-REFUSE-003": refused(refusals.has_an_unknown_encoding, "an unknown encoding"),
    "SIP-REFUSE-004": refused(refusals.has_an_unknown_scheme, "an unknown scheme"),
    "SIP-REFUSE-005": refused(refusals.requires_the_unknown, "an unknown extension"),
    "SIP-REFUSE-006": refusals.merged_requests_are_refused,
    "SIP-REFUSE-007": beyond.another_version_is_refused,
    "SIP-REFUSE-008": beyond.long_ones_are_settled,
    "SIP-REFUSE-009": beyond.bodies_are_not_obeyed,
    "SIP-HOPS-001": refusals.a_call_without_hops_goes_nowhere,
    "SIP-HOPS-002": refusals.hops_are_counted,
    "SIP-RETRY-001": refusals.a_refusal_is_not_tried_again,
    "SIP-RETRY-002": refusals.who_asks_for_rest_is_left_alone,
    "SIP-RELAY-001": refusals.the_far_end_s_refusal_is_not_relayed,
}
