"""What was recorded in one dialect stays as it is toward the same dialect: address map and cause map add nothing."""

import pytest

from gateway.interworking.address_map import address_map
from gateway.interworking.cause_map import cause_map
from gateway.model.errors import DecodeError
from gateway.model.transfer import TransferEvent
from gateway.translators import dialect_named
from gateway.translators.dialect import Context
from tests.h323 import recordings as h323
from tests.isdn import recordings as isdn

_OF_VARIANT = {
    "etsi": ("etsi-ect",),
    "qsig": ("qsig", "qsig-ssct"),
    "ni2": ("ni2-tbct",),
    "dms100": ("dms-rlt",),
}


def events(name: str) -> list[TransferEvent]:
    """The transfer events of all recorded messages that the dialect `name` reads."""
    if name == "h4502":
        messages = h323.messages()
    else:
        messages = tuple(
            octets for capture, octets in isdn.recorded() if name in _OF_VARIANT.get(isdn.variant_of(capture), ())
        )
    found: list[TransferEvent] = []
    for octets in set(messages):
        try:
            found += dialect_named(name).read(octets, Context())
        except DecodeError:
            continue
    return found


@pytest.mark.parametrize("name", ["etsi-ect", "qsig", "qsig-ssct", "ni2-tbct", "dms-rlt", "h4502"])
def test_an_event_stays_as_it_is_toward_its_own_dialect(name: str) -> None:
    recorded = events(name)
    assert recorded
    addresses, causes = address_map(), cause_map()
    for event in recorded:
        assert addresses.complete_event(causes.complete(event, name, name), name) == event
