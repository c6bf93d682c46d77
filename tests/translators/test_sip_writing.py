from dataclasses import replace

import pytest

from gateway.model.causes import Cause, Location
from gateway.model.errors import UntranslatableError
from gateway.model.parties import (
    Alias,
    AliasKind,
    Number,
    NumberingPlan,
    Party,
    Presentation,
    Screening,
    Subaddress,
    TypeOfNumber,
)
from gateway.model.transfer import (
    CallIdentity,
    CallStatus,
    Consultation,
    EndDesignation,
    HeldCall,
    IdentityAbandoned,
    IdentityGranted,
    IdentityRequest,
    Kept,
    LinkId,
    OtherOperation,
    Outcome,
    PartyUpdate,
    Redirection,
    Stage,
    SubaddressRequest,
    SubaddressUpdate,
    TransferEvent,
    TransferKind,
    TransferOutcome,
    TransferProgress,
    TransferRequest,
    TransferSetup,
)
from gateway.translators.dialect import Context
from gateway.translators.sip_refer import DIALECT as SIP
from tests.translators.sip_calls import (
    CONSULTATION,
    CONTEXT,
    DIALOG,
    SECONDARY,
    TARGET,
    TRANSFEREE,
    TRANSFEROR,
    lost,
    written,
)


def test_refer_goes_into_the_dialog_of_the_context() -> None:
    message = written(TransferRequest(TransferKind.BLIND, TARGET, transferor=TRANSFEROR))
    assert message.request_uri == "sip:bob@192.0.2.7:5070;transport=tcp"
    assert message.headers.all("Route") == ("<sip:p1.example.com;lr>", "<sip:p2.example.com;lr>")
    assert (message.call_id, message.from_tag, message.to_tag) == ("1@b.example.com", "gw", "bt")
    assert (message.cseq, message.cseq_method) == (314, "REFER")
    assert message.headers.get("Refer-To") == '"Carol" <sip:carol@c.example.com>'
    assert message.headers.get("Referred-By") == "<sip:alice@a.example.com>"


def test_a_strict_router_gets_the_request_uri() -> None:
    dialog = replace(DIALOG, route_set=("sip:strict.example.com", "sip:p2.example.com;lr"))
    message = written(TransferRequest(TransferKind.BLIND, TARGET), replace(CONTEXT, sip=dialog))
    assert message.request_uri == "sip:strict.example.com"
    assert message.headers.all("Route")[-1] == "<sip:bob@192.0.2.7:5070;transport=tcp>"


def test_refer_with_escaped_replaces() -> None:
    message = written(TransferRequest(TransferKind.ATTENDED, TARGET, CONSULTATION))
    replaces = "Replaces=12%40c.example.com%3Bto-tag%3Dc-tag%3Bfrom-tag%3Da-tag"
    assert message.headers.get("Refer-To") == f'"Carol" <sip:carol@c.example.com?{replaces}>'


@pytest.mark.parametrize("consultation", [CallIdentity("12"), LinkId(3), HeldCall()])
def test_a_consultation_call_of_another_protocol_is_the_secondary_dialog(consultation: Consultation) -> None:
    event = TransferRequest(TransferKind.ATTENDED, consultation=consultation)
    context = replace(CONTEXT, sip_secondary=SECONDARY)
    refer_to = written(event, context).headers.get("Refer-To")
    assert refer_to == "<sip:carol@192.0.2.8?Replaces=2%40c%3Bto-tag%3Dct%3Bfrom-tag%3Dgw2>"


def test_without_a_secondary_dialog_the_consultation_is_lost() -> None:
    assert lost(TransferRequest(TransferKind.ATTENDED, TARGET, CallIdentity("12"))) == {"consultation"}


def test_a_transfer_without_target_cannot_be_said() -> None:
    with pytest.raises(UntranslatableError):
        SIP.write(TransferRequest(TransferKind.BLIND), CONTEXT)


@pytest.mark.parametrize(
    ("number", "uri"),
    [
        (
            Number("15550100", TypeOfNumber.INTERNATIONAL, NumberingPlan.E164),
            "sip:+15550100@gw.example.com;user=phone",
        ),
        (Number("5551"), "sip:5551;phone-context=gw.example.com@gw.example.com;user=phone"),
        (Number("*21#"), "sip:*21%23;phone-context=gw.example.com@gw.example.com;user=phone"),
    ],
)
def test_a_number_becomes_a_uri(number: Number, uri: str) -> None:
    message = written(TransferRequest(TransferKind.SINGLE_STEP, Party(number=number)))
    assert message.headers.get("Refer-To") == f"<{uri}>"


def test_referred_by_takes_no_tel_uri() -> None:
    message = written(TransferRequest(TransferKind.BLIND, TARGET, transferor=Party(uri="tel:+15550100;ext=7")))
    assert message.headers.get("Referred-By") == "<sip:+15550100;ext=7@gw.example.com;user=phone>"


def test_accepted_refer() -> None:
    message = written(TransferProgress(202))
    assert (message.status, message.reason, message.cseq_method) == (202, "Accepted", "REFER")
    assert (message.from_tag, message.to_tag) == ("bt", "gw")
    assert message.headers.get("Contact") == "<sip:gw.example.com>"


