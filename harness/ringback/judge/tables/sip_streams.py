"""Rules of the sheet sip-streams."""

from ringback.judge.case import Rule
from ringback.judge.rules import connections, copies, timers

RULES: dict[str, Rule] = {
    "SIP-STREAM-001": connections.messages_in_one_piece_are_each_read,
    "SIP-STREAM-002": connections.messages_in_many_pieces_are_read,
    "SIP-STREAM-003": connections.line_ends_before_a_message_are_passed_over,
    "SIP-CONN-001": connections.responses_take_the_connection_of_the_request,
    "SIP-CONN-002": connections.responses_find_another_connection,
    "SIP-CONN-003": connections.dialogs_are_known_on_any_connection,
    "SIP-CONN-004": connections.the_bye_finds_another_connection,
    "SIP-TIMER-001": timers.trying_comes_at_once,
    "SIP-TIMER-002": timers.answers_are_repeated_until_the_ack,
    "SIP-TIMER-003": timers.the_ack_ends_the_repetitions,
    "SIP-TIMER-004": timers.a_call_without_ack_is_ended,
    "SIP-TIMER-005": timers.refusals_are_not_repeated_on_streams,
    "SIP-TIMER-006": timers.a_repeated_invite_gets_the_provisional_again,
    "SIP-TIMER-007": timers.a_repeated_invite_gets_the_refusal_again,
    "SIP-TIMER-008": timers.a_repeated_invite_rings_once,
    "SIP-TIMER-009": timers.invites_are_not_repeated_on_streams,
    "SIP-TIMER-010": timers.requests_are_not_repeated_on_streams,
    "SIP-TIMER-011": timers.silence_is_given_up,
    "SIP-TIMER-012": copies.final_answers_are_said_once,
    "SIP-ACK-004": copies.copies_of_answers_are_acknowledged,
}
