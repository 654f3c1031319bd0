"""Rules of the sip-midcall sheet."""

from ringback.judge.case import Rule
from ringback.judge.rules import glare, information, reliable, sessions, standing

RULES: dict[str, Rule] = {
    "SIP-GLARE-001": glare.second_invites_get_500,
    "SIP-GLARE-002": glare.invites_that_meet_get_491,
    "SIP-GLARE-003": glare.the_owner_waits_longer,
    "SIP-REINV-001": standing.a_refused_change_leaves_the_dialog,
    "SIP-UPDATE-001": glare.updates_that_offer_are_answered,
    "SIP-UPDATE-002": glare.updates_before_an_answer_get_500,
    "SIP-UPDATE-003": glare.updates_that_meet_an_offer_get_491,
    "SIP-PRACK-001": reliable.required_provisionals_are_reliable,
    "SIP-PRACK-002": reliable.only_who_knows_gets_reliable_ones,
    "SIP-PRACK-003": reliable.reliable_ones_have_both_fields,
    "SIP-PRACK-004": reliable.the_first_is_acknowledged_before_the_second,
    "SIP-PRACK-005": reliable.rseq_counts_by_one,
    "SIP-PRACK-006": reliable.reliable_ones_are_acknowledged,
    "SIP-PRACK-007": reliable.what_is_out_of_order_is_not_acknowledged,
    "SIP-PRACK-008": reliable.pracks_are_accepted,
    "SIP-PRACK-009": reliable.foreign_pracks_are_refused_481,
    "SIP-PRACK-010": reliable.the_answer_waits_for_the_prack_of_a_description,
    "SIP-INFO-001": information.each_is_answered,
    "SIP-INFO-002": information.the_dialog_stands,
    "SIP-INFO-003": information.foreign_packages_are_refused,
    "SIP-SESSION-001": sessions.a_422_tells_the_least,
    "SIP-SESSION-002": sessions.no_session_is_shorter_than_the_floor,
    "SIP-SESSION-003": sessions.the_answer_grants_no_more_than_was_asked,
    "SIP-SESSION-004": sessions.a_caller_who_refreshes_is_told,
    "SIP-SESSION-005": sessions.the_refresher_refreshes,
    "SIP-SESSION-006": sessions.who_waits_in_vain_hangs_up,
}
