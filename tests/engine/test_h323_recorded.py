"""The recorded calls and transfers of H323Plus endpoints, with and without a gatekeeper (GnuGk), with the gateway in
the place of each endpoint in turn: it says what was recorded, message by message, on every connection, and to the
gatekeeper.
"""

from pathlib import Path
from typing import Any

import pytest

from tests.engine.recorded_h323 import RecordedWorld, roles
from tests.h323.recordings import FOLDER
from tests.shared import captures

OTHERWISE = {
    ("blind_stock_blank_id", "C"): "takes a callIdentity of one blank for a name, and answers that it has given none",
    ("consult_err_c_denies_identify", "C"): "was told to refuse callTransferIdentify",
    ("ctcomplete_update_active_by_recommendation", "A"): "was told to say APDUs one after the other",
    ("misc_ops_unconfirmed_and_reject", "A"): "was told to say APDUs one after the other",
    (
        "misc_ops_unconfirmed_and_reject",
        "B",
    ): "lets operations pass that it has to reject (H.450.1 8.2), and ends with an"
    " error for an invoke that has no answer",
    (
        "gk_routed_consult_stockparse_broken",
        "B",
    ): "asks the gatekeeper for a URI with two ports; the gateway refuses it",
}
"""Where the recorded endpoint did what the gateway does not do, and why."""

_COMPLETED = ("FACILITY", (("Invoke", 12),))
_CALL: set[Any] = {("SETUP", ()), ("RELEASE COMPLETE", ())}
BEYOND: dict[tuple[str, str], set[Any]] = {
    # The gateway calls the target itself when H.450.2 has failed.
    ("blind_err_c_denies_call", "A"): _CALL,
    # B had refused for a reason of its own; the gateway tries, and C was not there.
    ("blind_err_transferred_denies", "B"): {("SETUP", (("Invoke", 10),)), ("RELEASE COMPLETE", ())},
}
"""What the gateway says that was not recorded, beside callTransferComplete to the target of a transfer."""


CASES = [(each.stem, role) for each in captures(FOLDER) for role in roles(each) if (each.stem, role) not in OTHERWISE]


@pytest.mark.parametrize(("name", "role"), CASES)
def test_as_recorded(tmp_path: Path, name: str, role: str) -> None:
    world = RecordedWorld(tmp_path, name, role)
    world.play()
    assert world.beyond() <= BEYOND.get((name, role), set()) | {_COMPLETED}
