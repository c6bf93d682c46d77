"""Parties inside transfer events, on their way from one dialect to another (RFC 4497 9, RFC 3325)."""

import pytest

from gateway.interworking.address_map import AddressMap, address_map
from gateway.interworking.number_plan import NumberPlan
from gateway.model.errors import DecodeError, GatewayError
from gateway.model.parties import (
    Alias,
    AliasKind,
    Number,
    NumberingPlan,
    Party,
    Presentation,
    Screening,
    TypeOfNumber,
)
from gateway.model.transfer import (
    IdentityGranted,
    LinkId,
    PartyUpdate,
    Redirection,
    Stage,
    SubaddressRequest,
    TransferEvent,
    TransferKind,
    TransferProgress,
    TransferRequest,
    TransferSetup,
)
from gateway.translators import dialect_names

C = Number("4930123456", TypeOfNumber.INTERNATIONAL, NumberingPlan.E164)
C_URI = "sip:+4930123456@example.com;user=phone"
MADE = "sip:+4930123456@gateway.invalid;user=phone"
UNTRUSTED = AddressMap(NumberPlan(trusted=False))


def updated(party: Party, toward: str, addresses: AddressMap | None = None) -> Party:
    event = (addresses or address_map()).complete_event(PartyUpdate(Stage.COMPLETE, party), toward)
    assert isinstance(event, PartyUpdate)
    return event.party


def test_every_party_of_a_request_is_completed() -> None:
    request = TransferRequest(
        TransferKind.BLIND, Party(uri=C_URI), None, Party(uri="sip:1001@pbx"), Party(uri="sip:b@h")
    )
    assert address_map().complete_event(request, "qsig") == TransferRequest(
        TransferKind.BLIND,
        Party(C, uri=C_URI),
        None,
        Party(Number("1001"), uri="sip:1001@pbx"),
        Party(uri="sip:b@h"),
    )


@pytest.mark.parametrize(
    ("event", "completed"),
    [
        (TransferSetup(target=Party(C)), TransferSetup(target=Party(C, uri=MADE))),
        (IdentityGranted(LinkId(7), Party(C)), IdentityGranted(LinkId(7), Party(C, uri=MADE))),
        (
            Redirection(Party(C), redirecting=Party(C)),
            Redirection(Party(C, uri=MADE), redirecting=Party(C, uri=MADE)),
        ),
        (PartyUpdate(Stage.ACTIVE, Party(C)), PartyUpdate(Stage.ACTIVE, Party(C, uri=MADE))),
    ],
)
def test_toward_sip_numbers_get_uris(event: TransferEvent, completed: TransferEvent) -> None:
    assert address_map().complete_event(event, "sip") == completed


@pytest.mark.parametrize("toward", dialect_names())
@pytest.mark.parametrize("event", [TransferProgress(180), SubaddressRequest(), TransferRequest(TransferKind.JOIN)])
def test_an_event_without_parties_comes_back_as_it_is(event: TransferEvent, toward: str) -> None:
    assert address_map().complete_event(event, toward) is event


@pytest.mark.parametrize("toward", ["etsi-ect", "qsig", "qsig-ssct", "ni2-tbct", "dms-rlt"])
def test_an_isdn_event_stays_as_it_is_toward_the_isdn(toward: str) -> None:
    for party in (Party(C), Party(Number("4711")), Party(presentation=Presentation.RESTRICTED), Party()):
        event = PartyUpdate(Stage.UPDATE, party)
        assert address_map().complete_event(event, toward) is event


def test_there_has_to_be_such_a_dialect() -> None:
    with pytest.raises(GatewayError, match="no dialect 'isup'"):
        address_map().complete_event(TransferRequest(TransferKind.BLIND, Party(C)), "isup")


# -- presentation, screening, trust --------------------------------------------------------------------------------


def test_an_asserted_identity_is_network_provided() -> None:
    assert updated(Party(uri=C_URI), "qsig") == Party(C, screening=Screening.NETWORK_PROVIDED, uri=C_URI)


def test_screening_that_was_said_stays() -> None:
    party = Party(uri=C_URI, screening=Screening.USER_NOT_SCREENED)
    assert updated(party, "qsig").screening is Screening.USER_NOT_SCREENED


def test_an_identity_without_number_is_not_available_due_to_interworking() -> None:
    party = updated(Party(uri="sip:alice@example.com"), "qsig")
    assert (party.number, party.presentation) == (None, Presentation.NOT_AVAILABLE)


def test_an_anonymous_identity_is_restricted() -> None:
    party = updated(Party(uri="sip:anonymous@anonymous.invalid"), "qsig")
    assert (party.number, party.presentation) == (None, Presentation.RESTRICTED)


def test_an_identity_that_nobody_vouches_for_is_not_available() -> None:
    party = updated(Party(uri=C_URI, name="Carol"), "qsig", UNTRUSTED)
    assert party == Party(presentation=Presentation.NOT_AVAILABLE)


def test_a_restricted_number_goes_to_a_trusted_peer_only() -> None:
    party = Party(C, Presentation.RESTRICTED, name="Carol")
    assert updated(party, "sip") == Party(C, Presentation.RESTRICTED, name="Carol", uri=MADE)
    assert updated(party, "sip", UNTRUSTED) == Party(presentation=Presentation.RESTRICTED)


# -- Teams -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (Party(Number("30123456", TypeOfNumber.NATIONAL)), Party(C)),
        (Party(C), Party(C)),
        (Party(Number("4711")), Party(Number("4711", plan=NumberingPlan.PRIVATE))),
        (Party(uri="sip:030123456@pbx"), Party(uri=MADE)),
        (Party(uri="sip:4711@pbx"), Party(uri="sip:4711@pbx")),
        (Party(uri=C_URI), Party(uri=C_URI)),
        (Party(uri="sip:sip.pstnhub.microsoft.com;x-m=8:orgid:7c6f"),) * 2,
        (Party(aliases=(Alias(AliasKind.URL_ID, "sip:alice@example.com"),)),
         Party(aliases=(Alias(AliasKind.URL_ID, "sip:alice@example.com"),), uri="sip:alice@example.com")),
    ],
)  # fmt: skip
def test_toward_teams_numbers_get_their_country_and_no_uri_of_ours(before: Party, after: Party) -> None:
    event = address_map("germany").complete_event(TransferRequest(TransferKind.BLIND, before), "teams")
    assert event == TransferRequest(TransferKind.BLIND, after)


@pytest.mark.parametrize("uri", [f"sip:+{'4' * 40}@example.com", f"tel:+{'4' * 16}", f"sip:{'4' * 33}@example.com"])
def test_a_number_that_no_trunk_dials_does_not_reach_one(uri: str) -> None:
    """E.164: fifteen digits at most."""
    for dialect in ("etsi-ect", "qsig"):
        with pytest.raises(DecodeError, match=r"has [0-9]+ digits, more than (15|32)"):
            address_map().complete_event(TransferRequest(TransferKind.BLIND, Party(uri=uri)), dialect)
