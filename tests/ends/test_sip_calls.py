"""An INVITE as the model has it, and the INVITE that leaves by another trunk."""

import pytest

from gateway.ends.sip_calls import call_request, check, invite_fields, invite_from, target_uri
from gateway.ends.sip_calls import hops as hops_of
from gateway.ends.sip_trunk import SipTrunk
from gateway.model.call import CallRequest
from gateway.model.errors import GatewayError
from gateway.model.parties import Number, Party, Presentation, Screening, TypeOfNumber
from gateway.model.transfer import Kept
from tests.ends.trunks import SDP, carrier, headers, invite, teams, trunk

CARRIER = trunk(trusted=True)
STRANGER = trunk(trusted=False)
TEAMS = trunk(teams())
UUID = "ab30317f1a784dc48ff824d0d3715d86"
ALICE = Party(uri="sip:alice@10.0.0.7", name="Alice")


def to(uri: str, line: SipTrunk = CARRIER, **more: object) -> str:
    request = CallRequest(Party(uri=uri), ALICE, SDP, **more)  # type: ignore[arg-type]
    return target_uri(request, line, line.peers[0])


def fields(request: CallRequest, line: SipTrunk = CARRIER, host: str = "192.0.2.1") -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, value in invite_fields(request, line, "sip:2001@198.51.100.1:5060", host, ""):
        found.setdefault(name, []).append(value)
    return found


def call(**known: object) -> CallRequest:
    return CallRequest(Party(uri="sip:2001@192.0.2.1"), known.pop("calling", ALICE), SDP, **known)  # type: ignore[arg-type]


class TestComingIn:
    def test_the_parties(self) -> None:
        asked = call_request(invite(from_='"Alice" <sip:alice@10.0.0.7>'), SDP, STRANGER)
        assert asked.called == Party(uri="sip:2001@192.0.2.1")
        assert (asked.calling.uri, asked.calling.name) == ("sip:alice@10.0.0.7", "Alice")
        assert asked.calling.screening is Screening.USER_NOT_SCREENED
        assert asked.session == SDP

    def test_identities_are_believed_of_a_trusted_trunk_only(self) -> None:
        message = invite("P-Asserted-Identity: <sip:+4930123@carrier.example>, <tel:+4930123>")
        assert call_request(message, SDP, STRANGER).asserted == ()
        found = call_request(message, SDP, CARRIER).asserted
        assert [who.uri for who in found] == ["sip:+4930123@carrier.example", "tel:+4930123"]

    def test_an_identity_that_cannot_be_read_is_not_there(self) -> None:
        assert call_request(invite("P-Asserted-Identity: <>"), SDP, CARRIER).asserted == ()

    def test_a_caller_that_wants_privacy_is_restricted(self) -> None:
        asked = call_request(invite("Privacy: id;critical"), SDP, CARRIER)
        assert asked.privacy == ("id", "critical")
        assert asked.calling.presentation is Presentation.RESTRICTED

    @pytest.mark.parametrize(("text", "hops"), [("17", 17), ("", 70), ("many", 70), ("0", 0), ("9999", 70)])
    def test_hops(self, text: str, hops: int) -> None:
        assert hops_of(headers(f"Max-Forwards: {text}")) == hops

    def test_what_the_policy_carries_and_where_the_call_has_been(self) -> None:
        message = invite(
            "X-Account: 7",
            "User-to-User: 00c8;encoding=hex",
            "User-Agent: phone",
            "History-Info: <sip:a@b>;index=1, <sip:c@d>;index=1.1",
            "Diversion: <sip:e@f>;reason=user-busy",
            f"Session-ID: {UUID};remote={'0' * 32}",
            "Referred-By: <sip:x@y;x-tt=aHR0c%3D>",
        )
        asked = call_request(message, SDP, CARRIER)
        assert [(item.what, item.value) for item in asked.kept] == [
            ("X-Account", "7"),
            ("User-to-User", "00c8;encoding=hex"),
            ("History-Info", "<sip:a@b>;index=1"),
            ("History-Info", "<sip:c@d>;index=1.1"),
            ("Diversion", "<sip:e@f>;reason=user-busy"),
        ]
        assert asked.session_id == UUID
        assert asked.referred_by == "<sip:x@y;x-tt=aHR0c%3D>"


