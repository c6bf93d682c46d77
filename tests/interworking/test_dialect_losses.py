"""What a transfer loses on the way from each dialect into each other, pair by pair, and why.

The request of blind and of attended transfer, as every dialect speaks of it (tests/interworking/spoken.py): Alice
transfers Bob to Carol, all known by number, name and URI.
"""

from collections.abc import Iterator

import pytest

from gateway.interworking.translation import translator
from gateway.model.errors import UntranslatableError
from gateway.model.transfer import Outcome, TransferKind, TransferOutcome, TransferRequest
from tests.interworking.spoken import ALICE, BOB, CAROL, CONTEXT, NAMES, spoken

Losses = dict[str, dict[str, str | None]]
"""By source and target the paths that are lost; None where the target cannot be asked at all."""

BLIND: Losses = {
    "sip": {
        "teams": "body target.name target.uri transferee.uri",
        "etsi-ect": "target.name target.uri transferee transferor",
        "qsig": "target.uri transferee transferor",
        "qsig-ssct": "target.name target.uri transferee.uri transferor.uri",
        "ni2-tbct": "target.name target.uri transferee transferor",
        "dms-rlt": "target.name target.uri transferee transferor",
        "h4502": "target.name transferee transferor",
    },
    "teams": {
        "sip": "",
        "etsi-ect": "target.name target.uri transferee transferor",
        "qsig": "target.uri transferee transferor",
        "qsig-ssct": "target.name target.uri transferee.uri transferor.uri",
        "ni2-tbct": "target.name target.uri transferee transferor",
        "dms-rlt": "target.name target.uri transferee transferor",
        "h4502": "target.name transferee transferor",
    },
    "qsig-ssct": {
        "sip": "await_connect transferee transferor.screening",
        "teams": "await_connect body transferor.screening",
        "etsi-ect": "await_connect transferee transferor",
        "qsig": "",
        "ni2-tbct": "await_connect transferee transferor",
        "dms-rlt": "await_connect transferee transferor",
        "h4502": "await_connect transferee transferor",
    },
    "h4502": {
        "sip": "target.screening",
        "teams": "body target.screening target.uri",
        "etsi-ect": "target.screening target.uri",
        "qsig": "target.uri",
        "qsig-ssct": "target.screening target.uri",
        "ni2-tbct": "target.screening target.uri",
        "dms-rlt": "target.screening target.uri",
    },
}
ATTENDED: Losses = {
    "sip": {
        "teams": "body consultation target.name target.uri transferee.uri",
        "etsi-ect": "consultation target transferee transferor",
        "qsig": "consultation target.uri transferee.uri transferor",
        "qsig-ssct": "consultation target.name target.uri transferee.uri transferor.uri",
        "ni2-tbct": "consultation target transferee transferor",
        "dms-rlt": "consultation target.name target.uri transferee transferor",
        "h4502": "consultation target transferee transferor",
    },
    "teams": {
        "sip": "",
        "etsi-ect": "consultation target transferee transferor",
        "qsig": "consultation target.uri transferee.uri transferor",
        "qsig-ssct": "consultation target.name target.uri transferee.uri transferor.uri",
        "ni2-tbct": "consultation target transferee transferor",
        "dms-rlt": "consultation target.name target.uri transferee transferor",
        "h4502": "consultation target transferee transferor",
    },
    "etsi-ect": {
        "sip": "",
        "teams": None,
        "qsig": "consultation",
        "qsig-ssct": None,
        "ni2-tbct": "consultation",
        "dms-rlt": None,
        "h4502": "consultation",
    },
    "qsig": {
        "sip": "",
        "teams": "body consultation",
        "etsi-ect": "consultation target",
        "qsig-ssct": "",
        "ni2-tbct": "consultation target",
        "dms-rlt": "consultation",
        "h4502": "",
    },
    "ni2-tbct": {
        "sip": "",
        "teams": None,
        "etsi-ect": "consultation",
        "qsig": "consultation",
        "qsig-ssct": None,
        "dms-rlt": None,
        "h4502": "consultation",
    },
    "dms-rlt": {
        "sip": "",
        "teams": None,
        "etsi-ect": "consultation",
        "qsig": "consultation",
        "qsig-ssct": None,
        "ni2-tbct": "consultation",
        "h4502": "consultation",
    },
    "h4502": {
        "sip": "target.screening",
        "teams": "body consultation target.screening target.uri",
        "etsi-ect": "consultation target",
        "qsig": "target.screening target.uri",
        "qsig-ssct": "target.screening target.uri",
        "ni2-tbct": "consultation target",
        "dms-rlt": "consultation target.screening target.uri",
    },
}

TABLES = {TransferKind.BLIND: BLIND, TransferKind.ATTENDED: ATTENDED}
PAIRS = [(kind, source, target) for kind, table in TABLES.items() for source in table for target in table[source]]


def requests(kind: TransferKind, source: str) -> Iterator[TransferRequest]:
    """The request in the words of `source`; none where it has no message for a transfer of this kind."""
    consultation = NAMES[source] if kind is TransferKind.ATTENDED else None
    for event in spoken(source, TransferRequest(kind, CAROL, consultation, ALICE, BOB)):
        if isinstance(event, TransferRequest) and (event.consultation is None) == (kind is TransferKind.BLIND):
            yield event


@pytest.mark.parametrize(("kind", "source", "target"), PAIRS)
def test_what_is_lost_and_why(kind: TransferKind, source: str, target: str) -> None:
    (request,) = requests(kind, source)
    expected = TABLES[kind][source][target]
    if expected is None:
        with pytest.raises(UntranslatableError, match=r"needs|names"):
            translator().write(request, source, target, CONTEXT)
        return
    lost = translator().write(request, source, target, CONTEXT).lost
    assert sorted(item.what for item in lost) == expected.split()
    assert not [item for item in lost if item.why.endswith("has no field for it")]


@pytest.mark.parametrize("kind", TABLES)
def test_dialects_outside_the_table_have_no_request_of_the_kind(kind: TransferKind) -> None:
    for source in NAMES.keys() - TABLES[kind].keys():
        assert not list(requests(kind, source))


@pytest.mark.parametrize("kind", TABLES)
def test_the_table_has_every_target(kind: TransferKind) -> None:
    for source, losses in TABLES[kind].items():
        assert losses.keys() == NAMES.keys() - {source}


def test_an_error_that_another_one_stands_for_is_lost() -> None:
    refused = TransferOutcome(Outcome.FAILED, error="linkIdNotAssignedByNetwork", invoke_id=1)
    (lost,) = translator().write(refused, "etsi-ect", "ni2-tbct", CONTEXT).lost
    assert lost.what == "error"
    assert lost.why.startswith("ni2-tbct has no error linkIdNotAssignedByNetwork: ")


def test_an_error_in_the_spelling_of_another_standard_is_not_lost() -> None:
    refused = TransferOutcome(Outcome.FAILED, error="invalidRerouteingNumber", invoke_id=1)
    assert translator().write(refused, "qsig", "h4502", CONTEXT).lost == ()


def test_what_the_source_did_not_say_is_not_lost() -> None:
    refused = TransferOutcome(Outcome.FAILED, 486, "Busy Here", invoke_id=1)
    lost = translator().write(refused, "sip", "qsig-ssct", CONTEXT).lost
    assert [item.what for item in lost] == ["status", "reason"]  # and not the cause that was derived from the status
