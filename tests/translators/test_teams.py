from dataclasses import replace
from pathlib import Path

import pytest

from gateway.model.errors import MappingError, UntranslatableError
from gateway.model.parties import Number, NumberingPlan, Party, TypeOfNumber
from gateway.model.transfer import (
    DialogReference,
    IdentityRequest,
    Kept,
    Outcome,
    PartyUpdate,
    Redirection,
    Stage,
    TransferEvent,
    TransferKind,
    TransferOutcome,
    TransferProgress,
    TransferRequest,
    TransferSetup,
)
from gateway.sip.message import Message, parse
from gateway.tables import check, load, table_path
from gateway.translators.dialect import Context
from gateway.translators.teams import DIALECT as TEAMS
from gateway.translators.teams_addresses import (
    TeamsTable,
    is_teams,
    number_from_teams,
    sip_from_teams,
    teams_from_number,
    teams_from_sip,
)
from tests.sip.wireshark import complaints

GUID = "0d3a7f9c-6b5e-4c1d-8e2f-112233445566"
REFER_TO = f"sip:sip.pstnhub.microsoft.com:5061;transport=tls;x-m=8:orgid:{GUID};x-t={GUID}"
REFERRED_BY = (
    f"sip:sip.pstnhub.microsoft.com:5061;x-m=8:orgid:{GUID};x-t={GUID};x-ti={GUID}"
    ";x-tt=aHR0cHM6Ly9hcGktZHUtYS5wc3RuaHViLm1pY3Jvc29mdC5jb20vdjE/ZGNpPTAx%3D"
)
# Header names in capitals, as Teams sends them.
REFER = (
    "REFER sip:gw@sbc.example.net:5061;transport=tls SIP/2.0\r\n"
    "FROM: <sip:+15550100001@sip.pstnhub.microsoft.com>;tag=2f0a\r\n"
    "TO: <sip:+15550100002@sbc.example.net>;tag=gw\r\n"
    "CSEQ: 1 REFER\r\n"
    "CALL-ID: 5f3c0d\r\n"
    "VIA: SIP/2.0/TLS 52.114.75.24:5061;branch=z9hG4bK1\r\n"
    f"CONTACT: <sip:api-du-a-euwe.pstnhub.microsoft.com:443;x-i={GUID};x-c=0a/s/1/0b>\r\n"
    "CONTENT-LENGTH: 0\r\n"
    f"REFER-TO: <{REFER_TO}>\r\n"
    f"REFERRED-BY: <{REFERRED_BY}>\r\n"
    "USER-AGENT: Microsoft.PSTNHub.SIPProxy v.2024.2.6.5 i.USEA.5\r\n"
    "ALLOW: INVITE,ACK,OPTIONS,CANCEL,BYE,NOTIFY\r\n\r\n"
).encode()
CONTEXT = Context(domain="sbc.example.net", entropy="5eed")
CALLEE = Number("15550100002", TypeOfNumber.INTERNATIONAL, NumberingPlan.E164)


def read(octets: bytes) -> TransferRequest:
    """The transfer request in a REFER."""
    (event,) = TEAMS.read(octets, CONTEXT)
    assert isinstance(event, TransferRequest)
    return event


def written(event: TransferEvent) -> Message:
    """The one message that says `event`."""
    (message,) = TEAMS.write(event, CONTEXT).messages
    return parse(message.octets)


def test_refer_to_without_user_part_stays_as_it_came() -> None:
    event = read(REFER)
    assert event.kind is TransferKind.BLIND
    assert event.target == Party(uri=REFER_TO)
    assert event.transferor == Party(uri=REFERRED_BY)


def test_a_telephone_number_is_read_too() -> None:
    assert read(REFER).transferee == Party(number=CALLEE, uri="sip:+15550100002@sbc.example.net")


def test_transfer_goes_back_to_teams_as_an_invite() -> None:
    message = written(read(REFER))
    assert (message.method, message.request_uri) == ("INVITE", REFER_TO)
    assert message.headers.get("To") == f"<{REFER_TO}>"
    assert message.headers.get("Supported") == "replaces"
    assert message.headers.get("Contact") == "<sip:sbc.example.net:5061;transport=tls>"
    assert (message.headers.get("Via") or "").startswith("SIP/2.0/TLS sbc.example.net:5061;branch=z9hG4bK")


def test_referred_by_is_the_same_string() -> None:
    assert f"\r\nReferred-By: <{REFERRED_BY}>\r\n".encode() in written(read(REFER)).octets


def test_referred_by_with_a_parameter_of_the_field_is_the_same_string() -> None:
    octets = REFER.replace(f"<{REFERRED_BY}>".encode(), f'<{REFERRED_BY}>;cid="1@h"'.encode())
    assert f'\r\nReferred-By: <{REFERRED_BY}>;cid="1@h"\r\n'.encode() in written(read(octets)).octets


def test_what_the_request_uri_does_not_say_of_the_target_is_lost() -> None:
    target = Party(uri="sip:+15550100003@pbx.example.com;user=phone", name="Carol")
    lost = {item.what for item in TEAMS.write(TransferRequest(TransferKind.BLIND, target), CONTEXT).lost}
    assert lost == {"target.uri", "target.name", "body"}