class TestTarget:
    @pytest.mark.parametrize(
        ("asked", "sent"),
        [
            ("sip:2001@192.0.2.1", "sip:2001@198.51.100.1:5060"),
            ("sip:2001@192.0.2.1:5061;transport=tls", "sip:2001@198.51.100.1:5060"),
            ("sip:+49(30)123@gw;user=phone;cause=302", "sip:+49(30)123@198.51.100.1:5060;user=phone;cause=302"),
            ("tel:+4930123", "sip:+4930123@198.51.100.1:5060;user=phone"),
            ("tel:123;phone-context=x", "sip:123;phone-context=x@198.51.100.1:5060;user=phone"),
            ("sip:2001@gw?Subject=x", "sip:2001@198.51.100.1:5060"),
            ("sip:gw.invalid", "sip:198.51.100.1:5060"),
            ("sip:@gw.invalid", "sip:198.51.100.1:5060"),
        ],
    )
    def test_the_user_at_our_peer(self, asked: str, sent: str) -> None:
        assert to(asked) == sent

    def test_the_transport_of_the_peer_is_said(self) -> None:
        assert to("sip:1@gw", trunk(carrier(peers=["tcp:198.51.100.1:5060"]))) == (
            "sip:1@198.51.100.1:5060;transport=tcp"
        )

    def test_a_number_by_the_plan_of_the_trunk(self) -> None:
        line = trunk(numbers="germany")
        assert to("sip:030123456@gw", line) == "sip:+4930123456@198.51.100.1:5060;user=phone"
        assert to("sip:bob@gw", line) == "sip:bob@198.51.100.1:5060"

    def test_a_verbatim_target_keeps_every_octet(self) -> None:
        uri = "sip:sip.pstnhub.microsoft.com:5061;transport=tls;x-m=8:orgid:0f1e;X-T=a%3D"
        assert to(uri, TEAMS, verbatim=True) == uri

    def test_numbers_for_teams_have_a_plus_and_user_phone(self) -> None:
        assert to("sip:+4930123@gw", TEAMS) == "sip:+4930123@sip.pstnhub.microsoft.com:5061;user=phone"
        assert to("sip:2001@gw", TEAMS) == "sip:+2001@sip.pstnhub.microsoft.com:5061;user=phone"

    def test_a_party_that_a_replaces_is_for_is_asked_for_as_it_is_named(self) -> None:
        uri = "sip:bob@10.1.1.1:5090;x=1?Replaces=a"
        assert to(uri, replaces="a;to-tag=1;from-tag=2") == "sip:bob@10.1.1.1:5090;x=1"

    def test_a_party_without_an_address_cannot_be_called(self) -> None:
        request = CallRequest(Party(), ALICE, SDP)
        with pytest.raises(GatewayError) as error:
            target_uri(request, CARRIER, CARRIER.peers[0])
        assert error.value.sip_status == 404

    def test_a_number_without_uri_is_called_as_one(self) -> None:
        request = CallRequest(Party(number=Number("4930123", TypeOfNumber.INTERNATIONAL)), ALICE, SDP)
        assert target_uri(request, CARRIER, CARRIER.peers[0]) == "sip:+4930123@198.51.100.1:5060;user=phone"


class TestRefused:
    def test_a_call_without_hops(self) -> None:
        with pytest.raises(GatewayError) as error:
            check(call(hops=0), CARRIER)
        assert error.value.sip_status == 483

    def test_the_last_hop_may_still_be_taken(self) -> None:
        check(call(hops=1), CARRIER)

    def test_critical_privacy_that_needs_a_media_relay(self) -> None:
        with pytest.raises(GatewayError) as error:
            check(call(privacy=("session", "critical")), CARRIER)
        assert error.value.sip_status == 500
        check(call(privacy=("id", "critical")), CARRIER)

    def test_a_sips_call_where_there_is_no_tls(self) -> None:
        asked = CallRequest(Party(uri="sips:2001@192.0.2.1"), ALICE, SDP)
        with pytest.raises(GatewayError) as error:
            check(asked, CARRIER)
        assert error.value.sip_status == 480
        check(asked, TEAMS)

    def test_a_call_to_teams_without_an_offer(self) -> None:
        with pytest.raises(GatewayError) as error:
            check(CallRequest(Party(uri="sip:1@gw"), ALICE), TEAMS)
        assert error.value.sip_status == 488


