"""What libpri, an ISDN stack that we did not write, understands of the Facility elements that we write."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest

from gateway.isdn import addressing, facility, operations
from gateway.isdn.facility import Facility, Interpretation, NetworkFacilityExtension
from gateway.model.parties import (
    Number,
    NumberingPlan,
    Party,
    Presentation,
    Screening,
    TypeOfNumber,
)
from gateway.model.remote_operations import Component, Invoke, ReturnResult
from tests.peers.libpri_peer import LibpriPair, LibpriPeer, libpri_pair, place_call

pytestmark = pytest.mark.live

DISCARD = Interpretation.DISCARD_ANY_UNRECOGNISED_INVOKE_PDU
HEADERS = {
    "etsi": Facility(facility.ROSE_PROFILE),
    "qsig": Facility(facility.NETWORKING_EXTENSIONS, nfe=NetworkFacilityExtension(), interpretation=DISCARD),
    "dms100": Facility(facility.DMS_PROFILE, service_discriminator=facility.DMS_SERVICE),
}
CAROL = Party(
    Number("5552", TypeOfNumber.NATIONAL, NumberingPlan.E164),
    Presentation.ALLOWED,
    Screening.NETWORK_PROVIDED,
    "Carol",
    Presentation.ALLOWED,
)


def contents(variant: str, component: Component) -> str:
    """The component in the Facility of that kind of trunk, in hex."""
    header = HEADERS[variant]
    octets = facility.encode(
        Facility(header.profile, (component,), header.nfe, None, header.interpretation, header.service_discriminator)
    )
    return octets.hex()


def invoke(variant: str, name: str, value: Any = None, invoke_id: int = 1) -> str:
    """An invoke of that operation in a Facility, in hex."""
    argument = operations.encode_argument(variant, name, value) or None
    return contents(variant, Invoke(invoke_id, operations.named(variant, name).code, argument))


@contextmanager
def two_calls(switch: str) -> Iterator[tuple[LibpriPair, str, str]]:
    """A pair, and the network's names for the user's two active calls, which the user knows as A and B."""
    with libpri_pair(switch) as pair:
        first = place_call(pair.user, pair.network, "A", "5551", "chan=1 calling=100")
        second = place_call(pair.user, pair.network, "B", "5552", "chan=2 calling=100")
        yield pair, first, second


def received(peer: LibpriPeer) -> Component:
    """The component in the next Facility that the peer received."""
    element = bytes.fromhex(str(peer.wait("facility_ie", dir="rx")["ie"]))
    return facility.decode(element[2:]).components[0]


def told(peer: LibpriPeer, call: str, command: str) -> dict[str, Any]:
    """What libpri's application is told about the call by a Facility."""
    subcommands = peer.wait("facility", id=call)["subcmds"]
    return next(dict(item) for item in subcommands if item["cmd"] == command)


def test_explicit_call_transfer_is_carried_out() -> None:
    with two_calls("euroisdn_e1") as (pair, first, second):
        pair.network.send("set transfer okclear")
        pair.network.fence()
        pair.user.send("facility A " + invoke("etsi", "EctLinkIdRequest", invoke_id=7))
        granted = received(pair.user)
        assert isinstance(granted, ReturnResult)
        link_id = operations.decode_result("etsi", "EctLinkIdRequest", granted.result)
        pair.user.send("facility B " + invoke("etsi", "ExplicitEctExecute", link_id, invoke_id=8))
        transfer = told(pair.network, second, "TRANSFER_CALL")
        assert {transfer["call_1"], transfer["call_2"]} == {first, second}
        assert received(pair.user) == ReturnResult(8)
        pair.user.wait("hangup_req", id="A")
        pair.user.wait("hangup_req", id="B")


def test_implicit_call_transfer_is_carried_out_on_the_held_call() -> None:
    with libpri_pair("euroisdn_e1") as pair:
        pair.network.send("set transfer okclear")
        pair.network.fence()
        first = place_call(pair.user, pair.network, "A", "5551", "chan=1 calling=100")
        pair.user.send("hold A")
        pair.user.wait("hold_ack", id="A")
        place_call(pair.user, pair.network, "B", "5552", "chan=2 calling=100")
        pair.user.send("facility A " + invoke("etsi", "EctExecute", invoke_id=21))
        told(pair.network, first, "TRANSFER_CALL")
        assert received(pair.user) == ReturnResult(21)


def test_ect_inform_names_the_new_party() -> None:
    argument = {
        "callStatus": "active",
        "redirectionNumber": addressing.presented_number_unscreened(CAROL),
    }
    with two_calls("euroisdn_e1") as (pair, first, _):
        pair.network.send(f"facility {first} " + invoke("etsi", "EctInform", argument))
        number = told(pair.user, "A", "CONNECTED_LINE")["party"]["number"]
        assert (number["str"], number["plan"]) == ("5552", 0x21)


@pytest.mark.parametrize(("presentation", "coded"), [(Presentation.ALLOWED, 0x03), (Presentation.RESTRICTED, 0x23)])
def test_call_transfer_complete_names_the_new_party(presentation: Presentation, coded: int) -> None:
    carol = replace(CAROL, presentation=presentation)
    argument = {
        "endDesignation": "primaryEnd",
        "redirectionNumber": addressing.presented_number_screened(carol),
        "redirectionName": addressing.name(carol),
    }
    with two_calls("qsig") as (pair, first, _):
        pair.network.send(f"facility {first} " + invoke("qsig", "callTransferComplete", argument))
        party = told(pair.user, "A", "CONNECTED_LINE")["party"]
        assert party["name"]["str"] == "Carol"
        assert (party["number"]["str"], party["number"]["plan"], party["number"]["pres"]) == ("5552", 0x21, coded)


def test_call_transfer_active_names_the_new_party() -> None:
    argument = {
        "connectedAddress": addressing.presented_address_screened(CAROL),
        "connectedName": addressing.name(CAROL),
    }
    with two_calls("qsig") as (pair, first, _):
        pair.network.send(f"facility {first} " + invoke("qsig", "callTransferActive", argument))
        party = told(pair.user, "A", "CONNECTED_LINE")["party"]
        assert (party["name"]["str"], party["number"]["str"]) == ("Carol", "5552")


def test_release_link_trunk_uses_the_call_id_that_we_gave() -> None:
    operation = operations.named("dms100", "RLT_OPERATION_IND")
    with two_calls("dms100") as (pair, first, second):
        for call, call_id in ((first, 0x123456), (second, 0x22)):
            result = operations.encode_result("dms100", operation.name, call_id)
            pair.network.send(f"facility {call} " + contents("dms100", ReturnResult(1, operation.code, result)))
        pair.network.fence()
        pair.user.fence()
        pair.user.send("transfer A B")
        argument = operations.decode_argument("dms100", "RLT_THIRD_PARTY", third_party(pair.network).argument)
        assert argument["callId"] in {0x123456, 0x22}


def third_party(peer: LibpriPeer) -> Invoke:
    """The next RLT_THIRD_PARTY that the peer received."""
    while True:
        component = received(peer)
        if isinstance(component, Invoke) and component.operation == 2:
            return component
