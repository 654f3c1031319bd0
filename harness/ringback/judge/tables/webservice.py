"""Rules of the webservice sheet."""

from ringback.judge.case import Rule
from ringback.judge.rules import clients, envelopes, webservice

RULES: dict[str, Rule] = {
    "WS-HTTP-001": webservice.faults_ride_on_500,
    "WS-HTTP-002": envelopes.answers_are_text_xml,
    "WS-HTTP-003": envelopes.fields_stand_once,
    "WS-SOAP-001": envelopes.envelopes_are_whole,
    "WS-INFO-001": envelopes.who_asks_is_told_the_state,
    "WS-SHAPE-001": webservice.answers_fit_the_schema_of_2007,
    "WS-SHAPE-002": webservice.answers_fit_the_schema_of_ews,
    "WS-CALLID-001": webservice.only_known_call_ids_are_served,
    "WS-CALLID-002": webservice.a_call_id_stays_known,
    "WS-CALLID-003": webservice.each_order_gets_its_own_call_id,
    "WS-CALLID-004": webservice.an_unknown_call_id_is_refused,
    "WS-CALLID-005": webservice.a_foreign_call_id_is_refused_like_an_unknown_one,
    "WS-ITEM-001": webservice.a_bad_message_id_is_refused,
    "WS-AUTH-001": webservice.who_does_not_prove_himself_is_refused,
    "WS-AUTH-002": webservice.a_401_says_how_to_prove_oneself,
    "WS-AUTH-003": webservice.passwords_travel_inside_tls,
    "WS-ECHO-001": clients.call_ids_come_back_as_they_were_given,
    "WS-ORDER-001": clients.what_was_chosen_is_ordered,
    "WS-XML-001": webservice.a_doctype_is_refused,
    "WS-ONE-001": webservice.one_call_at_a_time,
    "WS-PRIVATE-001": webservice.no_answer_tells_of_another_user,
}
