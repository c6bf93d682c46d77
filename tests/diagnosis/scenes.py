"""Transfers as they should go, of which the tests break one thing each."""

from tests.diagnosis.recordings import ALICE, BOB, CAROL, Dialog, Headers, Wire, sdp

TARGET = f"sip:carol@{CAROL}"
ALICE_SDP, BOB_SDP, CAROL_SDP = sdp(ALICE, 4000), sdp(BOB, 4010), sdp(CAROL, 4020)


def first_call(wire: Wire) -> Dialog:
    """Alice talks to Bob."""
    dialog = Dialog(wire, ALICE, BOB, "first1", users=("alice", "bob"))
    dialog.set_up(ALICE_SDP, BOB_SDP)
    wire.wait(1.0)
    return dialog


def target_call(
    wire: Wire, answer: str = "200 OK", *, offer: str = BOB_SDP, body: str = CAROL_SDP, invite: Headers | None = None
) -> Dialog:  # fmt: skip
    """The call of Bob to Carol that the REFER triggers."""
    dialog = Dialog(wire, BOB, CAROL, "target", users=("bob", "carol"))
    fields = {"Referred-By": f"<sip:alice@{ALICE}>", **(invite or {})}
    dialog.request("INVITE", 0, fields, offer, in_dialog=False, uri=TARGET)
    dialog.answer(answer, "INVITE", body=body if answer.startswith("2") else "")
    dialog.request("ACK", 0, {"Contact": None}, cseq=1)
    return dialog


def blind(wire: Wire) -> tuple[Dialog, Dialog]:
    """Alice transfers Bob to Carol, up to the final NOTIFY; both calls."""
    first = first_call(wire)
    first.refer(TARGET)
    first.answer("202 Accepted", "REFER")
    first.notify("100 Trying")
    target = target_call(wire)
    first.notify("200 OK")
    return first, target


def consultation(wire: Wire) -> Dialog:
    """Alice calls Carol too."""
    dialog = Dialog(wire, ALICE, CAROL, "second", users=("alice", "carol"))
    dialog.set_up(ALICE_SDP, CAROL_SDP)
    wire.wait(1.0)
    return dialog


def replacing(dialog: Dialog, *, swapped: bool = False) -> str:
    """The Refer-To URI that asks for the dialog with Carol to be replaced."""
    mine, hers = dialog.tags[::-1] if swapped else dialog.tags
    call_id = dialog.call_id.replace("@", "%40")
    return f"{TARGET}?Replaces={call_id}%3Bto-tag%3D{hers}%3Bfrom-tag%3D{mine}"
