"""Why a call ended, from SIP message to SIP message (RFC 3326, RFC 6432, RFC 3398 §8.2.6.1)."""

import pytest

from gateway.ends.sip_clearing import Clearings, phrase, reason_fields
from gateway.interworking.cause_map import cause_map
from gateway.model.call import NORMAL, Clearing
from gateway.model.causes import Cause, Location
from gateway.model.parties import Party
from gateway.model.transfer import Kept
from gateway.sip.message import parse
from tests.ends.trunks import response

PLAIN = Clearings(cause_map("rfc3398"))
TEAMS = Clearings(cause_map("rfc3398"), teams=True)


def bye(*fields: str) -> Clearing:
    return PLAIN.of_request(parse("\r\n".join(("BYE sip:a@b SIP/2.0", *fields)).encode() + b"\r\n\r\n"))


def test_busy_has_cause_17() -> None:
    clearing = PLAIN.of_response(486, response(486, reason="Busy Here"))
    assert (clearing.status, clearing.cause) == (486, Cause(17, Location.REMOTE_LOCAL_NETWORK))
    assert PLAIN.refusal(clearing, PLAIN.status(clearing)) == [("Reason", "Q.850;cause=17;location=RLN")]


def test_a_phrase_of_its_own_is_kept() -> None:
    clearing = PLAIN.of_response(486, response(486, reason="In a meeting"))
    assert phrase(clearing, 486) == "In a meeting"
    assert phrase(PLAIN.of_response(486, response(486, reason="Busy Here")), 486) == ""


def test_the_cause_that_reason_says_wins_over_the_table() -> None:
    clearing = PLAIN.of_response(480, response(480, 'Reason: Q.850;cause=19;text="no answer"'))
    assert clearing.cause == Cause(19, text="no answer")


def test_two_reasons_are_both_said_again() -> None:
    clearing = PLAIN.of_response(480, response(480, "Reason: SIP;cause=600", "Reason: Q.850;cause=21;location=U"))
    assert reason_fields(clearing) == [("Reason", "SIP;cause=600"), ("Reason", "Q.850;cause=21;location=U")]
    assert clearing.cause == Cause(21, Location.USER)


def test_a_sip_reason_alone_gets_a_q850_cause_beside_it() -> None:
    assert reason_fields(bye("Reason: SIP;cause=486")) == [
        ("Reason", "SIP;cause=486"),
        ("Reason", "Q.850;cause=17"),
    ]


def test_a_plain_bye_is_normal_clearing() -> None:
    assert bye() == Clearing(0, Cause(16))
    assert reason_fields(bye()) == [("Reason", "Q.850;cause=16")]


def test_an_ordinary_hang_up_of_ours_gives_no_reason() -> None:
    assert reason_fields(NORMAL) == []


def test_a_lost_dialog_gives_the_status_that_ended_it() -> None:
    clearing = PLAIN.of_request(None, 408)
    assert (clearing.status, clearing.cause and clearing.cause.value) == (408, 102)


def test_the_end_of_an_internal_session_of_teams_is_no_changed_number() -> None:
    octets = b'BYE sip:a@b SIP/2.0\r\nREASON: Q.850;cause=22;text="9a1c;BackToBackSessionDeleted"\r\n\r\n'
    clearing = TEAMS.of_request(parse(octets))
    assert clearing.cause is not None
    assert clearing.cause.value == 31
    assert TEAMS.status(clearing) != 410
    assert "cause=31" in reason_fields(clearing)[0][1]


def test_a_changed_number_of_anybody_else_is_410() -> None:
    assert PLAIN.status(bye("Reason: Q.850;cause=22")) == 410


@pytest.mark.parametrize(("asked", "said"), [(401, 403), (407, 403), (420, 488), (422, 488), (603, 603), (503, 503)])
def test_what_concerns_one_hop_only_is_not_said_on_the_next(asked: int, said: int) -> None:
    assert PLAIN.status(Clearing(asked)) == said


def test_a_redirection_goes_on_with_its_contacts_and_in_their_order() -> None:
    contacts = ("Contact: <sip:late@b>;q=0.1", "Contact: <sip:first@b>;q=0.9, <sip:second@b>;q=0.5")
    clearing = PLAIN.of_response(302, response(302, *contacts))
    assert [party.uri for party in clearing.contacts] == ["sip:first@b", "sip:second@b", "sip:late@b"]
    assert PLAIN.status(clearing) == 302
    assert ("Contact", "<sip:first@b>") in PLAIN.refusal(clearing, 302)


@pytest.mark.parametrize("contact", ["*", "<http://example.net/>", "<mailto:a@b>", "<sip:", ""])
def test_a_contact_that_nobody_can_call_is_left_out(contact: str) -> None:
    assert PLAIN.of_response(302, response(302, f"Contact: {contact}")).contacts == ()


def test_a_redirection_to_nowhere_is_no_redirection() -> None:
    assert PLAIN.status(Clearing(302)) == 480


def test_a_cause_alone_gives_its_status() -> None:
    assert PLAIN.status(Clearing(cause=Cause(17))) == 486
    assert PLAIN.status(Clearing(cause=Cause(16))) == 480
    assert PLAIN.status(NORMAL) == 480


def test_retry_after_of_a_503_is_about_the_peer_alone() -> None:
    assert PLAIN.of_response(503, response(503, "Retry-After: 30")).kept == ()
    busy = PLAIN.of_response(486, response(486, "Retry-After: 30"))
    assert ("Retry-After", "30") in PLAIN.refusal(busy, 486)


def test_our_own_retry_after_is_said() -> None:
    clearing = Clearing(503, kept=(Kept("sip", "Retry-After", "10"),))
    assert ("Retry-After", "10") in PLAIN.refusal(clearing, 503)


def test_nobody_writes_lines_into_our_messages() -> None:
    clearing = Clearing(486, kept=(Kept("sip", "Reason", "SIP;cause=1\r\nX-Evil: 1"),))
    assert all("Evil" not in value for _, value in PLAIN.refusal(clearing, 486))


def test_a_bye_with_also_is_told() -> None:
    assert bye("Also: <sip:c@d>").kept == (Kept("sip", "Also", "<sip:c@d>"),)


def test_contacts_of_a_redirection_may_be_numbers() -> None:
    clearing = Clearing(302, contacts=(Party(uri="tel:+4930123", name="Bob"),))
    assert ("Contact", '"Bob" <tel:+4930123>') in PLAIN.refusal(clearing, 302)
