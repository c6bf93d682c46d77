"""From one ISDN dialect into another: what the other says, what is lost on the way, and what cannot be said."""

import pytest

from gateway.isdn import q931
from gateway.model.errors import UntranslatableError
from gateway.translators import dialect_named
from gateway.translators.dialect import Context
from tests.translators.isdn import facility

DISCARD, REJECT = "9faa068001008201008b0100", "9faa068001008201008b0102"
MESSAGES = {
    "EctExecute": ("etsi-ect", "91a106020101020106"),
    "ExplicitEctExecute": ("etsi-ect", "91a10e0201010606040082710101020107"),
    "EctLinkIdRequest": ("etsi-ect", "91a10b0201010606040082710104"),
    "EctInform": ("etsi-ect", "91a11b0201010606040082710105300e0a0101a009a1070a010112023439"),
    "linkIdNotAssignedByNetwork": ("etsi-ect", "91a30b0201030606040082710115"),
    "returnResult": ("etsi-ect", "91a20a02010430050201060500"),
    "99": ("etsi-ect", "91a106020101020163"),
    "callTransferIdentify": ("qsig", REJECT + "a1080201010201070500"),
    "callTransferInitiate": ("qsig", REJECT + "a112020101020109300a12023132800435353539"),
    "callTransferComplete": (
        "qsig",
        DISCARD + "a12202010102010c301a0a0100a00ea1090a01001204353535320a010080054361726f6c",
    ),
    "ssctInitiate": ("qsig-ssct", REJECT + "a11b0201010201633013800435353539a00880033130300a01030101ff"),
    "initiateTransfer": ("ni2-tbct", "91a11102010106072a8648ce1500083003020106"),
    "RLT_THIRD_PARTY": ("dms-rlt", "11bea10e0201020201023006800122810100"),
}
JOIN = ("FACILITY", "FACILITY")
SECOND_CALL = ("SETUP", "FACILITY")

TRANSLATIONS: tuple[tuple[str, str, tuple[str, ...], set[str]], ...] = (
    ("EctExecute", "qsig", JOIN, {"consultation"}),
    ("EctExecute", "ni2-tbct", ("FACILITY",), {"consultation"}),
    ("ExplicitEctExecute", "qsig", JOIN, {"consultation"}),
    ("ExplicitEctExecute", "ni2-tbct", ("FACILITY",), {"consultation"}),
    ("EctLinkIdRequest", "qsig", ("FACILITY",), set()),
    ("EctLinkIdRequest", "qsig-ssct", ("FACILITY",), set()),
    ("EctLinkIdRequest", "dms-rlt", ("SETUP",), set()),
    ("EctInform", "qsig", ("FACILITY",), set()),
    ("EctInform", "ni2-tbct", ("NOTIFY",), set()),
    ("linkIdNotAssignedByNetwork", "dms-rlt", ("FACILITY",), set()),
    ("linkIdNotAssignedByNetwork", "ni2-tbct", ("FACILITY",), {"error"}),
    ("returnResult", "qsig", (), {"outcome", "kept.component"}),
    ("returnResult", "dms-rlt", ("FACILITY",), {"kept.component"}),
    ("callTransferIdentify", "etsi-ect", ("FACILITY",), set()),
    ("callTransferInitiate", "etsi-ect", ("FACILITY",), {"target", "consultation"}),
    ("callTransferInitiate", "qsig-ssct", ("FACILITY",), set()),
    ("callTransferInitiate", "ni2-tbct", ("FACILITY",), {"target", "consultation"}),
    ("callTransferInitiate", "dms-rlt", ("SETUP",), {"consultation"}),
    ("callTransferComplete", "etsi-ect", ("FACILITY",), {"end", "party.name", "party.screening"}),
    ("callTransferComplete", "qsig-ssct", ("FACILITY",), set()),
    ("callTransferComplete", "ni2-tbct", ("NOTIFY",), {"end", "party.name"}),
    ("ssctInitiate", "etsi-ect", ("HOLD", *SECOND_CALL), {"transferee", "await_connect"}),
    ("ssctInitiate", "qsig", ("FACILITY",), set()),
    ("ssctInitiate", "ni2-tbct", SECOND_CALL, {"transferee", "await_connect"}),
    ("ssctInitiate", "dms-rlt", ("SETUP",), {"transferee", "await_connect"}),
    ("initiateTransfer", "etsi-ect", ("FACILITY",), {"consultation"}),
    ("initiateTransfer", "qsig", JOIN, {"consultation"}),
    ("RLT_THIRD_PARTY", "etsi-ect", ("FACILITY",), {"consultation"}),
    ("RLT_THIRD_PARTY", "qsig", JOIN, {"consultation"}),
    ("RLT_THIRD_PARTY", "ni2-tbct", ("FACILITY",), {"consultation"}),
)
UNTRANSLATABLE = (
    ("EctExecute", "qsig-ssct", "number"),
    ("EctExecute", "dms-rlt", "nothing names the second"),
    ("EctLinkIdRequest", "ni2-tbct", "IdentityRequest"),
    ("EctInform", "dms-rlt", "PartyUpdate"),
    ("99", "qsig", "no operation"),
    ("linkIdNotAssignedByNetwork", "qsig", "callTransferComplete is not confirmed"),
    ("initiateTransfer", "qsig-ssct", "number"),
    ("initiateTransfer", "dms-rlt", "nothing names the second"),
    ("RLT_THIRD_PARTY", "qsig-ssct", "number"),
)


@pytest.mark.parametrize(("operation", "to", "messages", "lost"), TRANSLATIONS)
def test_translation(operation: str, to: str, messages: tuple[str, ...], lost: set[str]) -> None:
    source, contents = MESSAGES[operation]
    (event,) = dialect_named(source).read(facility(contents), Context())
    written = dialect_named(to).write(event, Context())
    assert tuple(message.name for message in written.messages) == messages
    assert {each.what for each in written.lost} == lost
    assert all(each.why for each in written.lost)
    for message in written.messages:
        assert q931.decode(message.octets).name == message.name


@pytest.mark.parametrize(("operation", "to", "why"), UNTRANSLATABLE)
def test_no_translation(operation: str, to: str, why: str) -> None:
    source, contents = MESSAGES[operation]
    (event,) = dialect_named(source).read(facility(contents), Context())
    with pytest.raises(UntranslatableError, match=why):
        dialect_named(to).write(event, Context())
