import json
from dataclasses import replace

import pytest

from gateway.model.causes import Cause, Location
from gateway.model.errors import DecodeError, UntranslatableError
from gateway.model.parties import (
    Party,
    Presentation,
    Screening,
)
from gateway.model.transfer import (
    Kept,
    OtherOperation,
    Outcome,
    PartyUpdate,
    Redirection,
    Stage,
    TransferKind,
    TransferOutcome,
    TransferProgress,
    TransferRequest,
    TransferSetup,
)
from gateway.translators import dialect_named, dialect_names
from gateway.translators.sip_refer import DIALECT as SIP
from tests.translators.sip_calls import CONSULTATION, CONTEXT, TRANSFEREE, TRANSFEROR, read, written


def request(method: str, *lines: str, to_tag: str = ";tag=2", body: str = "") -> bytes:
    """A request with the given header lines."""
    head = (
        f"{method} sip:gw@gw.example.com SIP/2.0",
        "Via: SIP/2.0/UDP a.example.com;branch=z9hG4bK1",
        'From: "Alice" <sip:alice@a.example.com>;tag=1',
        f"To: <sip:gw@gw.example.com>{to_tag}",
        "Call-ID: 1@a.example.com",
        f"CSeq: 102 {method}",
        "Max-Forwards: 70",
    )
    return ("\r\n".join((*head, *lines)) + "\r\n\r\n" + body).encode()


def response(first: str, method: str, *lines: str) -> bytes:
    """A response with the given header lines."""
    return (
        "\r\n".join((f"SIP/2.0 {first}", f"CSeq: 102 {method}", "To: <sip:b@h>;tag=2", *lines)) + "\r\n\r\n"
    ).encode()


def test_blind_refer() -> None:
    event = read(
        request("REFER", "Refer-To: Carol <sip:carol@c.example.com>", "Referred-By: <sip:alice@a.example.com>")
    )
    assert event == TransferRequest(
        TransferKind.BLIND,
        target=Party(uri="sip:carol@c.example.com", name="Carol"),
        transferor=TRANSFEROR,
        transferee=Party(uri="sip:gw@gw.example.com"),
    )


def test_attended_refer_names_the_consultation_dialog() -> None:
    uri = "sip:carol@c.example.com?Replaces=12%40c.example.com%3Bto-tag%3Dc-tag%3Bfrom-tag%3Da-tag&Require=replaces"
    event = read(request("REFER", f"Refer-To: <{uri}>"))
    assert isinstance(event, TransferRequest)
    assert (event.kind, event.consultation) == (TransferKind.ATTENDED, CONSULTATION)
    assert event.target == Party(uri=uri)


def test_a_dialog_that_is_said_to_be_early_makes_the_transfer_semi_attended() -> None:
    event = read(request("REFER", "r: <sip:c@h?Replaces=1%40h%3Bto-tag%3D1%3Bfrom-tag%3D2%3Bearly-only>"))
    assert isinstance(event, TransferRequest)
    assert event.kind is TransferKind.SEMI_ATTENDED


def test_without_referred_by_the_sender_is_the_transferor() -> None:
    event = read(request("REFER", "Refer-To: <sip:c@h>"))
    assert isinstance(event, TransferRequest)
    assert event.transferor == Party(uri="sip:alice@a.example.com", name="Alice")


def test_refer_sub_false_wants_no_notify() -> None:
    event = read(request("REFER", "Refer-To: <sip:c@h>", "Refer-Sub: false"))
    assert isinstance(event, TransferRequest)
    assert (event.notify, event.kept) == (False, ())


def test_nosub_wants_no_notify_either() -> None:
    event = read(request("REFER", "Refer-To: <sip:c@h>", "Require: nosub"))
    assert isinstance(event, TransferRequest)
    assert (event.notify, event.kept) == (False, (Kept("sip", "Require", "nosub"),))


def test_what_the_model_cannot_hold_is_kept_and_hop_headers_are_not() -> None:
    event = read(
        request(
            "REFER",
            "Refer-To: <sip:c@h>",
            'Referred-By: <sip:alice@a.example.com>;cid="1@a"',
            "Target-Dialog: 1@a;local-tag=2;remote-tag=1",
            "X-MS-UserLocation: internal",
            "User-to-User: 56a390;encoding=hex",
            "Record-Route: <sip:p;lr>",
            "Contact: <sip:alice@192.0.2.1>",
        )
    )
    assert event.kept == (
        Kept("sip", "Referred-By", '<sip:alice@a.example.com>;cid="1@a"'),
        Kept("sip", "Target-Dialog", "1@a;local-tag=2;remote-tag=1"),
        Kept("sip", "X-MS-UserLocation", "internal"),
        Kept("sip", "User-to-User", "56a390;encoding=hex"),
    )


def test_an_identity_that_a_refer_withholds_is_restricted() -> None:
    event = read(request("REFER", "Refer-To: <sip:c@h>", "Referred-By: <sip:alice@a.example.com>", "Privacy: id"))
    assert isinstance(event, TransferRequest)
    assert event.transferor == replace(TRANSFEROR, presentation=Presentation.RESTRICTED)
    assert written(event).headers.get("Privacy") == "id"


