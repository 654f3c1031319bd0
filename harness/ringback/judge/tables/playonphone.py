"""Rules of the playonphone sheet."""

from ringback.judge.case import Rule
from ringback.judge.rules import checkpoints, hang_ups, heard, left_up, state

RULES: dict[str, Rule] = {
    "POP-CHECK-001": checkpoints.the_order_is_accepted,
    "POP-CHECK-002": checkpoints.the_cas_invites_the_um,
    "POP-CHECK-003": checkpoints.the_um_invites_the_gateway,
    "POP-CHECK-004": checkpoints.there_is_an_answer_and_sound,
    "POP-DIAL-001": checkpoints.the_number_is_dialled_as_allowed,
    "POP-DIAL-002": checkpoints.a_refused_order_leaves_no_invite,
    "POP-DIAL-003": checkpoints.a_denied_number_is_a_dialing_rules_fault,
    "POP-DIAL-004": checkpoints.a_denied_number_is_told_by_its_code,
    "POP-ENABLED-001": checkpoints.a_user_who_is_not_enabled_is_told_so,
    "POP-GREET-001": heard.a_greeting_is_played_as_it_was_recorded,
    "POP-SIP-001": state.sip_codes_were_said,
    "POP-STATE-001": state.states_only_go_forward,
    "POP-STATE-002": state.alerted_means_that_it_rings,
    "POP-STATE-003": state.connected_means_that_it_was_answered,
    "POP-STATE-004": state.an_answer_is_told,
    "POP-STATE-005": state.the_end_is_told,
    "POP-CAUSE-001": state.busy_is_told_as_user_busy,
    "POP-CAUSE-002": state.no_answer_is_told_as_no_answer,
    "POP-CAUSE-003": state.unavailable_is_told_in_the_dialect,
    "POP-CAUSE-004": state.another_failure_is_told_as_other,
    "POP-CAUSE-005": state.the_2007_dialect_has_four_causes,
    "POP-CAUSE-006": state.a_live_call_has_no_cause,
    "POP-CAUSE-007": state.a_normal_end_has_no_cause,
    "POP-END-001": hang_ups.hanging_up_before_the_answer_cancels,
    "POP-END-002": hang_ups.hanging_up_after_the_answer_says_bye,
    "POP-END-003": left_up.no_leg_stays_up,
}
