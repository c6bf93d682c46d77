"""Bundled captures, diagnosed and drawn."""

from functools import cache
from pathlib import Path

import pytest

from gateway.console.ladder import case_ladder
from gateway.console.page import page
from gateway.console.picture import picture
from gateway.diagnosis.case import Diagnosis
from gateway.diagnosis.examination import diagnose
from gateway.resources import folder
from tests import shared

ARROWS_OF_A_TRANSFER = ["REFER", "202 Accepted (REFER)", "NOTIFY 100", "INVITE"]


@cache
def diagnosis(name: str) -> Diagnosis:
    return diagnose(folder("pcaps") / name)


def test_an_attended_transfer_has_a_column_for_each_phone_and_a_leg_for_each_call() -> None:
    (case,) = diagnosis("sip_attended_udp.pcap").cases
    drawn = picture(case)
    assert len(drawn.columns) == 3
    assert {arrow.leg for arrow in drawn.arrows} == {0, 1, 2}
    assert [arrow.label for arrow in drawn.arrows if arrow.message.is_transfer][:4] == ARROWS_OF_A_TRANSFER


def test_a_join_on_a_d_channel_has_its_two_sides() -> None:
    (case,) = diagnosis("qsig_join.pcap").cases
    drawn = picture(case)
    assert [name.split()[0] for name in drawn.columns] == ["user", "network"]
    assert {arrow.leg for arrow in drawn.arrows} == {0, 1}
    assert "FACILITY callTransferComplete" in {arrow.label for arrow in drawn.arrows}


@pytest.mark.parametrize("width", [60, 120])
def test_a_finding_is_at_its_arrow_on_the_terminal(width: int) -> None:
    (case,) = diagnosis("sip_refer_refused.pcap").cases
    lines = [line.plain for line in case_ladder(case, width)]
    assert any("REFER ✖1" in line for line in lines)
    assert all(len(line) <= width for line in lines)


@pytest.mark.parametrize(
    "capture", shared.or_skipped(sorted(shared.captures("pcaps/public"))), ids=lambda file: file.name
)
def test_every_public_capture_has_a_page(capture: Path) -> None:
    found = diagnose(capture)
    assert page(found).count('id="transfer-') == len(found.cases)
    for case in found.cases:
        assert len(picture(case).arrows) == len(case.messages)