def test_identity_policy_and_session_of_a_refer_are_said_again() -> None:
    lines = (
        "Privacy: header;id;critical",
        "P-Asserted-Identity: <sip:alice@a.example.com>, <tel:+15550101>",
        "Session-ID: ab30317f1a784dc48ff824d0d3715d86;remote=47755a9de7794ba387653f2099600ef2",
    )
    message = written(read(request("REFER", "Refer-To: <sip:c@h>", *lines)))
    assert message.headers.all("Privacy") == ("header;id;critical",)
    assert message.headers.all("P-Asserted-Identity") == ("<sip:alice@a.example.com>", "<tel:+15550101>")
    assert f"Session-ID: {message.headers.get('Session-ID')}" == lines[2]


def test_what_belongs_to_the_hop_or_to_the_program_is_not_kept() -> None:
    lines = ("Route: <sip:p;lr>", "Record-Route: <sip:q;lr>", "User-Agent: A/1", "Session-Expires: 1800")
    assert read(request("REFER", "Refer-To: <sip:c@h>", *lines)).kept == ()


@pytest.mark.parametrize("name", ["Replaces", "Join"])
@pytest.mark.parametrize("method", ["REFER", "NOTIFY", "UPDATE", "BYE"])
def test_replaces_and_join_belong_to_invite_alone(method: str, name: str) -> None:
    with pytest.raises(DecodeError) as refused:
        SIP.read(request(method, "Refer-To: <sip:c@h>", "Event: refer", f"{name}: 1@h;to-tag=1;from-tag=2"), CONTEXT)
    assert (refused.value.where, refused.value.sip_status) == (name, 400)


def test_to_join_a_conversation_is_no_transfer() -> None:
    event = read(request("REFER", "Refer-To: <sip:c@h?Join=1%40h%3Bto-tag%3D1%3Bfrom-tag%3D2>"))
    assert isinstance(event, OtherOperation)
    assert event.operation == "Join"
    for target in dialect_names():
        with pytest.raises(UntranslatableError, match=r"Join|no transfer"):
            dialect_named(target).write(event, CONTEXT)


@pytest.mark.parametrize("value", ["cid:1234@10.0.0.1", "<sip:c@h;method=SUBSCRIBE>", "<http://h/call>"])
def test_a_refer_that_is_no_transfer(value: str) -> None:
    event = read(request("REFER", f"Refer-To: {value}"))
    assert isinstance(event, OtherOperation)
    assert event.operation == "REFER"
    assert json.loads(event.arguments)["referTo"].strip("<>") == value.strip("<>")


@pytest.mark.parametrize("lines", [(), ("Refer-To: <sip:a@h>, <sip:b@h>",), ("Refer-To: <sip:c@h?Replaces=1>",)])
def test_a_refer_that_breaks_the_rules_is_answered_with_400(lines: tuple[str, ...]) -> None:
    with pytest.raises(DecodeError) as refused:
        SIP.read(request("REFER", *lines), CONTEXT)
    assert refused.value.sip_status == 400


@pytest.mark.parametrize("first", ["202 Accepted", "200 OK"])
def test_any_2xx_accepts_a_refer(first: str) -> None:
    status, reason = first.split()
    assert read(response(first, "REFER")) == TransferProgress(int(status), reason)


def test_refused_refer_with_its_cause() -> None:
    event = read(response("603 Decline", "REFER", "Reason: Q.850;cause=21;location=U"))
    assert event == TransferOutcome(Outcome.REFUSED, 603, "Decline", Cause(21, Location.USER))


def test_answers_to_other_requests_say_nothing_of_a_transfer() -> None:
    assert SIP.read(response("202 Accepted", "SUBSCRIBE"), CONTEXT) == ()
    assert SIP.read(response("100 Trying", "REFER"), CONTEXT) == ()


def notify(body: str, state: str = "active;expires=60", event: str = "refer") -> bytes:
    lines = (f"Event: {event}", f"Subscription-State: {state}", "Content-Type: message/sipfrag;version=2.0")
    return request("NOTIFY", *lines, body=body)


def test_notify_of_progress() -> None:
    assert read(notify("SIP/2.0 180 Ringing\r\n")) == TransferProgress(180, "Ringing")


def test_notify_of_success() -> None:
    ended = "terminated;reason=noresource"
    assert read(notify("SIP/2.0 200 OK\r\n", ended)) == TransferOutcome(Outcome.SUCCEEDED, 200, "OK")


def test_notify_of_failure_takes_the_cause_from_its_body() -> None:
    event = read(notify("SIP/2.0 486 Busy Here\r\nReason: Q.850;cause=17\r\n", "terminated;reason=noresource"))
    assert event == TransferOutcome(Outcome.FAILED, 486, "Busy Here", Cause(17))


