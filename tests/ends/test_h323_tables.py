"""The tables of the H.323 end: every state knows what to do with every input, and media that goes any way."""

from enum import Enum
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.ends import h323_control_link, h323_media_table, h323_secondary, h323_transferring
from gateway.h323.call_contents import Contents
from tests.engine.h323_world import H323World, Talk
from tests.engine.world import sdp

TABLES: dict[str, tuple[Any, type[Enum], type[Enum]]] = {
    "media": (h323_media_table.TABLE, h323_media_table.Due, h323_media_table.MediaInput),
    "link": (h323_control_link.TABLE, h323_control_link.LinkState, h323_control_link.LinkInput),
    "transferring": (h323_transferring.TABLE, h323_transferring.State, h323_transferring.Input),
    "new call": (h323_secondary.TABLE, h323_secondary.State, h323_secondary.Input),
}


@pytest.mark.parametrize("name", TABLES)
def test_no_table_has_a_hole(name: str) -> None:
    table, states, inputs = TABLES[name]
    assert set(table) == {(state, each) for state in states for each in inputs}


def test_every_promise_about_media_has_its_time() -> None:
    assert set(h323_media_table.PATIENCE) == set(h323_media_table.Due) - {h323_media_table.Due.NOTHING}


def test_every_state_that_waits_has_its_timer() -> None:
    assert set(h323_transferring.TIMERS) == set(h323_transferring.State) - {h323_transferring.State.OVER}


STEPS = ["hold", "resume", "move", "recode", "pause", "unpause", "close", "dial", "garbage", "wait", "facility"]


@settings(max_examples=25, deadline=None)
@given(st.lists(st.sampled_from(STEPS), max_size=8), st.booleans(), st.booleans())
def test_media_in_any_order(steps: list[str], fast: bool, tunnel: bool) -> None:
    """Whatever the two sides do with their media: nothing goes wrong inside, and the call can be cleared."""
    with TemporaryDirectory() as folder:
        world = H323World(Path(folder))
        if not tunnel:
            world.alice.without_tunnel()
        ours = world.pbx.invite("1001")
        talk = world.alice.offered().answer(fast=fast)
        ours.established()
        for step in steps:
            _do(world, ours, talk, step)
        for message in [each for each in world.pbx.inbox if each.method == "INVITE"]:
            world.pbx.reply(message, 200, body=sdp(4000, codecs="8"))
        ours.request("BYE")
        talk.gone()
        world.wait(60)
        assert not world.gateway.h323.lines["alice"].legs


def _do(world: H323World, ours: Any, talk: Talk, step: str) -> None:
    offers = {
        "hold": sdp(4000, "inactive", codecs="8"),
        "resume": sdp(4000, codecs="8"),
        "move": sdp(4444, codecs="8"),
        "recode": sdp(4000, codecs="0"),
    }
    if step in offers:
        ours.request("INVITE", body=offers[step])
    elif step in ("pause", "unpause", "dial") and talk.session is not None:
        _of_the_endpoint(talk, step)
    elif step == "close" and talk.session is not None and talk.sending is not None:
        talk.session.close_channel(talk.sending, world.now)
    elif step == "garbage" and talk.call.tunnels:
        talk.call.facility(world.now, Contents(control=(b"\xff\x00\x12",)))
    elif step == "facility":
        talk.start_control()
    world.wait(1)
    for message in list(world.pbx.inbox):
        if message.status == 200 and message.cseq_method == "INVITE":
            world.pbx.inbox.remove(message)
            ours.request("ACK", cseq=message.cseq)
        elif message.method == "INVITE":
            world.pbx.inbox.remove(message)
            world.pbx.reply(message, 200, body=sdp(4000, codecs="8"))


def _of_the_endpoint(talk: Talk, step: str) -> None:
    if step == "dial":
        talk.dial("5")
    elif step == "pause":
        talk.pause()
    else:
        talk.resume()