def test_caller_has_a_plus_and_the_name_of_the_gateway() -> None:
    message = written(read(REFER))
    assert (message.headers.get("From") or "").startswith("<sip:+15550100002@sbc.example.net;user=phone>;tag=")


def test_replaces_is_never_sent_to_teams() -> None:
    uri = f"{REFER_TO}?Replaces=1%40h%3Bto-tag%3D1%3Bfrom-tag%3D2"
    event = read(REFER.replace(f"<{REFER_TO}>".encode(), f"<{uri}>".encode()))
    assert event.consultation == DialogReference("1@h", "1", "2")
    message = written(event)
    assert message.request_uri == REFER_TO
    assert b"Replaces:" not in message.octets
    assert "consultation" in {item.what for item in TEAMS.write(event, CONTEXT).lost}


def test_the_offer_is_left_to_the_media_layer() -> None:
    lost = {item.what for item in TEAMS.write(read(REFER), CONTEXT).lost}
    assert lost == {"body"}


def test_what_speaks_of_the_refer_does_not_go_into_the_invite() -> None:
    kept = (Kept("sip", "Target-Dialog", "1;local-tag=2;remote-tag=1"), Kept("sip", "X-MS-UserLocation", "internal"))
    event = replace(read(REFER), kept=kept)
    message = written(event)
    assert "Target-Dialog" not in message.headers
    assert message.headers.get("X-MS-UserLocation") == "internal"
    assert "kept.Target-Dialog" in {item.what for item in TEAMS.write(event, CONTEXT).lost}


def test_only_referred_by_and_unknown_fields_go_from_the_refer_into_the_invite() -> None:
    lines = (
        "Reason: Q.850;cause=16",
        "Content-Type: text/plain",
        "P-Asserted-Identity: <sip:+15550100001@sip.pstnhub.microsoft.com>",
        "Privacy: none",
        "Session-ID: ab30317f1a784dc48ff824d0d3715d86;remote=47755a9de7794ba387653f2099600ef2",
        "Supported: tdialog",
        "X-Own: 1",
    )
    octets = REFER.replace(b"CONTENT-LENGTH: 0", ("CONTENT-LENGTH: 5\r\n" + "\r\n".join(lines)).encode()) + b"hello"
    event = read(octets)
    message = written(event)
    assert message.body == b""
    assert message.headers.get("X-Own") == "1"
    assert message.headers.all("Supported") == ("replaces",)
    assert message.headers.all("P-Asserted-Identity") == (
        "<sip:+15550100002@sbc.example.net;user=phone>",
    )  # of the one who calls
    for name in ("Reason", "Content-Type", "Privacy", "Session-ID"):
        assert name not in message.headers
    assert {item.what for item in TEAMS.write(event, CONTEXT).lost} == {
        *("body", "kept.Reason", "kept.Content-Type", "kept.P-Asserted-Identity", "kept.Privacy"),
        *("kept.Session-ID", "kept.Supported", "kept.message body"),
    }


@pytest.mark.parametrize(("named", "goes"), [("1@h", True), ("2@h", False)])
def test_the_token_that_referred_by_names_goes_into_the_invite(named: str, goes: bool) -> None:
    token = b"--b\r\nContent-Type: message/sipfrag\r\nContent-ID: <1@h>\r\n\r\nTo: <sip:x@h>\r\n--b--\r\n"
    kind = b"CONTENT-TYPE: multipart/signed;boundary=b"
    octets = REFER.replace(f"<{REFERRED_BY}>".encode(), f'<{REFERRED_BY}>;cid="{named}"'.encode())
    octets = octets.replace(b"CONTENT-LENGTH: 0", f"CONTENT-LENGTH: {len(token)}\r\n".encode() + kind) + token
    message = written(read(octets))
    assert message.body == (token if goes else b"")
    assert ("Content-Type" in message.headers) is goes


@pytest.mark.parametrize(
    "target",
    [
        Party(number=Number("15550100003", TypeOfNumber.INTERNATIONAL, NumberingPlan.E164)),
        Party(uri="sip:+15550100003@pbx.example.com;user=phone"),
        Party(uri="tel:+15550100003"),
    ],
)
def test_a_number_on_the_telephone_network_goes_to_teams_as_well(target: Party) -> None:
    message = written(TransferSetup(target, transferor=Party(uri="sip:+15550100001@pbx.example.com")))
    assert message.request_uri == "sip:+15550100003@sip.pstnhub.microsoft.com:5061;user=phone"


@pytest.mark.parametrize("target", [None, Party(), Party(uri="sip:carol@pbx.example.com")])
def test_a_target_that_teams_cannot_find(target: Party | None) -> None:
    with pytest.raises(UntranslatableError):
        TEAMS.write(TransferRequest(TransferKind.BLIND, target), CONTEXT)


def test_refer_is_answered_with_202_and_notify() -> None:
    assert written(TransferProgress(202)).status == 202
    notify = written(TransferOutcome(Outcome.SUCCEEDED))
    assert (notify.method, notify.body) == ("NOTIFY", b"SIP/2.0 200 OK\r\n")
    assert notify.headers.get("Contact") == "<sip:sbc.example.net:5061;transport=tls>"