def test_notify_of_provisional_status() -> None:
    message = written(TransferProgress(180))
    assert message.method == "NOTIFY"
    assert message.headers.get("Event") == "refer"
    assert message.headers.get("Subscription-State") == "active;expires=180"
    assert message.headers.get("Content-Type") == "message/sipfrag;version=2.0"
    assert message.body == b"SIP/2.0 180 Ringing\r\n"


@pytest.mark.parametrize(
    ("outcome", "status", "body"),
    [
        (Outcome.SUCCEEDED, None, b"SIP/2.0 200 OK\r\n"),
        (Outcome.FAILED, 486, b"SIP/2.0 486 Busy Here\r\n"),
        (Outcome.FAILED, None, b"SIP/2.0 503 Service Unavailable\r\n"),
    ],
)
def test_final_notify(outcome: Outcome, status: int | None, body: bytes) -> None:
    message = written(TransferOutcome(outcome, status))
    assert message.headers.get("Subscription-State") == "terminated;reason=noresource"
    assert message.body == body


def test_final_notify_carries_the_cause_below_its_status() -> None:
    message = written(TransferOutcome(Outcome.FAILED, 486, cause=Cause(17, Location.USER)))
    assert message.body == b"SIP/2.0 486 Busy Here\r\nReason: Q.850;cause=17;location=U\r\n"


def test_second_refer_of_a_dialog_is_told_by_its_event_id() -> None:
    message = written(TransferProgress(100, kept=(Kept("sip", "Event", "refer;id=102"),)))
    assert message.headers.all("Event") == ("refer;id=102",)


def test_refused_refer() -> None:
    message = written(TransferOutcome(Outcome.REFUSED, cause=Cause(21)))
    assert (message.status, message.reason) == (603, "Decline")
    assert message.headers.get("Reason") == "Q.850;cause=21"
    assert "Contact" not in message.headers


def test_a_status_that_contradicts_the_outcome_is_not_sent() -> None:
    event = TransferOutcome(Outcome.FAILED, 200)
    assert written(event).body == b"SIP/2.0 503 Service Unavailable\r\n"
    assert lost(event) == {"status"}


def test_triggered_invite() -> None:
    target = Party(uri="sip:carol@c.example.com;method=INVITE;transport=tcp?Require=replaces")
    message = written(TransferSetup(target, CONSULTATION, TRANSFEROR, TRANSFEREE))
    assert message.request_uri == "sip:carol@c.example.com;transport=tcp"
    assert message.to_tag == ""
    assert message.call_id != DIALOG.call_id
    assert message.headers.get("Replaces") == "12@c.example.com;to-tag=c-tag;from-tag=a-tag"
    assert message.headers.get("Require") == "replaces"
    assert message.headers.get("Referred-By") == "<sip:alice@a.example.com>"
    assert message.headers.get("P-Asserted-Identity") == '"Bob" <sip:bob@b.example.com>'


def test_withheld_caller_is_anonymous_in_from() -> None:
    hidden = replace(TRANSFEREE, presentation=Presentation.RESTRICTED)
    message = written(TransferSetup(TARGET, transferor=TRANSFEROR, transferee=hidden))
    assert (message.headers.get("From") or "").startswith('"Anonymous" <sip:anonymous@anonymous.invalid>')
    assert message.headers.get("P-Asserted-Identity") == '"Bob" <sip:bob@b.example.com>'
    assert message.headers.get("Privacy") == "id"


def test_unscreened_caller_is_not_asserted() -> None:
    party = replace(TRANSFEREE, screening=Screening.USER_NOT_SCREENED)
    message = written(TransferSetup(TARGET, transferor=TRANSFEROR, transferee=party))
    assert "P-Asserted-Identity" not in message.headers
    assert (message.headers.get("From") or "").startswith('"Bob" <sip:bob@b.example.com>')


def test_unscreened_and_withheld_caller_is_lost() -> None:
    party = replace(TRANSFEREE, presentation=Presentation.RESTRICTED, screening=Screening.USER_NOT_SCREENED)
    assert "transferee.uri" in lost(TransferSetup(TARGET, transferor=TRANSFEROR, transferee=party))


def test_party_update_replaces_the_dialog() -> None:
    message = written(PartyUpdate(Stage.COMPLETE, TARGET))
    assert message.method == "INVITE"
    assert message.request_uri == DIALOG.remote_target
    assert message.headers.get("Replaces") == "1@b.example.com;to-tag=bt;from-tag=gw"
    assert message.headers.get("Referred-By") == "<sip:gw@gw.example.com>"
    assert message.headers.get("P-Asserted-Identity") == '"Carol" <sip:carol@c.example.com>'
    assert message.call_id != DIALOG.call_id


def test_party_update_to_a_peer_without_replaces_is_an_update() -> None:
    message = written(PartyUpdate(Stage.COMPLETE, TARGET), replace(CONTEXT, replaces=False))
    assert (message.method, message.call_id) == ("UPDATE", DIALOG.call_id)
    assert message.headers.get("P-Asserted-Identity") == '"Carol" <sip:carol@c.example.com>'
    assert "Replaces" not in message.headers


