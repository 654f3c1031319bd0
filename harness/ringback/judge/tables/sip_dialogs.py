"""Rules of the sip-dialogs sheet."""

from ringback.judge.case import Rule
from ringback.judge.rules import cancels, endings, routes, standing

RULES: dict[str, Rule] = {
    "SIP-ROUTE-001": routes.answers_copy_the_record_route,
    "SIP-ROUTE-002": routes.callees_use_the_route_set,
    "SIP-ROUTE-003": routes.callers_use_the_route_set,
    "SIP-ROUTE-004": routes.loose_routing_keeps_the_target,
    "SIP-ROUTE-005": routes.strict_routers_are_named_in_the_request_uri,
    "SIP-ROUTE-006": routes.routes_outlive_a_refresh,
    "SIP-TARGET-001": routes.targets_follow_a_reinvite,
    "SIP-TARGET-002": routes.targets_follow_an_update,
    "SIP-TARGET-003": routes.targets_follow_an_answer,
    "SIP-DIALOG-003": standing.strays_are_refused_481,
    "SIP-DIALOG-004": standing.byes_for_no_dialog_are_refused_481,
    "SIP-DIALOG-005": standing.nothing_is_taken_after_a_bye,
    "SIP-DIALOG-006": standing.a_lost_dialog_is_used_no_more,
    "SIP-ORDER-001": standing.requests_out_of_order_are_refused_500,
    "SIP-ORDER-002": standing.gaps_in_the_order_are_no_error,
    "SIP-FORK-001": endings.every_branch_is_acknowledged,
    "SIP-FORK-002": endings.surplus_branches_are_ended,
    "SIP-BYE-002": endings.byes_leave_nothing_unanswered,
    "SIP-BYE-003": endings.byes_end_pending_invites_with_487,
    "SIP-BYE-004": endings.callees_wait_for_the_ack,
    "SIP-BYE-005": endings.callees_send_no_bye_before_the_answer,
    "SIP-CANCEL-005": cancels.cancels_of_nothing_are_refused_481,
    "SIP-CANCEL-006": cancels.late_cancels_change_nothing,
    "SIP-CANCEL-007": cancels.answers_that_cross_a_cancel_are_ended,
    "SIP-CANCEL-008": cancels.answers_to_cancel_have_the_tag_of_the_invite,
}