def test_a_new_identity_cannot_be_told_to_teams() -> None:
    result = TEAMS.write(PartyUpdate(Stage.COMPLETE, Party(number=CALLEE)), CONTEXT)
    assert (result.messages, [item.what for item in result.lost]) == ((), ["stage", "party"])


def test_what_sip_cannot_say_neither_can_teams() -> None:
    with pytest.raises(UntranslatableError):
        TEAMS.write(IdentityRequest(), CONTEXT)


def test_tshark_reads_every_message_without_complaint() -> None:
    events = (
        *(read(REFER), TransferProgress(202), TransferProgress(100), TransferOutcome(Outcome.SUCCEEDED)),
        *(
            TransferOutcome(Outcome.REFUSED, 403),
            TransferSetup(Party(number=CALLEE)),
            Redirection(Party(number=CALLEE)),
        ),
    )
    messages = [message.octets for event in events for message in TEAMS.write(event, CONTEXT).messages]
    assert len(messages) == len(events)
    assert complaints(messages) == []


# Rewriting


@pytest.mark.parametrize(
    ("uri", "belongs"),
    [
        (REFER_TO, True),
        ("sip:+1555@SIP2.PSTNHUB.microsoft.com", True),
        ("sip:a@sip.pstnhub.dod.teams.microsoft.us", True),
        ("sip:a@pstnhub.microsoft.com.evil.example", False),
        ("sip:a@notpstnhub.microsoft.com", False),
        ("cid:1@h", False),
    ],
)
def test_which_uris_belong_to_teams(uri: str, belongs: bool) -> None:
    assert is_teams(uri) is belongs


@pytest.mark.parametrize(
    ("uri", "sip", "number"),
    [
        (
            "sip:+15550100003@sip.pstnhub.microsoft.com:5061;user=phone;transport=tls",
            "sip:+15550100003@gw.example.com;user=phone",
            Number("15550100003", TypeOfNumber.INTERNATIONAL, NumberingPlan.E164),
        ),
        ("sip:+1001@sip.pstnhub.microsoft.com", "sip:+1001@gw.example.com;user=phone", Number("1001")),
        (REFER_TO, REFER_TO, None),
        ("sip:alice@sip.pstnhub.microsoft.com", "", None),
    ],
    ids=["public", "extension", "user inside Teams", "name"],
)
def test_from_teams(uri: str, sip: str, number: Number | None) -> None:
    assert sip_from_teams(uri, "gw.example.com") == sip
    assert number_from_teams(uri) == number


@pytest.mark.parametrize(
    ("uri", "teams"),
    [
        ("sip:+15550100003@pbx.example.com;user=phone", "sip:+15550100003@sip.pstnhub.microsoft.com:5061;user=phone"),
        ("tel:+15550100003;ext=9", "sip:+15550100003@sip.pstnhub.microsoft.com:5061;user=phone"),
        ("sip:1001;phone-context=x@pbx", "sip:+1001@sip.pstnhub.microsoft.com:5061;user=phone"),
        (REFERRED_BY, REFERRED_BY),
        ("sip:alice@pbx.example.com", ""),
    ],
)
def test_sip_to_teams(uri: str, teams: str) -> None:
    assert teams_from_sip(uri) == teams


def test_isdn_to_teams() -> None:
    assert teams_from_number(CALLEE) == "sip:+15550100002@sip.pstnhub.microsoft.com:5061;user=phone"
    assert teams_from_number(CALLEE, "sbc.example.net") == "sip:+15550100002@sbc.example.net;user=phone"
    assert teams_from_number(Number("1001")) == "sip:+1001@sip.pstnhub.microsoft.com:5061;user=phone"
    assert teams_from_number(Number("30123456", TypeOfNumber.NATIONAL)) == ""


@pytest.mark.parametrize("number", [CALLEE, Number("1001")])
def test_a_number_comes_back_from_teams_as_it_was(number: Number) -> None:
    assert number_from_teams(teams_from_number(number)) == number


def test_the_table_is_sound() -> None:
    assert check("teams", TeamsTable) == ()


@pytest.mark.parametrize(
    ("good", "bad", "key"),
    [
        ("{number}@{host}", "{nummer}@{host}", "teams_to_sip.0"),
        ("(?P<number>\\+[0-9]+)@.*'", "(?P<number>\\+[0-9]+@.*'", "teams_to_sip.0.match"),
        ("type_of_number: international", "type_of_number: global", "type_of_number"),
        ("proxy:", "proxi:", "prox"),
    ],
)
def test_a_mistake_in_the_table_is_named_with_its_place(good: str, bad: str, key: str, tmp_path: Path) -> None:
    broken = tmp_path / "teams.yaml"
    broken.write_text(table_path("teams").read_text().replace(good, bad, 1))
    with pytest.raises(MappingError) as refused:
        load(broken, TeamsTable)
    assert refused.value.where.startswith(f"{broken}:")
    assert key in refused.value.where