class TestIdentity:
    def test_the_caller_is_shown_at_our_host(self) -> None:
        assert invite_from(call(), STRANGER, "192.0.2.1") == '"Alice" <sip:alice@192.0.2.1>'

    def test_without_topology_hiding_the_caller_keeps_its_host(self) -> None:
        line = trunk(hide_topology=False)
        assert invite_from(call(), line, "192.0.2.1") == '"Alice" <sip:alice@10.0.0.7>'

    def test_teams_sees_callers_as_numbers_at_our_name(self) -> None:
        found = invite_from(call(calling=Party(uri="sip:+4930123@10.0.0.7;transport=udp")), TEAMS, "sbc.example.net")
        assert found == "<sip:+4930123@sbc.example.net;user=phone>"

    def test_a_name_in_quotes_stays_one(self) -> None:
        caller = Party(uri="sip:a@b", name='Al "Ace" <x>')
        assert invite_from(call(calling=caller), STRANGER, "h") == '"Al \\"Ace\\" <x>" <sip:a@h>'

    def test_a_caller_that_hides_is_anonymous_to_strangers(self) -> None:
        hidden = call(privacy=("id",), asserted=(ALICE,))
        assert invite_from(hidden, STRANGER, "h") == '"Anonymous" <sip:anonymous@anonymous.invalid>'
        assert "P-Asserted-Identity" not in fields(hidden, STRANGER)
        assert fields(hidden, STRANGER)["Privacy"] == ["id"]

    def test_user_privacy_takes_what_is_about_the_caller_from_strangers(self) -> None:
        about = ("Subject", "Call-Info", "Reply-To", "Organization", "Alert-Info", "X-Account")
        hiding = call(privacy=("user",), kept=tuple(Kept("sip", name, "x") for name in about))
        assert [name for name in about if name in fields(hiding, STRANGER)] == ["Alert-Info", "X-Account"]
        assert [name for name in about if name in fields(hiding)] == list(about)

    def test_a_trusted_trunk_is_told_who_it_is_and_what_it_wants(self) -> None:
        hidden = fields(call(privacy=("id",), asserted=(ALICE, Party(uri="tel:+4930123"))))
        assert hidden["P-Asserted-Identity"] == ['"Alice" <sip:alice@192.0.2.1>', "<tel:+4930123>"]
        assert hidden["Privacy"] == ["id"]

    def test_strangers_get_no_asserted_identity_unless_the_caller_wants_none_hidden(self) -> None:
        assert "P-Asserted-Identity" not in fields(call(asserted=(ALICE,)), STRANGER)
        assert "P-Asserted-Identity" in fields(call(asserted=(ALICE,), privacy=("none",)), STRANGER)

    def test_who_came_anonymous_stays_so(self) -> None:
        caller = Party(uri="sip:anonymous@anonymous.invalid", presentation=Presentation.RESTRICTED)
        assert "anonymous.invalid" in invite_from(call(calling=caller), CARRIER, "h")

    def test_a_caller_from_the_isdn_has_a_number(self) -> None:
        caller = Party(number=Number("4930123", TypeOfNumber.INTERNATIONAL))
        assert invite_from(call(calling=caller), STRANGER, "h") == "<sip:+4930123@h;user=phone>"


class TestFields:
    def test_referred_by_goes_out_octet_for_octet(self) -> None:
        value = "<sip:sip.pstnhub.microsoft.com:5061;x-m=8:orgid:1;x-tt=aHR0cHM6%3D>"
        assert fields(call(referred_by=value), TEAMS)["Referred-By"] == [value]

    def test_replaces_is_required_and_never_for_teams(self) -> None:
        asked = call(replaces="x@y;to-tag=1;from-tag=2")
        assert fields(asked)["Replaces"] == ["x@y;to-tag=1;from-tag=2"]
        assert fields(asked)["Require"] == ["replaces"]
        assert "Replaces" not in fields(asked, TEAMS)

    def test_headers_by_the_policy_of_the_trunk_that_it_leaves_by(self) -> None:
        line = trunk(carrier(headers={"remove": ["X-Secret*"], "add": {"X-Gateway": "1"}}))
        kept = (Kept("sip", "X-A", "1"), Kept("sip", "x-secret-b", "2"), Kept("h323", "X-C", "3"))
        found = fields(call(kept=kept), line)
        assert found == {"X-A": ["1"], "X-Gateway": ["1"]}

    def test_nobody_writes_fields_of_ours(self) -> None:
        kept = (
            Kept("sip", "Via", "SIP/2.0/UDP x"),
            Kept("sip", "m", "<sip:x@y>"),
            Kept("sip", "X-A", "1\r\nX-B: 2"),
            Kept("sip", "message body", "x"),
            Kept("sip", "X:Y", "1"),
        )
        assert fields(call(kept=kept)) == {}
