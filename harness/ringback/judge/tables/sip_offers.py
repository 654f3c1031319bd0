"""Rules of the sip-offers sheet."""

from ringback.judge.case import Rule
from ringback.judge.rules import hold, negotiation, protection

RULES: dict[str, Rule] = {
    "SIP-OFFER-001": negotiation.offers_of_nothing_known_set_up_no_sound,
    "SIP-OFFER-002": negotiation.offers_are_not_refused_clumsily,
    "SIP-OFFER-003": negotiation.refused_streams_stay_refused,
    "SIP-OFFER-004": negotiation.nothing_is_sent_where_all_is_refused,
    "SIP-OFFER-005": negotiation.invitations_without_an_offer_get_one,
    "SIP-OFFER-006": negotiation.offers_of_answers_are_answered,
    "SIP-OFFER-007": negotiation.versions_count_changes,
    "SIP-OFFER-008": negotiation.streams_are_never_taken_away,
    "SIP-OFFER-009": negotiation.one_offer_at_a_time,
    "SIP-OFFER-010": negotiation.acks_answer_nothing_else,
    "SIP-OFFER-011": hold.on_hold_nothing_is_sent,
    "SIP-OFFER-012": hold.on_hold_by_address_nothing_is_sent,
    "SIP-OFFER-013": hold.after_a_hold_the_um_plays_on,
    "SIP-OFFER-014": negotiation.times_are_kept,
    "SIP-OFFER-015": negotiation.preferences_are_kept,
    "SIP-OFFER-016": protection.useless_answers_make_no_call,
    "SIP-OFFER-017": protection.offers_without_keys_are_refused,
    "SIP-OFFER-018": protection.keys_are_used_once,
    "SIP-OFFER-019": protection.forged_packets_are_not_played,
    "SIP-OFFER-020": protection.replayed_packets_are_not_played,
    "SIP-OFFER-021": negotiation.numbers_keep_their_meaning,
    "SIP-OFFER-022": hold.a_refused_change_changes_nothing,
    "SIP-OFFER-023": negotiation.mux_is_answered_only_where_offered,
}
