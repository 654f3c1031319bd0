"""Rules of the media sheet."""

from ringback.judge.case import Rule
from ringback.judge.rules import checkpoints, formats, heard, keys, offers, streams

RULES: dict[str, Rule] = {
    "MED-SDP-001": offers.descriptions_are_well_formed,
    "MED-SDP-002": offers.an_accepted_offer_is_answered,
    "MED-SDP-003": offers.an_answer_has_the_streams_of_the_offer,
    "MED-SDP-004": offers.an_answer_takes_a_format_of_the_offer,
    "MED-SDP-005": offers.an_answer_keeps_the_payload_types,
    "MED-SDP-006": offers.an_answer_fits_the_direction,
    "MED-SDP-007": offers.the_um_offers_a_codec_of_its_kind,
    "MED-SDP-008": offers.the_um_offers_telephone_events,
    "MED-SDP-009": formats.offers_have_no_time_of_their_own,
    "MED-SDP-010": formats.dynamic_formats_are_named,
    "MED-SDP-011": formats.static_formats_keep_their_meaning,
    "MED-SDP-012": formats.formats_are_told_once,
    "MED-SDP-013": formats.events_run_by_the_clock_of_the_sound,
    "MED-SRTP-001": offers.srtp_is_offered_and_answered,
    "MED-SRTP-002": offers.crypto_suites_are_known,
    "MED-SRTP-003": offers.an_answer_takes_an_offered_crypto,
    "RTP-SEQ-001": streams.sequence_numbers_count_by_one,
    "RTP-SEQ-002": streams.numbers_of_the_phone_count_by_one,
    "RTP-SEQ-003": streams.numbers_are_given_once,
    "RTP-SEQ-004": streams.numbers_follow_the_clock,
    "RTP-TS-001": streams.timestamps_count_samples,
    "RTP-SIZE-001": streams.packets_hold_20_ms,
    "RTP-PACE-001": streams.packets_leave_in_pace,
    "RTP-PT-001": streams.payload_types_are_agreed,
    "RTP-EARLY-001": streams.nothing_is_played_before_the_answer,
    "RTP-END-001": streams.media_ends_with_the_call,
    "MED-CAS-001": checkpoints.no_media_runs_over_the_cas,
    "MED-HEARD-001": heard.the_gateway_hears_the_message,
    "MED-HEARD-002": heard.the_phone_hears_the_message,
    "MED-KEYS-001": keys.keys_arrive,
    "MED-KEYS-002": keys.the_end_of_a_key_is_said_three_times,
    "MED-KEYS-003": keys.durations_grow,
}
