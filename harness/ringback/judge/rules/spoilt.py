"""Why offer and answer led to no stream: so that nobody else is blamed for the silence.

RFC 3264 §5 and §6, RFC 4568 §5.1.
"""

from ringback.judge.case import Case
from ringback.judge.descriptions import agreements, description
from ringback.judge.rules import negotiation, offers, protection
from ringback.judge.verdict import Grade
from ringback.values import Leg, Role

SPOILS = (
    offers.descriptions_are_well_formed,
    offers.the_um_offers_a_codec_of_its_kind,
    offers.an_accepted_offer_is_answered,
    negotiation.offers_of_answers_are_answered,
    offers.an_answer_has_the_streams_of_the_offer,
    offers.an_answer_takes_a_format_of_the_offer,
    offers.crypto_suites_are_known,
    offers.an_answer_takes_an_offered_crypto,
)
SPOILS_SRTP = (
    offers.srtp_is_offered_and_answered,
    protection.keys_are_used_once,
)


def who_spoilt_it(case: Case) -> Role | None:
    """Whose description it is that nobody could agree to, if there is one."""
    secured = case.circumstances is not None and case.known.security.srtp
    rules = (*SPOILS, *SPOILS_SRTP) if secured else SPOILS
    found = (rule(case) for rule in rules)
    guilty = next((v.guilty for v in found if v.grade is Grade.FAIL), None)
    return guilty or _who_offered_none(case) or _who_refused_the_stream(case)


def _who_offered_none(case: Case) -> Role | None:
    """Who began a call with a description that describes no stream."""
    begun = [x.request for x in case.exchanges if x.request.method == "INVITE"]
    told = [(r, description(r)) for r in begun if not r.to_tag and r.frame.leg]
    return next((r.sender for r, sdp in told if sdp and not sdp.media), None)


def _who_refused_the_stream(case: Case) -> Role | None:
    """Who was the first to answer a first offer with port 0, which is his right."""
    closed = [
        a.frame
        for a in agreements(case)
        if a.frame.leg in (Leg.UM_GATEWAY, Leg.GATEWAY_PHONE)
        and not a.offering.to_tag
        and not any(answered.port for _, answered in a.streams)
    ]
    return min(closed, key=lambda f: f.number).sender if closed else None
