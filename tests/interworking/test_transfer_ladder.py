"""The table of rungs: what it says of each kind of transfer, and what is wrong with a bad one."""

from pathlib import Path

import pytest

from gateway.interworking.lint import lint_configuration
from gateway.interworking.transfer_ladder import Kind, Ladder, ladder
from gateway.model.errors import MappingError
from gateway.model.legs import SignallingProtocol
from gateway.tables import load

SIP, ISDN, H323 = SignallingProtocol.SIP, SignallingProtocol.ISDN, SignallingProtocol.H323
GOOD = """
source: a test
services: {one: {response: 1}}
rows:
  - {transferee: isdn, kind: answered, rungs: [one, join]}
  - {kind: blind, rungs: [invite]}
  - {kind: ringing, rungs: [join]}
  - {kind: answered, rungs: [refer, join]}
"""


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize("transferor", [SIP, ISDN, H323])
@pytest.mark.parametrize("transferee", [SIP, ISDN, H323])
@pytest.mark.parametrize("target", [SIP, ISDN, H323, None])
def test_every_transfer_ends_with_the_gateway(
    kind: Kind, transferor: SignallingProtocol, transferee: SignallingProtocol, target: SignallingProtocol | None
) -> None:
    rungs = ladder().rungs(kind, transferor, transferee, target)
    assert rungs[-1] == ("invite" if kind is Kind.BLIND else "join")
    assert len(set(rungs)) == len(rungs)


def test_the_network_comes_first_on_the_isdn() -> None:
    assert ladder().rungs(Kind.BLIND, SIP, ISDN, ISDN)[0] == "ssct"
    assert ladder().rungs(Kind.ANSWERED, SIP, ISDN, ISDN)[0] == "ect-explicit"
    assert "rlt" not in ladder().rungs(Kind.RINGING, SIP, ISDN, ISDN)


def test_a_sip_transferee_is_referred() -> None:
    assert ladder().rungs(Kind.BLIND, ISDN, SIP, None) == ("refer", "invite")


def test_the_first_row_that_fits(tmp_path: Path) -> None:
    path = tmp_path / "own.yaml"
    path.write_text(GOOD)
    own = ladder(str(path))
    assert own.rungs(Kind.ANSWERED, SIP, ISDN, SIP) == ("one", "join")
    assert own.rungs(Kind.ANSWERED, SIP, SIP, SIP) == ("refer", "join")
    assert own.services["one"].response == 1


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("[one, join]", "[two, join]", "own.yaml:5: rows.0.rungs.0"),
        ("[one, join]", "[one, invite]", "last rung should be join"),
        ("[one, join]", "[one]", "last rung should be join"),
        ("{kind: ringing, rungs: [join]}", "{kind: ringing, rungs: [refer, join]}", "nobody can be referred"),
        ("  - {kind: blind, rungs: [invite]}\n", "", "no row of kind blind"),
        ("{one: {response: 1}}", "{one: {response: 0}}", "services.one.response"),
        ("{one: {response: 1}}", "{one: {}, refer: {}}", "no service"),
    ],
)
def test_a_bad_table_is_told_where(tmp_path: Path, old: str, new: str, said: str) -> None:
    path = tmp_path / "own.yaml"
    path.write_text(GOOD.replace(old, new))
    with pytest.raises(MappingError) as caught:
        load(path, Ladder)
    assert said in str(caught.value)


@pytest.mark.parametrize(("name", "said"), [("bad.yaml", "ladder: bad.yaml:"), ("nowhere", "no such file")])
def test_a_configuration_that_names_a_bad_ladder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, said: str
) -> None:
    """Told with the key of gateway.yaml, as by `refergate check`."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bad.yaml").write_text("source: a test\nservices: {}\nrows: []\n")
    path = tmp_path / "gateway.yaml"
    path.write_text(f'listen: ["udp:127.0.0.1:5060"]\ntrunks: [{{name: pbx}}]\nladder: {name}\n')
    (finding,) = lint_configuration(path)
    assert "gateway.yaml:3: ladder" in str(finding)
    assert said in str(finding)