def test_final_status_counts_though_the_subscription_is_called_active() -> None:
    assert read(notify("SIP/2.0 404 Not Found\r\n")) == TransferOutcome(Outcome.FAILED, 404, "Not Found")


def test_subscription_that_ends_early_leaves_the_outcome_open() -> None:
    event = read(notify("SIP/2.0 100 Trying\r\n", "terminated;reason=timeout"))
    assert event == TransferOutcome(Outcome.PENDING, 100, "Trying")


def test_event_id_of_a_second_refer_is_kept() -> None:
    event = read(notify("SIP/2.0 100 Trying\r\n", event="refer;id=102"))
    assert event.kept == (Kept("sip", "Event", "refer;id=102"),)


def test_notify_of_another_package_is_no_transfer() -> None:
    assert SIP.read(notify("SIP/2.0 200 OK\r\n", event="dialog"), CONTEXT) == ()


def test_notify_whose_body_is_no_status_line_is_refused() -> None:
    with pytest.raises(DecodeError):
        SIP.read(notify("404 Not Found\r\n"), CONTEXT)


def test_invite_with_replaces_and_referred_by() -> None:
    event = read(
        request(
            "INVITE",
            "Replaces: 12@c.example.com;to-tag=c-tag;from-tag=a-tag",
            "Require: replaces, 100rel",
            "Referred-By: <sip:alice@a.example.com>",
            'P-Asserted-Identity: "Bob" <sip:bob@b.example.com>, <tel:+15550102>',
            "Privacy: id",
            to_tag="",
        )
    )
    assert event == TransferSetup(
        target=Party(uri="sip:gw@gw.example.com"),
        consultation=CONSULTATION,
        transferor=TRANSFEROR,
        transferee=replace(TRANSFEREE, presentation=Presentation.RESTRICTED, screening=Screening.NETWORK_PROVIDED),
        kept=(Kept("sip", "P-Asserted-Identity", "<tel:+15550102>"), Kept("sip", "Require", "100rel")),
    )


def test_invite_without_either_is_a_basic_call() -> None:
    assert SIP.read(request("INVITE", to_tag=""), CONTEXT) == ()


def test_caller_of_an_untransferred_identity_is_not_screened() -> None:
    event = read(request("INVITE", "Referred-By: <sip:x@h>", to_tag=""))
    assert isinstance(event, TransferSetup)
    assert event.transferee is not None
    assert event.transferee.screening is Screening.USER_NOT_SCREENED


@pytest.mark.parametrize("method", ["INVITE", "UPDATE"])
def test_asserted_identity_inside_a_dialog_is_an_update(method: str) -> None:
    event = read(request(method, "P-Asserted-Identity: <sip:carol@c.example.com>"))
    party = Party(
        uri="sip:carol@c.example.com", presentation=Presentation.ALLOWED, screening=Screening.NETWORK_PROVIDED
    )
    assert event == PartyUpdate(Stage.UPDATE, party)


def test_reinvite_without_identity_is_no_update() -> None:
    assert SIP.read(request("INVITE"), CONTEXT) == ()


def test_302_with_diversion() -> None:
    event = read(
        response(
            "302 Moved Temporarily",
            "INVITE",
            "Contact: <sip:carol@c.example.com>, <sip:second@h>",
            "Diversion: <sip:bob@b.example.com>;reason=user-busy;counter=1",
        )
    )
    assert event == Redirection(
        Party(uri="sip:carol@c.example.com"),
        "user-busy",
        Party(uri="sip:bob@b.example.com"),
        1,
        kept=(Kept("sip", "Contact", "<sip:second@h>"),),
    )


def test_reason_of_a_redirection_from_history_info() -> None:
    history = "History-Info: <sip:bob@h?Reason=SIP%3Bcause%3D408>;index=1, <sip:carol@h>;index=1.1"
    event = read(response("302 Moved", "INVITE", "Contact: <sip:carol@h>", history))
    assert isinstance(event, Redirection)
    assert event.reason == "no-answer"


def test_bye_with_also() -> None:
    event = read(request("BYE", "Also: <sip:1024@10.10.10.10:5060>"))
    assert isinstance(event, TransferRequest)
    assert (event.kind, event.target) == (TransferKind.BYE_ALSO, Party(uri="sip:1024@10.10.10.10:5060"))
    assert SIP.read(request("BYE"), CONTEXT) == ()


def test_identity_token_of_referred_by_travels_along() -> None:
    token = "--b\r\nContent-Type: message/sipfrag\r\n\r\nTo: <sip:x@h>\r\n--b--\r\n"
    lines = ("Refer-To: <sip:c@h>", 'Referred-By: <sip:a@h>;cid="1@h"', "Content-Type: multipart/signed;boundary=b")
    message = written(read(request("REFER", *lines, body=token)))
    assert message.body == token.encode()
    assert message.headers.get("Content-Type") == "multipart/signed;boundary=b"
    assert message.headers.get("Referred-By") == '<sip:a@h>;cid="1@h"'
