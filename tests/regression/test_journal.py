"""The journal of a recorded run: nothing that the gateway hears or says is left out, nothing is lost in writing."""

import inspect
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.ends.h323_network import H323Network
from gateway.engine.gateway import Gateway
from gateway.model.errors import DecodeError
from gateway.regression.journal import (
    INPUTS,
    NETWORK_OUTPUTS,
    NETWORK_QUESTIONS,
    OUTPUTS,
    QUESTIONS,
    TOLD_OTHERWISE,
    as_line,
    lines,
    read,
    written,
)
from gateway.sip.flow import Flow, Transport

LOOKS = {"next_due", "idle", "changes", "statistics", "fault"}
"""Parts of the gateway that change nothing of what it does."""
GIVEN = {"token", "wall", "listeners", "observer", "record", "worker", "workers", "locate", "network"}
"""What it is made with besides what is called for each message: given anew, or written down in another way."""


def test_every_input_of_the_gateway_is_written_down() -> None:
    public = {name for name in dir(Gateway) if not name.startswith("_")}
    assert public == INPUTS | TOLD_OTHERWISE | LOOKS


def test_every_way_out_of_the_gateway_is_written_down() -> None:
    parameters = set(inspect.signature(Gateway).parameters) - {"configuration"}
    assert parameters == OUTPUTS | QUESTIONS | GIVEN


def test_everything_that_h323_does_with_its_network_is_written_down() -> None:
    public = {name for name in vars(H323Network) if not name.startswith("_")}
    assert public == NETWORK_OUTPUTS | NETWORK_QUESTIONS


flows = st.builds(
    Flow,
    st.sampled_from(list(Transport)),
    st.text(max_size=9),
    st.integers(0, 65535),
    st.integers(0),
    st.integers(0, 9),
)
values: st.SearchStrategy[Any] = st.recursive(
    st.binary() | flows | st.text() | st.integers() | st.booleans() | st.none(),
    lambda inner: st.lists(inner, max_size=4).map(tuple),
    max_leaves=6,
)


@given(values)
def test_what_is_written_is_read_back(value: object) -> None:
    assert read(json.loads(as_line({"arguments": written(value)}))["arguments"]) == value


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_times_keep_every_bit(at: float) -> None:
    assert json.loads(as_line({"at": at}))["at"] == at


@pytest.mark.parametrize(
    "value", [{"octets": "\u0100"}, {"flow": ["carrier pigeon", "a", 1]}, {"what": 1}, {"flow": 3}]
)
def test_what_is_neither_octets_nor_a_flow_is_refused(value: Any) -> None:
    with pytest.raises(DecodeError):
        read(value)


def test_a_journal_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(DecodeError, match=r"events\.jsonl: cannot be read"):
        list(lines(tmp_path / "events.jsonl"))