def test_party_update_without_address_leaves_the_dialog_as_it_is() -> None:
    result = SIP.write(PartyUpdate(Stage.COMPLETE, Party(presentation=Presentation.NOT_AVAILABLE)), CONTEXT)
    assert result.messages == ()
    assert [item.what for item in result.lost] == ["stage", "party"]


@pytest.mark.parametrize(("replaces", "said"), [(True, Stage.COMPLETE), (False, Stage.UPDATE)])
def test_an_invite_with_replaces_announces_a_join_and_an_update_a_better_known_party(
    replaces: bool, said: Stage
) -> None:
    context = replace(CONTEXT, replaces=replaces)
    for stage in Stage:
        assert lost(PartyUpdate(stage, TARGET), context) == (set() if stage is said else {"stage"})


def test_a_transferee_by_another_uri_than_its_dialog_has_is_lost() -> None:
    assert lost(TransferRequest(TransferKind.BLIND, TARGET, transferee=TRANSFEREE)) == set()
    assert lost(TransferRequest(TransferKind.BLIND, TARGET, transferee=TRANSFEROR)) == {"transferee"}


def test_a_number_that_the_uri_does_not_say_is_lost() -> None:
    assert lost(TransferRequest(TransferKind.BLIND, replace(TARGET, number=Number("1003")))) == {"target.number"}


def test_call_status_and_end_have_no_place_inside_a_dialog() -> None:
    event = PartyUpdate(Stage.COMPLETE, TARGET, EndDesignation.PRIMARY, CallStatus.ALERTING, b"\x40")
    assert lost(event) == {"end", "status", "basic_call_information"}


def test_redirection() -> None:
    message = written(Redirection(TARGET, "user-busy", TRANSFEREE, 2))
    assert (message.status, message.cseq_method) == (302, "INVITE")
    assert message.headers.get("Contact") == '"Carol" <sip:carol@c.example.com>'
    assert message.headers.get("Diversion") == '"Bob" <sip:bob@b.example.com>;reason=user-busy;counter=2'


def test_bye_also() -> None:
    message = written(TransferRequest(TransferKind.BYE_ALSO, TARGET))
    assert (message.method, message.headers.get("Also")) == ("BYE", '"Carol" <sip:carol@c.example.com>')


@pytest.mark.parametrize(
    "event",
    [
        *(IdentityRequest(), IdentityGranted(CallIdentity("1")), IdentityAbandoned(), SubaddressRequest()),
        *(SubaddressUpdate(Subaddress(b"1")), OtherOperation("pathReplacement")),
    ],
    ids=lambda event: type(event).__name__,
)
def test_what_sip_cannot_say(event: TransferEvent) -> None:
    with pytest.raises(UntranslatableError) as refused:
        SIP.write(event, CONTEXT)
    assert len(refused.value.what) > 20


def test_what_a_party_cannot_say_of_itself_is_lost() -> None:
    party = Party(
        number=Number("5551", TypeOfNumber.SUBSCRIBER, NumberingPlan.PRIVATE),
        presentation=Presentation.RESTRICTED,
        screening=Screening.NETWORK_PROVIDED,
        name_presentation=Presentation.RESTRICTED,
        subaddress=Subaddress(b"\x50"),
        aliases=(Alias(AliasKind.H323_ID, "carol"),),
    )
    of_the_party = {
        "presentation",
        "screening",
        "name_presentation",
        "subaddress",
        "aliases",
        "number.type_of_number",
    }
    assert lost(TransferRequest(TransferKind.BLIND, party)) == {f"target.{name}" for name in of_the_party}


def test_what_only_other_dialects_say_is_lost() -> None:
    event = TransferRequest(TransferKind.BLIND, TARGET, await_connect=True, kept=(Kept("qsig", "extension", "a100"),))
    assert lost(event) == {"await_connect", "kept.extension"}
    assert lost(TransferOutcome(Outcome.FAILED, error="userNotSubscribed", operation="ssctInitiate")) == {
        "error",
        "operation",
    }


def test_option_tags_are_united() -> None:
    kept = (Kept("sip", "Require", "100rel, replaces"),)
    message = written(TransferSetup(TARGET, CONSULTATION, kept=kept))
    assert message.headers.all("Require") == ("replaces", "100rel")


def test_a_line_break_from_another_protocol_opens_no_header_field() -> None:
    message = written(TransferRequest(TransferKind.BLIND, replace(TARGET, name="Carol\r\nX-Evil: 1")))
    assert "X-Evil" not in message.headers
    with pytest.raises(UntranslatableError):
        SIP.write(TransferRequest(TransferKind.BLIND, TARGET, kept=(Kept("sip", "X-A", "1\r\nX-Evil: 1"),)), CONTEXT)


def test_the_same_input_gives_the_same_octets() -> None:
    event = TransferRequest(TransferKind.BLIND, TARGET)
    assert SIP.write(event, CONTEXT) == SIP.write(event, CONTEXT)
    assert written(event, Context(entropy="1")).call_id != written(event, Context(entropy="2")).call_id
